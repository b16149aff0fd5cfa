//! QoS maps: class and color of a packet, its queue, what it carries on.

use super::acl::{Acl, action, f};
use super::bed::routed::{Routed, neighbor_mac};
use super::bed::*;
use sai::qos_map::Type;
use sai::types::{AclStage, PacketColor};
use sai::{
    AclAction, AttrId, ObjectId, ObjectRef, ObjectType, QosMap, QosMapParams, Status, Value, acl_entry,
    acl_table, ingress_priority_group, port, qos_map, queue, router_interface as rif, switch,
};

/// VLAN 1 untagged and VLAN 7 tagged on all ports, and B known at port 3 in both.
struct Qos(Acl);

impl std::ops::Deref for Qos {
    type Target = Bed;
    fn deref(&self) -> &Bed {
        &self.0.bed
    }
}

const COLORS: [PacketColor; 3] = [PacketColor::GREEN, PacketColor::YELLOW, PacketColor::RED];

/// An entry of a map of this type: the key (for class and color three times the class plus the color), and the
/// value.
fn entry(ty: Type, key: u8, value: u8) -> QosMap {
    let none = QosMapParams::default;
    let by_class = || QosMapParams { tc: key / 3, color: COLORS[usize::from(key % 3)], ..none() };
    let color = || QosMapParams { color: PacketColor(value.into()), ..none() };
    let (key, value) = match ty {
        Type::DSCP_TO_TC => (QosMapParams { dscp: key, ..none() }, QosMapParams { tc: value, ..none() }),
        Type::DOT1P_TO_TC => (QosMapParams { dot1p: key, ..none() }, QosMapParams { tc: value, ..none() }),
        Type::DSCP_TO_COLOR => (QosMapParams { dscp: key, ..none() }, color()),
        Type::DOT1P_TO_COLOR => (QosMapParams { dot1p: key, ..none() }, color()),
        Type::TC_TO_QUEUE => {
            (QosMapParams { tc: key, ..none() }, QosMapParams { queue_index: value, ..none() })
        }
        Type::TC_TO_PRIORITY_GROUP => {
            (QosMapParams { tc: key, ..none() }, QosMapParams { pg: value, ..none() })
        }
        Type::PFC_PRIORITY_TO_QUEUE => {
            (QosMapParams { prio: key, ..none() }, QosMapParams { queue_index: value, ..none() })
        }
        Type::PFC_PRIORITY_TO_PRIORITY_GROUP => {
            (QosMapParams { prio: key, ..none() }, QosMapParams { pg: value, ..none() })
        }
        Type::TC_AND_COLOR_TO_DSCP => (by_class(), QosMapParams { dscp: value, ..none() }),
        Type::TC_AND_COLOR_TO_DOT1P => (by_class(), QosMapParams { dot1p: value, ..none() }),
        other => panic!("{other}"),
    };
    QosMap { key, value }
}

pub(super) fn entries(ty: Type, pairs: &[(u8, u8)]) -> Value {
    Value::QosMapList(pairs.iter().map(|&(key, value)| entry(ty, key, value)).collect())
}

pub(super) fn map(bed: &Bed, ty: Type, pairs: &[(u8, u8)]) -> ObjectId {
    let list = attr(qos_map::MAP_TO_VALUE_LIST.id(), entries(ty, pairs));
    bed.create(ObjectType::QOS_MAP, &[attr(qos_map::TYPE.id(), Value::I32(ty.0)), list])
}

impl Qos {
    fn new() -> Qos {
        let qos = Qos(Acl::new());
        qos.send(3, &frame(A, B));
        qos.send(3, &tagged(A, B, 7));
        qos
    }

    fn map(&self, ty: Type, pairs: &[(u8, u8)]) -> ObjectId {
        map(self, ty, pairs)
    }

    fn at_port(&self, port: usize, id: AttrId, map: ObjectId) {
        self.set(ObjectType::PORT, self.ports[port], id, Value::Oid(map));
    }

    fn at_switch(&self, id: AttrId, map: ObjectId) {
        self.set(ObjectType::SWITCH, self.switch, id, Value::Oid(map));
    }

    /// Queue n for class n at the port of B.
    fn queue_by_class(&self) {
        let each: Vec<_> = (0..8).map(|n| (n, n)).collect();
        self.at_port(3, port::QOS_TC_TO_QUEUE_MAP.id(), self.map(Type::TC_TO_QUEUE, &each));
    }

    /// The queue of port 3 that sends a frame which port 0 takes in.
    fn queue_of(&self, frame: &[u8]) -> usize {
        let sent = |n| self.stat(ObjectType::QUEUE, self.queue(self.ports[3], n), queue::Stat::PACKETS.0);
        let before: Vec<_> = (0..20).map(sent).collect();
        self.send(0, frame);
        let by: Vec<_> = (0..20).filter(|n| sent(*n) > before[*n]).collect();
        assert_eq!(by.len(), 1, "one copy by one queue");
        by[0]
    }

    /// The frame as it leaves by port 3.
    fn leaves(&self, frame: &[u8]) -> Vec<u8> {
        let sent = self.send(0, frame);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].0, 3);
        sent[0].1.clone()
    }
}

/// An untagged IPv4 packet to B with this DSCP.
fn ip(dscp: u8) -> Vec<u8> {
    f(&format!("eth dst=02:00:00:00:00:0b src=02:00:00:00:00:0a/ipv4 dscp={dscp}/udp/payload zeros=20"))
}

/// The same with a tag of VLAN 7.
fn tagged_ip(pcp: u8, dscp: u8) -> Vec<u8> {
    let mut frame = ip(dscp);
    frame.splice(12..12, [0x81, 0, pcp << 5, 7]);
    frame
}

fn other(pcp: u8) -> Vec<u8> {
    tagged(B, A, u16::from(pcp) << 13 | 7)
}

/// Acts: SAI_PORT_ATTR_QOS_DSCP_TO_TC_MAP, SAI_PORT_ATTR_QOS_DOT1P_TO_TC_MAP, SAI_PORT_ATTR_QOS_DEFAULT_TC,
/// SAI_PORT_ATTR_QOS_TC_TO_QUEUE_MAP, SAI_QOS_MAP_ATTR_TYPE, SAI_QOS_MAP_ATTR_MAP_TO_VALUE_LIST.
#[test]
fn the_class_comes_of_dscp_priority_or_port_and_chooses_the_queue() {
    let qos = Qos::new();
    assert_eq!(qos.queue_of(&ip(46)), 0, "without a map all go by queue 0");
    qos.queue_by_class();
    qos.set(ObjectType::PORT, qos.ports[0], port::QOS_DEFAULT_TC.id(), Value::U8(1));
    assert_eq!([qos.queue_of(&ip(46)), qos.queue_of(&other(4))], [1, 1], "the port's default");
    qos.at_port(0, port::QOS_DOT1P_TO_TC_MAP.id(), qos.map(Type::DOT1P_TO_TC, &[(0, 6), (4, 3)]));
    assert_eq!([qos.queue_of(&tagged_ip(4, 46)), qos.queue_of(&other(4))], [3, 3]);
    assert_eq!(qos.queue_of(&other(5)), 0, "what a map leaves out is of class 0");
    assert_eq!(qos.queue_of(&ip(46)), 6, "without a tag the default priority counts");
    let by_dscp = qos.map(Type::DSCP_TO_TC, &[(46, 5)]);
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), by_dscp);
    assert_eq!([qos.queue_of(&tagged_ip(4, 46)), qos.queue_of(&other(4))], [5, 3], "DSCP before priority");
    assert_eq!(qos.queue_of(&ip(10)), 0);
    let list = qos_map::MAP_TO_VALUE_LIST.id();
    qos.set(ObjectType::QOS_MAP, by_dscp, list, entries(Type::DSCP_TO_TC, &[(10, 7)]));
    assert_eq!([qos.queue_of(&ip(46)), qos.queue_of(&ip(10))], [0, 7], "the new list acts at once");
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), ObjectId::NULL);
    assert_eq!(qos.queue_of(&tagged_ip(4, 10)), 3);
    qos.at_port(3, port::QOS_TC_TO_QUEUE_MAP.id(), ObjectId::NULL);
    assert_eq!(qos.queue_of(&other(4)), 0);
}

/// Acts: SAI_SWITCH_ATTR_QOS_DSCP_TO_TC_MAP, SAI_SWITCH_ATTR_QOS_DOT1P_TO_TC_MAP, SAI_SWITCH_ATTR_QOS_DEFAULT_TC,
/// SAI_SWITCH_ATTR_QOS_TC_TO_QUEUE_MAP.
#[test]
fn maps_of_the_switch_stand_in_for_those_of_ports() {
    let qos = Qos::new();
    qos.at_switch(switch::QOS_TC_TO_QUEUE_MAP.id(), qos.map(Type::TC_TO_QUEUE, &[(2, 2), (3, 3), (4, 4)]));
    qos.set(ObjectType::SWITCH, qos.switch, switch::QOS_DEFAULT_TC.id(), Value::U8(2));
    assert_eq!(qos.queue_of(&ip(46)), 2);
    qos.set(ObjectType::PORT, qos.ports[0], port::QOS_DEFAULT_TC.id(), Value::U8(0));
    assert_eq!(qos.queue_of(&ip(46)), 0, "the port's own default, though it is 0");
    qos.at_switch(switch::QOS_DSCP_TO_TC_MAP.id(), qos.map(Type::DSCP_TO_TC, &[(46, 3)]));
    qos.at_switch(switch::QOS_DOT1P_TO_TC_MAP.id(), qos.map(Type::DOT1P_TO_TC, &[(6, 4)]));
    assert_eq!([qos.queue_of(&ip(46)), qos.queue_of(&other(6))], [3, 4]);
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), qos.map(Type::DSCP_TO_TC, &[(46, 4)]));
    assert_eq!(qos.queue_of(&ip(46)), 4);
    qos.at_port(3, port::QOS_TC_TO_QUEUE_MAP.id(), qos.map(Type::TC_TO_QUEUE, &[(4, 9)]));
    assert_eq!(qos.queue_of(&ip(46)), 9);
}

/// Acts: SAI_PORT_ATTR_QOS_DSCP_TO_COLOR_MAP, SAI_PORT_ATTR_QOS_DOT1P_TO_COLOR_MAP,
/// SAI_PORT_ATTR_QOS_TC_AND_COLOR_TO_DSCP_MAP, SAI_PORT_ATTR_QOS_TC_AND_COLOR_TO_DOT1P_MAP.
#[test]
fn class_and_color_choose_what_a_frame_carries_on() {
    let qos = Qos::new();
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), qos.map(Type::DSCP_TO_TC, &[(46, 5), (47, 5)]));
    qos.at_port(0, port::QOS_DSCP_TO_COLOR_MAP.id(), qos.map(Type::DSCP_TO_COLOR, &[(47, 2)]));
    qos.at_port(0, port::QOS_DOT1P_TO_COLOR_MAP.id(), qos.map(Type::DOT1P_TO_COLOR, &[(3, 1)]));
    let mark = qos.map(Type::TC_AND_COLOR_TO_DSCP, &[(15, 12), (17, 8)]);
    qos.at_port(3, port::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), mark);
    assert_eq!(qos.leaves(&ip(46)), ip(12), "class 5, green: with the checksum mended");
    assert_eq!(qos.leaves(&ip(47)), ip(8), "class 5, red");
    assert_eq!(qos.leaves(&ip(20)), ip(20), "what the map leaves out stays");
    let mark = qos.map(Type::TC_AND_COLOR_TO_DOT1P, &[(1, 6), (15, 2)]);
    qos.at_port(3, port::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(), mark);
    assert_eq!(qos.leaves(&other(3)), other(6), "class 0, yellow by priority 3");
    assert_eq!(qos.leaves(&other(4)), other(4));
    assert_eq!(qos.leaves(&tagged_ip(7, 46)), tagged_ip(2, 12));
}

/// Acts: SAI_SWITCH_ATTR_QOS_DSCP_TO_COLOR_MAP, SAI_SWITCH_ATTR_QOS_DOT1P_TO_COLOR_MAP,
/// SAI_SWITCH_ATTR_QOS_TC_AND_COLOR_TO_DSCP_MAP, SAI_SWITCH_ATTR_QOS_TC_AND_COLOR_TO_DOT1P_MAP.
#[test]
fn the_switch_colors_and_marks_for_ports_without_maps() {
    let qos = Qos::new();
    qos.at_switch(switch::QOS_DSCP_TO_COLOR_MAP.id(), qos.map(Type::DSCP_TO_COLOR, &[(46, 1)]));
    qos.at_switch(switch::QOS_DOT1P_TO_COLOR_MAP.id(), qos.map(Type::DOT1P_TO_COLOR, &[(3, 2)]));
    let mark = qos.map(Type::TC_AND_COLOR_TO_DSCP, &[(1, 9)]);
    qos.at_switch(switch::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), mark);
    let mark = qos.map(Type::TC_AND_COLOR_TO_DOT1P, &[(2, 1)]);
    qos.at_switch(switch::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(), mark);
    assert_eq!(qos.leaves(&ip(46)), ip(9));
    assert_eq!(qos.leaves(&other(3)), other(1));
}

/// Acts: SAI_PORT_ATTR_QOS_TC_TO_PRIORITY_GROUP_MAP.
#[test]
fn priority_groups_count_what_the_port_takes_in() {
    let qos = Qos::new();
    let groups = qos.get(ObjectType::PORT, qos.ports[0], port::INGRESS_PRIORITY_GROUP_LIST.id());
    let Value::OidList(groups) = groups else { panic!("{groups:?}") };
    let counts = |n: usize| {
        use ingress_priority_group::Stat;
        let stat = |stat: Stat| qos.stat(ObjectType::INGRESS_PRIORITY_GROUP, groups[n], stat.0);
        [stat(Stat::PACKETS), stat(Stat::BYTES)]
    };
    qos.send(0, &ip(46));
    let size = ip(46).len().max(60) as u64 + 4;
    assert_eq!([counts(0), counts(3)], [[1, size], [0, 0]]);
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), qos.map(Type::DSCP_TO_TC, &[(46, 5)]));
    qos.at_port(0, port::QOS_TC_TO_PRIORITY_GROUP_MAP.id(), qos.map(Type::TC_TO_PRIORITY_GROUP, &[(5, 3)]));
    qos.send(0, &ip(46));
    qos.send(0, &ip(10));
    assert_eq!([counts(0), counts(3)], [[2, 2 * size], [1, size]]);
    // PAUSE ends at the MAC.
    let mut pause = frame([0x01, 0x80, 0xC2, 0, 0, 1], A);
    pause[12..14].copy_from_slice(&[0x88, 0x08]);
    qos.send(0, &pause);
    assert_eq!(counts(0), [2, 2 * size]);
}

#[test]
fn an_access_list_chooses_the_class_over_the_maps() {
    let qos = Qos::new();
    qos.queue_by_class();
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), qos.map(Type::DSCP_TO_TC, &[(46, 5)]));
    let table = qos.0.table_of(AclStage::INGRESS, &[acl_table::FIELD_ETHER_TYPE.id()]);
    let ipv4 = super::acl::field(acl_entry::FIELD_ETHER_TYPE.id(), super::acl::u16(0x0800));
    qos.0.entry(table, 1, &[ipv4, action(acl_entry::ACTION_SET_TC.id(), AclAction::U8(7))]);
    qos.0.bind_switch(table);
    assert_eq!(qos.queue_of(&ip(46)), 7);
    qos.0.bind_switch(ObjectId::NULL);
    assert_eq!(qos.queue_of(&ip(46)), 5);
}

#[test]
fn copies_go_by_the_multicast_queue_of_the_class() {
    let qos = Qos::new();
    qos.queue_by_class();
    qos.set(ObjectType::PORT, qos.ports[0], port::QOS_DEFAULT_TC.id(), Value::U8(4));
    assert_eq!(qos.queue_of(&frame(ALL, A)), 14);
    assert_eq!(qos.queue_of(&frame(B, A)), 4);
}

#[test]
fn a_routed_packet_has_its_class_too() {
    let r = routed::Net::new();
    r.route("20.0.0.0/8", r.hops[3]);
    let map = |ty: Type, pairs: &[(u8, u8)]| {
        let list = attr(qos_map::MAP_TO_VALUE_LIST.id(), entries(ty, pairs));
        r.create(ObjectType::QOS_MAP, &[attr(qos_map::TYPE.id(), Value::I32(ty.0)), list])
    };
    let set = |id, map| r.set(ObjectType::SWITCH, r.switch, id, Value::Oid(map));
    set(switch::QOS_DSCP_TO_TC_MAP.id(), map(Type::DSCP_TO_TC, &[(0, 2)]));
    set(switch::QOS_TC_TO_QUEUE_MAP.id(), map(Type::TC_TO_QUEUE, &[(2, 6)]));
    set(switch::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), map(Type::TC_AND_COLOR_TO_DSCP, &[(6, 33)]));
    let sent = r.send(0, &r.ip("192.0.2.1", "20.0.0.1"));
    assert_eq!((sent.len(), sent[0].0), (1, 3));
    assert_eq!(sent[0].1[15] >> 2, 33);
    assert_eq!(r.stat(ObjectType::QUEUE, r.queue(r.ports[3], 6), queue::Stat::PACKETS.0), 1);
}

#[test]
fn a_trace_names_the_maps() {
    needs!(Trace);
    let qos = Qos::new();
    qos.queue_by_class();
    let map = qos.map(Type::DSCP_TO_TC, &[(46, 5)]);
    qos.at_port(0, port::QOS_DSCP_TO_TC_MAP.id(), map);
    let trace = qos.trace(0, &ip(46)).to_string();
    assert!(
        trace.contains("QoS map") && trace.contains("DSCP 46: 5") && trace.contains("class 5: 5"),
        "{trace}"
    );
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let qos = Qos::new();
    let create = |ty: Type, list: Value| {
        let attrs = [attr(qos_map::TYPE.id(), Value::I32(ty.0)), attr(qos_map::MAP_TO_VALUE_LIST.id(), list)];
        qos.0.try_create(ObjectType::QOS_MAP, &attrs)
    };
    let bad = Status::INVALID_ATTR_VALUE_0;
    for (ty, pairs, why) in [
        (Type::DSCP_TO_TC, &[(64, 0)][..], "DSCP 64"),
        (Type::DSCP_TO_TC, &[(0, 16)], "traffic class 16"),
        (Type::DSCP_TO_TC, &[(1, 2), (1, 3)], "DSCP 1 is listed twice"),
        (Type::DOT1P_TO_TC, &[(8, 0)], "802.1p priority 8"),
        (Type::DOT1P_TO_COLOR, &[(0, 3)], "color 3"),
        (Type::TC_TO_QUEUE, &[(0, 20)], "queue index 20"),
        (Type::TC_TO_PRIORITY_GROUP, &[(0, 8)], "priority group 8"),
        (Type::TC_AND_COLOR_TO_DSCP, &[(48, 0)], "traffic class 16"),
        (Type::TC_AND_COLOR_TO_DOT1P, &[(0, 8)], "802.1p priority 8"),
    ] {
        let refused = create(ty, entries(ty, pairs)).unwrap_err();
        assert_eq!(refused.status(), bad.nth(1), "{why}");
        says(&refused, why);
    }
    let map = qos.map(Type::DOT1P_TO_TC, &[(1, 1)]);
    let port = ObjectRef::Object(ObjectType::PORT, qos.ports[0]);
    let id = port::QOS_DSCP_TO_TC_MAP.id();
    let refused = qos.backend().set(&port, &attr(id, Value::Oid(map))).unwrap_err();
    assert_eq!(refused.status(), bad);
    says(&refused, "SAI_PORT_ATTR_QOS_DSCP_TO_TC_MAP");
    let this = ObjectRef::Object(ObjectType::SWITCH, qos.switch);
    let id = switch::QOS_DEFAULT_TC.id();
    assert_eq!(qos.backend().set(&this, &attr(id, Value::U8(16))).unwrap_err().status(), bad);
    qos.at_port(0, port::QOS_DOT1P_TO_TC_MAP.id(), map);
    let object = ObjectRef::Object(ObjectType::QOS_MAP, map);
    assert_eq!(qos.backend().remove(&object).unwrap_err().status(), Status::OBJECT_IN_USE);
    let list = attr(qos_map::MAP_TO_VALUE_LIST.id(), entries(Type::DOT1P_TO_TC, &[(9, 1)]));
    assert_eq!(qos.backend().set(&object, &list).unwrap_err().status(), bad);
    qos.queue_by_class();
    assert_eq!(qos.queue_of(&other(1)), 1, "it is as it was");
}

#[test]
fn maps_come_back_with_a_snapshot() {
    needs!(Hands);
    let qos = Qos::new();
    qos.queue_by_class();
    qos.at_switch(switch::QOS_DSCP_TO_TC_MAP.id(), qos.map(Type::DSCP_TO_TC, &[(46, 5)]));
    qos.reload();
    assert_eq!(qos.queue_of(&ip(46)), 5);
}

/// What [`Routed`] has, an interface on port 0 and one on port 1 with a neighbor, 10.0.1.2, whose queues go by class.
fn routed() -> (Routed, [ObjectId; 2]) {
    let r = Routed::new();
    let rifs = [r.port_rif(0), r.port_rif(1)];
    r.neighbor(rifs[1], "10.0.1.2", neighbor_mac(1));
    let each: Vec<_> = (0..8).map(|n| (n, n)).collect();
    let queues = Value::Oid(map(&r, Type::TC_TO_QUEUE, &each));
    r.set(ObjectType::PORT, r.ports[1], port::QOS_TC_TO_QUEUE_MAP.id(), queues);
    (r, rifs)
}

/// The queue of port 1 that sends a routed packet with this DSCP and tag, and its DSCP as it leaves.
fn routed_by(r: &Routed, dscp: u8) -> (usize, u8) {
    let mut frame = r.ip("192.0.2.1", "10.0.1.2");
    frame[15] = dscp << 2;
    frame[24..26].copy_from_slice(&[0; 2]);
    let sum = switch_sim::wire::checksum::checksum(&frame[14..34]);
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    let sent = |n| r.stat(ObjectType::QUEUE, r.queue(r.ports[1], n), queue::Stat::PACKETS.0);
    let before: Vec<_> = (0..8).map(sent).collect();
    let out = r.send(0, &frame);
    assert_eq!(out.len(), 1);
    let by: Vec<_> = (0..8).filter(|n| sent(*n) > before[*n]).collect();
    assert_eq!(by.len(), 1);
    (by[0], out[0].1[15] >> 2)
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_QOS_DSCP_TO_TC_MAP, SAI_ROUTER_INTERFACE_ATTR_QOS_DOT1P_TO_TC_MAP,
/// SAI_ROUTER_INTERFACE_ATTR_QOS_DSCP_TO_COLOR_MAP, SAI_ROUTER_INTERFACE_ATTR_QOS_DOT1P_TO_COLOR_MAP.
#[test]
fn an_interface_classifies_what_it_routes_in_its_ports_place() {
    let (r, [left, _]) = routed();
    let none = Value::Oid(ObjectId::NULL);
    let on_left = |id: AttrId, value: Value| r.set(ObjectType::ROUTER_INTERFACE, left, id, value);
    let of_port = Value::Oid(map(&r, Type::DSCP_TO_TC, &[(10, 1), (20, 2)]));
    r.set(ObjectType::PORT, r.ports[0], port::QOS_DSCP_TO_TC_MAP.id(), of_port);
    // What class and color became shows in the DSCP: 30 plus three times the class, plus the color.
    let shown: Vec<_> = (0..8 * 3).map(|n| (n, 30 + n)).collect();
    let shown = Value::Oid(map(&r, Type::TC_AND_COLOR_TO_DSCP, &shown));
    r.set(ObjectType::PORT, r.ports[1], port::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), shown);
    assert_eq!(routed_by(&r, 10), (1, 33));
    on_left(rif::QOS_DSCP_TO_TC_MAP.id(), Value::Oid(map(&r, Type::DSCP_TO_TC, &[(10, 5)])));
    assert_eq!(
        [10, 20].map(|d| routed_by(&r, d)),
        [(5, 45), (0, 30)],
        "its map stands for the port's whole map"
    );
    on_left(rif::QOS_DSCP_TO_COLOR_MAP.id(), Value::Oid(map(&r, Type::DSCP_TO_COLOR, &[(10, 2)])));
    assert_eq!([10, 20].map(|d| routed_by(&r, d)), [(5, 47), (0, 30)]);
    // Maps that change act at once.
    let by_pcp = map(&r, Type::DOT1P_TO_TC, &[(0, 3)]);
    on_left(rif::QOS_DSCP_TO_TC_MAP.id(), none.clone());
    on_left(rif::QOS_DOT1P_TO_TC_MAP.id(), Value::Oid(by_pcp));
    assert_eq!(routed_by(&r, 10), (3, 41));
    let list = entries(Type::DOT1P_TO_TC, &[(0, 6)]);
    r.set(ObjectType::QOS_MAP, by_pcp, qos_map::MAP_TO_VALUE_LIST.id(), list);
    assert_eq!(routed_by(&r, 10), (6, 50));
    on_left(rif::QOS_DSCP_TO_COLOR_MAP.id(), none.clone());
    on_left(rif::QOS_DOT1P_TO_COLOR_MAP.id(), Value::Oid(map(&r, Type::DOT1P_TO_COLOR, &[(0, 1)])));
    assert_eq!(routed_by(&r, 10), (6, 49));
    on_left(rif::QOS_DOT1P_TO_TC_MAP.id(), none);
    assert_eq!(routed_by(&r, 10), (1, 34), "the class is the port's again");
    let object = ObjectRef::Object(ObjectType::ROUTER_INTERFACE, left);
    let wrong = attr(rif::QOS_DSCP_TO_TC_MAP.id(), Value::Oid(by_pcp));
    assert_eq!(r.backend().set(&object, &wrong).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
}

#[test]
fn an_interface_of_a_vlan_classifies_only_what_it_routes_and_below_acls() {
    let qos = Qos::new();
    qos.queue_by_class();
    let read = |id| qos.get(ObjectType::SWITCH, qos.switch, id);
    let map_id = qos.map(Type::DSCP_TO_TC, &[(10, 5)]);
    let attrs = [
        attr(rif::VIRTUAL_ROUTER_ID.id(), read(switch::DEFAULT_VIRTUAL_ROUTER_ID.id())),
        attr(rif::TYPE.id(), Value::I32(rif::Type::VLAN.0)),
        attr(rif::VLAN_ID.id(), Value::Oid(qos.0.vlan1)),
        attr(rif::QOS_DSCP_TO_TC_MAP.id(), Value::Oid(map_id)),
    ];
    let interface = qos.create(ObjectType::ROUTER_INTERFACE, &attrs);
    let Value::Mac(mac) = read(switch::SRC_MAC_ADDRESS.id()) else { panic!("an address") };
    let key = sai::entry::NeighborEntry {
        switch_id: qos.switch,
        rif_id: interface,
        ip_address: "10.0.0.9".parse().unwrap(),
    };
    let to = attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(sai::MacAddr(B)));
    let entry = sai::Entry::Neighbor(key);
    qos.backend().create(qos.switch, sai::Target::Entry(&entry), &[to]).unwrap();
    let to_router = f(&format!(
        "eth dst={mac} src=02:00:00:00:00:0a/ipv4 src=192.0.2.1 dst=10.0.0.9 dscp=10/udp/payload zeros=20"
    ));
    assert_eq!(qos.queue_of(&ip(10)), 0, "bridged");
    assert_eq!(qos.queue_of(&to_router), 5);
    // What an ACL before the router chooses stands.
    let table = qos.0.table_of(AclStage::PRE_INGRESS, &[acl_table::FIELD_DSCP.id()]);
    let seven = action(acl_entry::ACTION_SET_TC.id(), AclAction::U8(7));
    let ten = sai::AclField::U8 { data: 10, mask: 0x3f };
    qos.0.entry(table, 1, &[attr(acl_entry::FIELD_DSCP.id(), Value::AclField(ten)), seven]);
    qos.set(ObjectType::SWITCH, qos.switch, switch::PRE_INGRESS_ACL.id(), Value::Oid(table));
    assert_eq!(qos.queue_of(&to_router), 7);
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_QOS_TC_AND_COLOR_TO_DSCP_MAP,
/// SAI_ROUTER_INTERFACE_ATTR_QOS_TC_AND_COLOR_TO_DOT1P_MAP.
#[test]
fn an_interface_marks_what_leaves_by_it_unless_its_port_does() {
    let (r, _) = routed();
    let vid = attr(rif::OUTER_VLAN_ID.id(), Value::U16(9));
    let on = attr(rif::PORT_ID.id(), Value::Oid(r.ports[1]));
    let sub = r.rif_with(rif::Type::SUB_PORT, &[on, vid]);
    r.neighbor(sub, "10.0.9.2", neighbor_mac(2));
    let seen = || {
        let tagged = r.send(0, &r.ip("192.0.2.1", "10.0.9.2")).remove(0).1;
        (tagged[14] >> 5, tagged[19] >> 2, routed_by(&r, 0).1)
    };
    let mark = |of, value| Value::Oid(map(&r, of, &[(0, value)]));
    let on_sub = |id: AttrId, value| r.set(ObjectType::ROUTER_INTERFACE, sub, id, value);
    assert_eq!(seen(), (0, 0, 0));
    on_sub(rif::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), mark(Type::TC_AND_COLOR_TO_DSCP, 11));
    assert_eq!(seen(), (0, 11, 0));
    on_sub(rif::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(), mark(Type::TC_AND_COLOR_TO_DOT1P, 5));
    assert_eq!(seen(), (5, 11, 0));
    // The port's own map goes before it, the switch's after.
    let of_switch = switch::QOS_TC_AND_COLOR_TO_DSCP_MAP.id();
    r.set(ObjectType::SWITCH, r.switch, of_switch, mark(Type::TC_AND_COLOR_TO_DSCP, 12));
    assert_eq!(seen(), (5, 11, 12));
    let of_port = port::QOS_TC_AND_COLOR_TO_DSCP_MAP.id();
    r.set(ObjectType::PORT, r.ports[1], of_port, mark(Type::TC_AND_COLOR_TO_DSCP, 13));
    assert_eq!(seen(), (5, 13, 13));
}
