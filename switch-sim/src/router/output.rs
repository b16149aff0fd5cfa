//! The rewrite of a routed packet as it leaves.

use sai::MacAddr;

use super::next_hop::keep;
use super::{Router, rif};
use crate::pipeline::packet::wire_len;
use crate::pipeline::{Event, NONE, Packet, Tracer, flag};
use crate::port::output::Tag;
use crate::switch::Switch;
use crate::wire::edit;

const KEEP: u32 = 28;

/// A hop and what the rewrite keeps, as [`Packet::adjacency`] has them.
#[inline(always)]
pub(super) const fn pack(hop: u32, keep: u8) -> u32 {
    hop | (keep as u32) << KEEP
}

/// Whether the rewrite leaves the VLAN tag as it is.
#[inline(always)]
pub(crate) const fn keeps_tag(p: &Packet) -> bool {
    p.adjacency != u32::MAX && p.adjacency >> KEEP & keep::VLAN as u32 != 0
}

impl Router {
    /// The destination MAC address that the rewrite by a packed hop gives.
    pub(super) fn mac_of(&self, adjacency: u32) -> Option<[u8; 6]> {
        let rewrites = adjacency != u32::MAX && adjacency >> KEEP & u32::from(keep::DST_MAC) == 0;
        rewrites.then(|| self.hops.get(adjacency & ((1 << KEEP) - 1)).mac)
    }

    /// The interface that a packet leaves the router by; [`NONE`] for one that was not routed.
    pub(crate) fn leaves_by(&self, p: &Packet) -> u16 {
        match (p.has(flag::ROUTED), p.adjacency) {
            (false, _) => NONE,
            (true, u32::MAX) => p.out_rif,
            // A flooded copy has lost its interface on the way.
            (true, adjacency) => self.hops.get(adjacency & ((1 << KEEP) - 1)).rif,
        }
    }
}

/// Rewrites a routed packet by its hop, or an IP multicast copy that has none by its interface: MAC addresses and
/// TTL.
#[inline(always)]
pub(crate) fn rewrite<T: Tracer>(sw: &mut Switch, p: &mut Packet, frame: &mut [u8], t: &mut T) {
    let router = &mut sw.router;
    let (kept, mac) = if p.adjacency == u32::MAX {
        (keep::DST_MAC, [0; 6])
    } else {
        let hop = router.hops.get(p.adjacency & ((1 << KEEP) - 1));
        p.out_rif = hop.rif;
        ((p.adjacency >> KEEP) as u8, hop.mac)
    };
    let Some(out) = rif::at(&router.rifs, p.out_rif) else { return };
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = frame.first_chunk::<12>() else { return };
    let (old_dst, old_src) = ([d0, d1, d2, d3, d4, d5], [s0, s1, s2, s3, s4, s5]);
    let dst = if kept & keep::DST_MAC == 0 { mac } else { old_dst };
    let src = if kept & keep::SRC_MAC == 0 { out.mac } else { old_src };
    let lower = kept & keep::TTL == 0 && !out.keep_ttl && p.headers.ttl > 0 && !p.has(flag::KEEP_TTL);
    if T::ON {
        let mut tell = |field: &str, from: String, to: String| {
            t.event(p, Event::Rewrite { field: field.into(), from, to });
        };
        tell("destination MAC", MacAddr(old_dst).to_string(), MacAddr(dst).to_string());
        tell("source MAC", MacAddr(old_src).to_string(), MacAddr(src).to_string());
        if lower {
            tell("TTL", p.headers.ttl.to_string(), (p.headers.ttl - 1).to_string());
        }
    }
    edit::set_macs(frame, dst, src);
    if lower {
        edit::decrement_ttl(frame, &p.headers);
    }
    let counts = &mut router.rif_counts[usize::from(p.out_rif)];
    counts[2] += wire_len(p.len());
    counts[3] += 1;
}

/// The inner VLAN of the interface that a routed packet came in by, and of that which it leaves by; 0 for none.
pub(crate) fn inner_tags(sw: &Switch, p: &Packet) -> [u16; 2] {
    [p.rif, p.out_rif].map(|slot| rif::at(&sw.router.rifs, slot).map_or(0, |r| r.inner))
}

/// How a packet that leaves without a bridge port is tagged: by its sub-port interface, else not at all if it
/// was routed, and as it is if not.
#[inline(always)]
pub(crate) fn tag(sw: &Switch, p: &Packet) -> Tag {
    if !p.has(flag::ROUTED) {
        return Tag::Keep;
    }
    match rif::at(&sw.router.rifs, p.out_rif).map_or(0, |r| r.vid) {
        0 => Tag::None,
        vid => Tag::Vid(vid),
    }
}
