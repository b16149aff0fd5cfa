//! Schedulers and scheduler groups: from the objects to the tree that a port is served by.
//!
//! A group with a scheduler is a node of the tree, above what names it as its parent; one without is none: its children
//! stand in its place. So the groups that a port has from the first change nothing until they are given a scheduler.
//! Siblings stand in the order of their first queue.

use sai::types::{MeterType, SchedulingType};
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value, queue, scheduler,
    scheduler_group as group,
};

use super::index;
use super::server::{Branch, Rate, Schedule, Terms};
use crate::feature::{Owner, Request};
use crate::pipeline::NONE;
use crate::store::{Object, Store, id::type_of};
use crate::switch::Switch;

/// The most that a scheduler lets through; no limit without one.
pub(super) fn rate_of(sw: &Switch, by: ObjectId) -> Rate {
    rate(&sw.store, by, scheduler::MAX_BANDWIDTH_RATE.id(), scheduler::MAX_BANDWIDTH_BURST_RATE.id())
}

fn rate(store: &Store, by: ObjectId, rate: AttrId, burst: AttrId) -> Rate {
    let number = |attr: AttrId| store.number(by, attr);
    Rate {
        rate: number(rate) as u64,
        burst: number(burst) as u64,
        packets: number(scheduler::METER_TYPE.id()) == i64::from(MeterType::PACKETS.0),
    }
}

/// What a scheduler says of what names it; an even turn without one.
fn terms(sw: &Switch, by: ObjectId) -> Terms {
    if by.is_null() {
        return Terms::EVEN;
    }
    let number = |attr: AttrId| sw.store.number(by, attr);
    let weight = number(scheduler::SCHEDULING_WEIGHT.id()) as u8;
    let schedule = match SchedulingType(number(scheduler::SCHEDULING_TYPE.id()) as i32) {
        SchedulingType::STRICT => Schedule::Strict,
        SchedulingType::DWRR => Schedule::Bytes(weight),
        _ => Schedule::Packets(weight),
    };
    let guaranteed =
        rate(&sw.store, by, scheduler::MIN_BANDWIDTH_RATE.id(), scheduler::MIN_BANDWIDTH_BURST_RATE.id());
    Terms { schedule, most: rate_of(sw, by), guaranteed }
}

/// The scheduler of a queue or group.
fn scheduler_of(store: &Store, node: ObjectId) -> ObjectId {
    let of_group = is_group(node);
    store
        .oid(node, if of_group { group::SCHEDULER_PROFILE_ID.id() } else { queue::SCHEDULER_PROFILE_ID.id() })
}

fn is_group(node: ObjectId) -> bool {
    type_of(node) == Some(ObjectType::SCHEDULER_GROUP)
}

/// The port of a queue or group.
fn port_of(store: &Store, node: ObjectId) -> ObjectId {
    store.oid(node, if is_group(node) { group::PORT_ID.id() } else { queue::PORT.id() })
}

/// The tree of a port, as it grows.
struct Plan<'a> {
    sw: &'a Switch,
    branches: Vec<Branch>,
}

impl Plan<'_> {
    /// The number of the node that children of a group or port stand below.
    fn below(&mut self, parent: ObjectId) -> usize {
        let store = &self.sw.store;
        if !is_group(parent) || store.get(parent).is_none() {
            return 0;
        }
        if let Some(at) = self.branches.iter().position(|b| b.name == parent.0) {
            return at + 1;
        }
        let above = self.below(store.oid(parent, group::PARENT_NODE.id()));
        match scheduler_of(store, parent) {
            by if by.is_null() => above,
            by => self.add(parent, above, None, by),
        }
    }

    fn add(&mut self, node: ObjectId, parent: usize, queue: Option<u8>, by: ObjectId) -> usize {
        self.branches.push(Branch { name: node.0, parent, queue, terms: terms(self.sw, by) });
        self.branches.len()
    }
}

/// Has a port served as its groups, queues and their schedulers say.
fn derive(sw: &mut Switch, port: ObjectId) {
    let at = index(port);
    if !sw.ports.timed || at == NONE || sw.store.get(port).is_none() {
        return;
    }
    let number = |q: ObjectId| sw.store.number(q, queue::INDEX.id()) as u8;
    let queues = sw.store.ids(ObjectType::QUEUE).filter(|q| port_of(&sw.store, *q) == port);
    let mut queues: Vec<_> = queues.map(|q| (number(q), q)).collect();
    queues.sort_unstable();
    let mut plan = Plan { sw, branches: Vec::new() };
    for (at, queue) in queues {
        let parent = plan.below(sw.store.oid(queue, queue::PARENT_SCHEDULER_NODE.id()));
        plan.add(queue, parent, Some(at), scheduler_of(&sw.store, queue));
    }
    let branches = plan.branches;
    sw.ports.servers.plant(at, &branches);
}

/// Derives the tree of the port of a queue or group.
pub(super) fn derive_of(sw: &mut Switch, object: &ObjectRef) {
    if let Some(id) = object.oid() {
        derive(sw, port_of(&sw.store, id));
    }
}

/// A queue or group is new: that matters where a scheduler acts at its port.
pub(super) fn joined(sw: &mut Switch, object: &ObjectRef) {
    let Some(id) = object.oid() else { return };
    let port = port_of(&sw.store, id);
    if !scheduler_of(&sw.store, id).is_null() || sw.ports.servers.is_planted(index(port)) {
        derive(sw, port);
    }
}

/// A queue or group is gone.
pub(super) fn left(sw: &mut Switch, was: &Object, port: AttrId) {
    let port = was.value(port).and_then(Value::as_oid).unwrap_or_default();
    if sw.ports.servers.is_planted(index(port)) {
        derive(sw, port);
    }
}

fn refuse(n: usize, attr: AttrId, ty: ObjectType, reason: String) -> Error {
    let name = sai::meta::attr(ty, attr).map_or("", |a| a.name);
    Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), reason).on_attr(name)
}

/// Why something of a port, at a level of the tree (below all, for a queue), cannot have this parent.
fn check_parent(sw: &Switch, port: ObjectId, level: Option<i64>, parent: ObjectId) -> Result<(), String> {
    let store = &sw.store;
    if !is_group(parent) {
        return if parent == port || port.is_null() {
            Ok(())
        } else {
            Err(format!("{parent} is another port"))
        };
    }
    let of_parent = store.number(parent, group::LEVEL.id());
    if port_of(store, parent) != port {
        return Err(format!("{parent} is of another port"));
    }
    if level.is_some_and(|level| of_parent >= level) {
        return Err(format!("{parent} is of level {of_parent}, not above"));
    }
    let most = store.number(parent, group::MAX_CHILDS.id());
    let children = store.get(parent).map_or(0, |g| g.list(group::CHILD_LIST.id()).len());
    if children as i64 >= most {
        return Err(format!("{parent} has all the {most} children that it may have"));
    }
    Ok(())
}

/// Refuses a new queue whose parent cannot be.
pub(super) fn check_queue(sw: &Switch, request: &Request<'_>) -> Result<()> {
    let attr = queue::PARENT_SCHEDULER_NODE.id();
    let port = request.given(queue::PORT.id()).and_then(|(_, p)| p.as_oid()).unwrap_or_default();
    match request.given(attr) {
        Some((n, Value::Oid(parent))) => {
            check_parent(sw, port, None, *parent).map_err(|why| refuse(n, attr, ObjectType::QUEUE, why))
        }
        _ => Ok(()),
    }
}

/// Refuses a parent that a queue or group cannot have.
pub(super) fn check_set(sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
    let Some(id) = object.oid() else { return Ok(()) };
    let of_group = is_group(id);
    let (attr, level) = match of_group {
        true => (group::PARENT_NODE.id(), Some(sw.store.number(id, group::LEVEL.id()))),
        false => (queue::PARENT_SCHEDULER_NODE.id(), None),
    };
    match given.value {
        Value::Oid(parent) if given.id == attr && parent != sw.store.oid(id, attr) => {
            check_parent(sw, port_of(&sw.store, id), level, parent)
                .map_err(|why| refuse(0, attr, object.object_type(), why))
        }
        _ => Ok(()),
    }
}

/// Owns `SAI_OBJECT_TYPE_SCHEDULER_GROUP`.
#[derive(Debug)]
pub(crate) struct SchedulerGroupOwner;

impl Owner for SchedulerGroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                group::PORT_ID.id(),
                group::LEVEL.id(),
                group::MAX_CHILDS.id(),
                group::SCHEDULER_PROFILE_ID.id(),
                group::PARENT_NODE.id(),
            ]
        }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let given = |attr: AttrId| request.given(attr);
        let port = given(group::PORT_ID.id()).and_then(|(_, p)| p.as_oid()).unwrap_or_default();
        let Some((at, Value::U8(level))) = given(group::LEVEL.id()) else { return Ok(()) };
        let levels = crate::boot::SCHEDULER_LEVELS;
        if u32::from(*level) >= levels {
            let why = format!("level {level}; there are {levels}");
            return Err(refuse(at, group::LEVEL.id(), ObjectType::SCHEDULER_GROUP, why));
        }
        let attr = group::PARENT_NODE.id();
        match given(attr) {
            Some((n, Value::Oid(parent))) => check_parent(sw, port, Some((*level).into()), *parent)
                .map_err(|why| refuse(n, attr, ObjectType::SCHEDULER_GROUP, why)),
            _ => Ok(()),
        }
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        check_set(sw, object, given)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        joined(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        derive_of(sw, object);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        left(sw, &was, group::PORT_ID.id());
    }
}

/// Owns `SAI_OBJECT_TYPE_SCHEDULER`: what queues, groups and ports name.
#[derive(Debug)]
pub(crate) struct SchedulerOwner;

impl SchedulerOwner {
    fn check(n: usize, given: &AttrEntry) -> Result<()> {
        if given.id == scheduler::SCHEDULING_WEIGHT.id() && given.value == Value::U8(0) {
            return Err(refuse(n, given.id, ObjectType::SCHEDULER, "weights are 1 to 255".into()));
        }
        Ok(())
    }
}

impl Owner for SchedulerOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use scheduler::*;
        const {
            &[
                SCHEDULING_TYPE.id(),
                SCHEDULING_WEIGHT.id(),
                METER_TYPE.id(),
                MIN_BANDWIDTH_RATE.id(),
                MIN_BANDWIDTH_BURST_RATE.id(),
                MAX_BANDWIDTH_RATE.id(),
                MAX_BANDWIDTH_BURST_RATE.id(),
            ]
        }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, given)| Self::check(n, given))
    }

    fn check_set(&self, _: &Switch, _: &ObjectRef, given: &AttrEntry) -> Result<()> {
        Self::check(0, given)
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let by = object.oid().unwrap_or_default();
        let nodes =
            [ObjectType::QUEUE, ObjectType::SCHEDULER_GROUP].into_iter().flat_map(|ty| sw.store.ids(ty));
        let named = nodes.filter(|node| scheduler_of(&sw.store, *node) == by);
        let mut ports: Vec<_> = named.map(|node| port_of(&sw.store, node)).collect();
        ports.sort_unstable();
        ports.dedup();
        ports.into_iter().for_each(|port| derive(sw, port));
        super::derive_all(sw);
    }
}
