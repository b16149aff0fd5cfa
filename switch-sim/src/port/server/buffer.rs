//! Buffers: what queues and priority groups take of the pools that their buffer profiles name, and what they may.
//!
//! A taker has its reserve to itself. Beyond that it shares the pool with others, up to its own limit and to what is
//! left. A priority group without loss has headroom on top, of its own or of a pool of headroom, for what arrives
//! until its partner pauses.

use std::sync::Arc;

use super::red::{Average, Red};
use crate::port::queue::Amount;

/// What may be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// So many bytes; 0 for no limit.
    Static(u64),
    /// 2^n times what is left of the pool.
    Dynamic(i8),
}

impl Limit {
    /// In bytes, where so many are left.
    pub(super) fn bytes(self, left: u64) -> u64 {
        let left = u128::from(left);
        match self {
            Limit::Static(0) => u64::MAX,
            Limit::Static(bytes) => bytes,
            Limit::Dynamic(n) => {
                let by = u32::from(n.unsigned_abs()).min(64);
                let bytes = if n < 0 { left >> by } else { left << by };
                bytes.try_into().unwrap_or(u64::MAX)
            }
        }
    }
}

/// What a buffer profile says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// The number of the pool.
    pub pool: u16,
    pub reserved: u64,
    pub limit: Limit,
    /// Headroom; 0 for a taker that loses what has no room.
    pub headroom: u64,
    /// What it may take at most for its partner to go on: in all, and how far below its limit.
    pub xon: [u64; 2],
}

/// What one queue or priority group takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    pub terms: Option<Share>,
    pub level: Level,
    /// Whether its partner has to pause.
    pub is_full: bool,
    /// Packets that found no room.
    pub dropped: u64,
}

/// How full something is, and was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Packets that wait.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those of them that stand in a shared buffer.
    pub shared: u64,
    /// Those of them that stand in headroom.
    pub headroom: u64,
    /// The most since the last clearing.
    pub most: Marks,
}

/// The most of a [`Level`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Bytes.
    pub bytes: u64,
    /// Bytes in a shared buffer.
    pub shared: u64,
    /// Bytes in headroom.
    pub headroom: u64,
    /// The longest that a packet waited, in nanoseconds.
    pub wait: u64,
}

/// A watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Bytes,
    Shared,
    Headroom,
    Wait,
}

impl Level {
    pub(super) fn add(&mut self, size: u64) {
        self.packets += 1;
        self.bytes += size;
        self.note();
    }

    pub(super) fn sub(&mut self, size: u64, wait: u64) {
        self.packets -= 1;
        self.bytes -= size;
        self.most.wait = self.most.wait.max(wait);
    }

    fn note(&mut self) {
        self.most.bytes = self.most.bytes.max(self.bytes);
        self.most.shared = self.most.shared.max(self.shared);
        self.most.headroom = self.most.headroom.max(self.headroom);
    }

    /// Lets a mark begin anew.
    pub(super) fn clear(&mut self, mark: Mark) {
        match mark {
            Mark::Bytes => self.most.bytes = self.bytes,
            Mark::Shared => self.most.shared = self.shared,
            Mark::Headroom => self.most.headroom = self.headroom,
            Mark::Wait => self.most.wait = 0,
        }
    }
}

/// A buffer pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    pub size: u64,
    /// The part of it that is headroom for all; 0 where each taker has its own.
    pub headroom: u64,
    /// What takers have for themselves.
    pub reserved: u64,
    /// What all take together.
    pub level: Level,
    /// Packets that found no room.
    pub dropped: u64,
    /// What drops or marks packets early, where their queue has such a profile too.
    pub red: Option<Arc<Red>>,
    pub(super) average: Average,
    /// Dropped early, by color.
    pub early: [Amount; 3],
    /// Marked instead, by color.
    pub marked: [Amount; 3],
}

impl Pool {
    /// What takers share.
    pub fn shared_size(&self) -> u64 {
        self.size.saturating_sub(self.headroom).saturating_sub(self.reserved)
    }

    pub(super) fn left(&self) -> u64 {
        self.shared_size().saturating_sub(self.level.shared)
    }
}

/// Where a frame has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// In the reserve, and as for the rest, which is told, in what is shared.
    Shared(u64),
    /// As for the rest in headroom.
    Headroom(u64),
    None,
}

impl Account {
    /// Where a frame of this size has room.
    pub fn room(&self, pools: &[Pool], size: u64) -> Room {
        let Some((terms, pool)) = self.terms.and_then(|t| Some((t, pools.get(usize::from(t.pool))?))) else {
            return Room::Shared(size);
        };
        let Level { bytes, shared, headroom, .. } = self.level;
        let own = terms.reserved.saturating_sub(bytes - shared - headroom);
        let rest = size.saturating_sub(own);
        let left = pool.left();
        if rest == 0 || rest <= left && shared + rest <= terms.limit.bytes(left) {
            return Room::Shared(rest);
        }
        let of_all = match pool.headroom {
            0 => u64::MAX,
            all => all.saturating_sub(pool.level.headroom),
        };
        let has = terms.headroom.saturating_sub(headroom).min(of_all);
        if rest <= has { Room::Headroom(rest) } else { Room::None }
    }

    /// Takes room for a frame.
    pub fn take(&mut self, pools: &mut [Pool], size: u64) {
        let (shared, headroom) = match self.room(pools, size) {
            Room::Shared(rest) => (rest, 0),
            Room::Headroom(rest) => (0, rest),
            Room::None => (size, 0),
        };
        self.level.shared += shared;
        self.level.headroom += headroom;
        self.level.add(size);
        if let Some(pool) = self.pool(pools) {
            pool.level.shared += shared;
            pool.level.headroom += headroom;
            pool.level.add(size);
        }
    }

    /// Gives the room of a frame back: headroom before what is shared, and that before the reserve.
    pub fn give(&mut self, pools: &mut [Pool], size: u64, (since, now): (u64, u64)) {
        let wait = now.saturating_sub(since);
        let headroom = self.level.headroom.min(size);
        let shared = self.level.shared.min(size - headroom);
        self.level.headroom -= headroom;
        self.level.shared -= shared;
        self.level.sub(size, wait);
        if let Some(pool) = self.pool(pools) {
            pool.level.headroom -= headroom;
            pool.level.shared -= shared;
            pool.level.sub(size, wait);
            if pool.level.bytes == 0 {
                pool.average.idle = now;
            }
        }
    }

    /// Counts a packet that found no room.
    pub fn lose(&mut self, pools: &mut [Pool]) {
        self.dropped += 1;
        if let Some(pool) = self.pool(pools) {
            pool.dropped += 1;
        }
    }

    pub fn pool<'a>(&self, pools: &'a mut [Pool]) -> Option<&'a mut Pool> {
        pools.get_mut(usize::from(self.terms?.pool))
    }

    /// Adds what this has and takes to the totals of its pool, which begin at nothing.
    pub fn total(&mut self, pools: &mut [Pool]) {
        let level = &mut self.level;
        let Some(terms) = self.terms else {
            (level.shared, level.headroom) = (level.bytes, 0);
            return;
        };
        // A reserve that has changed holds as much of what is there as it can.
        level.shared = (level.bytes - level.headroom).saturating_sub(terms.reserved);
        let level = *level;
        let Some(pool) = self.pool(pools) else { return };
        let headroom = if pool.headroom == 0 { terms.headroom } else { 0 };
        pool.reserved = pool.reserved.saturating_add(terms.reserved).saturating_add(headroom);
        pool.level.packets += level.packets;
        pool.level.bytes += level.bytes;
        pool.level.shared += level.shared;
        pool.level.headroom += level.headroom;
        pool.level.note();
    }
}
