//! From VLANs, bridges, bridge ports, spanning trees and isolation groups to what packets read.

use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value};

use super::fdb::{self, Flush};
use super::{BridgePort, Count, Domain, FIRST_1D, FloodControl, Learning, LookupKey, Target, state};
use crate::attrs::{
    self, bridge as bridge_attr, bridge_port as port_attr, vlan as vlan_attr, vlan_member as member,
};
use crate::feature::{Owner, Request};
use crate::pipeline::NONE;
use crate::port::{self, Attachment, Sub, index};
use crate::store::id::type_of;
use crate::store::{Object, Origin};
use crate::switch::Switch;

mod bridge;
mod bridge_port;
mod isolation;
mod stp;
mod vlan;

pub use bridge::BridgeOwner;
pub use bridge_port::{BridgePortOwner, give_way, yields};
pub use isolation::{IsolationGroupOwner, IsolationMemberOwner};
pub use stp::{StpOwner, StpPortOwner};
pub use vlan::{VlanMemberOwner, VlanOwner};

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
    fdb::flush_where(sw, all);
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

/// The spanning tree's say about a bridge port in a domain, as [`state`] bits.
pub(super) fn stp_state(sw: &Switch, domain: &Domain, bridge_port: u16) -> u8 {
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
        bits |= match sai::vlan::TaggingMode(sw.store.number(id, member::VLAN_TAGGING_MODE) as i32) {
            sai::vlan::TaggingMode::TAGGED => state::TAGGED,
            sai::vlan::TaggingMode::PRIORITY_TAGGED => state::PRIORITY,
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
    fdb::flush_where(sw, gone);
    fdb::deliver(sw);
}
