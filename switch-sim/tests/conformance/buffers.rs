//! Buffer pools and profiles: what queues and priority groups may hold, and what they do.

use super::bed::*;
use super::qos::map;
use sai::buffer_pool::{self as pool, Stat as PoolStat};
use sai::buffer_profile as profile;
use sai::ingress_priority_group::{self as group, Stat as GroupStat};
use sai::qos_map::Type;
use sai::types::StatsCountMode;
use sai::{AttrEntry, ObjectId, ObjectType, Value, counter, port, queue, wred};
use switch_sim::Timing;
use switch_sim::pipeline::DropReason;
use switch_sim::warm::Keys;

/// Eight ports of 1 Gbit/s. Station n, 02:00:00:00:01:0n, is behind port n. Frames of 64 bytes come all at once, so that
/// the first to a port leaves at once and the others wait.
pub(super) struct Buffers(pub(super) Bed);

impl std::ops::Deref for Buffers {
    type Target = Bed;
    fn deref(&self) -> &Bed {
        &self.0
    }
}

fn station(port: usize) -> [u8; 6] {
    [2, 0, 0, 0, 1, port as u8]
}

const FRAME: u64 = 64;

impl Buffers {
    pub(super) fn new() -> Buffers {
        let mut profile = eight_ports();
        profile.timing = Timing::Wire;
        profile.ports.speed = 1_000;
        let bed = Bed::with(profile, Keys::default());
        for n in 0..8 {
            bed.inject(n, &frame(ALL, station(n)));
        }
        bed.advance(1);
        bed.sent();
        Buffers(bed)
    }

    pub(super) fn pool(&self, kind: pool::Type, size: u64, more: &[AttrEntry]) -> ObjectId {
        let attrs =
            [attr(pool::TYPE.id(), Value::I32(kind.0)), attr(pool::SIZE.id(), Value::U64(size * FRAME))];
        self.create(ObjectType::BUFFER_POOL, &[&attrs, more].concat())
    }

    /// A profile with a limit of so many frames, or of 2^n.
    pub(super) fn profile(
        &self,
        pool: ObjectId,
        reserved: u64,
        limit: Result<u64, i8>,
        more: &[AttrEntry],
    ) -> ObjectId {
        use profile::ThresholdMode as Mode;
        let mode = if limit.is_ok() { Mode::STATIC } else { Mode::DYNAMIC };
        let attrs = [
            attr(profile::POOL_ID.id(), Value::Oid(pool)),
            attr(profile::RESERVED_BUFFER_SIZE.id(), Value::U64(reserved * FRAME)),
            attr(profile::THRESHOLD_MODE.id(), Value::I32(mode.0)),
            match limit {
                Ok(frames) => attr(profile::SHARED_STATIC_TH.id(), Value::U64(frames * FRAME)),
                Err(n) => attr(profile::SHARED_DYNAMIC_TH.id(), Value::I8(n)),
            },
        ];
        self.create(ObjectType::BUFFER_PROFILE, &[&attrs, more].concat())
    }

    fn queue(&self, port: usize) -> ObjectId {
        self.0.queue(self.ports[port], 0)
    }

    fn at_queue(&self, port: usize, profile: ObjectId) {
        self.set(ObjectType::QUEUE, self.queue(port), queue::BUFFER_PROFILE_ID.id(), Value::Oid(profile));
    }

    fn group(&self, port: usize, index: usize) -> ObjectId {
        let list = port::INGRESS_PRIORITY_GROUP_LIST.id();
        let Value::OidList(groups) = self.get(ObjectType::PORT, self.ports[port], list) else {
            panic!("a list")
        };
        groups[index]
    }

    pub(super) fn at_group(&self, port: usize, index: usize, profile: ObjectId) {
        let id = self.group(port, index);
        self.set(ObjectType::INGRESS_PRIORITY_GROUP, id, group::BUFFER_PROFILE.id(), Value::Oid(profile));
    }

    /// Frames come by a port for another, all at once.
    pub(super) fn burst(&self, from: usize, to: usize, frames: usize) {
        (0..frames).for_each(|_| self.inject(from, &frame(station(to), station(from))));
    }

    /// How many frames wait in a queue.
    fn waiting(&self, port: usize) -> u64 {
        self.of_queue(port, queue::Stat::CURR_OCCUPANCY_BYTES) / FRAME
    }

    fn of_queue(&self, port: usize, stat: queue::Stat) -> u64 {
        self.stat(ObjectType::QUEUE, self.queue(port), stat.0)
    }

    /// Statistics of a priority group in frames.
    fn of_group(&self, port: usize, index: usize, stats: &[GroupStat]) -> Vec<u64> {
        let id = self.group(port, index);
        stats.iter().map(|s| self.stat(ObjectType::INGRESS_PRIORITY_GROUP, id, s.0) / FRAME).collect()
    }

    fn of_pool(&self, pool: ObjectId, stat: PoolStat) -> u64 {
        self.stat(ObjectType::BUFFER_POOL, pool, stat.0)
    }

    fn drain(&self) -> usize {
        self.advance(1);
        self.sent().len()
    }
}

fn oid(id: sai::AttrId, to: ObjectId) -> AttrEntry {
    attr(id, Value::Oid(to))
}

#[test]
fn reserves_of_more_than_there_is_leave_nothing_to_share() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    let pool = bed.pool(pool::Type::EGRESS, 10, &[]);
    let all = bed.profile(pool, 0, Ok(0), &[]);
    bed.set(ObjectType::BUFFER_PROFILE, all, profile::RESERVED_BUFFER_SIZE.id(), Value::U64(u64::MAX));
    for port in [1, 2] {
        bed.at_queue(port, all);
    }
    assert_eq!(bed.get(ObjectType::BUFFER_POOL, pool, pool::SHARED_SIZE.id()), Value::U64(0));
}

/// Acts: SAI_BUFFER_POOL_ATTR_SIZE, SAI_BUFFER_PROFILE_ATTR_POOL_ID, SAI_BUFFER_PROFILE_ATTR_RESERVED_BUFFER_SIZE,
/// SAI_BUFFER_PROFILE_ATTR_THRESHOLD_MODE, SAI_BUFFER_PROFILE_ATTR_SHARED_STATIC_TH, SAI_QUEUE_ATTR_BUFFER_PROFILE_ID.
#[test]
fn a_queue_holds_its_reserve_and_its_share_of_the_pool() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    let pool = bed.pool(pool::Type::EGRESS, 20, &[]);
    let profile = bed.profile(pool, 2, Ok(10), &[]);
    bed.at_queue(3, profile);
    bed.at_queue(4, profile);
    let shared = |frames: u64| Value::U64(frames * FRAME);
    assert_eq!(bed.get(ObjectType::BUFFER_POOL, pool, pool::SHARED_SIZE.id()), shared(16));
    bed.burst(0, 3, 20);
    assert_eq!(bed.waiting(3), 12);
    assert_eq!(bed.of_queue(3, queue::Stat::SHARED_CURR_OCCUPANCY_BYTES), 10 * FRAME);
    // The other finds six frames left of the pool besides its reserve.
    bed.burst(0, 4, 20);
    assert_eq!(bed.waiting(4), 8);
    assert_eq!(bed.of_pool(pool, PoolStat::CURR_OCCUPANCY_BYTES), 20 * FRAME);
    assert_eq!(bed.of_pool(pool, PoolStat::DROPPED_PACKETS), 7 + 11);
    assert_eq!(bed.of_queue(4, queue::Stat::DROPPED_PACKETS), 11);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[4], port::Stat::IF_OUT_DISCARDS.0), 11);
    assert_eq!(bed.drain(), 1 + 12 + 1 + 8);
    assert_eq!(bed.of_pool(pool, PoolStat::CURR_OCCUPANCY_BYTES), 0);
    assert_eq!(bed.of_queue(3, queue::Stat::SHARED_WATERMARK_BYTES), 10 * FRAME);
    // Each watermark is cleared alone.
    assert_eq!(
        bed.read_and_clear(ObjectType::QUEUE, bed.queue(3), queue::Stat::WATERMARK_BYTES.0),
        12 * FRAME
    );
    assert_eq!(bed.of_queue(3, queue::Stat::WATERMARK_BYTES), 0);
    assert_eq!(bed.of_queue(3, queue::Stat::SHARED_WATERMARK_BYTES), 10 * FRAME);
    assert_eq!(bed.read_and_clear(ObjectType::BUFFER_POOL, pool, PoolStat::WATERMARK_BYTES.0), 20 * FRAME);
    assert_eq!(bed.of_pool(pool, PoolStat::WATERMARK_BYTES), 0);
    // What is set acts at once, also for what waits already.
    bed.burst(0, 3, 20);
    bed.set(ObjectType::BUFFER_PROFILE, profile, profile::RESERVED_BUFFER_SIZE.id(), shared(5));
    bed.set(ObjectType::BUFFER_PROFILE, profile, profile::SHARED_STATIC_TH.id(), shared(9));
    assert_eq!(bed.get(ObjectType::BUFFER_POOL, pool, pool::SHARED_SIZE.id()), shared(10));
    bed.burst(0, 3, 20);
    assert_eq!(bed.waiting(3), 14);
    bed.set(ObjectType::BUFFER_PROFILE, profile, profile::SHARED_STATIC_TH.id(), shared(0));
    bed.burst(0, 3, 20);
    assert_eq!(bed.waiting(3), 15, "0 is no limit but the pool's");
    bed.set(ObjectType::BUFFER_POOL, pool, pool::SIZE.id(), shared(30));
    bed.burst(0, 3, 20);
    assert_eq!(bed.waiting(3), 25);
    bed.at_queue(3, ObjectId::NULL);
    bed.burst(0, 3, 20);
    assert_eq!(bed.waiting(3), 45, "without a profile the chip's size of a queue counts");
    assert_eq!(bed.get(ObjectType::BUFFER_POOL, pool, pool::SHARED_SIZE.id()), shared(25));
    assert_eq!(bed.of_pool(pool, PoolStat::CURR_OCCUPANCY_BYTES), 0);
    assert_eq!(bed.drain(), 46);
}

/// Acts: SAI_BUFFER_PROFILE_ATTR_SHARED_DYNAMIC_TH, SAI_BUFFER_PROFILE_ATTR_THRESHOLD_MODE.
#[test]
fn a_dynamic_limit_follows_what_is_left_of_the_pool() {
    needs!(Profile, Clock);
    // A queue alone takes frames while q + 1 <= 2^n (100 - q).
    for (n, alone, second) in [(0, 50, 25), (-1, 33, 22), (2, 80, 16), (7, 100, 0), (-8, 0, 0)] {
        let bed = Buffers::new();
        let pool = bed.pool(pool::Type::EGRESS, 100, &[]);
        let profile = bed.profile(pool, 0, Err(n), &[]);
        bed.at_queue(3, profile);
        bed.at_queue(4, profile);
        bed.burst(0, 3, 120);
        bed.burst(1, 4, 120);
        assert_eq!([bed.waiting(3), bed.waiting(4)], [alone, second], "2^{n}");
        bed.drain();
        bed.set(ObjectType::BUFFER_PROFILE, profile, profile::SHARED_DYNAMIC_TH.id(), Value::I8(1));
        bed.burst(0, 3, 120);
        assert_eq!(bed.waiting(3), 67, "2^1");
    }
}

/// Acts: SAI_INGRESS_PRIORITY_GROUP_ATTR_BUFFER_PROFILE.
#[test]
fn a_priority_group_holds_what_came_in_by_it_wherever_it_goes() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    let pool = bed.pool(pool::Type::INGRESS, 100, &[]);
    bed.at_group(0, 2, bed.profile(pool, 0, Ok(10), &[]));
    let all = [GroupStat::CURR_OCCUPANCY_BYTES, GroupStat::SHARED_CURR_OCCUPANCY_BYTES];
    bed.burst(0, 3, 5);
    assert_eq!(bed.of_group(0, 0, &all), [4, 4], "what has no profile is counted too");
    bed.drain();
    bed.set(ObjectType::PORT, bed.ports[0], port::QOS_DEFAULT_TC.id(), Value::U8(7));
    let to_two = map(&bed, Type::TC_TO_PRIORITY_GROUP, &[(7, 2)]);
    bed.set(ObjectType::PORT, bed.ports[0], port::QOS_TC_TO_PRIORITY_GROUP_MAP.id(), Value::Oid(to_two));
    bed.burst(0, 3, 7);
    bed.burst(0, 4, 8);
    assert_eq!([bed.waiting(3), bed.waiting(4)], [6, 4]);
    assert_eq!(bed.of_group(0, 2, &all), [10, 10]);
    let dropped =
        |port| bed.stat(ObjectType::INGRESS_PRIORITY_GROUP, bed.group(port, 2), GroupStat::DROPPED_PACKETS.0);
    assert_eq!(dropped(0), 3);
    assert_eq!(bed.of_pool(pool, PoolStat::DROPPED_PACKETS), 3);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[0], port::Stat::IF_IN_DISCARDS.0), 3);
    assert_eq!(bed.of_queue(4, queue::Stat::DROPPED_PACKETS), 0, "no queue dropped it");
    if provides(Need::Trace) {
        let reason = bed.reason(0, &frame(station(4), station(0)));
        assert_eq!(reason, Some(DropReason::PriorityGroupFull));
    }
    // Other ports have their own groups.
    bed.burst(1, 4, 10);
    assert_eq!(bed.waiting(4), 14);
    assert_eq!(dropped(1), 0);
    bed.drain();
    assert_eq!(bed.of_group(0, 2, &all), [0, 0]);
    let marks = [GroupStat::WATERMARK_BYTES, GroupStat::SHARED_WATERMARK_BYTES];
    assert_eq!(bed.of_group(0, 2, &marks), [10, 10]);
    let two = bed.group(0, 2);
    bed.read_and_clear(ObjectType::INGRESS_PRIORITY_GROUP, two, GroupStat::WATERMARK_BYTES.0);
    assert_eq!(bed.of_group(0, 2, &marks), [0, 10]);
}

/// Acts: SAI_BUFFER_PROFILE_ATTR_XOFF_TH, SAI_BUFFER_POOL_ATTR_XOFF_SIZE.
#[test]
fn headroom_takes_what_comes_above_the_limit() {
    needs!(Profile, Clock);
    let xoff = attr(profile::XOFF_TH.id(), Value::U64(5 * FRAME));
    let stats = [
        GroupStat::CURR_OCCUPANCY_BYTES,
        GroupStat::SHARED_CURR_OCCUPANCY_BYTES,
        GroupStat::XOFF_ROOM_CURR_OCCUPANCY_BYTES,
        GroupStat::XOFF_ROOM_WATERMARK_BYTES,
    ];
    // Each has its own headroom, which is not shared; or all have eight frames together, within the pool's size.
    for (all, shared, second) in [(0, 100 - 2 * 5 - 2, 5), (8, 100 - 8 - 2, 3)] {
        let bed = Buffers::new();
        let pool = bed.pool(pool::Type::INGRESS, 100, &[attr(pool::XOFF_SIZE.id(), Value::U64(all * FRAME))]);
        let profile = bed.profile(pool, 1, Ok(4), std::slice::from_ref(&xoff));
        bed.at_group(0, 0, profile);
        bed.at_group(1, 0, profile);
        let is = bed.get(ObjectType::BUFFER_POOL, pool, pool::SHARED_SIZE.id());
        assert_eq!(is, Value::U64(shared * FRAME));
        bed.burst(0, 3, 20);
        bed.burst(1, 4, 20);
        assert_eq!(bed.of_group(0, 0, &stats), [10, 4, 5, 5]);
        assert_eq!(bed.of_group(1, 0, &stats), [5 + second, 4, second, second]);
        assert_eq!(bed.of_pool(pool, PoolStat::XOFF_ROOM_CURR_OCCUPANCY_BYTES), (5 + second) * FRAME);
        // Headroom is free again before what is shared.
        bed.wait(std::time::Duration::from_nanos(672 * 3));
        assert_eq!(bed.of_group(0, 0, &stats), [7, 4, 2, 5]);
        bed.wait(std::time::Duration::from_nanos(672 * 3));
        assert_eq!(bed.of_group(0, 0, &stats), [4, 3, 0, 5]);
        bed.drain();
        assert_eq!(bed.of_pool(pool, PoolStat::XOFF_ROOM_WATERMARK_BYTES), (5 + second) * FRAME);
        assert_eq!(bed.of_pool(pool, PoolStat::CURR_OCCUPANCY_BYTES), 0);
    }
}

/// Acts: SAI_BUFFER_POOL_ATTR_WRED_PROFILE_ID.
#[test]
fn a_pool_drops_early_for_queues_with_a_profile_of_their_own() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    let curve = |frames: u64| {
        let attrs = [
            attr(wred::GREEN_ENABLE.id(), Value::Bool(true)),
            attr(wred::GREEN_MIN_THRESHOLD_64.id(), Value::U64(frames * FRAME)),
            attr(wred::GREEN_MAX_THRESHOLD_64.id(), Value::U64(frames * FRAME)),
        ];
        bed.create(ObjectType::WRED, &attrs)
    };
    let pool = bed.pool(pool::Type::EGRESS, 100, &[oid(pool::WRED_PROFILE_ID.id(), curve(10))]);
    let profile = bed.profile(pool, 0, Ok(0), &[]);
    bed.at_queue(3, profile);
    bed.at_queue(4, profile);
    bed.set(ObjectType::QUEUE, bed.queue(4), queue::WRED_PROFILE_ID.id(), Value::Oid(curve(1000)));
    bed.burst(0, 3, 21);
    assert_eq!(bed.waiting(3), 20, "a queue without a profile");
    bed.burst(1, 4, 21);
    assert_eq!(bed.waiting(4), 0);
    let first = PoolStat::GREEN_WRED_DROPPED_PACKETS.0;
    let counts: Vec<_> = (0..8).map(|n| bed.of_pool(pool, PoolStat(first + n))).collect();
    assert_eq!(counts, [21, 21 * FRAME, 0, 0, 0, 0, 21, 21 * FRAME]);
    assert_eq!(bed.of_pool(pool, PoolStat::DROPPED_PACKETS), 21);
    bed.drain();
    bed.burst(1, 4, 21);
    assert_eq!(bed.waiting(4), 10);
    bed.set(ObjectType::BUFFER_POOL, pool, pool::WRED_PROFILE_ID.id(), Value::Oid(ObjectId::NULL));
    bed.burst(1, 4, 21);
    assert_eq!(bed.waiting(4), 31);
}

/// Acts: SAI_BUFFER_POOL_ATTR_STATS_COUNT_MODE, SAI_BUFFER_POOL_ATTR_SELECTIVE_COUNTER_LIST.
#[test]
fn a_pool_counts_what_it_is_told_to() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    let pool = bed.pool(pool::Type::EGRESS, 10, &[]);
    bed.at_queue(3, bed.profile(pool, 0, Ok(0), &[]));
    let lost = || {
        bed.burst(0, 3, 15);
        bed.drain();
        bed.of_pool(pool, PoolStat::DROPPED_PACKETS)
    };
    assert_eq!(lost(), 4);
    let mode = |mode: StatsCountMode| {
        bed.set(ObjectType::BUFFER_POOL, pool, pool::STATS_COUNT_MODE.id(), Value::I32(mode.0));
    };
    mode(StatsCountMode::BYTE);
    assert_eq!(lost(), 4);
    mode(StatsCountMode::PACKET);
    assert_eq!(lost(), 8);
    let attrs = [
        attr(counter::TYPE.id(), Value::I32(counter::Type::SELECTIVE.0)),
        attr(counter::OBJECT_TYPE.id(), Value::I32(ObjectType::BUFFER_POOL.0)),
        attr(counter::STAT_ID_LIST.id(), Value::I32List(vec![PoolStat::WRED_DROPPED_PACKETS.0])),
    ];
    let other = bed.create(ObjectType::COUNTER, &attrs);
    let list = pool::SELECTIVE_COUNTER_LIST.id();
    bed.set(ObjectType::BUFFER_POOL, pool, list, Value::OidList(vec![other]));
    assert_eq!(lost(), 8);
}

#[test]
fn buffers_come_back_with_a_snapshot() {
    needs!(Profile, Clock, Hands);
    let bed = Buffers::new();
    let pool = bed.pool(pool::Type::EGRESS, 20, &[]);
    bed.at_queue(3, bed.profile(pool, 2, Ok(10), &[]));
    bed.reload();
    bed.burst(0, 3, 20);
    assert_eq!(bed.waiting(3), 12);
    assert_eq!(bed.get(ObjectType::BUFFER_POOL, pool, pool::SHARED_SIZE.id()), Value::U64(18 * FRAME));
}
