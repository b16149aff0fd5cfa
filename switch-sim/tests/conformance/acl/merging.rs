//! How several verdicts become one.

use sai::entry::RouteEntry;
use sai::{
    Target, acl_table_chain_group as chain, hostif_trap, port, route_entry, router_interface, switch, vlan,
};

use super::*;

const ETHER_TYPE: AttrId = acl_entry::FIELD_ETHER_TYPE.id();

/// A table of one entry for IPv4.
fn table(acl: &Acl, stage: AclStage, attrs: &[AttrEntry]) -> ObjectId {
    let table = acl.table_of(stage, &[acl_table::FIELD_ETHER_TYPE.id(), acl_table::FIELD_ACL_USER_META.id()]);
    acl.entry(table, 10, &[&[field(ETHER_TYPE, u16(0x0800))], attrs].concat());
    table
}

fn meta(value: u32) -> AttrEntry {
    action(acl_entry::ACTION_SET_ACL_META_DATA.id(), AclAction::U32(value))
}

/// Acts: SAI_ACL_ENTRY_ATTR_PRIORITY, SAI_ACL_ENTRY_ATTR_ADMIN_STATE, SAI_ACL_ENTRY_ATTR_TABLE_ID.
#[test]
fn in_a_table_the_highest_priority_wins_then_the_oldest() {
    use acl_entry::{ADMIN_STATE, PRIORITY, TABLE_ID};
    let acl = Acl::new();
    let table = acl.table(&[acl_table::FIELD_ETHER_TYPE.id()]);
    let low = acl.entry(table, 5, &[packet_action(PacketAction::DROP)]);
    let high = acl.entry(table, 6, &[packet_action(PacketAction::FORWARD)]);
    acl.entry(table, 5, &[packet_action(PacketAction::FORWARD)]);
    acl.bind_switch(table);
    let frame = f("eth/ipv4");
    assert!(acl.passes(&frame));
    acl.set(ObjectType::ACL_ENTRY, high, ADMIN_STATE.id(), Value::Bool(false));
    assert!(!acl.passes(&frame), "the oldest of the two that are left");
    acl.set(ObjectType::ACL_ENTRY, high, ADMIN_STATE.id(), Value::Bool(true));
    acl.set(ObjectType::ACL_ENTRY, low, PRIORITY.id(), Value::U32(7));
    assert!(!acl.passes(&frame));
    // Without a priority an entry has the lowest, and is answered so.
    acl.remove(ObjectType::ACL_ENTRY, low);
    let none = acl.create(
        ObjectType::ACL_ENTRY,
        &[attr(TABLE_ID.id(), Value::Oid(table)), packet_action(PacketAction::DROP)],
    );
    assert_eq!(acl.read(ObjectType::ACL_ENTRY, none, PRIORITY.id()), Value::U32(1));
    assert_eq!(
        acl.read(ObjectType::SWITCH, acl.switch, switch::ACL_ENTRY_MINIMUM_PRIORITY.id()),
        Value::U32(1)
    );
    assert!(acl.passes(&frame));
}

/// What is for this switch has the CPU as its way, which a drop takes; a trap that wants it still gets it.
#[test]
fn a_drop_takes_what_is_for_this_switch_unless_a_trap_does() {
    let acl = Acl::new();
    let of = |id| acl.read(ObjectType::SWITCH, acl.switch, id).as_oid().unwrap();
    let vr_id = of(switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let attrs = [
        attr(router_interface::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr_id)),
        attr(router_interface::TYPE.id(), Value::I32(router_interface::Type::VLAN.0)),
        attr(router_interface::VLAN_ID.id(), Value::Oid(acl.vlan1)),
    ];
    acl.create(ObjectType::ROUTER_INTERFACE, &attrs);
    let route = RouteEntry { switch_id: acl.switch, vr_id, destination: "10.0.0.1/32".parse().unwrap() };
    let cpu = attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(of(switch::CPU_PORT.id())));
    acl.backend().create(acl.switch, Target::Entry(&route.into()), &[cpu]).unwrap();
    let Value::Mac(me) = acl.read(ObjectType::SWITCH, acl.switch, switch::SRC_MAC_ADDRESS.id()) else {
        panic!("a MAC address")
    };
    let frame = f(&format!("eth src=02:00:00:00:00:0a dst={me}/ipv4 src=10.0.0.2 dst=10.0.0.1"));
    let discards = || acl.stat(ObjectType::PORT, acl.ports[0], port::Stat::IF_IN_DISCARDS.0);
    assert!(!acl.passes(&frame));
    assert_eq!((acl.punted(), discards()), (0, 1), "the default of such packets");
    let dropping = table(&acl, AclStage::INGRESS, &[packet_action(PacketAction::DROP)]);
    acl.bind_switch(dropping);
    assert!(!acl.passes(&frame));
    assert_eq!((acl.punted(), discards()), (0, 2));
    let attrs = [
        attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::IP2ME.0)),
        attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
    ];
    acl.create(ObjectType::HOSTIF_TRAP, &attrs);
    assert!(!acl.passes(&frame));
    assert_eq!((acl.punted(), discards()), (1, 2));
}

/// Acts: SAI_ACL_TABLE_GROUP_ATTR_TYPE, SAI_ACL_TABLE_GROUP_MEMBER_ATTR_ACL_TABLE_GROUP_ID,
/// SAI_ACL_TABLE_GROUP_MEMBER_ATTR_ACL_TABLE_ID, SAI_ACL_TABLE_GROUP_MEMBER_ATTR_PRIORITY.
#[test]
fn a_sequential_group_ends_at_the_first_match_and_a_parallel_one_takes_all() {
    use acl_table_group::TYPE;
    use acl_table_group_member::{ACL_TABLE_GROUP_ID, ACL_TABLE_ID, PRIORITY};
    let _ = (TYPE.id(), ACL_TABLE_GROUP_ID.id(), ACL_TABLE_ID.id(), PRIORITY.id());
    let acl = Acl::new();
    let first = table(&acl, AclStage::INGRESS, &[packet_action(PacketAction::FORWARD)]);
    let second = table(&acl, AclStage::INGRESS, &[packet_action(PacketAction::DROP)]);
    let third = table(&acl, AclStage::INGRESS, &[packet_action(PacketAction::COPY)]);
    let frame = f("eth/ipv4");
    for (kind, members, passes, copies) in [
        (acl_table_group::Type::SEQUENTIAL, [(first, 9), (second, 8), (third, 7)], true, 0),
        (acl_table_group::Type::SEQUENTIAL, [(first, 7), (second, 8), (third, 9)], true, 1),
        (acl_table_group::Type::SEQUENTIAL, [(first, 7), (second, 9), (third, 8)], false, 0),
        // FORWARD before DROP, and COPY besides.
        (acl_table_group::Type::PARALLEL, [(first, 9), (third, 8), (second, 7)], true, 1),
        (acl_table_group::Type::PARALLEL, [(second, 9), (third, 8), (first, 7)], false, 1),
    ] {
        let group = acl.group(AclStage::INGRESS, kind, &members);
        acl.bind_switch(group);
        assert_eq!(acl.passes(&frame), passes, "{kind} {members:?}");
        assert_eq!(acl.punted(), copies, "{kind} {members:?}");
        assert!(acl.passes(&f("eth/ipv6")), "no table matches");
    }
}

#[test]
fn members_come_and_go_while_the_group_is_bound() {
    let acl = Acl::new();
    let group = acl.group(AclStage::INGRESS, acl_table_group::Type::SEQUENTIAL, &[]);
    acl.bind_switch(group);
    let frame = f("eth/ipv4");
    assert!(acl.passes(&frame));
    let drop = table(&acl, AclStage::INGRESS, &[packet_action(PacketAction::DROP)]);
    let member = acl.join(group, drop, 1, &[]);
    assert!(!acl.passes(&frame));
    acl.remove(ObjectType::ACL_TABLE_GROUP_MEMBER, member);
    assert!(acl.passes(&frame));
}

#[test]
fn deny_takes_the_copy_that_a_later_table_wants_and_not_that_of_an_earlier_one() {
    for (first, second, copies) in
        [(PacketAction::DENY, PacketAction::COPY, 0), (PacketAction::COPY, PacketAction::DENY, 1)]
    {
        let acl = Acl::new();
        let tables = [first, second].map(|a| table(&acl, AclStage::INGRESS, &[packet_action(a)]));
        let group =
            acl.group(AclStage::INGRESS, acl_table_group::Type::PARALLEL, &[(tables[0], 2), (tables[1], 1)]);
        acl.bind_switch(group);
        assert!(!acl.passes(&f("eth/ipv4")), "{first} {second}");
        assert_eq!(acl.punted(), copies, "{first} {second}");
    }
}

#[test]
fn bind_points_are_asked_in_order_until_a_verdict_is_final() {
    let acl = Acl::new();
    let frame = f("eth/vlan vid=7/ipv4");
    let counted = |what| {
        let table = acl.table(&[]);
        let counter = acl.counter(table);
        acl.entry(table, 1, &[packet_action(what), acl.counted(counter)]);
        (table, counter)
    };
    let (on_vlan, vlan_count) = counted(PacketAction::DROP);
    acl.set(ObjectType::VLAN, acl.vlan7, vlan::INGRESS_ACL.id(), Value::Oid(on_vlan));
    let (on_switch, switch_count) = counted(PacketAction::COPY);
    acl.bind_switch(on_switch);
    assert!(!acl.passes(&frame));
    assert_eq!((acl.counts(vlan_count).0, acl.counts(switch_count).0, acl.punted()), (1, 0, 0));
    // What the port says goes before what the VLAN says.
    let (on_port, port_count) = counted(PacketAction::FORWARD);
    acl.set(ObjectType::PORT, acl.ports[0], port::INGRESS_ACL.id(), Value::Oid(on_port));
    assert!(acl.passes(&frame));
    assert_eq!((acl.counts(port_count).0, acl.counts(vlan_count).0), (1, 2));
}

#[test]
fn a_field_is_written_by_the_first_that_wants_it() {
    let acl = Acl::new();
    let dscp = |n| action(acl_entry::ACTION_SET_DSCP.id(), AclAction::U8(n));
    let ecn = |n| action(acl_entry::ACTION_SET_ECN.id(), AclAction::U8(n));
    let first = table(&acl, AclStage::INGRESS, &[dscp(10)]);
    let second = table(&acl, AclStage::INGRESS, &[dscp(20), ecn(1)]);
    let group = acl.group(AclStage::INGRESS, acl_table_group::Type::PARALLEL, &[(first, 2), (second, 1)]);
    acl.bind_switch(group);
    for _ in 0..2 {
        assert_eq!(acl.send(0, &f("eth/ipv4"))[0].1, f("eth/ipv4 dscp=10 ecn=1"));
    }
}

#[test]
fn post_ingress_overrules_ingress() {
    let acl = Acl::new();
    let redirect = |to| action(acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(to));
    let drop = table(&acl, AclStage::INGRESS, &[packet_action(PacketAction::DROP)]);
    acl.set(ObjectType::PORT, acl.ports[0], port::INGRESS_ACL.id(), Value::Oid(drop));
    let lift =
        table(&acl, AclStage::POST_INGRESS, &[packet_action(PacketAction::FORWARD), redirect(acl.ports[4])]);
    acl.bind_switch(lift);
    assert_eq!(acl.to(0, &f("eth/ipv4")), [4]);
    let other = table(&acl, AclStage::INGRESS, &[redirect(acl.ports[3])]);
    acl.set(ObjectType::PORT, acl.ports[0], port::INGRESS_ACL.id(), Value::Oid(other));
    assert_eq!(acl.to(0, &f("eth/ipv4")), [4]);
}

#[test]
fn a_trap_gets_what_drop_takes_and_not_what_deny_takes() {
    let acl = Acl::new();
    acl.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::ARP_REQUEST.0)),
            attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ],
    );
    for (what, copies) in [(PacketAction::DROP, 1), (PacketAction::DENY, 0), (PacketAction::COPY_CANCEL, 0)] {
        let table = acl.table(&[]);
        acl.entry(table, 1, &[packet_action(what)]);
        acl.bind_switch(table);
        acl.send(0, &f("eth/arp"));
        assert_eq!(acl.punted(), copies, "{what}");
    }
}

/// Acts: SAI_ACL_TABLE_CHAIN_GROUP_ATTR_TYPE, SAI_ACL_TABLE_CHAIN_GROUP_ATTR_STAGE,
/// SAI_ACL_TABLE_GROUP_MEMBER_ATTR_ACL_TABLE_CHAIN_GROUP_ID, SAI_ACL_ENTRY_ATTR_ACTION_CHAIN_REDIRECT.
#[test]
fn chain_groups_follow_each_other_and_hand_metadata_on() {
    use acl_table_group_member::ACL_TABLE_CHAIN_GROUP_ID;
    let acl = Acl::new();
    let groups: Vec<ObjectId> = (0..3)
        .map(|stage| {
            acl.create(
                ObjectType::ACL_TABLE_CHAIN_GROUP,
                &[
                    attr(chain::TYPE.id(), Value::I32(chain::Type::PARALLEL.0)),
                    attr(chain::STAGE.id(), Value::I32(stage)),
                ],
            )
        })
        .collect();
    let link = |n: usize| [attr(ACL_TABLE_CHAIN_GROUP_ID.id(), Value::Oid(groups[n]))];
    let mark = table(&acl, AclStage::INGRESS, &[meta(5)]);
    let count = acl.table(&[acl_table::FIELD_ACL_USER_META.id()]);
    let counter = acl.counter(count);
    acl.entry(count, 1, &[field(acl_entry::FIELD_ACL_USER_META.id(), u32(5)), acl.counted(counter)]);
    let drop = acl.table(&[acl_table::FIELD_ACL_USER_META.id()]);
    acl.entry(
        drop,
        1,
        &[field(acl_entry::FIELD_ACL_USER_META.id(), u32(5)), packet_action(PacketAction::DROP)],
    );
    let group = acl.group(AclStage::INGRESS, acl_table_group::Type::SEQUENTIAL, &[]);
    acl.join(group, drop, 1, &link(2));
    acl.join(group, count, 1, &link(1));
    acl.join(group, mark, 1, &link(0));
    acl.bind_switch(group);
    assert!(!acl.passes(&f("eth/ipv4")));
    assert!(acl.passes(&f("eth/ipv6")));
    assert_eq!(acl.counts(counter).0, 1);
    // A redirect skips the chain groups between.
    let Value::OidList(entries) = acl.read(ObjectType::ACL_TABLE, mark, acl_table::ENTRY_LIST.id()) else {
        panic!("a list")
    };
    let to = Value::AclAction(AclAction::Oid(groups[2]));
    acl.set(ObjectType::ACL_ENTRY, entries[0], acl_entry::ACTION_CHAIN_REDIRECT.id(), to);
    assert!(!acl.passes(&f("eth/ipv4")));
    assert_eq!(acl.counts(counter).0, 1);
    let list = acl.read(ObjectType::ACL_TABLE_GROUP, group, acl_table_group::CHAIN_GROUP_LIST.id());
    assert_eq!(list, Value::OidList(groups));
}
