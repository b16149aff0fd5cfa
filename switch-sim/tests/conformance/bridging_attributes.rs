//! Attributes of VLANs, bridges, their members and the switch that change how frames are bridged.

use sai::entry::FdbEntry;
use sai::types::{FdbEvent, PacketAction};
use sai::vlan::{FloodControlType, TaggingMode};
use sai::{
    AttrEntry, AttrId, MacAddr, ObjectId, ObjectType, Target, Value, bridge, bridge_port, fdb_entry, lag,
    lag_member, port, router_interface, stp_port, switch, vlan, vlan_member,
};

use super::bed::*;

const MULTICAST: [u8; 6] = [3, 0, 0, 0, 0, 9];
/// A frame of each class: unknown unicast, unknown multicast, broadcast.
const CLASSES: [[u8; 6]; 3] = [B, MULTICAST, ALL];

fn retagged(mut frame: Vec<u8>, tpid: u16) -> Vec<u8> {
    frame[12..14].copy_from_slice(&tpid.to_be_bytes());
    frame
}

/// Acts: SAI_VLAN_MEMBER_ATTR_RX_DROP, SAI_VLAN_MEMBER_ATTR_TX_DROP, SAI_VLAN_MEMBER_ATTR_VLAN_ID,
/// SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID.
#[test]
fn a_vlan_member_drops_what_it_takes_in_or_sends() {
    let bed = Bed::new();
    let vlan = bed.vlan(10, &[]);
    let members = [0, 1, 2].map(|n| bed.member(vlan, bed.bridge_ports[n], TaggingMode::TAGGED));
    let set = |n: usize, attr, on| bed.set(ObjectType::VLAN_MEMBER, members[n], attr, Value::Bool(on));
    assert_eq!(bed.to(0, &tagged(ALL, A, 10)), [1, 2]);
    set(2, vlan_member::TX_DROP.id(), true);
    assert_eq!(bed.to(0, &tagged(ALL, A, 10)), [1]);
    assert_eq!(bed.to(2, &tagged(ALL, B, 10)), [0, 1], "it still takes in");
    set(0, vlan_member::RX_DROP.id(), true);
    assert!(bed.to(0, &tagged(ALL, A, 10)).is_empty());
    assert_eq!(bed.to(1, &tagged(ALL, B, 10)), [0], "it still sends");
    bed.remove(ObjectType::VLAN_MEMBER, members[1]);
    assert_eq!(bed.to(2, &tagged(ALL, B, 10)), [0], "no member, no frames");
}

/// Acts: SAI_BRIDGE_PORT_ATTR_EGRESS_FILTERING.
#[test]
fn a_bridge_port_lets_out_frames_of_other_vlans_unless_it_filters() {
    let bed = Bed::new();
    let vlan = bed.vlan(10, &[(0, TaggingMode::UNTAGGED), (2, TaggingMode::UNTAGGED)]);
    bed.set(ObjectType::PORT, bed.ports[0], port::PORT_VLAN_ID.id(), Value::U16(10));
    let station = FdbEntry { switch_id: bed.switch, mac_address: MacAddr(B), bv_id: vlan }.into();
    let attrs = [
        attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
        attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[1])),
    ];
    bed.backend().create(bed.switch, Target::Entry(&station), &attrs).unwrap();
    assert_eq!(bed.send(0, &frame(B, A)), [(1, tagged(B, A, 10))], "nobody says that it is without a tag");
    assert_eq!(bed.to(0, &frame(ALL, A)), [2], "floods are for members");
    let filter = |on| {
        let filter = bridge_port::EGRESS_FILTERING.id();
        bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[1], filter, Value::Bool(on));
    };
    filter(true);
    assert!(bed.to(0, &frame(B, A)).is_empty());
    bed.member(vlan, bed.bridge_ports[1], TaggingMode::UNTAGGED);
    assert_eq!(bed.send(0, &frame(B, A)), [(1, frame(B, A))]);
    // The spanning tree of the VLAN has its say about others too.
    let stp = bed.create(ObjectType::STP, &[]);
    let other = bed.vlan(11, &[(0, TaggingMode::TAGGED)]);
    bed.set(ObjectType::VLAN, other, vlan::STP_INSTANCE.id(), Value::Oid(stp));
    let station = FdbEntry { switch_id: bed.switch, mac_address: MacAddr(B), bv_id: other }.into();
    bed.backend().create(bed.switch, Target::Entry(&station), &attrs).unwrap();
    filter(false);
    let state = |n: usize, state: stp_port::State| {
        let of = attr(stp_port::STP.id(), Value::Oid(stp));
        let on = attr(stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[n]));
        bed.create(ObjectType::STP_PORT, &[of, on, attr(stp_port::STATE.id(), Value::I32(state.0))]);
    };
    state(0, stp_port::State::FORWARDING);
    assert!(bed.to(0, &tagged(B, A, 11)).is_empty(), "a port without a state blocks");
    state(1, stp_port::State::FORWARDING);
    assert_eq!(bed.send(0, &tagged(B, A, 11)), [(1, tagged(B, A, 11))]);
}

/// Acts: SAI_BRIDGE_PORT_ATTR_RX_DROP, SAI_BRIDGE_PORT_ATTR_TX_DROP.
#[test]
fn a_bridge_port_drops_what_it_takes_in_or_sends() {
    let bed = Bed::new();
    let set = |n: usize, attr| bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[n], attr, Value::Bool(true));
    set(7, bridge_port::TX_DROP.id());
    assert_eq!(bed.to(0, &frame(ALL, A)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(bed.to(7, &frame(A, B)), [0]);
    set(0, bridge_port::RX_DROP.id());
    assert!(bed.to(0, &frame(ALL, A)).is_empty());
    assert_eq!(bed.to(1, &frame(ALL, B)), [0, 2, 3, 4, 5, 6]);
}

/// Holds each class of frames to its own control and group: `control` and `group` name the attributes.
fn flood_control(
    bed: &Bed,
    (object_type, id): (ObjectType, ObjectId),
    (control, group): ([AttrId; 3], [AttrId; 3]),
    send: impl Fn([u8; 6]) -> Vec<usize>,
    to: ObjectId,
) {
    let everyone = send(ALL);
    let set = |attr, value| bed.set(object_type, id, attr, value);
    let kind = |n: usize, kind: FloodControlType| set(control[n], Value::I32(kind.0));
    for n in 0..3 {
        let sent = || CLASSES.map(&send);
        let but = |this: &[usize]| {
            let mut all = [0, 1, 2].map(|_| everyone.clone());
            all[n] = this.to_vec();
            all
        };
        kind(n, FloodControlType::NONE);
        assert_eq!(sent(), but(&[]), "class {n}");
        kind(n, FloodControlType::L2MC_GROUP);
        set(group[n], Value::Oid(to));
        assert_eq!(sent(), but(&[2]), "class {n}");
        kind(n, FloodControlType::ALL);
        assert_eq!(sent(), but(&everyone), "class {n}");
    }
}

/// A group of one bridge port.
fn group(bed: &Bed, bridge_port: ObjectId) -> ObjectId {
    let group = bed.create(ObjectType::L2MC_GROUP, &[]);
    let attrs = [
        attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(group)),
        attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(bridge_port)),
    ];
    bed.create(ObjectType::L2MC_GROUP_MEMBER, &attrs);
    group
}

/// Acts: SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE, SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_GROUP,
/// SAI_VLAN_ATTR_UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE, SAI_VLAN_ATTR_UNKNOWN_MULTICAST_FLOOD_GROUP,
/// SAI_VLAN_ATTR_BROADCAST_FLOOD_CONTROL_TYPE, SAI_VLAN_ATTR_BROADCAST_FLOOD_GROUP,
/// SAI_L2MC_GROUP_MEMBER_ATTR_L2MC_GROUP_ID, SAI_L2MC_GROUP_MEMBER_ATTR_L2MC_OUTPUT_ID.
#[test]
fn a_vlan_controls_the_flood_of_each_class() {
    let bed = Bed::new();
    let control = [
        vlan::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id(),
        vlan::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE.id(),
        vlan::BROADCAST_FLOOD_CONTROL_TYPE.id(),
    ];
    let groups = [
        vlan::UNKNOWN_UNICAST_FLOOD_GROUP.id(),
        vlan::UNKNOWN_MULTICAST_FLOOD_GROUP.id(),
        vlan::BROADCAST_FLOOD_GROUP.id(),
    ];
    let to = group(&bed, bed.bridge_ports[2]);
    let send = |dst| bed.to(0, &frame(dst, A));
    flood_control(&bed, (ObjectType::VLAN, bed.vlan1), (control, groups), send, to);
}

/// An 802.1D bridge of VLAN 100 on ports 0 to 3.
fn a_bridge(bed: &Bed) -> (ObjectId, Vec<ObjectId>) {
    let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
    let bridge = bed.create(ObjectType::BRIDGE, &[kind]);
    let sub_port = |port: usize| {
        let attrs = [
            attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
            attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[port])),
            attr(bridge_port::VLAN_ID.id(), Value::U16(100)),
            attr(bridge_port::BRIDGE_ID.id(), Value::Oid(bridge)),
            attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
        ];
        bed.create(ObjectType::BRIDGE_PORT, &attrs)
    };
    (bridge, (0..4).map(sub_port).collect())
}

/// Acts: SAI_BRIDGE_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE, SAI_BRIDGE_ATTR_UNKNOWN_UNICAST_FLOOD_GROUP,
/// SAI_BRIDGE_ATTR_UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE, SAI_BRIDGE_ATTR_UNKNOWN_MULTICAST_FLOOD_GROUP,
/// SAI_BRIDGE_ATTR_BROADCAST_FLOOD_CONTROL_TYPE, SAI_BRIDGE_ATTR_BROADCAST_FLOOD_GROUP.
#[test]
fn a_bridge_controls_the_flood_of_each_class() {
    let bed = Bed::new();
    let (bridge, ports) = a_bridge(&bed);
    let control = [
        bridge::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id(),
        bridge::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE.id(),
        bridge::BROADCAST_FLOOD_CONTROL_TYPE.id(),
    ];
    let groups = [
        bridge::UNKNOWN_UNICAST_FLOOD_GROUP.id(),
        bridge::UNKNOWN_MULTICAST_FLOOD_GROUP.id(),
        bridge::BROADCAST_FLOOD_GROUP.id(),
    ];
    let to = group(&bed, ports[2]);
    let send = |dst| bed.to(0, &tagged(dst, A, 100));
    flood_control(&bed, (ObjectType::BRIDGE, bridge), (control, groups), send, to);
}

fn learned(bed: &Bed) -> Vec<MacAddr> {
    let events = bed.fdb_events().concat();
    events.into_iter().filter(|(e, _)| *e == FdbEvent::LEARNED).map(|(_, mac)| mac).collect()
}

/// Acts: SAI_BRIDGE_ATTR_LEARN_DISABLE, SAI_BRIDGE_ATTR_MAX_LEARNED_ADDRESSES.
#[test]
fn a_bridge_learns_as_it_is_told() {
    let bed = Bed::new();
    let (bridge, _) = a_bridge(&bed);
    let set = |attr, value| bed.set(ObjectType::BRIDGE, bridge, attr, value);
    set(bridge::LEARN_DISABLE.id(), Value::Bool(true));
    bed.send(0, &tagged(ALL, A, 100));
    assert_eq!(learned(&bed), []);
    set(bridge::LEARN_DISABLE.id(), Value::Bool(false));
    set(bridge::MAX_LEARNED_ADDRESSES.id(), Value::U32(1));
    bed.send(0, &tagged(ALL, A, 100));
    bed.send(1, &tagged(ALL, B, 100));
    assert_eq!(learned(&bed), [MacAddr(A)]);
}

/// Acts: SAI_SWITCH_ATTR_MAX_LEARNED_ADDRESSES.
#[test]
fn a_switch_learns_no_more_than_it_is_told() {
    let bed = Bed::new();
    bed.set(ObjectType::SWITCH, bed.switch, switch::MAX_LEARNED_ADDRESSES.id(), Value::U32(1));
    let other = bed.vlan(10, &[(1, TaggingMode::TAGGED)]);
    bed.send(0, &frame(ALL, A));
    bed.send(1, &tagged(ALL, B, 10));
    assert_eq!(learned(&bed), [MacAddr(A)], "the limit is that of all VLANs together, {other} among them");
}

/// Acts: SAI_SWITCH_ATTR_FDB_UNICAST_MISS_PACKET_ACTION, SAI_SWITCH_ATTR_FDB_MULTICAST_MISS_PACKET_ACTION,
/// SAI_SWITCH_ATTR_FDB_BROADCAST_MISS_PACKET_ACTION.
#[test]
fn a_switch_acts_on_each_class_of_frames_that_the_fdb_does_not_know() {
    let bed = Bed::new();
    let attrs = [
        switch::FDB_UNICAST_MISS_PACKET_ACTION.id(),
        switch::FDB_MULTICAST_MISS_PACKET_ACTION.id(),
        switch::FDB_BROADCAST_MISS_PACKET_ACTION.id(),
    ];
    let set =
        |n: usize, to: PacketAction| bed.set(ObjectType::SWITCH, bed.switch, attrs[n], Value::I32(to.0));
    for n in 0..3 {
        set(n, PacketAction::DROP);
        let sent = CLASSES.map(|dst| bed.to(0, &frame(dst, A)).len());
        let mut but = [7; 3];
        but[n] = 0;
        assert_eq!(sent, but, "class {n}");
        set(n, PacketAction::FORWARD);
    }
}

/// Acts: SAI_SWITCH_ATTR_TPID_OUTER_VLAN.
#[test]
fn the_switch_has_a_tpid_that_every_port_takes_for_a_tag() {
    let bed = Bed::new();
    bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED)]);
    let other = retagged(tagged(ALL, A, 10), 0x9100);
    assert_eq!(bed.to(0, &other).len(), 7, "no tag: it is flooded in VLAN 1");
    bed.set(ObjectType::SWITCH, bed.switch, switch::TPID_OUTER_VLAN.id(), Value::U16(0x9100));
    assert_eq!(bed.send(0, &other), [(1, frame(ALL, A))]);
}

/// Acts: SAI_SWITCH_ATTR_SRC_MAC_ADDRESS.
#[test]
fn the_switchs_address_is_that_of_its_interfaces() {
    let bed = Bed::new();
    let this = sai::ObjectRef::Object(ObjectType::SWITCH, bed.switch);
    let mut asked = [AttrEntry::ask(switch::DEFAULT_VIRTUAL_ROUTER_ID.id())];
    bed.backend().get(&this, &mut asked).unwrap();
    let rifs = [0, 1].map(|n: usize| {
        let attrs = [
            attr(router_interface::VIRTUAL_ROUTER_ID.id(), asked[0].value.clone()),
            attr(router_interface::TYPE.id(), Value::I32(router_interface::Type::PORT.0)),
            attr(router_interface::PORT_ID.id(), Value::Oid(bed.ports[n])),
        ];
        bed.create(ObjectType::ROUTER_INTERFACE, &attrs)
    });
    let ip_address = [10, 0, 0, 2].into();
    let neighbor = sai::entry::NeighborEntry { switch_id: bed.switch, rif_id: rifs[1], ip_address }.into();
    let mac = attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(B)));
    bed.backend().create(bed.switch, Target::Entry(&neighbor), &[mac]).unwrap();
    let own = [2, 0, 0, 0, 7, 7];
    let mut packet = [&own[..], &A, &[8, 0]].concat();
    packet.extend([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 1, 1, 10, 0, 0, 2]);
    let sum = switch_sim::wire::checksum::checksum(&packet[14..34]);
    packet[24..26].copy_from_slice(&sum.to_be_bytes());
    packet.resize(60, 0);
    assert!(bed.to(0, &packet).is_empty());
    bed.set(ObjectType::SWITCH, bed.switch, switch::SRC_MAC_ADDRESS.id(), Value::Mac(MacAddr(own)));
    let sent = bed.send(0, &packet);
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].0, &sent[0].1[6..12]), (1, &own[..]), "and sends from it");
}

/// A LAG of ports 6 and 7, bridged in VLAN 1 in their place.
fn with_lag(bed: &Bed) -> ObjectId {
    let lag = bed.create(ObjectType::LAG, &[]);
    for port in &bed.ports[6..] {
        let attrs = [
            attr(lag_member::LAG_ID.id(), Value::Oid(lag)),
            attr(lag_member::PORT_ID.id(), Value::Oid(*port)),
        ];
        bed.create(ObjectType::LAG_MEMBER, &attrs);
    }
    let attrs = [
        attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
        attr(bridge_port::PORT_ID.id(), Value::Oid(lag)),
        attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
    ];
    let below = bed.create(ObjectType::BRIDGE_PORT, &attrs);
    bed.member(bed.vlan1, below, TaggingMode::UNTAGGED);
    let ten = bed.vlan(10, &[(0, TaggingMode::TAGGED)]);
    bed.member(ten, below, TaggingMode::TAGGED);
    lag
}

/// Acts: SAI_LAG_ATTR_PORT_VLAN_ID, SAI_LAG_ATTR_DEFAULT_VLAN_PRIORITY, SAI_LAG_ATTR_DROP_UNTAGGED,
/// SAI_LAG_ATTR_DROP_TAGGED, SAI_LAG_ATTR_TPID, SAI_LAG_MEMBER_ATTR_LAG_ID, SAI_LAG_MEMBER_ATTR_PORT_ID.
#[test]
fn a_lag_has_the_vlan_attributes_of_its_ports() {
    let bed = Bed::new();
    let lag = with_lag(&bed);
    let set = |attr, value| bed.set(ObjectType::LAG, lag, attr, value);
    set(lag::PORT_VLAN_ID.id(), Value::U16(10));
    set(lag::DEFAULT_VLAN_PRIORITY.id(), Value::U8(5));
    assert_eq!(bed.send(6, &frame(ALL, A)), [(0, tagged(ALL, A, 0xA00A))]);
    set(lag::TPID.id(), Value::U16(0x9100));
    let sent = bed.send(0, &tagged(A, B, 10));
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, retagged(tagged(A, B, 10), 0x9100));
    set(lag::TPID.id(), Value::U16(0x8100));
    set(lag::DROP_UNTAGGED.id(), Value::Bool(true));
    assert!(bed.to(7, &frame(ALL, A)).is_empty());
    assert_eq!(bed.to(7, &tagged(ALL, A, 10)), [0]);
    set(lag::DROP_TAGGED.id(), Value::Bool(true));
    assert!(bed.to(7, &tagged(ALL, A, 10)).is_empty());
}

/// Acts: SAI_SWITCH_ATTR_LAG_DEFAULT_HASH_ALGORITHM, SAI_SWITCH_ATTR_LAG_DEFAULT_HASH_SEED.
#[test]
fn the_hash_of_lags_moves_flows() {
    let bed = Bed::new();
    with_lag(&bed);
    let flows = || -> Vec<usize> {
        let one = |n: u8| bed.to(0, &frame([2, 9, 9, 9, 9, n], A)).into_iter().find(|port| *port >= 6);
        (0..64).map(|n| one(n).unwrap()).collect()
    };
    let set = |attr, value| bed.set(ObjectType::SWITCH, bed.switch, attr, value);
    let first = flows();
    assert!(first.contains(&6) && first.contains(&7));
    set(switch::LAG_DEFAULT_HASH_SEED.id(), Value::U32(77));
    let second = flows();
    assert_ne!(first, second);
    set(switch::LAG_DEFAULT_HASH_ALGORITHM.id(), Value::I32(sai::hash::Algorithm::XOR.0));
    assert_ne!(flows(), second);
    set(switch::LAG_DEFAULT_HASH_ALGORITHM.id(), Value::I32(sai::hash::Algorithm::CRC.0));
    assert_eq!(flows(), second, "the same hash, the same ways");
}
