//! Next-hop groups.

use sai::meta::AttrMeta;
use sai::object::next_hop_group::Type;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, SaiEnum, Status, Value,
    next_hop_group as attr,
};

use super::adjacency::To;
use super::{counter_slot, read};
use crate::feature::{Owner, Request};
use crate::hash;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::table::group::Group;
use crate::table::hash::Algorithm;

mod class;
mod member;
pub(crate) mod monitor;
mod width;

pub(crate) use class::{MapOwner, of_packet};
pub(crate) use member::{MemberOwner, Members};
use width::check_width;
pub(crate) use width::{availability, check_count};

/// One way that a group offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member object; the next hop itself in a group whose members are a list.
    pub id: ObjectId,
    /// Where it leads.
    pub to: To,
    /// Slot of its counter; `u32::MAX` for none.
    pub counter: u32,
    /// `WEIGHT`.
    weight: u32,
    /// `SEQUENCE_ID` or `INDEX`, whichever the type of group goes by; 0 in the others.
    order: u32,
    /// How many members the group had before it.
    age: u32,
    /// Of a protection group: not a primary.
    standby: bool,
    /// What it monitors is up; true where it monitors nothing.
    alive: bool,
}

impl Member {
    /// A member of which nothing was given.
    fn new(id: ObjectId) -> Member {
        Member {
            id,
            to: To::Null,
            counter: u32::MAX,
            weight: 1,
            order: 0,
            age: 0,
            standby: false,
            alive: true,
        }
    }
}

/// A next-hop group as packets see it.
#[derive(Debug, Default)]
pub struct NextHopGroup {
    /// The object; null where there is none.
    pub id: ObjectId,
    /// The ways.
    pub members: Vec<Member>,
    /// Which way each bucket takes, as an index into `members`.
    pub buckets: Group<u16>,
    /// Slot of its counter; `u32::MAX` for none.
    pub counter: u32,
    /// `HASH_ALGORITHM`, where it has one of its own.
    pub(super) algorithm: Option<Algorithm>,
    /// Packets that were hashed for it, where the algorithm counts them.
    pub(super) turn: u64,
    /// Of a class-based group: the bucket of each forwarding class.
    pub(super) classes: Option<Box<[u32; 256]>>,
    kind: Type,
    /// Buckets of a fine-grained or class-based group.
    size: usize,
    /// `SET_SWITCHOVER`.
    switchover: bool,
    next_age: u32,
}

impl NextHopGroup {
    /// The way that a bucket takes.
    #[inline(always)]
    pub(super) fn way(&self, bucket: usize) -> Option<&Member> {
        let member = (*self.buckets.buckets().get(bucket)?)?;
        self.members.get(usize::from(member))
    }

    /// The way that the lane may take for a packet: none where anything counts or depends on those before. A new
    /// field has to be looked at here.
    #[inline(always)]
    pub(super) fn express(&self, sw: &Switch, flow: hash::Flow<'_>, frame: &[u8]) -> Option<&Member> {
        let NextHopGroup {
            id: _,
            members: _,
            buckets,
            counter,
            algorithm,
            turn: _,
            classes,
            kind: _,
            size: _,
            switchover: _,
            next_age: _,
        } = self;
        let ecmp = &sw.hash.ecmp;
        // Ports with ways of their own take no part in the lane.
        let way = ecmp.flow.by(*algorithm);
        if *counter != u32::MAX || classes.is_some() || !way.algorithm.reads_fields() {
            return None;
        }
        let hash = sw.hash.of(ecmp, way, &sw.acl.udfs, flow, frame, 0);
        self.way(buckets.bucket_of(hash)).filter(|way| way.counter == u32::MAX)
    }

    /// Counts packets whose way it chose.
    #[inline(always)]
    pub(crate) fn take_turns(&mut self, packets: u64) {
        self.turn += packets;
    }

    /// Puts a member into its place.
    fn insert(&mut self, member: Member) {
        let at = self.members.partition_point(|m| (m.order, m.age) < (member.order, member.age));
        if at < self.members.len() {
            self.buckets.relabel(|m| Some(if usize::from(m) >= at { m + 1 } else { m }));
        }
        self.members.insert(at, member);
        self.next_age = self.next_age.max(member.age + 1);
    }

    /// Takes the member at a place out.
    fn take(&mut self, at: usize) {
        self.buckets.relabel(|m| match usize::from(m) {
            m if m == at => None,
            later if later > at => Some(m - 1),
            _ => Some(m),
        });
        self.members.remove(at);
    }

    /// The member objects, in order of their creation.
    fn by_age(&self) -> Vec<ObjectId> {
        let objects = if self.kind == Type::ECMP_WITH_MEMBERS { &[][..] } else { &self.members };
        let mut objects: Vec<&Member> = objects.iter().collect();
        objects.sort_unstable_by_key(|m| m.age);
        objects.into_iter().map(|m| m.id).collect()
    }

    /// Gives the members their buckets.
    fn lay_out(&mut self, resilient: usize) {
        let members = self.members.iter().zip(0u16..);
        match self.kind {
            Type::FINE_GRAIN_ECMP | Type::CLASS_BASED => {
                self.buckets = Group::from_buckets(vec![None; self.size]);
                for (m, i) in members.filter(|(m, _)| m.alive) {
                    self.buckets.set_bucket(m.order as usize, Some(i));
                }
            }
            Type::PROTECTION => {
                let of = |standby| {
                    let ways = self.members.iter().zip(0u16..);
                    ways.filter(move |(m, _)| m.standby == standby && m.alive).map(|(_, i)| i)
                };
                let first = Group::ordered(of(self.switchover));
                // Where none of those asked for is left the others stand in.
                self.buckets =
                    if first.buckets().is_empty() { Group::ordered(of(!self.switchover)) } else { first };
            }
            kind => {
                let shares: Vec<_> = members.filter(|(m, _)| m.alive).map(|(m, i)| (i, m.weight)).collect();
                let resilient = if kind == Type::DYNAMIC_UNORDERED_ECMP { resilient } else { 0 };
                self.buckets.assign(&shares, resilient);
            }
        }
    }
}

const TYPES: &[i32] = &[
    Type::DYNAMIC_UNORDERED_ECMP.0,
    Type::DYNAMIC_ORDERED_ECMP.0,
    Type::FINE_GRAIN_ECMP.0,
    Type::PROTECTION.0,
    Type::CLASS_BASED.0,
    Type::HW_PROTECTION.0,
    Type::ECMP_WITH_MEMBERS.0,
];

/// Forwarding classes are numbers of eight bits.
const CLASSES: u32 = 256;

/// Owns `SAI_OBJECT_TYPE_NEXT_HOP_GROUP`.
#[derive(Debug)]
pub(crate) struct GroupOwner;

impl Owner for GroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::TYPE.id(),
                attr::SET_SWITCHOVER.id(),
                attr::COUNTER_ID.id(),
                attr::CONFIGURED_SIZE.id(),
                attr::SELECTION_MAP.id(),
                attr::NEXT_HOP_LIST.id(),
                attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id(),
                attr::NEXT_HOP_MEMBER_COUNTER_LIST.id(),
                attr::HASH_ALGORITHM.id(),
            ]
        }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[attr::REAL_SIZE.id(), attr::NEXT_HOP_COUNT.id()] }
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        match asked {
            a if a == attr::TYPE.id() => Some(TYPES),
            a if a == attr::HASH_ALGORITHM.id() => Some(hash::OWN_ALGORITHMS),
            _ => None,
        }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, given)| check_width(sw, n, given))?;
        let size = request.given(attr::CONFIGURED_SIZE.id());
        if let Some((n, Value::I32(kind))) = request.given(attr::TYPE.id())
            && *kind == Type::FINE_GRAIN_ECMP.0
            && !matches!(size, Some((_, Value::U32(1..))))
        {
            let n = size.map_or(n, |(n, _)| n);
            let why = "a fine-grained group has at least one bucket".to_owned();
            return refuse(n, "SAI_NEXT_HOP_GROUP_ATTR_CONFIGURED_SIZE", why);
        }
        let count = |a| match request.given(a) {
            Some((n, Value::OidList(list))) => Some((n, list.len())),
            Some((n, Value::U32List(list))) => Some((n, list.len())),
            _ => None,
        };
        let ways = count(attr::NEXT_HOP_LIST.id()).map_or(0, |(_, len)| len);
        for (list, name) in PARALLEL {
            if let Some((n, len)) = count(list) {
                check_parallel(n, name, len, ways)?;
            }
        }
        Ok(())
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        check_width(sw, 0, given)?;
        let len = match &given.value {
            Value::OidList(list) => list.len(),
            Value::U32List(list) => list.len(),
            _ => return Ok(()),
        };
        match PARALLEL.iter().find(|(list, _)| *list == given.id) {
            Some((_, name)) => check_parallel(0, name, len, oids(sw, object, attr::NEXT_HOP_LIST.id()).len()),
            None if given.id == attr::NEXT_HOP_LIST.id() => match listed_by(sw, object) {
                Some(old) => sw.resources.admit_members(len, old),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        let id = object.oid()?;
        let group = sw.router.groups.get(Parts::of(id).slot as usize).filter(|g| g.id == id)?;
        match asked.id {
            a if a == attr::REAL_SIZE.id() => Some(Ok(Value::U32(group.buckets.buckets().len() as u32))),
            a if a == attr::NEXT_HOP_COUNT.id() => Some(Ok(Value::U32(group.members.len() as u32))),
            a if a == attr::NEXT_HOP_MEMBER_LIST.id() => Some(Ok(Value::OidList(group.by_age()))),
            _ => None,
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        if sw.router.groups.len() <= slot {
            sw.router.groups.resize_with(slot + 1, NextHopGroup::default);
        }
        let size = read::number(sw, object, attr::CONFIGURED_SIZE.id());
        let kind = kind(sw, object);
        let size = if kind == Type::CLASS_BASED && size == 0 { CLASSES } else { size };
        sw.router.groups[slot] = NextHopGroup { id, kind, size: size as usize, ..NextHopGroup::default() };
        derive(sw, id);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let Some(id) = object.oid() else { return };
        let before = listed_by(sw, object);
        derive(sw, id);
        if let (Some(before), Some(after)) = (before, listed_by(sw, object)) {
            sw.resources.count_members(after, before);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.router.groups[Parts::of(id).slot as usize] = NextHopGroup::default();
        }
    }
}

/// How many members a group has that lists them itself.
fn listed_by(sw: &Switch, object: &ObjectRef) -> Option<usize> {
    let group = sw.router.groups.get(Parts::of(object.oid()?).slot as usize)?;
    (group.kind == Type::ECMP_WITH_MEMBERS).then_some(group.members.len())
}

/// The lists that say more of the members that `NEXT_HOP_LIST` has.
const PARALLEL: [(AttrId, &str); 2] = [
    (attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id(), "SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_MEMBER_WEIGHT_LIST"),
    (attr::NEXT_HOP_MEMBER_COUNTER_LIST.id(), "SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_MEMBER_COUNTER_LIST"),
];

fn check_parallel(n: usize, name: &'static str, len: usize, ways: usize) -> Result<()> {
    // Lists are set one by one: one that is longer than the members yet to come may be set before them.
    if len != 0 && len < ways {
        return refuse(n, name, format!("{len} values for {ways} next hops"));
    }
    Ok(())
}

fn refuse(n: usize, attr: &'static str, why: String) -> Result<()> {
    Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(attr))
}

fn kind(sw: &Switch, group: &ObjectRef) -> Type {
    Type::from_raw(read::number(sw, group, attr::TYPE.id()) as i32)
}

fn oids(sw: &Switch, object: &ObjectRef, list: AttrId) -> Vec<ObjectId> {
    match sw.value(object, list) {
        Ok(Value::OidList(ids)) => ids,
        _ => Vec::new(),
    }
}

/// Changes a group's record and lays it out again, in one step: a packet sees it as it was or as it is.
fn change(sw: &mut Switch, id: ObjectId, change: impl FnOnce(&mut NextHopGroup)) {
    let resilient = sw.profile.resilient.ecmp as usize;
    if let Some(group) = sw.router.groups.get_mut(Parts::of(id).slot as usize).filter(|g| g.id == id) {
        change(group);
        group.lay_out(resilient);
    }
}

/// Derives what a group's own attributes say.
fn derive(sw: &mut Switch, id: ObjectId) {
    let object = ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, id);
    let kind = kind(sw, &object);
    let listed = (kind == Type::ECMP_WITH_MEMBERS).then(|| listed(sw, &object));
    let counter = counter_slot(read::oid(sw, &object, attr::COUNTER_ID.id()));
    let algorithm = hash::algorithm(read::number(sw, &object, attr::HASH_ALGORITHM.id()).into());
    let switchover = read::flag(sw, &object, attr::SET_SWITCHOVER.id());
    let classes = (kind == Type::CLASS_BASED).then(|| class::buckets(sw, &object));
    change(sw, id, |group| {
        group.counter = counter;
        group.algorithm = algorithm;
        group.switchover = switchover;
        group.classes = classes;
        if let Some(members) = listed {
            group.members = members;
        }
    });
}

/// The ways of a group that lists them itself; a weight that is missing is 1.
fn listed(sw: &Switch, group: &ObjectRef) -> Vec<Member> {
    let weights = match sw.value(group, attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id()) {
        Ok(Value::U32List(weights)) => weights,
        _ => Vec::new(),
    };
    let counters = oids(sw, group, attr::NEXT_HOP_MEMBER_COUNTER_LIST.id());
    let ways = oids(sw, group, attr::NEXT_HOP_LIST.id());
    let member = |(i, id): (usize, &ObjectId)| Member {
        to: To::of(*id).unwrap_or(To::Null),
        counter: counter_slot(counters.get(i).copied().unwrap_or(ObjectId::NULL)),
        weight: weights.get(i).copied().unwrap_or(1),
        order: i as u32,
        ..Member::new(*id)
    };
    ways.iter().enumerate().map(member).collect()
}
