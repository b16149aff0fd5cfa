//! The keys of entries: `sai/src/entry/keys.rs`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::interface::{Interface, stem_of};
use super::{Output, RUST_BANNER, fields, names};
use crate::model::{Model, Struct};

/// Renders the keys.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    let mut text = format!(
        "{RUST_BANNER}//! The key of each entry type, and [`Entry`], any of them.\n\n\
         use std::net::{{IpAddr, Ipv4Addr, Ipv6Addr}};\n\nuse ipnet::IpNet;\nuse serde::{{Deserialize, Serialize}};\n\n\
         use crate::types::ObjectType;\nuse crate::value::{{MacAddr, Range}};\nuse crate::ObjectId;\n\n"
    );
    let mut nested: Vec<&Struct> = Vec::new();
    let mut variants = String::new();
    for o in &interface.objects {
        let Some(key) = o.key else { continue };
        let rust = o.marker();
        structure(&interface, &mut text, key, &rust, &mut nested)?;
        let oids: Vec<_> = key
            .fields
            .iter()
            .filter(|f| f.ty == "sai_object_id_t" && f.name != "switch_id")
            .map(|f| {
                let types: Vec<_> = f
                    .objects
                    .iter()
                    .map(|t| format!("ObjectType::{}", &t["SAI_OBJECT_TYPE_".len()..]))
                    .collect();
                format!("{}: [{}]", f.name, types.join(", "))
            })
            .collect();
        let variant = rust.strip_suffix("Entry").with_context(|| format!("{}: no entry", key.name))?;
        let _ = writeln!(
            variants,
            "    {variant}({rust}), {}, \"{}\" {{ {} }}",
            o.constant(),
            key.name,
            oids.join(", ")
        );
    }
    let mut done = 0;
    while done < nested.len() {
        let s = nested[done];
        structure(&interface, &mut text, s, &names::camel(stem_of(&s.name)?), &mut nested)?;
        done += 1;
    }
    let _ = writeln!(text, "super::entries! {{\n{variants}}}");
    Ok(vec![Output::new("sai/src/entry/keys.rs", text)])
}

/// Writes a struct, and notes the structs of its fields.
fn structure<'m>(
    interface: &Interface<'m>,
    text: &mut String,
    s: &'m Struct,
    rust: &str,
    nested: &mut Vec<&'m Struct>,
) -> Result<()> {
    let _ = writeln!(
        text,
        "/// `{}`.\n#[doc(alias = \"{}\")]\n#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]\n\
         pub struct {rust} {{",
        s.name, s.name
    );
    for f in &s.fields {
        let ty = fields::rust_type(interface, &f.ty).with_context(|| format!("{}.{}", s.name, f.name))?;
        let _ = writeln!(text, "    /// {}\n    pub {}: {ty},", describe(f), names::field(&f.name));
        if let Some(inner) = interface.find_struct(&f.ty)
            && ty == names::camel(stem_of(&f.ty)?)
            && !nested.iter().any(|n| n.name == inner.name)
        {
            nested.push(inner);
        }
    }
    text.push_str("}\n\n");
    Ok(())
}

/// What a field is, in words.
pub fn describe(f: &crate::model::Field) -> String {
    let mut text = format!("`{}`", f.ty);
    if !f.objects.is_empty() {
        let objects: Vec<_> = f
            .objects
            .iter()
            .map(|o| format!("[`ObjectType::{}`]", o.trim_start_matches("SAI_OBJECT_TYPE_")))
            .collect();
        let _ = write!(text, ": the id of a {}", objects.join(" or "));
    }
    if let Some(since) = &f.since {
        let _ = write!(text, "; since SAI {since}");
    }
    text + "."
}
