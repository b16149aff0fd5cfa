//! Names as recordings write them, over the look-ups of the metadata.

use std::borrow::Cow;

use super::TextError;
use crate::meta::{self, AttrMeta, EnumMeta};
use crate::{AttrId, ObjectType};

/// The name of an object type; its number where it has none.
pub(crate) fn object_name(object_type: ObjectType) -> Cow<'static, str> {
    match meta::object(object_type) {
        Some(meta) => meta.name.into(),
        None => object_type.0.to_string().into(),
    }
}

/// The attribute of this name and its id. A member of a block is named by its position:
/// `SAI_ACL_ENTRY_ATTR_USER_DEFINED_FIELD_GROUP_5`.
pub(crate) fn attr(name: &str) -> Option<(&'static AttrMeta, AttrId)> {
    if let Some(found) = meta::attr_by_name(name) {
        return Some((found, found.id));
    }
    let (stem, n) = name.rsplit_once('_')?;
    let n: u32 = n.parse().ok()?;
    let first = meta::attr_by_name(&format!("{stem}_MIN"))?;
    (n < u32::from(first.block)).then_some((first, first.id + n))
}

/// The name of an attribute, a member of a block by its position; the inverse of [`attr`].
pub(crate) fn attr_name(meta: &'static AttrMeta, id: AttrId) -> Cow<'static, str> {
    match (id.wrapping_sub(meta.id), meta.name.strip_suffix("_MIN")) {
        (0, _) | (_, None) => meta.name.into(),
        (n, Some(stem)) => format!("{stem}_{n}").into(),
    }
}

/// Writes an enum value by its full name, or its number where it has none.
pub(crate) fn write_enum(out: &mut String, meta: Option<&EnumMeta>, value: i32) {
    match meta.and_then(|m| m.name_of(value)) {
        Some(name) => out.push_str(name),
        None => super::value::put(out, value),
    }
}

/// The names of the values of an enum, the first of many.
fn values(meta: &EnumMeta) -> String {
    const MOST: usize = 16;
    let mut text = meta.values.iter().take(MOST).map(|v| v.name).collect::<Vec<_>>().join(", ");
    if meta.values.len() > MOST {
        text.push_str(", …");
    }
    text
}

/// Reads an enum value: a name, an old name, or a number.
pub(crate) fn read_enum(meta: Option<&'static EnumMeta>, text: &str) -> Result<i32, TextError> {
    if let Some(value) = meta.and_then(|m| m.value_of(text)) {
        return Ok(value);
    }
    super::number(text).map_err(|_| match meta {
        Some(m) => TextError::new(format!("'{text}' is no value of {}; there are {}", m.name, values(m))),
        None => TextError::new(format!("'{text}' is no number")),
    })
}
