//! Runs vectors of packets through the stages.

use super::frames::Frames;
use super::packet::{NONE, flag};
use super::{DropReason, Event, Fate, Node, Out, Packet, Side, Tracer};
use crate::switch::Switch;
use crate::{acl, bridge, hostif, lag, port, router};

mod express;
mod host;
mod ledger;
mod load;
mod mirror;
mod sent;
mod tally;
mod timed;

pub(crate) use express::Lane;
pub use host::FromHost;
pub(crate) use ledger::Ledger;
pub(crate) use load::Load;
pub use sent::Sent;
pub(crate) use tally::{Sum, Tally};

/// The most packets in a vector.
pub const VECTOR: usize = 64;
/// Free bytes before a received frame, for tags and tunnel headers.
pub const HEADROOM: usize = 256;
/// Bytes of its frame that a copy has to itself; the rest is shared.
pub const HEAD: usize = 256;
/// The most times that a packet passes the ingress half.
pub const MAX_PASSES: u8 = 8;
/// The longest frame that is taken, without FCS.
pub const MAX_FRAME: usize = 16_383;

/// The vector that is taken in, and the copies made of it.
pub(super) const SLOTS: usize = 2 * VECTOR;

/// Takes what leaves the switch.
pub trait Sink {
    /// A frame leaves by a physical port. It is `head` followed by `tail`; `tail` is mostly empty.
    fn transmit(&mut self, port: u16, head: &[u8], tail: &[u8]);

    /// What a worker has forwarded leaves, frame by frame. A sink may take the memory, and leave other in its place.
    fn transmit_all(&mut self, sent: &mut Sent) {
        sent.iter().for_each(|(port, frame)| self.transmit(port, frame, &[]));
    }
}

/// What stages did to what packets read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Something is there that was not: what found all that it looked for finds it still.
    Added,
    /// Anything.
    Any,
}

/// Packets of one vector, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work(pub u64);

impl Iterator for Work {
    type Item = usize;
    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let i = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(i)
    }
}

/// A frame that a port received.
#[derive(Clone, Copy, Debug, Default)]
struct Arrived {
    port: u16,
    len: u16,
    waits: bool,
}

/// A packet that comes back in.
#[derive(Debug)]
struct Again {
    port: u16,
    passes: u8,
    copy: u16,
    frame: Vec<u8>,
}

/// The buffers and work lists of one worker. It belongs to no switch: between two runs it is empty.
#[derive(Debug)]
pub struct Engine {
    packets: Box<[Packet; SLOTS]>,
    /// What was received by [`Engine::receive`] and has no packet yet, by slot.
    arrived: [Arrived; VECTOR],
    lanes: Box<[Lane; VECTOR]>,
    /// Frames in the lane that are the first of their station in a while.
    aged: u64,
    permits: acl::Permits,
    /// Vectors that need not try the express lane: it has just taken too few.
    rests: u8,
    /// Whether a stage may have changed what packets read.
    changed: Change,
    frames: Frames,
    /// Received packets that wait for [`Engine::run`].
    filled: usize,
    /// Which slot stands at a position of the vector that runs.
    slots: [u8; VECTOR],
    pending: [u64; Node::COUNT],
    active: u32,
    /// What was cut off, by the stage where it goes on.
    resume: [u64; Node::COUNT],
    first: usize,
    limit: usize,
    egress_len: usize,
    copies: Vec<bridge::Copy>,
    again: Vec<Again>,
    /// Packets that samplers took for the host: slot and samplepacket.
    samples: Vec<(u8, u16)>,
    next_copy: u16,
    now: u64,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// An engine with buffers of the common size; they grow when longer frames come.
    pub fn new() -> Engine {
        Engine {
            packets: Box::new([Packet::EMPTY; SLOTS]),
            arrived: [Arrived::default(); VECTOR],
            lanes: Box::new([Lane::default(); VECTOR]),
            aged: 0,
            permits: acl::Permits::default(),
            rests: 0,
            changed: Change::None,
            frames: Frames::new(),
            filled: 0,
            slots: std::array::from_fn(|i| i as u8),
            pending: [0; Node::COUNT],
            active: 0,
            resume: [0; Node::COUNT],
            first: 0,
            limit: 0,
            egress_len: 0,
            copies: Vec::new(),
            again: Vec::new(),
            samples: Vec::new(),
            next_copy: 0,
            now: 0,
        }
    }

    /// Whether the vector is full, so that [`run`](Self::run) must come before the next frame.
    #[inline(always)]
    pub const fn is_full(&self) -> bool {
        self.filled == VECTOR
    }

    /// Takes a frame (without FCS) that a port received into the vector.
    ///
    /// # Panics
    /// When the vector is full.
    #[inline]
    pub fn receive(&mut self, port: u16, frame: &[u8]) {
        let frame = &frame[..frame.len().min(MAX_FRAME + 1)];
        let slot = self.filled;
        assert!(slot < VECTOR, "the vector is full");
        self.filled += 1;
        self.frames.put(slot, frame);
        self.arrived[slot] = Arrived { port, len: frame.len() as u16, waits: true };
    }

    /// Makes a packet of each frame received in these slots.
    #[inline(always)]
    fn admit(&mut self, from: usize, to: usize) {
        for slot in from..to {
            let Arrived { port, len, waits } = self.arrived[slot];
            if waits {
                self.arrived[slot].waits = false;
                let p = &mut self.packets[slot % SLOTS];
                *p = Packet { start: HEADROOM as u16, head: len, len, port, ..Packet::EMPTY };
            }
        }
    }

    fn fill(&mut self, port: u16, passes: u8, copy: u16, frame: &[u8]) {
        let slot = self.filled;
        self.receive(port, frame);
        self.admit(slot, slot + 1);
        (self.packets[slot].passes, self.packets[slot].copy) = (passes, copy);
    }

    /// Forwards the packets taken in, at this time. What leaves goes to `sink`, in order.
    pub fn run<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, now: u64, t: &mut T, sink: &mut S) {
        self.now = now;
        self.next_copy = 0;
        let alone = if takes_one_by_one(sw) { self.take_all_but_first() } else { Vec::new() };
        self.run_whole(sw, t, sink);
        for again in alone {
            self.fill(again.port, again.passes, again.copy, &again.frame);
            self.run_whole(sw, t, sink);
        }
    }

    /// Takes all frames but the first out of the vector.
    #[cold]
    fn take_all_but_first(&mut self) -> Vec<Again> {
        let n = self.filled;
        self.admit(0, n);
        self.filled = n.min(1);
        let take = |slot: usize| {
            let p = &self.packets[slot];
            let frame = self.frames.of(slot, p).to_vec();
            Again { port: p.port, passes: p.passes, copy: p.copy, frame }
        };
        (1..n).map(take).collect()
    }

    /// Runs the vector, then what it looped back.
    fn run_whole<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, t: &mut T, sink: &mut S) {
        self.run_vector(sw, t, sink);
        self.run_again(sw, t, sink);
    }

    /// Runs what loops back until nothing does.
    fn run_again<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, t: &mut T, sink: &mut S) {
        while !self.again.is_empty() {
            let rest = self.again.split_off(self.again.len().min(VECTOR));
            for again in std::mem::replace(&mut self.again, rest) {
                self.fill(again.port, again.passes, again.copy, &again.frame);
            }
            self.run_vector(sw, t, sink);
        }
    }

    /// Runs the vector: plain frames by the express lane where nobody watches, the others through the stages.
    fn run_vector<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, t: &mut T, sink: &mut S) {
        let n = std::mem::take(&mut self.filled);
        sw.plane.balance.received += n as u64;
        if T::ON {
            self.run_stages(sw, 0, n, t, sink);
        } else {
            self.express(sw, n, t, sink);
        }
    }

    /// Runs packets of the vector through the stages.
    fn run_stages<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        from: usize,
        to: usize,
        t: &mut T,
        sink: &mut S,
    ) {
        self.admit(from, to);
        self.first = from;
        self.limit = to;
        self.pending[Node::PortIn as usize] = span(from, to);
        self.active = 1 << Node::PortIn as u32;
        loop {
            self.dispatch(sw, t, sink);
            self.finish(sw, t, sink);
            if self.limit == to {
                break;
            }
            self.first = self.limit;
            self.limit = to;
            self.pending = std::mem::take(&mut self.resume);
            self.active = (0..Node::COUNT).filter(|&k| self.pending[k] != 0).fold(0, |m, k| m | 1 << k);
        }
    }

    /// Runs stages, the earliest first, until no packet waits for one.
    #[inline(always)]
    fn dispatch<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, t: &mut T, sink: &mut S) {
        while self.active != 0 {
            let k = self.active.trailing_zeros() as usize;
            self.active &= self.active - 1;
            let work = Work(std::mem::take(&mut self.pending[k]));
            if T::ON {
                for i in work {
                    t.event(&self.packets[self.slot(i)], Event::Stage(Node::ALL[k]));
                }
            }
            match Node::ALL[k] {
                Node::PortIn => port::input::run(sw, self, work, t),
                Node::PreIngressAcl => acl::pre_ingress(sw, self, work, t),
                Node::L2In => bridge::input::run(sw, self, work, t),
                Node::MyMac => router::my_mac(sw, self, work, t),
                Node::Route => router::route(sw, self, work, t),
                Node::Bridge => bridge::forward::run(sw, self, work, t),
                Node::IngressAcl => acl::ingress(sw, self, work, t),
                Node::PostIngressAcl => acl::post_ingress(sw, self, work, t),
                Node::Traps => hostif::traps(sw, self, work, t),
                Node::Rewrite => port::output::rewrite(sw, self, work, t, sink),
                Node::EgressAcl => acl::egress(sw, self, work, t),
                Node::Transmit => port::output::transmit(sw, self, work, t, sink),
            }
        }
    }

    /// Ends the ingress half of the packets that got through it, in order, and runs their egress half.
    #[inline(always)]
    fn finish<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, t: &mut T, sink: &mut S) {
        for i in self.first..self.limit {
            let p = &mut self.packets[i];
            if p.has(flag::PUNT | flag::TAPPED) {
                if p.has(flag::TAPPED) {
                    self.tapped(sw, i, t, sink);
                }
                if self.packets[i].has(flag::PUNT) {
                    self.punt(sw, i, t);
                }
            }
            let p = &mut self.packets[i];
            if let Some(reason) = p.drop {
                self.dropped(sw, i, reason, t);
                continue;
            }
            match p.out {
                Out::BridgePort(bp) => match bridge::egress::check(sw, p, &self.frames, i, bp) {
                    Ok(()) => self.enqueue(sw, i, t, sink),
                    Err(reason) => self.dropped(sw, i, reason, t),
                },
                Out::Port(port) => {
                    p.out_port = port;
                    self.enqueue(sw, i, t, sink);
                }
                Out::Lag(lag) => match lag::select(sw, p, self.frames.of(i, p), lag) {
                    Some(port) => {
                        p.out_port = port;
                        self.enqueue(sw, i, t, sink);
                    }
                    None => {
                        let reason = lag::no_member(p);
                        self.dropped(sw, i, reason, t);
                    }
                },
                Out::Flood | Out::L2mc(_) | Out::Ipmc(_) | Out::List(_) => self.replicate(sw, i, t, sink),
                // Only a packet that was punted and goes nowhere else has neither a reason nor a way out.
                Out::None => debug_assert!(p.has(flag::PUNT), "a packet without a fate"),
            }
        }
        self.run_egress(sw, t, sink);
    }

    /// Sends the packet out by every way that its replication list names.
    #[cold]
    fn replicate<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, i: usize, t: &mut T, sink: &mut S) {
        let mut copies = std::mem::take(&mut self.copies);
        copies.clear();
        match self.packets[i].out {
            Out::Ipmc(_) => {}
            Out::List(entry) => acl::copies(sw, &self.packets[i], entry, &mut copies),
            _ => bridge::flood::copies(sw, &self.packets[i], &mut copies),
        }
        let p = &self.packets[i];
        if p.has(flag::MULTICAST_ROUTED) && !matches!(p.out, Out::List(_)) {
            router::replicate(sw, p, self.frames.of(i, p), &mut copies);
        }
        if copies.is_empty() {
            let found = matches!(self.packets[i].out, Out::L2mc(_)) && !self.packets[i].has(flag::FLOODED);
            let reason = if found { DropReason::FdbMcDiscard } else { DropReason::NoFloodMember };
            self.dropped(sw, i, reason, t);
        }
        let queue = port::queue::of_copy(&sw.profile.chip, self.packets[i].queue);
        let last = copies.len().wrapping_sub(1);
        for (k, copy) in copies.iter().enumerate() {
            // The packet itself goes last, so that the copies still find it as it came in.
            let slot = if k == last { i } else { self.copy_of(sw, i, t) };
            let p = &mut self.packets[slot];
            p.domain = copy.domain;
            p.out_rif = copy.rif;
            p.out_bridge_port = copy.bridge_port;
            if copy.rif != NONE {
                p.flags |= flag::ROUTED;
                p.adjacency = copy.adjacency;
            }
            p.queue = queue;
            p.out_state = bridge::egress::state_in(sw, copy.domain, copy.bridge_port);
            let port = match copy.to {
                bridge::Target::Port(port) => Some(port),
                bridge::Target::Lag(lag) => lag::select(sw, p, self.frames.of(slot, p), lag),
                bridge::Target::None => None,
            };
            match port {
                Some(port) => {
                    p.out_port = port;
                    p.flags |= flag::RESOLVED;
                    self.enqueue(sw, slot, t, sink);
                }
                None => {
                    let reason = lag::no_member(&self.packets[slot]);
                    self.dropped(sw, slot, reason, t);
                }
            }
        }
        self.copies = copies;
    }

    /// Copies a packet into the slot of the next place in the egress vector.
    fn copy_of<T: Tracer>(&mut self, sw: &mut Switch, i: usize, t: &mut T) -> usize {
        sw.plane.balance.replicas += 1;
        let slot = (VECTOR + self.egress_len) % SLOTS;
        self.packets.copy_within(i..=i, slot);
        self.next_copy += 1;
        let of = self.packets[i].copy;
        let p = &mut self.packets[slot];
        let (from, head) = (usize::from(p.start), usize::from(p.head).min(HEAD));
        self.frames.copy(i, from..from + head, slot);
        if usize::from(p.head) > head {
            p.tail = i as u16;
            p.tail_start = (from + head) as u16;
        }
        p.start = HEADROOM as u16;
        p.head = head as u16;
        p.flags = p.flags & !flag::PUNT | flag::COPY;
        p.copy = self.next_copy;
        if T::ON {
            t.event(p, Event::CopyOf(of));
        }
        slot
    }

    /// Puts a packet whose egress port is known into its queue; with ideal timing it leaves at once.
    #[inline(always)]
    fn enqueue<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, slot: usize, t: &mut T, sink: &mut S) {
        if sw.ports.isolates && port::keeps_apart(sw, &self.packets[slot]) {
            return self.dropped(sw, slot, DropReason::Isolation, t);
        }
        if sw.qos.leaving {
            let p = &mut self.packets[slot];
            let interface = sw.router.leaves_by(p);
            sw.qos.leave(&sw.profile.chip, interface, p, t);
        }
        if sw.ports.timed {
            return self.enqueue_timed(sw, slot, t, sink);
        }
        self.slots[self.egress_len] = slot as u8;
        self.egress_len += 1;
        if self.egress_len == VECTOR {
            self.run_egress(sw, t, sink);
        }
    }

    #[inline(always)]
    fn run_egress<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, t: &mut T, sink: &mut S) {
        if self.egress_len == 0 {
            return;
        }
        let n = std::mem::take(&mut self.egress_len);
        self.pending[Node::Rewrite as usize] = if n == VECTOR { u64::MAX } else { (1 << n) - 1 };
        self.active = 1 << Node::Rewrite as u32;
        self.dispatch(sw, t, sink);
        if !self.samples.is_empty() {
            // What was sampled at egress and dropped after.
            let done = &self.slots[..n];
            self.samples.retain(|s| !done.contains(&s.0));
        }
        self.slots = std::array::from_fn(|i| i as u8);
    }

    /// Counts the end of a packet that is dropped.
    fn dropped<T: Tracer>(&mut self, sw: &mut Switch, slot: usize, reason: DropReason, t: &mut T) {
        count_drop(sw, &self.packets[slot], reason, t);
    }

    /// Gives a copy to the CPU. A packet that is trapped goes nowhere else.
    #[cold]
    fn punt<T: Tracer>(&mut self, sw: &mut Switch, i: usize, t: &mut T) {
        let p = &self.packets[i];
        if p.drop.is_some() || p.out != Out::None {
            sw.plane.balance.replicas += 1;
        }
        let packet = self.packets[i];
        let frame = self.whole(i);
        mirror::give_to_host(sw, &packet, &frame, self.now, t);
    }

    #[inline(always)]
    fn slot(&self, i: usize) -> usize {
        self.slots[i % VECTOR] as usize % SLOTS
    }

    /// The time, in nanoseconds of the world's clock: the same for the whole vector.
    #[inline(always)]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// A packet and the bytes of its frame (of a long copy: the first [`HEAD`] of them).
    #[inline(always)]
    pub fn packet(&mut self, i: usize) -> (&mut Packet, &mut [u8]) {
        let slot = self.slot(i);
        let p = &mut self.packets[slot];
        let frame = self.frames.of_mut(slot, p);
        (p, frame)
    }

    /// A packet alone, where the bytes do not matter.
    #[inline(always)]
    pub fn meta(&mut self, i: usize) -> &mut Packet {
        let slot = self.slot(i);
        &mut self.packets[slot]
    }

    /// A packet, to be read alone.
    #[inline(always)]
    pub fn peek(&self, i: usize) -> &Packet {
        &self.packets[self.slot(i)]
    }

    /// Gives a copy of a packet in the egress half to the CPU, as it leaves.
    #[cold]
    pub(crate) fn punt_copy<T: Tracer>(&mut self, sw: &mut Switch, i: usize, t: &mut T) {
        sw.plane.balance.replicas += 1;
        let (head, tail) = self.frame(i);
        let (packet, frame) = (*self.peek(i), [head, tail].concat());
        mirror::give_to_host(sw, &packet, &frame, self.now, t);
    }

    /// The bytes of a frame: what stands in its own buffer, and the rest that copies share.
    #[inline(always)]
    pub fn frame(&self, i: usize) -> (&[u8], &[u8]) {
        let slot = self.slot(i);
        let p = &self.packets[slot];
        let head = self.frames.of(slot, p);
        if p.head == p.len {
            return (head, &[]);
        }
        let rest = usize::from(p.len) - usize::from(p.head);
        (head, &self.frames.slot(p.tail as usize)[p.tail_start as usize..][..rest])
    }

    /// Grows a frame at its front and answers it from its new start.
    ///
    /// # Panics
    /// When the headroom is used up.
    pub fn push_front(&mut self, i: usize, bytes: usize) -> &mut [u8] {
        let slot = self.slot(i);
        let p = &mut self.packets[slot];
        p.start = p.start.checked_sub(bytes as u16).expect("headroom is left");
        p.head += bytes as u16;
        p.len += bytes as u16;
        self.frames.of_mut(slot, p)
    }

    /// Takes bytes off the front of a frame, no more than its own buffer has.
    pub fn pop_front(&mut self, i: usize, bytes: usize) {
        let slot = self.slot(i);
        let p = &mut self.packets[slot];
        let bytes = (bytes as u16).min(p.head);
        p.start += bytes;
        p.head -= bytes;
        p.len -= bytes;
    }

    /// Sends a packet to a stage.
    #[inline(always)]
    pub fn send(&mut self, i: usize, node: Node) {
        self.pending[node as usize] |= 1 << i;
        self.active |= 1 << node as u32;
    }

    /// Sends a packet whose way is decided to the next stage after `from` that is in use; with none it
    /// leaves the ingress half. Traps are passed over where none takes the packet.
    #[inline(always)]
    pub fn onward(&mut self, sw: &Switch, i: usize, from: Node) {
        const TRAPS: u32 = 1 << Node::Traps as u32;
        let mut later = sw.plane.stages & (u32::MAX << (from as u32 + 1)) & Node::AFTER_LOOKUP;
        if later & later.wrapping_neg() == TRAPS && !hostif::may_match(self.meta(i)) {
            later &= !TRAPS;
        }
        if later != 0 {
            self.pending[later.trailing_zeros() as usize] |= 1 << i;
            self.active |= later & later.wrapping_neg();
        }
    }

    /// Drops a packet for good: nothing after this sees it.
    #[inline(always)]
    pub fn drop(&mut self, i: usize, reason: DropReason) {
        let (p, _) = self.packet(i);
        p.drop = Some(reason);
    }

    /// Decides to drop a packet, which ACLs and traps still see and may overrule.
    #[inline(always)]
    pub fn deny(&mut self, sw: &Switch, i: usize, reason: DropReason, from: Node) {
        self.drop(i, reason);
        self.onward(sw, i, from);
    }

    /// Whether the packet may change what packets read, where one before it may still read that
    /// (`awaited`). If not it was cut off with all after it, to be looked at by `node` once those before it are
    /// through; the caller stops work on the list.
    #[inline(always)]
    pub fn may_change(&mut self, i: usize, awaited: bool, node: Node) -> bool {
        self.may(Change::Any, i, awaited, node)
    }

    /// As [`may_change`](Self::may_change) where the packet only adds what is not there yet.
    #[inline(always)]
    pub fn may_add(&mut self, i: usize, awaited: bool, node: Node) -> bool {
        self.may(Change::Added, i, awaited, node)
    }

    #[inline(always)]
    fn may(&mut self, change: Change, i: usize, awaited: bool, node: Node) -> bool {
        if i == self.first || !awaited {
            self.changed = self.changed.max(change);
            return true;
        }
        self.cut(i, node);
        false
    }

    /// Lets a packet run alone: those after it wait, to be looked at by `node` once it is through. `false` where
    /// those before it are not through yet: then it waits too, and the caller stops work on the list.
    #[cold]
    pub(crate) fn isolate(&mut self, i: usize, node: Node) -> bool {
        let first = i == self.first;
        let next = if first { i + 1 } else { i };
        if next < self.limit {
            self.cut(next, node);
        }
        first
    }

    /// The packets of the vector that come before one and are not through yet.
    #[inline]
    pub(crate) fn before(&self, i: usize) -> &[Packet] {
        &self.packets[self.first..i.max(self.first)]
    }

    #[cold]
    fn cut(&mut self, i: usize, node: Node) {
        let high = u64::MAX << i;
        let mut waiting = 0;
        for k in 0..Node::COUNT {
            self.resume[k] |= self.pending[k] & high;
            waiting |= self.resume[k];
            self.pending[k] &= !high;
            if self.pending[k] == 0 {
                self.active &= !(1 << k);
            }
        }
        // Those after it on the list that runs go on at the same stage.
        let all = if self.limit == VECTOR { u64::MAX } else { (1 << self.limit) - 1 };
        let ended = (i..self.limit)
            .filter(|&k| {
                // One for the CPU alone waits for its trap.
                let p = &self.packets[k];
                p.drop.is_some() || p.out != Out::None
            })
            .fold(0u64, |m, k| m | 1 << k);
        self.resume[node as usize] |= high & all & !waiting & !ended;
        self.limit = i;
    }

    /// Brings a packet back to an ingress stage after it was decapsulated; drops one that comes too often.
    pub fn recirculate(&mut self, i: usize, node: Node) {
        let (p, _) = self.packet(i);
        p.passes += 1;
        if p.passes >= MAX_PASSES {
            p.drop = Some(DropReason::RecirculationLimit);
        } else {
            self.send(i, node);
        }
    }

    /// Brings a frame that leaves a port back in by that port.
    pub(crate) fn loop_back(&mut self, i: usize, port: u16) -> Result<(), DropReason> {
        let passes = self.packet(i).0.passes + 1;
        if passes >= MAX_PASSES {
            return Err(DropReason::RecirculationLimit);
        }
        let copy = self.packet(i).0.copy;
        let (head, tail) = self.frame(i);
        let frame = [head, tail].concat();
        self.again.push(Again { port, passes, copy, frame });
        Ok(())
    }

    /// Ends a packet in the egress half.
    pub(crate) fn drop_out<T: Tracer>(&mut self, sw: &mut Switch, i: usize, reason: DropReason, t: &mut T) {
        let slot = self.slot(i);
        self.dropped(sw, slot, reason, t);
    }
}

/// Where a port loops back, what it sends is due before the next packet; and where copies of packets depend on those
/// made before, or one policer meters packets in several stages, packets go one by one.
#[inline(always)]
fn takes_one_by_one(sw: &Switch) -> bool {
    sw.ports.loops || sw.mirrors.one_by_one || sw.policers.one_by_one
}

/// The packets of a vector from one on, before another.
const fn span(from: usize, to: usize) -> u64 {
    let below = if to == VECTOR { u64::MAX } else { (1 << to) - 1 };
    below & u64::MAX << from
}

/// Counts a discard wherever it shows: at the port, its VLAN or bridge, the interface, in debug counters.
fn count_discard(sw: &mut Switch, p: &Packet, reason: DropReason) {
    let port = if reason.side() == Side::In || p.out_port == NONE { p.port } else { p.out_port };
    if let Some(port) = sw.ports.counters.get_mut(port as usize) {
        port.count_drop(p, reason);
    }
    sw.debug.count(reason, port);
    if reason == DropReason::OutL3EgressLinkDown {
        // SAI has a reason of each side for it.
        sw.debug.count(DropReason::L3EgressLinkDown, p.port);
    }
    bridge::count_drop(sw, p, reason);
    router::rif::count_drop(sw, p, reason);
}

/// Counts the end of a packet that is dropped.
fn count_drop<T: Tracer>(sw: &mut Switch, p: &Packet, reason: DropReason, t: &mut T) {
    sw.plane.balance.dropped += 1;
    if reason.is_discard() {
        count_discard(sw, p, reason);
    }
    if T::ON {
        t.event(p, Event::End(Fate::Dropped(reason)));
    }
}
