//! WRED: what a queue drops, or marks by ECN, before it is full.

use std::time::Duration;

use super::acl::f;
use super::bed::*;
use super::qos::map;
use sai::hostif_trap as trap;
use sai::qos_map::Type;
use sai::types::{EcnMarkMode, PacketAction};
use sai::wred::*;
use sai::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Status, Value, port, queue, switch};
use switch_sim::Timing;
use switch_sim::warm::Keys;

/// Ports of 1 Gbit/s, where the shortest frame takes 672 ns; B behind port 3; DSCP 10 is yellow, 20 red. Frames meet in
/// queue 0 of port 3.
struct Wred(Bed);

impl std::ops::Deref for Wred {
    type Target = Bed;
    fn deref(&self) -> &Bed {
        &self.0
    }
}

/// A frame of 64 bytes with this color and ECN field.
fn packet(color: usize, ecn: u8) -> Vec<u8> {
    let dscp = [0, 10, 20][color];
    f(&format!(
        "eth dst=02:00:00:00:00:0b src=02:00:00:00:00:0a/ipv4 src=192.0.2.1 dst=192.0.2.2 dscp={dscp} ecn={ecn}/udp/payload zeros=18"
    ))
}

fn v6(ecn: u8) -> Vec<u8> {
    f(&format!(
        "eth dst=02:00:00:00:00:0b src=02:00:00:00:00:0a/ipv6 src=2001:db8::1 dst=2001:db8::2 ecn={ecn}/udp/payload zeros=18"
    ))
}

impl Wred {
    fn new(queue_size: u64) -> Wred {
        let mut profile = eight_ports();
        profile.timing = Timing::Wire;
        profile.ports.speed = 1_000;
        profile.chip.queue_size = queue_size;
        let bed = Bed::with(profile, Keys::default());
        bed.send(3, &frame(A, B));
        bed.advance(1);
        bed.sent();
        let colors = map(&bed, Type::DSCP_TO_COLOR, &[(10, 1), (20, 2)]);
        bed.set(ObjectType::SWITCH, bed.switch, switch::QOS_DSCP_TO_COLOR_MAP.id(), Value::Oid(colors));
        Wred(bed)
    }

    fn queue(&self) -> ObjectId {
        self.0.queue(self.ports[3], 0)
    }

    fn bind(&self, attrs: &[AttrEntry]) -> ObjectId {
        let id = self.create(ObjectType::WRED, attrs);
        self.set(ObjectType::QUEUE, self.queue(), queue::WRED_PROFILE_ID.id(), Value::Oid(id));
        id
    }

    /// What leaves of frames that come all at once.
    fn burst(&self, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
        frames.into_iter().for_each(|f| self.inject(0, &f));
        self.advance(1);
        self.sent().into_iter().map(|(_, f)| f).collect()
    }

    fn counts(&self, first: queue::Stat) -> [u64; 8] {
        std::array::from_fn(|n| self.stat(ObjectType::QUEUE, self.queue(), first.0 + n as i32))
    }

    fn on_port(&self, stat: port::Stat) -> u64 {
        self.stat(ObjectType::PORT, self.ports[3], stat.0)
    }
}

fn on(id: AttrId) -> AttrEntry {
    attr(id, Value::Bool(true))
}

fn number(id: AttrId, value: u64) -> AttrEntry {
    attr(id, Value::U32(value as u32))
}

fn wide(id: AttrId, value: u64) -> AttrEntry {
    attr(id, Value::U64(value))
}

fn mode(mode: EcnMarkMode) -> AttrEntry {
    attr(ECN_MARK_MODE.id(), Value::I32(mode.0))
}

const ENABLE: [AttrId; 3] = [GREEN_ENABLE.id(), YELLOW_ENABLE.id(), RED_ENABLE.id()];
const MIN: [AttrId; 3] = [GREEN_MIN_THRESHOLD.id(), YELLOW_MIN_THRESHOLD.id(), RED_MIN_THRESHOLD.id()];
const MAX: [AttrId; 3] = [GREEN_MAX_THRESHOLD.id(), YELLOW_MAX_THRESHOLD.id(), RED_MAX_THRESHOLD.id()];
const MIN_64: [AttrId; 3] =
    [GREEN_MIN_THRESHOLD_64.id(), YELLOW_MIN_THRESHOLD_64.id(), RED_MIN_THRESHOLD_64.id()];
const MAX_64: [AttrId; 3] =
    [GREEN_MAX_THRESHOLD_64.id(), YELLOW_MAX_THRESHOLD_64.id(), RED_MAX_THRESHOLD_64.id()];
const PERCENT: [AttrId; 3] =
    [GREEN_DROP_PROBABILITY.id(), YELLOW_DROP_PROBABILITY.id(), RED_DROP_PROBABILITY.id()];

#[test]
fn a_threshold_may_be_any_number() {
    needs!(Profile, Clock);
    let bed = Wred::new(1 << 20);
    bed.bind(&[wide(MIN_64[0], 64), wide(MAX_64[0], u64::MAX), number(PERCENT[0], 100), on(ENABLE[0])]);
    assert_eq!(bed.burst((0..20).map(|_| packet(0, 0))).len(), 20);
}

/// Acts: SAI_QUEUE_ATTR_WRED_PROFILE_ID, SAI_WRED_ATTR_GREEN_ENABLE, SAI_WRED_ATTR_YELLOW_ENABLE,
/// SAI_WRED_ATTR_RED_ENABLE, SAI_WRED_ATTR_GREEN_MAX_THRESHOLD, SAI_WRED_ATTR_YELLOW_MAX_THRESHOLD,
/// SAI_WRED_ATTR_RED_MAX_THRESHOLD, SAI_WRED_ATTR_GREEN_MAX_THRESHOLD_64, SAI_WRED_ATTR_YELLOW_MAX_THRESHOLD_64,
/// SAI_WRED_ATTR_RED_MAX_THRESHOLD_64.
#[test]
fn a_color_is_dropped_from_its_maximum_on() {
    needs!(Profile, Clock);
    for color in 0..3 {
        for is_wide in [false, true] {
            let bed = Wred::new(1 << 20);
            let curve = match is_wide {
                false => [number(MIN[color], 640), number(MAX[color], 640)],
                true => [wide(MIN_64[color], 640), wide(MAX_64[color], 640)],
            };
            let id = bed.bind(&[&curve[..], &[on(ENABLE[color])]].concat());
            // One is on the wire, ten find less than 640 bytes.
            assert_eq!(bed.burst((0..20).map(|_| packet(color, 0))).len(), 11);
            let mut early = [0; 8];
            early[2 * color..][..2].copy_from_slice(&[9, 9 * 64]);
            early[6..].copy_from_slice(&[9, 9 * 64]);
            assert_eq!(bed.counts(queue::Stat::GREEN_WRED_DROPPED_PACKETS), early);
            let first = port::Stat::GREEN_WRED_DROPPED_PACKETS.0;
            let on_port: [u64; 8] = std::array::from_fn(|n| bed.on_port(port::Stat(first + n as i32)));
            assert_eq!(on_port, early);
            let dropped = [
                queue::Stat::GREEN_DROPPED_PACKETS,
                queue::Stat::YELLOW_DROPPED_PACKETS,
                queue::Stat::RED_DROPPED_PACKETS,
            ];
            let dropped = dropped.map(|s| bed.stat(ObjectType::QUEUE, bed.queue(), s.0));
            assert_eq!(dropped, std::array::from_fn(|c| if c == color { 9 } else { 0 }));
            assert_eq!(bed.stat(ObjectType::QUEUE, bed.queue(), queue::Stat::DROPPED_BYTES.0), 9 * 64);
            assert_eq!(bed.on_port(port::Stat::IF_OUT_DISCARDS), 9);
            // The other colors pass, as does all without a profile.
            assert_eq!(bed.burst((0..20).map(|_| packet((color + 1) % 3, 0))).len(), 20);
            bed.set(ObjectType::WRED, id, ENABLE[color], Value::Bool(false));
            assert_eq!(bed.burst((0..20).map(|_| packet(color, 0))).len(), 20);
            bed.set(ObjectType::WRED, id, ENABLE[color], Value::Bool(true));
            assert_eq!(bed.burst((0..20).map(|_| packet(color, 0))).len(), 11);
            let none = Value::Oid(ObjectId::NULL);
            bed.set(ObjectType::QUEUE, bed.queue(), queue::WRED_PROFILE_ID.id(), none);
            assert_eq!(bed.burst((0..20).map(|_| packet(color, 0))).len(), 20);
        }
    }
}

/// How many of 4000 packets are dropped early by a queue that stays at 6400 bytes.
fn hit(color: usize, curve: &[AttrEntry]) -> u64 {
    let bed = Wred::new(6400);
    // A queue that is full, and lets nothing out: port 3 waits for a frame that takes half a second.
    use sai::{scheduler, types::MeterType};
    let slow = [
        attr(scheduler::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
        attr(scheduler::MAX_BANDWIDTH_RATE.id(), Value::U64(2)),
    ];
    let slow = Value::Oid(bed.create(ObjectType::SCHEDULER, &slow));
    bed.set(ObjectType::PORT, bed.ports[3], port::QOS_SCHEDULER_PROFILE_ID.id(), slow);
    (0..101).for_each(|_| bed.inject(0, &packet(color, 0)));
    assert_eq!(bed.stat(ObjectType::QUEUE, bed.queue(), queue::Stat::CURR_OCCUPANCY_BYTES.0), 6400);
    bed.bind(&[curve, &[on(ENABLE[color])]].concat());
    (0..4000).for_each(|_| bed.inject(0, &packet(color, 0)));
    assert_eq!(bed.stat(ObjectType::QUEUE, bed.queue(), queue::Stat::DROPPED_PACKETS.0), 4000);
    bed.stat(ObjectType::QUEUE, bed.queue(), queue::Stat::WRED_DROPPED_PACKETS.0)
}

/// Acts: SAI_WRED_ATTR_GREEN_MIN_THRESHOLD, SAI_WRED_ATTR_YELLOW_MIN_THRESHOLD, SAI_WRED_ATTR_RED_MIN_THRESHOLD,
/// SAI_WRED_ATTR_GREEN_MIN_THRESHOLD_64, SAI_WRED_ATTR_YELLOW_MIN_THRESHOLD_64, SAI_WRED_ATTR_RED_MIN_THRESHOLD_64,
/// SAI_WRED_ATTR_GREEN_DROP_PROBABILITY, SAI_WRED_ATTR_YELLOW_DROP_PROBABILITY, SAI_WRED_ATTR_RED_DROP_PROBABILITY.
#[test]
fn between_the_thresholds_a_share_is_dropped_that_grows_evenly() {
    needs!(Profile, Clock);
    for color in 0..3 {
        // Half of the way to 50 percent is 25; three standard deviations are 82 packets.
        let curve = [number(MIN[color], 3200), number(MAX[color], 9600), number(PERCENT[color], 50)];
        let quarter = hit(color, &curve);
        assert!(quarter.abs_diff(1000) < 82, "{quarter} of 4000");
        assert_eq!(hit(color, &curve), quarter, "chance repeats with the seed");
        let curve = [wide(MIN_64[color], 4800), wide(MAX_64[color], 8000)];
        assert!(hit(color, &curve).abs_diff(2000) < 95, "100 percent where no share is given");
        let curve = [number(MIN[color], 6400), number(MAX[color], 6401)];
        assert_eq!(hit(color, &curve), 0, "none at the minimum");
    }
}

/// Acts: SAI_WRED_ATTR_ECN_MARK_MODE.
#[test]
fn what_is_capable_of_ecn_is_marked_instead() {
    needs!(Profile, Clock);
    use EcnMarkMode as Mode;
    let curves: Vec<_> =
        (0..3).flat_map(|c| [number(MIN[c], 640), number(MAX[c], 640), on(ENABLE[c])]).collect();
    for (mark, marked) in [
        (Mode::NONE, [false, false, false]),
        (Mode::GREEN, [true, false, false]),
        (Mode::YELLOW, [false, true, false]),
        (Mode::RED, [false, false, true]),
        (Mode::GREEN_YELLOW, [true, true, false]),
        (Mode::GREEN_RED, [true, false, true]),
        (Mode::YELLOW_RED, [false, true, true]),
        (Mode::ALL, [true, true, true]),
    ] {
        let bed = Wred::new(1 << 20);
        bed.bind(&[&curves[..], &[mode(mark)]].concat());
        let mut stats = [0; 8];
        for (color, is_marked) in marked.into_iter().enumerate() {
            for ecn in [1, 2, 3] {
                let sent = bed.burst((0..20).map(|_| packet(color, ecn)));
                let mut expected = vec![packet(color, ecn); 11];
                if is_marked {
                    expected.extend(vec![packet(color, 3); 9]);
                    for of in [color, 3] {
                        stats[2 * of] += 9;
                        stats[2 * of + 1] += 9 * 64;
                    }
                }
                assert_eq!(sent, expected, "{mark}, color {color}, ECN {ecn}");
            }
            assert_eq!(bed.burst((0..20).map(|_| packet(color, 0))).len(), 11, "not capable");
        }
        assert_eq!(bed.counts(queue::Stat::GREEN_WRED_ECN_MARKED_PACKETS), stats);
        assert_eq!(bed.on_port(port::Stat::ECN_MARKED_PACKETS), stats[6]);
    }
    let bed = Wred::new(1 << 20);
    bed.bind(&[number(MIN[0], 64), number(MAX[0], 64), mode(Mode::GREEN)]);
    let sent = bed.burst((0..3).map(|_| v6(1)));
    assert_eq!(sent, [v6(1), v6(1), v6(3)]);
    assert_eq!(bed.burst((0..20).map(|_| packet(0, 0))).len(), 20, "only marking is enabled");
    // A frame that is no IP packet has no ECN field.
    assert_eq!(bed.burst((0..20).map(|_| frame(B, A))).len(), 20);
}

/// Acts: SAI_SWITCH_ATTR_ECN_ECT_THRESHOLD_ENABLE, SAI_WRED_ATTR_ECN_GREEN_MIN_THRESHOLD,
/// SAI_WRED_ATTR_ECN_GREEN_MAX_THRESHOLD, SAI_WRED_ATTR_ECN_GREEN_MARK_PROBABILITY,
/// SAI_WRED_ATTR_ECN_YELLOW_MIN_THRESHOLD, SAI_WRED_ATTR_ECN_YELLOW_MAX_THRESHOLD,
/// SAI_WRED_ATTR_ECN_YELLOW_MARK_PROBABILITY, SAI_WRED_ATTR_ECN_RED_MIN_THRESHOLD,
/// SAI_WRED_ATTR_ECN_RED_MAX_THRESHOLD, SAI_WRED_ATTR_ECN_RED_MARK_PROBABILITY,
/// SAI_WRED_ATTR_ECN_GREEN_MIN_THRESHOLD_64, SAI_WRED_ATTR_ECN_GREEN_MAX_THRESHOLD_64,
/// SAI_WRED_ATTR_ECN_YELLOW_MIN_THRESHOLD_64, SAI_WRED_ATTR_ECN_YELLOW_MAX_THRESHOLD_64,
/// SAI_WRED_ATTR_ECN_RED_MIN_THRESHOLD_64, SAI_WRED_ATTR_ECN_RED_MAX_THRESHOLD_64.
#[test]
fn marking_has_thresholds_of_its_own_where_the_switch_says_so() {
    needs!(Profile, Clock);
    const ECN_MIN: [AttrId; 3] =
        [ECN_GREEN_MIN_THRESHOLD.id(), ECN_YELLOW_MIN_THRESHOLD.id(), ECN_RED_MIN_THRESHOLD.id()];
    const ECN_MAX: [AttrId; 3] =
        [ECN_GREEN_MAX_THRESHOLD.id(), ECN_YELLOW_MAX_THRESHOLD.id(), ECN_RED_MAX_THRESHOLD.id()];
    const ECN_MIN_64: [AttrId; 3] =
        [ECN_GREEN_MIN_THRESHOLD_64.id(), ECN_YELLOW_MIN_THRESHOLD_64.id(), ECN_RED_MIN_THRESHOLD_64.id()];
    const ECN_MAX_64: [AttrId; 3] =
        [ECN_GREEN_MAX_THRESHOLD_64.id(), ECN_YELLOW_MAX_THRESHOLD_64.id(), ECN_RED_MAX_THRESHOLD_64.id()];
    const ECN_PERCENT: [AttrId; 3] =
        [ECN_GREEN_MARK_PROBABILITY.id(), ECN_YELLOW_MARK_PROBABILITY.id(), ECN_RED_MARK_PROBABILITY.id()];
    for color in 0..3 {
        let bed = Wred::new(1 << 20);
        let marked =
            || bed.burst((0..20).map(|_| packet(color, 1))).iter().filter(|f| f[15] & 3 == 3).count();
        let apart = |on| {
            bed.set(ObjectType::SWITCH, bed.switch, switch::ECN_ECT_THRESHOLD_ENABLE.id(), Value::Bool(on));
        };
        let general = [number(MIN[color], 640), number(MAX[color], 640), mode(EcnMarkMode::ALL)];
        let id =
            bed.bind(&[&general[..], &[number(ECN_MIN[color], 64), number(ECN_MAX[color], 64)]].concat());
        assert_eq!(marked(), 9);
        apart(true);
        assert_eq!(marked(), 18);
        let set = |a: AttrEntry| bed.set(ObjectType::WRED, id, a.id, a.value);
        set(wide(ECN_MIN_64[color], 128));
        set(wide(ECN_MAX_64[color], 128));
        assert_eq!(marked(), 17);
        // From the lowest length on to one far above, no share of packets.
        set(wide(ECN_MIN_64[color], 1));
        set(wide(ECN_MAX_64[color], 1 << 20));
        set(number(ECN_PERCENT[color], 0));
        assert_eq!(marked(), 0);
        apart(false);
        assert_eq!(marked(), 9);
    }
}

/// Acts: SAI_WRED_ATTR_WEIGHT.
#[test]
fn the_average_follows_by_the_weight_and_falls_while_nothing_waits() {
    needs!(Profile, Clock);
    for weight in [0, 1, 2, 4] {
        let bed = Wred::new(1 << 20);
        let curve = [number(MIN[0], 300), number(MAX[0], 300), on(ENABLE[0])];
        bed.bind(&[&curve[..], &[attr(WEIGHT.id(), Value::U8(weight))]].concat());
        let share = 1.0 / f64::from(1 << weight);
        let (mut average, mut length, mut passed) = (0.0f64, 0.0, 1);
        loop {
            average += (length - average) * share;
            if average >= 300.0 {
                break;
            }
            (length, passed) = (length + 64.0, passed + 1);
        }
        (0..passed + 5).for_each(|_| bed.inject(0, &packet(0, 0)));
        let dropped = || bed.stat(ObjectType::QUEUE, bed.queue(), queue::Stat::WRED_DROPPED_PACKETS.0);
        assert_eq!(dropped(), 5, "weight {weight}");
        (0..4).for_each(|_| average += (length - average) * share);
        // All leave; each 672 ns in which nothing waits count as a packet that found nothing.
        bed.wait(Duration::from_nanos(672 * (passed - 1)));
        assert_eq!(bed.sent().len() as u64, passed);
        let idle = (0..200).find(|n| average * (1.0 - share).powi(*n + 1) < 300.0).unwrap();
        if idle > 0 {
            bed.wait(Duration::from_nanos(672 * (idle as u64) - 1));
            bed.inject(0, &packet(0, 0));
            assert_eq!(dropped(), 6, "weight {weight}, just before {idle} slots");
            bed.wait(Duration::from_nanos(1));
        } else {
            assert!(weight < 2, "{average}");
        }
        bed.inject(0, &packet(0, 0));
        bed.wait(Duration::from_nanos(672));
        assert_eq!(bed.sent().len(), 1);
    }
}

#[test]
fn what_cannot_be_is_refused_and_what_is_dropped_can_be_trapped() {
    needs!(Profile, Clock);
    let bed = Wred::new(1 << 20);
    let refused = |attrs: &[AttrEntry]| bed.try_create(ObjectType::WRED, attrs).unwrap_err();
    for (given, why) in [
        (number(PERCENT[0], 101), "101 percent"),
        (number(ECN_RED_MARK_PROBABILITY.id(), 200), "200 percent"),
        (attr(WEIGHT.id(), Value::U8(16)), "weights are 0 to 15"),
    ] {
        let error = refused(&[on(ENABLE[0]), given]);
        assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(1));
        says(&error, why);
    }
    let id = bed.bind(&[number(MIN[0], 64), number(MAX[0], 64), on(ENABLE[0])]);
    let object = ObjectRef::Object(ObjectType::WRED, id);
    let error = bed.backend().set(&object, &number(PERCENT[0], 101)).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0);
    let lost = [
        attr(trap::TRAP_TYPE.id(), Value::I32(trap::Type::PIPELINE_DISCARD_WRED.0)),
        attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
    ];
    bed.create(ObjectType::HOSTIF_TRAP, &lost);
    assert_eq!(bed.burst((0..3).map(|_| packet(0, 0))).len(), 2);
    assert_eq!(bed.stat(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0), 1);
}
