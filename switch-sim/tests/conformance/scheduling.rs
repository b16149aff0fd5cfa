//! Which queue of a port is served: schedulers of queues and of the groups above them.

use std::time::Duration;

use super::bed::*;
use proptest::prelude::*;
use sai::hostif::TxType;
use sai::types::{MeterType, SchedulingType};
use sai::{
    AttrEntry, ObjectId, ObjectRef, ObjectType, Special, Status, Value, hostif_packet as packet, port, queue,
    scheduler, scheduler_group as group,
};
use switch_sim::Timing;
use switch_sim::warm::Keys;

#[test]
fn queues_take_turns() {
    needs!(Profile, Clock);
    let bed = roomy();
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
    let id = scheduler(bed, kind, weight, &[]);
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

/// A scheduler of this type and weight, with more.
fn scheduler(bed: &Bed, kind: SchedulingType, weight: u8, more: &[AttrEntry]) -> ObjectId {
    let attrs = [
        attr(scheduler::SCHEDULING_TYPE.id(), Value::I32(kind.0)),
        attr(scheduler::SCHEDULING_WEIGHT.id(), Value::U8(weight)),
    ];
    bed.create(ObjectType::SCHEDULER, &[&attrs, more].concat())
}

fn group_attrs(port: ObjectId, level: u8, parent: ObjectId, children: u8) -> [AttrEntry; 4] {
    [
        attr(group::PORT_ID.id(), Value::Oid(port)),
        attr(group::LEVEL.id(), Value::U8(level)),
        attr(group::MAX_CHILDS.id(), Value::U8(children)),
        attr(group::PARENT_NODE.id(), Value::Oid(parent)),
    ]
}

/// A group below port 2 that is served by a scheduler, with these queues below it.
fn grouped(bed: &Bed, by: ObjectId, queues: &[usize]) -> ObjectId {
    let attrs = group_attrs(bed.ports[2], 0, bed.ports[2], 8);
    let id = bed.create(ObjectType::SCHEDULER_GROUP, &attrs);
    bed.set(ObjectType::SCHEDULER_GROUP, id, group::SCHEDULER_PROFILE_ID.id(), Value::Oid(by));
    for queue in queues {
        let queue = bed.queue(bed.ports[2], *queue);
        bed.set(ObjectType::QUEUE, queue, queue::PARENT_SCHEDULER_NODE.id(), Value::Oid(id));
    }
    id
}

/// Acts: SAI_SCHEDULER_GROUP_ATTR_PORT_ID, SAI_SCHEDULER_GROUP_ATTR_PARENT_NODE,
/// SAI_SCHEDULER_GROUP_ATTR_SCHEDULER_PROFILE_ID, SAI_QUEUE_ATTR_PARENT_SCHEDULER_NODE.
#[test]
fn a_group_has_its_share_whatever_stands_below_it() {
    needs!(Profile, Clock);
    let frames: Vec<_> = [1, 1, 1, 2, 2, 2, 3, 3, 3, 3].map(|queue| (queue, 60)).into();
    let bed = roomy();
    let even = scheduler(&bed, SchedulingType::WRR, 1, &[]);
    let pair = grouped(&bed, even, &[1, 2]);
    let alone = grouped(&bed, even, &[3]);
    assert_eq!(drained(&bed, &frames), [0, 1, 6, 3, 7, 2, 8, 4, 9, 5]);
    // A group that is strict goes before the others, whatever is strict within them.
    let strict = scheduler(&bed, SchedulingType::STRICT, 1, &[]);
    bed.set(ObjectType::SCHEDULER_GROUP, pair, group::SCHEDULER_PROFILE_ID.id(), Value::Oid(strict));
    schedule(&bed, 2, SchedulingType::STRICT, 1);
    schedule(&bed, 3, SchedulingType::STRICT, 1);
    assert_eq!(drained(&bed, &frames), [0, 3, 4, 5, 1, 2, 6, 7, 8, 9]);
    // Groups within groups: the strict one is now below the other.
    let low = bed.create(ObjectType::SCHEDULER_GROUP, &group_attrs(bed.ports[2], 1, alone, 1));
    bed.set(ObjectType::SCHEDULER_GROUP, low, group::SCHEDULER_PROFILE_ID.id(), Value::Oid(strict));
    let one = bed.queue(bed.ports[2], 1);
    bed.set(ObjectType::QUEUE, one, queue::PARENT_SCHEDULER_NODE.id(), Value::Oid(low));
    assert_eq!(drained(&bed, &frames), [0, 3, 4, 5, 6, 7, 8, 9, 1, 2]);
    // Without a scheduler a group's children stand in its place.
    for id in [pair, alone, low] {
        let none = Value::Oid(ObjectId::NULL);
        bed.set(ObjectType::SCHEDULER_GROUP, id, group::SCHEDULER_PROFILE_ID.id(), none);
    }
    assert_eq!(drained(&bed, &frames), [0, 6, 7, 8, 9, 3, 4, 5, 1, 2]);
}

/// Acts: SAI_SCHEDULER_GROUP_ATTR_SCHEDULER_PROFILE_ID.
#[test]
fn a_group_keeps_to_its_rate_with_all_its_queues() {
    needs!(Profile, Clock);
    let bed = roomy();
    bed.advance(1);
    // A frame of 64 bytes takes a millisecond of the group's rate.
    let rate = attr(scheduler::MAX_BANDWIDTH_RATE.id(), Value::U64(64_000));
    let pair = grouped(&bed, scheduler(&bed, SchedulingType::STRICT, 1, &[rate]), &[1, 2]);
    let upper = grouped(&bed, scheduler(&bed, SchedulingType::WRR, 1, &[]), &[]);
    assert_eq!(drained(&bed, &[(1, 60), (2, 60), (5, 60), (5, 60), (5, 60)]), [0, 2, 3, 4, 1]);
    bed.wait(Duration::from_millis(1));
    assert_eq!(left_after(&bed, 3, &[0, 999_999, 1, 1_000_000]), [1, 1, 2, 3]);
    bed.advance(1);
    // The lowest rate on the way counts, and a group that moved takes its own along.
    let slower = attr(scheduler::MAX_BANDWIDTH_RATE.id(), Value::U64(32_000));
    let slower = scheduler(&bed, SchedulingType::WRR, 1, &[slower]);
    bed.set(ObjectType::SCHEDULER_GROUP, upper, group::SCHEDULER_PROFILE_ID.id(), Value::Oid(slower));
    let lower = bed.create(ObjectType::SCHEDULER_GROUP, &group_attrs(bed.ports[2], 1, upper, 8));
    let fast = scheduler(
        &bed,
        SchedulingType::WRR,
        1,
        &[attr(scheduler::MAX_BANDWIDTH_RATE.id(), Value::U64(64_000))],
    );
    bed.set(ObjectType::SCHEDULER_GROUP, lower, group::SCHEDULER_PROFILE_ID.id(), Value::Oid(fast));
    let one = bed.queue(bed.ports[2], 1);
    bed.set(ObjectType::QUEUE, one, queue::PARENT_SCHEDULER_NODE.id(), Value::Oid(lower));
    assert_eq!(left_after(&bed, 3, &[0, 1_999_999, 1, 2_000_000]), [1, 1, 2, 3]);
    let list = bed.get(ObjectType::SCHEDULER_GROUP, pair, group::CHILD_LIST.id());
    assert_eq!(list, Value::OidList(vec![bed.queue(bed.ports[2], 2)]));
}

/// Acts: SAI_SCHEDULER_GROUP_ATTR_LEVEL, SAI_SCHEDULER_GROUP_ATTR_MAX_CHILDS.
#[test]
fn a_tree_that_cannot_be_is_refused() {
    needs!(Profile);
    let bed = roomy();
    let [here, there] = [bed.ports[2], bed.ports[3]];
    let create = |attrs: &[AttrEntry]| bed.try_create(ObjectType::SCHEDULER_GROUP, attrs);
    let top = create(&group_attrs(here, 0, here, 1)).unwrap();
    let low = create(&group_attrs(here, 2, top, 1)).unwrap();
    for (attrs, n, why) in [
        (group_attrs(here, 3, top, 1), 1, "level 3; there are 3"),
        (group_attrs(there, 1, top, 1), 3, "is of another port"),
        (group_attrs(there, 0, here, 1), 3, "is another port"),
        (group_attrs(here, 2, low, 1), 3, "is of level 2, not above"),
        (group_attrs(here, 1, top, 1), 3, "has all the 1 children that it may have"),
    ] {
        let refused = create(&attrs).unwrap_err();
        assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0.nth(n));
        says(&refused, why);
    }
    let set = |ty, id, parent: AttrEntry| bed.backend().set(&ObjectRef::Object(ty, id), &parent);
    let parent = |id| attr(group::PARENT_NODE.id(), Value::Oid(id));
    says(&set(ObjectType::SCHEDULER_GROUP, top, parent(low)).unwrap_err(), "is of level 2, not above");
    says(&set(ObjectType::SCHEDULER_GROUP, top, parent(top)).unwrap_err(), "is of level 0, not above");
    let parent = |id| attr(queue::PARENT_SCHEDULER_NODE.id(), Value::Oid(id));
    says(&set(ObjectType::QUEUE, bed.queue(there, 1), parent(low)).unwrap_err(), "is of another port");
    says(&set(ObjectType::QUEUE, bed.queue(here, 1), parent(there)).unwrap_err(), "is another port");
    set(ObjectType::QUEUE, bed.queue(here, 1), parent(low)).unwrap();
    says(&set(ObjectType::QUEUE, bed.queue(here, 2), parent(low)).unwrap_err(), "all the 1 children");
    set(ObjectType::QUEUE, bed.queue(here, 1), parent(low)).unwrap();
    let one = bed.queue(here, 1);
    set(ObjectType::QUEUE, one, parent(here)).unwrap();
    assert_eq!(bed.queue(here, 1), one, "the queues of a port keep their order");
}

#[test]
fn a_tree_comes_back_with_a_snapshot() {
    needs!(Profile, Clock, Hands);
    let bed = roomy();
    grouped(&bed, scheduler(&bed, SchedulingType::STRICT, 1, &[]), &[1, 2]);
    bed.reload();
    assert_eq!(drained(&bed, &[(1, 60), (3, 60), (2, 60), (1, 60)]), [0, 3, 2, 1]);
}

/// A sequence of frames with their sizes, by number.
type Frames = Vec<(usize, u64)>;

/// What a node makes of what its children send, when all of it waits, round by round.
fn merged(children: Vec<((SchedulingType, u8), Frames)>) -> Frames {
    let mut order = Vec::new();
    let (strict, rest): (Vec<_>, Vec<_>) =
        children.into_iter().partition(|((kind, _), _)| *kind == SchedulingType::STRICT);
    strict.into_iter().rev().for_each(|(_, frames)| order.extend(frames));
    let mut rest: Vec<_> =
        rest.into_iter().map(|(by, frames)| (by, 0, frames.into_iter().peekable())).collect();
    while rest.iter_mut().any(|(_, _, frames)| frames.peek().is_some()) {
        for ((kind, weight), deficit, frames) in &mut rest {
            let by_bytes = *kind == SchedulingType::DWRR;
            *deficit = if by_bytes { *deficit + 512 * u64::from(*weight) } else { u64::from(*weight) };
            while let Some((n, size)) =
                frames.next_if(|(_, size)| *deficit >= if by_bytes { *size } else { 1 })
            {
                *deficit -= if by_bytes { size } else { 1 };
                order.push((n, size));
            }
            if frames.peek().is_none() {
                *deficit = 0;
            }
        }
    }
    order
}

fn schedule_of() -> impl Strategy<Value = (SchedulingType, u8)> {
    let kinds = vec![SchedulingType::STRICT, SchedulingType::WRR, SchedulingType::DWRR];
    (prop::sample::select(kinds), 1..5u8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_tree_is_served_as_a_naive_model_says(
        queues in prop::collection::vec((schedule_of(), 0..4usize), 6),
        groups in prop::collection::vec(schedule_of(), 3),
        frames in prop::collection::vec((0..6u8, 60..1500usize), 1..60),
    ) {
        if !(provides(Need::Profile) && provides(Need::Clock)) {
            return Ok(());
        }
        let bed = roomy();
        for (queue, ((kind, weight), _)) in queues.iter().enumerate() {
            schedule(&bed, queue as u8, *kind, *weight);
        }
        for (n, (kind, weight)) in groups.iter().enumerate() {
            let below: Vec<_> = (0..6).filter(|q| queues[*q].1 == n).collect();
            grouped(&bed, scheduler(&bed, *kind, *weight, &[]), &below);
        }
        // The first finds the port free. The fourth group is none.
        let waiting = |queue: usize| -> Frames {
            let mine = frames.iter().enumerate().skip(1).filter(|(_, f)| usize::from(f.0) == queue);
            mine.map(|(n, f)| (n, f.1 as u64 + 4)).collect()
        };
        let mut top: Vec<((SchedulingType, u8), Frames)> = Vec::new();
        let mut seen = Vec::new();
        for (queue, (by, of)) in queues.iter().enumerate() {
            match groups.get(*of) {
                None => top.push((*by, waiting(queue))),
                Some(group) if !seen.contains(of) => {
                    seen.push(*of);
                    let below = queues.iter().enumerate().filter(|(_, q)| q.1 == *of);
                    top.push((*group, merged(below.map(|(n, q)| (q.0, waiting(n))).collect())));
                }
                Some(_) => {}
            }
        }
        let expected: Vec<_> = [0].into_iter().chain(merged(top).into_iter().map(|(n, _)| n)).collect();
        prop_assert_eq!(drained(&bed, &frames), expected);
    }
}

/// What leaves while a guarantee of a frame in ten is due to queue 1 and queue 5 is strict, of frames that wait.
fn with_guarantee(bed: &Bed, of_group: bool, more: &[AttrEntry]) {
    schedule(bed, 5, SchedulingType::STRICT, 1);
    let by = scheduler(bed, SchedulingType::WRR, 1, more);
    if of_group {
        grouped(bed, by, &[1, 2]);
    } else {
        let queue = bed.queue(bed.ports[2], 1);
        bed.set(ObjectType::QUEUE, queue, queue::SCHEDULER_PROFILE_ID.id(), Value::Oid(by));
    }
    bed.advance(1);
}

/// Acts: SAI_SCHEDULER_ATTR_MIN_BANDWIDTH_RATE, SAI_SCHEDULER_ATTR_MIN_BANDWIDTH_BURST_RATE.
#[test]
fn a_guaranteed_rate_is_served_before_what_is_strict() {
    needs!(Profile, Clock);
    // A frame takes 672 ns on the wire, ten of them 6720 ns.
    for (kind, rate, burst, places) in [
        (MeterType::BYTES, 9_523_809, 0, [1, 11, 21]),
        (MeterType::PACKETS, 148_809, 0, [1, 11, 21]),
        (MeterType::PACKETS, 148_809, 1, [1, 2, 11]),
        (MeterType::BYTES, 9_523_809, 128, [1, 2, 3]),
    ] {
        for of_group in [false, true] {
            let bed = roomy();
            let more = [
                attr(scheduler::METER_TYPE.id(), Value::I32(kind.0)),
                attr(scheduler::MIN_BANDWIDTH_RATE.id(), Value::U64(rate)),
                attr(scheduler::MIN_BANDWIDTH_BURST_RATE.id(), Value::U64(burst)),
            ];
            with_guarantee(&bed, of_group, &more);
            let mut frames = vec![(5, 60); 30];
            frames.extend([(1, 60); 3]);
            let order = drained(&bed, &frames);
            let found: Vec<_> = (0..order.len()).filter(|place| order[*place] >= 30).collect();
            assert_eq!(found, places, "{kind} {rate} {burst}, of group: {of_group}");
        }
    }
}

#[test]
fn what_is_sent_beyond_the_guaranteed_rate_does_not_use_it_up() {
    needs!(Profile, Clock);
    let bed = roomy();
    with_guarantee(&bed, false, &[attr(scheduler::MIN_BANDWIDTH_RATE.id(), Value::U64(9_523_809))]);
    assert_eq!(left_after(&bed, 10, &[6_719]), [10], "alone it has the whole port");
    bed.wait(Duration::from_nanos(1));
    assert_eq!(drained(&bed, &[(5, 60), (5, 60), (1, 60), (5, 60), (1, 60)]), [0, 2, 1, 3, 4]);
    drop(bed);
    // A guarantee is no leave to send more than the maximum.
    let bed = roomy();
    let rate = |attr_id, rate| attr(attr_id, Value::U64(rate));
    let more = [
        rate(scheduler::MIN_BANDWIDTH_RATE.id(), 9_523_809),
        rate(scheduler::MAX_BANDWIDTH_RATE.id(), 64_000),
    ];
    with_guarantee(&bed, false, &more);
    assert_eq!(left_after(&bed, 2, &[0, 999_999, 1]), [1, 1, 2]);
}
