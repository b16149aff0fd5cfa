//! The static tables of `sai/src/meta/tables`.

use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};

use super::condition::Condition;
use super::interface::{AttrInfo, Default, EXTENSIONS, Interface, ObjectInfo, Wrapper};
use super::{Output, RUST_BANNER, types, value};
use crate::model::{EnumValue, Model};

/// Renders the metadata tables.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    ensure!(interface.objects.len() <= usize::from(u8::MAX), "more object types than a byte can number");
    Ok(vec![
        Output::new("sai/src/meta/tables/mod.rs", objects(&interface)?),
        Output::new("sai/src/meta/tables/enums.rs", enums(&interface)),
        Output::new("sai/src/meta/tables/attrs.rs", attrs(&interface)?),
    ])
}

/// Runs of consecutive numbers: first number, first position, length.
fn runs(numbers: impl Iterator<Item = i64>) -> String {
    let mut runs: Vec<(i64, usize, usize)> = Vec::new();
    for (i, n) in numbers.enumerate() {
        match runs.last_mut() {
            Some((first, _, len)) if *first + *len as i64 == n => *len += 1,
            _ => runs.push((n, i, 1)),
        }
    }
    let texts: Vec<_> = runs
        .iter()
        .map(|(first, index, len)| format!("Run {{ first: {first}, index: {index}, len: {len} }}"))
        .collect();
    format!("&[{}]", texts.join(", "))
}

fn release(since: Option<&str>) -> Result<String> {
    match since {
        None => Ok("OLD".to_owned()),
        Some(text) => match text.split_once('.').map(|(a, b)| (a.parse::<u8>(), b.parse::<u8>())) {
            Some((Ok(1), Ok(minor))) => Ok(format!("r({minor})")),
            _ => bail!("since {text}: not a release of SAI 1"),
        },
    }
}

fn values(list: &[&EnumValue]) -> String {
    let mut text = "&[\n".to_owned();
    for v in list {
        let since = release(v.since.as_deref()).unwrap_or_default();
        let _ =
            writeln!(text, "    EnumValue {{ value: {}, name: \"{}\", since: {since} }},", v.value, v.name);
    }
    text + "]"
}

fn enums(interface: &Interface<'_>) -> String {
    let mut text = format!(
        "{RUST_BANNER}//! The enums.\n\nuse crate::meta::{{EnumMeta, EnumValue, Release, Run}};\n\n\
         const OLD: Release = Release::OLD;\n\n\
         const fn r(minor: u8) -> Release {{\n    Release {{ major: 1, minor }}\n}}\n\n"
    );
    for e in &interface.enums {
        let _ = writeln!(
            text,
            "#[rustfmt::skip]\npub(crate) static {}: EnumMeta = EnumMeta {{ name: \"{}\", free_form: {}, values: {}, \
             runs: {}, aliases: {} }};\n",
            types::static_name(e),
            e.c_name,
            e.free_form,
            values(&e.values),
            runs(e.values.iter().map(|v| v.value)),
            values(&e.aliases),
        );
    }
    text.push_str(
        "/// Every enum in the order of the headers.\n#[rustfmt::skip]\npub static ENUMS: &[&EnumMeta] = &[\n",
    );
    for e in &interface.enums {
        let _ = writeln!(text, "    &{},", types::static_name(e));
    }
    text + "];\n"
}

fn objects(interface: &Interface<'_>) -> Result<String> {
    let mut text = format!(
        "{RUST_BANNER}//! The object types.\n\nuse crate::meta::{{KeyField, ObjectMeta, Release, Run, Verbs}};\n\
         use crate::types::{{Api, ObjectType}};\n\nmod attrs;\npub(crate) mod enums;\n\npub use enums::ENUMS;\n\n\
         const OLD: Release = Release::OLD;\n\nconst fn r(minor: u8) -> Release {{\n    Release {{ major: 1, minor }}\n}}\n\n\
         /// The runs of consecutive object types in [`OBJECTS`].\n\
         pub(crate) static OBJECT_RUNS: &[Run] = {};\n\n\
         /// Every object type in ascending order of number.\n#[rustfmt::skip]\npub static OBJECTS: &[ObjectMeta] = &[\n",
        runs(interface.objects.iter().map(|o| o.value))
    );
    for (dense, o) in interface.objects.iter().enumerate() {
        let stats = o.stats.map_or("None".to_owned(), |e| {
            format!("Some(&enums::{})", types::static_name(&interface.enums[e]))
        });
        let key = match o.key {
            None => "None".to_owned(),
            Some(key) => {
                let mut fields = String::new();
                for f in &key.fields {
                    let _ = write!(
                        fields,
                        "KeyField {{ name: \"{}\", c_type: \"{}\", objects: {} }}, ",
                        f.name,
                        f.ty,
                        object_types(&f.objects)
                    );
                }
                format!("Some(&[{fields}])")
            }
        };
        let aliases: Vec<_> = o.aliases.iter().map(|(name, id)| format!("(\"{name}\", {id})")).collect();
        let _ = writeln!(
            text,
            "    ObjectMeta {{ object_type: ObjectType::{}, name: \"{}\", dense: {dense}, api: Api::{}, stem: \"{}\", \
             attrs: &attrs::{}, runs: {}, aliases: &[{}], stats: {stats}, key: {key}, \
             verbs: Verbs::from_bits_retain({}), experimental: {}, since: {} }},",
            o.constant(),
            o.name,
            &o.api["SAI_API_".len()..],
            o.stem,
            o.constant(),
            runs(o.attrs.iter().map(|a| i64::from(a.id))),
            aliases.join(", "),
            o.verbs,
            o.experimental(),
            release(o.since)?,
        );
    }
    Ok(text + "];\n")
}

fn object_types(names: &[String]) -> String {
    let types: Vec<_> =
        names.iter().map(|n| format!("ObjectType::{}", &n["SAI_OBJECT_TYPE_".len()..])).collect();
    format!("&[{}]", types.join(", "))
}

const FLAGS: &[&str] = &["MANDATORY_ON_CREATE", "CREATE_ONLY", "CREATE_AND_SET", "READ_ONLY", "KEY"];

fn flags(a: &AttrInfo<'_>) -> Result<u32> {
    let mut bits = 0;
    for flag in &a.value.flags {
        match FLAGS.iter().position(|f| f == flag) {
            Some(bit) => bits |= 1 << bit,
            None => bail!("{}: flag {flag} is not known", a.value.name),
        }
    }
    let v = a.value;
    let more = [v.allownull, v.isvlan == Some(true), v.isresourcetype, v.relaxed, v.deprecated];
    for (i, on) in more.into_iter().enumerate() {
        bits |= u32::from(on) << (FLAGS.len() + i);
    }
    Ok(bits)
}

fn attrs(interface: &Interface<'_>) -> Result<String> {
    let mut text = format!(
        "{RUST_BANNER}//! The attributes of each object type.\n\n\
         use std::net::{{Ipv4Addr, Ipv6Addr}};\n\n\
         use super::enums as e;\n\
         use crate::meta::Condition::{{All, AnyOf, Eq}};\n\
         use crate::meta::{{AttrFlags, AttrMeta, DefaultValue, Release, ValueType}};\n\
         use crate::types::ObjectType;\nuse crate::value::ValueKind;\n\n\
         const fn r(minor: u8) -> Release {{\n    Release {{ major: 1, minor }}\n}}\n\n\
         const fn f(bits: u16) -> AttrFlags {{\n    AttrFlags::from_bits_retain(bits)\n}}\n\n\
         /// What most attributes have in common.\n\
         const A: AttrMeta = AttrMeta {{\n    id: 0,\n    name: \"\",\n    object_type: ObjectType::NULL,\n    \
         ty: ValueType::Plain(ValueKind::Bool),\n    enumeration: None,\n    flags: f(0),\n    \
         default: DefaultValue::None,\n    objects: &[],\n    condition: None,\n    valid_only: None,\n    \
         block: 1,\n    notification: None,\n    since: Release::OLD,\n}};\n\n"
    );
    for o in &interface.objects {
        let _ = writeln!(
            text,
            "#[rustfmt::skip]\npub(super) static {}: [AttrMeta; {}] = [",
            o.constant(),
            o.attrs.len()
        );
        for a in &o.attrs {
            text.push_str(&attr(interface, o, a)?);
        }
        text.push_str("];\n\n");
    }
    Ok(text)
}

fn attr(interface: &Interface<'_>, o: &ObjectInfo<'_>, a: &AttrInfo<'_>) -> Result<String> {
    let kind = format!("ValueKind::{}", value::member(a.ty.member)?.variant);
    let ty = match a.ty.wrapper {
        Wrapper::Plain => format!("ValueType::Plain({kind})"),
        Wrapper::AclField => format!("ValueType::AclField({kind})"),
        Wrapper::AclAction => format!("ValueType::AclAction({kind})"),
        Wrapper::AclMask => format!("ValueType::AclMask({kind})"),
    };
    let mut text = format!(
        "    AttrMeta {{ id: {}, name: \"{}\", object_type: ObjectType::{}, ty: {ty}, flags: f({})",
        id(a.id),
        a.value.name,
        o.constant(),
        flags(a)?
    );
    if let Some(e) = a.ty.enumeration {
        let _ = write!(text, ", enumeration: Some(&e::{})", types::static_name(&interface.enums[e]));
    }
    if !matches!(a.default, Default::None) {
        let _ = write!(text, ", default: DefaultValue::{}", default(interface, a));
    }
    if !a.value.objects.is_empty() {
        let _ = write!(text, ", objects: {}", object_types(&a.value.objects));
    }
    if let Some(c) = &a.condition {
        let _ = write!(text, ", condition: Some(&{})", condition(c));
    }
    if let Some(c) = &a.valid_only {
        let _ = write!(text, ", valid_only: Some(&{})", condition(c));
    }
    if a.block != 1 {
        let _ = write!(text, ", block: {}", a.block);
    }
    if let Some(f) = a.ty.function {
        let _ = write!(text, ", notification: Some(\"{f}\")");
    }
    if let Some(since) = &a.value.since {
        let _ = write!(text, ", since: {}", release(Some(since))?);
    }
    Ok(text + ", ..A },\n")
}

fn id(id: u32) -> String {
    if i64::from(id) >= EXTENSIONS { format!("{id:#x}") } else { id.to_string() }
}

fn default(interface: &Interface<'_>, a: &AttrInfo<'_>) -> String {
    match &a.default {
        Default::None => "None".to_owned(),
        Default::Bool(b) => format!("Bool({b})"),
        Default::Int(n) | Default::Enum(n) => format!("Int({n})"),
        Default::Ipv4(ip) => format!("Ipv4(Ipv4Addr::from_bits({:#x}))", ip.to_bits()),
        Default::Ipv6(ip) => format!("Ipv6(Ipv6Addr::from_bits({:#x}))", ip.to_bits()),
        Default::Empty => "Empty".to_owned(),
        Default::Null => "Null".to_owned(),
        Default::Disabled => "Disabled".to_owned(),
        Default::Internal => "Internal".to_owned(),
        Default::Const => "Const".to_owned(),
        Default::Vendor => "Vendor".to_owned(),
        Default::AttrValue(object, id) => {
            format!("AttrValue(ObjectType::{}, {id})", interface.objects[*object].constant())
        }
    }
}

fn condition(c: &Condition) -> String {
    let list = |list: &[Condition]| list.iter().map(condition).collect::<Vec<_>>().join(", ");
    match c {
        Condition::Eq(id, value) => format!("Eq({id}, {value})"),
        Condition::Ne(id, value) => format!("crate::meta::Condition::Ne({id}, {value})"),
        Condition::All(l) => format!("All(&[{}])", list(l)),
        Condition::AnyOf(l) => format!("AnyOf(&[{}])", list(l)),
    }
}
