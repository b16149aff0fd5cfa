//! One module an object type: `sai/src/object/*.rs`.

use std::collections::HashSet;
use std::fmt::Write as _;

use anyhow::Result;

use super::interface::{AttrInfo, EXTENSIONS, Interface, ObjectInfo, Wrapper};
use super::{Output, RUST_BANNER, names, types, value};
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
    outputs.push(Output::new("sai/tests/reachable/list.rs", reachable(&interface)));
    Ok(outputs)
}

/// The list of every typed constant, for the test that counts them.
fn reachable(interface: &Interface<'_>) -> String {
    let mut text = format!(
        "{RUST_BANNER}//! Every attribute and statistic that has a typed constant.\n\n\
         use sai::SaiEnum as _;\n\nuse super::Seen;\n\npub(super) fn visit(seen: &mut Seen) {{\n"
    );
    for o in &interface.objects {
        let gate = if o.experimental() { "#[cfg(feature = \"experimental\")]\n" } else { "" };
        let _ = writeln!(text, "{gate}{}(seen);", o.stem);
    }
    text.push_str("}\n");
    for o in &interface.objects {
        let gate = "#[cfg(feature = \"experimental\")]\n";
        let outer = if o.experimental() { gate } else { "" };
        let _ = writeln!(text, "\n{outer}fn {0}(seen: &mut Seen) {{\n    use sai::{0} as m;", o.stem);
        for a in &o.attrs {
            let inner = if i64::from(a.id) >= EXTENSIONS && !o.experimental() { gate } else { "" };
            let _ = writeln!(text, "    {inner}seen.attr(m::{}, \"{}\");", constant_name(o, a), a.value.name);
        }
        if let Some(e) = o.stats {
            let e = &interface.enums[e];
            let path = interface.enum_path(e).replacen("crate::object::", "sai::", 1);
            let prefix = format!("SAI_{}_", e.stem.to_uppercase());
            for v in &e.values {
                let name = names::constant(&v.name, &prefix);
                let _ = writeln!(text, "    seen.stat({path}::{name}.raw(), \"{}\");", v.name);
            }
        }
        text.push_str("}\n");
    }
    text
}

fn module(interface: &Interface<'_>, position: usize, o: &ObjectInfo<'_>) -> Result<String> {
    let marker = o.marker();
    let mut text = String::new();
    let owned: Vec<_> = interface.enums.iter().filter(|e| e.owner == Some(position)).collect();
    for e in owned.iter().filter(|e| e.in_types) {
        let _ =
            writeln!(text, "pub use crate::types::{} as {};", names::camel(e.stem), interface.enum_rust(e));
    }
    if o.key.is_some() {
        let _ = writeln!(
            text,
            "pub use crate::entry::{marker};\n\nentry_object! {{ {marker}, {} }}",
            o.constant()
        );
    } else {
        let _ = writeln!(text, "\nid_object! {{ {marker}, {}, \"{}\" }}", o.constant(), o.name);
    }
    if let Some(e) = o.stats {
        let _ = writeln!(
            text,
            "\nimpl HasStats for {marker} {{\n    type Stat = {};\n}}",
            interface.enum_path(&interface.enums[e])
        );
    }
    required(&mut text, interface, o)?;
    for a in &o.attrs {
        constant(&mut text, interface, o, a)?;
    }
    text.push('\n');
    for e in owned.iter().filter(|e| !e.in_types) {
        types::newtype(&mut text, e, &interface.enum_rust(e));
    }
    Ok(format!(
        "{RUST_BANNER}//! `{}`: attributes, statistics and enums.\n\n{}use crate::attr::*;\n\n{text}",
        o.name,
        imports(&text)
    ))
}

/// What a module may need besides `crate::attr`, by the path that it comes from.
const IMPORTS: &[(&str, &[&str])] = &[
    ("std::net", &["IpAddr", "Ipv4Addr", "Ipv6Addr"]),
    ("ipnet", &["IpNet"]),
    ("crate::enumeration", &["sai_enum"]),
    ("crate::oid", &["AnyOid", "Oid"]),
    ("crate::types", &["ObjectType"]),
    (
        "crate::value",
        &[
            "AclCapability",
            "AclChain",
            "AclResource",
            "CharData",
            "FabricPortReachability",
            "LatchStatus",
            "MacAddr",
            "MapEntry",
            "PoePortPowerConsumption",
            "PortFrequencyOffsetPpm",
            "PortLaneEyeValues",
            "PortLaneLatchStatus",
            "PortPam4LaneEyeValues",
            "PortSnr",
            "PrbsBitErrorRate",
            "PrbsLaneBitErrorRate",
            "PrbsLaneRxState",
            "PrbsLaneRxStatus",
            "PrbsRxState",
            "Range",
            "SystemPortConfig",
            "Timespec",
            "Tlv",
        ],
    ),
];

/// The imports that a module's text needs.
fn imports(text: &str) -> String {
    let code = text.lines().filter(|l| !l.trim_start().starts_with("///"));
    let words: HashSet<&str> =
        code.flat_map(|l| l.split(|c: char| !c.is_alphanumeric() && c != '_')).collect();
    // The macros that declare a module's object and key name these by themselves.
    let implied = |name: &&str| *name == "ObjectType" || (*name == "Oid" && words.contains("id_object"));
    let mut out = String::new();
    for (path, names) in IMPORTS {
        let used: Vec<_> = names.iter().copied().filter(|n| words.contains(n) || implied(n)).collect();
        if !used.is_empty() {
            let _ = writeln!(out, "use {path}::{{{}}};", used.join(", "));
        }
    }
    out
}

/// The struct of the attributes that must always be given.
fn required(text: &mut String, interface: &Interface<'_>, o: &ObjectInfo<'_>) -> Result<()> {
    let marker = o.marker();
    let _ =
        writeln!(text, "\nrequired! {{ {marker}, {} {{", if o.key.is_some() { "entry" } else { "object" });
    for a in o.attrs.iter().filter(|a| a.required()) {
        let name = constant_name(o, a);
        let field = names::field(&name.to_lowercase());
        let _ = writeln!(text, "    {field}: {} = {name}, \"{}\";", rust_type(interface, a)?, a.value.name);
    }
    text.push_str("} }\n\n");
    Ok(())
}

fn constant_name(o: &ObjectInfo<'_>, a: &AttrInfo<'_>) -> String {
    names::constant(&a.value.name, &format!("SAI_{}_ATTR_", o.stem.to_uppercase()))
}

fn constant(
    text: &mut String,
    interface: &Interface<'_>,
    o: &ObjectInfo<'_>,
    a: &AttrInfo<'_>,
) -> Result<()> {
    let (access, words) = if a.has("READ_ONLY") {
        ("ReadOnly", "read only")
    } else if a.has("CREATE_ONLY") {
        ("CreateOnly", "create only")
    } else {
        ("CreateAndSet", "create and set")
    };
    let v = a.value;
    let _ = write!(text, "/// `{}`: `{}`, {words}", v.name, v.ty.as_deref().unwrap_or_default());
    for (flag, words) in [("MANDATORY_ON_CREATE", "mandatory on create"), ("KEY", "part of the key")] {
        if a.has(flag) {
            let _ = write!(text, ", {words}");
        }
    }
    text.push_str(".\n");
    let mut more = Vec::new();
    if let Some(default) = &v.default {
        more.push(format!("Default: `{default}`."));
    }
    if !v.objects.is_empty() {
        let names: Vec<_> = v.objects.iter().map(|n| format!("[`{0}`](ObjectType::{0})", &n[16..])).collect();
        let null = if v.allownull { ", or null" } else { "" };
        more.push(format!("Names: {}{null}.", names.join(", ")));
    }
    if let Some(c) = &v.condition {
        more.push(format!("Given on create when, and only when, `{c}`."));
    }
    if let Some(c) = &v.validonly {
        more.push(format!("Has effect only when `{c}`."));
    }
    if v.isvlan == Some(true) {
        more.push("A VLAN id.".to_owned());
    }
    if v.deprecated {
        more.push("Replaced by another attribute.".to_owned());
    }
    if a.block > 1 {
        more.push(format!("The first of {} ids: `nth(i)` gives the others.", a.block));
    }
    if let Some(since) = &v.since {
        more.push(format!("Since SAI {since}."));
    }
    for line in more {
        let _ = writeln!(text, "///\n/// {line}");
    }
    let _ = writeln!(text, "#[doc(alias = \"{}\")]", v.name);
    if i64::from(a.id) >= EXTENSIONS && !o.experimental() {
        text.push_str("#[cfg(feature = \"experimental\")]\n");
    }
    let _ = writeln!(
        text,
        "pub const {}: Attr<{}, {}, {access}> = Attr::{};\n",
        constant_name(o, a),
        o.marker(),
        rust_type(interface, a)?,
        if a.block > 1 { format!("block({}, {})", a.id, a.block) } else { format!("new({})", a.id) },
    );
    Ok(())
}

/// The Rust type of an attribute's value.
fn rust_type(interface: &Interface<'_>, a: &AttrInfo<'_>) -> Result<String> {
    let member = value::member(a.ty.member)?;
    let id = || match a.value.objects.as_slice() {
        [one] => {
            let object = interface.objects.iter().find(|o| o.name == one);
            match object {
                Some(o) => format!("Oid<crate::object::{}::{}>", o.stem, o.marker()),
                None => "AnyOid".to_owned(),
            }
        }
        _ => "AnyOid".to_owned(),
    };
    let wrapped = a.ty.wrapper != Wrapper::Plain;
    let element = match (a.ty.member, a.ty.enumeration) {
        ("oid", _) if a.value.allownull && !wrapped => format!("Option<{}>", id()),
        ("oid", _) => id(),
        ("objlist", _) => format!("Vec<{}>", id()),
        ("s32", Some(e)) => interface.enum_path(&interface.enums[e]),
        ("s32list", Some(e)) => format!("Vec<{}>", interface.enum_path(&interface.enums[e])),
        _ => member.rust.to_owned(),
    };
    Ok(match a.ty.wrapper {
        Wrapper::Plain => element,
        Wrapper::AclField => format!("AclMatch<{element}>"),
        Wrapper::AclAction => format!("AclParameter<{element}>"),
        Wrapper::AclMask => format!("AclMaskOf<{element}>"),
    })
}
