//! PAUSE and priority flow control: obeyed, and sent.

use std::time::Duration;

use super::bed::*;
use super::buffers::Buffers;
use super::qos::map;
use sai::buffer_profile as profile;
use sai::hostif::TxType;
use sai::port::{FlowControlMode, PriorityFlowControlMode};
use sai::qos_map::Type;
use sai::types::MeterType;
use sai::{
    AttrEntry, AttrId, ObjectRef, ObjectType, Special, Status, Value, buffer_pool as pool,
    hostif_packet as packet, port, queue, scheduler, switch,
};

/// What a 64-byte frame takes on a wire of 1 Gbit/s, in nanoseconds; a quantum of flow control is 512 of them.
const SHORTEST: u64 = 672;

/// A frame of flow control: the opcode, what follows it, and the eight times of PFC.
fn control(src: [u8; 6], opcode: u16, word: u16, times: [u16; 8]) -> Vec<u8> {
    let mut frame = [&[0x01, 0x80, 0xC2, 0, 0, 1][..], &src, &[0x88, 0x08]].concat();
    frame.extend([opcode, word].into_iter().chain(times).flat_map(u16::to_be_bytes));
    frame.resize(60, 0);
    frame
}

/// PFC of these priorities, all with this time.
fn pfc(src: [u8; 6], priorities: u8, time: u16) -> Vec<u8> {
    let times = std::array::from_fn(|n| if priorities >> n & 1 == 1 { time } else { 0 });
    control(src, 0x0101, priorities.into(), times)
}

fn pause(src: [u8; 6], time: u16) -> Vec<u8> {
    control(src, 1, time, [0; 8])
}

fn nanos(bed: &Bed, by: u64) -> usize {
    bed.wait(Duration::from_nanos(by));
    bed.sent().len()
}

fn at_port(bed: &Bed, port: usize, id: AttrId, value: Value) {
    bed.set(ObjectType::PORT, bed.ports[port], id, value);
}

fn mode(bed: &Bed, port: usize, mode: FlowControlMode) {
    at_port(bed, port, port::GLOBAL_FLOW_CONTROL_MODE.id(), Value::I32(mode.0));
}

/// The host sends a frame by a queue of port 2.
fn host_sends(bed: &Bed, queue: u8) {
    let attrs = [
        attr(packet::HOSTIF_TX_TYPE.id(), Value::I32(TxType::PIPELINE_BYPASS.0)),
        attr(packet::EGRESS_PORT_OR_LAG.id(), Value::Oid(bed.ports[2])),
        attr(packet::EGRESS_QUEUE_INDEX.id(), Value::U8(queue)),
    ];
    let send = Special::SendHostifPacket { hostif: bed.switch, frame: &frame(B, A), attrs: &attrs };
    bed.backend().special(bed.switch, send).unwrap();
}

fn is_paused(bed: &Bed, queue: usize) -> bool {
    let queue = bed.queue(bed.ports[2], queue);
    bed.get(ObjectType::QUEUE, queue, queue::PAUSE_STATUS.id()) == Value::Bool(true)
}

/// Acts: SAI_PORT_ATTR_PRIORITY_FLOW_CONTROL, SAI_PORT_ATTR_PRIORITY_FLOW_CONTROL_MODE,
/// SAI_PORT_ATTR_PRIORITY_FLOW_CONTROL_RX, SAI_PORT_ATTR_QOS_PFC_PRIORITY_TO_QUEUE_MAP.
#[test]
fn a_queue_pauses_for_the_time_that_pfc_names() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    let bits = |id: AttrId, bits: u8| at_port(&bed, 2, id, Value::U8(bits));
    // Ten times 512 bit times at 1 Gbit/s.
    let hears = |priorities| bed.inject(2, &pfc(A, priorities, 10));
    let is_held = |queue: u8, paused: bool| {
        assert_eq!(is_paused(&bed, queue.into()), paused);
        host_sends(&bed, queue);
        let other = (queue + 1) % 8;
        host_sends(&bed, other);
        if paused {
            assert_eq!(nanos(&bed, 5_119), 1, "the other queue is not held up");
            assert!(is_paused(&bed, queue.into()));
            assert_eq!(nanos(&bed, 1), 1);
        }
        nanos(&bed, 10_000);
        assert!(!is_paused(&bed, queue.into()));
    };
    hears(1 << 3);
    is_held(3, false);
    bits(port::PRIORITY_FLOW_CONTROL.id(), 1 << 3);
    hears(1 << 4);
    is_held(4, false);
    hears(0b1111_1111);
    is_held(3, true);
    // A time of 0 lets it go on.
    hears(1 << 3);
    host_sends(&bed, 3);
    assert_eq!(nanos(&bed, 1000), 0);
    bed.inject(2, &pfc(A, 1 << 3, 0));
    assert_eq!(nanos(&bed, 0), 1);
    nanos(&bed, 10_000);
    // What receives may be told apart from what sends.
    let separate = Value::I32(PriorityFlowControlMode::SEPARATE.0);
    at_port(&bed, 2, port::PRIORITY_FLOW_CONTROL_MODE.id(), separate);
    hears(1 << 3);
    is_held(3, false);
    bits(port::PRIORITY_FLOW_CONTROL_RX.id(), 1 << 6);
    hears(1 << 6);
    is_held(6, true);
    // With a map other queues stand for the priorities, and none for what it does not list.
    let to_queue = map(&bed, Type::PFC_PRIORITY_TO_QUEUE, &[(6, 5)]);
    at_port(&bed, 2, port::QOS_PFC_PRIORITY_TO_QUEUE_MAP.id(), Value::Oid(to_queue));
    bits(port::PRIORITY_FLOW_CONTROL_RX.id(), 0b1111_1111);
    hears(1 << 6);
    is_held(5, true);
    hears(0b1011_1111);
    is_held(5, false);
    // A port that no longer obeys goes on.
    hears(1 << 6);
    host_sends(&bed, 5);
    bits(port::PRIORITY_FLOW_CONTROL_RX.id(), 0);
    assert_eq!(nanos(&bed, 0), 1);
}

/// Acts: SAI_PORT_ATTR_GLOBAL_FLOW_CONTROL_MODE.
#[test]
fn a_port_pauses_after_the_frame_that_it_sends() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    for (kind, obeys) in [
        (FlowControlMode::DISABLE, false),
        (FlowControlMode::TX_ONLY, false),
        (FlowControlMode::RX_ONLY, true),
        (FlowControlMode::BOTH_ENABLE, true),
    ] {
        mode(&bed, 2, kind);
        host_sends(&bed, 0);
        host_sends(&bed, 1);
        bed.inject(2, &pause(A, 4));
        assert_eq!([nanos(&bed, 0), nanos(&bed, 2_047)], if obeys { [1, 0] } else { [1, 1] });
        assert_eq!(nanos(&bed, 1), usize::from(obeys));
        nanos(&bed, 10_000);
        bed.inject(2, &pause(A, 4));
        host_sends(&bed, 0);
        assert_eq!([nanos(&bed, 0), nanos(&bed, 2_048)], if obeys { [0, 1] } else { [1, 0] });
        nanos(&bed, 10_000);
    }
}

/// A profile of one frame reserved, four shared and five of headroom, at priority group 0 of port 0.
fn lossless(bed: &Buffers, more: &[AttrEntry]) {
    let ingress = bed.pool(pool::Type::INGRESS, 100, &[]);
    let headroom = attr(profile::XOFF_TH.id(), Value::U64(5 * 64));
    bed.at_group(0, 0, bed.profile(ingress, 1, Ok(4), &[&[headroom], more].concat()));
}

fn this_mac(bed: &Bed) -> [u8; 6] {
    match bed.get(ObjectType::SWITCH, bed.switch, switch::SRC_MAC_ADDRESS.id()) {
        Value::Mac(mac) => mac.0,
        other => panic!("{other:?}"),
    }
}

const NOTHING: Vec<Vec<u8>> = Vec::new();

/// What port 0 sends after each of these waits.
fn told(bed: &Bed, waits: &[u64]) -> Vec<Vec<Vec<u8>>> {
    let told = |wait: &u64| {
        bed.wait(Duration::from_nanos(*wait));
        bed.sent().into_iter().filter(|(port, _)| *port == 0).map(|(_, f)| f).collect()
    };
    waits.iter().map(told).collect()
}

/// Acts: SAI_BUFFER_PROFILE_ATTR_XON_TH, SAI_BUFFER_PROFILE_ATTR_XON_OFFSET_TH, SAI_PORT_ATTR_PRIORITY_FLOW_CONTROL,
/// SAI_PORT_ATTR_PRIORITY_FLOW_CONTROL_TX, SAI_PORT_ATTR_PRIORITY_FLOW_CONTROL_MODE.
#[test]
fn a_port_tells_its_partner_to_pause_while_its_group_is_full() {
    needs!(Profile, Clock);
    let bytes = |id: AttrId, frames: u64| attr(id, Value::U64(frames * 64));
    // Nine frames come: one is on the wire, one stands in the reserve, four in what is shared, three in headroom.
    for (more, goes_on) in [
        (vec![], 3),
        (vec![bytes(profile::XON_OFFSET_TH.id(), 2)], 5),
        (vec![bytes(profile::XON_OFFSET_TH.id(), 5), bytes(profile::XON_TH.id(), 2)], 6),
        (vec![bytes(profile::XON_TH.id(), 4), bytes(profile::XON_OFFSET_TH.id(), 5)], 4),
    ] {
        let bed = Buffers::new();
        lossless(&bed, &more);
        let (full, free) = (pfc(this_mac(&bed), 1, 0xFFFF), pfc(this_mac(&bed), 1, 0));
        bed.burst(0, 3, 9);
        assert_eq!(told(&bed, &[0]), [NOTHING], "nothing is enabled");
        bed.advance(1);
        bed.sent();
        at_port(&bed, 0, port::PRIORITY_FLOW_CONTROL.id(), Value::U8(0b11));
        bed.burst(0, 3, 6);
        assert_eq!(told(&bed, &[0, 10_000]), [NOTHING, NOTHING], "as long as there is room");
        bed.burst(0, 3, 9);
        let before = SHORTEST * goes_on - 1;
        assert_eq!(told(&bed, &[0, before, 1, 100_000_000]), [vec![full], vec![], vec![free], vec![]]);
        let stat = |stat: port::Stat| bed.stat(ObjectType::PORT, bed.ports[0], stat.0);
        assert_eq!([port::Stat::PFC_0_TX_PKTS, port::Stat::PFC_1_TX_PKTS].map(stat), [2, 0]);
        assert_eq!(stat(port::Stat::IF_IN_DISCARDS), 0, "nothing is lost");
        let by_queue = |n| bed.stat(ObjectType::QUEUE, bed.0.queue(bed.ports[0], n), queue::Stat::PACKETS.0);
        assert_eq!(by_queue(0), 0, "no queue holds them");
        // Separate bits for what is sent.
        let separate = Value::I32(PriorityFlowControlMode::SEPARATE.0);
        at_port(&bed, 0, port::PRIORITY_FLOW_CONTROL_MODE.id(), separate);
        bed.burst(0, 3, 9);
        assert_eq!(told(&bed, &[0, 100_000]), [NOTHING, NOTHING]);
        at_port(&bed, 0, port::PRIORITY_FLOW_CONTROL_TX.id(), Value::U8(1));
        bed.burst(0, 3, 9);
        assert_eq!(told(&bed, &[0])[0].len(), 1);
    }
}

/// Acts: SAI_PORT_ATTR_QOS_PFC_PRIORITY_TO_PRIORITY_GROUP_MAP.
#[test]
fn the_partner_is_told_again_and_of_each_priority_of_the_group() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    lossless(&bed, &[]);
    at_port(&bed, 0, port::PRIORITY_FLOW_CONTROL.id(), Value::U8(0b0111_0000));
    let groups = map(&bed, Type::PFC_PRIORITY_TO_PRIORITY_GROUP, &[(4, 0), (5, 0), (6, 1), (7, 0)]);
    at_port(&bed, 0, port::QOS_PFC_PRIORITY_TO_PRIORITY_GROUP_MAP.id(), Value::Oid(groups));
    // Port 3 sends two frames a second, so that the group stays full.
    let slow = [
        attr(scheduler::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
        attr(scheduler::MAX_BANDWIDTH_RATE.id(), Value::U64(2)),
    ];
    let slow = bed.create(ObjectType::SCHEDULER, &slow);
    at_port(&bed, 3, port::QOS_SCHEDULER_PROFILE_ID.id(), Value::Oid(slow));
    bed.burst(0, 3, 9);
    let full = pfc(this_mac(&bed), 0b0011_0000, 0xFFFF);
    // The longest time is 65535 times 512 ns; it is told again after half of that.
    let half = 65_535 * 512 / 2;
    let again = told(&bed, &[0, half - 1, 1, half - 1, 1]);
    assert_eq!(again, [vec![full.clone()], vec![], vec![full.clone()], vec![], vec![full]]);
    // A group without headroom has nothing to tell, and a partner that was told to pause is told to go on.
    bed.at_group(0, 0, sai::ObjectId::NULL);
    let free = pfc(this_mac(&bed), 0b0011_0000, 0);
    // The frame before it takes its time on the wire.
    assert_eq!(told(&bed, &[SHORTEST - 1, 1, 100_000_000]), [vec![], vec![free], vec![]]);
}

/// Acts: SAI_PORT_ATTR_GLOBAL_FLOW_CONTROL_MODE.
#[test]
fn a_port_without_priorities_tells_pause_before_all_that_waits() {
    needs!(Profile, Clock);
    let bed = Buffers::new();
    lossless(&bed, &[]);
    mode(&bed, 0, FlowControlMode::BOTH_ENABLE);
    // Port 0 is itself told to pause, and has frames that wait.
    bed.inject(0, &pause(A, 100));
    bed.burst(1, 0, 3);
    bed.burst(0, 3, 9);
    let (full, free) = (pause(this_mac(&bed), 0xFFFF), pause(this_mac(&bed), 0));
    assert_eq!(told(&bed, &[0, 3 * SHORTEST]), [vec![full], vec![free]]);
    let stat = |stat: port::Stat| bed.stat(ObjectType::PORT, bed.ports[0], stat.0);
    assert_eq!([port::Stat::PAUSE_TX_PKTS, port::Stat::PAUSE_RX_PKTS].map(stat), [2, 1]);
    assert_eq!(told(&bed, &[100 * 512])[0].len(), 3);
}

#[test]
fn maps_of_priorities_are_held_to_their_range_and_place() {
    needs!(Profile);
    let bed = Buffers::new();
    let wrong = map(&bed, Type::PFC_PRIORITY_TO_QUEUE, &[(7, 7)]);
    let object = ObjectRef::Object(ObjectType::PORT, bed.ports[0]);
    let given = attr(port::QOS_PFC_PRIORITY_TO_PRIORITY_GROUP_MAP.id(), Value::Oid(wrong));
    assert_eq!(bed.backend().set(&object, &given).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    for (ty, pair, why) in [
        (Type::PFC_PRIORITY_TO_QUEUE, (8, 0), "PFC priority 8"),
        (Type::PFC_PRIORITY_TO_QUEUE, (0, 20), "queue index 20"),
        (Type::PFC_PRIORITY_TO_PRIORITY_GROUP, (0, 8), "priority group 8"),
    ] {
        let list = attr(sai::qos_map::MAP_TO_VALUE_LIST.id(), super::qos::entries(ty, &[pair]));
        let attrs = [attr(sai::qos_map::TYPE.id(), Value::I32(ty.0)), list];
        let error = bed.try_create(ObjectType::QOS_MAP, &attrs).unwrap_err();
        assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(1));
        says(&error, why);
    }
}
