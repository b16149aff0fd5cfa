//! Next-hop-group members: what may be one.

use sai::meta::AttrMeta;
use sai::object::next_hop_group::Type;
use sai::object::next_hop_group_member::ObservedRole;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, Result, Status, Value, next_hop_group_member as attr,
};

use super::width::width;
use super::{monitor, refuse};
use crate::feature::{CompactTable, Owner, Request};
use crate::router::adjacency::To;
use crate::router::read;
use crate::store::id::Parts;
use crate::switch::Switch;

mod table;

pub(crate) use table::Members;
pub(super) use table::{look_again, monitors};

/// Owns `SAI_OBJECT_TYPE_NEXT_HOP_GROUP_MEMBER`.
#[derive(Debug)]
pub(crate) struct MemberOwner;

/// Refuses a way that would come back to the group itself.
fn check_way(sw: &Switch, group: ObjectId, n: usize, way: ObjectId) -> Result<()> {
    let name = "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_ID";
    match To::of(way) {
        Some(To::NextHop(_)) => Ok(()),
        Some(To::Group(slot)) => {
            let inner = sw.router.groups.get(slot as usize);
            let nested = inner.is_some_and(|g| g.members.iter().any(|m| matches!(m.to, To::Group(_))));
            if way == group || nested {
                return refuse(n, name, format!("{way}: groups nest two levels deep"));
            }
            Ok(())
        }
        _ => refuse(n, name, format!("{way} is neither a next hop nor a next-hop group")),
    }
}

impl Owner for MemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::NEXT_HOP_GROUP_ID.id(),
                attr::NEXT_HOP_ID.id(),
                attr::WEIGHT.id(),
                attr::CONFIGURED_ROLE.id(),
                attr::MONITORED_OBJECT.id(),
                attr::INDEX.id(),
                attr::SEQUENCE_ID.id(),
                attr::COUNTER_ID.id(),
            ]
        }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[attr::OBSERVED_ROLE.id()] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let given = |a| request.given(a).and_then(|(n, v)| Some((n, v.as_oid()?)));
        let Some((at, group)) = given(attr::NEXT_HOP_GROUP_ID.id()) else { return Ok(()) };
        let Some(record) = sw.router.groups.get(Parts::of(group).slot as usize) else { return Ok(()) };
        if record.kind == Type::ECMP_WITH_MEMBERS {
            let why = format!("the ways of {group} are its NEXT_HOP_LIST");
            return refuse(at, "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_GROUP_ID", why);
        }
        let width = width(sw);
        if record.members.len() >= width {
            let why = format!("{group} has {width} members, as many as a group can");
            return Err(Error::because(Status::INSUFFICIENT_RESOURCES, why));
        }
        if matches!(record.kind, Type::FINE_GRAIN_ECMP | Type::CLASS_BASED) {
            let (n, index) = match request.given(attr::INDEX.id()) {
                Some((n, Value::U32(index))) => (n, *index),
                _ => (at, 0),
            };
            if index as usize >= record.size {
                let why = format!("{index}: {group} has buckets 0 to {}", record.size.saturating_sub(1));
                return refuse(n, "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_INDEX", why);
            }
            if let Some(twin) = record.members.iter().find(|m| m.order == index) {
                let why = format!("{} has bucket {index} of {group}", twin.id);
                return Err(Error::because(Status::ITEM_ALREADY_EXISTS, why));
            }
        }
        if let Some((n, monitored)) = given(attr::MONITORED_OBJECT.id()) {
            monitor::check(n, monitored)?;
        }
        match given(attr::NEXT_HOP_ID.id()) {
            Some((n, way)) => check_way(sw, group, n, way),
            None => Ok(()),
        }
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        match given.value {
            Value::Oid(way) if given.id == attr::NEXT_HOP_ID.id() => {
                check_way(sw, read::oid(sw, object, attr::NEXT_HOP_GROUP_ID.id()), 0, way)
            }
            Value::Oid(monitored) if given.id == attr::MONITORED_OBJECT.id() => monitor::check(0, monitored),
            _ => Ok(()),
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        if asked.id != attr::OBSERVED_ROLE.id() {
            return None;
        }
        let (group, at) = table::find(sw, object)?;
        let active = group.buckets.buckets().iter().flatten().any(|m| usize::from(*m) == at);
        let role = if active { ObservedRole::ACTIVE } else { ObservedRole::INACTIVE };
        Some(Ok(Value::I32(role.0)))
    }

    fn table(&self) -> Option<&'static dyn CompactTable> {
        Some(&MemberOwner)
    }
}
