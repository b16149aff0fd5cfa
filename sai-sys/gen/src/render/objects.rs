//! One module an object type: `sai/src/object/*.rs`.

use std::fmt::Write as _;

use anyhow::Result;

use super::interface::{Interface, ObjectInfo};
use super::{Output, RUST_BANNER, names, types};
use crate::model::Model;

/// Renders the modules.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    let mut list = format!(
        "{RUST_BANNER}//! One module for each object type: its marker, attributes, statistics and enums.\n\n"
    );
    let mut outputs = Vec::new();
    let mut stems: Vec<_> = interface.objects.iter().collect();
    stems.sort_by(|a, b| a.stem.cmp(&b.stem));
    for o in stems {
        if o.experimental() {
            list.push_str("#[cfg(feature = \"experimental\")]\n");
        }
        let _ = writeln!(list, "pub mod {};", o.stem);
    }
    outputs.push(Output::new("sai/src/object/mod.rs", list));
    for (i, o) in interface.objects.iter().enumerate() {
        outputs.push(Output::new(format!("sai/src/object/{}.rs", o.stem), module(&interface, i, o)?));
    }
    Ok(outputs)
}

fn module(interface: &Interface<'_>, position: usize, o: &ObjectInfo<'_>) -> Result<String> {
    let mut text = format!("{RUST_BANNER}//! `{}`.\n\n", o.name);
    let owned: Vec<_> = interface.enums.iter().filter(|e| e.owner == Some(position)).collect();
    if owned.iter().any(|e| !e.in_types) {
        text.push_str("use crate::enumeration::sai_enum;\n");
    }
    for e in owned.iter().filter(|e| e.in_types) {
        let _ =
            writeln!(text, "pub use crate::types::{} as {};", names::camel(e.stem), interface.enum_rust(e));
    }
    text.push('\n');
    for e in owned.iter().filter(|e| !e.in_types) {
        types::newtype(&mut text, e, &interface.enum_rust(e));
    }
    Ok(text)
}
