//! Ports as servers, with the profile's timing `wire`: a port sends one frame at a time at its speed, and what
//! cannot leave yet waits in the queue that it goes by, which is bounded.
//!
//! Which queue a port takes the next frame from, the tree of its scheduler groups and queues says. Without any
//! scheduler queues take turns by packets with equal weights, SAI's default.
//! With the timing `ideal` nothing of this exists: a frame leaves when it is forwarded.

mod rate;
mod red;
mod tree;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::pipeline::Packet;
use crate::pipeline::packet::wire_len;
use crate::random::Random;

pub(crate) use rate::Rate;
use red::Average;
pub(crate) use red::{Curve, Early, Red};
use tree::Tree;
pub(crate) use tree::{Branch, Schedule, Terms};

/// Preamble and inter-packet gap (802.3): what a frame takes on the wire beyond its own bytes.
pub const GAP: u64 = 20;
/// The size of the shortest frame (802.3).
const MIN_FRAME: u64 = 64;

/// The nanoseconds that a frame of this size takes on a wire of so many Mbps.
fn wire_time(size: u64, speed: u32) -> u64 {
    ((size + GAP) * 8 * 1000).div_ceil(speed.max(1).into())
}

/// A packet that waits for its port.
#[derive(Debug)]
pub(crate) struct Held {
    pub packet: Packet,
    pub frame: Vec<u8>,
    /// Since when it waits.
    since: u64,
}

#[derive(Debug, Default)]
struct Queue {
    held: VecDeque<Held>,
    level: Level,
    /// What drops or marks packets early.
    red: Option<Arc<Red>>,
    average: Average,
}

impl Queue {
    /// Whether its next frame may be sent, if nothing above it holds it back.
    fn is_ready(&self) -> bool {
        !self.held.is_empty()
    }
}

/// How full a queue is, and was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Packets that wait.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The most bytes that waited since the last clearing.
    pub most_bytes: u64,
    /// The longest that a packet waited since the last clearing, in nanoseconds.
    pub longest: u64,
}

#[derive(Debug, Default)]
struct Server {
    /// When it may send the next frame.
    next_free: u64,
    queues: Vec<Queue>,
    tree: Tree,
    /// All queues together.
    level: Level,
}

impl Server {
    /// When a frame that waits may be sent; `None` where none waits.
    fn next_at(&self) -> Option<u64> {
        let waiting = self.queues.iter().zip(0..).filter(|(q, _)| !q.held.is_empty());
        Some(waiting.map(|(_, at)| self.tree.opens(at)).min()?.max(self.next_free))
    }

    fn queue(&mut self, at: u8) -> &mut Queue {
        let at = usize::from(at);
        if self.queues.len() <= at {
            self.queues.resize_with(at + 1, Queue::default);
            self.tree.grow(at + 1);
        }
        &mut self.queues[at]
    }
}

/// The ports of a switch as servers, by their slot.
#[derive(Debug, Default)]
pub struct Servers {
    servers: Vec<Server>,
    /// Bytes that wait at any port.
    bytes: u64,
    /// Which packets are dropped or marked early.
    chance: Random,
}

impl Servers {
    /// Whether a port may send a frame of a queue now.
    pub(crate) fn is_free(&self, port: u16, queue: u8, now: u64) -> bool {
        let Some(server) = self.servers.get(usize::from(port)) else { return true };
        let own = server.queues.get(usize::from(queue));
        server.next_free <= now
            && server.tree.opens(queue) <= now
            && own.is_none_or(|q| q.held.is_empty())
            && !server.tree.is_ready(&server.queues, now)
    }

    /// A port of this speed in Mbps sends a frame of this size and queue now.
    pub(crate) fn sends(&mut self, port: u16, queue: u8, now: u64, size: u64, speed: u32) {
        let server = self.server(port);
        server.tree.count(queue, now, size);
        server.next_free = now + wire_time(size, speed);
    }

    /// Begins the sequence of chances anew, by this seed.
    pub(crate) fn begin(&mut self, seed: u64) {
        self.chance = Random(seed ^ 0x5745);
    }

    /// What a queue drops or marks early from now on.
    pub(crate) fn detect(&mut self, port: u16, queue: u8, red: Option<Arc<Red>>) {
        self.server(port).queue(queue).red = red;
    }

    /// Whether a packet that comes to a queue of a port of this speed in Mbps is dropped or marked early; its color,
    /// and whether it is capable of ECN.
    pub(crate) fn early(
        &mut self,
        (port, queue): (u16, u8),
        color: u8,
        ect: bool,
        now: u64,
        speed: u32,
    ) -> Early {
        let server = self.servers.get_mut(usize::from(port));
        let Some(queue) = server.and_then(|s| s.queues.get_mut(usize::from(queue))) else {
            return Early::Pass;
        };
        let Queue { red: Some(red), average, level, .. } = queue else { return Early::Pass };
        average.judge(red, (color, ect), level.bytes, (now, wire_time(MIN_FRAME, speed)), &mut self.chance)
    }

    /// Whether a frame of this size has room in a queue of this size and a buffer of this size.
    pub(crate) fn has_room(&self, port: u16, queue: u8, size: u64, (of_queue, of_all): (u64, u64)) -> bool {
        self.level(port, Some(queue)).bytes + size <= of_queue && self.bytes + size <= of_all
    }

    /// Lets a packet wait for its port.
    pub(crate) fn hold(&mut self, packet: Packet, frame: Vec<u8>, now: u64) {
        let size = wire_len(frame.len());
        self.bytes += size;
        let server = self.server(packet.out_port);
        server.queue(packet.queue).held.push_back(Held { packet, frame, since: now });
        let of_queue = &mut server.queues[usize::from(packet.queue)].level;
        for level in [of_queue, &mut server.level] {
            level.packets += 1;
            level.bytes += size;
            level.most_bytes = level.most_bytes.max(level.bytes);
        }
    }

    /// How the queues of a port are served from now on.
    pub(crate) fn plant(&mut self, port: u16, branches: &[Branch]) {
        let server = self.server(port);
        server.tree.plant(branches);
        server.tree.grow(server.queues.len());
    }

    /// Whether a port serves its queues otherwise than in even turns.
    pub(crate) fn is_planted(&self, port: u16) -> bool {
        self.servers.get(usize::from(port)).is_some_and(|s| s.tree.is_planted())
    }

    /// The most that a port sends from now on.
    pub(crate) fn shape(&mut self, port: u16, rate: Rate) {
        if rate != Rate::default() || usize::from(port) < self.servers.len() {
            self.server(port).tree.shape(rate);
        }
    }

    /// When the next packet that waits may leave, and by which port: the first of those that come first.
    pub(crate) fn deadline(&self) -> Option<(u64, u16)> {
        if self.bytes == 0 {
            return None;
        }
        let ports = self.servers.iter().zip(0u16..);
        ports.filter_map(|(server, port)| Some((server.next_at()?, port))).min()
    }

    /// Takes the next packet of a port.
    pub(crate) fn take(&mut self, port: u16, now: u64) -> Option<Held> {
        let server = self.servers.get_mut(usize::from(port))?;
        let next = server.tree.next(&server.queues, now)?;
        let queue = &mut server.queues[usize::from(next)];
        let held = queue.held.pop_front()?;
        let size = wire_len(held.frame.len());
        for level in [&mut queue.level, &mut server.level] {
            level.packets -= 1;
            level.bytes -= size;
            level.longest = level.longest.max(now.saturating_sub(held.since));
        }
        if queue.held.is_empty() {
            queue.average.idle = now;
        }
        self.bytes -= size;
        Some(held)
    }

    /// How full a queue is, or all queues of a port together.
    pub fn level(&self, port: u16, queue: Option<u8>) -> Level {
        let Some(server) = self.servers.get(usize::from(port)) else { return Level::default() };
        match queue {
            None => server.level,
            Some(queue) => server.queues.get(usize::from(queue)).map_or_else(Level::default, |q| q.level),
        }
    }

    /// Lets the marks of a queue, or of a port, begin anew.
    pub(crate) fn clear_marks(&mut self, port: u16, queue: Option<u8>) {
        let Some(server) = self.servers.get_mut(usize::from(port)) else { return };
        let level = match queue {
            None => Some(&mut server.level),
            Some(queue) => server.queues.get_mut(usize::from(queue)).map(|q| &mut q.level),
        };
        if let Some(level) = level {
            (level.most_bytes, level.longest) = (level.bytes, 0);
        }
    }

    fn server(&mut self, port: u16) -> &mut Server {
        let at = usize::from(port);
        if self.servers.len() <= at {
            self.servers.resize_with(at + 1, Server::default);
        }
        &mut self.servers[at]
    }
}
