//! Keys that no two objects may share.

use crate::meta::{AttrMeta, ObjectMeta};
use crate::object::router_interface::Type;
use crate::{AttrEntry, AttrId, ObjectId, ObjectType, Value};

use super::rules::given;
use super::value::as_int;

/// A key that one object of its type has: the key attributes of the metadata (a VLAN's id, a queue's
/// port, type and index), each lane of a port, and what a router interface stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UniqueKey {
    /// The switch.
    pub switch: ObjectId,
    /// The type of the object.
    pub object_type: ObjectType,
    /// The values of the key attributes in ascending order of id, zero where there are fewer.
    pub fields: [u64; 3],
}

/// Calls `f` with every unique key of an object that is created with these attributes, and the attribute
/// to name when the key is taken. Types without key attributes cost one look at the metadata.
pub fn for_each(
    meta: &'static ObjectMeta,
    switch: ObjectId,
    attrs: &[AttrEntry],
    mut f: impl FnMut(UniqueKey, &'static AttrMeta),
) {
    let object_type = meta.object_type;
    if object_type == ObjectType::ROUTER_INTERFACE {
        if let Some((fields, attr)) = router_interface_key(meta, attrs) {
            f(UniqueKey { switch, object_type, fields }, attr);
        }
        return;
    }
    let mut fields = [0; 3];
    let mut last = None;
    for (field, attr) in meta.key_attrs().enumerate() {
        let Some(value) = given(attrs, attr.id) else { return };
        match value {
            Value::U32List(list) => {
                for lane in list {
                    f(UniqueKey { switch, object_type, fields: [u64::from(*lane), 0, 0] }, attr);
                }
                return;
            }
            Value::Oid(id) if field < fields.len() => fields[field] = id.0,
            other => match as_int(other) {
                Some(v) if field < fields.len() => fields[field] = v as u64,
                _ => return,
            },
        }
        last = Some(attr);
    }
    if let Some(attr) = last {
        f(UniqueKey { switch, object_type, fields }, attr);
    }
}

/// A second router interface on the same port and VLAN, VLAN or bridge does not exist, unless it is
/// virtual.
fn router_interface_key(
    meta: &'static ObjectMeta,
    attrs: &[AttrEntry],
) -> Option<([u64; 3], &'static AttrMeta)> {
    const TYPE: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_TYPE.0;
    const PORT_ID: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_PORT_ID.0;
    const VLAN_ID: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_VLAN_ID.0;
    const OUTER_VLAN_ID: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_OUTER_VLAN_ID.0;
    const INNER_VLAN_ID: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_INNER_VLAN_ID.0;
    const BRIDGE_ID: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_BRIDGE_ID.0;
    const IS_VIRTUAL: AttrId = sai_sys::SAI_ROUTER_INTERFACE_ATTR_IS_VIRTUAL.0;
    if given(attrs, IS_VIRTUAL) == Some(&Value::Bool(true)) {
        return None;
    }
    let oid = |id| given(attrs, id)?.as_oid().map(|o| o.0);
    let vlan = |id| Some(as_int(given(attrs, id)?)? as u64);
    let kind = as_int(given(attrs, TYPE)?)?;
    let (base, on, vlans) = match Type(kind as i32) {
        Type::PORT => (PORT_ID, oid(PORT_ID)?, 0),
        Type::SUB_PORT => (PORT_ID, oid(PORT_ID)?, vlan(OUTER_VLAN_ID)?),
        Type::QINQ_PORT => (PORT_ID, oid(PORT_ID)?, vlan(OUTER_VLAN_ID)? | vlan(INNER_VLAN_ID)? << 16),
        Type::VLAN => (VLAN_ID, oid(VLAN_ID)?, 0),
        Type::BRIDGE => (BRIDGE_ID, oid(BRIDGE_ID)?, 0),
        _ => return None,
    };
    Some(([on, vlans, kind as u64], meta.attr(base)?))
}
