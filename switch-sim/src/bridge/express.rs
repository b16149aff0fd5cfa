//! Bridging a plain frame: the decision of `input`, `forward` and `egress` in one.

use super::fdb::{Seen, Value};
use super::{Bridge, BridgePort, Target, state};
use crate::pipeline::{Lane, NONE};
use crate::port::Ports;
use crate::port::output::Tag;
use crate::router;
use crate::switch::Switch;
use crate::table::exact::station_key;

/// Takes a plain frame in by a bridge port, and bridges or routes it. `false`, and nothing done, if a stage would
/// do anything but the common.
#[inline(always)]
pub(crate) fn forward(sw: &mut Switch, lane: &mut Lane, frame: &[u8], from: u16, now: u64) -> bool {
    let Bridge { domains, ports, fdb, .. } = &mut sw.bridge;
    let Some(domain) = domains.get_mut(usize::from(lane.vid)).and_then(|d| d.as_deref_mut()) else {
        return false;
    };
    let (at, rif) = (domain.state(from), domain.rif);
    let odd = state::RX_DROP | state::NO_LEARN | state::NO_FORWARD;
    if at & (state::MEMBER | odd) != state::MEMBER
        || !ports.get(usize::from(from)).is_some_and(admits)
        || fdb.see(station_key(lane.vid, lane.src), from, now) != Seen::Known
    {
        return false;
    }
    if rif != NONE && router::express::is_mine(sw, rif, frame) {
        return route(sw, lane, frame, from, rif);
    }
    let Bridge { domains, ports, fdb, .. } = &mut sw.bridge;
    let Some(value) = fdb.table.get(station_key(lane.vid, lane.dst)) else { return false };
    let Some(domain) = domains.get_mut(usize::from(lane.vid)).and_then(|d| d.as_deref_mut()) else {
        return false;
    };
    let to = value.port();
    let Some(port) = ports.get_mut(usize::from(to)) else { return false };
    if to == from || !leaves(port, *value, domain.state(to), lane.vid, lane, &sw.ports) {
        return false;
    }
    let (size, size_out) = (lane.size(), lane.size_out());
    port.counts[1].add(size_out, false);
    domain.counts[1].add(size_out, false);
    domain.counts[0].add(size, false);
    ports[usize::from(from)].counts[0].add(size, false);
    true
}

/// Routes a frame to the domain's interface.
#[inline(never)]
fn route(sw: &mut Switch, lane: &mut Lane, frame: &[u8], from: u16, rif: u16) -> bool {
    if !router::express::route(sw, lane, frame, rif) {
        return false;
    }
    let size = lane.size();
    if let Some(domain) = sw.bridge.domain_mut(lane.vid) {
        domain.counts[0].add(size, false);
    }
    sw.bridge.ports[usize::from(from)].counts[0].add(size, false);
    true
}

/// Whether a bridge port of the 802.1Q bridge takes frames in as all do. A new field has to be looked at here
/// and in [`leave`].
#[inline(always)]
fn admits(port: &BridgePort) -> bool {
    let BridgePort {
        id: _,
        up,
        to: _,
        domain,
        vid: _,
        untagged: _,
        learning: _,
        max_learned: _,
        learned: _,
        violation: _,
        ingress_filtering: _,
        rx_drop,
        tx_drop: _,
        isolated,
        counts: _,
    } = port;
    *up && *domain == NONE && !rx_drop && isolated.is_empty()
}

/// Sends a frame by the bridge port of an FDB entry, with this [`state`] in the domain, if all is as mostly.
#[inline(always)]
fn leaves(port: &BridgePort, value: Value, at: u8, domain: u16, lane: &mut Lane, ports: &Ports) -> bool {
    let Target::Port(out) = port.to else { return false };
    let takes = value.is_plain()
        && port.up
        && !port.tx_drop
        && port.domain == NONE
        && at & (state::MEMBER | state::TX_DROP | state::NO_FORWARD) == state::MEMBER;
    let tag = if at & state::TAGGED != 0 {
        Tag::Vid(domain)
    } else if at & state::PRIORITY != 0 {
        Tag::Vid(0)
    } else {
        Tag::None
    };
    takes && lane.send(ports, out, tag)
}

/// Sends a routed frame into a domain to a known station, if all is as mostly.
#[inline(always)]
pub(crate) fn leave(bridge: &mut Bridge, ports: &Ports, lane: &mut Lane, value: Value, domain: u16) -> bool {
    let Some(record) = bridge.domains.get_mut(usize::from(domain)).and_then(|d| d.as_deref_mut()) else {
        return false;
    };
    let to = value.port();
    let Some(port) = bridge.ports.get_mut(usize::from(to)) else { return false };
    if !leaves(port, value, record.state(to), domain, lane, ports) {
        return false;
    }
    let size = lane.size_out();
    record.counts[1].add(size, false);
    port.counts[1].add(size, false);
    true
}
