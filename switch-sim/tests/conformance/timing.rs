//! Ports that take their time: queues fill, drain in turn, and overflow.

use std::time::Duration;

use super::bed::*;
use proptest::prelude::*;
use sai::hostif::TxType;
use sai::types::{MeterType, PacketAction, SchedulingType};
use sai::{
    ObjectId, ObjectRef, ObjectType, Special, StatsOp, Status, Value, hostif_packet as packet,
    hostif_trap as trap, port, queue, scheduler,
};
use switch_sim::Timing;
use switch_sim::pipeline::Fate;
use switch_sim::warm::Keys;

/// Eight ports of 1 Gbit/s, whose queues hold ten of the shortest frames. One takes 672 ns on the wire.
fn bed() -> Bed {
    let mut profile = eight_ports();
    profile.timing = Timing::Wire;
    profile.ports.speed = 1_000;
    profile.chip.queue_size = 640;
    Bed::with(profile, Keys::default())
}

const SHORTEST: Duration = Duration::from_nanos(672);

/// Puts B behind port 3, and lets all that it sent leave.
fn learn(bed: &Bed) {
    bed.send(3, &frame(A, B));
    bed.advance(1);
    bed.sent();
}

fn queue_stat(bed: &Bed, port: usize, index: usize, stat: queue::Stat) -> u64 {
    bed.stat(ObjectType::QUEUE, bed.queue(bed.ports[port], index), stat.0)
}

#[test]
fn frames_leave_one_after_the_other_at_the_speed_of_the_port() {
    needs!(Profile, Clock, Trace);
    let bed = bed();
    learn(&bed);
    for n in 0..3 {
        let expected = if n == 0 {
            Fate::Transmitted { port: bed.ports[3] }
        } else {
            Fate::Queued { port: bed.ports[3], queue: 0 }
        };
        let trace = bed.trace(0, &frame(B, A));
        assert_eq!(trace.fates().collect::<Vec<_>>(), [&expected]);
    }
    assert_eq!(bed.sent().len(), 1, "the first leaves at once");
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::CURR_OCCUPANCY_BYTES), 128);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[3], port::Stat::IF_OUT_QLEN.0), 2);
    bed.wait(SHORTEST - Duration::from_nanos(1));
    assert_eq!(bed.sent().len(), 0);
    bed.wait(Duration::from_nanos(1));
    assert_eq!(bed.sent(), [(3, frame(B, A))]);
    bed.wait(SHORTEST);
    assert_eq!(bed.sent().len(), 1);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::CURR_OCCUPANCY_BYTES), 0);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::PACKETS), 3);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::DELAY_WATERMARK_NS), 2 * 672);
}

/// Acts: SAI_PORT_ATTR_SPEED.
#[test]
fn a_faster_port_sends_sooner() {
    needs!(Profile, Clock);
    let bed = bed();
    learn(&bed);
    bed.set(ObjectType::PORT, bed.ports[3], port::SPEED.id(), Value::U32(10_000));
    bed.to(0, &frame(B, A));
    assert!(bed.to(0, &frame(B, A)).is_empty());
    // 84 bytes at 10 Gbit/s take 67.2 ns.
    bed.wait(Duration::from_nanos(68));
    assert_eq!(bed.sent().len(), 1);
}

#[test]
fn what_finds_its_queue_full_is_dropped_counted_and_can_be_trapped() {
    needs!(Profile, Clock);
    let bed = bed();
    learn(&bed);
    for _ in 0..14 {
        bed.inject(0, &frame(B, A));
    }
    assert_eq!(bed.sent().len(), 1);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::DROPPED_PACKETS), 3);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::DROPPED_BYTES), 3 * 64);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[3], port::Stat::IF_OUT_DISCARDS.0), 3);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[3], port::Stat::ETHER_STATS_DROP_EVENTS.0), 3);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::WATERMARK_BYTES), 640);
    let lost = [
        sai::AttrEntry::new(trap::TRAP_TYPE.id(), Value::I32(trap::Type::PIPELINE_DISCARD_EGRESS_BUFFER.0)),
        sai::AttrEntry::new(trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
    ];
    bed.create(ObjectType::HOSTIF_TRAP, &lost);
    bed.inject(0, &frame(B, A));
    assert_eq!(bed.stat(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0), 1);
    assert_eq!(queue_stat(&bed, 3, 0, queue::Stat::DROPPED_PACKETS), 4);
    bed.advance(1);
    assert_eq!(bed.sent().len(), 10);
    // A watermark stays until it is cleared, and then shows what is there.
    let object = ObjectRef::Object(ObjectType::QUEUE, bed.queue(bed.ports[3], 0));
    let mut mark = [0];
    let stat = [queue::Stat::WATERMARK_BYTES.0 as u32];
    bed.backend().stats(&object, &stat, StatsOp::ReadAndClear, &mut mark).unwrap();
    assert_eq!(mark, [640]);
    bed.backend().stats(&object, &stat, StatsOp::Read, &mut mark).unwrap();
    assert_eq!(mark, [0]);
}

#[test]
fn queues_take_turns() {
    needs!(Profile, Clock);
    let bed = bed();
    let order = drained(&bed, &[(0, 60), (0, 60), (0, 60), (0, 60), (5, 60), (5, 60)]);
    assert_eq!(order, [0, 1, 4, 2, 5, 3]);
}

/// The numbers of frames that the host sends by these queues of port 2, with these sizes without FCS, all at once, in
/// the order in which they leave.
fn drained(bed: &Bed, frames: &[(u8, usize)]) -> Vec<usize> {
    for (n, (queue, len)) in frames.iter().enumerate() {
        let attrs = [
            attr(packet::HOSTIF_TX_TYPE.id(), Value::I32(TxType::PIPELINE_BYPASS.0)),
            attr(packet::EGRESS_PORT_OR_LAG.id(), Value::Oid(bed.ports[2])),
            attr(packet::EGRESS_QUEUE_INDEX.id(), Value::U8(*queue)),
        ];
        let mut frame = frame(B, [2, 0, 0, 0, 0, n as u8]);
        frame.resize(*len, 0);
        let send = Special::SendHostifPacket { hostif: bed.switch, frame: &frame, attrs: &attrs };
        bed.backend().special(bed.switch, send).unwrap();
    }
    bed.advance(1);
    bed.sent().into_iter().map(|(_, f)| usize::from(f[11])).collect()
}

/// Gives a queue of port 2 a scheduler of this type and weight.
fn schedule(bed: &Bed, queue: u8, kind: SchedulingType, weight: u8) -> ObjectId {
    let attrs = [
        attr(scheduler::SCHEDULING_TYPE.id(), Value::I32(kind.0)),
        attr(scheduler::SCHEDULING_WEIGHT.id(), Value::U8(weight)),
    ];
    let id = bed.create(ObjectType::SCHEDULER, &attrs);
    let queue = bed.queue(bed.ports[2], queue.into());
    bed.set(ObjectType::QUEUE, queue, queue::SCHEDULER_PROFILE_ID.id(), Value::Oid(id));
    id
}

/// A bed whose queues hold what a test sends.
fn roomy() -> Bed {
    let mut profile = eight_ports();
    profile.timing = Timing::Wire;
    profile.ports.speed = 1_000;
    Bed::with(profile, Keys::default())
}

/// Acts: SAI_QUEUE_ATTR_SCHEDULER_PROFILE_ID, SAI_SCHEDULER_ATTR_SCHEDULING_TYPE,
/// SAI_SCHEDULER_ATTR_SCHEDULING_WEIGHT.
#[test]
fn schedulers_say_which_queue_is_served() {
    needs!(Profile, Clock);
    let four = [(1, 60), (1, 60), (1, 60), (2, 60), (2, 60), (2, 60), (3, 60), (3, 60)];
    // The first always finds the port free.
    assert_eq!(drained(&roomy(), &four), [0, 1, 3, 6, 2, 4, 7, 5]);
    let bed = roomy();
    schedule(&bed, 1, SchedulingType::WRR, 2);
    assert_eq!(drained(&bed, &four), [0, 1, 2, 3, 6, 4, 7, 5]);
    drop(bed);
    let bed = roomy();
    let first = schedule(&bed, 1, SchedulingType::WRR, 2);
    schedule(&bed, 3, SchedulingType::STRICT, 1);
    // A scheduler that changes acts at once.
    bed.set(ObjectType::SCHEDULER, first, scheduler::SCHEDULING_WEIGHT.id(), Value::U8(1));
    assert_eq!(drained(&bed, &four), [0, 6, 7, 1, 3, 2, 4, 5]);
    let strict = Value::I32(SchedulingType::STRICT.0);
    bed.set(ObjectType::SCHEDULER, first, scheduler::SCHEDULING_TYPE.id(), strict);
    assert_eq!(drained(&bed, &four), [0, 6, 7, 1, 2, 3, 4, 5]);
    let zero = attr(scheduler::SCHEDULING_WEIGHT.id(), Value::U8(0));
    let object = ObjectRef::Object(ObjectType::SCHEDULER, first);
    assert_eq!(bed.backend().set(&object, &zero).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(
        bed.try_create(ObjectType::SCHEDULER, &[zero]).unwrap_err().status(),
        Status::INVALID_ATTR_VALUE_0
    );
}

/// How many frames have left after each of these times, of so many that the host sends by queue 1 of port 2.
fn left_after(bed: &Bed, frames: usize, waits: &[u64]) -> Vec<usize> {
    let attrs = [
        attr(packet::HOSTIF_TX_TYPE.id(), Value::I32(TxType::PIPELINE_BYPASS.0)),
        attr(packet::EGRESS_PORT_OR_LAG.id(), Value::Oid(bed.ports[2])),
        attr(packet::EGRESS_QUEUE_INDEX.id(), Value::U8(1)),
    ];
    for _ in 0..frames {
        let send = Special::SendHostifPacket { hostif: bed.switch, frame: &frame(B, A), attrs: &attrs };
        bed.backend().special(bed.switch, send).unwrap();
    }
    let mut left = 0;
    let mut after = |wait: &u64| {
        bed.wait(Duration::from_nanos(*wait));
        left += bed.sent().len();
        left
    };
    waits.iter().map(&mut after).collect()
}

/// Acts: SAI_SCHEDULER_ATTR_MAX_BANDWIDTH_RATE, SAI_SCHEDULER_ATTR_MAX_BANDWIDTH_BURST_RATE,
/// SAI_SCHEDULER_ATTR_METER_TYPE, SAI_PORT_ATTR_QOS_SCHEDULER_PROFILE_ID.
#[test]
fn queues_and_ports_keep_to_their_rates() {
    needs!(Profile, Clock);
    let limit = |bed: &Bed, kind: MeterType, rate: u64, burst: u64| {
        let attrs = [
            attr(scheduler::METER_TYPE.id(), Value::I32(kind.0)),
            attr(scheduler::MAX_BANDWIDTH_RATE.id(), Value::U64(rate)),
            attr(scheduler::MAX_BANDWIDTH_BURST_RATE.id(), Value::U64(burst)),
        ];
        bed.create(ObjectType::SCHEDULER, &attrs)
    };
    let millisecond = [0, 999_999, 1, 999_999, 1, 10_000_000];
    for (kind, rate, burst, expected) in [
        // A frame of 64 bytes takes a millisecond.
        (MeterType::BYTES, 64_000, 0, [1, 1, 2, 2, 3, 4]),
        (MeterType::PACKETS, 1_000, 0, [1, 1, 2, 2, 3, 4]),
        (MeterType::BYTES, 64_000, 64, [1, 2, 3, 3, 4, 4]),
        (MeterType::PACKETS, 0, 0, [1, 4, 4, 4, 4, 4]),
    ] {
        for of_port in [false, true] {
            let bed = roomy();
            bed.advance(1);
            let by = Value::Oid(limit(&bed, kind, rate, burst));
            if of_port {
                bed.set(ObjectType::PORT, bed.ports[2], port::QOS_SCHEDULER_PROFILE_ID.id(), by);
            } else {
                let queue = bed.queue(bed.ports[2], 1);
                bed.set(ObjectType::QUEUE, queue, queue::SCHEDULER_PROFILE_ID.id(), by);
            }
            assert_eq!(
                left_after(&bed, 4, &millisecond),
                expected,
                "{kind} {rate} {burst}, of port: {of_port}"
            );
        }
    }
    // Queues are not held up by one that waits, whatever its priority.
    let bed = roomy();
    let slow = limit(&bed, MeterType::BYTES, 64_000, 0);
    bed.set(
        ObjectType::SCHEDULER,
        slow,
        scheduler::SCHEDULING_TYPE.id(),
        Value::I32(SchedulingType::STRICT.0),
    );
    let queue = bed.queue(bed.ports[2], 5);
    bed.set(ObjectType::QUEUE, queue, queue::SCHEDULER_PROFILE_ID.id(), Value::Oid(slow));
    assert_eq!(drained(&bed, &[(5, 60), (5, 60), (1, 60), (1, 60)]), [0, 2, 3, 1]);
}

#[test]
fn deficit_round_robin_shares_bytes_by_weight() {
    needs!(Profile, Clock);
    let bed = roomy();
    schedule(&bed, 1, SchedulingType::DWRR, 1);
    schedule(&bed, 2, SchedulingType::DWRR, 3);
    // Big frames in the light queue, small ones in the heavy.
    let mut frames = vec![(1, 996); 20];
    frames.extend([(2, 246); 200]);
    let order = drained(&bed, &frames);
    let until = order.iter().position(|n| *n == 10).unwrap();
    let heavy = order[..until].iter().filter(|n| **n >= 20).count();
    let bytes = [10 * 1000, heavy as i64 * 250];
    assert!((bytes[1] - 3 * bytes[0]).abs() <= 3 * 1536 + 1000, "{bytes:?}");
}

/// What schedulers do with frames that wait all at once, round by round.
fn in_rounds(schedules: &[(SchedulingType, u8)], frames: &[(u8, usize)]) -> Vec<usize> {
    let mut order = vec![0];
    let waiting = |order: &[usize], queue: usize| {
        let mine = frames.iter().enumerate().filter(|(n, f)| usize::from(f.0) == queue && !order.contains(n));
        mine.map(|(n, f)| (n, f.1.max(60) as u64 + 4)).next()
    };
    for queue in (0..schedules.len()).rev().filter(|q| schedules[*q].0 == SchedulingType::STRICT) {
        while let Some((n, _)) = waiting(&order, queue) {
            order.push(n);
        }
    }
    let mut deficit = vec![0; schedules.len()];
    while order.len() < frames.len() {
        for (queue, (kind, weight)) in schedules.iter().enumerate() {
            let by_bytes = *kind == SchedulingType::DWRR;
            deficit[queue] =
                if by_bytes { deficit[queue] + 512 * u64::from(*weight) } else { u64::from(*weight) };
            while let Some((n, size)) = waiting(&order, queue) {
                let cost = if by_bytes { size } else { 1 };
                if cost > deficit[queue] {
                    break;
                }
                deficit[queue] -= cost;
                order.push(n);
            }
            if waiting(&order, queue).is_none() {
                deficit[queue] = 0;
            }
        }
    }
    order
}

#[test]
fn a_flooded_frame_goes_by_the_multicast_queue() {
    needs!(Profile, Clock);
    let bed = bed();
    bed.send(0, &frame(ALL, A));
    bed.send(0, &frame(ALL, A));
    let first_multicast = 10;
    assert_eq!(queue_stat(&bed, 4, first_multicast, queue::Stat::PACKETS), 1);
    assert_eq!(queue_stat(&bed, 4, first_multicast, queue::Stat::CURR_OCCUPANCY_BYTES), 64);
    assert_eq!(queue_stat(&bed, 4, 0, queue::Stat::PACKETS), 0);
}

#[test]
fn what_waits_for_a_port_that_goes_down_is_dropped() {
    needs!(Profile, Clock);
    let bed = bed();
    learn(&bed);
    bed.send(0, &frame(B, A));
    bed.send(0, &frame(B, A));
    bed.set(ObjectType::PORT, bed.ports[3], port::ADMIN_STATE.id(), Value::Bool(false));
    bed.advance(1);
    assert!(bed.sent().is_empty());
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[3], port::Stat::IF_OUT_DISCARDS.0), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn queues_are_served_as_a_naive_model_says(
        schedules in prop::collection::vec(
            (prop::sample::select(vec![SchedulingType::STRICT, SchedulingType::WRR, SchedulingType::DWRR]), 1..5u8),
            6,
        ),
        frames in prop::collection::vec((0..6u8, 60..1500usize), 1..60),
    ) {
        if !(provides(Need::Profile) && provides(Need::Clock)) {
            return Ok(());
        }
        let bed = roomy();
        for (queue, (kind, weight)) in schedules.iter().enumerate() {
            schedule(&bed, queue as u8, *kind, *weight);
        }
        prop_assert_eq!(drained(&bed, &frames), in_rounds(&schedules, &frames));
    }

    /// Nothing is lost or invented while queues fill and drain, and each port keeps the order of a queue.
    #[test]
    fn packets_balance_and_keep_their_order(
        steps in prop::collection::vec((0..8usize, 0..5u8, 60..400usize, 0..3000u64), 1..80),
    ) {
        if !(provides(Need::Profile) && provides(Need::Clock)) {
            return Ok(());
        }
        let bed = bed();
        for n in 0..4 {
            bed.inject(usize::from(n), &frame(ALL, [2, 0, 0, 0, 7, n]));
        }
        bed.advance(1);
        bed.sent();
        let mut left: Vec<(usize, Vec<u8>)> = Vec::new();
        for (n, (port, to, len, wait)) in steps.into_iter().enumerate() {
            let mut f = frame([2, 0, 0, 0, 7, to], [2, 0, 0, 0, 8, port as u8]);
            f.resize(len, 0);
            f[14..18].copy_from_slice(&(n as u32).to_be_bytes());
            bed.inject(port, &f);
            bed.wait(Duration::from_nanos(wait));
            left.extend(bed.sent());
        }
        bed.advance(1);
        left.extend(bed.sent());
        for port in 0..8 {
            for source in 0..8 {
                let number = |f: &[u8]| u32::from_be_bytes([f[14], f[15], f[16], f[17]]);
                let known: Vec<u32> = left
                    .iter()
                    .filter(|(p, f)| *p == port && f[11] == source && f[4] == 7 && f[5] < 4 && f[10] == 8)
                    .map(|(_, f)| number(f))
                    .collect();
                prop_assert!(known.is_sorted(), "port {}: {:?}", port, known);
            }
        }
    }
}
