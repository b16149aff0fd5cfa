//! Attributes: an id with a value, and the typed constants.

use serde::{Deserialize, Serialize};

use crate::types::ObjectType;
use crate::{AttrId, Value};

/// An object type at compile time: the marker `T` of [`Oid<T>`](crate::Oid), or the key of an entry.
pub trait Object: 'static {
    /// The object type.
    const TYPE: ObjectType;
}

/// `sai_attribute_t`: the id of an attribute and its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_attribute_t")]
pub struct AttrEntry {
    /// Which attribute.
    pub id: AttrId,
    /// Its value.
    pub value: Value,
}

impl AttrEntry {
    /// An attribute with its value.
    pub const fn new(id: AttrId, value: Value) -> AttrEntry {
        AttrEntry { id, value }
    }

    /// An attribute whose value is asked for.
    pub const fn ask(id: AttrId) -> AttrEntry {
        AttrEntry { id, value: Value::Bool(false) }
    }
}

const _: () = assert!(size_of::<AttrEntry>() <= 48, "an entry is no larger than sai_attribute_t");
