//! Routing plain frames: the decisions of `input` and `forward`, and the rewrite of `output`.

use sai::types::PacketAction;

use super::adjacency::{Adjacency, To};
use super::neighbor::Hop;
use super::next_hop::{NextHop, keep};
use super::rif::{Base, Rif};
use super::{Router, forward, martian, rif};
use crate::bridge::Target;
use crate::memory;
use crate::pipeline::frames::Bytes;
use crate::pipeline::{Lane, Ledger, NONE};
use crate::port::output::Tag;
use crate::switch::Switch;
use crate::table::exact::mac_key;
use crate::wire::{checksum, edit};

/// Whether a frame is for the router.
#[inline(always)]
pub(crate) fn is_mine(sw: &Switch, interface: u16, mac: u64) -> bool {
    let own = |rif: &Rif| rif.has_mac(&mac.to_be_bytes()[2..]) || !sw.router.my_macs.is_empty();
    rif::at(&sw.router.rifs, interface).is_some_and(own)
}

/// A plain frame comes in by an interface. `false` if a stage would do anything but the common; so with all that
/// follow.
#[inline(never)]
pub(crate) fn arrive(sw: &Switch, lane: &mut Lane, frame: &[u8], interface: u16) -> bool {
    let router = &sw.router;
    let Some(rif) = rif::at(&router.rifs, interface) else { return false };
    let (Some(vr), Some(dst)) = (router.vrs.get(usize::from(rif.vr)), frame.first_chunk::<6>()) else {
        return false;
    };
    let six = usize::from(lane.headers.v6);
    if !rif.has_mac(dst) || rif.classes || !rif.admin[six] || !vr.admin[six] || lane.headers.ttl <= 1 {
        return false;
    }
    lane.rif = interface;
    let Some(ip) = frame.get(usize::from(lane.headers.l3)..) else { return false };
    if lane.headers.v6 {
        let (src, dst) = (forward::v6(ip, 8), forward::v6(ip, 24));
        let local = |a: u128| a >> 118 == 0xfe80 >> 6;
        vr.v6.prefetch(dst);
        martian::v6(src, dst).is_ok() && !local(src) && !local(dst)
    } else {
        let Some(header) = ip.first_chunk::<20>() else { return false };
        let (src, dst) = (forward::v4(header, 12), forward::v4(header, 16));
        let local = |a: u32| a >> 16 == 0xA9FE;
        vr.v4.prefetch(dst);
        checksum::ipv4_is_right(header) && martian::v4(src, dst).is_ok() && !local(src) && !local(dst)
    }
}

/// Looks the destination up; 0 where there is no route.
#[inline(always)]
pub(crate) fn look_up(sw: &Switch, lane: &mut Lane, frame: &[u8]) {
    let router = &sw.router;
    let vr = rif::at(&router.rifs, lane.rif).and_then(|rif| router.vrs.get(usize::from(rif.vr)));
    let (Some(vr), at) = (vr, usize::from(lane.headers.l3)) else { return };
    lane.found = match lane.headers.v6 {
        true => vr.v6.lookup(forward::v6(frame, at + 24)),
        false => vr.v4.lookup(forward::v4(frame, at + 16)),
    };
    memory::prefetch(router.adjacencies.get(lane.found));
}

/// The way to a neighbor and out of its interface: a port or LAG, or a domain, which [`Lane::out`] then leaves
/// open.
#[inline(always)]
pub(crate) fn leave(sw: &Switch, lane: &mut Lane, frame: Bytes<'_>) -> bool {
    let router = &sw.router;
    if lane.found == 0 {
        return false;
    }
    let Adjacency { to, action, meta: _, prefix_agg: _, next_hop: _, counter, user_trap: _ } =
        router.adjacencies.get(lane.found);
    if *action != PacketAction::FORWARD || !counter.is_null() {
        return false;
    }
    let found = match *to {
        To::Host(hop) => Some((hop, 0)),
        To::NextHop(slot) => next_hop(router, slot),
        To::Group(slot) => member(sw, lane, frame.get(lane.len), slot),
        To::Null | To::Cpu | To::Interface(_) => None,
    };
    let Some((hop, kept)) = found else { return false };
    let to = router.hops.get(hop);
    let Some(out) = rif::at(&router.rifs, to.rif) else { return false };
    let plain = to.known
        && to.action == PacketAction::FORWARD
        && to.counter == u32::MAX
        && (to.rif != lane.rif || out.loopback == PacketAction::FORWARD)
        && out.admin[usize::from(lane.headers.v6)]
        && !out.marks
        && out.inner == 0
        && u32::from(lane.headers.ip_len) <= out.mtu
        && to.mac[0] & 1 == 0
        && kept & (keep::DST_MAC | keep::SRC_MAC | keep::VLAN) == 0;
    lane.found = hop;
    lane.out_rif = to.rif;
    lane.lower = kept & keep::TTL == 0 && !out.keep_ttl;
    let tag = if out.vid == 0 { Tag::None } else { Tag::Vid(out.vid) };
    plain
        && match out.base {
            Base::Port(port) => lane.send(sw, frame, Target::Port(port), tag),
            Base::Lag(lag) => lane.send(sw, frame, Target::Lag(lag), tag),
            Base::Vlan(vid) => {
                lane.domain = vid;
                sw.bridge.fdb.table.prefetch(mac_key(vid, to.mac));
                true
            }
            Base::None | Base::Bridge(_) => false,
        }
}

/// The hop of a next hop, with what the rewrite keeps.
#[inline(always)]
fn next_hop(router: &Router, slot: u32) -> Option<(u32, u8)> {
    let NextHop { id: _, hop, counter, keep, meta: _ } = router.next_hops.get(slot as usize)?;
    (*counter == u32::MAX).then_some((*hop, *keep))
}

/// The member of a group that the hash of a frame chooses.
#[inline(never)]
fn member(sw: &Switch, lane: &mut Lane, frame: &[u8], slot: u32) -> Option<(u32, u8)> {
    let group = sw.router.groups.get(slot as usize)?;
    let way = group.express(sw, lane.flow(sw)?, frame)?;
    lane.group = u16::try_from(slot).ok()?;
    match way.to {
        To::NextHop(slot) => next_hop(&sw.router, slot),
        _ => None,
    }
}

/// The MAC address of the neighbor that a frame goes to.
#[inline(always)]
pub(crate) fn mac(router: &Router, lane: &Lane) -> u64 {
    mac_key(0, router.hops.get(lane.found).mac)
}

/// Counts a plain frame at its interfaces, and at its group.
#[inline(always)]
pub(crate) fn count(ledger: &mut impl Ledger, lane: &Lane) {
    if let Some([octets, packets, ..]) = ledger.interface(lane.rif) {
        *octets += u64::from(lane.size);
        *packets += 1;
    }
    if let Some([_, _, octets, packets, ..]) = ledger.interface(lane.out_rif) {
        *octets += u64::from(lane.size);
        *packets += 1;
    }
    if lane.group != NONE {
        ledger.chose_of_group(lane.group, 1);
    }
}

/// Rewrites a plain frame for its neighbor.
#[inline(always)]
pub(crate) fn rewrite(router: &Router, lane: &Lane, frame: &mut [u8]) {
    let Some(out) = rif::at(&router.rifs, lane.out_rif) else { return };
    edit::set_macs(frame, router.hops.get(lane.found).mac, out.mac);
    if lane.lower {
        edit::lower_ttl(frame, usize::from(lane.headers.l3), lane.headers.v6);
    }
}

/// Says of every field of an interface and a hop that it is looked at above: a new one does not compile until it
/// is. (Groups say so themselves.)
const _: fn(&Rif, &Hop) = |rif, hop| {
    let Rif {
        id: _,
        vr: _,
        base: _,
        vid: _,
        inner: _,
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
        classes: _,
        marks: _,
    } = rif;
    let Hop { rif: _, mac: _, known: _, action: _, meta: _, counter: _, trap: _, no_host_route: _, users: _ } =
        hop;
};
