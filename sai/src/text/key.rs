//! The sairedis text of what names an object: `oid:0x…`, or an entry's key as JSON.
//!
//! Key fields stand in alphabetical order. Numbers are texts, enums full names. Routes, neighbors, FDB
//! and NAT entries have short names for some fields: `dest`, `vr`, `rif`, `ip`, `bvid`, `mac`,
//! `nat_data`.

use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::names::object_name;
use super::structs::{number_fields, text_fields};
use super::value::mac;
use super::{TextError, item, number};
use crate::entry::Entry;
use crate::meta::{self, ObjectMeta};
use crate::{ObjectId, ObjectRef, ObjectType};

/// Field names of SAI and of sairedis, where they differ.
const SHORT: &[(ObjectType, &str, &str)] = &[
    (ObjectType::FDB_ENTRY, "bv_id", "bvid"),
    (ObjectType::FDB_ENTRY, "mac_address", "mac"),
    (ObjectType::NEIGHBOR_ENTRY, "ip_address", "ip"),
    (ObjectType::NEIGHBOR_ENTRY, "rif_id", "rif"),
    (ObjectType::ROUTE_ENTRY, "destination", "dest"),
    (ObjectType::ROUTE_ENTRY, "vr_id", "vr"),
    (ObjectType::NAT_ENTRY, "vr_id", "vr"),
    (ObjectType::NAT_ENTRY, "data", "nat_data"),
];

/// The text of a reference without its type: `oid:0x1000000000001` or `{"dest":…}`.
pub fn print(object: &ObjectRef) -> String {
    let mut out = String::new();
    write(&mut out, object);
    out
}

/// The text with the type: `SAI_OBJECT_TYPE_PORT:oid:0x1000000000001`.
pub fn print_typed(object: &ObjectRef) -> String {
    let mut out = format!("{}:", object_name(object.object_type()));
    write(&mut out, object);
    out
}

/// Appends the text of a reference without its type.
pub fn write(out: &mut String, object: &ObjectRef) {
    match object {
        ObjectRef::Object(_, id) => super::value::put(out, id),
        ObjectRef::Entry(entry) => write_entry(out, entry),
    }
}

/// Appends the text of an entry's key.
pub fn write_entry(out: &mut String, entry: &Entry) {
    // Writing to a String cannot fail.
    let _ = match entry {
        Entry::Route(e) => {
            write!(out, r#"{{"dest":"{}","switch_id":"{}","vr":"{}"}}"#, e.destination, e.switch_id, e.vr_id)
        }
        Entry::Neighbor(e) => {
            write!(out, r#"{{"ip":"{}","rif":"{}","switch_id":"{}"}}"#, e.ip_address, e.rif_id, e.switch_id)
        }
        Entry::Fdb(e) => {
            let _ = write!(out, r#"{{"bvid":"{}","mac":""#, e.bv_id);
            mac(out, &e.mac_address);
            write!(out, r#"","switch_id":"{}"}}"#, e.switch_id)
        }
        other => write!(out, "{}", to_json(other)),
    };
}

/// The key of an entry as JSON, as sairedis has it.
fn to_json(entry: &Entry) -> Json {
    let object_type = entry.object_type();
    let Some(meta) = meta::object(object_type) else { return Json::Null };
    let fields = entry_fields(entry);
    let Json::Object(fields) = text_fields(fields) else { return Json::Null };
    let spell = |(name, v): (String, Json)| {
        let c_type = c_type(meta, &name);
        let v = match (&v, c_type) {
            (Json::String(s), "sai_mac_t") => s.to_uppercase().into(),
            (Json::Object(r), _) if r.contains_key("min") => {
                format!("{},{}", bound(r, "min"), bound(r, "max")).into()
            }
            _ => v,
        };
        let short = SHORT.iter().find(|(t, long, _)| *t == object_type && *long == name);
        (short.map_or(name, |(_, _, short)| (*short).to_owned()), v)
    };
    fields.into_iter().map(spell).collect::<Map<_, _>>().into()
}

fn entry_fields(entry: &Entry) -> Json {
    // An entry serialises as a map of one item, its variant.
    match serde_json::to_value(entry) {
        Ok(Json::Object(map)) => map.into_iter().next().map_or(Json::Null, |(_, fields)| fields),
        _ => Json::Null,
    }
}

fn bound<'a>(range: &'a Map<String, Json>, name: &str) -> &'a str {
    range.get(name).and_then(Json::as_str).unwrap_or("0")
}

fn c_type(meta: &ObjectMeta, field: &str) -> &'static str {
    meta.key.unwrap_or_default().iter().find(|k| k.name == field).map_or("", |k| k.c_type)
}

/// Reads a reference of a known type: `oid:0x…`, or the key of an entry.
///
/// # Errors
/// The text names no object of this type; FDB keys of 2017 (`bridge_id`, `bridge_type`, `vlan`) name a
/// bridge or VLAN in a way that SAI no longer has.
pub fn parse(object_type: ObjectType, text: &str) -> Result<ObjectRef, TextError> {
    let meta = meta::object(object_type)
        .ok_or_else(|| TextError::new(format!("{} is no object type", object_type.0)))?;
    if meta.key.is_none() {
        return Ok(ObjectRef::Object(object_type, item::<ObjectId>(text)?));
    }
    parse_entry(meta, serde_json::from_str(text)?).map(ObjectRef::Entry)
}

/// Reads `OBJECT_TYPE:id`.
///
/// # Errors
/// As [`parse`], and for an unknown object type.
pub fn parse_typed(text: &str) -> Result<ObjectRef, TextError> {
    let (name, key) =
        text.split_once(':').ok_or_else(|| TextError::new(format!("'{text}' is not of the form TYPE:id")))?;
    parse(parse_type(name)?, key)
}

/// Reads the name of an object type.
///
/// # Errors
/// No object type has this name.
pub fn parse_type(name: &str) -> Result<ObjectType, TextError> {
    meta::object_by_name(name)
        .map(|meta| meta.object_type)
        .ok_or_else(|| TextError::new(format!("unknown object type '{name}'")))
}

fn parse_entry(meta: &'static ObjectMeta, json: Json) -> Result<Entry, TextError> {
    let Json::Object(map) = json else { return Err(TextError::new("an entry key is a JSON object")) };
    if meta.object_type == ObjectType::FDB_ENTRY && map.contains_key("bridge_type") {
        return Err(TextError::new("an FDB key of 2017: it has bridge_type and vlan instead of bvid"));
    }
    let mut fields = Map::new();
    for (name, v) in map {
        let short = SHORT.iter().find(|(t, _, short)| *t == meta.object_type && *short == name);
        let name = short.map_or(name, |(_, long, _)| (*long).to_owned());
        let v = match (&v, c_type(meta, &name)) {
            (Json::String(s), c_type) if c_type.ends_with("_range_t") => {
                let (min, max) =
                    s.split_once(',').ok_or_else(|| TextError::new(format!("'{s}' is no range min,max")))?;
                json!({"min": number::<u64>(min)?, "max": number::<u64>(max)?})
            }
            _ => v,
        };
        fields.insert(name, v);
    }
    let fields = number_fields(Json::Object(fields));
    let variant = variant_of(meta.name);
    Ok(serde_json::from_value(json!({ variant: fields }))?)
}

/// `SAI_OBJECT_TYPE_MCAST_FDB_ENTRY` is the variant `McastFdb`.
fn variant_of(name: &str) -> String {
    let stem = name.trim_start_matches("SAI_OBJECT_TYPE_").trim_end_matches("_ENTRY");
    let capital = |word: &str| {
        let mut word = word.to_ascii_lowercase();
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        word
    };
    stem.split('_').map(capital).collect()
}
