//! What of an object's statistics counts: packets, bytes, or what selective counters list.

use super::bed::routed::*;
use super::bed::*;
use sai::types::StatsCountMode as Mode;
use sai::{
    AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Status, Value, bridge, bridge_port, counter,
    debug_counter, ingress_priority_group as group, port, queue, router_interface as rif, switch, vlan,
};

/// An object with its mode, its list, and a statistic of packets and one of bytes.
struct Counted {
    ty: ObjectType,
    id: ObjectId,
    mode: AttrId,
    list: AttrId,
    stats: [i32; 2],
}

/// Ports 0 and 1 route, 4 to 7 bridge in VLAN 1; ports 6 and 7 have VLAN 9 in an 802.1D bridge.
struct Net {
    r: Routed,
    all: Vec<Counted>,
}

impl Net {
    fn new() -> Net {
        let r = Routed::new();
        let (left, right) = (r.port_rif(0), r.port_rif(1));
        r.neighbor(right, "10.0.1.2", neighbor_mac(1));
        let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
        let of_1d = r.create(ObjectType::BRIDGE, &[kind]);
        let sub = |port: usize| {
            let attrs = [
                attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
                attr(bridge_port::PORT_ID.id(), Value::Oid(r.ports[port])),
                attr(bridge_port::VLAN_ID.id(), Value::U16(9)),
                attr(bridge_port::BRIDGE_ID.id(), Value::Oid(of_1d)),
                attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
            ];
            r.create(ObjectType::BRIDGE_PORT, &attrs)
        };
        let sub_port = sub(6);
        sub(7);
        let first = |list: AttrId| match r.get(&ObjectRef::Object(ObjectType::PORT, r.ports[0]), list) {
            Value::OidList(list) => list[0],
            other => panic!("{other:?}"),
        };
        let group = first(port::INGRESS_PRIORITY_GROUP_LIST.id());
        macro_rules! counted {
            ($ty:ident, $id:expr, $of:ident, $packets:ident, $bytes:ident) => {
                Counted {
                    ty: ObjectType::$ty,
                    id: $id,
                    mode: $of::STATS_COUNT_MODE.id(),
                    list: $of::SELECTIVE_COUNTER_LIST.id(),
                    stats: [$of::Stat::$packets.0, $of::Stat::$bytes.0],
                }
            };
        }
        let all = vec![
            counted!(PORT, r.ports[0], port, IF_IN_UCAST_PKTS, IF_IN_OCTETS),
            counted!(VLAN, r.vlan1, vlan, IN_PACKETS, IN_OCTETS),
            counted!(BRIDGE, of_1d, bridge, IN_PACKETS, IN_OCTETS),
            counted!(BRIDGE_PORT, sub_port, bridge_port, IN_PACKETS, IN_OCTETS),
            counted!(ROUTER_INTERFACE, left, rif, IN_PACKETS, IN_OCTETS),
            counted!(QUEUE, r.queue(r.ports[1], 0), queue, PACKETS, BYTES),
            counted!(INGRESS_PRIORITY_GROUP, group, group, PACKETS, BYTES),
        ];
        Net { r, all }
    }

    /// A frame of 64 bytes to each.
    fn send(&self) {
        assert_eq!(self.r.to(0, &self.r.ip("192.0.2.1", "10.0.1.2")), [1]);
        self.r.send(4, &frame(ALL, A));
        self.r.send(6, &tagged(ALL, A, 9)[..60]);
    }

    fn counts(&self, of: &Counted) -> [u64; 2] {
        of.stats.map(|s| self.r.stat(of.ty, of.id, s))
    }
}

/// Acts: SAI_PORT_ATTR_STATS_COUNT_MODE, SAI_VLAN_ATTR_STATS_COUNT_MODE, SAI_BRIDGE_ATTR_STATS_COUNT_MODE,
/// SAI_BRIDGE_PORT_ATTR_STATS_COUNT_MODE, SAI_ROUTER_INTERFACE_ATTR_STATS_COUNT_MODE,
/// SAI_QUEUE_ATTR_STATS_COUNT_MODE, SAI_INGRESS_PRIORITY_GROUP_ATTR_STATS_COUNT_MODE.
#[test]
fn a_mode_says_whether_packets_and_bytes_count() {
    let net = Net::new();
    net.send();
    let mut expected = [1, 64];
    let modes = [
        (Mode::PACKET, [1, 0]),
        (Mode::BYTE, [0, 64]),
        (Mode::NONE, [0, 0]),
        (Mode::PACKET_AND_BYTE, [1, 64]),
        (Mode::NONE, [0, 0]),
    ];
    for (mode, more) in modes {
        net.all.iter().for_each(|of| net.r.set(of.ty, of.id, of.mode, Value::I32(mode.0)));
        net.send();
        expected = [expected[0] + more[0], expected[1] + more[1]];
        for of in &net.all {
            assert_eq!(net.counts(of), expected, "{} {mode}", of.ty);
        }
    }
    // What stands still can be cleared, and goes on from there.
    for of in &net.all {
        assert_eq!(net.r.read_and_clear(of.ty, of.id, of.stats[0]), expected[0]);
        net.r.set(of.ty, of.id, of.mode, Value::I32(Mode::PACKET_AND_BYTE.0));
        assert_eq!(net.counts(of), [0, expected[1]], "{}", of.ty);
    }
    net.send();
    assert!(net.all.iter().all(|of| net.counts(of) == [1, expected[1] + 64]));
}

/// Acts: SAI_PORT_ATTR_SELECTIVE_COUNTER_LIST, SAI_VLAN_ATTR_SELECTIVE_COUNTER_LIST,
/// SAI_BRIDGE_ATTR_SELECTIVE_COUNTER_LIST, SAI_BRIDGE_PORT_ATTR_SELECTIVE_COUNTER_LIST,
/// SAI_ROUTER_INTERFACE_ATTR_SELECTIVE_COUNTER_LIST, SAI_QUEUE_ATTR_SELECTIVE_COUNTER_LIST,
/// SAI_INGRESS_PRIORITY_GROUP_ATTR_SELECTIVE_COUNTER_LIST, SAI_COUNTER_ATTR_TYPE, SAI_COUNTER_ATTR_OBJECT_TYPE,
/// SAI_COUNTER_ATTR_STAT_ID_LIST.
#[test]
fn selective_counters_list_what_counts() {
    let net = Net::new();
    let selective = |of: ObjectType, stats: &[i32]| {
        let attrs = [
            attr(counter::TYPE.id(), Value::I32(counter::Type::SELECTIVE.0)),
            attr(counter::OBJECT_TYPE.id(), Value::I32(of.0)),
            attr(counter::STAT_ID_LIST.id(), Value::I32List(stats.to_vec())),
        ];
        net.r.create(ObjectType::COUNTER, &attrs)
    };
    let of_all = |list: &dyn Fn(&Counted) -> Vec<ObjectId>| {
        net.all.iter().for_each(|of| net.r.set(of.ty, of.id, of.list, Value::OidList(list(of))));
    };
    let counters: Vec<_> = net.all.iter().map(|of| selective(of.ty, &of.stats[1..])).collect();
    let own = |of: &Counted| counters[net.all.iter().position(|o| o.id == of.id).unwrap()];
    let seen = |expected: [u64; 2]| {
        net.send();
        net.all.iter().for_each(|of| assert_eq!(net.counts(of), expected, "{}", of.ty));
    };
    of_all(&|of| vec![own(of)]);
    seen([0, 64]);
    // The list of a counter that is in use changes.
    let lists = |stats: &dyn Fn(&Counted) -> Vec<i32>| {
        net.all.iter().for_each(|of| {
            net.r.set(ObjectType::COUNTER, own(of), counter::STAT_ID_LIST.id(), Value::I32List(stats(of)));
        });
    };
    lists(&|of| of.stats[..1].to_vec());
    seen([1, 64]);
    // Several add up.
    of_all(&|of| vec![own(of), selective(of.ty, &of.stats[1..])]);
    seen([2, 128]);
    // The mode goes with them.
    net.all.iter().for_each(|of| net.r.set(of.ty, of.id, of.mode, Value::I32(Mode::BYTE.0)));
    seen([2, 192]);
    // Without a counter all count.
    of_all(&|_| Vec::new());
    net.all.iter().for_each(|of| net.r.set(of.ty, of.id, of.mode, Value::I32(Mode::PACKET_AND_BYTE.0)));
    seen([3, 256]);
    // A regular counter lists nothing, nor does one of another type.
    let regular = net.r.create(ObjectType::COUNTER, &[]);
    for (n, of) in net.all.iter().enumerate() {
        let other = counters[(n + 1) % counters.len()];
        for wrong in [regular, other] {
            let list = AttrEntry::new(of.list, Value::OidList(vec![own(of), wrong]));
            let refused = net.r.backend().set(&ObjectRef::Object(of.ty, of.id), &list).unwrap_err();
            assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0, "{}", of.ty);
        }
    }
    let list =
        AttrEntry::new(counter::STAT_ID_LIST.id(), Value::I32List(vec![vlan::Stat::IN_PACKETS.0, 999]));
    let vlans = ObjectRef::Object(ObjectType::COUNTER, counters[1]);
    assert_eq!(net.r.backend().set(&vlans, &list).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    seen([4, 320]);
}

/// Acts: SAI_SWITCH_ATTR_STATS_COUNT_MODE, SAI_SWITCH_ATTR_SELECTIVE_COUNTER_LIST.
#[test]
fn the_switch_counts_drops_as_its_mode_says() {
    let bed = Bed::new();
    let kind = debug_counter::Type::SWITCH_IN_DROP_REASONS;
    let reasons = Value::I32List(vec![sai::types::InDropReason::L2_ANY.0]);
    let drops = [
        attr(debug_counter::TYPE.id(), Value::I32(kind.0)),
        attr(debug_counter::IN_DROP_REASON_LIST.id(), reasons),
    ];
    bed.create(ObjectType::DEBUG_COUNTER, &drops);
    let stat = switch::Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS.0;
    let seen = || {
        bed.send(0, &frame(A, A));
        bed.stat(ObjectType::SWITCH, bed.switch, stat)
    };
    let set = |id: AttrId, value: Value| bed.set(ObjectType::SWITCH, bed.switch, id, value);
    assert_eq!(seen(), 1);
    set(switch::STATS_COUNT_MODE.id(), Value::I32(Mode::BYTE.0));
    assert_eq!(seen(), 1);
    set(switch::STATS_COUNT_MODE.id(), Value::I32(Mode::PACKET.0));
    assert_eq!(seen(), 2);
    let attrs = [
        attr(counter::TYPE.id(), Value::I32(counter::Type::SELECTIVE.0)),
        attr(counter::OBJECT_TYPE.id(), Value::I32(ObjectType::SWITCH.0)),
    ];
    let none = bed.create(ObjectType::COUNTER, &attrs);
    set(switch::SELECTIVE_COUNTER_LIST.id(), Value::OidList(vec![none]));
    assert_eq!(seen(), 2);
    bed.set(ObjectType::COUNTER, none, counter::STAT_ID_LIST.id(), Value::I32List(vec![stat]));
    assert_eq!(seen(), 3);
}

/// Acts: SAI_COUNTER_ATTR_ENABLE_PACKET_COUNT, SAI_COUNTER_ATTR_ENABLE_BYTE_COUNT, SAI_COUNTER_ATTR_TYPE.
#[test]
fn a_counter_counts_packets_bytes_or_both() {
    let net = super::bed::routed::Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let off = |id: AttrId| attr(id, Value::Bool(false));
    let selective = [
        attr(counter::TYPE.id(), Value::I32(counter::Type::SELECTIVE.0)),
        attr(counter::OBJECT_TYPE.id(), Value::I32(ObjectType::VLAN.0)),
    ];
    for (attrs, expected) in [
        (vec![], [1, 64]),
        (vec![off(counter::ENABLE_PACKET_COUNT.id())], [0, 64]),
        (vec![off(counter::ENABLE_BYTE_COUNT.id())], [1, 0]),
        (selective.to_vec(), [0, 0]),
    ] {
        let counter = net.create(ObjectType::COUNTER, &attrs);
        net.set_entry(net.route_key("20.0.0.0/8"), sai::route_entry::COUNTER_ID.id(), Value::Oid(counter));
        assert_eq!(net.to(0, &net.ip("192.0.2.1", "20.0.0.1")), [1]);
        let stats = [counter::Stat::PACKETS, counter::Stat::BYTES];
        assert_eq!(stats.map(|s| net.stat(ObjectType::COUNTER, counter, s.0)), expected);
    }
}

#[test]
fn what_stands_still_does_so_after_a_restart() {
    needs!(Hands);
    let net = Net::new();
    net.send();
    net.all.iter().for_each(|of| net.r.set(of.ty, of.id, of.mode, Value::I32(Mode::BYTE.0)));
    net.send();
    net.r.reload();
    assert!(net.all.iter().all(|of| net.counts(of) == [1, 128]));
    net.send();
    assert!(net.all.iter().all(|of| net.counts(of) == [1, 192]));
    net.all.iter().for_each(|of| net.r.set(of.ty, of.id, of.mode, Value::I32(Mode::PACKET.0)));
    net.send();
    assert!(net.all.iter().all(|of| net.counts(of) == [2, 192]));
}
