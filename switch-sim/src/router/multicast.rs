//! What the router does with IP multicast.
//!
//! The router is one more receiver in the VLAN or bridge where a packet came in: whatever it does with its copy,
//! the bridge forwards the packet as it would without a router.

use std::net::IpAddr;

use super::forward::{act, addresses, count, hit};
use super::ipmc::Output;
use super::output::pack;
use super::rif::{self, Base, Rif};
use crate::bridge::{self, Copy, FIRST_1D, Target, flood, forward};
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Event, NONE, NoTrace, Out, Packet, Tracer};
use crate::switch::Switch;
use crate::table::exact::mac_key;
use crate::wire::parse::{self, L3};

/// Decides where the router sends an IP multicast packet that came in by an interface that routes multicast:
/// writes [`Out::Ipmc`], or marks it for the CPU, or says why neither.
pub(super) fn receive<T: Tracer>(
    sw: &mut Switch,
    p: &mut Packet,
    frame: &[u8],
    t: &mut T,
) -> Result<(), DropReason> {
    let result = decide(sw, p, frame, t);
    let size = wire_len(p.len());
    let counts = &mut sw.router.rif_counts[usize::from(p.rif)];
    counts[0] += size;
    counts[1] += 1;
    if result.is_err() && !is_of_link(addresses(p, frame).1) {
        counts[4] += size;
        counts[5] += 1;
    }
    result
}

fn decide<T: Tracer>(sw: &mut Switch, p: &mut Packet, frame: &[u8], t: &mut T) -> Result<(), DropReason> {
    if !p.headers.is_ip() || p.headers.check_ipv4(frame).is_err() {
        return Err(DropReason::IpHeaderError);
    }
    let router = &sw.router;
    let six = usize::from(p.headers.kind == L3::Ipv6);
    let Some(vr) = router.vrs.get(usize::from(p.vrf)) else { return Err(DropReason::NonRoutable) };
    let Some(from) = rif::at(&router.rifs, p.rif) else { return Err(DropReason::NonRoutable) };
    if !from.admin[six] || !vr.admin[six] {
        return Err(DropReason::IrifDisabled);
    }
    if !from.multicast[six] {
        return Err(DropReason::NonRoutable);
    }
    let (source, group) = addresses(p, frame);
    check(frame, source, group)?;
    let Some(&rule) = router.ipmc.look_up(p.vrf, group, source) else {
        if T::ON {
            t.event(p, Event::Miss { table: "ipmc".into(), key: format!("{source}, {group}") });
        }
        p.flags |= flag::MULTICAST_MISS;
        let action = vr.unknown_multicast;
        return match act(p, action, DropReason::NonRoutable)? {
            // There is nowhere to forward it to.
            true if !p.has(flag::PUNT) => Err(DropReason::NonRoutable),
            _ => Ok(()),
        };
    };
    p.flags |= flag::IPMC_HIT;
    if T::ON {
        let object = from.id;
        hit(t, p, "ipmc", object, format!("{source}, {group}, {}", rule.action));
    }
    let expected = router.ipmc.expects(rule.rpf, p.rif);
    let (options, ttl1) = (vr.options, vr.ttl1);
    count(&mut sw.router, rule.counter, p);
    let forwards = act(p, rule.action, DropReason::BlackholeRoute)?;
    if !expected {
        // The CPU still gets what the action gives it: it may have to tell a neighbor.
        if T::ON {
            t.event(p, Event::Miss { table: "rpf".into(), key: bridge::name(p.rif) });
        }
        return if p.has(flag::PUNT) { Ok(()) } else { Err(DropReason::NonRoutable) };
    }
    if !forwards
        || p.headers.has(parse::flag::IP_OPTIONS) && !act(p, options, DropReason::NonRoutable)?
        || p.headers.ttl <= 1 && !act(p, ttl1, DropReason::Ttl)?
    {
        return Ok(());
    }
    if sw.router.ipmc.outputs(rule.group).next().is_none() {
        return if p.has(flag::PUNT) { Ok(()) } else { Err(DropReason::NoFloodMember) };
    }
    p.flags |= flag::MULTICAST_ROUTED;
    p.adjacency = rule.group.into();
    p.out = Out::Ipmc(rule.group.into());
    Ok(())
}

/// Checks addresses: those of a group that is no link's own, with the MAC address that goes with it (RFC 1112 6.4,
/// RFC 2464 7), from a host.
fn check(frame: &[u8], source: IpAddr, group: IpAddr) -> Result<(), DropReason> {
    let mac = frame.get(..6).unwrap_or_default();
    let right = match group {
        _ if !group.is_multicast() => return Err(DropReason::UcDipMcDmac),
        IpAddr::V4(ip) => {
            let [_, b, c, d] = ip.octets();
            mac == [1, 0, 0x5E, b & 0x7F, c, d]
        }
        IpAddr::V6(ip) => mac.starts_with(&[0x33, 0x33]) && mac.get(2..) == Some(&ip.octets()[12..]),
    };
    match (source, group) {
        _ if !right => Err(DropReason::McDmacMismatch),
        _ if source.is_multicast() => Err(DropReason::SipMc),
        _ if source.is_loopback() => Err(DropReason::SipLoopback),
        _ if source.is_unspecified() => Err(DropReason::SipUnspecified),
        (_, group) if is_of_link(group) => Err(DropReason::NonRoutable),
        (_, IpAddr::V6(ip)) => match ip.octets()[1] & 0xF {
            0 => Err(DropReason::Ipv6McScope0),
            1 => Err(DropReason::Ipv6McScope1),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether a group is for the stations of a link, which a router sends nowhere: 224.0.0.0/24, and IPv6 of that scope.
fn is_of_link(group: IpAddr) -> bool {
    match group {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.is_multicast() && ip.octets()[1] & 0xF == 2,
    }
}

/// Lists the copies of a packet that the router sends: one for each output that is not where it came in.
pub(crate) fn replicate(sw: &Switch, p: &Packet, frame: &[u8], copies: &mut Vec<Copy>) {
    let six = usize::from(p.headers.kind == L3::Ipv6);
    let size = u32::from(p.headers.end - p.headers.l3);
    for output in sw.router.ipmc.outputs(p.adjacency as u16) {
        let (slot, adjacency) = match output {
            Output::Interface(slot) => (slot, u32::MAX),
            Output::NextHop(slot) => {
                let Some(next_hop) = sw.router.next_hops.get(slot as usize) else { continue };
                let hop = sw.router.hops.get(next_hop.hop);
                if !hop.known {
                    continue;
                }
                (hop.rif, pack(next_hop.hop, next_hop.keep))
            }
        };
        let Some(out) = rif::at(&sw.router.rifs, slot) else { continue };
        if slot != p.rif && out.admin[six] && size <= out.mtu {
            add(sw, p, frame, slot, out, adjacency, copies);
        }
    }
}

/// Adds the copies for one interface.
fn add(sw: &Switch, p: &Packet, frame: &[u8], slot: u16, out: &Rif, adjacency: u32, copies: &mut Vec<Copy>) {
    let alone = |to| Copy { to, bridge_port: NONE, domain: NONE, rif: slot, adjacency };
    let domain = match out.base {
        Base::None => return,
        Base::Port(port) => return copies.push(alone(Target::Port(port))),
        Base::Lag(lag) => return copies.push(alone(Target::Lag(lag))),
        Base::Vlan(vid) => vid,
        Base::Bridge(bridge) => FIRST_1D + bridge,
    };
    let mut routed = *p;
    (routed.domain, routed.drop, routed.out) = (domain, None, Out::None);
    routed.flags |= flag::ROUTED;
    let first = copies.len();
    match sw.router.mac_of(adjacency) {
        // To one neighbor, as a routed packet.
        Some(mac) => {
            routed.flags &= !flag::MULTICAST;
            routed.out = Out::Flood;
            if let Some(entry) = sw.bridge.fdb.table.get(mac_key(domain, mac))
                && entry.port() != NONE
            {
                if bridge::egress::allowed(sw, &routed, entry.port()).is_ok() {
                    let to = sw.bridge.port(entry.port()).map(|b| b.to).unwrap_or_default();
                    copies.push(Copy { to, bridge_port: entry.port(), domain, rif: slot, adjacency });
                }
                return;
            }
        }
        None => {
            forward::decide_multicast(&sw.bridge, &mut routed, frame, &mut NoTrace);
        }
    }
    if routed.drop.is_none() && routed.out != Out::None {
        flood::copies(sw, &routed, copies);
    }
    for copy in &mut copies[first..] {
        (copy.rif, copy.adjacency) = (slot, adjacency);
    }
}
