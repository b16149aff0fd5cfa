//! IP multicast: entries by group and source, groups of outputs, and the interfaces that sources are expected on.

use std::net::IpAddr;

use hashbrown::HashMap;
use sai::object::ipmc_entry::Type;
use sai::types::PacketAction;
use sai::{
    AttrId, Entry, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value, ipmc_entry, ipmc_group,
    ipmc_group_member, rpf_group_member,
};

use super::{counter_slot, read};
use crate::feature::{Owner, Request};
use crate::port::index;
use crate::store::Object;
use crate::store::id::{self, Parts};
use crate::switch::Switch;

/// What an entry says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// `PACKET_ACTION`.
    pub action: PacketAction,
    /// Slot of the output group; `u16::MAX` for none.
    pub group: u16,
    /// Slot of the RPF group; `u16::MAX` for none.
    pub rpf: u16,
    /// Slot of the counter; `u32::MAX` for none.
    pub counter: u32,
}

/// One output of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A router interface: the group's MAC address stays. Slot.
    Interface(u16),
    /// A next hop: its neighbor's MAC address, where the next hop rewrites it. Slot.
    NextHop(u32),
}

impl Output {
    fn of(output: ObjectId) -> Option<Output> {
        match id::type_of(output)? {
            ObjectType::ROUTER_INTERFACE => Some(Output::Interface(index(output))),
            ObjectType::NEXT_HOP => Some(Output::NextHop(Parts::of(output).slot)),
            _ => None,
        }
    }
}

/// A virtual router, a group, and a source or any.
type Key = (u16, IpAddr, Option<IpAddr>);

/// IP multicast as packets see it.
#[derive(Debug, Default)]
pub struct Ipmc {
    entries: HashMap<Key, Rule>,
    /// The members of each group with their outputs, in order of creation, by slot.
    groups: Vec<Vec<(ObjectId, Output)>>,
    /// The members of each RPF group with their interfaces, by slot.
    rpf: Vec<Vec<(ObjectId, u16)>>,
}

impl Ipmc {
    /// The entry of a source and group, else that of the group.
    pub(super) fn look_up(&self, vrf: u16, group: IpAddr, source: IpAddr) -> Option<&Rule> {
        let entry = |source| self.entries.get(&(vrf, group, source));
        entry(Some(source)).or_else(|| entry(None))
    }

    /// The outputs of a group.
    pub(super) fn outputs(&self, group: u16) -> impl Iterator<Item = Output> {
        self.groups.get(usize::from(group)).into_iter().flatten().map(|(_, output)| *output)
    }

    /// Whether packets may come in by an interface: a group that is empty or missing allows all.
    pub(super) fn expects(&self, rpf: u16, interface: u16) -> bool {
        let members = self.rpf.get(usize::from(rpf)).map_or(&[][..], Vec::as_slice);
        members.is_empty() || members.iter().any(|(_, rif)| *rif == interface)
    }
}

/// The list at a slot, made where there is none.
fn at<T>(lists: &mut Vec<Vec<T>>, object: ObjectId) -> &mut Vec<T> {
    let slot = usize::from(index(object));
    if lists.len() <= slot {
        lists.resize_with(slot + 1, Vec::new);
    }
    &mut lists[slot]
}

/// Owns `SAI_OBJECT_TYPE_IPMC_ENTRY`.
#[derive(Debug)]
pub(crate) struct EntryOwner;

fn key(object: &ObjectRef) -> Option<Key> {
    match object.entry()? {
        Entry::Ipmc(e) => Some((index(e.vr_id), e.destination, (e.r#type == Type::SG).then_some(e.source))),
        _ => None,
    }
}

impl Owner for EntryOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use ipmc_entry::*;
        const { &[PACKET_ACTION.id(), OUTPUT_GROUP_ID.id(), RPF_GROUP_ID.id(), COUNTER_ID.id()] }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        match key(request.object) {
            Some((_, group, source)) if !group.is_multicast() || source.is_some_and(|s| s.is_multicast()) => {
                let why = format!("{group} is no multicast group, or its source is one");
                Err(Error::because(Status::INVALID_PARAMETER, why))
            }
            _ => Ok(()),
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(key) = key(object) else { return };
        let rule = Rule {
            action: read::action(sw, object, ipmc_entry::PACKET_ACTION.id()),
            group: index(read::oid(sw, object, ipmc_entry::OUTPUT_GROUP_ID.id())),
            rpf: index(read::oid(sw, object, ipmc_entry::RPF_GROUP_ID.id())),
            counter: counter_slot(read::oid(sw, object, ipmc_entry::COUNTER_ID.id())),
        };
        sw.router.ipmc.entries.insert(key, rule);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.created(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(key) = key(object) {
            sw.router.ipmc.entries.remove(&key);
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_IPMC_GROUP`.
#[derive(Debug)]
pub(crate) struct GroupOwner;

impl Owner for GroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[ipmc_group::IPMC_GROUP_WITH_MEMBERS.id(), ipmc_group::IPMC_OUTPUT_LIST.id()] }
    }

    fn get(
        &self,
        sw: &Switch,
        object: &ObjectRef,
        asked: &'static sai::meta::AttrMeta,
    ) -> Option<Result<Value>> {
        let id = object.oid()?;
        if asked.id != ipmc_group::IPMC_OUTPUT_COUNT.id() || !with_members(sw, id) {
            return None;
        }
        Some(Ok(Value::U32(sw.store.oids(id, ipmc_group::IPMC_OUTPUT_LIST.id()).len() as u32)))
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let mut outputs = Vec::new();
        if with_members(sw, id) {
            let list = sw.store.oids(id, ipmc_group::IPMC_OUTPUT_LIST.id());
            outputs.extend(list.into_iter().filter_map(|o| Some((o, Output::of(o)?))));
        }
        *at(&mut sw.router.ipmc.groups, id) = outputs;
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if object.oid().is_some_and(|id| with_members(sw, id)) {
            self.created(sw, object);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            at(&mut sw.router.ipmc.groups, id).clear();
        }
    }
}

/// Whether a group lists its outputs itself.
fn with_members(sw: &Switch, group: ObjectId) -> bool {
    sw.store.flag(group, ipmc_group::IPMC_GROUP_WITH_MEMBERS.id())
}

/// Owns `SAI_OBJECT_TYPE_IPMC_GROUP_MEMBER`.
#[derive(Debug)]
pub(crate) struct GroupMemberOwner;

fn refuse(n: usize, name: &'static str, why: String) -> Result<()> {
    Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name))
}

impl Owner for GroupMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use ipmc_group_member::*;
        const { &[IPMC_GROUP_ID.id(), IPMC_OUTPUT_ID.id()] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let given = |a| request.given(a).and_then(|(n, v)| Some((n, v.as_oid()?)));
        if let Some((n, group)) = given(ipmc_group_member::IPMC_GROUP_ID.id())
            && with_members(sw, group)
        {
            let why = format!("the outputs of {group} are its IPMC_OUTPUT_LIST");
            return refuse(n, "SAI_IPMC_GROUP_MEMBER_ATTR_IPMC_GROUP_ID", why);
        }
        match given(ipmc_group_member::IPMC_OUTPUT_ID.id()) {
            Some((n, output)) if Output::of(output).is_none() => {
                let why = format!("{output} is neither a router interface nor a next hop");
                refuse(n, "SAI_IPMC_GROUP_MEMBER_ATTR_IPMC_OUTPUT_ID", why)
            }
            _ => Ok(()),
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let group = sw.store.oid(id, ipmc_group_member::IPMC_GROUP_ID.id());
        if let Some(output) = Output::of(sw.store.oid(id, ipmc_group_member::IPMC_OUTPUT_ID.id())) {
            at(&mut sw.router.ipmc.groups, group).push((id, output));
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        if let Some(group) = was.value(ipmc_group_member::IPMC_GROUP_ID.id()).and_then(Value::as_oid) {
            at(&mut sw.router.ipmc.groups, group).retain(|(id, _)| Some(*id) != object.oid());
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_RPF_GROUP`.
#[derive(Debug)]
pub(crate) struct RpfGroupOwner;

impl Owner for RpfGroupOwner {}

/// Owns `SAI_OBJECT_TYPE_RPF_GROUP_MEMBER`.
#[derive(Debug)]
pub(crate) struct RpfMemberOwner;

impl Owner for RpfMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use rpf_group_member::*;
        const { &[RPF_GROUP_ID.id(), RPF_INTERFACE_ID.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let group = sw.store.oid(id, rpf_group_member::RPF_GROUP_ID.id());
        let rif = index(sw.store.oid(id, rpf_group_member::RPF_INTERFACE_ID.id()));
        at(&mut sw.router.ipmc.rpf, group).push((id, rif));
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        if let Some(group) = was.value(rpf_group_member::RPF_GROUP_ID.id()).and_then(Value::as_oid) {
            at(&mut sw.router.ipmc.rpf, group).retain(|(id, _)| Some(*id) != object.oid());
        }
    }
}
