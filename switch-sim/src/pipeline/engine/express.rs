//! The express lane: what most frames need, without the stages between.
//!
//! A frame is *plain* if each stage would do the common thing to it: a known station sends a UDP or TCP packet
//! over a port without special settings, to a known station or a routed destination, out of a port that takes
//! it. Plain frames pass three rounds, over all of a run before the next, so that waits for memory overlap:
//! `look` at the headers, `decide` (`bridge::express`, `router::express`), and `send_plain`.
//!
//! The lane decides all or nothing: it does exactly what the stages would, or leaves the frame untouched to
//! them. It asks the same tables, and takes each of their records apart field by field, so that a new field
//! does not compile until somebody has said here what it means. A property test holds the two equal. A traced
//! packet takes the stages.

use super::{Engine, Sink};
use crate::pipeline::packet::{GROUP, addresses, wire_len};
use crate::pipeline::{NONE, Node};
use crate::port::output::Tag;
use crate::port::{Ports, Record};
use crate::switch::Switch;
use crate::wire::edit;
use crate::wire::parse::{Headers, L3, Tci};
use crate::{bridge, hostif, router};

/// What the lane knows of a frame from round to round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    /// Destination MAC address.
    pub dst: u64,
    /// Source MAC address.
    pub src: u64,
    /// Ingress port.
    pub port: u16,
    /// Bytes of the frame.
    pub len: u16,
    /// Offset of the IP header.
    pub l3: u16,
    /// Length of the IP packet.
    pub ip_len: u16,
    /// The VLAN that it is classified to.
    pub vid: u16,
    /// An IPv6 packet.
    pub v6: bool,
    /// Time to live.
    pub ttl: u8,
    /// Has an outer tag.
    tagged: bool,
    /// TPID of the tag, where there is one.
    tpid: u16,
    /// The tag; without one, the priority that a new tag gets.
    tci: Tci,
    /// Egress port.
    pub out: u16,
    /// How it leaves.
    pub tag: Tag,
    /// The addresses of a routed frame, and whether its TTL goes down.
    pub rewrite: Option<Rewrite>,
}

/// What routing changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rewrite {
    /// New destination address.
    pub dst: [u8; 6],
    /// New source address.
    pub src: [u8; 6],
    /// Lower the TTL.
    pub lower: bool,
}

impl Default for Lane {
    fn default() -> Lane {
        Lane {
            dst: 0,
            src: 0,
            port: NONE,
            len: 0,
            l3: 0,
            ip_len: 0,
            vid: 0,
            v6: false,
            ttl: 0,
            tagged: false,
            tpid: 0,
            tci: Tci(0),
            out: NONE,
            tag: Tag::Keep,
            rewrite: None,
        }
    }
}

impl Lane {
    /// The size that counters count on the way in.
    #[inline(always)]
    pub(crate) fn size(&self) -> u64 {
        wire_len(usize::from(self.len))
    }

    /// Sends it out of a port with this tag, if the port takes it.
    #[inline(always)]
    pub(crate) fn send(&mut self, ports: &Ports, out: u16, tag: Tag) -> bool {
        let Some(port) = ports.records.get(usize::from(out)) else { return false };
        (self.out, self.tag) = (out, tag);
        port.tx && !port.loopback && !port.tapped && usize::from(self.len) + 4 <= port.mtu as usize
    }

    /// The size that counters count on the way out.
    #[inline(always)]
    pub(crate) fn size_out(&self) -> u64 {
        let len = usize::from(self.len) - 4 * usize::from(self.tagged);
        wire_len(len + 4 * usize::from(matches!(self.tag, Tag::Vid(_))))
    }
}

/// Frames of a vector that may go to the stages by their look-ups before the lane gives up.
const FEW: u8 = 8;
/// Vectors that then pass before it is tried again.
const REST: u8 = 15;

impl Engine {
    /// Forwards the plain frames from `from` on. Answers the first that is for the stages, and where the next
    /// plain one may come.
    pub(super) fn express<S: Sink>(
        &mut self,
        sw: &mut Switch,
        from: usize,
        to: usize,
        sink: &mut S,
    ) -> (usize, usize) {
        const OTHERS: u32 = !(1 << Node::Traps as u32);
        if self.rests > 0 || sw.plane.stages & OTHERS != 0 || sw.ports.timed {
            self.rests = self.rests.saturating_sub(1);
            return (from, to);
        }
        let mut end = self.looked.max(from);
        while end < to && self.look(sw, end) {
            end += 1;
        }
        self.looked = end;
        let mut at = from;
        while at < end && self.decide(sw, at) {
            at += 1;
        }
        for i in from..at {
            self.send_plain(sw, i, sink);
        }
        sw.plane.balance.transmitted += (at - from) as u64;
        if at < end {
            // One that a table makes odd goes alone; where there are many, the next will be too.
            self.refused += 1;
            if self.refused <= FEW {
                return (at, at + 1);
            }
            self.rests = REST;
            return (at, to);
        }
        // One that looks odd says nothing of the next.
        let mut next = end;
        while next < to {
            next += 1;
            if next < to && self.look(sw, next) {
                break;
            }
        }
        (at, next)
    }

    /// The first round: what the port and the headers say. `false` for a frame that is not plain.
    #[inline(always)]
    fn look(&mut self, sw: &Switch, i: usize) -> bool {
        let arrived = self.arrived[i % self.arrived.len()];
        let lane = &mut self.lanes[i % self.arrived.len()];
        let Some(port) = sw.ports.records.get(usize::from(arrived.port)) else { return false };
        if !arrived.waits || !port.plain || port.pre_acl || u32::from(arrived.len) > port.mtu {
            return false;
        }
        let frame = self.frames.received(i, arrived.len);
        let mut h = Headers::default();
        if !h.read_common(frame, &port.tpids) || hostif::watches(&h) {
            return false;
        }
        let (dst, src) = addresses(frame);
        let tagged = h.tags > 0;
        if tagged && h.tpid != port.tpid && h.tpid != port.outer_tpid {
            return false;
        }
        let vid = if tagged && h.outer.vid() != 0 { h.outer.vid() } else { port.pvid };
        let tci = if tagged { h.outer } else { Tci::new(0, port.default_pcp, false) };
        if (dst | src) & GROUP != 0 || src == dst || src == 0 || dst == 0 || vid == 0xfff {
            return false;
        }
        *lane = Lane {
            dst,
            src,
            port: arrived.port,
            len: arrived.len,
            l3: h.l3,
            ip_len: h.end - h.l3,
            vid,
            v6: h.kind == L3::Ipv6,
            ttl: h.ttl,
            tagged,
            tpid: h.tpid,
            tci,
            out: NONE,
            tag: Tag::Keep,
            rewrite: None,
        };
        if port.attached.bridge_port != NONE {
            sw.bridge.prefetch(vid, dst, src);
            return true;
        }
        // A port interface takes frames without a VLAN alone.
        if tagged && h.outer.vid() != 0 {
            return false;
        }
        router::express::prefetch(sw, port.attached.rif, lane, frame);
        true
    }

    /// The second round: where it goes, counted where it is certain.
    #[inline(always)]
    fn decide(&mut self, sw: &mut Switch, i: usize) -> bool {
        let lane = &mut self.lanes[i % self.arrived.len()];
        let frame = self.frames.received(i, lane.len);
        let attached = &sw.ports.records[usize::from(lane.port)].attached;
        if attached.bridge_port != NONE {
            bridge::express::forward(sw, lane, frame, attached.bridge_port, self.now)
        } else {
            router::express::route(sw, lane, frame, attached.rif)
        }
    }

    /// The third round: what the frame is on the wire of its port.
    #[inline(always)]
    fn send_plain<S: Sink>(&mut self, sw: &mut Switch, i: usize, sink: &mut S) {
        self.arrived[i % self.arrived.len()].waits = false;
        let lane = self.lanes[i % self.arrived.len()];
        let ports = &mut sw.ports;
        let (Some(port), Some(rx)) =
            (ports.records.get(usize::from(lane.out)), ports.counters.get_mut(usize::from(lane.port)))
        else {
            return;
        };
        rx.rx.count(lane.size(), 0);
        rx.rx.count_ip(lane.v6, false, lane.ip_len);
        let tx = &mut ports.counters[usize::from(lane.out)].tx;
        tx.count(lane.size_out(), 0);
        tx.count_ip(lane.v6, false, lane.ip_len);
        let frame = self.frames.received_mut(i, 4, lane.len);
        if let Some(rewrite) = lane.rewrite {
            edit::set_macs(&mut frame[4..], rewrite.dst, rewrite.src);
            if rewrite.lower {
                edit::lower_ttl(&mut frame[4..], usize::from(lane.l3), lane.v6);
            }
        }
        let frame = retag(frame, &lane, port);
        sink.transmit(lane.out, frame, &[]);
    }
}

/// Tags a frame, which starts 4 bytes into `room`, as it leaves; answers it.
#[inline(always)]
fn retag<'a>(room: &'a mut [u8], lane: &Lane, port: &Record) -> &'a [u8] {
    match lane.tag {
        Tag::Vid(vid) => {
            let tci = Tci::new(vid, lane.tci.pcp(), lane.tci.dei());
            if !lane.tagged {
                edit::push_tag(room, port.tpid, tci);
                return room;
            }
            if tci != lane.tci {
                edit::set_tci(&mut room[4..], tci);
            }
            if port.tpid != lane.tpid {
                edit::set_tpid(&mut room[4..], port.tpid);
            }
            &room[4..]
        }
        Tag::None if lane.tagged => {
            edit::pop_tag(&mut room[4..]);
            &room[8..]
        }
        Tag::None | Tag::Keep => &room[4..],
    }
}
