//! The store of next-hop-group members: the records of their groups, by which packets go.

use hashbrown::HashMap;
use sai::meta::{self, AttrMeta};
use sai::object::next_hop_group::Type;
use sai::object::next_hop_group_member::ConfiguredRole;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value,
    next_hop_group_member as attr,
};

use super::MemberOwner;
use crate::attrs;
use crate::feature::CompactTable;
use crate::router::adjacency::To;
use crate::router::counter_slot;
use crate::router::group::{Member, NextHopGroup, change, monitor};
use crate::store::id::Parts;
use crate::switch::Switch;

/// What the records of groups do not say of their members.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// The slot of the group by that of the member.
    groups: Vec<u32>,
    /// The attributes that have no place in a member's record, where it has any, by its slot.
    rest: HashMap<u32, Vec<AttrEntry>>,
}

impl Members {
    fn rest(&self, id: ObjectId) -> &[AttrEntry] {
        self.rest.get(&Parts::of(id).slot).map_or(&[], Vec::as_slice)
    }

    fn monitored(&self, id: ObjectId) -> ObjectId {
        let monitored = self.rest(id).iter().find(|a| a.id == attr::MONITORED_OBJECT.id());
        monitored.and_then(|a| a.value.as_oid()).unwrap_or_default()
    }
}

/// The group of a member, and its place there.
pub(super) fn find<'a>(sw: &'a Switch, object: &ObjectRef) -> Option<(&'a NextHopGroup, usize)> {
    let id = object.oid()?;
    let group = sw.router.members.groups.get(Parts::of(id).slot as usize)?;
    let group = sw.router.groups.get(*group as usize)?;
    Some((group, group.members.iter().position(|m| m.id == id)?))
}

fn existing<'a>(sw: &'a Switch, object: &ObjectRef) -> Result<(&'a NextHopGroup, usize)> {
    find(sw, object).ok_or_else(|| {
        Error::because(Status::ITEM_NOT_FOUND, "there is no such member of a group").on_object(object)
    })
}

/// The attribute by which a group of this type orders its members.
fn order_of(kind: Type) -> Option<AttrId> {
    match kind {
        Type::DYNAMIC_ORDERED_ECMP => Some(attr::SEQUENCE_ID.id()),
        Type::FINE_GRAIN_ECMP | Type::CLASS_BASED => Some(attr::INDEX.id()),
        _ => None,
    }
}

/// Writes an attribute into a record; whether all of it has a place there.
fn apply(sw: &Switch, kind: Type, member: &mut Member, given: &AttrEntry) -> bool {
    match (given.id, &given.value) {
        (id, Value::Oid(way)) if id == attr::NEXT_HOP_ID.id() => member.to = To::of(*way).unwrap_or(To::Null),
        (id, Value::U32(weight)) if id == attr::WEIGHT.id() => member.weight = *weight,
        (id, Value::I32(role)) if id == attr::CONFIGURED_ROLE.id() => {
            member.standby = *role == ConfiguredRole::STANDBY.0;
        }
        (id, Value::U32(order)) if Some(id) == order_of(kind) => member.order = *order,
        (id, Value::Oid(_)) if id == attr::NEXT_HOP_GROUP_ID.id() => {}
        (id, value) => {
            match value {
                Value::Oid(counter) if id == attr::COUNTER_ID.id() => member.counter = counter_slot(*counter),
                Value::Oid(seen) if id == attr::MONITORED_OBJECT.id() => {
                    member.alive = monitor::is_up(sw, *seen);
                }
                _ => {}
            }
            return false;
        }
    }
    true
}

/// The object that a way names.
fn way(sw: &Switch, to: To) -> ObjectId {
    let found = match to {
        To::NextHop(slot) => sw.router.next_hops.get(slot as usize).map(|n| n.id),
        To::Group(slot) => sw.router.groups.get(slot as usize).map(|g| g.id),
        _ => None,
    };
    found.unwrap_or_default()
}

impl CompactTable for MemberOwner {
    fn create(&self, sw: &mut Switch, object: &ObjectRef, given: &[AttrEntry]) -> Result<ObjectId> {
        let group = given.iter().find(|a| a.id == attr::NEXT_HOP_GROUP_ID.id());
        let group = group.and_then(|a| a.value.as_oid()).unwrap_or_default();
        let Some(record) = sw.router.groups.get(Parts::of(group).slot as usize).filter(|g| g.id == group)
        else {
            return Err(Error::because(Status::ITEM_NOT_FOUND, format!("there is no group {group}")));
        };
        let id = object.oid().unwrap_or_default();
        let mut member = Member { age: record.next_age, ..Member::new(id) };
        let no_place = |a: &&AttrEntry| !apply(sw, record.kind, &mut member, a);
        let rest: Vec<AttrEntry> = given.iter().filter(no_place).cloned().collect();
        if !sw.store.is_live(id)
            && let Some(meta) = meta::object(ObjectType::NEXT_HOP_GROUP_MEMBER)
        {
            sw.store.reserve(meta);
        }
        let members = &mut sw.router.members;
        let slot = Parts::of(id).slot;
        if members.groups.len() <= slot as usize {
            members.groups.resize(slot as usize + 1, u32::MAX);
        }
        members.groups[slot as usize] = Parts::of(group).slot;
        if !rest.is_empty() {
            members.rest.insert(slot, rest);
        }
        given.iter().for_each(|a| a.value.for_each_oid(|to| sw.store.reference(to, 1)));
        change(sw, group, |g| g.insert(member));
        if !sw.router.members.monitored(id).is_null() {
            monitor::watch(sw, group);
        }
        Ok(id)
    }

    fn remove(&self, sw: &mut Switch, object: &ObjectRef) -> Result<()> {
        let (group, at) = existing(sw, object)?;
        let (group, member) = (group.id, &group.members[at]);
        let (id, way) = (member.id, way(sw, member.to));
        let slot = Parts::of(id).slot;
        change(sw, group, |g| g.take(at));
        let members = &mut sw.router.members;
        members.groups[slot as usize] = u32::MAX;
        let rest = members.rest.remove(&slot).unwrap_or_default();
        for to in [group, way] {
            sw.store.reference(to, -1);
        }
        rest.iter().for_each(|a| a.value.for_each_oid(|to| sw.store.reference(to, -1)));
        sw.store.release(id);
        if rest.iter().any(|a| a.id == attr::MONITORED_OBJECT.id()) {
            monitor::watch(sw, group);
        }
        Ok(())
    }

    fn set(&self, sw: &mut Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        let (group, at) = existing(sw, object)?;
        let (id, kind, old) = (group.id, group.kind, group.members[at]);
        let mut new = old;
        let before = if apply(sw, kind, &mut new, given) {
            (given.id == attr::NEXT_HOP_ID.id()).then(|| Value::Oid(way(sw, old.to)))
        } else {
            let rest = sw.router.members.rest.entry(Parts::of(old.id).slot).or_default();
            attrs::put(rest, given)
        };
        given.value.for_each_oid(|to| sw.store.reference(to, 1));
        if let Some(before) = before {
            before.for_each_oid(|to| sw.store.reference(to, -1));
        }
        if new.order != old.order {
            change(sw, id, |g| {
                g.take(at);
                g.insert(new);
            });
        } else if (new.weight, new.alive) != (old.weight, old.alive) {
            // In its place a member keeps its buckets.
            change(sw, id, |g| g.members[at] = new);
        } else {
            sw.router.groups[Parts::of(id).slot as usize].members[at] = new;
        }
        if given.id == attr::MONITORED_OBJECT.id() {
            monitor::watch(sw, id);
        }
        Ok(())
    }

    fn value(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Result<Option<Value>> {
        let (group, at) = existing(sw, object)?;
        let member = &group.members[at];
        Ok(Some(match asked.id {
            id if id == attr::NEXT_HOP_GROUP_ID.id() => Value::Oid(group.id),
            id if id == attr::NEXT_HOP_ID.id() => Value::Oid(way(sw, member.to)),
            id if id == attr::WEIGHT.id() => Value::U32(member.weight),
            id if id == attr::CONFIGURED_ROLE.id() => {
                let role = if member.standby { ConfiguredRole::STANDBY } else { ConfiguredRole::PRIMARY };
                Value::I32(role.0)
            }
            id if Some(id) == order_of(group.kind) => Value::U32(member.order),
            id => {
                let rest = sw.router.members.rest(member.id);
                return Ok(rest.iter().find(|a| a.id == id).map(|a| a.value.clone()));
            }
        }))
    }

    fn contains(&self, sw: &Switch, object: &ObjectRef) -> bool {
        find(sw, object).is_some()
    }

    fn count(&self, sw: &Switch, object_type: ObjectType) -> usize {
        sw.store.count(object_type)
    }

    fn for_each(&self, sw: &Switch, object_type: ObjectType, f: &mut dyn FnMut(ObjectRef)) {
        // In order of creation, which decides where members lie: a snapshot keeps it.
        for group in &sw.router.groups {
            group.by_age().into_iter().for_each(|id| f(ObjectRef::Object(object_type, id)));
        }
    }
}

/// Derives again whether what the members of a group monitor is up.
pub(in super::super) fn look_again(sw: &mut Switch, group: ObjectId) {
    let Some(record) = sw.router.groups.get(Parts::of(group).slot as usize) else { return };
    let is_up = |m: &Member| monitor::is_up(sw, sw.router.members.monitored(m.id));
    let alive: Vec<bool> = record.members.iter().map(is_up).collect();
    if record.members.iter().map(|m| m.alive).ne(alive.iter().copied()) {
        change(sw, group, |g| g.members.iter_mut().zip(alive).for_each(|(m, alive)| m.alive = alive));
    }
}

/// Whether a member of a group monitors anything.
pub(in super::super) fn monitors(sw: &Switch, group: ObjectId) -> bool {
    let record = sw.router.groups.get(Parts::of(group).slot as usize).filter(|g| g.id == group);
    record.is_some_and(|g| g.members.iter().any(|m| !sw.router.members.monitored(m.id).is_null()))
}
