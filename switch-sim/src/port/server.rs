//! Ports as servers, with the profile's timing `wire`: a port sends one frame at a time at its speed, and what
//! cannot leave yet waits in the queue that it goes by, which is bounded.
//!
//! Which queue a port takes the next frame from, their schedulers say: a strict one before all others, that with the
//! highest index first; the others in turn, each for so many packets or bytes as its weight allows. Without a
//! scheduler queues take turns by packets with equal weights, SAI's default.
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

/// How a queue is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Before all that are not.
    Strict,
    /// In turn, for so many packets.
    Packets(u8),
    /// In turn, for so many times [`QUANTUM`] bytes; what it does not use since its next frame is longer it has in its
    /// next turn (deficit round robin).
    Bytes(u8),
}

/// The most that a queue or a port sends in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Bytes or packets a second; 0 for no limit.
    pub rate: u64,
    /// How many it may send at once beyond one frame.
    pub burst: u64,
    /// Packets count, not bytes.
    pub packets: bool,
}

impl Rate {
    /// The nanoseconds that so many bytes or packets take.
    fn time(self, units: u64) -> u64 {
        let time = u128::from(units) * 1_000_000_000 / u128::from(self.rate.max(1));
        time.try_into().unwrap_or(u64::MAX)
    }
}

/// A limit, and when it is kept.
#[derive(Debug, Default)]
struct Limit {
    rate: Rate,
    /// From when on the next frame may be sent.
    from: u64,
}

impl Limit {
    fn set(&mut self, rate: Rate) {
        if self.rate != rate {
            *self = Limit { rate, from: 0 };
        }
    }

    fn sends(&mut self, now: u64, size: u64) {
        if self.rate.rate != 0 {
            let saved = now.saturating_sub(self.rate.time(self.rate.burst));
            let cost = self.rate.time(if self.rate.packets { 1 } else { size });
            self.from = self.from.max(saved).saturating_add(cost);
        }
    }
}

/// The bytes for which a weight of one stands.
pub(crate) const QUANTUM: u64 = 512;

#[derive(Debug)]
struct Queue {
    held: VecDeque<Held>,
    level: Level,
    schedule: Schedule,
    limit: Limit,
    /// Packets or bytes that are left to it in its turn.
    credit: u64,
}

impl Default for Queue {
    fn default() -> Queue {
        let (held, level) = (VecDeque::new(), Level::default());
        Queue { held, level, schedule: Schedule::Packets(1), limit: Limit::default(), credit: 0 }
    }
}

impl Queue {
    /// Whether its next frame may be sent, if the port is free.
    fn is_ready(&self, now: u64) -> bool {
        !self.held.is_empty() && self.limit.from <= now
    }

    /// Its turn begins.
    fn grant(&mut self) {
        match self.schedule {
            Schedule::Strict => self.credit = 0,
            Schedule::Packets(weight) => self.credit = weight.into(),
            Schedule::Bytes(weight) => self.credit += u64::from(weight) * QUANTUM,
        }
    }

    /// Whether it sends in its turn, which that is charged to.
    fn spend(&mut self) -> bool {
        let cost = match (self.schedule, self.held.front()) {
            (Schedule::Packets(_), Some(_)) => 1,
            (Schedule::Bytes(_), Some(held)) => wire_len(held.frame.len()),
            _ => {
                self.credit = 0;
                return false;
            }
        };
        let sends = cost <= self.credit;
        self.credit -= if sends { cost } else { 0 };
        sends
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
    /// The queue whose turn it is.
    turn: usize,
    /// Its turn has begun.
    granted: bool,
    /// All queues together.
    level: Level,
    limit: Limit,
}

impl Server {
    /// When a frame that waits may be sent; `None` where none waits.
    fn next_at(&self) -> Option<u64> {
        let waiting = self.queues.iter().filter(|q| !q.held.is_empty());
        Some(waiting.map(|q| q.limit.from).min()?.max(self.next_free).max(self.limit.from))
    }

    /// The queue that sends next.
    fn next(&mut self, now: u64) -> Option<usize> {
        if !self.queues.iter().any(|q| q.is_ready(now)) {
            return None;
        }
        let waits = |q: &Queue| q.schedule == Schedule::Strict && q.is_ready(now);
        if let Some(strict) = self.queues.iter().rposition(waits) {
            return Some(strict);
        }
        // Somebody is ready, and gets more with every turn.
        loop {
            let queue = self.queues.get_mut(self.turn)?;
            // A queue that has to wait for its rate loses its turn, not what it has saved.
            if queue.held.is_empty() || queue.is_ready(now) {
                if !std::mem::replace(&mut self.granted, true) {
                    queue.grant();
                }
                if queue.spend() {
                    return Some(self.turn);
                }
            }
            (self.turn, self.granted) = ((self.turn + 1) % self.queues.len(), false);
        }
    }

    fn queue(&mut self, at: u8) -> &mut Queue {
        let at = usize::from(at);
        if self.queues.len() <= at {
            self.queues.resize_with(at + 1, Queue::default);
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
}

impl Servers {
    /// Whether a port may send a frame of a queue now.
    pub(crate) fn is_free(&self, port: u16, queue: u8, now: u64) -> bool {
        let Some(server) = self.servers.get(usize::from(port)) else { return true };
        let own = server.queues.get(usize::from(queue));
        server.next_free.max(server.limit.from) <= now
            && own.is_none_or(|q| q.held.is_empty() && q.limit.from <= now)
            && !server.queues.iter().any(|q| q.is_ready(now))
    }

    /// A port of this speed in Mbps sends a frame of this size and queue now.
    pub(crate) fn sends(&mut self, port: u16, queue: u8, now: u64, size: u64, speed: u32) {
        let server = self.server(port);
        server.limit.sends(now, size);
        if let Some(queue) = server.queues.get_mut(usize::from(queue)) {
            queue.limit.sends(now, size);
        }
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
        server.queue(packet.queue).held.push_back(Held { packet, frame, since: now });
        let of_queue = &mut server.queues[usize::from(packet.queue)].level;
        for level in [of_queue, &mut server.level] {
            level.packets += 1;
            level.bytes += size;
            level.most_bytes = level.most_bytes.max(level.bytes);
        }
    }

    /// How a queue of a port is served from now on.
    pub(crate) fn schedule(&mut self, port: u16, queue: u8, schedule: Schedule, rate: Rate) {
        let queue = self.server(port).queue(queue);
        (queue.schedule, queue.credit) = (schedule, 0);
        queue.limit.set(rate);
    }

    /// The most that a port sends from now on.
    pub(crate) fn shape(&mut self, port: u16, rate: Rate) {
        if rate != Rate::default() || usize::from(port) < self.servers.len() {
            self.server(port).limit.set(rate);
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
        let next = server.next(now)?;
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
