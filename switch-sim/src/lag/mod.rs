//! Link aggregation: members, and which of them a packet leaves by.

use std::sync::atomic::{AtomicU32, Ordering};

use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, Result, Status, Value};

use crate::attrs::{lag as lag_attr, lag_member as attr};
use crate::bridge::control::{give_way, yields};
use crate::feature::{Owner, Request};
use crate::hash as flow_hash;
use crate::pipeline::{DropReason, NONE, Packet, flag};
use crate::port::{self, Attachment, index};
use crate::store::Object;
use crate::switch::Switch;
use crate::table::group::Group;
use crate::table::hash::{Algorithm, mixed};

/// What a port's membership says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The LAG.
    pub lag: ObjectId,
    /// Takes packets in.
    pub rx: bool,
}

/// A LAG as packets see it.
#[derive(Debug)]
pub struct Lag {
    /// The object; null where there is none.
    pub id: ObjectId,
    /// The member objects with their ports, in order of creation.
    pub members: Vec<(ObjectId, u16)>,
    /// Who transmits, by hash.
    pub group: Group<u16>,
    /// What it is attached to.
    pub attached: Attachment,
    /// `HASH_ALGORITHM`, where it has one of its own.
    algorithm: Option<Algorithm>,
    /// Packets that were hashed for it, where the algorithm counts them.
    turn: AtomicU32,
}

/// The LAGs of a switch by slot.
#[derive(Debug, Default)]
pub struct Lags {
    lags: Vec<Option<Lag>>,
    /// Membership by port.
    of_port: Vec<Option<Membership>>,
}

impl Lags {
    /// A LAG.
    pub fn get(&self, lag: u16) -> Option<&Lag> {
        self.lags.get(usize::from(lag))?.as_ref()
    }

    /// What a port's membership says, where it is a member.
    pub fn membership(&self, port: u16) -> Option<Membership> {
        self.of_port.get(usize::from(port)).copied().flatten()
    }

    /// What a LAG is attached to.
    pub fn attachment(&self, lag: u16) -> Option<&Attachment> {
        self.get(lag).map(|l| &l.attached)
    }
}

/// Changes what a LAG is attached to; its members see it at once.
pub fn attach(sw: &mut Switch, lag: u16, change: impl FnOnce(&mut Attachment)) {
    if let Some(Some(lag)) = sw.lags.lags.get_mut(usize::from(lag)) {
        change(&mut lag.attached);
    }
    derive_ports(sw, lag);
}

fn derive_ports(sw: &mut Switch, lag: u16) {
    let Some(members) = sw.lags.get(lag).map(|l| l.members.clone()) else { return };
    for (member, _) in members {
        let id = sw.store.oid(member, attr::PORT_ID);
        port::derive(sw, id);
    }
}

/// Lays out the buckets of a LAG again: members that are up and may transmit, by weight.
fn derive(sw: &mut Switch, lag: u16) {
    derive_ports(sw, lag);
    let Some(record) = sw.lags.get(lag) else { return };
    let active: Vec<(u16, u32)> = record
        .members
        .iter()
        .filter(|(id, port)| {
            !sw.store.flag(*id, attr::EGRESS_DISABLE) && sw.ports.get(*port).is_some_and(|p| p.tx)
        })
        .map(|(id, port)| (*port, sw.store.number(*id, attr::WEIGHT) as u32))
        .collect();
    let resilient = sw.profile.resilient.lag as usize;
    let Some(Some(record)) = sw.lags.lags.get_mut(usize::from(lag)) else { return };
    record.group.assign(&active, resilient);
    crate::router::group::monitor::changed(sw);
}

/// A port went up or down: its LAG sends by the others.
pub fn port_changed(sw: &mut Switch, port: u16) {
    if let Some(m) = sw.lags.membership(port) {
        derive(sw, index(m.lag));
    }
}

/// The member that a packet leaves by.
#[inline]
pub(crate) fn select(sw: &Switch, p: &mut Packet, frame: &[u8], lag: u16) -> Option<u16> {
    let lag = sw.lags.get(lag)?;
    let turn = lag.turn.load(Ordering::Relaxed);
    let hash = hash(sw, p, frame, lag, turn);
    lag.turn.store(turn.wrapping_add(1), Ordering::Relaxed);
    lag.group.select(hash)
}

/// Why a packet is dropped that was to leave by a LAG of which no member transmits.
#[cold]
pub(crate) const fn no_member(p: &Packet) -> DropReason {
    if p.has(flag::ROUTED) { DropReason::L3EgressLinkDown } else { DropReason::NoLagMember }
}

/// The member that a plain frame leaves by; none where that depends on those before it.
#[inline(always)]
pub(crate) fn express(sw: &Switch, flow: flow_hash::Flow<'_>, frame: &[u8], lag: u16) -> Option<u16> {
    let lag = sw.lags.get(lag)?;
    let role = &sw.hash.lag;
    if !role.flow.by(lag.algorithm).algorithm.reads_fields() {
        return None;
    }
    lag.group.select(number(sw, flow, frame, lag, 0))
}

/// Counts packets that were hashed for a LAG.
#[inline]
pub(crate) fn take_turns(lags: &mut Lags, lag: u16, packets: u32) {
    if let Some(Some(lag)) = lags.lags.get_mut(usize::from(lag)) {
        let turn = lag.turn.get_mut();
        *turn = turn.wrapping_add(packets);
    }
}

/// The member that a packet would leave by if it did so next.
pub(crate) fn would_select(sw: &Switch, p: &Packet, frame: &[u8], lag: u16) -> Option<u16> {
    let lag = sw.lags.get(lag)?;
    let hash = hash(sw, &mut { *p }, frame, lag, lag.turn.load(Ordering::Relaxed));
    lag.group.select(hash)
}

/// The hash of a packet for a LAG. Copies are hashed once, unless the LAG has a way of its own or goes by the
/// count.
#[inline]
fn hash(sw: &Switch, p: &mut Packet, frame: &[u8], lag: &Lag, turn: u32) -> u32 {
    let role = &sw.hash.lag;
    let shared = lag.algorithm.is_none() && role.flow.algorithm.reads_fields();
    if shared && p.has(flag::HASHED) {
        return p.hash;
    }
    let hash = number(sw, p.flow(), frame, lag, turn);
    if shared {
        p.hash = hash;
        p.flags |= flag::HASHED;
    }
    hash
}

/// The hash of a flow for a LAG. By default next-hop groups hash the same fields with the same algorithm and
/// seed, so it is mixed: of a group of LAGs, each LAG is to use all its members.
#[inline(always)]
fn number(sw: &Switch, flow: flow_hash::Flow<'_>, frame: &[u8], lag: &Lag, turn: u32) -> u32 {
    let role = &sw.hash.lag;
    let way = role.flow.by(lag.algorithm);
    let hash = sw.hash.of(role, way, &sw.acl.udfs, flow, frame, turn.into());
    if way.algorithm.reads_fields() { mixed(hash) } else { hash }
}

/// Owns `SAI_OBJECT_TYPE_LAG`.
#[derive(Debug)]
pub struct LagOwner;

impl Owner for LagOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            lag_attr::PORT_VLAN_ID,
            lag_attr::DEFAULT_VLAN_PRIORITY,
            lag_attr::DROP_UNTAGGED,
            lag_attr::DROP_TAGGED,
            lag_attr::TPID,
            const { sai::lag::INGRESS_ACL.id() },
            const { sai::lag::EGRESS_ACL.id() },
            const { sai::lag::HASH_ALGORITHM.id() },
        ]
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        (asked == sai::lag::HASH_ALGORITHM.id()).then_some(flow_hash::OWN_ALGORITHMS)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let at = usize::from(index(id));
        if sw.lags.lags.len() <= at {
            sw.lags.lags.resize_with(at + 1, || None);
        }
        let group = Group::weighted(&[]);
        sw.lags.lags[at] = Some(Lag {
            id,
            members: Vec::new(),
            group,
            attached: Attachment::default(),
            algorithm: flow_hash::algorithm(sw.store.number(id, sai::lag::HASH_ALGORITHM.id())),
            turn: AtomicU32::new(0),
        });
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive_ports(sw, index(id));
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(slot) = object.oid().and_then(|id| sw.lags.lags.get_mut(usize::from(index(id)))) {
            *slot = None;
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_LAG_MEMBER`.
#[derive(Debug)]
pub struct LagMemberOwner;

impl Owner for LagMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[attr::LAG_ID, attr::PORT_ID, attr::EGRESS_DISABLE, attr::INGRESS_DISABLE, attr::WEIGHT]
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        if let Some((_, Value::Oid(lag))) = request.given(attr::LAG_ID)
            && let Some(record) = sw.lags.get(index(*lag))
            && record.members.len() >= sw.profile.limits.lag_members as usize
        {
            let why = format!("{lag} has {} members, as many as a LAG can", record.members.len());
            return Err(Error::because(Status::INSUFFICIENT_RESOURCES, why));
        }
        let Some((n, Value::Oid(port))) = request.given(attr::PORT_ID) else { return Ok(()) };
        let refuse = |why: String| {
            Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                .on_attr("SAI_LAG_MEMBER_ATTR_PORT_ID"))
        };
        if let Some(m) = sw.lags.membership(index(*port)) {
            return refuse(format!("{port} is a member of {}", m.lag));
        }
        if sw.ports.get(index(*port)).is_some_and(|p| !yields(sw, p.attached.bridge_port)) {
            return refuse(format!("{port} has a bridge port: remove that first"));
        }
        match crate::router::rif::on_port(sw, index(*port)) {
            Some(rif) => {
                let why = format!("{rif} is a router interface on {port}: remove that first");
                Err(Error::because(Status::OBJECT_IN_USE, why).on_attr("SAI_LAG_MEMBER_ATTR_PORT_ID"))
            }
            None => Ok(()),
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let (lag, port) = (sw.store.oid(id, attr::LAG_ID), index(sw.store.oid(id, attr::PORT_ID)));
        let bridge_port = sw.ports.get(port).map_or(NONE, |p| p.attached.bridge_port);
        give_way(sw, bridge_port);
        if let Some(Some(record)) = sw.lags.lags.get_mut(usize::from(index(lag))) {
            record.members.push((id, port));
        }
        self.derive_member(sw, id);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            self.derive_member(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let oid = |attr| was.value(attr).and_then(Value::as_oid).unwrap_or(ObjectId::NULL);
        let (lag, port) = (index(oid(attr::LAG_ID)), oid(attr::PORT_ID));
        if let Some(Some(record)) = sw.lags.lags.get_mut(usize::from(lag)) {
            record.members.retain(|(id, _)| Some(*id) != object.oid());
        }
        if let Some(slot) = sw.lags.of_port.get_mut(usize::from(index(port))) {
            *slot = None;
        }
        port::derive(sw, port);
        derive(sw, lag);
    }
}

impl LagMemberOwner {
    fn derive_member(&self, sw: &mut Switch, id: ObjectId) {
        let lag = sw.store.oid(id, attr::LAG_ID);
        let port = usize::from(index(sw.store.oid(id, attr::PORT_ID)));
        if sw.lags.of_port.len() <= port {
            sw.lags.of_port.resize(port + 1, None);
        }
        let rx = !sw.store.flag(id, attr::INGRESS_DISABLE);
        sw.lags.of_port[port] = Some(Membership { lag, rx });
        derive(sw, index(lag));
    }
}

/// Attributes that a port may not change while it is in a LAG: the LAG's stand for them.
pub fn check_port_set(sw: &Switch, port: ObjectId, attr: &AttrEntry) -> Result<()> {
    use crate::attrs::port as p;
    let held = [p::PORT_VLAN_ID, p::DEFAULT_VLAN_PRIORITY, p::DROP_UNTAGGED, p::DROP_TAGGED];
    match sw.lags.membership(index(port)) {
        Some(m) if held.contains(&attr.id) => Err(Error::because(
            Status::INVALID_ATTR_VALUE_0,
            format!("{port} is a member of {}, whose attribute stands for it", m.lag),
        )),
        _ => Ok(()),
    }
}
