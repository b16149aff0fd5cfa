//! Every action: what becomes of a packet.

use sai::hostif_user_defined_trap as user_trap;
use sai::{isolation_group, isolation_group_member, l2mc_group_member, lag_member};
use switch_sim::wire::parse::{Headers, Tpids};

use super::*;

/// A table that looks at EtherTypes, with one entry for IPv4 that does this, bound to the switch.
fn doing(stage: AclStage, attrs: &[AttrEntry]) -> (Acl, ObjectId) {
    let acl = Acl::new();
    let table = acl.table_of(stage, &[acl_table::FIELD_ETHER_TYPE.id()]);
    let ipv4 = [field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x0800))];
    let entry = acl.entry(table, 10, &[&ipv4, attrs].concat());
    let bind = match stage {
        AclStage::PRE_INGRESS => sai::switch::PRE_INGRESS_ACL.id(),
        AclStage::EGRESS => sai::switch::EGRESS_ACL.id(),
        _ => sai::switch::INGRESS_ACL.id(),
    };
    acl.set(ObjectType::SWITCH, acl.switch, bind, Value::Oid(table));
    (acl, entry)
}

fn ingress(attrs: &[AttrEntry]) -> Acl {
    doing(AclStage::INGRESS, attrs).0
}

fn one(acl: &Acl, frame: &[u8]) -> Vec<u8> {
    let out = acl.send(0, frame);
    assert!(!out.is_empty(), "it leaves");
    assert!(out.iter().all(|(_, f)| *f == out[0].1), "all copies are the same");
    out[0].1.clone()
}

/// Acts: SAI_ACL_TABLE_ATTR_ACL_STAGE, SAI_ACL_ENTRY_ATTR_ACTION_PACKET_ACTION.
#[test]
fn packet_actions() {
    let _ = (acl_table::ACL_STAGE.id(), acl_entry::ACTION_PACKET_ACTION.id());
    for stage in [AclStage::PRE_INGRESS, AclStage::INGRESS, AclStage::POST_INGRESS, AclStage::EGRESS] {
        for (what, leaves, copied) in [
            (PacketAction::DROP, false, false),
            (PacketAction::FORWARD, true, false),
            (PacketAction::COPY, true, true),
            (PacketAction::COPY_CANCEL, true, false),
            (PacketAction::TRAP, false, true),
            (PacketAction::LOG, true, true),
            (PacketAction::DENY, false, false),
            (PacketAction::TRANSIT, true, false),
        ] {
            let (acl, _) = doing(stage, &[packet_action(what)]);
            let frame = f("eth/ipv4");
            // Known at port 1, so that one copy leaves.
            acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv6"));
            assert_eq!(acl.to(0, &frame), if leaves { vec![1] } else { vec![] }, "{stage} {what}");
            assert_eq!(acl.punted(), u64::from(copied), "{stage} {what}");
            assert!(acl.passes(&f("eth/ipv6")), "others pass");
        }
    }
}

#[test]
fn donotdrop_lifts_what_is_denied_and_has_a_way() {
    // A frame to a reserved address has none.
    let acl = ingress(&[packet_action(PacketAction::DONOTDROP)]);
    assert!(!acl.passes(&f("eth dst=01:80:c2:00:00:05/ipv4")));
    assert!(acl.passes(&f("eth/ipv4")));
}

#[test]
fn a_frame_to_a_reserved_address_meets_ingress_acls() {
    let (acl, entry) = doing(AclStage::INGRESS, &[packet_action(PacketAction::TRAP)]);
    acl.send(0, &f("eth dst=01:80:c2:00:00:05/ipv4"));
    assert_eq!(acl.punted(), 1);
    acl.set(ObjectType::ACL_ENTRY, entry, acl_entry::ADMIN_STATE.id(), Value::Bool(false));
    acl.send(0, &f("eth dst=01:80:c2:00:00:05/ipv4"));
    assert_eq!(acl.punted(), 0);
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_COUNTER, SAI_ACL_COUNTER_ATTR_TABLE_ID,
/// SAI_ACL_COUNTER_ATTR_ENABLE_PACKET_COUNT, SAI_ACL_COUNTER_ATTR_ENABLE_BYTE_COUNT,
/// SAI_ACL_COUNTER_ATTR_PACKETS, SAI_ACL_COUNTER_ATTR_BYTES.
#[test]
fn counters_count_packets_and_bytes_on_the_wire() {
    use acl_counter::{BYTES, ENABLE_BYTE_COUNT, ENABLE_PACKET_COUNT, PACKETS, TABLE_ID};
    let acl = Acl::new();
    let table = acl.table(&[acl_table::FIELD_ETHER_TYPE.id()]);
    let both = acl.counter(table);
    let entry = acl.entry(
        table,
        1,
        &[
            field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x0800)),
            action(acl_entry::ACTION_COUNTER.id(), AclAction::Oid(both)),
        ],
    );
    acl.bind_switch(table);
    acl.send(0, &f("eth/ipv4"));
    acl.send(0, &f("eth/ipv4 pad=96"));
    acl.send(0, &f("eth/ipv6"));
    assert_eq!(acl.counts(both), (2, 64 + 100));
    acl.set(ObjectType::ACL_COUNTER, both, PACKETS.id(), Value::U64(5));
    acl.set(ObjectType::ACL_COUNTER, both, BYTES.id(), Value::U64(0));
    let packets = acl.create(
        ObjectType::ACL_COUNTER,
        &[attr(TABLE_ID.id(), Value::Oid(table)), attr(ENABLE_PACKET_COUNT.id(), Value::Bool(true))],
    );
    let bytes = acl.create(
        ObjectType::ACL_COUNTER,
        &[attr(TABLE_ID.id(), Value::Oid(table)), attr(ENABLE_BYTE_COUNT.id(), Value::Bool(true))],
    );
    for counter in [both, packets, bytes] {
        let counter = Value::AclAction(AclAction::Oid(counter));
        acl.set(ObjectType::ACL_ENTRY, entry, acl_entry::ACTION_COUNTER.id(), counter);
        acl.send(0, &f("eth/ipv4"));
    }
    assert_eq!(acl.counts(both), (6, 64));
    assert_eq!(acl.counts(packets), (1, 0));
    assert_eq!(acl.counts(bytes), (0, 64));
    let other = acl.counter(acl.table(&[]));
    let alien = action(acl_entry::ACTION_COUNTER.id(), AclAction::Oid(other));
    let refused = acl.try_create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(table, 1, &[alien])).unwrap_err();
    assert_eq!(refused.status(), sai::Status::INVALID_ATTR_VALUE_0.nth(2), "{refused}");
    drop(acl);
    for stage in [AclStage::PRE_INGRESS, AclStage::POST_INGRESS, AclStage::EGRESS] {
        let (acl, entry) = doing(stage, &[]);
        let Value::Oid(table) = acl.read(ObjectType::ACL_ENTRY, entry, acl_entry::TABLE_ID.id()) else {
            panic!("an id")
        };
        let counter = acl.counter(table);
        let to = Value::AclAction(AclAction::Oid(counter));
        acl.set(ObjectType::ACL_ENTRY, entry, acl_entry::ACTION_COUNTER.id(), to);
        acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv6"));
        acl.send(0, &f("eth/ipv4"));
        assert_eq!(acl.counts(counter), (1, 64), "{stage}");
    }
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_REDIRECT.
#[test]
fn redirects_lead_to_ports_lags_bridge_ports_and_groups() {
    let to = |target| action(acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(target));
    let acl = Acl::new();
    let table = acl.table(&[acl_table::FIELD_ETHER_TYPE.id()]);
    let group = acl.create(ObjectType::L2MC_GROUP, &[]);
    for port in [2, 3] {
        acl.create(
            ObjectType::L2MC_GROUP_MEMBER,
            &[
                attr(l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(group)),
                attr(l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(acl.bridge_ports[port])),
            ],
        );
    }
    let lag = acl.create(ObjectType::LAG, &[]);
    acl.free_port(7);
    acl.create(
        ObjectType::LAG_MEMBER,
        &[
            attr(lag_member::LAG_ID.id(), Value::Oid(lag)),
            attr(lag_member::PORT_ID.id(), Value::Oid(acl.ports[7])),
        ],
    );
    let entry =
        acl.entry(table, 1, &[field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x0800)), to(acl.ports[5])]);
    acl.bind_switch(table);
    let frame = f("eth/ipv4");
    for (target, out) in
        [(acl.ports[5], vec![5]), (acl.bridge_ports[6], vec![6]), (group, vec![2, 3]), (lag, vec![7])]
    {
        let value = Value::AclAction(AclAction::Oid(target));
        acl.set(ObjectType::ACL_ENTRY, entry, acl_entry::ACTION_REDIRECT.id(), value);
        let sent = acl.send(0, &frame);
        assert_eq!(sent.iter().map(|s| s.0).collect::<Vec<_>>(), out);
        assert!(sent.iter().all(|s| s.1 == frame), "as it came");
    }
    let refused = acl
        .backend()
        .set(&ObjectRef::Object(ObjectType::ACL_ENTRY, entry), &to(acl.create(ObjectType::IPMC_GROUP, &[])));
    assert!(refused.is_ok(), "an IPMC group is a target too");
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_REDIRECT_LIST, SAI_ACL_ENTRY_ATTR_ACTION_FLOOD.
#[test]
fn lists_and_floods() {
    let ports = Acl::new();
    let table = ports.table(&[acl_table::FIELD_ETHER_TYPE.id()]);
    let list = AclAction::OidList(vec![ports.ports[3], ports.ports[5]]);
    let entry = ports.entry(table, 1, &[action(acl_entry::ACTION_REDIRECT_LIST.id(), list)]);
    ports.bind_switch(table);
    assert_eq!(ports.to(0, &f("eth/ipv4")), [3, 5]);
    ports.remove(ObjectType::ACL_ENTRY, entry);
    // Port 1 has told where it is; the entry floods all the same.
    ports.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv4"));
    assert_eq!(ports.to(0, &f("eth/ipv4")), [1]);
    ports.entry(table, 1, &[action(acl_entry::ACTION_FLOOD.id(), AclAction::I32(0))]);
    assert_eq!(ports.to(0, &f("eth/ipv4")), [1, 2, 3, 4, 5, 6, 7]);
}

fn vlan7(acl: &Acl, frame: &str) -> Headers {
    let sent = one(acl, &f(frame));
    Headers::parse(&sent, &Tpids::default())
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_SRC_MAC, SAI_ACL_ENTRY_ATTR_ACTION_SET_DST_MAC,
/// SAI_ACL_ENTRY_ATTR_ACTION_SET_SRC_IP, SAI_ACL_ENTRY_ATTR_ACTION_SET_DST_IP,
/// SAI_ACL_ENTRY_ATTR_ACTION_SET_L4_SRC_PORT, SAI_ACL_ENTRY_ATTR_ACTION_SET_L4_DST_PORT,
/// SAI_ACL_ENTRY_ATTR_ACTION_SET_DSCP, SAI_ACL_ENTRY_ATTR_ACTION_SET_ECN,
/// SAI_ACL_ENTRY_ATTR_ACTION_SET_INNER_SRC_MAC, SAI_ACL_ENTRY_ATTR_ACTION_SET_INNER_DST_MAC,
/// SAI_ACL_ENTRY_ATTR_ACTION_DECREMENT_TTL.
#[test]
fn fields_are_rewritten_with_right_checksums() {
    use acl_entry::{ACTION_DECREMENT_TTL, ACTION_SET_INNER_DST_MAC, ACTION_SET_INNER_SRC_MAC};
    use acl_entry::{ACTION_SET_DSCP, ACTION_SET_DST_IP, ACTION_SET_DST_MAC, ACTION_SET_ECN};
    use acl_entry::{ACTION_SET_L4_DST_PORT, ACTION_SET_L4_SRC_PORT, ACTION_SET_SRC_IP, ACTION_SET_SRC_MAC};
    let mac = |last| AclAction::Mac(MacAddr::new(2, 0, 0, 0, 0, last));
    let ip = |last| AclAction::Ipv4(Ipv4Addr::new(10, 9, 8, last));
    for stage in [AclStage::INGRESS, AclStage::EGRESS, AclStage::POST_INGRESS, AclStage::PRE_INGRESS] {
        for (id, value, becomes) in [
            (ACTION_SET_SRC_MAC.id(), mac(9), "eth src=02:00:00:00:00:09/ipv4/tcp"),
            (ACTION_SET_DST_MAC.id(), mac(9), "eth dst=02:00:00:00:00:09/ipv4/tcp"),
            (ACTION_SET_SRC_IP.id(), ip(1), "eth/ipv4 src=10.9.8.1/tcp"),
            (ACTION_SET_DST_IP.id(), ip(2), "eth/ipv4 dst=10.9.8.2/tcp"),
            (ACTION_SET_L4_SRC_PORT.id(), AclAction::U16(80), "eth/ipv4/tcp src=80"),
            (ACTION_SET_L4_DST_PORT.id(), AclAction::U16(81), "eth/ipv4/tcp dst=81"),
            (ACTION_SET_DSCP.id(), AclAction::U8(46), "eth/ipv4 dscp=46/tcp"),
            (ACTION_SET_ECN.id(), AclAction::U8(3), "eth/ipv4 ecn=3/tcp"),
            (ACTION_DECREMENT_TTL.id(), AclAction::Bool(true), "eth/ipv4 ttl=63/tcp"),
        ] {
            let (acl, _) = doing(stage, &[action(id, value.clone())]);
            assert_eq!(one(&acl, &f("eth/ipv4 ttl=64/tcp")), f(becomes), "{stage} {value:?}");
        }
        for (id, becomes) in [
            (ACTION_SET_INNER_SRC_MAC.id(), "eth/ipv4/udp checksum=0/vxlan/eth src=02:00:00:00:00:09/ipv4"),
            (ACTION_SET_INNER_DST_MAC.id(), "eth/ipv4/udp checksum=0/vxlan/eth dst=02:00:00:00:00:09/ipv4"),
        ] {
            let (acl, _) = doing(stage, &[action(id, mac(9))]);
            assert_eq!(one(&acl, &f("eth/ipv4/udp checksum=0/vxlan/eth/ipv4")), f(becomes), "{stage}");
        }
    }
    let acl = ingress(&[action(ACTION_DECREMENT_TTL.id(), AclAction::Bool(true))]);
    assert!(!acl.passes(&f("eth/ipv4 ttl=1")), "its time is over");
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_SRC_IPV6, SAI_ACL_ENTRY_ATTR_ACTION_SET_DST_IPV6.
#[test]
fn ipv6_addresses_are_rewritten() {
    let ip = AclAction::Ipv6("2001:db8::99".parse().unwrap());
    for (id, becomes) in [
        (acl_entry::ACTION_SET_SRC_IPV6.id(), "eth/ipv6 src=2001:db8::99/udp"),
        (acl_entry::ACTION_SET_DST_IPV6.id(), "eth/ipv6 dst=2001:db8::99/udp"),
    ] {
        let acl = Acl::new();
        let table = acl.table(&[]);
        acl.entry(table, 1, &[action(id, ip.clone())]);
        acl.bind_switch(table);
        assert_eq!(one(&acl, &f("eth/ipv6/udp")), f(becomes));
        assert_eq!(one(&acl, &f("eth/ipv4/udp")), f("eth/ipv4/udp"), "IPv4 stays");
    }
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_OUTER_VLAN_ID, SAI_ACL_ENTRY_ATTR_ACTION_SET_OUTER_VLAN_PRI,
/// SAI_ACL_ENTRY_ATTR_ACTION_SET_INNER_VLAN_ID, SAI_ACL_ENTRY_ATTR_ACTION_SET_INNER_VLAN_PRI,
/// SAI_ACL_ENTRY_ATTR_ACTION_ADD_VLAN_ID, SAI_ACL_ENTRY_ATTR_ACTION_ADD_VLAN_PRI.
#[test]
fn tags_are_rewritten_and_added() {
    use acl_entry::{ACTION_ADD_VLAN_ID, ACTION_ADD_VLAN_PRI};
    use acl_entry::{ACTION_SET_INNER_VLAN_ID, ACTION_SET_INNER_VLAN_PRI};
    use acl_entry::{ACTION_SET_OUTER_VLAN_ID, ACTION_SET_OUTER_VLAN_PRI};
    const DOUBLE: &str = "eth/vlan vid=7/vlan vid=9 pcp=1/ipv4";
    for stage in [AclStage::INGRESS, AclStage::EGRESS] {
        let set = |id, value| doing(stage, &[action(id, value)]).0;
        let acl = set(ACTION_SET_OUTER_VLAN_ID.id(), AclAction::U16(70));
        assert_eq!(one(&acl, &f(DOUBLE)), f("eth/vlan vid=70/vlan vid=9 pcp=1/ipv4"));
        assert_eq!(one(&acl, &f("eth/ipv4")), f("eth/ipv4"), "no tag, nothing to set");
        drop(acl);
        let acl = set(ACTION_SET_OUTER_VLAN_PRI.id(), AclAction::U8(5));
        assert_eq!(vlan7(&acl, DOUBLE).outer.pcp(), 5);
        drop(acl);
        let acl = set(ACTION_SET_INNER_VLAN_ID.id(), AclAction::U32(90));
        assert_eq!(one(&acl, &f(DOUBLE)), f("eth/vlan vid=7/vlan vid=90 pcp=1/ipv4"));
        drop(acl);
        let acl = set(ACTION_SET_INNER_VLAN_PRI.id(), AclAction::U8(6));
        assert_eq!(one(&acl, &f(DOUBLE)), f("eth/vlan vid=7/vlan vid=9 pcp=6/ipv4"));
        drop(acl);
        let add = [
            action(ACTION_ADD_VLAN_ID.id(), AclAction::U16(100)),
            action(ACTION_ADD_VLAN_PRI.id(), AclAction::U8(3)),
        ];
        let (acl, _) = doing(stage, &add);
        assert_eq!(one(&acl, &f("eth/ipv4")), f("eth/vlan vid=100 pcp=3/ipv4"));
    }
    // Before look-up it chooses the VLAN.
    let (acl, _) = doing(AclStage::PRE_INGRESS, &[action(ACTION_SET_OUTER_VLAN_ID.id(), AclAction::U16(7))]);
    assert_eq!(one(&acl, &f("eth/ipv4")), f("eth/vlan vid=7/ipv4"));
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_EGRESS_BLOCK_PORT_LIST, SAI_ACL_ENTRY_ATTR_ACTION_SET_ISOLATION_GROUP.
#[test]
fn copies_are_kept_from_ports() {
    let acl = Acl::new();
    let table = acl.table(&[]);
    let list = AclAction::OidList(vec![acl.ports[1], acl.ports[2]]);
    let entry = acl.entry(table, 1, &[action(acl_entry::ACTION_EGRESS_BLOCK_PORT_LIST.id(), list)]);
    acl.bind_switch(table);
    assert_eq!(acl.to(0, &f("eth/ipv4")), [3, 4, 5, 6, 7]);
    acl.remove(ObjectType::ACL_ENTRY, entry);
    let group = acl.create(
        ObjectType::ISOLATION_GROUP,
        &[attr(isolation_group::TYPE.id(), Value::I32(isolation_group::Type::PORT.0))],
    );
    acl.create(
        ObjectType::ISOLATION_GROUP_MEMBER,
        &[
            attr(isolation_group_member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(isolation_group_member::ISOLATION_OBJECT.id(), Value::Oid(acl.ports[3])),
        ],
    );
    acl.entry(table, 1, &[action(acl_entry::ACTION_SET_ISOLATION_GROUP.id(), AclAction::Oid(group))]);
    assert_eq!(acl.to(0, &f("eth/ipv4")), [1, 2, 4, 5, 6, 7]);
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_DO_NOT_LEARN.
#[test]
fn a_station_is_not_learned() {
    for stage in [AclStage::PRE_INGRESS, AclStage::INGRESS] {
        let (acl, _) = doing(stage, &[action(acl_entry::ACTION_SET_DO_NOT_LEARN.id(), AclAction::U32(0))]);
        let back = f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv4");
        acl.send(0, &f("eth/ipv4"));
        assert_eq!(acl.to(1, &back).len(), 7, "{stage}: flooded, the station is unknown");
        acl.send(0, &f("eth/ipv6"));
        assert_eq!(acl.to(1, &back), [0], "{stage}: another packet has told");
    }
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_USER_TRAP_ID.
#[test]
fn a_user_defined_trap_chooses_the_queue() {
    let acl = Acl::new();
    let group =
        acl.create(ObjectType::HOSTIF_TRAP_GROUP, &[attr(sai::hostif_trap_group::QUEUE.id(), Value::U32(3))]);
    let trap = acl.create(
        ObjectType::HOSTIF_USER_DEFINED_TRAP,
        &[
            attr(user_trap::TYPE.id(), Value::I32(user_trap::Type::ACL.0)),
            attr(user_trap::TRAP_GROUP.id(), Value::Oid(group)),
        ],
    );
    // One port alone sends it.
    acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv4"));
    for stage in [AclStage::INGRESS, AclStage::EGRESS] {
        let table = acl.table_of(stage, &[acl_table::FIELD_ETHER_TYPE.id()]);
        acl.entry(
            table,
            1,
            &[
                packet_action(PacketAction::TRAP),
                action(acl_entry::ACTION_SET_USER_TRAP_ID.id(), AclAction::Oid(trap)),
            ],
        );
        if stage == AclStage::EGRESS {
            acl.bind_switch(ObjectId::NULL);
            acl.bind_egress(table);
        } else {
            acl.bind_switch(table);
        }
        assert!(!acl.passes(&f("eth/ipv4")));
        let queue = acl.cpu_queue(3);
        assert_eq!(acl.read_and_clear(ObjectType::QUEUE, queue, sai::queue::Stat::PACKETS.0), 1, "{stage}");
    }
}
