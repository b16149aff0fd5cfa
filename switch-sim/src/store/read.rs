//! Attributes of stored objects as plain values: what was given, else the metadata's constant default.

use sai::meta::{self, DefaultValue};
use sai::{AttrId, ObjectId, Value};

use super::Store;
use super::id::type_of;

impl Store {
    /// A number or enum value; 0 where there is neither a value nor a constant default.
    pub fn number(&self, id: ObjectId, attr: AttrId) -> i64 {
        match self.get(id).and_then(|o| o.value(attr)) {
            Some(Value::U8(n)) => i64::from(*n),
            Some(Value::I8(n)) => i64::from(*n),
            Some(Value::U16(n)) => i64::from(*n),
            Some(Value::U32(n)) => i64::from(*n),
            Some(Value::I32(n)) => i64::from(*n),
            Some(Value::U64(n)) => *n as i64,
            _ => match self.constant(id, attr) {
                Some(DefaultValue::Int(n)) => n,
                _ => 0,
            },
        }
    }

    /// A truth value; `false` where there is neither a value nor a constant default.
    pub fn flag(&self, id: ObjectId, attr: AttrId) -> bool {
        match self.get(id).and_then(|o| o.value(attr)) {
            Some(Value::Bool(b)) => *b,
            _ => matches!(self.constant(id, attr), Some(DefaultValue::Bool(true))),
        }
    }

    /// An object id; null where none was given.
    pub fn oid(&self, id: ObjectId, attr: AttrId) -> ObjectId {
        self.get(id).and_then(|o| o.value(attr)).and_then(Value::as_oid).unwrap_or(ObjectId::NULL)
    }

    /// A list of object ids; empty where none was given.
    pub fn oids(&self, id: ObjectId, attr: AttrId) -> Vec<ObjectId> {
        match self.get(id).and_then(|o| o.value(attr)) {
            Some(Value::OidList(ids)) => ids.clone(),
            _ => Vec::new(),
        }
    }

    fn constant(&self, id: ObjectId, attr: AttrId) -> Option<DefaultValue> {
        self.get(id)?;
        Some(meta::object(type_of(id)?)?.attr(attr)?.default)
    }
}
