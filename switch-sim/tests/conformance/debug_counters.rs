//! Debug counters: a packet dropped, and who counts it.

use super::bed::*;
use sai::debug_counter::{self as counter, Type};
use sai::entry::{FdbEntry, McastFdbEntry, RouteEntry};
use sai::types::{InDropReason as In, OutDropReason as Out, PacketAction};
use sai::vlan::TaggingMode;
use sai::{Answer, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Status, Target, Value};
use sai::{
    AttrId, bridge_port, fdb_entry, mcast_fdb_entry, port, route_entry, router_interface as rif, switch,
};
use switch_sim::wire::text;

const COUNTER: ObjectType = ObjectType::DEBUG_COUNTER;

fn add(bed: &Bed, ty: Type, reasons: &[i32]) -> ObjectId {
    let list = match ty {
        Type::PORT_IN_DROP_REASONS | Type::SWITCH_IN_DROP_REASONS => counter::IN_DROP_REASON_LIST.id(),
        _ => counter::OUT_DROP_REASON_LIST.id(),
    };
    let reasons = attr(list, Value::I32List(reasons.to_vec()));
    bed.create(COUNTER, &[attr(counter::TYPE.id(), Value::I32(ty.0)), reasons])
}

fn index(bed: &Bed, id: ObjectId) -> i32 {
    match bed.get(COUNTER, id, counter::INDEX.id()) {
        Value::U32(index) => index as i32,
        other => panic!("{other:?} is no index"),
    }
}

/// What a counter of ports has counted on one.
fn on_port(bed: &Bed, port: usize, base: port::Stat, id: ObjectId) -> u64 {
    bed.stat(ObjectType::PORT, bed.ports[port], base.0 + index(bed, id))
}

fn on_switch(bed: &Bed, base: switch::Stat, id: ObjectId) -> u64 {
    bed.stat(ObjectType::SWITCH, bed.switch, base.0 + index(bed, id))
}

const IN: port::Stat = port::Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS;
const OUT: port::Stat = port::Stat::OUT_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS;

/// Acts: SAI_DEBUG_COUNTER_ATTR_TYPE, SAI_DEBUG_COUNTER_ATTR_IN_DROP_REASON_LIST.
#[test]
fn drops_count_for_the_reasons_that_are_listed() {
    let bed = Bed::new();
    bed.send(0, &frame(A, A));
    let equal = add(&bed, Type::PORT_IN_DROP_REASONS, &[In::SMAC_EQUALS_DMAC.0]);
    let any = add(&bed, Type::PORT_IN_DROP_REASONS, &[In::L2_ANY.0, In::SMAC_EQUALS_DMAC.0]);
    let l3 = add(&bed, Type::PORT_IN_DROP_REASONS, &[In::L3_ANY.0]);
    let all = add(&bed, Type::SWITCH_IN_DROP_REASONS, &[In::L2_ANY.0]);
    assert_eq!([equal, any, l3, all].map(|c| index(&bed, c)), [0, 1, 2, 0]);
    let counts = |port: usize| [equal, any, l3].map(|c| on_port(&bed, port, IN, c));
    assert_eq!(counts(0), [0; 3], "counting begins with the counter");
    bed.send(0, &frame(A, A));
    bed.send(0, &frame(B, [3, 0, 0, 0, 0, 1]));
    bed.send(1, &frame(B, [0; 6]));
    assert_eq!(counts(0), [1, 2, 0]);
    assert_eq!(counts(1), [0, 1, 0]);
    assert_eq!(on_switch(&bed, switch::Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS, all), 3);
    // A new list holds from then on.
    bed.set(COUNTER, equal, counter::IN_DROP_REASON_LIST.id(), Value::I32List(vec![In::SMAC_ZERO.0]));
    bed.send(0, &frame(A, A));
    bed.send(0, &frame(B, [0; 6]));
    assert_eq!(counts(0), [2, 4, 0]);
    // It is cleared like any statistic.
    assert_eq!(bed.read_and_clear(ObjectType::PORT, bed.ports[0], IN.0), 2);
    assert_eq!(counts(0), [0, 4, 0]);
    // The next counter of its index begins at 0.
    bed.send(0, &frame(B, [0; 6]));
    bed.remove(COUNTER, equal);
    let next = add(&bed, Type::PORT_IN_DROP_REASONS, &[In::SMAC_EQUALS_DMAC.0]);
    assert_eq!((index(&bed, next), counts_of(&bed, next)), (0, 0));
    bed.send(0, &frame(A, A));
    assert_eq!(counts_of(&bed, next), 1);
}

fn counts_of(bed: &Bed, id: ObjectId) -> u64 {
    on_port(bed, 0, IN, id)
}

/// Acts: SAI_DEBUG_COUNTER_ATTR_OUT_DROP_REASON_LIST.
#[test]
fn outgoing_drops_count_where_the_packet_was_to_leave() {
    let bed = Bed::new();
    let vlan = bed.vlan(7, &[(0, TaggingMode::TAGGED)]);
    // A static entry leads to a port that is no member of the VLAN.
    let station = FdbEntry { switch_id: bed.switch, mac_address: MacAddr(B), bv_id: vlan }.into();
    let attrs = [
        attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
        attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[1])),
    ];
    bed.backend().create(bed.switch, Target::Entry(&station), &attrs).unwrap();
    let filter = bridge_port::EGRESS_FILTERING.id();
    bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[1], filter, Value::Bool(true));
    let id = add(&bed, Type::PORT_OUT_DROP_REASONS, &[Out::EGRESS_VLAN_FILTER.0]);
    let all = add(&bed, Type::SWITCH_OUT_DROP_REASONS, &[Out::L2_ANY.0]);
    assert!(bed.to(0, &tagged(B, A, 7)).is_empty());
    let counted = (on_port(&bed, 0, OUT, id), on_port(&bed, 1, OUT, id));
    assert_eq!(counted, (0, 1));
    assert_eq!(on_switch(&bed, switch::Stat::OUT_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS, all), 1);
}

#[test]
fn a_reason_that_nothing_causes_is_refused_as_the_query_says() {
    let bed = Bed::new();
    let list = counter::IN_DROP_REASON_LIST.id();
    let Ok(Answer::EnumValues(can)) = bed.backend().query(bed.switch, Query::EnumValues(COUNTER, list))
    else {
        panic!("a list of reasons")
    };
    assert!(can.contains(&In::L2_ANY.0) && can.contains(&In::LPM_MISS.0));
    assert!(!can.contains(&In::SRV6_LOCAL_SID_DROP.0) && !can.contains(&In::MPLS_MISS.0));
    let ty = attr(counter::TYPE.id(), Value::I32(Type::PORT_IN_DROP_REASONS.0));
    let mpls = attr(list, Value::I32List(vec![In::TTL.0, In::MPLS_MISS.0]));
    let error = bed.try_create(COUNTER, &[ty, mpls]).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    // Every reason that it names can be counted.
    let ty = Type::PORT_IN_DROP_REASONS;
    let all = add(&bed, ty, &can);
    bed.send(0, &frame(A, A));
    assert_eq!(on_port(&bed, 0, IN, all), 1, "once, whatever names it has");
}

#[test]
fn counters_of_a_type_run_out_and_come_back() {
    let bed = Bed::new();
    let ty = attr(counter::TYPE.id(), Value::I32(Type::PORT_IN_DROP_REASONS.0));
    let left =
        || match bed.backend().query(bed.switch, Query::Availability(COUNTER, std::slice::from_ref(&ty))) {
            Ok(Answer::Count(left)) => left,
            other => panic!("{other:?}"),
        };
    let before = left();
    let ids: Vec<_> = (0..before).map(|_| add(&bed, Type::PORT_IN_DROP_REASONS, &[In::TTL.0])).collect();
    assert_eq!(left(), 0);
    let error = bed.try_create(COUNTER, std::slice::from_ref(&ty)).unwrap_err();
    assert_eq!(error.status(), Status::INSUFFICIENT_RESOURCES);
    // Those of another type are not touched.
    add(&bed, Type::SWITCH_IN_DROP_REASONS, &[In::TTL.0]);
    bed.backend().remove(&ObjectRef::Object(COUNTER, ids[3])).unwrap();
    assert_eq!(left(), 1);
    assert_eq!(index(&bed, add(&bed, Type::PORT_IN_DROP_REASONS, &[In::TTL.0])), 3);
}

/// One packet for each reason, and what brings it about.
#[test]
fn each_reason_counts_the_packet_that_it_drops() {
    type Prepare = fn(&Bed);
    let as_it_is: Prepare = |_| {};
    let l2: [(In, Prepare, Vec<u8>); 13] = [
        (In::SMAC_MULTICAST, as_it_is, frame(B, [3, 0, 0, 0, 0, 1])),
        (In::SMAC_EQUALS_DMAC, as_it_is, frame(A, A)),
        (In::SMAC_ZERO, as_it_is, frame(B, [0; 6])),
        (In::DMAC_ZERO, as_it_is, frame([0; 6], A)),
        (In::DMAC_RESERVED, as_it_is, frame([1, 0x80, 0xC2, 0, 0, 0], A)),
        (In::INGRESS_VLAN_FILTER, as_it_is, tagged(B, A, 99)),
        (In::L2_LOOPBACK_FILTER, |bed| drop(bed.send(0, &frame(ALL, B))), frame(B, A)),
        (In::EXCEEDS_L2_MTU, |bed| set_port(bed, port::MTU.id(), Value::U32(59)), frame(B, A)),
        (
            In::VLAN_TAG_NOT_ALLOWED,
            |bed| set_port(bed, port::DROP_UNTAGGED.id(), Value::Bool(true)),
            frame(B, A),
        ),
        (In::FDB_UC_DISCARD, |bed| miss(bed, switch::FDB_UNICAST_MISS_PACKET_ACTION.id()), frame(B, A)),
        (
            In::FDB_MC_DISCARD,
            |bed| miss(bed, switch::FDB_MULTICAST_MISS_PACKET_ACTION.id()),
            frame([1, 0, 0x5E, 1, 1, 1], A),
        ),
        // A group that leads nowhere.
        (In::FDB_MC_DISCARD, empty_group, frame([1, 0, 0x5E, 1, 1, 1], A)),
        (
            In::FDB_AND_BLACKHOLE_DISCARDS,
            |bed| miss(bed, switch::FDB_UNICAST_MISS_PACKET_ACTION.id()),
            frame(B, A),
        ),
    ];
    for (reason, prepare, f) in l2 {
        let bed = Bed::new();
        prepare(&bed);
        drops(&bed, reason, In::L2_ANY, In::L3_ANY, &f);
    }
    let l3 = [
        (In::IP_HEADER_ERROR, "ipv4 src=10.0.0.1 dst=10.0.0.2 checksum=1"),
        (In::NO_L3_HEADER, "payload zeros=46"),
        (In::SIP_LOOPBACK, "ipv4 src=127.0.0.1 dst=10.0.0.2"),
        (In::SIP_MC, "ipv4 src=224.0.0.1 dst=10.0.0.2"),
        (In::SIP_CLASS_E, "ipv4 src=240.0.0.1 dst=10.0.0.2"),
        (In::SIP_BC, "ipv4 src=255.255.255.255 dst=10.0.0.2"),
        (In::SIP_UNSPECIFIED, "ipv4 src=0.0.0.0 dst=10.0.0.2"),
        (In::SIP_EQUALS_DIP, "ipv4 src=10.0.0.2 dst=10.0.0.2"),
        (In::DIP_LOOPBACK, "ipv4 src=10.0.0.1 dst=127.0.0.1"),
        (In::DIP_LOOPBACK, "ipv6 src=2001:db8::1 dst=::ffff:127.1.2.3"),
        (In::DIP_LOCAL, "ipv4 src=10.0.0.1 dst=0.0.0.0"),
        (In::DIP_LOCAL, "ipv4 src=10.0.0.1 dst=0.1.2.3"),
        (In::MC_DMAC_MISMATCH, "ipv4 src=10.0.0.1 dst=224.1.1.1"),
        (In::LPM4_MISS, "ipv4 src=10.0.0.1 dst=11.0.0.1"),
        (In::LPM_MISS, "ipv4 src=10.0.0.1 dst=11.0.0.1"),
        (In::LPM6_MISS, "ipv6 src=2001:db8::1 dst=2001:db8::2"),
        (In::BLACKHOLE_ROUTE, "ipv4 src=10.0.0.1 dst=10.0.0.2"),
        (In::FDB_AND_BLACKHOLE_DISCARDS, "ipv4 src=10.0.0.1 dst=10.0.0.2"),
    ];
    for (reason, src) in [
        (In::SMAC_EQUALS_DMAC, None),
        (In::SMAC_MULTICAST, Some("03:00:00:00:00:0a")),
        (In::SMAC_ZERO, Some("00:00:00:00:00:00")),
    ] {
        let (bed, mac) = routed();
        let src = src.map_or_else(|| mac.to_string(), str::to_owned);
        let f =
            text::parse(&format!("eth src={src} dst={mac}/ipv4 src=10.0.0.1 dst=10.0.0.2 pad=60")).unwrap();
        drops(&bed, reason, In::L2_ANY, In::L3_ANY, &f);
    }
    for (dst, packet) in [
        ("ff:ff:ff:ff:ff:ff", "ipv4 src=10.0.0.1 dst=10.0.0.2"),
        ("33:33:00:00:00:09", "ipv6 src=2001:db8::1 dst=2001:db8::2"),
    ] {
        let f = text::parse(&format!("eth src=02:00:00:00:00:0a dst={dst}/{packet} pad=60")).unwrap();
        drops(&routed().0, In::UC_DIP_MC_DMAC, In::L3_ANY, In::L2_ANY, &f);
    }
    for (reason, packet) in l3 {
        let (bed, mac) = routed();
        let f = text::parse(&format!("eth src=02:00:00:00:00:0a dst={mac}/{packet} pad=60")).unwrap();
        let any = if reason == In::FDB_AND_BLACKHOLE_DISCARDS { reason } else { In::L3_ANY };
        drops(&bed, reason, any, In::L2_ANY, &f);
    }
}

/// Asserts that a frame into port 0 is dropped for this reason, which counts as `any` and not as `other`.
fn drops(bed: &Bed, reason: In, any: In, other: In, f: &[u8]) {
    let ty = Type::PORT_IN_DROP_REASONS;
    let [own, any, other] = [reason, any, other].map(|r| add(bed, ty, &[r.0]));
    assert!(bed.to(0, f).is_empty(), "{reason}");
    let counts = [own, any].map(|c| on_port(bed, 0, IN, c));
    assert_eq!(counts, [1, 1], "{reason}");
    assert_eq!(on_port(bed, 0, IN, other), 0, "{reason}");
}

fn set_port(bed: &Bed, id: AttrId, value: Value) {
    bed.set(ObjectType::PORT, bed.ports[0], id, value);
}

fn miss(bed: &Bed, id: AttrId) {
    bed.set(ObjectType::SWITCH, bed.switch, id, Value::I32(PacketAction::DROP.0));
}

fn empty_group(bed: &Bed) {
    let group = bed.create(ObjectType::L2MC_GROUP, &[]);
    let mac_address = MacAddr([1, 0, 0x5E, 1, 1, 1]);
    let entry = McastFdbEntry { switch_id: bed.switch, mac_address, bv_id: bed.vlan1 }.into();
    let attrs = [
        attr(mcast_fdb_entry::GROUP_ID.id(), Value::Oid(group)),
        attr(mcast_fdb_entry::PACKET_ACTION.id(), Value::I32(PacketAction::FORWARD.0)),
    ];
    bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
}

/// Port 0 routed, with a route to 10.0.0.0/8 that drops; the router's MAC address.
fn routed() -> (Bed, MacAddr) {
    let bed = Bed::new();
    bed.free_port(0);
    let read = |id| bed.get(ObjectType::SWITCH, bed.switch, id);
    let vr = read(switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).as_oid().unwrap();
    let Value::Mac(mac) = read(switch::SRC_MAC_ADDRESS.id()) else { panic!("a MAC address") };
    let attrs = [
        attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
        attr(rif::TYPE.id(), Value::I32(rif::Type::PORT.0)),
        attr(rif::PORT_ID.id(), Value::Oid(bed.ports[0])),
    ];
    bed.create(ObjectType::ROUTER_INTERFACE, &attrs);
    let destination = "10.0.0.0/8".parse().unwrap();
    let route = RouteEntry { switch_id: bed.switch, vr_id: vr, destination }.into();
    let action = attr(route_entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0));
    bed.backend().create(bed.switch, Target::Entry(&route), &[action]).unwrap();
    (bed, mac)
}
