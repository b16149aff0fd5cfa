//! The express lane: what most frames need, without the stages between.
//!
//! A frame is *plain* if each stage would do the common thing to it: a known station sends a UDP or TCP packet
//! over a port without special settings, to a known station or a routed destination, out of a port that takes
//! it. The frames of a vector pass rounds, all of them one before the next, so that waits for memory overlap:
//! `look` at the headers; `decide` by what the tables say (`bridge::express`, `router::express`), where routed ones
//! pass a round a table; then, plain ones in a row at a time, counters, rewrite and out. Only the last changes
//! anything.
//!
//! The lane decides all or nothing: it does exactly what the stages would, or leaves the frame untouched to
//! them. It asks the same tables, and takes each of their records apart field by field, so that a new field
//! does not compile until somebody has said here what it means. A property test holds the two equal. A traced
//! packet takes the stages.

use super::{Arrived, Change, Engine, Ledger, Sink, VECTOR, Work, span, takes_one_by_one};
use crate::bridge::Target;
use crate::pipeline::frames::Bytes;
use crate::pipeline::packet::{GROUP, addresses, wire_len};
use crate::pipeline::{NONE, Node, Tracer};
use crate::port::Record;
use crate::port::output::Tag;
use crate::switch::Switch;
use crate::table::exact::station_key;
use crate::wire::parse::{Headers, Plain, Tci};
use crate::wire::{edit, protocol};
use crate::{acl, bridge, hash, hostif, lag, qos, router};

/// What the lane knows of a frame from round to round: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Lane {
    /// Destination MAC address.
    pub dst: u64,
    /// Source MAC address.
    pub src: u64,
    /// What the look-up of a routed frame found: adjacency, then hop.
    pub found: u32,
    /// The size that counters count on the way in.
    pub size: u16,
    /// The size that counters count on the way out.
    pub size_out: u16,
    /// Ingress port.
    pub port: u16,
    /// Bytes of the frame.
    pub len: u16,
    /// The VLAN that it is classified to.
    pub vid: u16,
    /// Ingress bridge port, for those that come in by one.
    pub from: u16,
    /// The domain that it leaves in.
    pub domain: u16,
    /// Ingress router interface of a routed frame.
    pub rif: u16,
    /// Egress router interface of a routed frame.
    pub out_rif: u16,
    /// Egress bridge port, for those that leave by one.
    pub to: u16,
    /// Egress port.
    pub out: u16,
    /// The LAG that it leaves by.
    pub lag: u16,
    /// The next-hop group that was asked.
    pub group: u16,
    /// VLAN of the tag that it leaves with.
    tag: u16,
    /// Whether it leaves with a tag.
    tag_out: bool,
    /// The rewrite lowers the TTL.
    pub lower: bool,
    /// The headers; without a tag, the priority that a new tag gets in place of one.
    pub headers: Plain,
}

const _: () = assert!(size_of::<Lane>() == 64);

impl Default for Lane {
    fn default() -> Lane {
        Lane {
            dst: 0,
            src: 0,
            found: 0,
            size: 0,
            size_out: 0,
            port: NONE,
            len: 0,
            vid: 0,
            from: NONE,
            rif: NONE,
            out_rif: NONE,
            to: NONE,
            domain: NONE,
            out: NONE,
            lag: NONE,
            group: NONE,
            tag: 0,
            tag_out: false,
            lower: false,
            headers: Plain::default(),
        }
    }
}

impl Lane {
    /// Sends it out of a port, or of the member of a LAG that its hash chooses, with this tag; `false` if that
    /// would be no plain matter.
    #[inline(always)]
    pub(crate) fn send(&mut self, sw: &Switch, frame: Bytes<'_>, to: Target, tag: Tag) -> bool {
        let out = match to {
            Target::Port(port) => port,
            Target::Lag(index) => match self.member(sw, frame.get(self.len), index) {
                Some(port) => port,
                None => return false,
            },
            Target::None => return false,
        };
        let Some(port) = sw.ports.records.get(usize::from(out)) else { return false };
        self.out = out;
        (self.tag, self.tag_out) = match tag {
            Tag::Vid(vid) => (vid, true),
            Tag::None => (0, false),
            Tag::Keep => (self.headers.outer.vid(), self.headers.tagged()),
        };
        let len =
            usize::from(self.len) + 4 * usize::from(self.tag_out) - 4 * usize::from(self.headers.tagged());
        self.size_out = wire_len(len) as u16;
        port.sends && len <= port.mtu as usize
    }

    /// The member of a LAG.
    #[inline(never)]
    fn member(&mut self, sw: &Switch, frame: &[u8], index: u16) -> Option<u16> {
        let port = lag::express(sw, self.flow(sw)?, frame, index)?;
        self.lag = index;
        Some(port)
    }

    /// The priority and drop eligibility by which it was classified.
    pub(crate) const fn priority(&self) -> (u8, bool) {
        (self.headers.outer.pcp(), self.headers.outer.dei())
    }

    /// Reads the headers once more; they are of the common kinds.
    #[inline(always)]
    pub(crate) fn read(&self, sw: &Switch, frame: &[u8], headers: &mut Headers) -> bool {
        sw.ports.records.get(usize::from(self.port)).is_some_and(|r| headers.read_common(frame, &r.tpids))
    }

    /// What hashes look at.
    #[inline(always)]
    pub(crate) fn flow<'a>(&self, sw: &'a Switch) -> Option<hash::Flow<'a>> {
        let headers = hash::Source::Frame(&sw.ports.records.get(usize::from(self.port))?.tpids);
        let outer = hash::Outer::of_plain(&self.headers);
        Some(hash::Flow { outer, headers, vid: self.vid, port: self.port, by: [NONE; 2] })
    }
}

/// Vectors that pass before the lane is tried again where it has taken less than half of one.
const REST: u8 = 15;

/// The stage of ingress ACLs: the lane asks its tables itself, where they only look at what it knows.
const ACL: u32 = 1 << Node::IngressAcl as u32;
/// Stages that may be in use beside the lane: it leaves what a trap may take to the stages.
const BESIDE: u32 = 1 << Node::Traps as u32 | ACL;

impl Engine {
    /// Runs the vector: the plain frames by the lane, the others through the stages, in order.
    pub(super) fn express<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, n: usize, t: &mut T, sink: &mut S) {
        if self.rests > 0 || !is_open(sw) {
            self.rests = self.rests.saturating_sub(1);
            return self.run_stages(sw, 0, n, t, sink);
        }
        let looked = self.look_at(sw, n);
        let mut plain = self.decide(sw, looked);
        let (mut at, mut sent) = (0, 0);
        while at < n {
            let rest = plain >> at;
            let run = rest.trailing_ones() as usize;
            if run > 0 {
                self.note_ages(sw, span(at, at + run));
                self.send_plain(sw, at, at + run, sink);
                sent += run;
                at += run;
                continue;
            }
            let end = n.min(at + rest.trailing_zeros() as usize);
            self.changed = Change::None;
            self.run_stages(sw, at, end, t, sink);
            at = end;
            if self.changed != Change::None && at < n {
                plain = self.decide(sw, looked & u64::MAX << at);
            }
        }
        if 2 * sent < n {
            self.rests = REST;
        }
    }

    /// The first round: what the ports and the headers say. Answers the frames that may be plain. A function of its
    /// own, as are the other rounds, for the sake of registers.
    #[inline(never)]
    pub(super) fn look_at(&mut self, sw: &Switch, n: usize) -> u64 {
        let (lanes, mut plain) = (&mut self.lanes[..n], 0);
        let arrived = self.arrived.iter().zip(self.frames.all_received());
        for (i, (lane, (arrived, buffer))) in lanes.iter_mut().zip(arrived).enumerate() {
            plain |= u64::from(look(sw, lane, *arrived, &buffer[..usize::from(arrived.len)])) << i;
        }
        plain
    }

    /// Whether the lane can be used, and no frame has to wait for what the one before it does beyond learning.
    pub(crate) fn is_shareable(sw: &Switch) -> bool {
        is_open(sw) && !takes_one_by_one(sw)
    }

    /// Tells the switch of the stations of these frames that it has not seen in a while.
    #[inline(always)]
    pub(super) fn note_ages(&mut self, sw: &mut Switch, which: u64) {
        for i in Work(self.aged & which) {
            let lane = &self.lanes[i % VECTOR];
            sw.bridge.fdb.refresh(station_key(lane.vid, lane.src), self.now);
        }
    }

    /// The rounds in the middle: where these frames go, and whether ACLs permit it. Answers those that are plain.
    #[inline(always)]
    pub(super) fn decide(&mut self, sw: &Switch, looked: u64) -> u64 {
        let plain = self.find_ways(sw, looked);
        if sw.plane.stages & ACL == 0 {
            return plain;
        }
        let frames = &self.frames;
        acl::permitted(sw, &mut self.permits, plain, &self.lanes, |i, lane| frames.received(i, lane.len))
    }

    /// Where these frames go. Answers those that are plain.
    #[inline(never)]
    fn find_ways(&mut self, sw: &Switch, looked: u64) -> u64 {
        let (lanes, frames, now) = (&mut self.lanes, &self.frames, self.now);
        let (mut odd, mut routed, mut aged) = (0, 0, 0);
        for i in Work(looked) {
            let lane = &mut lanes[i % VECTOR];
            // Tables may have changed since the last time.
            (lane.to, lane.out, lane.lag, lane.group, lane.out_rif) = (NONE, NONE, NONE, NONE, NONE);
            let mut old = false;
            let plain =
                lane.from == NONE || bridge::express::arrive(sw, lane, frames.bytes(i), now, &mut old);
            odd |= u64::from(!plain) << i;
            routed |= u64::from(plain && lane.rif != NONE) << i;
            aged |= u64::from(old) << i;
        }
        self.aged = self.aged & !looked | aged;
        if routed == 0 {
            return looked & !odd;
        }
        for i in Work(routed) {
            let lane = &mut lanes[i % VECTOR];
            router::express::look_up(sw, lane, frames.received(i, lane.len));
        }
        let mut bridged = 0;
        for i in Work(routed) {
            let lane = &mut lanes[i % VECTOR];
            let plain = router::express::leave(sw, lane, frames.bytes(i));
            odd |= u64::from(!plain) << i;
            bridged |= u64::from(plain && lane.out == NONE) << i;
        }
        for i in Work(bridged) {
            let lane = &mut lanes[i % VECTOR];
            let mac = router::express::mac(&sw.router, lane);
            odd |= u64::from(!bridge::express::enter(sw, lane, frames.bytes(i), mac)) << i;
        }
        looked & !odd
    }

    /// Does to plain frames in a row what QoS maps say. A round of its own, so that others do not pay for it.
    #[inline(never)]
    fn mark(&mut self, ledger: &mut impl Ledger, from: usize, to: usize) {
        for (lane, room) in self.lanes[from..to].iter_mut().zip(self.frames.buffers_mut(from, 4)) {
            qos::lane::pass(ledger, lane, &mut room[4..]);
        }
    }

    /// The last rounds, of plain frames in a row: they are counted, become what they are on the wire of their
    /// ports, and leave.
    #[inline(never)]
    pub(super) fn send_plain<L: Ledger, S: Sink>(
        &mut self,
        ledger: &mut L,
        from: usize,
        to: usize,
        sink: &mut S,
    ) {
        if ledger.switch().qos.acts {
            self.mark(ledger, from, to);
        }
        let acls = ledger.switch().plane.stages & ACL != 0;
        let lanes = &self.lanes[from..to];
        for ((i, lane), room) in lanes.iter().enumerate().zip(self.frames.buffers_mut(from, 4)) {
            count(ledger, lane);
            if acls {
                ledger.permitted(self.permits.counter(from + i), [1, lane.size.into()]);
            }
            let sw = ledger.switch();
            if lane.rif != NONE {
                router::express::rewrite(&sw.router, lane, &mut room[4..]);
            }
            if let Some(port) = sw.ports.records.get(usize::from(lane.out)) {
                retag(room, lane, port);
            }
            let start = 4 + 4 * usize::from(lane.headers.tagged()) - 4 * usize::from(lane.tag_out);
            sink.transmit(lane.out, &room[start..4 + usize::from(lane.len)], &[]);
        }
        ledger.transmitted((to - from) as u64);
    }
}

/// Whether the lane can be used at all.
fn is_open(sw: &Switch) -> bool {
    let stages = sw.plane.stages;
    stages & !BESIDE == 0 && !sw.ports.timed && (stages & ACL == 0 || acl::fits_lane(sw))
}

/// Reads one frame.
#[inline(always)]
fn look(sw: &Switch, lane: &mut Lane, arrived: Arrived, frame: &[u8]) -> bool {
    let Some(port) = sw.ports.records.get(usize::from(arrived.port)) else { return false };
    if !arrived.waits || !port.plain || port.pre_acl || u32::from(arrived.len) > port.mtu {
        return false;
    }
    let h = &mut lane.headers;
    if !h.read(frame, &port.tpids) {
        return false;
    }
    if h.protocol == protocol::UDP && hostif::watches_udp(h.src_port, h.dst_port) {
        return false;
    }
    (lane.port, lane.len) = (arrived.port, arrived.len);
    lane.size = wire_len(usize::from(arrived.len)) as u16;
    let mut chosen = 0;
    if h.tagged() {
        if h.tpid != port.tpid && h.tpid != port.outer_tpid {
            return false;
        }
        chosen = h.outer.vid();
    } else {
        h.outer = Tci::new(0, port.default_pcp, false);
    }
    lane.vid = if chosen != 0 { chosen } else { port.pvid };
    lane.domain = lane.vid;
    lane.from = port.attached.bridge_port;
    let (dst, src) = addresses(frame);
    (lane.dst, lane.src) = (dst, src);
    let odd = ((dst | src) & GROUP != 0) | (src == dst) | (src == 0) | (dst == 0);
    if lane.from != NONE {
        sw.bridge.prefetch(lane.vid, dst, src);
        return !odd;
    }
    // A port interface takes frames without a VLAN alone.
    !odd && chosen == 0 && router::express::arrive(sw, lane, frame, port.attached.rif)
}

/// Counts a frame wherever it passes.
#[inline(always)]
fn count(ledger: &mut impl Ledger, lane: &Lane) {
    if let Some(rx) = ledger.received(lane.port) {
        rx.count(lane.size.into(), 0);
        rx.count_ip(lane.headers.v6, false, lane.headers.ip_len);
    }
    if let Some(tx) = ledger.sent(lane.out) {
        tx.count(lane.size_out.into(), 0);
        tx.count_ip(lane.headers.v6, false, lane.headers.ip_len);
    }
    bridge::express::count(ledger, lane);
    if lane.rif != NONE {
        router::express::count(ledger, lane);
    }
    if lane.lag != NONE {
        ledger.chose_of_lag(lane.lag, 1);
    }
}

/// Tags a frame, which starts 4 bytes into `room`, as it leaves: then it starts 4 bytes earlier, later, or there.
#[inline(always)]
fn retag(room: &mut [u8], lane: &Lane, port: &Record) {
    if !lane.tag_out {
        if lane.headers.tagged() {
            edit::pop_tag(&mut room[4..]);
        }
        return;
    }
    let tci = Tci::new(lane.tag, lane.headers.outer.pcp(), lane.headers.outer.dei());
    if !lane.headers.tagged() {
        edit::push_tag(room, port.tpid, tci);
        return;
    }
    if tci != lane.headers.outer {
        edit::set_tci(&mut room[4..], tci);
    }
    if port.tpid != lane.headers.tpid {
        edit::set_tpid(&mut room[4..], port.tpid);
    }
}
