//! Policers and storm control: packets in, packets out, statistics, on the virtual clock.

use std::time::Duration;

use super::bed::*;
use proptest::prelude::*;
use sai::object::policer::{ColorSource, Mode, Stat};
use sai::types::{AclStage, MeterType, ObjectStage, PacketAction, StatsCountMode};
use sai::{
    AclAction, Answer, AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Query, Status, Value, acl_entry,
    acl_table, hostif_trap, policer, port, queue,
};
use switch_sim::pipeline::{DropReason, Event};

const POLICER: ObjectType = ObjectType::POLICER;
const UNKNOWN: [u8; 6] = [2, 9, 9, 9, 9, 9];
const GROUP: [u8; 6] = [1, 0, 0x5E, 1, 1, 1];

fn add(bed: &Bed, mode: Mode, unit: MeterType, more: &[(AttrId, Value)]) -> ObjectId {
    let mut attrs = vec![
        attr(policer::MODE.id(), Value::I32(mode.0)),
        attr(policer::METER_TYPE.id(), Value::I32(unit.0)),
    ];
    attrs.extend(more.iter().map(|(id, value)| attr(*id, value.clone())));
    bed.create(POLICER, &attrs)
}

/// A policer of packets with two colors that drops red ones.
fn storm(bed: &Bed, cir: u64, cbs: u64) -> ObjectId {
    let rates = [
        (policer::CIR.id(), Value::U64(cir)),
        (policer::CBS.id(), Value::U64(cbs)),
        (policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
    ];
    add(bed, Mode::STORM_CONTROL, MeterType::PACKETS, &rates)
}

fn bind(bed: &Bed, port: usize, by: AttrId, policer: ObjectId) {
    bed.set(ObjectType::PORT, bed.ports[port], by, Value::Oid(policer));
}

/// How many of so many frames leave, by any port.
fn passed(bed: &Bed, frame: &[u8], times: usize) -> usize {
    (0..times).filter(|_| !bed.send(0, frame).is_empty()).count()
}

fn stats(bed: &Bed, policer: ObjectId) -> [u64; 8] {
    [
        Stat::PACKETS,
        Stat::ATTR_BYTES,
        Stat::GREEN_PACKETS,
        Stat::GREEN_BYTES,
        Stat::YELLOW_PACKETS,
        Stat::YELLOW_BYTES,
        Stat::RED_PACKETS,
        Stat::RED_BYTES,
    ]
    .map(|stat| bed.stat(POLICER, policer, stat.0))
}

/// Acts: SAI_POLICER_ATTR_CIR, SAI_POLICER_ATTR_CBS, SAI_POLICER_ATTR_MODE, SAI_POLICER_ATTR_METER_TYPE,
/// SAI_POLICER_ATTR_RED_PACKET_ACTION, SAI_PORT_ATTR_POLICER_ID.
#[test]
fn a_port_takes_in_what_its_policer_lets_pass_to_the_nanosecond() {
    needs!(Clock);
    let bed = Bed::new();
    let id = storm(&bed, 10, 3);
    bind(&bed, 0, port::POLICER_ID.id(), id);
    let f = frame(ALL, A);
    assert_eq!(passed(&bed, &f, 5), 3, "the burst");
    bed.wait(Duration::from_nanos(99_999_999));
    assert_eq!(passed(&bed, &f, 1), 0);
    bed.wait(Duration::from_nanos(1));
    assert_eq!(passed(&bed, &f, 2), 1, "ten a second: one in 100 ms");
    bed.advance(100);
    assert_eq!(passed(&bed, &f, 5), 3, "no more than the burst is saved up");
    assert_eq!(stats(&bed, id), [13, 13 * 64, 7, 7 * 64, 0, 0, 6, 6 * 64]);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[0], port::Stat::IF_IN_DISCARDS.0), 6);
    // Other ports pass it by; without it everything passes.
    assert_eq!(bed.to(1, &frame(ALL, B)).len(), 7);
    bind(&bed, 0, port::POLICER_ID.id(), ObjectId::NULL);
    assert_eq!(passed(&bed, &f, 9), 9);
    // By bytes: those that counters count.
    let bytes = [(policer::CBS.id(), Value::U64(200)), (policer::RED_PACKET_ACTION.id(), Value::I32(0))];
    let id = add(&bed, Mode::STORM_CONTROL, MeterType::BYTES, &bytes);
    bind(&bed, 0, port::POLICER_ID.id(), id);
    assert_eq!(passed(&bed, &f, 5), 3, "three frames of 64 bytes");
    // A new rate holds from now on.
    bed.set(POLICER, id, policer::CIR.id(), Value::U64(64));
    bed.advance(1);
    assert_eq!(passed(&bed, &f, 2), 1);
}

#[test]
fn ports_that_share_a_policer_share_its_rate_and_keep_it_in_use() {
    let bed = Bed::new();
    let id = storm(&bed, 0, 3);
    bind(&bed, 0, port::POLICER_ID.id(), id);
    bind(&bed, 1, port::POLICER_ID.id(), id);
    let sent = [0, 1, 0, 1, 0].map(|port| !bed.to(port, &frame(ALL, A)).is_empty());
    assert_eq!(sent, [true, true, true, false, false]);
    let object = ObjectRef::Object(POLICER, id);
    assert_eq!(bed.backend().remove(&object).unwrap_err().status(), Status::OBJECT_IN_USE);
    bind(&bed, 0, port::POLICER_ID.id(), ObjectId::NULL);
    bind(&bed, 1, port::POLICER_ID.id(), ObjectId::NULL);
    bed.remove(POLICER, id);
}

/// Acts: SAI_POLICER_ATTR_SELECTIVE_COUNTER_LIST.
#[test]
fn a_policer_has_no_selective_counters() {
    let bed = Bed::new();
    let id = storm(&bed, 10, 3);
    let counter = bed.create(ObjectType::COUNTER, &[]);
    let list = |ids: Vec<ObjectId>| attr(policer::SELECTIVE_COUNTER_LIST.id(), Value::OidList(ids));
    let set = |ids| bed.backend().set(&ObjectRef::Object(POLICER, id), &list(ids)).map_err(|e| e.status());
    assert_eq!(set(vec![counter]), Err(Status::ATTR_NOT_IMPLEMENTED_0));
    assert_eq!(set(vec![]), Ok(()));
}

/// Acts: SAI_POLICER_ATTR_OBJECT_STAGE.
#[test]
fn a_policer_of_one_stage_does_not_stand_at_the_other() {
    let bed = Bed::new();
    let of = |stage: ObjectStage| {
        let stage = (policer::OBJECT_STAGE.id(), Value::I32(stage.0));
        add(&bed, Mode::STORM_CONTROL, MeterType::PACKETS, &[stage])
    };
    let policers = [ObjectStage::BOTH, ObjectStage::INGRESS, ObjectStage::EGRESS].map(of);
    let by_port = |by: AttrId| {
        let port = ObjectRef::Object(ObjectType::PORT, bed.ports[0]);
        policers.map(|p| bed.backend().set(&port, &attr(by, Value::Oid(p))).map_err(|e| e.status()))
    };
    let refused = Err(Status::INVALID_ATTR_VALUE_0);
    assert_eq!(by_port(port::POLICER_ID.id()), [Ok(()), Ok(()), refused]);
    assert_eq!(by_port(port::FLOOD_STORM_CONTROL_POLICER_ID.id()), [Ok(()), Ok(()), refused]);
    let by_entry = |stage: AclStage| {
        let stage = attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0));
        let table = bed.create(ObjectType::ACL_TABLE, &[stage]);
        policers.map(|p| {
            let police = Value::AclAction(AclAction::Oid(p));
            let attrs = [
                attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
                attr(acl_entry::ACTION_SET_POLICER.id(), police),
            ];
            bed.try_create(ObjectType::ACL_ENTRY, &attrs).is_ok()
        })
    };
    assert_eq!(by_entry(AclStage::INGRESS), [true, true, false]);
    assert_eq!(by_entry(AclStage::EGRESS), [true, false, true]);
}

/// Acts: SAI_PORT_ATTR_FLOOD_STORM_CONTROL_POLICER_ID, SAI_PORT_ATTR_BROADCAST_STORM_CONTROL_POLICER_ID,
/// SAI_PORT_ATTR_MULTICAST_STORM_CONTROL_POLICER_ID.
#[test]
fn storm_control_limits_each_class_by_itself_and_known_stations_never() {
    needs!(Trace, Clock);
    let bed = Bed::new();
    bed.send(1, &frame(ALL, B));
    let classes = [
        (port::FLOOD_STORM_CONTROL_POLICER_ID.id(), UNKNOWN),
        (port::MULTICAST_STORM_CONTROL_POLICER_ID.id(), GROUP),
        (port::BROADCAST_STORM_CONTROL_POLICER_ID.id(), ALL),
    ];
    for (by, dst) in classes {
        let id = storm(&bed, 1, 2);
        bind(&bed, 0, by, id);
        for (_, other) in classes {
            assert_eq!(passed(&bed, &frame(other, A), 4), if other == dst { 2 } else { 4 });
        }
        assert_eq!(passed(&bed, &frame(B, A), 4), 4, "a known station");
        let trace = bed.trace(0, &frame(dst, A));
        assert_eq!(trace.drop_reason(), Some(DropReason::StormControl));
        let hit =
            |e: &Event| matches!(e, Event::Hit { table, object, .. } if table == "policer" && *object == id);
        assert!(trace.steps.iter().any(|s| hit(&s.event)), "{trace}");
        bed.advance(1);
        assert_eq!(passed(&bed, &frame(dst, A), 4), 1);
        bed.sent();
        bind(&bed, 0, by, ObjectId::NULL);
        assert_eq!(passed(&bed, &frame(dst, A), 4), 4);
    }
}

/// Acts: SAI_POLICER_ATTR_GREEN_PACKET_ACTION, SAI_POLICER_ATTR_YELLOW_PACKET_ACTION.
#[test]
fn each_color_gets_its_action() {
    use PacketAction as Act;
    let colors = [
        policer::GREEN_PACKET_ACTION.id(),
        policer::YELLOW_PACKET_ACTION.id(),
        policer::RED_PACKET_ACTION.id(),
    ];
    for (action, leaves, punted) in [
        (Act::FORWARD, true, 0),
        (Act::DROP, false, 0),
        (Act::COPY, true, 1),
        (Act::LOG, true, 1),
        (Act::TRAP, false, 1),
        (Act::DENY, false, 0),
        (Act::TRANSIT, true, 0),
        (Act::COPY_CANCEL, true, 0),
    ] {
        for by in [port::POLICER_ID.id(), port::BROADCAST_STORM_CONTROL_POLICER_ID.id()] {
            // One packet is green, the next yellow, all others are red.
            let bed = Bed::new();
            let sizes = [(policer::CBS.id(), Value::U64(1)), (policer::PBS.id(), Value::U64(1))];
            let id = add(&bed, Mode::SR_TCM, MeterType::PACKETS, &sizes);
            bind(&bed, 0, by, id);
            for color in colors {
                bed.set(POLICER, id, color, Value::I32(action.0));
                let out = bed.to(0, &frame(ALL, A));
                assert_eq!(!out.is_empty(), leaves, "{action} of color {color}");
                let punts = bed.read_and_clear(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0);
                assert_eq!(punts, punted, "{action} of color {color}");
                bed.set(POLICER, id, color, Value::I32(Act::FORWARD.0));
            }
            let [all, _, green, _, yellow, _, red, _] = stats(&bed, id);
            assert_eq!([all, green, yellow, red], [3, 1, 1, 1]);
        }
    }
}

/// A copy that a policer makes needs no trap that takes the packet.
#[test]
fn a_policer_copies_what_no_trap_looks_at() {
    let bed = Bed::new();
    bed.send(1, &frame(ALL, B));
    let copy = Value::I32(PacketAction::COPY.0);
    let id = add(&bed, Mode::SR_TCM, MeterType::PACKETS, &[(policer::RED_PACKET_ACTION.id(), copy)]);
    bind(&bed, 0, port::POLICER_ID.id(), id);
    assert_eq!(bed.to(0, &super::bed::routed::packet(B, A, "1.1.1.1", "2.2.2.2", 64, 1000)), [1]);
    assert_eq!(bed.stat(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0), 1);
}

/// DROP is of the data plane, and a trap still gets the packet; DENY keeps it from the CPU too.
#[test]
fn what_a_policer_denies_no_trap_gets() {
    for (action, punted) in [(PacketAction::DROP, 2), (PacketAction::DENY, 1)] {
        let bed = Bed::new();
        let sizes = [(policer::CBS.id(), Value::U64(1))];
        let id = add(&bed, Mode::SR_TCM, MeterType::PACKETS, &sizes);
        bed.set(POLICER, id, policer::RED_PACKET_ACTION.id(), Value::I32(action.0));
        bind(&bed, 0, port::POLICER_ID.id(), id);
        let attrs = [
            attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::EAPOL.0)),
            attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ];
        bed.create(ObjectType::HOSTIF_TRAP, &attrs);
        let mut eapol = frame(ALL, A);
        eapol[12..14].copy_from_slice(&[0x88, 0x8E]);
        (0..2).for_each(|_| assert!(bed.to(0, &eapol).is_empty()));
        let punts = bed.stat(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0);
        assert_eq!(punts, punted, "{action}");
    }
}

/// Acts: SAI_POLICER_ATTR_ENABLE_COUNTER_PACKET_ACTION_LIST, SAI_POLICER_ATTR_STATS_COUNT_MODE.
#[test]
fn statistics_count_what_they_are_told_to() {
    let bed = Bed::new();
    let id = storm(&bed, 0, 2);
    bind(&bed, 0, port::POLICER_ID.id(), id);
    let list = policer::ENABLE_COUNTER_PACKET_ACTION_LIST.id();
    bed.set(POLICER, id, list, Value::I32List(vec![PacketAction::DROP.0]));
    passed(&bed, &frame(ALL, A), 5);
    assert_eq!(stats(&bed, id), [3, 192, 0, 0, 0, 0, 3, 192], "those that are dropped");
    bed.set(POLICER, id, list, Value::I32List(Vec::new()));
    for (mode, counts) in [
        (StatsCountMode::PACKET, [1, 0]),
        (StatsCountMode::BYTE, [0, 64]),
        (StatsCountMode::NONE, [0, 0]),
        (StatsCountMode::PACKET_AND_BYTE, [1, 64]),
    ] {
        bed.set(POLICER, id, policer::STATS_COUNT_MODE.id(), Value::I32(mode.0));
        let before = stats(&bed, id);
        passed(&bed, &frame(ALL, A), 1);
        let after = stats(&bed, id);
        assert_eq!([after[0] - before[0], after[1] - before[1]], counts, "{mode}");
    }
    assert_eq!(bed.read_and_clear(POLICER, id, Stat::RED_BYTES.0), 192 + 128);
    assert_eq!(bed.stat(POLICER, id, Stat::RED_BYTES.0), 0);
}

#[test]
fn what_a_policer_cannot_do_is_refused_as_the_query_says() {
    let bed = Bed::new();
    let query = Query::EnumValues(POLICER, policer::RED_PACKET_ACTION.id());
    let Ok(Answer::EnumValues(can)) = bed.backend().query(bed.switch, query) else {
        panic!("a list of values")
    };
    assert!(can.contains(&PacketAction::TRAP.0) && !can.contains(&PacketAction::DONOTDROP.0));
    let attrs: [AttrEntry; 3] = [
        attr(policer::MODE.id(), Value::I32(Mode::SR_TCM.0)),
        attr(policer::METER_TYPE.id(), Value::I32(MeterType::BYTES.0)),
        attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DONOTDROP.0)),
    ];
    let error = bed.try_create(POLICER, &attrs).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(2));
    says(&error, "SAI_POLICER_ATTR_RED_PACKET_ACTION");
    let Ok(Answer::Count(0)) = bed.backend().query(bed.switch, Query::ObjectCount(POLICER)) else {
        panic!("a refused policer is there")
    };
}

/// The equations of RFC 2697 and RFC 2698, on totals since the meter began.
struct Rfc {
    mode: Mode,
    aware: bool,
    /// CIR, CBS, PIR, PBS.
    rates: [u64; 4],
    start: u64,
    last: u64,
    buckets: [i128; 2],
}

impl Rfc {
    fn new(mode: Mode, aware: bool, rates: [u64; 4], start: u64) -> Rfc {
        let second = if mode == Mode::STORM_CONTROL { 0 } else { rates[3] };
        Rfc { mode, aware, rates, start, last: start, buckets: [rates[1].into(), second.into()] }
    }

    /// The color of a packet: 0 green, 1 yellow, 2 red.
    fn color(&mut self, now: u64, size: u64, before: usize) -> usize {
        let offered = |rate: u64| {
            let total = |t: u64| i128::from(rate) * i128::from(t - self.start) / 1_000_000_000;
            total(now) - total(self.last)
        };
        let [cir, cbs, pir, pbs] = self.rates;
        let (c, p) = (offered(cir), offered(pir));
        self.last = now;
        let before = if self.aware { before } else { 0 };
        let size = i128::from(size);
        let [tc, te] = &mut self.buckets;
        match self.mode {
            Mode::SR_TCM => {
                let room = c.min(i128::from(cbs) - *tc);
                *tc += room;
                *te = (*te + c - room).min(pbs.into());
                if before == 0 && *tc >= size {
                    *tc -= size;
                    0
                } else if before <= 1 && *te >= size {
                    *te -= size;
                    1
                } else {
                    2
                }
            }
            Mode::TR_TCM => {
                *tc = (*tc + c).min(cbs.into());
                *te = (*te + p).min(pbs.into());
                if before == 2 || *te < size {
                    2
                } else if before == 1 || *tc < size {
                    *te -= size;
                    1
                } else {
                    *te -= size;
                    *tc -= size;
                    0
                }
            }
            _ => {
                *tc = (*tc + c).min(cbs.into());
                if before == 2 || *tc < size {
                    2
                } else {
                    *tc -= size;
                    0
                }
            }
        }
    }
}

fn any_policer() -> impl Strategy<Value = (Mode, bool, bool, [u64; 4])> {
    let mode = prop_oneof![Just(Mode::SR_TCM), Just(Mode::TR_TCM), Just(Mode::STORM_CONTROL)];
    let bytes = (0..3000u64, 0..2000u64, 0..3000u64, 0..2000u64).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let packets = (0..20u64, 0..6u64, 0..20u64, 0..6u64).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let rates = prop_oneof![bytes.prop_map(|r| (true, r)), packets.prop_map(|r| (false, r))];
    (mode, any::<bool>(), rates).prop_map(|(mode, aware, (bytes, rates))| (mode, aware, bytes, rates))
}

fn create(bed: &Bed, (mode, aware, bytes, [cir, cbs, pir, pbs]): (Mode, bool, bool, [u64; 4])) -> ObjectId {
    let source = if aware { ColorSource::AWARE } else { ColorSource::BLIND };
    let mut attrs = vec![
        (policer::COLOR_SOURCE.id(), Value::I32(source.0)),
        (policer::CIR.id(), Value::U64(cir)),
        (policer::CBS.id(), Value::U64(cbs)),
        (policer::PBS.id(), Value::U64(pbs)),
    ];
    if mode == Mode::TR_TCM {
        attrs.push((policer::PIR.id(), Value::U64(pir)));
    }
    add(bed, mode, if bytes { MeterType::BYTES } else { MeterType::PACKETS }, &attrs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Two policers in a row, the second fed with the first one's colors, against the RFCs' equations.
    ///
    /// Acts: SAI_POLICER_ATTR_PIR, SAI_POLICER_ATTR_PBS, SAI_POLICER_ATTR_COLOR_SOURCE.
    #[test]
    fn policers_color_as_the_rfcs_equations_do(
        first in any_policer(),
        second in any_policer(),
        packets in prop::collection::vec((0..400_000_000u64, 60..700usize), 1..60),
    ) {
        if !provides(Need::Clock) {
            return Ok(());
        }
        let bed = Bed::new();
        bed.wait(Duration::from_nanos(123_456_789));
        let ids = [create(&bed, first), create(&bed, second)];
        bind(&bed, 0, port::POLICER_ID.id(), ids[0]);
        bind(&bed, 0, port::BROADCAST_STORM_CONTROL_POLICER_ID.id(), ids[1]);
        let mut now = 123_456_789;
        let mut models = [first, second].map(|(mode, aware, _, rates)| Rfc::new(mode, aware, rates, now));
        let mut counts = [[[0; 2]; 3]; 2];
        for (wait, len) in packets {
            now += wait;
            bed.wait(Duration::from_nanos(wait));
            let mut f = frame(ALL, A);
            f.resize(len, 0);
            bed.send(0, &f);
            let mut color = 0;
            for (n, (_, _, bytes, _)) in [first, second].into_iter().enumerate() {
                let size = len as u64 + 4;
                color = models[n].color(now, if bytes { size } else { 1 }, color);
                counts[n][color][0] += 1;
                counts[n][color][1] += size;
            }
        }
        for (id, counts) in ids.into_iter().zip(counts) {
            prop_assert_eq!(stats(&bed, id)[2..].to_vec(), counts.concat());
        }
    }
}
