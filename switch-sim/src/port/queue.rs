//! The queues of ports, the CPU port's too: what they count.
//!
//! Without a map every packet goes by queue 0; what replication copies goes by the first multicast queue. So
//! nearly all packets pass queue 0, which counts what the port sent less what the others did.

use sai::queue::{self, Stat};
use sai::types::{MeterType, SchedulingType};
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value, scheduler,
};

use super::server::{Rate, Schedule};
use super::{Counters, index};
use crate::feature::{Owner, Request};
use crate::pipeline::Sum;
use crate::pipeline::packet::wire_len;
use crate::pipeline::{DropReason, Packet};
use crate::profile::Chip;
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

/// How the scheduler of a queue has it served.
fn derive(sw: &mut Switch, object: &ObjectRef) {
    let (Some((port, at)), Some(id)) = (place(sw, object), object.oid()) else { return };
    let by = sw.store.oid(id, queue::SCHEDULER_PROFILE_ID.id());
    let number = |attr: AttrId| sw.store.number(by, attr);
    let weight = number(scheduler::SCHEDULING_WEIGHT.id()) as u8;
    let schedule = match SchedulingType(number(scheduler::SCHEDULING_TYPE.id()) as i32) {
        _ if by.is_null() => Schedule::Packets(1),
        SchedulingType::STRICT => Schedule::Strict,
        SchedulingType::DWRR => Schedule::Bytes(weight),
        _ => Schedule::Packets(weight),
    };
    let rate = rate_of(sw, by);
    sw.ports.servers.schedule(port, at, schedule, rate);
}

/// The most that a scheduler lets through; no limit without one.
pub(super) fn rate_of(sw: &Switch, scheduler: ObjectId) -> Rate {
    use scheduler::{MAX_BANDWIDTH_BURST_RATE, MAX_BANDWIDTH_RATE, METER_TYPE};
    let number = |attr: AttrId| sw.store.number(scheduler, attr);
    Rate {
        rate: number(MAX_BANDWIDTH_RATE.id()) as u64,
        burst: number(MAX_BANDWIDTH_BURST_RATE.id()) as u64,
        packets: number(METER_TYPE.id()) == i64::from(MeterType::PACKETS.0),
    }
}

/// Owns `SAI_OBJECT_TYPE_SCHEDULER`: what queues and ports name.
#[derive(Debug)]
pub(crate) struct SchedulerOwner;

impl SchedulerOwner {
    fn check(n: usize, given: &AttrEntry) -> Result<()> {
        if given.id == scheduler::SCHEDULING_WEIGHT.id() && given.value == Value::U8(0) {
            let error = Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), "weights are 1 to 255");
            return Err(error.on_attr("SAI_SCHEDULER_ATTR_SCHEDULING_WEIGHT"));
        }
        Ok(())
    }
}

impl Owner for SchedulerOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use scheduler::*;
        const {
            &[
                SCHEDULING_TYPE.id(),
                SCHEDULING_WEIGHT.id(),
                METER_TYPE.id(),
                MAX_BANDWIDTH_RATE.id(),
                MAX_BANDWIDTH_BURST_RATE.id(),
            ]
        }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, given)| Self::check(n, given))
    }

    fn check_set(&self, _: &Switch, _: &ObjectRef, given: &AttrEntry) -> Result<()> {
        Self::check(0, given)
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let by = object.oid().unwrap_or_default();
        let named = |q: &ObjectId| sw.store.oid(*q, queue::SCHEDULER_PROFILE_ID.id()) == by;
        for id in sw.store.ids(ObjectType::QUEUE).filter(named).collect::<Vec<_>>() {
            derive(sw, &ObjectRef::Object(ObjectType::QUEUE, id));
        }
        super::derive_all(sw);
    }
}

/// Owns `SAI_OBJECT_TYPE_QUEUE`.
#[derive(Debug)]
pub(crate) struct QueueOwner;

impl Owner for QueueOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[queue::SCHEDULER_PROFILE_ID.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let by = object.oid().map_or(ObjectId::NULL, |id| sw.store.oid(id, queue::SCHEDULER_PROFILE_ID.id()));
        if !by.is_null() {
            derive(sw, object);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        derive(sw, object);
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
