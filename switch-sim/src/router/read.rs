//! Attributes as plain values, as a client would read them: what was set, else the default, resolved through
//! the object that it is taken from.

use sai::types::PacketAction;
use sai::{AttrId, MacAddr, ObjectId, ObjectRef, Value};

use crate::switch::Switch;

pub(super) fn flag(sw: &Switch, object: &ObjectRef, attr: AttrId) -> bool {
    matches!(sw.value(object, attr), Ok(Value::Bool(true)))
}

pub(super) fn number(sw: &Switch, object: &ObjectRef, attr: AttrId) -> u32 {
    match sw.value(object, attr) {
        Ok(Value::U8(n)) => n.into(),
        Ok(Value::U16(n)) => n.into(),
        Ok(Value::U32(n)) => n,
        Ok(Value::I32(n)) => n as u32,
        _ => 0,
    }
}

pub(super) fn action(sw: &Switch, object: &ObjectRef, attr: AttrId) -> PacketAction {
    PacketAction(number(sw, object, attr) as i32)
}

pub(super) fn oid(sw: &Switch, object: &ObjectRef, attr: AttrId) -> ObjectId {
    match sw.value(object, attr) {
        Ok(Value::Oid(id)) => id,
        _ => ObjectId::NULL,
    }
}

pub(super) fn mac(sw: &Switch, object: &ObjectRef, attr: AttrId) -> [u8; 6] {
    match sw.value(object, attr) {
        Ok(Value::Mac(MacAddr(mac))) => mac,
        _ => [0; 6],
    }
}
