//! Routing a plain frame: the decision of `input` and `forward` and the rewrite of `output` in one.

use sai::types::PacketAction;

use super::adjacency::{Adjacency, To};
use super::neighbor::Hop;
use super::next_hop::{NextHop, keep};
use super::rif::{Base, Rif};
use super::{forward, martian, rif};
use crate::bridge;
use crate::pipeline::{Lane, Rewrite};
use crate::port::output::Tag;
use crate::switch::Switch;
use crate::table::exact::mac_key;
use crate::wire::checksum;

/// Whether a frame is for the router.
#[inline(always)]
pub(crate) fn is_mine(sw: &Switch, interface: u16, frame: &[u8]) -> bool {
    match (rif::at(&sw.router.rifs, interface), frame.first_chunk::<6>()) {
        (Some(rif), Some(dst)) => rif.has_mac(dst) || !sw.router.my_macs.is_empty(),
        _ => false,
    }
}

/// Brings near what the look-up of a frame's destination will read.
#[inline(always)]
pub(crate) fn prefetch(sw: &Switch, interface: u16, lane: &Lane, frame: &[u8]) {
    let router = &sw.router;
    let Some(vr) = rif::at(&router.rifs, interface).and_then(|rif| router.vrs.get(usize::from(rif.vr)))
    else {
        return;
    };
    let at = usize::from(lane.l3);
    if lane.v6 {
        vr.v6.prefetch(forward::v6(frame, at + 24));
    } else {
        vr.v4.prefetch(forward::v4(frame, at + 16));
    }
}

/// Routes a plain frame that came in by an interface. `false`, and nothing done, if a stage would do anything
/// but the common.
#[inline(always)]
pub(crate) fn route(sw: &mut Switch, lane: &mut Lane, frame: &[u8], interface: u16) -> bool {
    match find(sw, lane, frame, interface) {
        Some((hop, kept)) => go(sw, lane, interface, hop, kept),
        None => false,
    }
}

/// The hop of a packet that is sound, with what the rewrite keeps.
#[inline(always)]
fn find(sw: &Switch, lane: &Lane, frame: &[u8], interface: u16) -> Option<(u32, u8)> {
    let router = &sw.router;
    let rif = rif::at(&router.rifs, interface)?;
    let vr = router.vrs.get(usize::from(rif.vr))?;
    let six = usize::from(lane.v6);
    if !rif.has_mac(frame.first_chunk::<6>()?) || !rif.admin[six] || !vr.admin[six] || lane.ttl <= 1 {
        return None;
    }
    let ip = frame.get(usize::from(lane.l3)..)?;
    let index = if lane.v6 {
        let (src, dst) = (forward::v6(ip, 8), forward::v6(ip, 24));
        let local = |a: u128| a >> 118 == 0xfe80 >> 6;
        if martian::v6(src, dst).is_err() || local(src) || local(dst) {
            return None;
        }
        vr.v6.lookup(dst)
    } else {
        let header = ip.first_chunk::<20>()?;
        let (src, dst) = (forward::v4(header, 12), forward::v4(header, 16));
        let local = |a: u32| a >> 16 == 0xA9FE;
        if !checksum::ipv4_is_right(header) || martian::v4(src, dst).is_err() || local(src) || local(dst) {
            return None;
        }
        vr.v4.lookup(dst)
    };
    if index == 0 {
        return None;
    }
    let Adjacency { to, action, meta: _, prefix_agg: _, next_hop: _, counter, user_trap: _ } =
        router.adjacencies.get(index);
    if *action != PacketAction::FORWARD || !counter.is_null() {
        return None;
    }
    match *to {
        To::Host(hop) => Some((hop, 0)),
        To::NextHop(slot) => {
            let NextHop { id: _, hop, counter, keep } = router.next_hops.get(slot as usize)?;
            (*counter == u32::MAX).then_some((*hop, *keep))
        }
        To::Null | To::Cpu | To::Interface(_) | To::Group(_) => None,
    }
}

/// Out to a hop.
#[inline(always)]
fn go(sw: &mut Switch, lane: &mut Lane, interface: u16, hop: u32, kept: u8) -> bool {
    let Switch { router, bridge, ports, .. } = sw;
    let to = router.hops.get(hop);
    let Some(out) = rif::at(&router.rifs, to.rif) else { return false };
    let plain = to.known
        && to.action == PacketAction::FORWARD
        && to.counter == u32::MAX
        && to.rif != interface
        && out.admin[usize::from(lane.v6)]
        && u32::from(lane.ip_len) <= out.mtu
        && to.mac[0] & 1 == 0
        && kept & (keep::DST_MAC | keep::SRC_MAC | keep::VLAN) == 0;
    if !plain {
        return false;
    }
    let rewrite = Rewrite { dst: to.mac, src: out.mac, lower: kept & keep::TTL == 0 && !out.keep_ttl };
    let sent = match out.base {
        Base::Port(port) => lane.send(ports, port, if out.vid == 0 { Tag::None } else { Tag::Vid(out.vid) }),
        Base::Vlan(vid) => match bridge.fdb.table.get(mac_key(vid, to.mac)).copied() {
            Some(value) => bridge::express::leave(bridge, ports, lane, value, vid),
            None => false,
        },
        Base::None | Base::Lag(_) | Base::Bridge(_) => false,
    };
    if sent {
        let out = usize::from(to.rif);
        lane.rewrite = Some(rewrite);
        let [octets, packets, ..] = &mut router.rif_counts[usize::from(interface)];
        *octets += lane.size();
        *packets += 1;
        let [_, _, octets, packets, ..] = &mut router.rif_counts[out];
        *octets += lane.size();
        *packets += 1;
    }
    sent
}

/// Says of every field of an interface and a hop that it is looked at above: a new one does not compile until it
/// is.
const _: fn(&Rif, &Hop) = |rif, hop| {
    let Rif {
        id: _,
        vr: _,
        base: _,
        vid: _,
        mac: _,
        ingress_mac: _,
        virtual_macs: _,
        is_virtual: _,
        admin: _,
        multicast: _,
        mtu: _,
        loopback: _,
        miss: _,
        keep_ttl: _,
    } = rif;
    let Hop { rif: _, mac: _, known: _, action: _, meta: _, counter: _, trap: _, users: _ } = hop;
};
