//! Ports as servers, with the profile's timing `wire`: a port sends one frame at a time at its speed, and what
//! cannot leave yet waits in the queue that it goes by, which is bounded.
//!
//! Which queue a port takes the next frame from, the tree of its scheduler groups and queues says. Without any
//! scheduler queues take turns by packets with equal weights, SAI's default.
//! With the timing `ideal` nothing of this exists: a frame leaves when it is forwarded.

mod buffer;
mod flow;
mod rate;
mod red;
mod tree;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, NONE, Packet};
use crate::port::queue::count_by_color;
use crate::profile::Chip;
use crate::random::Random;

use buffer::{Account, Pool, Room};
pub use buffer::{Level, Marks};
pub(crate) use buffer::{Limit, Mark, Share};
use flow::Teller;
pub(crate) use flow::{Flow, Word};
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
    account: Account,
    /// Until when it pauses.
    paused: u64,
    /// What drops or marks packets early.
    red: Option<Arc<Red>>,
    average: Average,
}

impl Queue {
    /// Whether its next frame may be sent, if nothing above it holds it back.
    fn is_ready(&self, now: u64) -> bool {
        !self.held.is_empty() && self.paused <= now
    }
}

/// Whose level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// All queues of a port.
    Port(u16),
    /// A queue of a port.
    Queue(u16, u8),
    /// A priority group of a port: what came in by it.
    Group(u16, u8),
    /// A buffer pool.
    Pool(u16),
}

/// The port and priority group that a packet came in by, if it did.
fn came_by(p: &Packet) -> Option<(u16, u8)> {
    (p.port != NONE && !p.has(flag::FROM_HOST | flag::MIRRORED)).then_some((p.port, p.group))
}

#[derive(Debug, Default)]
struct Server {
    /// When it may send the next frame.
    next_free: u64,
    queues: Vec<Queue>,
    tree: Tree,
    /// All queues together.
    level: Level,
    /// Its priority groups.
    groups: Vec<Account>,
    flow: Flow,
    /// Until when it pauses.
    paused: u64,
    teller: Teller,
}

impl Server {
    /// When it has something to send: a word to its partner, or a frame that waits.
    fn next_at(&self) -> Option<u64> {
        let waiting = self.queues.iter().zip(0..).filter(|(q, _)| !q.held.is_empty());
        let frame = waiting.map(|(q, at)| self.tree.opens(at).max(q.paused)).min();
        let word = Some(self.teller.at).filter(|at| *at != u64::MAX);
        let first = frame.map(|at| at.max(self.paused)).into_iter().chain(word).min()?;
        Some(first.max(self.next_free))
    }

    /// What its priority groups hold has changed.
    fn look(&mut self, group: u8, pools: &[Pool], now: u64) {
        self.group(group).watch(pools);
        self.teller.look(&self.flow, &self.groups, now);
    }

    fn queue(&mut self, at: u8) -> &mut Queue {
        let at = usize::from(at);
        if self.queues.len() <= at {
            self.queues.resize_with(at + 1, Queue::default);
            self.tree.grow(at + 1);
        }
        &mut self.queues[at]
    }

    fn group(&mut self, at: u8) -> &mut Account {
        let at = usize::from(at);
        if self.groups.len() <= at {
            self.groups.resize(at + 1, Account::default());
        }
        &mut self.groups[at]
    }
}

fn of(servers: &mut Vec<Server>, port: u16) -> &mut Server {
    let at = usize::from(port);
    if servers.len() <= at {
        servers.resize_with(at + 1, Server::default);
    }
    &mut servers[at]
}

/// The ports of a switch as servers, by their slot.
#[derive(Debug, Default)]
pub struct Servers {
    servers: Vec<Server>,
    /// Buffer pools, by their slot.
    pools: Vec<Pool>,
    /// Bytes that wait at any port.
    bytes: u64,
    /// Whether any port may have something to tell its partner.
    speaks: bool,
    /// Which packets are dropped or marked early.
    chance: Random,
}

impl Servers {
    /// Whether a port may send a frame of a queue now.
    pub(crate) fn is_free(&self, port: u16, queue: u8, now: u64) -> bool {
        let Some(server) = self.servers.get(usize::from(port)) else { return true };
        let own = server.queues.get(usize::from(queue));
        server.next_free.max(server.paused) <= now
            && server.tree.opens(queue) <= now
            && own.is_none_or(|q| q.held.is_empty() && q.paused <= now)
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

    /// Whether a packet that comes to its queue, at a port of this speed in Mbps, is dropped or marked early; `ect` if
    /// it is capable of ECN.
    pub(crate) fn early(&mut self, p: &Packet, ect: bool, now: u64, speed: u32) -> Early {
        let server = self.servers.get_mut(usize::from(p.out_port));
        let Some(queue) = server.and_then(|s| s.queues.get_mut(usize::from(p.queue))) else {
            return Early::Pass;
        };
        let Queue { red: Some(red), average, account, .. } = queue else { return Early::Pass };
        let time = (now, wire_time(MIN_FRAME, speed));
        let early = average.judge(red, (p.color, ect), account.level.bytes, time, &mut self.chance);
        let Some(pool) = account.pool(&mut self.pools) else { return early };
        let of_pool = pool.red.as_ref().map_or(Early::Pass, |red| {
            pool.average.judge(red, (p.color, ect), pool.level.bytes, time, &mut self.chance)
        });
        let early = early.max(of_pool);
        if early == Early::Drop {
            count_by_color(&mut pool.early, p);
        }
        early
    }

    /// Counts a packet that was marked at its pool.
    pub(crate) fn marked(&mut self, p: &Packet) {
        let account = of(&mut self.servers, p.out_port).queue(p.queue).account;
        if let Some(pool) = account.pool(&mut self.pools) {
            count_by_color(&mut pool.marked, p);
        }
    }

    /// Whether a packet has room to wait for its port: in its queue, which without a buffer profile holds as much as the
    /// chip says, in its priority group, and in the chip's buffer. Counts it where it has none.
    pub(crate) fn admit(&mut self, p: &Packet, chip: &Chip) -> Result<(), DropReason> {
        let size = wire_len(p.len());
        let account = &mut of(&mut self.servers, p.out_port).queue(p.queue).account;
        let has_room = match account.terms {
            None => account.level.bytes + size <= chip.queue_size,
            Some(_) => account.room(&self.pools, size) != Room::None,
        };
        if !has_room || self.bytes + size > chip.buffer_size {
            account.lose(&mut self.pools);
            return Err(DropReason::QueueFull);
        }
        let Some((port, group)) = came_by(p) else { return Ok(()) };
        let group = of(&mut self.servers, port).group(group);
        if group.room(&self.pools, size) == Room::None {
            group.lose(&mut self.pools);
            return Err(DropReason::PriorityGroupFull);
        }
        Ok(())
    }

    /// Lets a packet wait for its port.
    pub(crate) fn hold(&mut self, packet: Packet, frame: Vec<u8>, now: u64) {
        let size = wire_len(frame.len());
        self.bytes += size;
        if let Some((port, group)) = came_by(&packet) {
            let server = of(&mut self.servers, port);
            server.group(group).take(&mut self.pools, size);
            server.look(group, &self.pools, now);
        }
        let server = of(&mut self.servers, packet.out_port);
        server.level.add(size);
        let queue = server.queue(packet.queue);
        queue.account.take(&mut self.pools, size);
        queue.held.push_back(Held { packet, frame, since: now });
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
        if self.bytes == 0 && !self.speaks {
            return None;
        }
        let ports = self.servers.iter().zip(0u16..);
        ports.filter_map(|(server, port)| Some((server.next_at()?, port))).min()
    }

    /// Takes the next packet of a port.
    pub(crate) fn take(&mut self, port: u16, now: u64) -> Option<Held> {
        let server = self.servers.get_mut(usize::from(port)).filter(|s| s.paused <= now)?;
        let next = server.tree.next(&server.queues, now)?;
        let queue = &mut server.queues[usize::from(next)];
        let held = queue.held.pop_front()?;
        let size = wire_len(held.frame.len());
        let time = (held.since, now);
        queue.account.give(&mut self.pools, size, time);
        server.level.sub(size, now.saturating_sub(held.since));
        if queue.held.is_empty() {
            queue.average.idle = now;
        }
        self.bytes -= size;
        if let Some((port, group)) = came_by(&held.packet) {
            let server = of(&mut self.servers, port);
            server.group(group).give(&mut self.pools, size, time);
            server.look(group, &self.pools, now);
        }
        Some(held)
    }

    /// What a queue or priority group may hold from now on; nothing for what the chip allows.
    pub(crate) fn provide(&mut self, whose: Of, share: Option<Share>, now: u64) {
        let account = match whose {
            Of::Queue(port, at) => &mut self.server(port).queue(at).account,
            Of::Group(port, at) => self.server(port).group(at),
            Of::Port(_) | Of::Pool(_) => return,
        };
        if account.terms != share {
            account.terms = share;
            self.total(now);
        }
    }

    /// The size of a pool from now on, its part that is headroom for all, and what drops or marks packets early.
    pub(crate) fn set_pool(&mut self, pool: u16, size: [u64; 2], red: Option<Arc<Red>>, now: u64) {
        let at = usize::from(pool);
        if self.pools.len() <= at {
            self.pools.resize_with(at + 1, Pool::default);
        }
        let pool = &mut self.pools[at];
        ([pool.size, pool.headroom], pool.red) = (size, red);
        self.total(now);
    }

    /// A pool is no more.
    pub(crate) fn forget_pool(&mut self, pool: u16) {
        if let Some(pool) = self.pools.get_mut(usize::from(pool)) {
            *pool = Pool::default();
        }
    }

    /// A pool.
    pub(crate) fn pool(&self, pool: u16) -> Option<&Pool> {
        self.pools.get(usize::from(pool))
    }

    /// Sums up again what is reserved and taken of each pool.
    fn total(&mut self, now: u64) {
        for pool in &mut self.pools {
            pool.reserved = 0;
            pool.level = Level { most: pool.level.most, ..Level::default() };
        }
        for server in &mut self.servers {
            let accounts = server.queues.iter_mut().map(|q| &mut q.account).chain(&mut server.groups);
            accounts.for_each(|a| a.total(&mut self.pools));
        }
        for server in &mut self.servers {
            server.groups.iter_mut().for_each(|g| g.watch(&self.pools));
            server.teller.look(&server.flow, &server.groups, now);
        }
    }

    /// Packets that found no room in a priority group.
    pub(crate) fn lost(&self, port: u16, group: u8) -> u64 {
        let server = self.servers.get(usize::from(port));
        server.and_then(|s| s.groups.get(usize::from(group))).map_or(0, |g| g.dropped)
    }

    /// How full something is.
    pub fn level(&self, of: Of) -> Level {
        let server = |port: u16| self.servers.get(usize::from(port));
        let level = match of {
            Of::Port(port) => server(port).map(|s| s.level),
            Of::Queue(port, at) => {
                server(port).and_then(|s| s.queues.get(usize::from(at))).map(|q| q.account.level)
            }
            Of::Group(port, at) => server(port).and_then(|s| s.groups.get(usize::from(at))).map(|g| g.level),
            Of::Pool(pool) => self.pool(pool).map(|p| p.level),
        };
        level.unwrap_or_default()
    }

    /// Lets a mark begin anew.
    pub(crate) fn clear(&mut self, whose: Of, mark: Mark) {
        match whose {
            Of::Port(port) => self.server(port).level.clear(mark),
            Of::Queue(port, at) => self.server(port).queue(at).account.level.clear(mark),
            Of::Group(port, at) => self.server(port).group(at).level.clear(mark),
            Of::Pool(pool) => {
                self.pools.get_mut(usize::from(pool)).into_iter().for_each(|p| p.level.clear(mark))
            }
        }
    }

    fn server(&mut self, port: u16) -> &mut Server {
        of(&mut self.servers, port)
    }
}
