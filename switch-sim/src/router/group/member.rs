//! Next-hop-group members.

use sai::meta::AttrMeta;
use sai::object::next_hop_group::Type;
use sai::object::next_hop_group_member::{ConfiguredRole, ObservedRole};
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, Result, Status, Value, next_hop_group,
    next_hop_group_member as attr,
};

use super::{MAX_MEMBERS, Member, change, monitor, refuse};
use crate::feature::{Owner, Request};
use crate::router::adjacency::To;
use crate::router::{counter_slot, read};
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;

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
        let width = sw.profile.limits.ecmp_width as usize;
        if record.members.len() >= width.min(MAX_MEMBERS) {
            let why = format!("{group} has {width} members, as many as a group of this chip can");
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
        let id = object.oid()?;
        let group = read::oid(sw, object, attr::NEXT_HOP_GROUP_ID.id());
        let group = sw.router.groups.get(Parts::of(group).slot as usize)?;
        let mut used = group.buckets.buckets().iter().flatten();
        let active = used.any(|m| group.members.get(usize::from(*m)).is_some_and(|m| m.id == id));
        let role = if active { ObservedRole::ACTIVE } else { ObservedRole::INACTIVE };
        Some(Ok(Value::I32(role.0)))
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some((group, member)) = member(sw, object) else { return };
        change(sw, group, |g| g.insert(Member { age: g.next_age, ..member }));
        monitor::watch(sw, group);
    }

    fn restored(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some((group, member)) = member(sw, object) else { return };
        // The members keep the order in which they were created, whatever order they come back in.
        let list = sw.store.get(group).map_or(&[][..], |g| g.list(next_hop_group::NEXT_HOP_MEMBER_LIST.id()));
        let age = list.iter().position(|id| *id == member.id).unwrap_or(list.len()) as u32;
        change(sw, group, |g| g.insert(Member { age, ..member }));
        monitor::watch(sw, group);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let Some((group, member)) = member(sw, object) else { return };
        change(sw, group, |g| match g.members.iter().position(|m| m.id == member.id) {
            // In its place a member keeps its buckets.
            Some(at) if g.members[at].order == member.order => {
                g.members[at] = Member { age: g.members[at].age, ..member };
            }
            Some(at) => {
                let age = g.members[at].age;
                g.take(member.id);
                g.insert(Member { age, ..member });
            }
            None => {}
        });
        monitor::watch(sw, group);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let group = was.value(attr::NEXT_HOP_GROUP_ID.id()).and_then(Value::as_oid);
        if let (Some(group), Some(id)) = (group, object.oid()) {
            change(sw, group, |g| {
                g.take(id);
            });
            monitor::watch(sw, group);
        }
    }
}

/// A member's group, and its record but for its age.
fn member(sw: &Switch, object: &ObjectRef) -> Option<(ObjectId, Member)> {
    let id = object.oid()?;
    let group = sw.store.oid(id, attr::NEXT_HOP_GROUP_ID.id());
    let number = |a| sw.store.number(id, a) as u32;
    let order = match sw.router.groups.get(Parts::of(group).slot as usize)?.kind {
        Type::DYNAMIC_ORDERED_ECMP => number(attr::SEQUENCE_ID.id()),
        Type::FINE_GRAIN_ECMP | Type::CLASS_BASED => number(attr::INDEX.id()),
        _ => 0,
    };
    let member = Member {
        id,
        to: To::of(sw.store.oid(id, attr::NEXT_HOP_ID.id())).unwrap_or(To::Null),
        counter: counter_slot(sw.store.oid(id, attr::COUNTER_ID.id())),
        weight: number(attr::WEIGHT.id()),
        order,
        age: 0,
        standby: number(attr::CONFIGURED_ROLE.id()) == ConfiguredRole::STANDBY.0 as u32,
        alive: monitor::is_up(sw, sw.store.oid(id, attr::MONITORED_OBJECT.id())),
    };
    Some((group, member))
}

/// Derives again whether what the members of a group monitor is up.
pub(super) fn look_again(sw: &mut Switch, group: ObjectId) {
    let Some(record) = sw.router.groups.get(Parts::of(group).slot as usize) else { return };
    let monitored = |m: &Member| sw.store.oid(m.id, attr::MONITORED_OBJECT.id());
    let alive: Vec<bool> = record.members.iter().map(|m| monitor::is_up(sw, monitored(m))).collect();
    if record.members.iter().map(|m| m.alive).ne(alive.iter().copied()) {
        change(sw, group, |g| g.members.iter_mut().zip(alive).for_each(|(m, alive)| m.alive = alive));
    }
}

/// Whether a member of a group monitors anything.
pub(super) fn monitors(sw: &Switch, group: ObjectId) -> bool {
    let monitored = |m: &Member| sw.store.oid(m.id, attr::MONITORED_OBJECT.id());
    let record = sw.router.groups.get(Parts::of(group).slot as usize).filter(|g| g.id == group);
    record.is_some_and(|g| {
        g.kind != Type::ECMP_WITH_MEMBERS && g.members.iter().any(|m| !monitored(m).is_null())
    })
}
