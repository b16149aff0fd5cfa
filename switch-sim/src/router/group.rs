//! Next-hop groups.

use sai::meta::AttrMeta;
use sai::object::next_hop_group::Type;
use sai::object::next_hop_group_member::{ConfiguredRole, ObservedRole};
use sai::{
    AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, SaiEnum, Status, Value, next_hop_group as attr,
    next_hop_group_member as member,
};

use super::adjacency::To;
use super::{counter_slot, read};
use crate::feature::{Owner, Request};
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::table::group::Group;

/// One way that a group offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member object; the next hop itself in a group whose members are a list.
    pub id: ObjectId,
    /// Where it leads.
    pub to: To,
    /// Slot of its counter; `u32::MAX` for none.
    pub counter: u32,
}

/// A next-hop group as packets see it.
#[derive(Debug, Default)]
pub struct NextHopGroup {
    /// The object; null where there is none.
    pub id: ObjectId,
    /// The ways.
    pub members: Vec<Member>,
    /// Which way each bucket of the hash takes, as an index into `members`.
    pub buckets: Group<u16>,
    /// Slot of its counter; `u32::MAX` for none.
    pub counter: u32,
}

impl NextHopGroup {
    /// The way of a packet with this hash.
    #[inline(always)]
    pub fn select(&self, hash: u32) -> Option<&Member> {
        self.members.get(usize::from(self.buckets.select(hash)?))
    }
}

const TYPES: &[i32] = &[
    Type::DYNAMIC_UNORDERED_ECMP.0,
    Type::DYNAMIC_ORDERED_ECMP.0,
    Type::FINE_GRAIN_ECMP.0,
    Type::PROTECTION.0,
    Type::ECMP_WITH_MEMBERS.0,
];

/// The most ways of a group: members are named by 16 bits.
const MAX_MEMBERS: usize = u16::MAX as usize;

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
                attr::NEXT_HOP_LIST.id(),
                attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id(),
                attr::NEXT_HOP_MEMBER_COUNTER_LIST.id(),
            ]
        }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[attr::REAL_SIZE.id(), attr::NEXT_HOP_COUNT.id()] }
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        (asked == attr::TYPE.id()).then_some(TYPES)
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let width = sw.profile.limits.ecmp_width as usize;
        let too_many = |n: usize, count: usize, name| {
            let why = format!("{count} ways; the widest group of this chip has {width}");
            Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name))
        };
        match request.given(attr::NEXT_HOP_LIST.id()) {
            Some((n, Value::OidList(list))) if list.len() > width.min(MAX_MEMBERS) => {
                too_many(n, list.len(), "SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_LIST")
            }
            _ => match request.given(attr::CONFIGURED_SIZE.id()) {
                Some((n, Value::U32(size))) if *size as usize > width => {
                    too_many(n, *size as usize, "SAI_NEXT_HOP_GROUP_ATTR_CONFIGURED_SIZE")
                }
                _ => Ok(()),
            },
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        let id = object.oid()?;
        let group = sw.router.groups.get(Parts::of(id).slot as usize).filter(|g| g.id == id)?;
        match asked.id {
            a if a == attr::REAL_SIZE.id() => Some(Ok(Value::U32(group.buckets.buckets().len() as u32))),
            a if a == attr::NEXT_HOP_COUNT.id() => Some(Ok(Value::U32(group.members.len() as u32))),
            _ => None,
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        if sw.router.groups.len() <= slot {
            sw.router.groups.resize_with(slot + 1, NextHopGroup::default);
        }
        derive(sw, id);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.router.groups[Parts::of(id).slot as usize] = NextHopGroup::default();
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_NEXT_HOP_GROUP_MEMBER`.
#[derive(Debug)]
pub(crate) struct MemberOwner;

fn refuse(n: usize, attr: &'static str, why: String) -> Result<()> {
    Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(attr))
}

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
                member::NEXT_HOP_GROUP_ID.id(),
                member::NEXT_HOP_ID.id(),
                member::WEIGHT.id(),
                member::CONFIGURED_ROLE.id(),
                member::INDEX.id(),
                member::SEQUENCE_ID.id(),
                member::COUNTER_ID.id(),
            ]
        }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[member::OBSERVED_ROLE.id()] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let given = |a| request.given(a).and_then(|(n, v)| Some((n, v.as_oid()?)));
        let Some((at, group)) = given(member::NEXT_HOP_GROUP_ID.id()) else { return Ok(()) };
        let Some(record) = sw.router.groups.get(Parts::of(group).slot as usize) else { return Ok(()) };
        let object = ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, group);
        if kind(sw, &object) == Type::ECMP_WITH_MEMBERS {
            let why = format!("the ways of {group} are its NEXT_HOP_LIST");
            return refuse(at, "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_GROUP_ID", why);
        }
        let width = sw.profile.limits.ecmp_width as usize;
        if record.members.len() >= width.min(MAX_MEMBERS) {
            let why = format!("{group} has {width} members, as many as a group of this chip can");
            return Err(Error::because(Status::INSUFFICIENT_RESOURCES, why));
        }
        match given(member::NEXT_HOP_ID.id()) {
            Some((n, way)) => check_way(sw, group, n, way),
            None => Ok(()),
        }
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &sai::AttrEntry) -> Result<()> {
        match given.value {
            Value::Oid(way) if given.id == member::NEXT_HOP_ID.id() => {
                check_way(sw, read::oid(sw, object, member::NEXT_HOP_GROUP_ID.id()), 0, way)
            }
            _ => Ok(()),
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        if asked.id != member::OBSERVED_ROLE.id() {
            return None;
        }
        let id = object.oid()?;
        let group = read::oid(sw, object, member::NEXT_HOP_GROUP_ID.id());
        let group = sw.router.groups.get(Parts::of(group).slot as usize)?;
        let used = group.buckets.buckets().iter().flatten();
        let active = used.into_iter().any(|m| group.members[usize::from(*m)].id == id);
        let role = if active { ObservedRole::ACTIVE } else { ObservedRole::INACTIVE };
        Some(Ok(Value::I32(role.0)))
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let group = read::oid(sw, object, member::NEXT_HOP_GROUP_ID.id());
        derive(sw, group);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let group = read::oid(sw, object, member::NEXT_HOP_GROUP_ID.id());
        derive(sw, group);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        if let Some(group) = was.value(member::NEXT_HOP_GROUP_ID.id()).and_then(Value::as_oid) {
            derive(sw, group);
        }
    }
}

fn kind(sw: &Switch, group: &ObjectRef) -> Type {
    Type::from_raw(read::number(sw, group, attr::TYPE.id()) as i32)
}

/// Lays a group out again.
fn derive(sw: &mut Switch, id: ObjectId) {
    let object = ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, id);
    let view = &*sw;
    let Some(stored) = view.store.get(id) else { return };
    let kind = kind(sw, &object);
    let (members, buckets) = if kind == Type::ECMP_WITH_MEMBERS {
        listed(sw, &object)
    } else {
        let ids = stored.list(attr::NEXT_HOP_MEMBER_LIST.id());
        let mut rows: Vec<_> =
            ids.iter().map(|id| (*id, ObjectRef::Object(ObjectType::NEXT_HOP_GROUP_MEMBER, *id))).collect();
        if kind == Type::DYNAMIC_ORDERED_ECMP {
            rows.sort_by_cached_key(|(_, m)| read::number(sw, m, member::SEQUENCE_ID.id()));
        }
        let members: Vec<Member> = rows
            .iter()
            .map(|(id, m)| Member {
                id: *id,
                to: To::of(read::oid(sw, m, member::NEXT_HOP_ID.id())).unwrap_or(To::Null),
                counter: counter_slot(read::oid(sw, m, member::COUNTER_ID.id())),
            })
            .collect();
        let number = |a| {
            let all = rows.iter().zip(0u16..).map(move |((_, m), i)| (i, read::number(view, m, a)));
            all.collect::<Vec<_>>()
        };
        let buckets = match kind {
            Type::FINE_GRAIN_ECMP => {
                let size = read::number(sw, &object, attr::CONFIGURED_SIZE.id()) as usize;
                let mut group = Group::from_buckets(vec![None; size]);
                for (i, index) in number(member::INDEX.id()) {
                    group.set_bucket(index as usize, Some(i));
                }
                group
            }
            Type::PROTECTION => {
                let standby = read::flag(sw, &object, attr::SET_SWITCHOVER.id());
                let role = if standby { ConfiguredRole::STANDBY } else { ConfiguredRole::PRIMARY };
                let roles = number(member::CONFIGURED_ROLE.id());
                Group::ordered(roles.into_iter().filter(|(_, r)| *r == role.0 as u32).map(|(i, _)| i))
            }
            Type::DYNAMIC_ORDERED_ECMP => Group::ordered(0..members.len() as u16),
            _ => Group::weighted(&number(member::WEIGHT.id())),
        };
        (members, buckets)
    };
    let counter = counter_slot(read::oid(sw, &object, attr::COUNTER_ID.id()));
    sw.router.groups[Parts::of(id).slot as usize] = NextHopGroup { id, members, buckets, counter };
}

/// The ways of a group that lists them itself; a weight that is missing is 1.
fn listed(sw: &Switch, group: &ObjectRef) -> (Vec<Member>, Group<u16>) {
    let oids = |a| match sw.value(group, a) {
        Ok(Value::OidList(ids)) => ids,
        _ => Vec::new(),
    };
    let weights = match sw.value(group, attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id()) {
        Ok(Value::U32List(weights)) => weights,
        _ => Vec::new(),
    };
    let counters = oids(attr::NEXT_HOP_MEMBER_COUNTER_LIST.id());
    let ways = oids(attr::NEXT_HOP_LIST.id());
    let members = ways.iter().enumerate().map(|(i, id)| Member {
        id: *id,
        to: To::of(*id).unwrap_or(To::Null),
        counter: counter_slot(counters.get(i).copied().unwrap_or(ObjectId::NULL)),
    });
    let shares: Vec<_> = (0..ways.len()).map(|i| (i as u16, weights.get(i).copied().unwrap_or(1))).collect();
    (members.collect(), Group::weighted(&shares))
}
