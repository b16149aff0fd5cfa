//! Notifications: `sai/src/notify/data.rs`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};

use super::interface::{Interface, bare, stem_of};
use super::{Output, RUST_BANNER, entries, fields, names};
use crate::model::{Field, Function, Model, Struct};

/// Structs with unions or parallel arrays, written by hand in `sai/src/notify/mod.rs`.
const BY_HAND: &[&str] = &["sai_switch_health_data_t"];

/// Renders the notifications.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    let mut text = format!(
        "{RUST_BANNER}//! What each notification carries.\n\nuse serde::{{Deserialize, Serialize}};\n\n\
         use super::SwitchHealthData;\nuse crate::entry::keys::*;\nuse crate::types::ObjectType;\n\
         use crate::value::Timespec;\nuse crate::{{AttrEntry, ObjectId}};\n\n"
    );
    let mut structs: Vec<&Struct> = Vec::new();
    let mut variants = String::new();
    for function in &interface.notifications {
        variants
            .push_str(&variant(&interface, function, &mut structs).with_context(|| function.name.clone())?);
    }
    let mut done = 0;
    while done < structs.len() {
        let s = structs[done];
        structure(&interface, &mut text, s, &mut structs).with_context(|| s.name.clone())?;
        done += 1;
    }
    let _ = writeln!(text, "super::notifications! {{\n{variants}}}");
    Ok(vec![Output::new("sai/src/notify/data.rs", text)])
}

/// A field of a variant or struct.
struct Part {
    name: String,
    rust: String,
    /// How the object ids within are visited: a statement with `$x` for the field.
    visit: &'static str,
}

fn part<'m>(interface: &Interface<'m>, name: &str, ty: &str, structs: &mut Vec<&'m Struct>) -> Result<Part> {
    let inner = bare(ty);
    let list = ty.trim_end().ends_with('*');
    let (element, visit) = match inner {
        "sai_attribute_t" => ("AttrEntry".to_owned(), "attrs"),
        "void" => ("u8".to_owned(), "none"),
        _ if BY_HAND.contains(&inner) => (names::camel(stem_of(inner)?), "none"),
        _ => {
            let rust = fields::rust_type(interface, inner)?;
            let key = interface.objects.iter().any(|o| o.key.is_some_and(|k| k.name == inner));
            let own =
                interface.find_struct(inner).filter(|_| rust == names::camel(stem_of(inner).unwrap_or("")));
            match own {
                _ if rust == "ObjectId" => (rust, "oid"),
                _ if rust == "Timespec" => (rust, "none"),
                Some(_) if key => (rust, "inner"),
                Some(s) => {
                    if !structs.iter().any(|known| known.name == s.name) {
                        structs.push(s);
                    }
                    (rust, if list { "each" } else { "inner" })
                }
                None => (rust, "none"),
            }
        }
    };
    Ok(Part { name: names::field(name), rust: if list { format!("Vec<{element}>") } else { element }, visit })
}

/// Whether a field only says how long a list is.
fn is_count(name: &str) -> bool {
    name == "count" || name.ends_with("_count") || name == "buffer_size" || name.starts_with("number_of_")
}

/// `name: Type [visit]` for each field.
fn spell(parts: &[(Part, String)]) -> String {
    let mut text = String::new();
    for (p, doc) in parts {
        let _ = writeln!(text, "        /// {doc}\n        {}: {} [{}],", p.name, p.rust, p.visit);
    }
    text
}

fn variant<'m>(interface: &Interface<'m>, f: &'m Function, structs: &mut Vec<&'m Struct>) -> Result<String> {
    let stem = f.name.strip_prefix("sai_").and_then(|n| n.strip_suffix("_notification_fn"));
    let stem = stem.context("is no notification function")?;
    ensure!(f.returns == "void", "it returns {}", f.returns);
    let mut parts = Vec::new();
    for p in f.params.iter().filter(|p| !is_count(&p.name)) {
        parts.push((part(interface, &p.name, &p.ty, structs)?, format!("`{}`.", p.ty)));
    }
    Ok(format!("    {} = \"{stem}\", \"{}\" {{\n{}    }}\n", names::camel(stem), f.name, spell(&parts)))
}

fn structure<'m>(
    interface: &Interface<'m>,
    text: &mut String,
    s: &'m Struct,
    structs: &mut Vec<&'m Struct>,
) -> Result<()> {
    let mut parts = Vec::new();
    for f in s.fields.iter().filter(|f: &&Field| !is_count(&f.name)) {
        parts.push((part(interface, &f.name, &f.ty, structs)?, entries::describe(f)));
    }
    let _ = writeln!(
        text,
        "super::data_struct! {{ {}, \"{}\" {{\n{}}} }}\n",
        names::camel(stem_of(&s.name)?),
        s.name,
        spell(&parts)
    );
    Ok(())
}
