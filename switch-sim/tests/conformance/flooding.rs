//! Who gets a frame whose destination is not one known station: flood control, miss actions, groups, and who is
//! kept apart.

use super::bed::*;
use sai::types::PacketAction;
use sai::{
    AttrId, ObjectId, ObjectType, Value, bridge, bridge_port, isolation_group as isolation,
    isolation_group_member as member, port, queue, switch, vlan, vlan_member,
};
use switch_sim::wire::text;

const GROUP: [u8; 6] = [1, 0, 0x5E, 1, 1, 1];
const NOBODY: [u8; 6] = [2, 0, 0, 0, 0, 0x77];
/// Unknown unicast, unknown multicast and broadcast.
const CLASSES: [[u8; 6]; 3] = [NOBODY, GROUP, ALL];

fn punted(bed: &Bed) -> u64 {
    bed.read_and_clear(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0)
}

/// An L2MC group of bridge ports.
fn group(bed: &Bed, outputs: &[ObjectId]) -> ObjectId {
    let group = bed.create(ObjectType::L2MC_GROUP, &[]);
    for output in outputs {
        let attrs = [
            attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(*output)),
        ];
        bed.create(ObjectType::L2MC_GROUP_MEMBER, &attrs);
    }
    group
}

/// Tries each flood control type of each class in a domain whose members are the ports 0, 1 and 2; the group is 2.
fn check_controls(
    bed: &Bed,
    (ty, domain): (ObjectType, ObjectId),
    attrs: [(AttrId, AttrId); 3],
    to_group: ObjectId,
) {
    use vlan::FloodControlType as Control;
    for (class, (control, of_group)) in attrs.into_iter().enumerate() {
        bed.set(ty, domain, of_group, Value::Oid(to_group));
        let cases: [(Control, &[usize]); 4] = [
            (Control::NONE, &[]),
            (Control::L2MC_GROUP, &[2]),
            (Control::COMBINED, &[1, 2]),
            (Control::ALL, &[1, 2]),
        ];
        for (kind, to) in cases {
            bed.set(ty, domain, control, Value::I32(kind.0));
            for (n, dst) in CLASSES.into_iter().enumerate() {
                let expected: &[usize] = if n == class { to } else { &[1, 2] };
                assert_eq!(bed.to(0, &tagged(dst, A, 10)), expected, "{kind} of class {class}, frame {n}");
            }
        }
    }
}

/// Acts: SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE, SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_GROUP,
/// SAI_VLAN_ATTR_UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE, SAI_VLAN_ATTR_UNKNOWN_MULTICAST_FLOOD_GROUP,
/// SAI_VLAN_ATTR_BROADCAST_FLOOD_CONTROL_TYPE, SAI_VLAN_ATTR_BROADCAST_FLOOD_GROUP.
#[test]
fn a_vlan_floods_each_class_as_it_is_told() {
    let bed = Bed::new();
    let members = [0, 1, 2].map(|n| (n, vlan::TaggingMode::TAGGED));
    let id = bed.vlan(10, &members);
    let attrs = [
        (vlan::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id(), vlan::UNKNOWN_UNICAST_FLOOD_GROUP.id()),
        (vlan::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE.id(), vlan::UNKNOWN_MULTICAST_FLOOD_GROUP.id()),
        (vlan::BROADCAST_FLOOD_CONTROL_TYPE.id(), vlan::BROADCAST_FLOOD_GROUP.id()),
    ];
    check_controls(&bed, (ObjectType::VLAN, id), attrs, group(&bed, &[bed.bridge_ports[2]]));
}

/// Acts: SAI_BRIDGE_ATTR_TYPE, SAI_BRIDGE_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
/// SAI_BRIDGE_ATTR_UNKNOWN_UNICAST_FLOOD_GROUP, SAI_BRIDGE_ATTR_UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
/// SAI_BRIDGE_ATTR_UNKNOWN_MULTICAST_FLOOD_GROUP, SAI_BRIDGE_ATTR_BROADCAST_FLOOD_CONTROL_TYPE,
/// SAI_BRIDGE_ATTR_BROADCAST_FLOOD_GROUP, SAI_BRIDGE_PORT_ATTR_TYPE, SAI_BRIDGE_PORT_ATTR_PORT_ID,
/// SAI_BRIDGE_PORT_ATTR_VLAN_ID, SAI_BRIDGE_PORT_ATTR_BRIDGE_ID.
#[test]
fn a_bridge_floods_each_class_as_it_is_told() {
    let bed = Bed::new();
    let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
    let id = bed.create(ObjectType::BRIDGE, &[kind]);
    let subs = [0, 1, 2].map(|n| {
        bed.create(
            ObjectType::BRIDGE_PORT,
            &[
                attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
                attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[n])),
                attr(bridge_port::VLAN_ID.id(), Value::U16(10)),
                attr(bridge_port::BRIDGE_ID.id(), Value::Oid(id)),
                attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
            ],
        )
    });
    let attrs = [
        (bridge::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id(), bridge::UNKNOWN_UNICAST_FLOOD_GROUP.id()),
        (bridge::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE.id(), bridge::UNKNOWN_MULTICAST_FLOOD_GROUP.id()),
        (bridge::BROADCAST_FLOOD_CONTROL_TYPE.id(), bridge::BROADCAST_FLOOD_GROUP.id()),
    ];
    check_controls(&bed, (ObjectType::BRIDGE, id), attrs, group(&bed, &[subs[2]]));
}

#[test]
fn a_combined_group_adds_those_outside_the_flood() {
    let bed = Bed::new();
    // Port 5 is a member that floods do not reach: the group brings it in, and nobody gets two copies.
    let id = bed.vlan(10, &[0, 1, 5].map(|n| (n, vlan::TaggingMode::TAGGED)));
    let lonely = group(&bed, &[bed.bridge_ports[1], bed.bridge_ports[5]]);
    bed.set(ObjectType::VLAN, id, vlan::BROADCAST_FLOOD_GROUP.id(), Value::Oid(lonely));
    let combined = Value::I32(vlan::FloodControlType::COMBINED.0);
    bed.set(ObjectType::VLAN, id, vlan::BROADCAST_FLOOD_CONTROL_TYPE.id(), combined);
    assert_eq!(bed.to(0, &tagged(ALL, A, 10)), [1, 5]);
}

/// Acts: SAI_SWITCH_ATTR_FDB_UNICAST_MISS_PACKET_ACTION, SAI_SWITCH_ATTR_FDB_MULTICAST_MISS_PACKET_ACTION,
/// SAI_SWITCH_ATTR_FDB_BROADCAST_MISS_PACKET_ACTION.
#[test]
fn the_switchs_miss_actions_hold_for_their_class() {
    use PacketAction as Act;
    let bed = Bed::new();
    let attrs = [
        switch::FDB_UNICAST_MISS_PACKET_ACTION.id(),
        switch::FDB_MULTICAST_MISS_PACKET_ACTION.id(),
        switch::FDB_BROADCAST_MISS_PACKET_ACTION.id(),
    ];
    for (class, a) in attrs.into_iter().enumerate() {
        for (action, copies, to_cpu) in [
            (Act::DROP, 0, 0),
            (Act::DENY, 0, 0),
            (Act::TRAP, 0, 1),
            (Act::COPY, 7, 1),
            (Act::LOG, 7, 1),
            (Act::TRANSIT, 7, 0),
            (Act::FORWARD, 7, 0),
        ] {
            bed.set(ObjectType::SWITCH, bed.switch, a, Value::I32(action.0));
            for (n, dst) in CLASSES.into_iter().enumerate() {
                let expected = if n == class { (copies, to_cpu) } else { (7, 0) };
                let got = (bed.to(0, &frame(dst, A)).len(), punted(&bed));
                assert_eq!(got, expected, "{action} of class {class}, frame {n}");
            }
        }
    }
}

/// Acts: SAI_SWITCH_ATTR_BCAST_CPU_FLOOD_ENABLE, SAI_SWITCH_ATTR_MCAST_CPU_FLOOD_ENABLE.
#[test]
fn the_cpu_can_be_flooded_too() {
    let bed = Bed::new();
    for (class, a) in [(2, switch::BCAST_CPU_FLOOD_ENABLE.id()), (1, switch::MCAST_CPU_FLOOD_ENABLE.id())] {
        bed.set(ObjectType::SWITCH, bed.switch, a, Value::Bool(true));
        for (n, dst) in CLASSES.into_iter().enumerate() {
            assert_eq!((bed.to(0, &frame(dst, A)).len(), punted(&bed)), (7, u64::from(n == class)));
        }
        bed.set(ObjectType::SWITCH, bed.switch, a, Value::Bool(false));
    }
}

/// Acts: SAI_VLAN_ATTR_UNKNOWN_NON_IP_MCAST_OUTPUT_GROUP_ID, SAI_VLAN_ATTR_UNKNOWN_IPV4_MCAST_OUTPUT_GROUP_ID,
/// SAI_VLAN_ATTR_UNKNOWN_IPV6_MCAST_OUTPUT_GROUP_ID, SAI_VLAN_ATTR_UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID.
#[test]
fn unknown_multicast_goes_to_the_group_of_its_sort() {
    let bed = Bed::new();
    let sorts = [
        (vlan::UNKNOWN_NON_IP_MCAST_OUTPUT_GROUP_ID.id(), "eth dst=01:00:5e:01:01:01"),
        (vlan::UNKNOWN_IPV4_MCAST_OUTPUT_GROUP_ID.id(), "eth dst=01:00:5e:01:01:01/ipv4 dst=239.1.1.1"),
        (vlan::UNKNOWN_IPV6_MCAST_OUTPUT_GROUP_ID.id(), "eth dst=33:33:00:00:00:09/ipv6 dst=ff0e::9"),
        (
            vlan::UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID.id(),
            "eth dst=01:00:5e:00:00:99/ipv4 dst=224.0.0.153",
        ),
        (vlan::UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID.id(), "eth dst=33:33:00:00:00:99/ipv6 dst=ff02::99"),
    ];
    let to = |text: &str| bed.to(0, &text::parse(&format!("{text} pad=60")).unwrap());
    for (a, frame) in sorts {
        assert_eq!(to(frame).len(), 7, "without a group it floods");
        let only = group(&bed, &[bed.bridge_ports[4]]);
        bed.set(ObjectType::VLAN, bed.vlan1, a, Value::Oid(only));
        for (other, frame) in sorts {
            assert_eq!(to(frame).len(), if other == a { 1 } else { 7 }, "{frame}");
        }
        bed.set(ObjectType::VLAN, bed.vlan1, a, Value::Oid(ObjectId::NULL));
    }
}

/// Acts: SAI_PORT_ATTR_ISOLATION_GROUP, SAI_PORT_ATTR_EGRESS_BLOCK_PORT_LIST.
#[test]
fn ports_are_kept_apart_by_group_and_by_list() {
    let bed = Bed::new();
    let kind = attr(isolation::TYPE.id(), Value::I32(isolation::Type::PORT.0));
    let group = bed.create(ObjectType::ISOLATION_GROUP, &[kind]);
    let join = |n: usize| {
        let attrs = [
            attr(member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(member::ISOLATION_OBJECT.id(), Value::Oid(bed.ports[n])),
        ];
        bed.create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs)
    };
    join(2);
    bed.set(ObjectType::PORT, bed.ports[0], port::ISOLATION_GROUP.id(), Value::Oid(group));
    let third = join(3);
    assert_eq!(bed.to(0, &frame(ALL, A)), [1, 4, 5, 6, 7]);
    assert_eq!(bed.to(1, &frame(ALL, B)).len(), 7, "others are not kept apart");
    bed.send(3, &frame(ALL, [2, 0, 0, 0, 0, 3]));
    assert!(bed.to(0, &frame([2, 0, 0, 0, 0, 3], A)).is_empty(), "nor does a known station get it");
    bed.remove(ObjectType::ISOLATION_GROUP_MEMBER, third);
    assert_eq!(bed.to(0, &frame(ALL, A)), [1, 3, 4, 5, 6, 7]);
    let blocked = Value::OidList(vec![bed.ports[6], bed.ports[7]]);
    bed.set(ObjectType::PORT, bed.ports[0], port::EGRESS_BLOCK_PORT_LIST.id(), blocked);
    assert_eq!(bed.to(0, &frame(ALL, A)), [1, 3, 4, 5]);
    bed.set(ObjectType::PORT, bed.ports[0], port::ISOLATION_GROUP.id(), Value::Oid(ObjectId::NULL));
    bed.set(ObjectType::PORT, bed.ports[0], port::EGRESS_BLOCK_PORT_LIST.id(), Value::OidList(vec![]));
    assert_eq!(bed.to(0, &frame(ALL, A)).len(), 7);
}

/// Acts: SAI_VLAN_MEMBER_ATTR_RX_DROP, SAI_VLAN_MEMBER_ATTR_TX_DROP, SAI_BRIDGE_PORT_ATTR_RX_DROP,
/// SAI_BRIDGE_PORT_ATTR_TX_DROP.
#[test]
fn members_and_bridge_ports_can_be_deaf_or_mute() {
    let bed = Bed::new();
    bed.vlan(10, &[0, 1, 2].map(|n| (n, vlan::TaggingMode::TAGGED)));
    let first = bed.members_of(1)[0];
    let cases = [
        (ObjectType::VLAN_MEMBER, first, vlan_member::RX_DROP.id(), vlan_member::TX_DROP.id(), false),
        (
            ObjectType::BRIDGE_PORT,
            bed.bridge_ports[1],
            bridge_port::RX_DROP.id(),
            bridge_port::TX_DROP.id(),
            true,
        ),
    ];
    for (ty, id, rx, tx, in_every_vlan) in cases {
        bed.set(ty, id, rx, Value::Bool(true));
        assert!(bed.to(1, &frame(ALL, B)).is_empty(), "{ty} takes nothing in");
        assert_eq!(bed.to(1, &tagged(ALL, B, 10)).is_empty(), in_every_vlan);
        assert_eq!(bed.to(0, &frame(ALL, A)).len(), 7);
        bed.set(ty, id, rx, Value::Bool(false));
        bed.set(ty, id, tx, Value::Bool(true));
        assert_eq!(bed.to(0, &frame(ALL, A)), [2, 3, 4, 5, 6, 7], "{ty} sends nothing");
        assert_eq!(bed.to(0, &tagged(ALL, A, 10)).len(), if in_every_vlan { 1 } else { 2 });
        assert_eq!(bed.to(1, &frame(ALL, B)).len(), 7);
        bed.set(ty, id, tx, Value::Bool(false));
    }
}
