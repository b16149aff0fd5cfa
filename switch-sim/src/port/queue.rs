//! The queues of ports, the CPU port's too: what they count.
//!
//! Without a map every packet goes by queue 0; what replication copies goes by the first multicast queue. So
//! nearly all packets pass queue 0, which counts what the port sent less what the others did.

use std::sync::LazyLock;

use sai::meta::AttrMeta;
use sai::queue::{self, Stat};
use sai::{AttrEntry, AttrId, ObjectRef, ObjectType, Result, StatId, Value};

use super::server::{Mark, Of};
use super::{Counters, index, scheduler};
use crate::feature::{Owner, Request};
use crate::pipeline::Sum;
use crate::pipeline::packet::wire_len;
use crate::pipeline::{DropReason, Packet};
use crate::profile::Chip;
use crate::qos::{buffer, wred};
use crate::store::Object;
use crate::switch::Switch;

/// Packets and bytes.
pub type Amount = [u64; 2];

/// What one queue counts. Bytes are as a port counts them, with FCS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Sent; of queue 0 this stays zero, see [`Counters::queue_sent`].
    pub sent: Amount,
    /// Dropped since the queue was full, by color.
    pub full: [Amount; 3],
    /// Dropped before it was full, by color.
    pub early: [Amount; 3],
    /// Marked by ECN instead, by color.
    pub marked: [Amount; 3],
}

/// What waits, and did.
const LEVELS: &[StatId] = &[
    Stat::CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::WATERMARK_BYTES.0 as StatId,
    Stat::SHARED_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::SHARED_WATERMARK_BYTES.0 as StatId,
    Stat::DELAY_WATERMARK_NS.0 as StatId,
];

/// What was dropped, by color.
const DROPPED: [Stat; 6] = [
    Stat::GREEN_DROPPED_PACKETS,
    Stat::GREEN_DROPPED_BYTES,
    Stat::YELLOW_DROPPED_PACKETS,
    Stat::YELLOW_DROPPED_BYTES,
    Stat::RED_DROPPED_PACKETS,
    Stat::RED_DROPPED_BYTES,
];

/// Whether a statistic is one of the eight by color that begin with `first`.
fn within(stat: i32, first: Stat) -> bool {
    (first.0..first.0 + 8).contains(&stat)
}

impl QueueCounts {
    /// All that was dropped, by color.
    fn dropped(&self) -> [Amount; 3] {
        let mut dropped = self.full;
        dropped.iter_mut().zip(&self.early).for_each(|(all, early)| all.add(early));
        dropped
    }
}

impl Counters {
    /// The counts of a queue, to be added to.
    pub fn queue_mut(&mut self, queue: u8) -> &mut QueueCounts {
        let at = usize::from(queue);
        if self.queues.len() <= at {
            self.queues.resize(at + 1, QueueCounts::default());
        }
        &mut self.queues[at]
    }

    /// Counts packets, and the octets of all, that another queue than 0 sent.
    #[cold]
    pub(crate) fn queue_sends(&mut self, queue: u8, counts: Amount) {
        self.queue_mut(queue).sent.add(&counts);
    }

    /// What a queue sent.
    pub fn queue_sent(&self, queue: u8) -> Amount {
        if queue > 0 {
            return self.queue(queue).sent;
        }
        let others = |of: usize| self.queues.iter().map(|q| q.sent[of]).sum::<u64>();
        let none = self.sent_by_none;
        [self.tx.packets() - others(0) - none[0], self.tx.octets - others(1) - none[1]]
    }

    /// The counts of a queue.
    pub fn queue(&self, queue: u8) -> QueueCounts {
        self.queues.get(usize::from(queue)).copied().unwrap_or_default()
    }
}

/// Counts a drop that a queue is the reason of.
#[inline]
pub(super) fn count_drop(counters: &mut Counters, p: &Packet, reason: DropReason) {
    let counts = match reason {
        DropReason::QueueFull => &mut counters.queue_mut(p.queue).full,
        DropReason::Wred => &mut counters.queue_mut(p.queue).early,
        _ => return,
    };
    count_by_color(counts, p);
}

/// Counts a packet where its color has it.
pub(crate) fn count_by_color(counts: &mut [Amount; 3], p: &Packet) {
    counts[usize::from(p.color).min(2)].add(&[1, wire_len(p.len())]);
}

/// A statistic of those that SAI has by color and in all, each of packets and bytes.
pub(crate) fn by_color(counts: &[Amount; 3], at: i32) -> u64 {
    let (color, unit) = (at as usize / 2, at as usize % 2);
    counts.get(color).map_or_else(|| counts.iter().map(|c| c[unit]).sum(), |c| c[unit])
}

/// The queue that a copy of a packet goes by: the multicast queue with the index of the packet's unicast queue.
pub(crate) fn of_copy(chip: &Chip, queue: u8) -> u8 {
    match chip.multicast_queues {
        0 => queue,
        n => (chip.unicast_queues + u32::from(queue).min(n - 1)) as u8,
    }
}

/// The port and index of a queue.
fn place(sw: &Switch, object: &ObjectRef) -> Option<(u16, u8)> {
    let id = object.oid()?;
    Some((index(sw.store.oid(id, queue::PORT.id())), sw.store.number(id, queue::INDEX.id()) as u8))
}

/// Has a queue drop and mark as its WRED profile says.
pub(crate) fn derive(sw: &mut Switch, object: &ObjectRef) {
    let (Some((port, at)), Some(id)) = (place(sw, object), object.oid()) else { return };
    let red = wred::red(sw, sw.store.oid(id, WRED_PROFILE));
    sw.ports.servers.detect(port, at, red);
}

const WRED_PROFILE: AttrId = queue::WRED_PROFILE_ID.id();
const BUFFER_PROFILE: AttrId = queue::BUFFER_PROFILE_ID.id();

/// Owns `SAI_OBJECT_TYPE_QUEUE`.
#[derive(Debug)]
pub(crate) struct QueueOwner;

impl Owner for QueueOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use queue::*;
        const { &[SCHEDULER_PROFILE_ID.id(), PARENT_SCHEDULER_NODE.id(), WRED_PROFILE_ID.id(), BUFFER_PROFILE] }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[queue::PAUSE_STATUS.id()] }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, attr: &'static AttrMeta) -> Option<Result<Value>> {
        let (port, at) = place(sw, object)?;
        let paused = sw.ports.servers.is_paused(port, at, sw.now());
        (attr.id == queue::PAUSE_STATUS.id()).then_some(Ok(Value::Bool(paused)))
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        scheduler::check_queue(sw, request)
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        scheduler::check_set(sw, object, given)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        scheduler::joined(sw, object);
        buffer::joined(sw, object);
        if object.oid().is_some_and(|id| !sw.store.oid(id, WRED_PROFILE).is_null()) {
            derive(sw, object);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, attr: AttrId) {
        match attr {
            WRED_PROFILE => derive(sw, object),
            BUFFER_PROFILE => buffer::derive(sw, object),
            _ => scheduler::derive_of(sw, object),
        }
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        scheduler::left(sw, &was, queue::PORT.id());
        buffer::left(sw, ObjectType::QUEUE, &was);
    }

    fn counted(&self) -> &'static [StatId] {
        static ALL: LazyLock<Vec<StatId>> = LazyLock::new(|| {
            use Stat as S;
            let first = [S::PACKETS, S::BYTES, S::DROPPED_PACKETS, S::DROPPED_BYTES].map(|s| s.0);
            let by_color = [S::GREEN_WRED_DROPPED_PACKETS, S::GREEN_WRED_ECN_MARKED_PACKETS];
            let by_color = by_color.into_iter().flat_map(|s| s.0..s.0 + 8);
            let counts = first.into_iter().chain(DROPPED.map(|s| s.0)).chain(by_color);
            counts.map(|s| s as StatId).chain(LEVELS.iter().copied()).collect()
        });
        &ALL
    }

    fn levels(&self) -> &'static [StatId] {
        LEVELS
    }

    fn clear_level(&self, sw: &mut Switch, object: &ObjectRef, stat: StatId) {
        let mark = match Stat(stat as i32) {
            Stat::WATERMARK_BYTES => Mark::Bytes,
            Stat::SHARED_WATERMARK_BYTES => Mark::Shared,
            Stat::DELAY_WATERMARK_NS => Mark::Wait,
            _ => return,
        };
        if let Some((port, at)) = place(sw, object) {
            sw.ports.servers.clear(Of::Queue(port, at), mark);
        }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let (port, at) = place(sw, object)?;
        let counters = sw.ports.counters.get(usize::from(port))?;
        let level = sw.ports.servers.level(Of::Queue(port, at));
        let counts = counters.queue(at);
        Some(match Stat(stat as i32) {
            Stat::PACKETS => counters.queue_sent(at)[0],
            Stat::BYTES => counters.queue_sent(at)[1],
            Stat::DROPPED_PACKETS => by_color(&counts.dropped(), 6),
            Stat::DROPPED_BYTES => by_color(&counts.dropped(), 7),
            Stat::CURR_OCCUPANCY_BYTES => level.bytes,
            Stat::WATERMARK_BYTES => level.most.bytes,
            Stat::SHARED_CURR_OCCUPANCY_BYTES => level.shared,
            Stat::SHARED_WATERMARK_BYTES => level.most.shared,
            Stat::DELAY_WATERMARK_NS => level.most.wait,
            Stat(s) if within(s, Stat::GREEN_WRED_DROPPED_PACKETS) => {
                by_color(&counts.early, s - Stat::GREEN_WRED_DROPPED_PACKETS.0)
            }
            Stat(s) if within(s, Stat::GREEN_WRED_ECN_MARKED_PACKETS) => {
                by_color(&counts.marked, s - Stat::GREEN_WRED_ECN_MARKED_PACKETS.0)
            }
            other => by_color(&counts.dropped(), DROPPED.iter().position(|s| *s == other)? as i32),
        })
    }
}
