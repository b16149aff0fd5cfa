//! Objects and snapshots as JSON, attributes by SAI name and values in readable form.
//!
//! ```json
//! {"type": "SAI_OBJECT_TYPE_PORT", "id": "oid:0x1000000000001",
//!  "attrs": {"SAI_PORT_ATTR_ADMIN_STATE": true, "SAI_PORT_ATTR_HW_LANE_LIST": [0, 1, 2, 3]}}
//! ```
//!
//! An entry has `key`, an object of its fields, instead of `id`. Truth values, numbers, lists and
//! structures are JSON's own; everything else is text as in [`super::value`]. A snapshot is an
//! array of objects.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::recording::Problem;
use super::{TextError, key, names, value};
use crate::meta::{self, AttrMeta};
use crate::{AttrEntry, ObjectRef, Value};

/// An object with its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The object.
    pub object: ObjectRef,
    /// Its attributes.
    pub attrs: Vec<AttrEntry>,
}

/// A value of this attribute as JSON.
pub fn value_to_json(v: &Value, meta: &AttrMeta) -> Json {
    let text = value::print(v, meta);
    match v {
        Value::Bool(v) => json!(v),
        Value::U8(v) => json!(v),
        Value::I8(v) => json!(v),
        Value::U16(v) => json!(v),
        Value::I16(v) => json!(v),
        Value::U32(v) => json!(v),
        Value::U64(v) => json!(v),
        Value::I64(v) => json!(v),
        Value::U8List(v) => json!(v),
        Value::I8List(v) => json!(v),
        Value::U16List(v) | Value::VlanList(v) => json!(v),
        Value::I16List(v) => json!(v),
        Value::U32List(v) => json!(v),
        Value::U16RangeList(v) => v.iter().map(|r| format!("{},{}", r.min, r.max)).collect(),
        Value::U64RangeList(v) => v.iter().map(|r| format!("{},{}", r.min, r.max)).collect(),
        Value::OidList(_)
        | Value::I32List(_)
        | Value::PortErrStatusList(_)
        | Value::SegmentList(_)
        | Value::IpAddressList(_)
        | Value::IpPrefixList(_) => match text.split_once(':') {
            Some((_, "null")) | None => json!([]),
            Some((_, items)) => items.split(',').collect(),
        },
        Value::CharData(_) => json!(text),
        _ if text.starts_with('{') => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        _ => Json::String(text),
    }
}

/// Reads a value of this attribute.
///
/// # Errors
/// The JSON is no such value.
pub fn value_from_json(json: &Json, meta: &AttrMeta) -> Result<Value, TextError> {
    let text = match json {
        Json::String(s) => s.clone(),
        Json::Array(items) if items.is_empty() => "0:null".to_owned(),
        Json::Array(items) => {
            let text = |item: &Json| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            format!("{}:{}", items.len(), items.iter().map(text).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    };
    value::parse(&text, meta)
}

impl Document {
    /// The document as JSON. An attribute that the metadata does not know is left out.
    pub fn to_json(&self) -> Json {
        let object_type = self.object.object_type();
        let attr = |a: &AttrEntry| {
            let meta = meta::attr(object_type, a.id)?;
            Some((names::attr_name(meta, a.id).into_owned(), value_to_json(&a.value, meta)))
        };
        let attrs: Map<_, _> = self.attrs.iter().filter_map(attr).collect();
        let text = key::print(&self.object);
        let (field, name) = match &self.object {
            ObjectRef::Object(..) => ("id", Json::String(text)),
            ObjectRef::Entry(_) => ("key", serde_json::from_str(&text).unwrap_or(Json::String(text))),
        };
        json!({"type": names::object_name(object_type), field: name, "attrs": attrs})
    }

    /// Reads a document.
    ///
    /// # Errors
    /// The reason, with the attribute that it is about.
    pub fn from_json(json: &Json) -> Result<Document, TextError> {
        let Json::Object(map) = json else { return Err(TextError::new("expected an object")) };
        let name =
            map.get("type").and_then(Json::as_str).ok_or_else(|| TextError::new("'type' is missing"))?;
        let object_type = key::parse_type(name)?;
        let object = match (map.get("id"), map.get("key")) {
            (Some(Json::String(id)), None) => key::parse(object_type, id)?,
            (None, Some(fields @ Json::Object(_))) => key::parse(object_type, &fields.to_string())?,
            _ => return Err(TextError::new(format!("{name} needs either an 'id' or a 'key'"))),
        };
        if let Some(field) = map.keys().find(|k| !matches!(k.as_str(), "type" | "id" | "key" | "attrs")) {
            return Err(TextError::new(format!("unknown field '{field}'")));
        }
        let mut attrs = Vec::new();
        let fields = match map.get("attrs") {
            None => None,
            Some(Json::Object(fields)) => Some(fields),
            Some(_) => return Err(TextError::new("'attrs' is no object")),
        };
        for (name, v) in fields.into_iter().flatten() {
            let known = names::attr(name).filter(|(meta, _)| meta.object_type == object_type);
            let (meta, id) =
                known.ok_or_else(|| TextError::new(format!("'{name}' is no attribute of {object_type}")))?;
            let value = value_from_json(v, meta).map_err(|e| TextError::new(format!("{name}: {e}")))?;
            attrs.push(AttrEntry { id, value });
        }
        Ok(Document { object, attrs })
    }
}

impl serde::Serialize for Document {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(s)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Document, D::Error> {
        Document::from_json(&Json::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// A snapshot as text, one object a line.
pub fn print_snapshot(documents: &[Document]) -> String {
    let lines: Vec<String> = documents.iter().map(|d| d.to_json().to_string()).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Reads a snapshot.
///
/// # Errors
/// The line of the object that is wrong, and why.
pub fn parse_snapshot(text: &str) -> Result<Vec<Document>, Problem> {
    let objects: Vec<&RawValue> = serde_json::from_str(text)
        .map_err(|e| Problem { line: e.line(), reason: format!("bad JSON: {e}") })?;
    let read = |raw: &&RawValue| {
        let read = serde_json::from_str(raw.get()).map_err(TextError::from);
        read.and_then(|json| Document::from_json(&json)).map_err(|e| {
            let offset = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let line = text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1;
            Problem { line, reason: e.to_string() }
        })
    };
    objects.iter().map(read).collect()
}
