//! Isolation groups.

use super::bridge_port::derive_port;
use super::*;

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

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let group = sw.store.oid(id, attrs::isolation_group_member::ISOLATION_GROUP_ID);
        self.derive(sw, group);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        self.derive(sw, given(&was, attrs::isolation_group_member::ISOLATION_GROUP_ID));
    }
}
