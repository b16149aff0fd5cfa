//! From VLANs, bridges, bridge ports, spanning trees and isolation groups to what packets read.

use sai::{AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value, bridge, vlan};

use super::fdb::{self, Flush};
use super::{BridgePort, Count, Domain, FIRST_1D, FloodControl, Learning, LookupKey, Target, state};
use crate::attrs::{
    self, bridge as bridge_attr, bridge_port as port_attr, vlan as vlan_attr, vlan_member as member,
};
use crate::feature::{Owner, Request};
use crate::pipeline::NONE;
use crate::port::{self, Attachment, Sub, index};
use crate::store::Object;
use crate::store::id::type_of;
use crate::switch::Switch;

fn given(was: &Object, attr: AttrId) -> ObjectId {
    was.value(attr).and_then(Value::as_oid).unwrap_or_default()
}

fn put_domain(sw: &mut Switch, at: u16, domain: Domain) {
    let at = usize::from(at);
    if sw.bridge.domains.len() <= at {
        sw.bridge.domains.resize_with(at + 1, || None);
    }
    sw.bridge.domains[at] = Some(Box::new(domain));
}

fn drop_domain(sw: &mut Switch, at: u16) {
    let all = Flush { domain: Some(at), dynamic: true, statics: true, port: None };
    fdb::flush_where(sw, all, true);
    fdb::deliver(sw);
    if let Some(slot) = sw.bridge.domains.get_mut(usize::from(at)) {
        *slot = None;
    }
}

/// Reads the attributes that VLANs and bridges share.
fn derive_flood(sw: &mut Switch, id: ObjectId, at: u16, control: [AttrId; 3], group: [AttrId; 3]) {
    let flood: [FloodControl; 3] = std::array::from_fn(|class| {
        let to = sw.store.oid(id, group[class]);
        match sw.store.number(id, control[class]) {
            1 => FloodControl::None,
            2 if to.is_null() => FloodControl::None,
            2 => FloodControl::Group(index(to)),
            3 if !to.is_null() => FloodControl::Combined(index(to)),
            _ => FloodControl::All,
        }
    });
    if let Some(d) = sw.bridge.domain_mut(at) {
        d.flood = flood;
    }
}

/// Owns `SAI_OBJECT_TYPE_VLAN`.
#[derive(Debug)]
pub struct VlanOwner;

fn derive_vlan(sw: &mut Switch, id: ObjectId) {
    let at = sw.store.number(id, vlan_attr::VLAN_ID) as u16;
    let max = sw.store.number(id, vlan_attr::MAX_LEARNED_ADDRESSES) as u32;
    let learn_disable = sw.store.flag(id, vlan_attr::LEARN_DISABLE);
    let stp = sw.store.oid(id, vlan_attr::STP_INSTANCE);
    let families = [vlan_attr::IPV4_MCAST_LOOKUP_KEY_TYPE, vlan_attr::IPV6_MCAST_LOOKUP_KEY_TYPE];
    let by_group = families.map(|a| match sw.store.number(id, a) {
        1 => LookupKey::Group,
        2 => LookupKey::Source,
        3 => LookupKey::Both,
        _ => LookupKey::Mac,
    });
    let control = [
        vlan_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
        vlan_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
        vlan_attr::BROADCAST_FLOOD_CONTROL_TYPE,
    ];
    let group = [
        vlan_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
        vlan_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
        vlan_attr::BROADCAST_FLOOD_GROUP,
    ];
    derive_flood(sw, id, at, control, group);
    let Some(d) = sw.bridge.domain_mut(at) else { return };
    (d.max_learned, d.learn_disable, d.by_group) = (max, learn_disable, by_group);
    if std::mem::replace(&mut d.stp, stp) != stp {
        derive_members(sw, at);
    }
}

fn counts(kind: ObjectType, stat: StatId, [rx, tx]: [Count; 2]) -> Option<u64> {
    use sai::vlan::Stat;
    if kind != ObjectType::VLAN {
        // Bridges and bridge ports have the same four, in this order.
        return [rx.octets, rx.packets(), tx.octets, tx.packets()].get(stat as usize).copied();
    }
    Some(match Stat(stat as i32) {
        Stat::IN_OCTETS => rx.octets,
        Stat::IN_PACKETS => rx.packets(),
        Stat::IN_UCAST_PKTS => rx.unicast,
        Stat::IN_NON_UCAST_PKTS => rx.other,
        Stat::IN_DISCARDS => rx.drops,
        Stat::OUT_OCTETS => tx.octets,
        Stat::OUT_PACKETS => tx.packets(),
        Stat::OUT_UCAST_PKTS => tx.unicast,
        Stat::OUT_NON_UCAST_PKTS => tx.other,
        Stat::OUT_DISCARDS => tx.drops,
        _ => return None,
    })
}

impl Owner for VlanOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            vlan_attr::VLAN_ID,
            vlan_attr::MAX_LEARNED_ADDRESSES,
            vlan_attr::STP_INSTANCE,
            vlan_attr::LEARN_DISABLE,
            vlan_attr::IPV4_MCAST_LOOKUP_KEY_TYPE,
            vlan_attr::IPV6_MCAST_LOOKUP_KEY_TYPE,
            vlan_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
            vlan_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
            vlan_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
            vlan_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
            vlan_attr::BROADCAST_FLOOD_CONTROL_TYPE,
            vlan_attr::BROADCAST_FLOOD_GROUP,
        ]
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let at = sw.store.number(id, vlan_attr::VLAN_ID) as u16;
        put_domain(sw, at, Domain { id, rif: NONE, ..Domain::default() });
        derive_vlan(sw, id);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive_vlan(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        if let Some(Value::U16(vid)) = was.value(vlan_attr::VLAN_ID) {
            drop_domain(sw, *vid);
        }
    }

    fn counted(&self) -> &'static [StatId] {
        &[0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let at = sw.store.number(object.oid()?, vlan_attr::VLAN_ID) as u16;
        counts(ObjectType::VLAN, stat, sw.bridge.domain(at)?.counts)
    }
}

/// Owns `SAI_OBJECT_TYPE_VLAN_MEMBER`.
#[derive(Debug)]
pub struct VlanMemberOwner;

/// The spanning tree's say about a bridge port in a domain, as [`state`] bits.
fn stp_state(sw: &Switch, domain: &Domain, bridge_port: u16) -> u8 {
    let default = sw.default_object(sai::switch::DEFAULT_STP_INST_ID.id()).unwrap_or_default();
    let instance = if domain.stp.is_null() { default } else { domain.stp };
    match sw.bridge.stp.get(&(instance, bridge_port)) {
        Some(state) => *state,
        // Ports without a state block, but in the default instance, which is there before anybody asks.
        None if instance == default => 0,
        None => state::NO_LEARN | state::NO_FORWARD,
    }
}

/// Derives the state of a member in its domain.
fn derive_member(sw: &mut Switch, at: u16, id: ObjectId, bridge_port: u16) {
    let mut bits = state::MEMBER;
    if type_of(id) == Some(ObjectType::VLAN_MEMBER) {
        bits |= match vlan::TaggingMode(sw.store.number(id, member::VLAN_TAGGING_MODE) as i32) {
            vlan::TaggingMode::TAGGED => state::TAGGED,
            vlan::TaggingMode::PRIORITY_TAGGED => state::PRIORITY,
            _ => 0,
        };
        if sw.store.flag(id, member::RX_DROP) {
            bits |= state::RX_DROP;
        }
        if sw.store.flag(id, member::TX_DROP) {
            bits |= state::TX_DROP;
        }
    }
    let Some(domain) = sw.bridge.domain(at) else { return };
    bits |= stp_state(sw, domain, bridge_port);
    if let Some(d) = sw.bridge.domain_mut(at) {
        d.set_state(bridge_port, bits);
    }
}

fn derive_members(sw: &mut Switch, at: u16) {
    let members = sw.bridge.domain(at).map(|d| d.members.clone()).unwrap_or_default();
    for (id, bridge_port) in members {
        derive_member(sw, at, id, bridge_port);
    }
}

fn leave(sw: &mut Switch, at: u16, id: ObjectId, bridge_port: u16) {
    if let Some(d) = sw.bridge.domain_mut(at) {
        d.members.retain(|(m, _)| *m != id);
        d.set_state(bridge_port, 0);
    }
    let gone = Flush { port: Some(bridge_port), domain: Some(at), dynamic: true, statics: false };
    fdb::flush_where(sw, gone, true);
    fdb::deliver(sw);
}

impl Owner for VlanMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            member::VLAN_ID,
            member::BRIDGE_PORT_ID,
            member::VLAN_TAGGING_MODE,
            member::RX_DROP,
            member::TX_DROP,
        ]
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let (Some((_, Value::Oid(vlan))), Some((n, Value::Oid(port)))) =
            (request.given(member::VLAN_ID), request.given(member::BRIDGE_PORT_ID))
        else {
            return Ok(());
        };
        let refuse = |status: Status, why: String| {
            Err(Error::because(status, why).on_attr("SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID"))
        };
        let Some(record) = sw.bridge.port(index(*port)) else { return Ok(()) };
        if record.domain != NONE {
            let why = format!("{port} belongs to an 802.1D bridge");
            return refuse(Status::INVALID_ATTR_VALUE_0.nth(n), why);
        }
        let vid = sw.store.number(*vlan, vlan_attr::VLAN_ID) as u16;
        if sw.bridge.domain(vid).is_some_and(|d| d.state(index(*port)) & state::MEMBER != 0) {
            return refuse(Status::ITEM_ALREADY_EXISTS, format!("{port} is a member of VLAN {vid} already"));
        }
        Ok(())
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let (at, port) = place(sw, id);
        if let Some(d) = sw.bridge.domain_mut(at) {
            d.members.push((id, port));
        }
        derive_member(sw, at, id, port);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let Some(id) = object.oid() else { return };
        let (at, port) = place(sw, id);
        derive_member(sw, at, id, port);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let Some(id) = object.oid() else { return };
        let vid = sw.store.number(given(&was, member::VLAN_ID), vlan_attr::VLAN_ID) as u16;
        leave(sw, vid, id, index(given(&was, member::BRIDGE_PORT_ID)));
    }
}

/// Domain and bridge port of a VLAN member.
fn place(sw: &Switch, id: ObjectId) -> (u16, u16) {
    let vid = sw.store.number(sw.store.oid(id, member::VLAN_ID), vlan_attr::VLAN_ID);
    (vid as u16, index(sw.store.oid(id, member::BRIDGE_PORT_ID)))
}

/// Owns `SAI_OBJECT_TYPE_BRIDGE`.
#[derive(Debug)]
pub struct BridgeOwner;

fn derive_bridge(sw: &mut Switch, id: ObjectId) {
    let at = FIRST_1D + index(id);
    let control = [
        bridge_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
        bridge_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
        bridge_attr::BROADCAST_FLOOD_CONTROL_TYPE,
    ];
    let group = [
        bridge_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
        bridge_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
        bridge_attr::BROADCAST_FLOOD_GROUP,
    ];
    derive_flood(sw, id, at, control, group);
    let max = sw.store.number(id, bridge_attr::MAX_LEARNED_ADDRESSES) as u32;
    let learn_disable = sw.store.flag(id, bridge_attr::LEARN_DISABLE);
    if let Some(d) = sw.bridge.domain_mut(at) {
        (d.max_learned, d.learn_disable) = (max, learn_disable);
    }
}

impl Owner for BridgeOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            bridge_attr::TYPE,
            bridge_attr::MAX_LEARNED_ADDRESSES,
            bridge_attr::LEARN_DISABLE,
            bridge_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
            bridge_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
            bridge_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
            bridge_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
            bridge_attr::BROADCAST_FLOOD_CONTROL_TYPE,
            bridge_attr::BROADCAST_FLOOD_GROUP,
        ]
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        if bridge::Type(sw.store.number(id, bridge_attr::TYPE) as i32) == bridge::Type::TYPE_1D {
            put_domain(sw, FIRST_1D + index(id), Domain { id, rif: NONE, ..Domain::default() });
            derive_bridge(sw, id);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive_bridge(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            drop_domain(sw, FIRST_1D + index(id));
        }
    }

    fn counted(&self) -> &'static [StatId] {
        &[0, 1, 2, 3]
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let at = FIRST_1D + index(object.oid()?);
        counts(ObjectType::BRIDGE, stat, sw.bridge.domain(at)?.counts)
    }
}

/// Owns `SAI_OBJECT_TYPE_BRIDGE_PORT`.
#[derive(Debug)]
pub struct BridgePortOwner;

/// Changes what the port or LAG below a bridge port is attached to.
fn attach(sw: &mut Switch, below: ObjectId, change: impl FnOnce(&mut Attachment)) {
    match type_of(below) {
        Some(ObjectType::LAG) => crate::lag::attach(sw, index(below), change),
        Some(ObjectType::PORT) => {
            change(sw.ports.attachment_mut(index(below)));
            port::derive(sw, below);
        }
        _ => {}
    }
}

fn derive_port(sw: &mut Switch, id: ObjectId) {
    let at = index(id);
    let store = &sw.store;
    let number = |attr| store.number(id, attr);
    let group = store.oid(id, port_attr::ISOLATION_GROUP);
    let below = store.oid(id, port_attr::PORT_ID);
    let bridge = index(store.oid(id, port_attr::BRIDGE_ID)).saturating_add(FIRST_1D);
    let record = BridgePort {
        id,
        up: store.flag(id, port_attr::ADMIN_STATE),
        to: match type_of(below) {
            Some(ObjectType::LAG) => Target::Lag(index(below)),
            Some(ObjectType::PORT) => Target::Port(index(below)),
            _ => Target::None,
        },
        domain: if sw.bridge.domain(bridge).is_some() { bridge } else { NONE },
        vid: number(port_attr::VLAN_ID) as u16,
        untagged: number(port_attr::TAGGING_MODE) == i64::from(sai::bridge_port::TaggingMode::UNTAGGED.0),
        learning: match number(port_attr::FDB_LEARNING_MODE) {
            0 => Learning::Drop,
            1 => Learning::Disable,
            3 => Learning::CpuTrap,
            4 => Learning::CpuLog,
            5 => Learning::Notification,
            _ => Learning::Hw,
        },
        max_learned: number(port_attr::MAX_LEARNED_ADDRESSES) as u32,
        learned: sw.bridge.port(at).map_or(0, |b| b.learned),
        violation: number(port_attr::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION) as i32,
        ingress_filtering: store.flag(id, port_attr::INGRESS_FILTERING),
        rx_drop: store.flag(id, port_attr::RX_DROP),
        tx_drop: store.flag(id, port_attr::TX_DROP),
        isolated: super::isolation::members(store, group).into_iter().map(index).collect(),
        counts: sw.bridge.port(at).map(|b| b.counts).unwrap_or_default(),
    };
    if sw.bridge.ports.len() <= usize::from(at) {
        sw.bridge.ports.resize_with(usize::from(at) + 1, BridgePort::default);
    }
    sw.bridge.ports[usize::from(at)] = record;
}

fn flush_port(sw: &mut Switch, bridge_port: u16) {
    let gone = Flush { port: Some(bridge_port), dynamic: true, ..Flush::default() };
    fdb::flush_where(sw, gone, true);
    fdb::deliver(sw);
}

/// Puts a bridge port of an 802.1D bridge into its domain.
fn join(sw: &mut Switch, id: ObjectId) {
    let at = index(id);
    let Some(domain) = sw.bridge.port(at).map(|b| b.domain).filter(|d| *d != NONE) else { return };
    if let Some(d) = sw.bridge.domain_mut(domain) {
        d.members.push((id, at));
    }
    derive_member(sw, domain, id, at);
}

impl Owner for BridgePortOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            port_attr::TYPE,
            port_attr::PORT_ID,
            port_attr::TAGGING_MODE,
            port_attr::VLAN_ID,
            port_attr::BRIDGE_ID,
            port_attr::FDB_LEARNING_MODE,
            port_attr::MAX_LEARNED_ADDRESSES,
            port_attr::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION,
            port_attr::ADMIN_STATE,
            port_attr::INGRESS_FILTERING,
            port_attr::ISOLATION_GROUP,
            port_attr::RX_DROP,
            port_attr::TX_DROP,
        ]
    }

    /// The other types are stored: the router meets a bridge in the record of the domain.
    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        use sai::bridge_port::Type;
        (attr == port_attr::TYPE).then_some(&[Type::PORT.0, Type::SUB_PORT.0])
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let Some((n, Value::Oid(below))) = request.given(port_attr::PORT_ID) else { return Ok(()) };
        let attached = match type_of(*below) {
            Some(ObjectType::LAG) => sw.lags.attachment(index(*below)),
            Some(ObjectType::PORT) => {
                if let Some(m) = sw.lags.membership(index(*below)) {
                    let why = format!("{below} is a member of {}: bridge that", m.lag);
                    return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                        .on_attr("SAI_BRIDGE_PORT_ATTR_PORT_ID"));
                }
                sw.ports.get(index(*below)).map(|r| &r.attached)
            }
            _ => None,
        };
        let Some(attached) = attached else { return Ok(()) };
        let taken = match request.given(port_attr::VLAN_ID) {
            Some((_, Value::U16(vid))) => attached.sub(*vid).is_some(),
            _ => attached.bridge_port != NONE,
        };
        if taken {
            let why = format!("{below} has such a bridge port already");
            return Err(
                Error::because(Status::ITEM_ALREADY_EXISTS, why).on_attr("SAI_BRIDGE_PORT_ATTR_PORT_ID")
            );
        }
        Ok(())
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        derive_port(sw, id);
        join(sw, id);
        let (at, below) = (index(id), sw.store.oid(id, port_attr::PORT_ID));
        let kind = sai::bridge_port::Type(sw.store.number(id, port_attr::TYPE) as i32);
        let vid = sw.store.number(id, port_attr::VLAN_ID) as u16;
        attach(sw, below, |a| match kind {
            sai::bridge_port::Type::SUB_PORT => a.set_sub(vid, Some(Sub::BridgePort(at))),
            _ => a.bridge_port = at,
        });
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, attr: AttrId) {
        let Some(id) = object.oid() else { return };
        let before = sw.bridge.port(index(id)).map_or(NONE, |b| b.domain);
        derive_port(sw, id);
        let now = sw.bridge.port(index(id)).map_or(NONE, |b| b.domain);
        if before != now {
            leave(sw, before, id, index(id));
            join(sw, id);
        }
        if attr == port_attr::ADMIN_STATE && !sw.store.flag(id, port_attr::ADMIN_STATE) {
            flush_port(sw, index(id));
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let Some(id) = object.oid() else { return };
        let at = index(id);
        flush_port(sw, at);
        let domain = sw.bridge.port(at).map_or(NONE, |b| b.domain);
        leave(sw, domain, id, at);
        let vid = match was.value(port_attr::VLAN_ID) {
            Some(Value::U16(vid)) => Some(*vid),
            _ => None,
        };
        attach(sw, given(&was, port_attr::PORT_ID), |a| match vid {
            Some(vid) => a.set_sub(vid, None),
            None => a.bridge_port = NONE,
        });
        sw.bridge.ports[usize::from(at)] = BridgePort::default();
    }

    fn counted(&self) -> &'static [StatId] {
        &[0, 1, 2, 3]
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        counts(ObjectType::BRIDGE_PORT, stat, sw.bridge.port(index(object.oid()?))?.counts)
    }
}

/// Owns `SAI_OBJECT_TYPE_STP_PORT`.
#[derive(Debug)]
pub struct StpPortOwner;

fn derive_stp(sw: &mut Switch, instance: ObjectId, bridge_port: u16, bits: Option<u8>) {
    match bits {
        Some(bits) => drop(sw.bridge.stp.insert((instance, bridge_port), bits)),
        None => drop(sw.bridge.stp.remove(&(instance, bridge_port))),
    }
    for at in 0..sw.bridge.domains.len() as u16 {
        let Some(domain) = sw.bridge.domain(at) else { continue };
        let old = domain.state(bridge_port);
        if old & state::MEMBER == 0 {
            continue;
        }
        let new = old & !(state::NO_LEARN | state::NO_FORWARD) | stp_state(sw, domain, bridge_port);
        if let Some(d) = sw.bridge.domain_mut(at) {
            d.set_state(bridge_port, new);
        }
    }
}

impl StpPortOwner {
    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        use sai::stp_port::State as PortState;
        let Some(id) = object.oid() else { return };
        let bits = match PortState(sw.store.number(id, attrs::stp_port::STATE) as i32) {
            PortState::FORWARDING => 0,
            PortState::LEARNING => state::NO_FORWARD,
            _ => state::NO_LEARN | state::NO_FORWARD,
        };
        let instance = sw.store.oid(id, attrs::stp_port::STP);
        let port = index(sw.store.oid(id, attrs::stp_port::BRIDGE_PORT));
        derive_stp(sw, instance, port, Some(bits));
    }
}

impl Owner for StpPortOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[attrs::stp_port::STP, attrs::stp_port::BRIDGE_PORT, attrs::stp_port::STATE]
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        self.derive(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        let port = index(given(&was, attrs::stp_port::BRIDGE_PORT));
        derive_stp(sw, given(&was, attrs::stp_port::STP), port, None);
    }
}

/// Owns `SAI_OBJECT_TYPE_STP`.
#[derive(Debug)]
pub struct StpOwner;

impl Owner for StpOwner {
    fn answered(&self) -> &'static [AttrId] {
        &[attrs::stp::VLAN_LIST]
    }

    fn get(
        &self,
        sw: &Switch,
        object: &ObjectRef,
        attr: &'static sai::meta::AttrMeta,
    ) -> Option<Result<Value>> {
        if attr.id != attrs::stp::VLAN_LIST {
            return None;
        }
        let id = object.oid()?;
        let default = sw.default_object(sai::switch::DEFAULT_STP_INST_ID.id());
        let of = |d: &Domain| if d.stp.is_null() { default } else { Some(d.stp) };
        let vlans = (1..FIRST_1D).filter(|at| sw.bridge.domain(*at).is_some_and(|d| of(d) == Some(id)));
        Some(Ok(Value::VlanList(vlans.collect())))
    }
}

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
