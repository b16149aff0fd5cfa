//! Fields that look-ups and earlier stages answer.

use sai::entry::{Entry, FdbEntry};
use sai::{acl_range, fdb_entry, next_hop, port, switch, udf, udf_group, udf_match, virtual_router, vlan};

use super::bindings::Routed;
use super::*;

/// A table of one field at a stage, bound to the switch; `set` writes what its one entry looks for.
fn look(acl: &Acl, stage: AclStage, id: AttrId, value: AclField) {
    let table = acl.table_of(stage, &[id]);
    acl.entry(table, 1, &[field(id, value), packet_action(PacketAction::DROP)]);
    let bind = match stage {
        AclStage::PRE_INGRESS => switch::PRE_INGRESS_ACL.id(),
        AclStage::EGRESS => switch::EGRESS_ACL.id(),
        _ => switch::INGRESS_ACL.id(),
    };
    acl.set(ObjectType::SWITCH, acl.switch, bind, Value::Oid(table));
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_IN_PORTS, SAI_ACL_ENTRY_ATTR_FIELD_IN_PORTS,
/// SAI_ACL_TABLE_ATTR_FIELD_IN_PORT, SAI_ACL_ENTRY_ATTR_FIELD_IN_PORT, SAI_ACL_TABLE_ATTR_FIELD_SRC_PORT,
/// SAI_ACL_ENTRY_ATTR_FIELD_SRC_PORT.
#[test]
fn in_ports() {
    use acl_entry::{FIELD_IN_PORT, FIELD_IN_PORTS, FIELD_SRC_PORT};
    let acl = Acl::new();
    let frame = f("eth/ipv4");
    let two = AclField::OidList(vec![acl.ports[3], acl.ports[0]]);
    for stage in [AclStage::INGRESS, AclStage::PRE_INGRESS, AclStage::EGRESS] {
        look(&acl, stage, FIELD_IN_PORTS.id(), two.clone());
        assert!(
            acl.to(0, &frame).is_empty() && acl.to(3, &frame).is_empty() && !acl.to(2, &frame).is_empty()
        );
        let none = Value::Oid(ObjectId::NULL);
        for bind in [switch::INGRESS_ACL.id(), switch::PRE_INGRESS_ACL.id(), switch::EGRESS_ACL.id()] {
            acl.set(ObjectType::SWITCH, acl.switch, bind, none.clone());
        }
    }
    for id in [FIELD_IN_PORT.id(), FIELD_SRC_PORT.id()] {
        look(&acl, AclStage::INGRESS, id, AclField::Oid(acl.ports[0]));
        assert!(acl.to(0, &frame).is_empty() && !acl.to(3, &frame).is_empty());
    }
}

#[test]
fn a_table_takes_more_lists_of_ports_than_a_word_has_bits() {
    let acl = Acl::new();
    let id = acl_entry::FIELD_IN_PORTS.id();
    let table = acl.table(&[id]);
    acl.bind_switch(table);
    let list = |bits: usize| {
        AclField::OidList((0..8).filter(|n| bits >> n & 1 != 0).map(|n| acl.ports[n]).collect())
    };
    // 128 lists without port 0, then one of port 0 alone.
    let mut entries: Vec<ObjectId> = (1..128)
        .map(|n| acl.entry(table, 1, &[field(id, list(n << 1)), packet_action(PacketAction::FORWARD)]))
        .collect();
    entries.push(acl.entry(table, 1, &[field(id, list(1)), packet_action(PacketAction::DROP)]));
    let frame = f("eth/ipv4");
    assert!(acl.to(0, &frame).is_empty());
    assert!(!acl.to(1, &frame).is_empty());
    entries.iter().for_each(|e| acl.remove(ObjectType::ACL_ENTRY, *e));
    assert!(!acl.to(0, &frame).is_empty());
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_OUT_PORTS, SAI_ACL_ENTRY_ATTR_FIELD_OUT_PORTS,
/// SAI_ACL_TABLE_ATTR_FIELD_OUT_PORT, SAI_ACL_ENTRY_ATTR_FIELD_OUT_PORT.
#[test]
fn out_ports() {
    use acl_entry::{FIELD_OUT_PORT, FIELD_OUT_PORTS};
    let acl = Acl::new();
    let frame = f("eth/ipv4");
    acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv4"));
    for stage in [AclStage::INGRESS, AclStage::EGRESS] {
        let bind = if stage == AclStage::EGRESS { switch::EGRESS_ACL } else { switch::INGRESS_ACL };
        for (id, this, other) in [
            (FIELD_OUT_PORT.id(), AclField::Oid(acl.ports[1]), AclField::Oid(acl.ports[2])),
            (
                FIELD_OUT_PORTS.id(),
                AclField::OidList(vec![acl.ports[5], acl.ports[1]]),
                AclField::OidList(vec![acl.ports[2]]),
            ),
        ] {
            look(&acl, stage, id, this);
            assert!(!acl.passes(&frame));
            look(&acl, stage, id, other);
            assert!(acl.passes(&frame));
        }
        acl.set(ObjectType::SWITCH, acl.switch, bind.id(), Value::Oid(ObjectId::NULL));
    }
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_ACL_USER_META, SAI_ACL_ENTRY_ATTR_FIELD_ACL_USER_META,
/// SAI_ACL_TABLE_ATTR_FIELD_TC, SAI_ACL_ENTRY_ATTR_FIELD_TC, SAI_ACL_ENTRY_ATTR_ACTION_SET_TC,
/// SAI_ACL_ENTRY_ATTR_ACTION_SET_ACL_META_DATA.
#[test]
fn what_an_earlier_stage_has_set() {
    use acl_entry::{ACTION_SET_ACL_META_DATA, ACTION_SET_TC, FIELD_ACL_USER_META, FIELD_TC};
    for (id, value, set) in [
        (FIELD_ACL_USER_META.id(), u32(9), action(ACTION_SET_ACL_META_DATA.id(), AclAction::U32(9))),
        (FIELD_TC.id(), u8(3), action(ACTION_SET_TC.id(), AclAction::U8(3))),
    ] {
        let acl = Acl::new();
        let before = acl.table_of(AclStage::PRE_INGRESS, &[acl_table::FIELD_ETHER_TYPE.id()]);
        acl.entry(before, 1, &[field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x0800)), set]);
        acl.set(ObjectType::SWITCH, acl.switch, switch::PRE_INGRESS_ACL.id(), Value::Oid(before));
        look(&acl, AclStage::INGRESS, id, value);
        assert!(!acl.passes(&f("eth/ipv4")));
        assert!(acl.passes(&f("eth/ipv6")));
    }
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_PORT_USER_META, SAI_ACL_ENTRY_ATTR_FIELD_PORT_USER_META,
/// SAI_ACL_TABLE_ATTR_FIELD_VLAN_USER_META, SAI_ACL_ENTRY_ATTR_FIELD_VLAN_USER_META,
/// SAI_ACL_TABLE_ATTR_FIELD_FDB_DST_USER_META, SAI_ACL_ENTRY_ATTR_FIELD_FDB_DST_USER_META,
/// SAI_ACL_TABLE_ATTR_FIELD_FDB_NPU_META_DST_HIT, SAI_ACL_ENTRY_ATTR_FIELD_FDB_NPU_META_DST_HIT,
/// SAI_PORT_ATTR_META_DATA, SAI_VLAN_ATTR_META_DATA, SAI_FDB_ENTRY_ATTR_META_DATA.
#[test]
fn metadata_of_ports_vlans_and_the_fdb() {
    use acl_entry::{FIELD_FDB_DST_USER_META, FIELD_FDB_NPU_META_DST_HIT};
    use acl_entry::{FIELD_PORT_USER_META, FIELD_VLAN_USER_META};
    let acl = Acl::new();
    acl.set(ObjectType::PORT, acl.ports[0], port::META_DATA.id(), Value::U32(5));
    acl.set(ObjectType::VLAN, acl.vlan7, vlan::META_DATA.id(), Value::U32(6));
    let mac_address = MacAddr::new(2, 0, 0, 0, 0, 0x77);
    let station = Entry::Fdb(FdbEntry { switch_id: acl.switch, mac_address, bv_id: acl.vlan1 });
    let attrs = [
        attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
        attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(acl.bridge_ports[4])),
        attr(fdb_entry::META_DATA.id(), Value::U32(7)),
    ];
    acl.backend().create(acl.switch, Target::Entry(&station), &attrs).unwrap();
    let (plain, tagged) = (f("eth/ipv4"), f("eth/vlan vid=7/ipv4"));
    let known = f("eth dst=02:00:00:00:00:77/ipv4");
    look(&acl, AclStage::INGRESS, FIELD_PORT_USER_META.id(), u32(5));
    assert!(acl.to(0, &plain).is_empty() && !acl.to(1, &plain).is_empty());
    look(&acl, AclStage::INGRESS, FIELD_VLAN_USER_META.id(), u32(6));
    assert!(acl.to(0, &tagged).is_empty() && !acl.to(0, &plain).is_empty());
    look(&acl, AclStage::INGRESS, FIELD_FDB_DST_USER_META.id(), u32(7));
    assert!(acl.to(0, &known).is_empty() && !acl.to(0, &plain).is_empty());
    look(&acl, AclStage::INGRESS, FIELD_FDB_NPU_META_DST_HIT.id(), AclField::Bool(true));
    assert!(acl.to(0, &known).is_empty() && !acl.to(0, &f("eth dst=02:00:00:00:00:78/ipv4")).is_empty());
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_ROUTE_DST_USER_META, SAI_ACL_ENTRY_ATTR_FIELD_ROUTE_DST_USER_META,
/// SAI_ACL_TABLE_ATTR_FIELD_NEIGHBOR_DST_USER_META, SAI_ACL_ENTRY_ATTR_FIELD_NEIGHBOR_DST_USER_META,
/// SAI_ACL_TABLE_ATTR_FIELD_ROUTE_NPU_META_DST_HIT, SAI_ACL_ENTRY_ATTR_FIELD_ROUTE_NPU_META_DST_HIT,
/// SAI_ACL_TABLE_ATTR_FIELD_NEIGHBOR_NPU_META_DST_HIT,
/// SAI_ACL_ENTRY_ATTR_FIELD_NEIGHBOR_NPU_META_DST_HIT, SAI_ACL_TABLE_ATTR_FIELD_VRF_ID,
/// SAI_ACL_ENTRY_ATTR_FIELD_VRF_ID, SAI_ACL_TABLE_ATTR_FIELD_NEXT_HOP_USER_META,
/// SAI_ACL_ENTRY_ATTR_FIELD_NEXT_HOP_USER_META, SAI_NEXT_HOP_ATTR_META_DATA.
#[test]
fn metadata_of_routes_next_hops_and_neighbors() {
    use acl_entry::{FIELD_NEIGHBOR_DST_USER_META, FIELD_NEIGHBOR_NPU_META_DST_HIT};
    use acl_entry::{FIELD_NEXT_HOP_USER_META, FIELD_ROUTE_DST_USER_META};
    use acl_entry::{FIELD_ROUTE_NPU_META_DST_HIT, FIELD_VRF_ID};
    let r = Routed::new();
    r.set(ObjectType::NEXT_HOP, r.next_hop, next_hop::META_DATA.id(), Value::U32(6));
    let vr = r.read(ObjectType::SWITCH, r.switch, switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let vr = vr.as_oid().unwrap();
    let (routed, bridged) = (r.packet("20.0.0.1"), f("eth/ipv4"));
    for (id, value) in [
        (FIELD_ROUTE_DST_USER_META.id(), u32(8)),
        (FIELD_NEIGHBOR_DST_USER_META.id(), u32(7)),
        (FIELD_NEXT_HOP_USER_META.id(), u32(6)),
        (FIELD_ROUTE_NPU_META_DST_HIT.id(), AclField::Bool(true)),
        (FIELD_NEIGHBOR_NPU_META_DST_HIT.id(), AclField::Bool(true)),
    ] {
        look(&r, AclStage::INGRESS, id, value);
        assert!(!r.passes(&routed));
        assert!(r.passes(&bridged));
    }
    let other = r.create(ObjectType::VIRTUAL_ROUTER, &[]);
    look(&r, AclStage::INGRESS, FIELD_VRF_ID.id(), AclField::Oid(other));
    assert!(r.passes(&routed));
    look(&r, AclStage::INGRESS, FIELD_VRF_ID.id(), AclField::Oid(vr));
    assert!(!r.passes(&routed));
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_VRF.
#[test]
fn a_virtual_router_is_chosen_before_look_up() {
    let r = Routed::new();
    let (routed, none) = (r.packet("20.0.0.1"), Value::Oid(ObjectId::NULL));
    assert!(r.passes(&routed));
    // A virtual router without routes.
    let empty = r.create(ObjectType::VIRTUAL_ROUTER, &[]);
    let _ = virtual_router::ADMIN_V4_STATE.id();
    let table = r.table_of(AclStage::PRE_INGRESS, &[]);
    r.entry(table, 1, &[action(acl_entry::ACTION_SET_VRF.id(), AclAction::Oid(empty))]);
    r.set(ObjectType::SWITCH, r.switch, switch::PRE_INGRESS_ACL.id(), Value::Oid(table));
    assert!(!r.passes(&routed));
    r.set(ObjectType::SWITCH, r.switch, switch::PRE_INGRESS_ACL.id(), none);
    assert!(r.passes(&routed));
}

#[test]
fn a_redirect_to_a_next_hop_routes_what_has_no_route() {
    let r = Routed::new();
    let packet = r.packet("99.0.0.1");
    assert!(!r.passes(&packet));
    let table = r.table(&[]);
    r.entry(table, 1, &[action(acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(r.next_hop))]);
    r.bind_switch(table);
    let sent = r.send(0, &packet);
    assert!(!sent.is_empty());
    assert_eq!(sent[0].1[..6], [2, 0, 0, 0, 7, 9], "to the neighbor, in VLAN 7");
    assert_eq!(sent[0].1[26], 8, "one hop further");
    // The TTL stays where an entry says so.
    let keep = action(acl_entry::ACTION_DECREMENT_TTL.id(), AclAction::Bool(false));
    let redirect = action(acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(r.next_hop));
    r.entry(table, 2, &[redirect, keep]);
    assert_eq!(r.send(0, &packet)[0].1[26], 9);
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_ACL_RANGE_TYPE, SAI_ACL_ENTRY_ATTR_FIELD_ACL_RANGE_TYPE,
/// SAI_ACL_RANGE_ATTR_TYPE, SAI_ACL_RANGE_ATTR_LIMIT.
#[test]
fn ranges() {
    use acl_entry::FIELD_ACL_RANGE_TYPE;
    use acl_range::{LIMIT, TYPE, Type};
    for (ty, low, high, hits, misses) in [
        (
            Type::L4_SRC_PORT_RANGE,
            100,
            200,
            ["eth/ipv4/udp src=100", "eth/ipv6/tcp src=200"],
            ["eth/ipv4/udp src=99", "eth/ipv4/udp src=201"],
        ),
        (
            Type::L4_DST_PORT_RANGE,
            0,
            10,
            ["eth/ipv4/udp dst=0", "eth/ipv4/udp dst=10"],
            ["eth/ipv4/udp dst=11", "eth/ipv4/icmp"],
        ),
        (
            Type::OUTER_VLAN,
            5,
            8,
            ["eth/vlan vid=7/ipv4", "eth/vlan vid=7/ipv6"],
            ["eth/ipv4", "eth/vlan vid=1/ipv4"],
        ),
        (
            Type::INNER_VLAN,
            5,
            8,
            ["eth/vlan vid=7/vlan vid=5/ipv4", "eth/vlan vid=7/vlan vid=8/ipv4"],
            ["eth/vlan vid=7/vlan vid=9/ipv4", "eth/vlan vid=7/ipv4"],
        ),
        (
            Type::PACKET_LENGTH,
            100,
            0x1_0000,
            ["eth/ipv4 pad=100", "eth/ipv4 pad=1000"],
            ["eth/ipv4 pad=99", "eth/ipv4 pad=60"],
        ),
    ] {
        let acl = Acl::new();
        let limit = Value::U32Range(sai::Range { min: low, max: high });
        let range =
            acl.create(ObjectType::ACL_RANGE, &[attr(TYPE.id(), Value::I32(ty.0)), attr(LIMIT.id(), limit)]);
        let table = acl.create(
            ObjectType::ACL_TABLE,
            &[
                attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
                attr(acl_table::FIELD_ACL_RANGE_TYPE.id(), Value::I32List(vec![ty.0])),
            ],
        );
        let given = field(FIELD_ACL_RANGE_TYPE.id(), AclField::OidList(vec![range]));
        acl.entry(table, 1, &[given.clone(), packet_action(PacketAction::DROP)]);
        acl.bind_switch(table);
        for hit in hits {
            assert!(!acl.passes(&f(hit)), "{ty}: {hit}");
        }
        for miss in misses {
            assert!(acl.passes(&f(miss)), "{ty}: {miss}");
        }
        let without = acl.table(&[]);
        let refused =
            acl.try_create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(without, 1, &[given])).unwrap_err();
        assert_eq!(refused.status(), sai::Status::INVALID_ATTR_VALUE_0.nth(2), "{refused}");
    }
}

/// Acts: SAI_ACL_TABLE_ATTR_USER_DEFINED_FIELD_GROUP_MIN, SAI_ACL_ENTRY_ATTR_USER_DEFINED_FIELD_GROUP_MIN,
/// SAI_UDF_GROUP_ATTR_LENGTH, SAI_UDF_MATCH_ATTR_L2_TYPE, SAI_UDF_MATCH_ATTR_L3_TYPE,
/// SAI_UDF_MATCH_ATTR_GRE_TYPE, SAI_UDF_MATCH_ATTR_L4_DST_PORT_TYPE, SAI_UDF_MATCH_ATTR_PRIORITY,
/// SAI_UDF_ATTR_MATCH_ID, SAI_UDF_ATTR_GROUP_ID, SAI_UDF_ATTR_BASE, SAI_UDF_ATTR_OFFSET.
#[test]
fn user_defined_fields() {
    needs!(Hands);
    use acl_entry::USER_DEFINED_FIELD_GROUP_MIN as IN_ENTRY;
    use acl_table::USER_DEFINED_FIELD_GROUP_MIN as IN_TABLE;
    use udf::{BASE, Base, GROUP_ID, MATCH_ID, OFFSET};
    use udf_match::{GRE_TYPE, L2_TYPE, L3_TYPE, L4_DST_PORT_TYPE, PRIORITY};
    let acl = Acl::new();
    let group = acl.create(ObjectType::UDF_GROUP, &[attr(udf_group::LENGTH.id(), Value::U16(2))]);
    let extract = |priority, takes: &[AttrEntry], base: Base, offset| {
        let priority = attr(PRIORITY.id(), Value::U8(priority));
        let takes = acl.create(ObjectType::UDF_MATCH, &[takes, &[priority]].concat());
        acl.create(
            ObjectType::UDF,
            &[
                attr(MATCH_ID.id(), Value::Oid(takes)),
                attr(GROUP_ID.id(), Value::Oid(group)),
                attr(BASE.id(), Value::I32(base.0)),
                attr(OFFSET.id(), Value::U16(offset)),
            ],
        )
    };
    let number = |id, value: AclField| attr(id, Value::AclField(value));
    // The identification of IPv4; of UDP to port 53 its identifier; of GRE for IPv6 the version and flags.
    let of_ip = extract(1, &[number(L2_TYPE.id(), u16(0x0800))], Base::L3, 4);
    extract(2, &[number(L3_TYPE.id(), u8(17)), number(L4_DST_PORT_TYPE.id(), u16(53))], Base::L4, 8);
    extract(3, &[number(GRE_TYPE.id(), u16(0x86dd))], Base::L4, 0);
    let nth = |id: AttrId| id + 5;
    let table = acl.create(
        ObjectType::ACL_TABLE,
        &[
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(nth(IN_TABLE.id()), Value::Oid(group)),
        ],
    );
    let bytes = |data: &[u8], mask: &[u8]| {
        AclField::U8List(Box::new(sai::ByteMatch { data: data.to_vec(), mask: mask.to_vec() }))
    };
    let given = field(nth(IN_ENTRY.id()), bytes(&[0x12, 0x30], &[0xff, 0xf0]));
    let entry = acl.entry(table, 1, &[given.clone(), packet_action(PacketAction::DROP)]);
    acl.bind_switch(table);
    assert!(!acl.passes(&f("eth/ipv4 id=0x1234")));
    assert!(acl.passes(&f("eth/ipv4 id=0x1244")));
    assert!(acl.passes(&f("eth/ipv6")), "no match takes it");
    assert!(!acl.passes(&f("eth/ipv4 id=1/udp dst=53/payload hex=1234")));
    assert!(acl.passes(&f("eth/ipv4 id=0x1234/udp dst=53/payload hex=0000")));
    assert!(acl.passes(&f("eth/ipv4 id=0x1234/gre/ipv6")), "the higher priority reads GRE's flags");
    acl.reload();
    assert!(!acl.passes(&f("eth/ipv4 id=0x1234")), "after a snapshot too");
    acl.set(ObjectType::UDF, of_ip, BASE.id(), Value::I32(Base::L2.0));
    assert!(acl.passes(&f("eth/ipv4 id=0x1234")), "bytes 4 and 5 of the destination MAC");
    assert!(!acl.passes(&f("eth dst=02:00:00:00:12:34/ipv4")));
    let mut asked = [AttrEntry::ask(nth(IN_ENTRY.id()))];
    acl.backend().get(&ObjectRef::Object(ObjectType::ACL_ENTRY, entry), &mut asked).unwrap();
    assert_eq!(asked[0].value, given.value);
    let short = field(nth(IN_ENTRY.id()), bytes(&[1], &[1]));
    let refused = acl.try_create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(table, 1, &[short])).unwrap_err();
    assert_eq!(refused.status(), sai::Status::INVALID_ATTR_VALUE_0.nth(2), "{refused}");
}
