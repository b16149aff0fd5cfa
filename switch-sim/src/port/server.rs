//! Ports as servers, with the profile's timing `wire`: a port sends one frame at a time at its speed, and what
//! cannot leave yet waits in the queue that it goes by, which is bounded.
//!
//! A port takes the next frame from its queues in turn: SAI's default scheduling is round robin with equal weights.
//! With the timing `ideal` nothing of this exists: a frame leaves when it is forwarded.

use std::collections::VecDeque;

use crate::pipeline::Packet;
use crate::pipeline::packet::wire_len;

/// Preamble and inter-packet gap (802.3): what a frame takes on the wire beyond its own bytes.
pub const GAP: u64 = 20;

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
    /// The queue whose turn it is.
    turn: usize,
    /// All queues together.
    level: Level,
}

/// The ports of a switch as servers, by their slot.
#[derive(Debug, Default)]
pub struct Servers {
    servers: Vec<Server>,
    /// Bytes that wait at any port.
    bytes: u64,
}

impl Servers {
    /// Whether a port may send a frame now.
    pub(crate) fn is_free(&self, port: u16, now: u64) -> bool {
        self.servers.get(usize::from(port)).is_none_or(|s| s.next_free <= now && s.level.packets == 0)
    }

    /// A port of this speed in Mbps sends a frame of this size now.
    pub(crate) fn sends(&mut self, port: u16, now: u64, size: u64, speed: u32) {
        let server = self.server(port);
        let bits = (size + GAP) * 8;
        server.next_free = now + (bits * 1000).div_ceil(u64::from(speed.max(1)));
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
        let at = usize::from(packet.queue);
        if server.queues.len() <= at {
            server.queues.resize_with(at + 1, Queue::default);
        }
        let queue = &mut server.queues[at];
        queue.held.push_back(Held { packet, frame, since: now });
        for level in [&mut queue.level, &mut server.level] {
            level.packets += 1;
            level.bytes += size;
            level.most_bytes = level.most_bytes.max(level.bytes);
        }
    }

    /// When the next packet that waits may leave, and by which port: the first of those that come first.
    pub(crate) fn deadline(&self) -> Option<(u64, u16)> {
        if self.bytes == 0 {
            return None;
        }
        let waiting = self.servers.iter().enumerate().filter(|(_, s)| s.level.packets > 0);
        waiting.map(|(port, s)| (s.next_free, port as u16)).min()
    }

    /// Takes the next packet of a port.
    pub(crate) fn take(&mut self, port: u16, now: u64) -> Option<Held> {
        let server = self.servers.get_mut(usize::from(port))?;
        let n = server.queues.len();
        let next = (0..n).map(|k| (server.turn + k) % n).find(|at| !server.queues[*at].held.is_empty())?;
        server.turn = next + 1;
        let queue = &mut server.queues[next];
        let held = queue.held.pop_front()?;
        let size = wire_len(held.frame.len());
        for level in [&mut queue.level, &mut server.level] {
            level.packets -= 1;
            level.bytes -= size;
            level.longest = level.longest.max(now.saturating_sub(held.since));
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
