//! Flow control: PAUSE (802.3, annex 31B), and PAUSE by priority (PFC; 802.1Q, clause 36).
//!
//! A port that is told to pause ends the frame that it sends, and then sends nothing (of the queues that stand for the
//! priorities named) until the time told has passed; a time of 0 lets it go on. A port whose priority groups stand in
//! their headroom tells its partner to pause, tells it again before the time has passed, and tells it to go on once
//! they have room.

use super::buffer::{Account, Pool};
use super::{MIN_FRAME, Servers, wire_time};
use crate::wire::ethernet::MacControl;

/// What a port does about flow control.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Whether it obeys PAUSE, and sends it.
    pub pause: [bool; 2],
    /// The priorities of which it obeys PFC, and of which it sends it, a bit each.
    pub pfc: [u8; 2],
    /// The queue that stands for each priority.
    pub queues: [Option<u8>; 8],
    /// The priority group that stands for each priority.
    pub groups: [Option<u8>; 8],
}

/// What a port tells its partner: the time to pause in units of 512 bit times, of all or by priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Pause(u16),
    Pfc([Option<u16>; 8]),
}

/// As long as can be told.
const LONG: u16 = u16::MAX;

/// The nanoseconds that so many units take at so many Mbps.
fn pause_time(quanta: u16, speed: u32) -> u64 {
    (u64::from(quanta) * 512 * 1000).div_ceil(speed.max(1).into())
}

/// What a partner has been told, and when it is told next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teller {
    /// The priorities that it was told to pause, a bit each; all for PAUSE.
    told: u8,
    /// It was told by PFC.
    by_priority: bool,
    /// [`u64::MAX`] for never.
    pub at: u64,
}

impl Default for Teller {
    fn default() -> Teller {
        Teller { told: 0, by_priority: false, at: u64::MAX }
    }
}

impl Teller {
    /// What a port is to tell, of these groups.
    fn wanted(flow: &Flow, groups: &[Account]) -> u8 {
        let is_full = |group: u8| groups.get(usize::from(group)).is_some_and(|g| g.is_full);
        if flow.pfc[1] != 0 {
            let full = (0..8).filter(|n| flow.groups[*n].is_some_and(is_full));
            return full.map(|n| 1 << n).sum::<u8>() & flow.pfc[1];
        }
        if flow.pause[1] && groups.iter().any(|g| g.is_full) { u8::MAX } else { 0 }
    }

    /// The groups may have changed: what is news is told at once.
    pub fn look(&mut self, flow: &Flow, groups: &[Account], now: u64) {
        if Self::wanted(flow, groups) != self.told {
            self.at = self.at.min(now);
        }
    }

    /// What is told now.
    fn tell(&mut self, flow: &Flow, groups: &[Account], now: u64, speed: u32) -> Option<Word> {
        let wanted = Self::wanted(flow, groups);
        // Who was told to pause in one way is told to go on in the same way.
        let by_priority = if self.told == 0 { flow.pfc[1] != 0 } else { self.by_priority };
        let word = if by_priority == (flow.pfc[1] != 0) { wanted } else { 0 };
        let told = std::mem::replace(&mut self.told, word);
        self.by_priority = by_priority;
        self.at = match (word, wanted) {
            (0, 0) => u64::MAX,
            (0, _) => now,
            // Again when half of the time has passed.
            _ => now + pause_time(LONG, speed) / 2,
        };
        let time = |n: usize| match (word >> n & 1, told >> n & 1) {
            (1, _) => Some(LONG),
            (_, 1) => Some(0),
            _ => None,
        };
        match (word | told, by_priority) {
            (0, _) => None,
            (_, true) => Some(Word::Pfc(std::array::from_fn(time))),
            (_, false) => time(0).map(Word::Pause),
        }
    }
}

impl Account {
    /// Sees whether the partner has to pause: once frames stand in headroom, until none does and no more is taken than
    /// the profile says.
    pub fn watch(&mut self, pools: &[Pool]) {
        let Some((share, pool)) = self.terms.and_then(|t| Some((t, pools.get(usize::from(t.pool))?))) else {
            self.is_full = false;
            return;
        };
        let limit = share.limit.bytes(pool.left()).min(pool.shared_size()).saturating_add(share.reserved);
        let [xon, offset] = share.xon;
        let goes_on = xon.max(limit.saturating_sub(offset));
        let level = self.level;
        self.is_full = level.headroom > 0 || self.is_full && share.headroom > 0 && level.bytes > goes_on;
    }
}

impl Servers {
    /// What a port does about flow control from now on.
    pub(crate) fn control(&mut self, port: u16, flow: Flow, now: u64) {
        let server = self.server(port);
        if server.flow == flow {
            return;
        }
        for (queue, at) in server.queues.iter_mut().zip(0..) {
            let obeys = |p: usize| flow.pfc[0] >> p & 1 == 1 && flow.queues[p] == Some(at);
            queue.paused = if (0..8).any(obeys) { queue.paused } else { 0 };
        }
        server.paused = if flow.pause[0] { server.paused } else { 0 };
        server.flow = flow;
        server.teller.look(&server.flow, &server.groups, now);
        self.speaks |= server.flow.pause[1] || server.flow.pfc[1] != 0;
    }

    /// A port of this speed in Mbps is told by its partner to pause, or to go on.
    pub(crate) fn hear(&mut self, port: u16, told: &MacControl, now: u64, speed: u32) {
        let Some(server) = self.servers.get_mut(usize::from(port)) else { return };
        let until = |quanta: u16| now + pause_time(quanta, speed);
        match told.opcode.get() {
            MacControl::PAUSE if server.flow.pause[0] => server.paused = until(told.enabled.get()),
            MacControl::PFC => {
                let obeyed = told.enabled.get() & u16::from(server.flow.pfc[0]);
                for n in (0..8).filter(|n| obeyed >> n & 1 == 1) {
                    if let Some(queue) = server.flow.queues[n] {
                        server.queue(queue).paused = until(told.quanta[n].get());
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a queue sends nothing now since the partner of its port has told so.
    pub(crate) fn is_paused(&self, port: u16, queue: u8, now: u64) -> bool {
        self.servers.get(usize::from(port)).is_some_and(|s| {
            s.paused > now || s.queues.get(usize::from(queue)).is_some_and(|q| q.paused > now)
        })
    }

    /// What a port of this speed in Mbps tells its partner now, if anything. That takes its time on the wire.
    pub(crate) fn tell(&mut self, port: u16, now: u64, speed: u32) -> Option<Word> {
        let server = self.servers.get_mut(usize::from(port)).filter(|s| s.teller.at <= now)?;
        let word = server.teller.tell(&server.flow, &server.groups, now, speed)?;
        server.next_free = now + wire_time(MIN_FRAME, speed);
        Some(word)
    }
}
