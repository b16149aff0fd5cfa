//! Routing: from the destination address to a hop.

use std::net::IpAddr;

use sai::types::PacketAction;
use sai::{MacAddr, ObjectId};

use super::adjacency::To;
use super::group::of_packet;
use super::rif::{Base, Rif};
use super::{Router, counter_slot, martian, rif};
use crate::bridge::{self, FIRST_1D};
use crate::hash::{self as flow_hash, OfPort};
use crate::hostif;
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Out, Packet, Tracer, VECTOR, Work};
use crate::switch::Switch;
use crate::table::exact::mac_key;
use crate::table::hash;
use crate::wire::parse::{self, L3};

/// Routes packets.
pub(crate) fn route<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    let found = look_up(sw, engine, work);
    for (i, index) in work.zip(found) {
        let (p, frame) = engine.packet(i);
        let size = wire_len(p.len());
        // What the host sends by look-up may come from no interface.
        if let Some(counts) = sw.router.rif_counts.get_mut(usize::from(p.rif)) {
            counts[0] += size;
            counts[1] += 1;
        }
        match decide(sw, p, frame, index, t) {
            Ok(()) => engine.onward(sw, i, Node::Route),
            Err(reason) => {
                if let Some(counts) = sw.router.rif_counts.get_mut(usize::from(p.rif)) {
                    counts[4] += size;
                    counts[5] += 1;
                }
                engine.deny(sw, i, reason, Node::Route);
            }
        }
    }
}

/// Looks the destinations of all packets up, those of one virtual router together, so that they wait for
/// memory at the same time. Answers adjacencies in the order of the work; 0 where there is no route.
#[inline(always)]
fn look_up(sw: &Switch, engine: &mut Engine, mut work: Work) -> [u32; VECTOR] {
    let mut found = [0; VECTOR];
    let mut at = 0;
    while let Some(first) = work.next() {
        let (p, frame) = engine.packet(first);
        let Some(vr) = sw.router.vrs.get(usize::from(p.vrf)) else {
            at += 1;
            continue;
        };
        if p.headers.kind != L3::Ipv4 {
            if p.headers.kind == L3::Ipv6 {
                found[at] = vr.v6.lookup(v6(frame, usize::from(p.headers.l3) + 24));
            }
            at += 1;
            continue;
        }
        let vrf = p.vrf;
        let mut addresses = [0; VECTOR];
        addresses[0] = v4(frame, usize::from(p.headers.l3) + 16);
        let mut n = 1;
        // The rest of the run of IPv4 packets in the same virtual router.
        loop {
            let mut rest = work;
            let Some(i) = rest.next() else { break };
            let (p, frame) = engine.packet(i);
            if p.headers.kind != L3::Ipv4 || p.vrf != vrf {
                break;
            }
            addresses[n] = v4(frame, usize::from(p.headers.l3) + 16);
            n += 1;
            work = rest;
        }
        vr.v4.lookup_batch(&addresses[..n], &mut found[at..at + n]);
        at += n;
    }
    found
}

/// The IPv4 address at an offset; 0 beyond the end.
#[inline(always)]
pub(super) fn v4(frame: &[u8], at: usize) -> u32 {
    frame.get(at..).and_then(|f| f.first_chunk()).map_or(0, |a| u32::from_be_bytes(*a))
}

/// The IPv6 address at an offset; 0 beyond the end.
#[inline(always)]
pub(super) fn v6(frame: &[u8], at: usize) -> u128 {
    frame.get(at..).and_then(|f| f.first_chunk()).map_or(0, |a| u128::from_be_bytes(*a))
}

/// Carries out a packet action; answers whether the packet goes on.
#[inline(always)]
pub(super) fn act(p: &mut Packet, action: PacketAction, reason: DropReason) -> Result<bool, DropReason> {
    match action {
        PacketAction::FORWARD | PacketAction::TRANSIT => Ok(true),
        PacketAction::COPY | PacketAction::LOG => {
            p.flags |= flag::PUNT;
            Ok(true)
        }
        PacketAction::TRAP => {
            p.flags |= flag::PUNT;
            Ok(false)
        }
        _ => Err(reason),
    }
}

pub(super) fn hit<T: Tracer>(t: &mut T, p: &Packet, table: &str, object: ObjectId, key: String) {
    t.event(p, Event::Hit { table: table.into(), object, key });
}

#[inline(always)]
fn decide<T: Tracer>(
    sw: &mut Switch,
    p: &mut Packet,
    frame: &[u8],
    index: u32,
    t: &mut T,
) -> Result<(), DropReason> {
    let router = &mut sw.router;
    let Some(vr) = router.vrs.get(usize::from(p.vrf)) else { return Err(DropReason::NonRoutable) };
    let six = usize::from(p.headers.kind == L3::Ipv6);
    if !p.headers.is_ip() || p.headers.check_ipv4(frame).is_err() {
        return Err(DropReason::IpHeaderError);
    }
    let from = rif::at(&router.rifs, p.rif);
    if from.is_some_and(|r| !r.admin[six]) || !vr.admin[six] {
        return Err(DropReason::IrifDisabled);
    }
    let at = usize::from(p.headers.l3);
    if six == 0 {
        martian::v4(v4(frame, at + 12), v4(frame, at + 16))?;
    } else {
        martian::v6(v6(frame, at + 8), v6(frame, at + 24))?;
    }
    if T::ON {
        trace_route(router, p, destination(p, frame), t);
    }
    if index == 0 {
        return Err(if six == 0 { DropReason::Lpm4Miss } else { DropReason::Lpm6Miss });
    }
    let found = *router.adjacencies.get(index);
    count(router, counter_slot(found.counter), p);
    p.dst_meta[2] = found.meta;
    p.flags |= flag::ROUTE_HIT;
    let goes_on = act(p, found.action, DropReason::BlackholeRoute)?;
    if !found.user_trap.is_null() && p.has(flag::PUNT) {
        p.trap = hostif::slot_of(sw, found.user_trap);
    }
    if !goes_on {
        return Ok(());
    }
    if found.to == To::Cpu {
        p.flags |= flag::PUNT | flag::TO_ME;
        return Ok(());
    }
    let vr = &sw.router.vrs[usize::from(p.vrf)];
    if p.headers.has(parse::flag::IP_OPTIONS) && !act(p, vr.options, DropReason::NonRoutable)? {
        return Ok(());
    }
    if p.headers.ttl <= 1 && !act(p, vr.ttl1, DropReason::Ttl)? {
        return Ok(());
    }
    martian::link_local(p, frame)?;
    let Some((hop, keep)) = walk(sw, p, frame, found.to, t)? else { return Ok(()) };
    leave(sw, p, hop, keep, t)
}

/// Source and destination of an IP packet.
pub(super) fn addresses(p: &Packet, frame: &[u8]) -> (IpAddr, IpAddr) {
    let at = usize::from(p.headers.l3);
    let source = match p.headers.kind {
        L3::Ipv6 => IpAddr::V6(v6(frame, at + 8).into()),
        _ => IpAddr::V4(v4(frame, at + 12).into()),
    };
    (source, destination(p, frame))
}

fn destination(p: &Packet, frame: &[u8]) -> IpAddr {
    let at = usize::from(p.headers.l3);
    match p.headers.kind {
        L3::Ipv6 => IpAddr::V6(v6(frame, at + 24).into()),
        _ => IpAddr::V4(v4(frame, at + 16).into()),
    }
}

#[inline(always)]
pub(crate) fn count(router: &mut Router, counter: u32, p: &Packet) {
    if let Some([packets, bytes]) = router.counters.get_mut(counter as usize) {
        *packets += 1;
        *bytes += wire_len(p.len());
    }
}

#[cold]
fn trace_route<T: Tracer>(router: &Router, p: &Packet, to: IpAddr, t: &mut T) {
    let vr = &router.vrs[usize::from(p.vrf)];
    let best = match to {
        IpAddr::V4(ip) => vr.v4.longest_match(ip.into()).map(|(k, r)| (k.to_string(), r.adjacency())),
        IpAddr::V6(ip) => vr.v6.longest_match(ip.into()).map(|(k, r)| (k.to_string(), r.adjacency())),
    };
    match best {
        Some((key, index)) => {
            let found = router.adjacencies.get(index);
            let table = if found.is_host() { "host route" } else { "route" };
            hit(t, p, table, found.next_hop, format!("{key} for {to}, {}", found.action));
        }
        None => t.event(p, Event::Miss { table: "route".into(), key: to.to_string() }),
    }
}

/// From an adjacency through groups to a hop, with what the rewrite is to keep; `None` where the packet was
/// trapped on the way.
#[inline(always)]
fn walk<T: Tracer>(
    sw: &mut Switch,
    p: &mut Packet,
    frame: &[u8],
    mut to: To,
    t: &mut T,
) -> Result<Option<(u32, u8)>, DropReason> {
    // The switch's hash is computed once, and made another for a group within a group.
    let mut hashed = None;
    loop {
        match to {
            To::NextHop(slot) => {
                let Some(next_hop) = sw.router.next_hops.get(slot as usize) else {
                    return Err(DropReason::UnresolvedNextHop);
                };
                let (hop, keep, counter, id) = (next_hop.hop, next_hop.keep, next_hop.counter, next_hop.id);
                p.dst_meta[3] = next_hop.meta;
                count(&mut sw.router, counter, p);
                if T::ON {
                    hit(t, p, "next hop", id, sw.router.hops.address(hop).to_string());
                }
                return Ok(Some((hop, keep)));
            }
            To::Host(hop) => return Ok(Some((hop, 0))),
            To::Group(slot) => {
                let Some(group) = sw.router.groups.get_mut(slot as usize) else {
                    return Err(DropReason::UnresolvedNextHop);
                };
                group.take_turns(1);
                let turn = group.turn;
                let own = flow_hash::algorithm(p.ecmp_algorithm.into()).or(group.algorithm);
                let bucket = if group.classes.is_some() {
                    let class = of_packet(sw, p);
                    let group = &sw.router.groups[slot as usize];
                    group.classes.as_ref().map_or(0, |of| of[usize::from(class)] as usize)
                } else {
                    let ecmp = &sw.hash.ecmp;
                    let of_port = sw.ports.records.get(usize::from(p.port)).map_or(OfPort::NONE, |r| r.ecmp);
                    let way = of_port.over(ecmp.flow).by(own);
                    let counted = !way.algorithm.reads_fields();
                    let hash = match hashed {
                        Some(hash) if own.is_none() && !counted => hash::again(hash),
                        _ => sw.hash.of(ecmp, way, &sw.acl.udfs, p.flow(), frame, turn),
                    };
                    if own.is_none() {
                        hashed = Some(hash);
                    }
                    group.buckets.bucket_of(hash)
                };
                let group = &sw.router.groups[slot as usize];
                let counter = group.counter;
                let Some(&way) = group.way(bucket) else { return Err(DropReason::UnresolvedNextHop) };
                if T::ON {
                    hit(t, p, "next hop group", group.id, format!("bucket {bucket}, member {}", way.id));
                }
                count(&mut sw.router, counter, p);
                count(&mut sw.router, way.counter, p);
                to = way.to;
            }
            To::Interface(slot) => {
                let ip = destination(p, frame);
                if let Some(hop) = sw.router.hops.find(slot, ip)
                    && sw.router.hops.get(hop).known
                {
                    return Ok(Some((hop, 0)));
                }
                if T::ON {
                    t.event(p, Event::Miss { table: "neighbor".into(), key: ip.to_string() });
                }
                let Some(out) = rif::at(&sw.router.rifs, slot) else { return Err(DropReason::ErifDisabled) };
                // Nobody knows where to: an action that would forward can only drop.
                p.out_rif = slot;
                return match act(p, out.miss, DropReason::UnresolvedNextHop)? {
                    true if !p.has(flag::PUNT) => Err(DropReason::UnresolvedNextHop),
                    _ => Ok(None),
                };
            }
            To::Null | To::Cpu => return Err(DropReason::BlackholeRoute),
        }
    }
}

/// Routes an IP packet to a next hop or a group of them, whatever its destination.
pub(crate) fn steer<T: Tracer>(
    sw: &mut Switch,
    p: &mut Packet,
    frame: &[u8],
    to: ObjectId,
    t: &mut T,
) -> Result<(), DropReason> {
    let to = To::of(to).ok_or(DropReason::UnresolvedNextHop)?;
    let Some((hop, keep)) = walk(sw, p, frame, to, t)? else { return Ok(()) };
    let out = rif::at(&sw.router.rifs, sw.router.hops.get(hop).rif);
    let vr = out.and_then(|out| sw.router.vrs.get(usize::from(out.vr)));
    let old = vr.filter(|_| p.headers.ttl <= 1).map(|vr| vr.ttl1);
    if let Some(action) = old
        && !act(p, action, DropReason::Ttl)?
    {
        return Ok(());
    }
    leave(sw, p, hop, keep, t)
}

/// Out of an interface to a neighbor.
#[inline(always)]
fn leave<T: Tracer>(
    sw: &mut Switch,
    p: &mut Packet,
    hop: u32,
    keep: u8,
    t: &mut T,
) -> Result<(), DropReason> {
    let router = &mut sw.router;
    let to = router.hops.get(hop);
    let Some(out) = rif::at(&router.rifs, to.rif) else { return Err(DropReason::ErifDisabled) };
    p.out_rif = to.rif;
    if !out.admin[usize::from(p.headers.kind == L3::Ipv6)] {
        return Err(DropReason::ErifDisabled);
    }
    if !to.known {
        return Err(DropReason::UnresolvedNextHop);
    }
    if T::ON {
        let key = format!("{} at {}", router.hops.address(hop), MacAddr(to.mac));
        hit(t, p, "neighbor", out.id, key);
    }
    p.dst_meta[1] = to.meta;
    p.flags |= flag::NEIGHBOR_HIT;
    let (mac, counter) = (to.mac, to.counter);
    let goes_on = act(p, to.action, DropReason::BlackholeArp)?;
    if to.trap != NONE && p.has(flag::PUNT) {
        p.trap = to.trap;
    }
    if !goes_on {
        return Ok(());
    }
    if to.rif == p.rif && !act(p, out.loopback, DropReason::L3LoopbackFilter)? {
        return Ok(());
    }
    if u32::from(p.headers.end - p.headers.l3) > out.mtu {
        return Err(DropReason::ExceedsL3Mtu);
    }
    p.flags |= flag::ROUTED;
    p.adjacency = super::output::pack(hop, keep);
    decide_way(sw, p, mac)?;
    count(&mut sw.router, counter, p);
    Ok(())
}

/// The port, LAG or bridge port of the interface by which the packet leaves.
#[inline(always)]
fn decide_way(sw: &mut Switch, p: &mut Packet, mac: [u8; 6]) -> Result<(), DropReason> {
    let out: &Rif = &sw.router.rifs[usize::from(p.out_rif)];
    p.domain = match out.base {
        Base::Port(port) => {
            p.out = Out::Port(port);
            return Ok(());
        }
        Base::Lag(lag) => {
            p.out = Out::Lag(lag);
            return Ok(());
        }
        Base::None => return Err(DropReason::NonRoutable),
        Base::Vlan(vid) => vid,
        Base::Bridge(bridge) => {
            // The bridge port by which the router stands in the bridge may be disabled.
            let domain = FIRST_1D + bridge;
            if sw.bridge.domain(domain).is_none_or(|d| d.rif == NONE) {
                return Err(DropReason::ErifDisabled);
            }
            domain
        }
    };
    if mac[0] & 1 != 0 {
        // To all, or to a cluster with a group address.
        p.flags |= if mac == [0xff; 6] { flag::MULTICAST | flag::BROADCAST } else { flag::MULTICAST };
    }
    let key = mac_key(p.domain, mac);
    match sw.bridge.fdb.table.get(key) {
        Some(&entry) => {
            bridge::forward::by_entry(sw, p, entry, key);
            p.drop.map_or(Ok(()), Err)
        }
        None => {
            p.flags |= flag::FLOODED;
            p.out = Out::Flood;
            Ok(())
        }
    }
}
