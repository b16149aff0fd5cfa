//! Ports that take their time: queues fill, drain in turn, and overflow.

use std::time::Duration;

use super::bed::*;
use proptest::prelude::*;
use sai::types::PacketAction;
use sai::{ObjectRef, ObjectType, StatsOp, Value, hostif_trap as trap, port, queue};
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
