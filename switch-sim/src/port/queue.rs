//! The queues of ports, the CPU port's too: what they count.
//!
//! Without a map every packet goes by queue 0; what replication copies goes by the first multicast queue. So
//! nearly all packets pass queue 0, which counts what the port sent less what the others did.

use sai::queue::{self, Stat};
use sai::{AttrEntry, AttrId, ObjectRef, Result, StatId};

use super::{Counters, index, scheduler};
use crate::feature::{Owner, Request};
use crate::pipeline::Sum;
use crate::pipeline::packet::wire_len;
use crate::pipeline::{DropReason, Packet};
use crate::profile::Chip;
use crate::store::Object;
use crate::switch::Switch;

/// Packets and bytes.
pub type Amount = [u64; 2];

/// What one queue counts. Bytes are as a port counts them, with FCS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Sent; of queue 0 this stays zero, see [`Counters::queue_sent`].
    pub sent: Amount,
    /// Dropped since the queue was full.
    pub full: Amount,
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
        [self.tx.packets() - others(0), self.tx.octets - others(1)]
    }

    /// The counts of a queue.
    pub fn queue(&self, queue: u8) -> QueueCounts {
        self.queues.get(usize::from(queue)).copied().unwrap_or_default()
    }
}

/// Counts a drop that a queue is the reason of.
#[inline]
pub(super) fn count_drop(counters: &mut Counters, p: &Packet, reason: DropReason) {
    if reason == DropReason::QueueFull {
        let [packets, bytes] = &mut counters.queue_mut(p.queue).full;
        *packets += 1;
        *bytes += wire_len(p.len());
    }
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

/// Owns `SAI_OBJECT_TYPE_QUEUE`.
#[derive(Debug)]
pub(crate) struct QueueOwner;

impl Owner for QueueOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[queue::SCHEDULER_PROFILE_ID.id(), queue::PARENT_SCHEDULER_NODE.id()] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        scheduler::check_queue(sw, request)
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        scheduler::check_set(sw, object, given)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        scheduler::joined(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        scheduler::derive_of(sw, object);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        scheduler::left(sw, &was, queue::PORT.id());
    }

    fn counted(&self) -> &'static [StatId] {
        const {
            &[
                Stat::PACKETS.0 as StatId,
                Stat::BYTES.0 as StatId,
                Stat::DROPPED_PACKETS.0 as StatId,
                Stat::DROPPED_BYTES.0 as StatId,
                Stat::CURR_OCCUPANCY_BYTES.0 as StatId,
                Stat::WATERMARK_BYTES.0 as StatId,
                Stat::SHARED_CURR_OCCUPANCY_BYTES.0 as StatId,
                Stat::SHARED_WATERMARK_BYTES.0 as StatId,
                Stat::DELAY_WATERMARK_NS.0 as StatId,
            ]
        }
    }

    fn levels(&self) -> &'static [StatId] {
        const {
            &[
                Stat::CURR_OCCUPANCY_BYTES.0 as StatId,
                Stat::WATERMARK_BYTES.0 as StatId,
                Stat::SHARED_CURR_OCCUPANCY_BYTES.0 as StatId,
                Stat::SHARED_WATERMARK_BYTES.0 as StatId,
                Stat::DELAY_WATERMARK_NS.0 as StatId,
            ]
        }
    }

    fn clear_level(&self, sw: &mut Switch, object: &ObjectRef, _: StatId) {
        if let Some((port, at)) = place(sw, object) {
            sw.ports.servers.clear_marks(port, Some(at));
        }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let (port, at) = place(sw, object)?;
        let counters = sw.ports.counters.get(usize::from(port))?;
        let level = sw.ports.servers.level(port, Some(at));
        let counts = counters.queue(at);
        Some(match Stat(stat as i32) {
            Stat::PACKETS => counters.queue_sent(at)[0],
            Stat::BYTES => counters.queue_sent(at)[1],
            Stat::DROPPED_PACKETS => counts.full[0],
            Stat::DROPPED_BYTES => counts.full[1],
            // All of the buffer is shared.
            Stat::CURR_OCCUPANCY_BYTES | Stat::SHARED_CURR_OCCUPANCY_BYTES => level.bytes,
            Stat::WATERMARK_BYTES | Stat::SHARED_WATERMARK_BYTES => level.most_bytes,
            Stat::DELAY_WATERMARK_NS => level.longest,
            _ => return None,
        })
    }
}
