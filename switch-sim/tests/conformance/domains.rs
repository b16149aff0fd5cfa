//! 802.1D bridges, other TPIDs, multicast by group, and ports that loop back: packets in, packets out.

use std::net::IpAddr;

use super::bed::*;
use sai::entry::{Entry, FdbEntry, L2mcEntry, McastFdbEntry};
use sai::vlan::{McastLookupKeyType, TaggingMode};
use sai::{MacAddr, ObjectId, ObjectType, Target, Value, bridge, bridge_port, port, vlan};
use switch_sim::pipeline::DropReason;

/// A SUB_PORT of an 802.1D bridge.
fn sub_port(bed: &Bed, bridge: ObjectId, port: usize, vid: u16, untagged: bool) -> ObjectId {
    let mode = if untagged { bridge_port::TaggingMode::UNTAGGED } else { bridge_port::TaggingMode::TAGGED };
    bed.create(
        ObjectType::BRIDGE_PORT,
        &[
            attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
            attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[port])),
            attr(bridge_port::VLAN_ID.id(), Value::U16(vid)),
            attr(bridge_port::BRIDGE_ID.id(), Value::Oid(bridge)),
            attr(bridge_port::TAGGING_MODE.id(), Value::I32(mode.0)),
            attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
        ],
    )
}

/// Acts: SAI_BRIDGE_ATTR_TYPE, SAI_BRIDGE_PORT_ATTR_TYPE, SAI_BRIDGE_PORT_ATTR_PORT_ID,
/// SAI_BRIDGE_PORT_ATTR_VLAN_ID, SAI_BRIDGE_PORT_ATTR_BRIDGE_ID, SAI_BRIDGE_PORT_ATTR_TAGGING_MODE.
#[test]
fn an_802_1d_bridge_joins_vlans_of_ports_and_translates_their_tags() {
    let bed = Bed::new();
    let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
    let bridge = bed.create(ObjectType::BRIDGE, &[kind]);
    sub_port(&bed, bridge, 0, 100, false);
    sub_port(&bed, bridge, 1, 200, false);
    let last = sub_port(&bed, bridge, 2, 300, true);
    let out = bed.send(0, &tagged(B, A, 0x6000 | 100));
    assert_eq!(out, [(1, tagged(B, A, 0x6000 | 200)), (2, frame(B, A))]);
    assert_eq!(bed.send(1, &tagged(A, B, 200)), [(0, tagged(A, B, 100))]);
    assert_eq!(bed.to(0, &tagged(B, A, 100)), [1], "learned in the bridge");
    assert_eq!(bed.to(0, &frame(B, A)).len(), 7, "and not in VLAN 1");
    assert_eq!(bed.stat(ObjectType::BRIDGE, bridge, bridge::Stat::IN_PACKETS.0), 3);
    bed.remove(ObjectType::BRIDGE_PORT, last);
    assert_eq!(bed.to(0, &tagged(ALL, A, 100)), [1]);
    assert!(
        bed.backend().remove(&sai::ObjectRef::Object(ObjectType::BRIDGE, bridge)).is_err(),
        "it has ports"
    );
}

/// Acts: SAI_PORT_ATTR_TPID.
#[test]
fn a_port_reads_and_writes_tags_of_its_tpid() {
    let bed = Bed::new();
    bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::TAGGED), (2, TaggingMode::UNTAGGED)]);
    bed.set(ObjectType::PORT, bed.ports[1], port::TPID.id(), Value::U16(0x9100));
    let mut other = tagged(ALL, A, 10);
    other[12..14].copy_from_slice(&[0x91, 0x00]);
    assert_eq!(bed.send(0, &tagged(ALL, A, 10)), [(1, other.clone()), (2, frame(ALL, A))]);
    assert_eq!(bed.send(1, &other), [(0, tagged(ALL, A, 10)), (2, frame(ALL, A))]);
    // To a port of another TPID the frame has no tag at all.
    assert_eq!(bed.to(3, &other), [0, 1, 2, 4, 5, 6, 7]);
}

#[test]
fn an_inner_tag_is_payload() {
    let bed = Bed::new();
    bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED)]);
    let inner = tagged(ALL, A, 77);
    let mut outer = inner.clone();
    outer.splice(12..12, [0x88, 0xA8, 0, 10]);
    assert_eq!(bed.send(0, &outer), [(1, inner)]);
}

/// An IPv4 multicast frame to the group 239.1.1.1.
fn group_frame(source: [u8; 4]) -> Vec<u8> {
    let mut ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 8, 17, 0, 0, 0, 0, 0, 0, 239, 1, 1, 1];
    ip[12..16].copy_from_slice(&source);
    let sum = ip.chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum::<u32>();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let mut f = [&[1, 0, 0x5E, 1, 1, 1][..], &A, &[8, 0], &ip].concat();
    f.resize(60, 0);
    f
}

fn group(bed: &Bed, ports: &[usize]) -> ObjectId {
    let group = bed.create(ObjectType::L2MC_GROUP, &[]);
    for n in ports {
        bed.create(
            ObjectType::L2MC_GROUP_MEMBER,
            &[
                attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(group)),
                attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(bed.bridge_ports[*n])),
            ],
        );
    }
    group
}

/// Acts: SAI_MCAST_FDB_ENTRY_ATTR_GROUP_ID, SAI_L2MC_ENTRY_ATTR_OUTPUT_GROUP_ID,
/// SAI_L2MC_ENTRY_ATTR_PACKET_ACTION, SAI_VLAN_ATTR_IPV4_MCAST_LOOKUP_KEY_TYPE.
#[test]
fn multicast_is_looked_up_by_the_key_that_the_vlan_names() {
    needs!(Trace);
    let bed = Bed::new();
    let [by_mac, by_group, by_source] = [&[1, 2][..], &[3, 4], &[5]].map(|ports| group(&bed, ports));
    let mac = MacAddr([1, 0, 0x5E, 1, 1, 1]);
    let entry = McastFdbEntry { switch_id: bed.switch, mac_address: mac, bv_id: bed.vlan1 }.into();
    let forward = Value::I32(sai::types::PacketAction::FORWARD.0);
    let attrs = [
        attr(sai::mcast_fdb_entry::GROUP_ID.id(), Value::Oid(by_mac)),
        attr(sai::mcast_fdb_entry::PACKET_ACTION.id(), forward.clone()),
    ];
    bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
    use sai::l2mc_entry::Type;
    let mut made = Vec::new();
    for (kind, source, to) in [(Type::XG, [0; 4], by_group), (Type::SG, [10, 0, 0, 1], by_source)] {
        let entry = L2mcEntry {
            switch_id: bed.switch,
            bv_id: bed.vlan1,
            r#type: kind,
            destination: IpAddr::from([239, 1, 1, 1]),
            source: IpAddr::from(source),
        };
        let attrs = [
            attr(sai::l2mc_entry::OUTPUT_GROUP_ID.id(), Value::Oid(to)),
            attr(sai::l2mc_entry::PACKET_ACTION.id(), forward.clone()),
        ];
        let entry = entry.into();
        bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
        made.push(entry);
    }
    let (own, other) = (group_frame([10, 0, 0, 1]), group_frame([10, 0, 0, 2]));
    let key = |k: McastLookupKeyType| {
        bed.set(ObjectType::VLAN, bed.vlan1, vlan::IPV4_MCAST_LOOKUP_KEY_TYPE.id(), Value::I32(k.0));
        [bed.to(0, &own), bed.to(0, &other)]
    };
    let everyone = vec![1, 2, 3, 4, 5, 6, 7];
    assert_eq!(key(McastLookupKeyType::MAC_DA), [vec![1, 2], vec![1, 2]]);
    assert_eq!(key(McastLookupKeyType::XG), [vec![3, 4], vec![3, 4]]);
    assert_eq!(key(McastLookupKeyType::SG), [vec![5], everyone.clone()]);
    assert_eq!(key(McastLookupKeyType::XG_AND_SG), [vec![5], vec![3, 4]]);
    let object = sai::ObjectRef::Entry(made[0].clone());
    let drop = Value::I32(sai::types::PacketAction::DROP.0);
    bed.backend().set(&object, &attr(sai::l2mc_entry::PACKET_ACTION.id(), drop)).unwrap();
    let trace = bed.trace(0, &other);
    assert_eq!(trace.drop_reason(), Some(DropReason::FdbMcDiscard));
    bed.backend().remove(&object).unwrap();
    assert_eq!(bed.to(0, &other), everyone, "without an entry it is flooded");
}

/// Acts: SAI_L2MC_ENTRY_ATTR_PACKET_ACTION, SAI_MCAST_FDB_ENTRY_ATTR_PACKET_ACTION,
/// SAI_VLAN_ATTR_IPV6_MCAST_LOOKUP_KEY_TYPE.
#[test]
fn each_action_of_a_multicast_entry() {
    use sai::types::PacketAction as Act;
    use sai::{ObjectRef, l2mc_entry, mcast_fdb_entry};
    let bed = Bed::new();
    let group = group(&bed, &[1, 2]);
    let to: IpAddr = "ff0e::9".parse().unwrap();
    let mac = MacAddr([0x33, 0x33, 0, 0, 0, 9]);
    let by_mac = McastFdbEntry { switch_id: bed.switch, mac_address: mac, bv_id: bed.vlan1 }.into();
    let by_ip = L2mcEntry {
        switch_id: bed.switch,
        bv_id: bed.vlan1,
        r#type: l2mc_entry::Type::XG,
        destination: to,
        source: "::".parse().unwrap(),
    }
    .into();
    let packet =
        switch_sim::wire::text::parse("eth src=02:00:00:00:00:0a dst=33:33:00:00:00:09/ipv6 dst=ff0e::9/udp");
    let packet = packet.unwrap();
    let punted = || {
        let stat = sai::queue::Stat::PACKETS.0;
        bed.read_and_clear(ObjectType::QUEUE, bed.cpu_queue(0), stat)
    };
    let cases: [(sai::Entry, _, _, McastLookupKeyType); 2] = [
        (
            by_mac,
            mcast_fdb_entry::GROUP_ID.id(),
            mcast_fdb_entry::PACKET_ACTION.id(),
            McastLookupKeyType::MAC_DA,
        ),
        (by_ip, l2mc_entry::OUTPUT_GROUP_ID.id(), l2mc_entry::PACKET_ACTION.id(), McastLookupKeyType::XG),
    ];
    for (entry, of_group, action_of, key) in cases {
        bed.set(ObjectType::VLAN, bed.vlan1, vlan::IPV6_MCAST_LOOKUP_KEY_TYPE.id(), Value::I32(key.0));
        let forward = attr(action_of, Value::I32(Act::FORWARD.0));
        let attrs = [attr(of_group, Value::Oid(group)), forward];
        assert_eq!(bed.to(0, &packet).len(), 7, "{key}: nothing is known by this key");
        bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
        for (action, leaves, to_cpu) in [
            (Act::DROP, 0, 0),
            (Act::DENY, 0, 0),
            (Act::TRAP, 0, 1),
            (Act::COPY, 2, 1),
            (Act::LOG, 2, 1),
            (Act::TRANSIT, 2, 0),
            (Act::FORWARD, 2, 0),
        ] {
            let action_attr = attr(action_of, Value::I32(action.0));
            bed.backend().set(&ObjectRef::Entry(entry.clone()), &action_attr).unwrap();
            assert_eq!((bed.to(0, &packet).len(), punted()), (leaves, to_cpu), "{key}: {action}");
        }
    }
}

/// Acts: SAI_PORT_ATTR_LOOPBACK_MODE.
#[test]
fn what_a_port_loops_back_comes_in_there_and_is_learned_there() {
    let bed = Bed::new();
    let mac = Value::I32(port::LoopbackMode::MAC.0);
    bed.set(ObjectType::PORT, bed.ports[7], port::LOOPBACK_MODE.id(), mac);
    // Once flooded by port 0, once more by port 7, where it came back; there the station then is.
    let mut out = bed.to(0, &frame(ALL, A));
    out.sort_unstable();
    assert_eq!(out, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    let stat = |s: port::Stat| bed.stat(ObjectType::PORT, bed.ports[7], s.0);
    assert_eq!(stat(port::Stat::IF_OUT_BROADCAST_PKTS), 1);
    assert_eq!(stat(port::Stat::IF_IN_BROADCAST_PKTS), 1);
    let key = FdbEntry { switch_id: bed.switch, mac_address: MacAddr(A), bv_id: bed.vlan1 };
    let at = oid(&bed, &Entry::from(key).into(), sai::fdb_entry::BRIDGE_PORT_ID.id());
    assert_eq!(at, bed.bridge_ports[7]);
}
