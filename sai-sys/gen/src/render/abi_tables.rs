//! The function tables: those that a library of ours hands out (`sai/src/abi/export/tables.rs`), and
//! where the slots of another's lie (`sai/src/dylib/slots.rs`).

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::interface::{Interface, ObjectInfo, VERBS, verb};
use super::{Output, RUST_BANNER};
use crate::model::{Model, Struct};

/// Slots that belong to no verb of an object type, by name in `sai/src/abi/export/special.rs`.
const SPECIAL: &[&str] = &["create_switch"];

/// Renders both.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    let tables: Vec<_> = model.structs().filter(|s| s.name.ends_with("_api_t")).collect();
    Ok(vec![
        Output::new("sai/src/abi/export/tables.rs", exported(&interface, &tables)),
        Output::new("sai/src/dylib/slots.rs", slots(&interface, &tables)?),
    ])
}

/// The verb and the object type of a slot.
fn owner<'i, 'm>(interface: &'i Interface<'m>, slot: &str) -> Option<(usize, &'i ObjectInfo<'m>)> {
    interface.objects.iter().find_map(|o| Some((verb(&o.stem, slot)?, o)))
}

/// `sai_port_api_t` → `PORT`.
fn constant(table: &Struct) -> String {
    table.name.trim_start_matches("sai_").trim_end_matches("_api_t").to_uppercase()
}

fn exported(interface: &Interface<'_>, tables: &[&Struct]) -> String {
    let mut text = format!(
        "{RUST_BANNER}//! Every function table, every slot filled.\n\n\
         use std::ffi::c_void;\n\nuse sai_sys as sys;\n\nuse super::{{entry, object, special}};\n\
         use crate::entry::*;\nuse crate::types::{{Api, ObjectType}};\n\n\
         /// The table of an API.\npub(super) fn table(api: Api) -> Option<*const c_void> {{\n    Some(match api {{\n"
    );
    for t in tables {
        let _ = writeln!(text, "        Api::{0} => (&raw const {0}).cast(),", constant(t));
    }
    text.push_str("        _ => return None,\n    })\n}\n\n");
    for t in tables {
        let _ = writeln!(text, "static {0}: sys::{1} = sys::{1} {{", constant(t), t.name);
        for f in &t.fields {
            let function = match owner(interface, &f.name) {
                Some((v, o)) if !SPECIAL.contains(&f.name.as_str()) => {
                    if o.key.is_some() {
                        format!("entry::{}::<{}>", VERBS[v], o.marker())
                    } else {
                        format!("object::{}::<{{ ObjectType::{}.0 }}>", VERBS[v], o.constant())
                    }
                }
                _ => format!("special::{}", f.name),
            };
            let _ = writeln!(text, "    {}: Some({function}),", f.name);
        }
        text.push_str("};\n\n");
    }
    text
}

fn slots(interface: &Interface<'_>, tables: &[&Struct]) -> Result<String> {
    let mut text = format!(
        "{RUST_BANNER}//! Where in the function tables each function lies, and since which release.\n\n\
         use super::table::{{Slot, TableSlot, slot}};\nuse crate::types::Api;\n\n\
         /// Every slot of every table, tables in the order of the model, slots in the order of the table.\n\
         pub(super) static TABLES: &[(Api, &[TableSlot])] = &[\n"
    );
    for t in tables {
        let _ = writeln!(text, "(Api::{}, &[", constant(t));
        for f in &t.fields {
            let _ = writeln!(text, "    TableSlot {{ name: \"{}\", since: {} }},", f.name, minor(&f.since)?);
        }
        text.push_str("]),\n");
    }
    text.push_str(
        "];\n\n/// The slots of each object type, in the order of `meta::OBJECTS` and of the bits of `Verbs`.\n\
         pub(super) static SLOTS: &[[Slot; 11]] = &[\n",
    );
    for o in &interface.objects {
        let mut row = vec!["Slot::NONE".to_owned(); VERBS.len()];
        for t in tables {
            for (i, f) in t.fields.iter().enumerate() {
                if let Some(v) = verb(&o.stem, &f.name) {
                    row[v] = format!("slot({i}, {})", minor(&f.since)?);
                }
            }
        }
        let _ = writeln!(text, "// {}\n[{}],", o.name, row.join(", "));
    }
    text.push_str("];\n");
    Ok(text)
}

/// The minor number of the release that brought an item; 12 stands for all before.
fn minor(since: &Option<String>) -> Result<u8> {
    since.as_deref().map_or(Ok(12), |s| {
        s.strip_prefix("1.").and_then(|m| m.parse().ok()).with_context(|| format!("{s} is no release 1.x"))
    })
}
