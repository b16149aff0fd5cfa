//! Isolation groups.

use super::bridge_port::derive_port;
use super::*;

/// Owns `SAI_OBJECT_TYPE_ISOLATION_GROUP`.
#[derive(Debug)]
pub struct IsolationGroupOwner;

impl Owner for IsolationGroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[sai::isolation_group::TYPE.id()] }
    }
}

/// Owns `SAI_OBJECT_TYPE_ISOLATION_GROUP_MEMBER`.
#[derive(Debug)]
pub struct IsolationMemberOwner;

impl IsolationMemberOwner {
    fn derive(&self, sw: &mut Switch, group: ObjectId) {
        for id in sw.store.ids(ObjectType::BRIDGE_PORT).collect::<Vec<_>>() {
            if sw.store.oid(id, port_attr::ISOLATION_GROUP) == group {
                derive_port(sw, id);
            }
        }
        for id in sw.store.ids(ObjectType::PORT).collect::<Vec<_>>() {
            if sw.store.oid(id, attrs::port::ISOLATION_GROUP) == group {
                port::derive(sw, id);
            }
        }
    }
}

impl Owner for IsolationMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[attrs::isolation_group_member::ISOLATION_GROUP_ID, attrs::isolation_group_member::ISOLATION_OBJECT]
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        use attrs::isolation_group_member as member;
        use sai::isolation_group::{TYPE, Type};
        let (Some((_, Value::Oid(group))), Some((n, Value::Oid(object)))) =
            (request.given(member::ISOLATION_GROUP_ID), request.given(member::ISOLATION_OBJECT))
        else {
            return Ok(());
        };
        let of_ports = sw.store.number(*group, TYPE.id()) == i64::from(Type::PORT.0);
        let wanted = if of_ports { ObjectType::PORT } else { ObjectType::BRIDGE_PORT };
        if type_of(*object) == Some(wanted) {
            return Ok(());
        }
        let why = format!("{object} is no {wanted}, of which {group} is");
        Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
            .on_attr("SAI_ISOLATION_GROUP_MEMBER_ATTR_ISOLATION_OBJECT"))
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let group = sw.store.oid(id, attrs::isolation_group_member::ISOLATION_GROUP_ID);
        self.derive(sw, group);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        self.derive(sw, given(&was, attrs::isolation_group_member::ISOLATION_GROUP_ID));
    }
}
