//! The rewrite of a routed packet as it leaves.

use sai::MacAddr;

use super::next_hop::keep;
use super::rif;
use crate::pipeline::packet::wire_len;
use crate::pipeline::{Event, Packet, Tracer, flag};
use crate::port::output::Tag;
use crate::switch::Switch;
use crate::wire::edit;

const KEEP: u32 = 29;

/// A hop and what the rewrite keeps, as [`Packet::adjacency`] has them.
#[inline(always)]
pub(super) const fn pack(hop: u32, keep: u8) -> u32 {
    hop | (keep as u32) << KEEP
}

/// Rewrites a routed packet by its hop: MAC addresses and TTL.
#[inline(always)]
pub(crate) fn rewrite<T: Tracer>(sw: &mut Switch, p: &mut Packet, frame: &mut [u8], t: &mut T) {
    let router = &mut sw.router;
    let hop = router.hops.get(p.adjacency & ((1 << KEEP) - 1));
    let kept = (p.adjacency >> KEEP) as u8;
    // A flooded copy has lost its interface on the way.
    p.out_rif = hop.rif;
    let Some(out) = rif::at(&router.rifs, hop.rif) else { return };
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = frame.first_chunk::<12>() else { return };
    let (old_dst, old_src) = ([d0, d1, d2, d3, d4, d5], [s0, s1, s2, s3, s4, s5]);
    let dst = if kept & keep::DST_MAC == 0 { hop.mac } else { old_dst };
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
    let counts = &mut router.rif_counts[usize::from(hop.rif)];
    counts[2] += wire_len(p.len());
    counts[3] += 1;
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
