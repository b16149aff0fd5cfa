//! Bridging: packets in, packets out.

use super::bed::*;
use sai::entry::{Entry, FdbEntry};
use sai::types::{FdbEvent, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    MacAddr, ObjectRef, ObjectType, Special, Target, Value, bridge_port, port, switch, vlan, vlan_member,
};
use switch_sim::Profile;
use switch_sim::pipeline::{DropReason, Node};

#[test]
fn unknown_unicast_floods_and_a_learned_station_gets_its_frames_alone() {
    let bed = Bed::new();
    assert_eq!(bed.to(0, &frame(B, A)), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(bed.to(3, &frame(A, B)), [0]);
    assert_eq!(bed.to(0, &frame(B, A)), [3]);
    assert_eq!(bed.send(0, &frame(B, A))[0].1, frame(B, A));
    let learned = |mac| vec![(FdbEvent::LEARNED, MacAddr(mac))];
    assert_eq!(bed.fdb_events(), [learned(A), learned(B)]);
}

/// Acts: SAI_VLAN_MEMBER_ATTR_VLAN_TAGGING_MODE, SAI_PORT_ATTR_PORT_VLAN_ID, SAI_VLAN_ATTR_VLAN_ID.
#[test]
fn tags_follow_the_membership() {
    let bed = Bed::new();
    let modes = [
        (0, TaggingMode::TAGGED),
        (1, TaggingMode::UNTAGGED),
        (2, TaggingMode::PRIORITY_TAGGED),
        (3, TaggingMode::TAGGED),
    ];
    let vlan = bed.create(ObjectType::VLAN, &[attr(vlan::VLAN_ID.id(), Value::U16(10))]);
    for (port, mode) in modes {
        let attrs = [
            attr(vlan_member::VLAN_ID.id(), Value::Oid(vlan)),
            attr(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[port])),
            attr(vlan_member::VLAN_TAGGING_MODE.id(), Value::I32(mode.0)),
        ];
        bed.create(ObjectType::VLAN_MEMBER, &attrs);
    }
    let out = bed.send(0, &tagged(ALL, A, 0x600A));
    assert_eq!(out, [(1, frame(ALL, A)), (2, tagged(ALL, A, 0x6000)), (3, tagged(ALL, A, 0x600A))]);
    bed.set(ObjectType::PORT, bed.ports[1], port::PORT_VLAN_ID.id(), Value::U16(10));
    assert_eq!(bed.send(1, &frame(A, B)), [(0, tagged(A, B, 10))]);
    // A priority tag does not choose the VLAN, and its priority stays.
    assert_eq!(bed.send(1, &tagged(A, B, 0xA000)), [(0, tagged(A, B, 0xA00A))]);
}

/// Acts: SAI_BRIDGE_PORT_ATTR_INGRESS_FILTERING, SAI_PORT_ATTR_DROP_UNTAGGED, SAI_PORT_ATTR_DROP_TAGGED.
#[test]
fn ports_refuse_what_they_are_told_to() {
    needs!(Trace);
    let bed = Bed::new();
    let reason = |n: usize, f: &[u8]| bed.trace(n, f).drop_reason();
    assert_eq!(reason(0, &tagged(ALL, A, 77)), Some(DropReason::IngressVlanFilter));
    bed.vlan(10, &[(1, TaggingMode::TAGGED)]);
    bed.set(
        ObjectType::BRIDGE_PORT,
        bed.bridge_ports[0],
        bridge_port::INGRESS_FILTERING.id(),
        Value::Bool(true),
    );
    assert_eq!(reason(0, &tagged(ALL, A, 10)), Some(DropReason::IngressVlanFilter));
    bed.set(ObjectType::PORT, bed.ports[0], port::DROP_UNTAGGED.id(), Value::Bool(true));
    assert_eq!(reason(0, &frame(ALL, A)), Some(DropReason::VlanTagNotAllowed));
    bed.set(ObjectType::PORT, bed.ports[1], port::DROP_TAGGED.id(), Value::Bool(true));
    assert_eq!(reason(1, &tagged(ALL, A, 10)), Some(DropReason::VlanTagNotAllowed));
    assert_eq!(reason(2, &frame(ALL, [1, 0, 0, 0, 0, 1])), Some(DropReason::SmacMulticast));
    assert_eq!(reason(2, &frame(A, A)), Some(DropReason::SmacEqualsDmac));
    assert_eq!(reason(2, &[0; 13]), Some(DropReason::Malformed));
    let mut long = frame(ALL, A);
    long.resize(1515, 0);
    assert_eq!(reason(2, &long), Some(DropReason::ExceedsL2Mtu));
    assert_eq!(reason(2, &frame([1, 0x80, 0xC2, 0, 0, 0], A)), Some(DropReason::DmacReserved));
    bed.sent();
    let in_port = |n: usize, s: port::Stat| bed.stat(ObjectType::PORT, bed.ports[n], s.0);
    assert_eq!(in_port(0, port::Stat::IF_IN_VLAN_DISCARDS), 3);
    assert_eq!(in_port(2, port::Stat::IF_IN_DISCARDS), 4);
    assert_eq!(in_port(2, port::Stat::IF_IN_ERRORS), 1);
}

#[test]
fn port_counters_count_what_the_wire_carries() {
    let bed = Bed::new();
    bed.send(0, &frame(ALL, A));
    let stat = |n: usize, s: port::Stat| bed.stat(ObjectType::PORT, bed.ports[n], s.0);
    assert_eq!(stat(0, port::Stat::IF_IN_OCTETS), 64);
    assert_eq!(stat(0, port::Stat::IF_IN_BROADCAST_PKTS), 1);
    assert_eq!(stat(0, port::Stat::ETHER_IN_PKTS_64_OCTETS), 1);
    assert_eq!(stat(5, port::Stat::IF_OUT_NON_UCAST_PKTS), 1);
    assert_eq!(stat(5, port::Stat::ETHER_STATS_PKTS_64_OCTETS), 1);
    assert_eq!(bed.stat(ObjectType::VLAN, bed.vlan1, vlan::Stat::IN_PACKETS.0), 1);
    assert_eq!(bed.stat(ObjectType::VLAN, bed.vlan1, vlan::Stat::OUT_PACKETS.0), 7);
    for (len, stat_of) in [
        (61, port::Stat::ETHER_IN_PKTS_65_TO_127_OCTETS),
        (1514, port::Stat::ETHER_IN_PKTS_1024_TO_1518_OCTETS),
        (1020, port::Stat::ETHER_IN_PKTS_1024_TO_1518_OCTETS),
        (1019, port::Stat::ETHER_IN_PKTS_512_TO_1023_OCTETS),
    ] {
        let before = stat(1, stat_of);
        let mut f = frame(ALL, B);
        f.resize(len, 0);
        bed.send(1, &f);
        assert_eq!(stat(1, stat_of), before + 1, "{len} bytes");
    }
}

/// Acts: SAI_SWITCH_ATTR_FDB_AGING_TIME.
#[test]
fn stations_age_move_and_are_flushed() {
    needs!(Clock);
    let bed = Bed::new();
    bed.set(ObjectType::SWITCH, bed.switch, switch::FDB_AGING_TIME.id(), Value::U32(10));
    bed.send(0, &frame(ALL, A));
    bed.advance(6);
    bed.send(0, &frame(ALL, A));
    bed.advance(6);
    assert_eq!(bed.to(1, &frame(A, B)), [0], "refreshed, so not aged");
    bed.fdb_events();
    bed.advance(5);
    assert_eq!(bed.fdb_events(), [vec![(FdbEvent::AGED, MacAddr(A))]]);
    assert_eq!(bed.to(1, &frame(A, B)).len(), 7);
    bed.send(2, &frame(ALL, B));
    assert_eq!(bed.fdb_events(), [vec![(FdbEvent::MOVE, MacAddr(B))]]);
    assert_eq!(bed.to(0, &frame(B, A)), [2]);
    bed.fdb_events();
    bed.backend().special(bed.switch, Special::FlushFdb(&[])).unwrap();
    assert_eq!(bed.fdb_events().concat().len(), 2);
    assert_eq!(bed.to(0, &frame(B, A)).len(), 7);
}

/// Acts: SAI_BRIDGE_PORT_ATTR_ADMIN_STATE.
#[test]
fn a_bridge_port_that_goes_down_loses_its_stations() {
    let bed = Bed::new();
    bed.send(0, &frame(ALL, A));
    bed.send(1, &frame(ALL, B));
    bed.fdb_events();
    bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[0], bridge_port::ADMIN_STATE.id(), Value::Bool(false));
    assert_eq!(bed.fdb_events(), [vec![(FdbEvent::FLUSHED, MacAddr(A))]]);
    assert_eq!(bed.to(1, &frame(A, B)), [2, 3, 4, 5, 6, 7]);
}

fn fdb_entry(bed: &Bed, mac: [u8; 6]) -> Entry {
    FdbEntry { switch_id: bed.switch, mac_address: MacAddr(mac), bv_id: bed.vlan1 }.into()
}

/// Acts: SAI_FDB_ENTRY_ATTR_TYPE, SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID, SAI_FDB_ENTRY_ATTR_ALLOW_MAC_MOVE,
/// SAI_FDB_ENTRY_ATTR_PACKET_ACTION.
#[test]
fn static_entries_stay_and_block_what_they_name() {
    needs!(Trace);
    let bed = Bed::new();
    let attrs = [
        attr(sai::fdb_entry::TYPE.id(), Value::I32(sai::fdb_entry::Type::STATIC.0)),
        attr(sai::fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[4])),
    ];
    let entry = fdb_entry(&bed, B);
    bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
    let again = bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap_err();
    assert_eq!(again.status(), sai::Status::ITEM_ALREADY_EXISTS);
    assert_eq!(bed.to(0, &frame(B, A)), [4]);
    let trace = bed.trace(1, &frame(A, B));
    assert_eq!(trace.drop_reason(), Some(DropReason::StaticMove));
    let object = ObjectRef::Entry(entry.clone());
    bed.backend().set(&object, &attr(sai::fdb_entry::ALLOW_MAC_MOVE.id(), Value::Bool(true))).unwrap();
    bed.send(1, &frame(ALL, B));
    assert_eq!(bed.to(0, &frame(B, A)), [1], "it was allowed to move");
    let action = attr(sai::fdb_entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0));
    bed.backend().set(&object, &action).unwrap();
    let trace = bed.trace(0, &frame(B, A));
    assert_eq!(trace.drop_reason(), Some(DropReason::FdbUcDiscard));
    bed.backend().special(bed.switch, Special::FlushFdb(&[])).unwrap();
    assert!(
        get(&bed, &object, sai::fdb_entry::TYPE.id()).is_ok(),
        "a flush without a type leaves static entries"
    );
    bed.backend().remove(&object).unwrap();
}

/// Acts: SAI_FDB_ENTRY_ATTR_COUNTER_ID.
#[test]
fn an_entry_counts_what_it_leads() {
    let bed = Bed::new();
    bed.send(4, &frame(ALL, B));
    let entry = ObjectRef::Entry(fdb_entry(&bed, B));
    let tally = bed.create(ObjectType::COUNTER, &[]);
    let counted = |id: sai::ObjectId| {
        let counter = attr(sai::fdb_entry::COUNTER_ID.id(), Value::Oid(id));
        bed.backend().set(&entry, &counter).unwrap();
        assert_eq!(bed.to(0, &frame(B, A)), [4]);
        use sai::counter::Stat;
        [Stat::PACKETS, Stat::BYTES].map(|s| bed.stat(ObjectType::COUNTER, tally, s.0))
    };
    assert_eq!(counted(tally), [1, 64]);
    bed.send(4, &frame(A, B));
    assert_eq!(counted(tally), [2, 128], "what it sends is not led by it");
    assert_eq!(counted(sai::ObjectId::NULL), [2, 128]);
    bed.remove(ObjectType::COUNTER, tally);
}

/// Acts: SAI_BRIDGE_PORT_ATTR_FDB_LEARNING_MODE, SAI_BRIDGE_PORT_ATTR_MAX_LEARNED_ADDRESSES,
/// SAI_BRIDGE_PORT_ATTR_FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION.
#[test]
fn learning_modes_and_limits() {
    let bed = Bed::new();
    let bp = bed.bridge_ports[0];
    let set = |a, v| bed.set(ObjectType::BRIDGE_PORT, bp, a, v);
    let mode = |m: bridge_port::FdbLearningMode| set(bridge_port::FDB_LEARNING_MODE.id(), Value::I32(m.0));
    mode(bridge_port::FdbLearningMode::DISABLE);
    assert_eq!(bed.to(0, &frame(B, A)).len(), 7);
    mode(bridge_port::FdbLearningMode::DROP);
    assert!(bed.to(0, &frame(B, A)).is_empty());
    mode(bridge_port::FdbLearningMode::FDB_NOTIFICATION);
    assert!(bed.to(0, &frame(B, A)).is_empty());
    assert!(bed.to(0, &frame(B, A)).is_empty());
    assert_eq!(bed.fdb_events(), [vec![(FdbEvent::LEARNED, MacAddr(A))]], "told once");
    mode(bridge_port::FdbLearningMode::HW);
    set(bridge_port::MAX_LEARNED_ADDRESSES.id(), Value::U32(1));
    assert_eq!(bed.to(0, &frame(ALL, A)).len(), 7);
    assert!(bed.to(0, &frame(ALL, B)).is_empty(), "the limit's action drops");
    let forward = Value::I32(PacketAction::FORWARD.0);
    set(bridge_port::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION.id(), forward);
    assert_eq!(bed.to(0, &frame(ALL, B)).len(), 7);
    assert_eq!(bed.to(1, &frame(B, [2, 0, 0, 0, 0, 0xC])).len(), 7, "and does not learn");
}

/// Acts: SAI_SWITCH_ATTR_FDB_BROADCAST_MISS_PACKET_ACTION, SAI_L2MC_GROUP_MEMBER_ATTR_L2MC_GROUP_ID,
/// SAI_L2MC_GROUP_MEMBER_ATTR_L2MC_OUTPUT_ID, SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
/// SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_GROUP.
#[test]
fn flood_control_and_miss_actions() {
    let bed = Bed::new();
    let none = Value::I32(vlan::FloodControlType::NONE.0);
    let a = vlan::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id();
    bed.set(ObjectType::VLAN, bed.vlan1, a, none);
    assert!(bed.to(0, &frame(B, A)).is_empty());
    assert_eq!(bed.to(0, &frame(ALL, A)).len(), 7);
    let drop = Value::I32(PacketAction::DROP.0);
    bed.set(ObjectType::SWITCH, bed.switch, switch::FDB_BROADCAST_MISS_PACKET_ACTION.id(), drop);
    assert!(bed.to(0, &frame(ALL, A)).is_empty());
    let group = bed.create(ObjectType::L2MC_GROUP, &[]);
    for n in [2, 5] {
        let attrs = [
            attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(bed.bridge_ports[n])),
        ];
        bed.create(ObjectType::L2MC_GROUP_MEMBER, &attrs);
    }
    bed.set(ObjectType::VLAN, bed.vlan1, a, Value::I32(vlan::FloodControlType::L2MC_GROUP.0));
    bed.set(ObjectType::VLAN, bed.vlan1, vlan::UNKNOWN_UNICAST_FLOOD_GROUP.id(), Value::Oid(group));
    assert_eq!(bed.to(0, &frame(B, A)), [2, 5]);
}

/// Acts: SAI_STP_PORT_ATTR_STP, SAI_STP_PORT_ATTR_BRIDGE_PORT, SAI_STP_PORT_ATTR_STATE,
/// SAI_VLAN_ATTR_STP_INSTANCE.
#[test]
fn spanning_tree_states() {
    let bed = Bed::new();
    let stp = bed.create(ObjectType::STP, &[]);
    let stp_port = |n: usize, state: sai::stp_port::State| {
        bed.create(
            ObjectType::STP_PORT,
            &[
                attr(sai::stp_port::STP.id(), Value::Oid(stp)),
                attr(sai::stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[n])),
                attr(sai::stp_port::STATE.id(), Value::I32(state.0)),
            ],
        )
    };
    stp_port(0, sai::stp_port::State::FORWARDING);
    stp_port(1, sai::stp_port::State::LEARNING);
    stp_port(2, sai::stp_port::State::FORWARDING);
    bed.set(ObjectType::VLAN, bed.vlan1, vlan::STP_INSTANCE.id(), Value::Oid(stp));
    assert_eq!(bed.to(0, &frame(ALL, A)), [2], "ports without a state block");
    assert!(bed.to(1, &frame(ALL, B)).is_empty());
    assert_eq!(bed.fdb_events().concat().len(), 2, "a learning port learns");
    assert!(bed.to(3, &frame(ALL, [2, 0, 0, 0, 0, 3])).is_empty());
    assert!(bed.fdb_events().is_empty(), "a blocking port does not");
    let twice = [
        attr(sai::stp_port::STP.id(), Value::Oid(stp)),
        attr(sai::stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[1])),
        attr(sai::stp_port::STATE.id(), Value::I32(sai::stp_port::State::FORWARDING.0)),
    ];
    assert_eq!(
        bed.try_create(ObjectType::STP_PORT, &twice).unwrap_err().status(),
        sai::Status::ITEM_ALREADY_EXISTS
    );
    assert!(bed.to(1, &frame(ALL, B)).is_empty(), "it has the state that it had");
}

/// Acts: SAI_BRIDGE_PORT_ATTR_ISOLATION_GROUP, SAI_ISOLATION_GROUP_MEMBER_ATTR_ISOLATION_GROUP_ID,
/// SAI_ISOLATION_GROUP_MEMBER_ATTR_ISOLATION_OBJECT.
#[test]
fn isolation_groups_keep_apart() {
    let bed = Bed::new();
    let kind = Value::I32(sai::isolation_group::Type::BRIDGE_PORT.0);
    let group = bed.create(ObjectType::ISOLATION_GROUP, &[attr(sai::isolation_group::TYPE.id(), kind)]);
    let attrs = [
        attr(sai::isolation_group_member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
        attr(sai::isolation_group_member::ISOLATION_OBJECT.id(), Value::Oid(bed.bridge_ports[3])),
    ];
    bed.set(
        ObjectType::BRIDGE_PORT,
        bed.bridge_ports[0],
        bridge_port::ISOLATION_GROUP.id(),
        Value::Oid(group),
    );
    bed.create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs);
    assert_eq!(bed.to(0, &frame(ALL, A)), [1, 2, 4, 5, 6, 7]);
    assert_eq!(bed.to(1, &frame(ALL, B)).len(), 7);
}

#[test]
fn a_trace_tells_the_way() {
    needs!(Trace);
    let bed = Bed::new();
    bed.send(0, &frame(ALL, A));
    let trace = bed.trace(1, &frame(A, B));
    let stages: Vec<_> = trace.stages().collect();
    assert_eq!(stages, [Node::PortIn, Node::L2In, Node::Bridge, Node::Traps, Node::Rewrite, Node::Transmit]);
    let text = trace.to_string();
    assert!(text.contains("fdb: 02:00:00:00:00:0a"), "{text}");
    assert!(text.contains(&format!("transmitted by {}", bed.ports[0])), "{text}");
}

#[test]
fn packets_for_the_cpu_are_taken_even_if_no_host_interface_wants_them() {
    let bed = Bed::new();
    let trap = Value::I32(PacketAction::COPY.0);
    bed.set(ObjectType::SWITCH, bed.switch, switch::FDB_BROADCAST_MISS_PACKET_ACTION.id(), trap);
    let drops = || bed.stat(ObjectType::PORT, bed.ports[0], port::Stat::IF_IN_DISCARDS.0);
    let count = Profile::default().chip.cpu_queue_packets as usize + 3;
    let sent = bed.send_all(0, (0..count).map(|_| frame(ALL, A)));
    assert_eq!(sent.len(), 7 * count, "the packets themselves go on");
    assert_eq!(drops(), 0);
}

#[test]
fn learned_flushed_and_aged_entries_count_in_what_is_available() {
    needs!(Clock);
    let bed = Bed::new();
    bed.set(ObjectType::SWITCH, bed.switch, switch::FDB_AGING_TIME.id(), Value::U32(10));
    let left = || {
        let mut asked = [sai::AttrEntry::ask(switch::AVAILABLE_FDB_ENTRY.id())];
        bed.backend().get(&ObjectRef::Object(ObjectType::SWITCH, bed.switch), &mut asked).unwrap();
        let Value::U32(left) = asked[0].value else { panic!("a number") };
        left
    };
    let all = left();
    bed.send(0, &frame(ALL, A));
    bed.send(1, &frame(ALL, B));
    assert_eq!(left(), all - 2);
    bed.send(2, &frame(ALL, B));
    assert_eq!(left(), all - 2, "a station that moves is one entry");
    bed.backend().remove(&ObjectRef::Entry(fdb_entry(&bed, A))).unwrap();
    assert_eq!(left(), all - 1, "a client may remove what was learned");
    bed.advance(11);
    assert_eq!(left(), all);
    let kind = Value::I32(sai::fdb_entry::Type::STATIC.0);
    let attrs = [
        attr(sai::fdb_entry::TYPE.id(), kind.clone()),
        attr(sai::fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[4])),
    ];
    bed.backend().create(bed.switch, Target::Entry(&fdb_entry(&bed, B)), &attrs).unwrap();
    assert_eq!(left(), all - 1);
    let statics = [attr(sai::fdb_flush::ENTRY_TYPE.id(), Value::I32(sai::fdb_flush::EntryType::STATIC.0))];
    bed.backend().special(bed.switch, Special::FlushFdb(&statics)).unwrap();
    assert_eq!(left(), all);
}
