//! Isolation groups: who is kept apart from whom.

use sai::{ObjectId, ObjectType};

use crate::attrs::isolation_group_member as member;
use crate::store::Store;

/// The ports or bridge ports in an isolation group; none for a null one.
pub fn members(store: &Store, group: ObjectId) -> Vec<ObjectId> {
    if group.is_null() {
        return Vec::new();
    }
    member_objects(store, group).map(|id| store.oid(id, member::ISOLATION_OBJECT)).collect()
}

/// The member objects of an isolation group.
pub fn member_objects(store: &Store, group: ObjectId) -> impl Iterator<Item = ObjectId> + '_ {
    store
        .ids(ObjectType::ISOLATION_GROUP_MEMBER)
        .filter(move |&id| store.oid(id, member::ISOLATION_GROUP_ID) == group)
}
