//! The tables of the layout tests: what the bindings say, `sai-sys/tests/layout/bindings.rs`, and a C
//! program that says it of the headers, `sai-sys/tests/layout/facts.c`.
//!
//! Both print one line a fact, `NAME number`; the test compares them and the model.

use std::fmt::Write as _;

use anyhow::Result;

use super::{MARKER, Output, RUST_BANNER};
use crate::model::Model;

const DIR: &str = "sai-sys/tests/layout";

/// Renders both programs.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let mut c = format!("/* {MARKER} from sai-sys/model. Do not edit. */\n\n#include <stdio.h>\n\n");
    for header in &model.headers {
        writeln!(c, "#include \"{}\"", header.header)?;
    }
    c.push_str(
        "\n#define VALUE(name) printf(#name \" %lld\\n\", (long long)(name))\n\
         #define TYPE(type) printf(#type \" %zu\\n\", sizeof(type)); printf(\"align \" #type \" %zu\\n\", \
         __alignof__(type))\n\
         #define FIELD(type, name) printf(#type \".\" #name \" %zu\\n\", offsetof(type, name))\n\n\
         int main(void)\n{\n",
    );
    let mut rust = format!(
        "{RUST_BANNER}use sai_sys::*;\n\nuse super::Fact;\n\n/// Every fact of the bindings, with that of the \
         model.\npub const FACTS: &[Fact] = &[\n"
    );
    let mut fact = |name: &str, value: &str, model: i64| writeln!(rust, "(\"{name}\", {value}, {model}),");
    for v in model.enums().flat_map(|e| &e.values) {
        writeln!(c, "    VALUE({});", v.name)?;
        fact(&v.name, &format!("{}.0 as i64", v.name), v.value)?;
    }
    for s in model.headers.iter().flat_map(|h| &h.status_codes) {
        writeln!(c, "    VALUE({});", s.name)?;
        fact(&s.name, &format!("{} as i64", s.name), s.value.into())?;
    }
    for s in model.structs() {
        writeln!(c, "    TYPE({});", s.name)?;
        fact(&s.name, &format!("size_of::<{}>() as i64", s.name), s.size.into())?;
        fact(&format!("align {}", s.name), &format!("align_of::<{}>() as i64", s.name), s.align.into())?;
        for f in &s.fields {
            writeln!(c, "    FIELD({}, {});", s.name, f.name)?;
            let offset = format!("core::mem::offset_of!({}, {}) as i64", s.name, rust_name(&f.name));
            fact(&format!("{}.{}", s.name, f.name), &offset, f.offset.into())?;
        }
    }
    c.push_str("    return 0;\n}\n");
    rust.push_str("];\n");
    Ok(vec![Output::new(format!("{DIR}/bindings.rs"), rust), Output::new(format!("{DIR}/facts.c"), c)])
}

/// Names of fields that bindgen gives an underscore: keywords and primitive types.
const ESCAPED: [&str; 17] = [
    "abstract", "bool", "final", "i16", "i32", "i64", "i8", "in", "match", "mod", "priv", "ref", "type",
    "u16", "u32", "u64", "u8",
];

/// The name of a field as bindgen writes it.
fn rust_name(name: &str) -> String {
    if ESCAPED.contains(&name) { format!("{name}_") } else { name.to_owned() }
}
