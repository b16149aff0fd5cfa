//! Whether a packet is for the router.

use super::{forward, multicast, my_mac as others, rif};
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, NONE, Node, Tracer, Work};
use crate::switch::Switch;
use crate::wire::parse::L3;
use crate::wire::{ethertype, parse::Headers};

/// Sends packets to a MAC address of the interface to [`Node::Route`], the others to the bridge, or nowhere
/// where there is no bridge.
pub(crate) fn my_mac<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        let (p, frame) = engine.packet(i);
        let Some(rif) = rif::at(&sw.router.rifs, p.rif) else {
            engine.drop(i, DropReason::NotAttached);
            continue;
        };
        // A bridge port has looked at the addresses already.
        if p.bridge_port == NONE && p.has_bad_address() {
            let reason = p.bad_address();
            engine.drop(i, reason);
            continue;
        }
        if !p.has(flag::VRF_SET) {
            p.vrf = rif.vr;
        }
        // A tag beyond those of the interface is payload: what is under it is not the router's.
        let tags = u8::from(p.has(flag::HAS_TAG)) + u8::from(rif.inner != 0);
        let bare = p.headers.tags <= tags;
        if p.has(flag::MULTICAST) && rif.multicast != [false; 2] && !p.has(flag::BROADCAST) && bare {
            if rif.classes {
                sw.qos.classify_routed(p, t);
            }
            let result = multicast::receive(sw, p, frame, t);
            match result {
                _ if p.bridge_port != NONE => engine.send(i, Node::Bridge),
                Ok(()) => engine.onward(sw, i, Node::Route),
                Err(reason) => engine.deny(sw, i, reason, Node::MyMac),
            }
            continue;
        }
        let mac = frame.get(..6).unwrap_or_default();
        let mine = !p.has(flag::MULTICAST) && (rif.has_mac(mac) || others::any(&sw.router.my_macs, p, mac));
        if mine && bare && is_ip(&p.headers) {
            p.flags |= flag::TO_ROUTER;
            if rif.classes {
                sw.qos.classify_routed(p, t);
            }
            prefetch(sw, p.vrf, &p.headers, frame);
            engine.send(i, Node::Route);
        } else if p.bridge_port != NONE && !mine {
            engine.send(i, Node::Bridge);
        } else {
            let reason = match () {
                () if mine => DropReason::NoL3Header,
                () if p.has(flag::MULTICAST) && to_a_host(&p.headers, frame) => DropReason::UcDipMcDmac,
                () => DropReason::NonRoutable,
            };
            engine.deny(sw, i, reason, Node::MyMac);
        }
    }
}

/// Whether it says that it is IP; whether it is sound is looked at later.
#[inline(always)]
pub(super) fn is_ip(headers: &Headers) -> bool {
    headers.is_ip() || matches!(headers.ethertype, ethertype::IPV4 | ethertype::IPV6)
}

/// Whether it is an IP packet to a unicast address.
#[cold]
fn to_a_host(headers: &Headers, frame: &[u8]) -> bool {
    let at = usize::from(headers.l3);
    match headers.kind {
        L3::Ipv4 => (1..0xE000_0000).contains(&forward::v4(frame, at + 16)),
        L3::Ipv6 => forward::v6(frame, at + 24) >> 120 != 0xff,
        _ => false,
    }
}

#[inline(always)]
fn prefetch(sw: &Switch, vrf: u16, headers: &Headers, frame: &[u8]) {
    let Some(vr) = sw.router.vrs.get(usize::from(vrf)) else { return };
    let at = usize::from(headers.l3);
    match headers.kind {
        L3::Ipv4 => vr.v4.prefetch(forward::v4(frame, at + 16)),
        L3::Ipv6 => vr.v6.prefetch(forward::v6(frame, at + 24)),
        _ => {}
    }
}
