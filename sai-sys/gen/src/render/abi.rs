//! The C forms of entry keys and of the data of notifications: `sai/src/abi/keys.rs`.

use std::fmt::Write as _;

use anyhow::Result;

use super::interface::{Interface, bare, stem_of};
use super::{Output, RUST_BANNER, fields, names};
use crate::model::{Model, Struct};

/// Renders the C forms.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    let mut structs: Vec<&Struct> = interface.objects.iter().filter_map(|o| o.key).collect();
    for function in &interface.notifications {
        let types = function.params.iter().map(|p| bare(&p.ty)).filter(|t| *t != "sai_attribute_t");
        structs.extend(types.filter_map(|t| interface.find_struct(t)));
    }
    let mut done = 0;
    while done < structs.len() {
        for field in &structs[done].fields {
            if let Some(inner) =
                interface.find_struct(bare(&field.ty)).filter(|s| s.name != "sai_attribute_t")
            {
                structs.push(inner);
            }
        }
        done += 1;
    }
    let mut text = format!(
        "{RUST_BANNER}//! The C forms of entry keys and of what notifications carry.\n\n\
         use super::foreign::foreign_structs;\nuse crate::entry::*;\nuse crate::notify::*;\n\nforeign_structs! {{\n"
    );
    let mut seen = Vec::new();
    for s in structs {
        if seen.contains(&s.name.as_str()) || !plain(&interface, s) {
            continue;
        }
        seen.push(&s.name);
        let _ = write!(text, "    {} = {} {{ ", names::camel(stem_of(&s.name)?), s.name);
        for f in &s.fields {
            // bindgen escapes keywords its own way.
            let c_name = if f.name == "type" { "type_" } else { &f.name };
            let _ = write!(text, "{}: {c_name}, ", names::field(&f.name));
        }
        text.push_str("}\n");
    }
    text.push_str("}\n");
    Ok(vec![Output::new("sai/src/abi/keys.rs", text)])
}

/// Whether a struct has a Rust type of its own and its fields stand for themselves: no pointer, no union,
/// no field younger than the struct.
fn plain(interface: &Interface<'_>, s: &Struct) -> bool {
    let own = stem_of(&s.name).is_ok_and(|stem| {
        fields::rust_type(interface, &s.name)
            .is_ok_and(|rust| rust == names::camel(stem) && rust != "Timespec")
    });
    let entry = interface.objects.iter().any(|o| o.key.is_some_and(|k| k.name == s.name));
    own && s.kind == "struct"
        && (entry || s.fields.iter().all(|f| f.since == s.fields[0].since))
        && s.fields.iter().all(|f| {
            !f.ty.contains('*') && interface.find_struct(&f.ty).is_none_or(|inner| inner.kind == "struct")
        })
        && s.name != "sai_switch_health_data_t"
}
