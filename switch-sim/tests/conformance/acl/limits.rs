//! What is refused, what is left, and what is answered.

use sai::types::{AclActionType, AclBindPointType};
use sai::{Status, acl_range, switch};
use switch_sim::Profile;

use super::*;

fn status(result: Result<ObjectId, Error>) -> Status {
    result.unwrap_err().status()
}

#[test]
fn an_entry_has_the_fields_and_actions_of_its_table() {
    let acl = Acl::new();
    let table = acl.create(
        ObjectType::ACL_TABLE,
        &[
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(acl_table::FIELD_SRC_IP.id(), Value::Bool(true)),
            attr(acl_table::ACL_ACTION_TYPE_LIST.id(), Value::I32List(vec![AclActionType::PACKET_ACTION.0])),
        ],
    );
    let create =
        |attrs: &[AttrEntry]| acl.try_create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(table, 1, attrs));
    let src = field(acl_entry::FIELD_SRC_IP.id(), v4("10.0.0.1", "255.255.255.255"));
    let dst = field(acl_entry::FIELD_DST_IP.id(), v4("10.0.0.1", "255.255.255.255"));
    let tc = action(acl_entry::ACTION_SET_TC.id(), AclAction::U8(1));
    let refused = create(&[src.clone(), dst.clone()]).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0.nth(3));
    says(&refused, "SAI_ACL_ENTRY_ATTR_FIELD_DST_IP");
    let refused = create(&[src.clone(), tc.clone()]).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0.nth(3));
    says(&refused, "SAI_ACL_ENTRY_ATTR_ACTION_SET_TC");
    let entry = create(&[src, packet_action(PacketAction::DROP)]).unwrap();
    for refused in [dst.clone(), tc] {
        let object = ObjectRef::Object(ObjectType::ACL_ENTRY, entry);
        assert_eq!(acl.backend().set(&object, &refused).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    }
    // A field that is switched off is none.
    assert!(create(&[field(acl_entry::FIELD_DST_IP.id(), AclField::Disabled)]).is_ok());
}

/// Acts: SAI_ACL_TABLE_ATTR_ACL_ACTION_TYPE_LIST, SAI_ACL_TABLE_ATTR_SIZE,
/// SAI_ACL_TABLE_ATTR_ACL_TABLE_MATCH_TYPE.
#[test]
fn what_cannot_be_done_is_refused() {
    use acl_table::{ACL_ACTION_TYPE_LIST, SIZE};
    let acl = Acl::new();
    let table = |attrs: &[AttrEntry], stage: AclStage| {
        let stage = attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0));
        acl.try_create(ObjectType::ACL_TABLE, &[&[stage], attrs].concat())
    };
    let on = |id| attr(id, Value::Bool(true));
    let actions = |ty: AclActionType| attr(ACL_ACTION_TYPE_LIST.id(), Value::I32List(vec![ty.0]));
    let bad = Status::INVALID_ATTR_VALUE_0;
    assert_eq!(status(table(&[], AclStage::INGRESS_MACSEC)), bad);
    assert_eq!(
        status(table(&[on(acl_table::FIELD_TAM_INT_TYPE.id())], AclStage::INGRESS)),
        Status::ATTR_NOT_IMPLEMENTED_0.nth(1)
    );
    assert_eq!(
        status(table(&[on(acl_table::FIELD_OUT_PORT.id())], AclStage::PRE_INGRESS)),
        Status::ATTR_NOT_SUPPORTED_0.nth(1)
    );
    assert_eq!(status(table(&[actions(AclActionType::NO_NAT)], AclStage::INGRESS)), bad.nth(1));
    assert_eq!(status(table(&[actions(AclActionType::REDIRECT)], AclStage::EGRESS)), bad.nth(1));
    // A table may list what SONiC's lists, but no entry can have it.
    let telemetry = table(&[actions(AclActionType::DTEL_REPORT_ALL_PACKETS)], AclStage::INGRESS).unwrap();
    let report = action(acl_entry::ACTION_DTEL_REPORT_ALL_PACKETS.id(), AclAction::Bool(true));
    let entry = acl.try_create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(telemetry, 1, &[report]));
    assert_eq!(status(entry), Status::ATTR_NOT_IMPLEMENTED_0.nth(2));
    let list = sai::Query::EnumValues(ObjectType::ACL_TABLE, ACL_ACTION_TYPE_LIST.id());
    let sai::Answer::EnumValues(can) = acl.backend().query(acl.switch, list).unwrap() else {
        panic!("no values")
    };
    assert!(can.contains(&AclActionType::REDIRECT.0));
    assert!(
        !can.contains(&AclActionType::DTEL_REPORT_ALL_PACKETS.0) && !can.contains(&AclActionType::NO_NAT.0)
    );
    let exact = attr(acl_table::ACL_TABLE_MATCH_TYPE.id(), Value::I32(sai::acl_table::MatchType::EXACT.0));
    assert_eq!(status(table(&[exact], AclStage::INGRESS)), bad.nth(1));

    let small = table(&[attr(SIZE.id(), Value::U32(2))], AclStage::INGRESS).unwrap();
    let left = || acl.read(ObjectType::ACL_TABLE, small, acl_table::AVAILABLE_ACL_ENTRY.id());
    let entry = |priority| {
        let attrs = Acl::entry_attrs(small, priority, &[packet_action(PacketAction::DROP)]);
        acl.try_create(ObjectType::ACL_ENTRY, &attrs)
    };
    assert_eq!(left(), Value::U32(2));
    let of = [attr(acl_entry::TABLE_ID.id(), Value::Oid(small))];
    let query = sai::Query::Availability(ObjectType::ACL_ENTRY, &of);
    assert_eq!(acl.backend().query(acl.switch, query).unwrap(), sai::Answer::Count(2));
    let first = entry(1).unwrap();
    entry(1).unwrap();
    assert_eq!(left(), Value::U32(0));
    assert_eq!(status(entry(1)), Status::TABLE_FULL);
    acl.remove(ObjectType::ACL_ENTRY, first);
    assert_eq!(left(), Value::U32(1));
    for priority in [0, 0x1_0000] {
        assert_eq!(status(entry(priority)), bad.nth(1), "priority {priority}");
    }
    let wide = acl.table(&[]);
    let create =
        |given| acl.try_create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(wide, 1, &[given])).unwrap_err();
    let cpu = acl.read(ObjectType::SWITCH, acl.switch, switch::CPU_PORT.id()).as_oid().unwrap();
    for wrong in [
        action(acl_entry::ACTION_SET_DSCP.id(), AclAction::U8(64)),
        action(acl_entry::ACTION_SET_OUTER_VLAN_PRI.id(), AclAction::U8(8)),
        action(acl_entry::ACTION_SET_TC.id(), AclAction::U8(200)),
        action(acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(cpu)),
    ] {
        assert_eq!(create(wrong).status(), bad.nth(2));
    }
    assert_eq!(
        create(action(acl_entry::ACTION_NO_NAT.id(), AclAction::Bool(true))).status(),
        Status::ATTR_NOT_IMPLEMENTED_0.nth(2)
    );
    let empty = sai::Range { min: 9, max: 8 };
    let range = [
        attr(acl_range::TYPE.id(), Value::I32(acl_range::Type::OUTER_VLAN.0)),
        attr(acl_range::LIMIT.id(), Value::U32Range(empty)),
    ];
    assert!(acl.try_create(ObjectType::ACL_RANGE, &range).is_err());
}

#[test]
fn what_an_entry_was_given_is_answered() {
    let acl = Acl::new();
    let table = acl.table(&[acl_table::FIELD_SRC_IP.id(), acl_table::FIELD_IN_PORTS.id()]);
    let src = field(acl_entry::FIELD_SRC_IP.id(), v4("10.0.0.1", "255.255.255.0"));
    let ports = field(acl_entry::FIELD_IN_PORTS.id(), AclField::OidList(vec![acl.ports[2], acl.ports[1]]));
    let entry = acl.entry(table, 7, &[src.clone(), ports.clone(), packet_action(PacketAction::LOG)]);
    let read = |id| acl.read(ObjectType::ACL_ENTRY, entry, id);
    assert_eq!(read(acl_entry::TABLE_ID.id()), Value::Oid(table));
    assert_eq!(read(acl_entry::PRIORITY.id()), Value::U32(7));
    assert_eq!(read(acl_entry::ADMIN_STATE.id()), Value::Bool(true));
    assert_eq!(read(src.id), src.value);
    assert_eq!(read(ports.id), ports.value);
    assert_eq!(read(acl_entry::FIELD_DST_IP.id()), Value::AclField(AclField::Disabled));
    acl.set(ObjectType::ACL_ENTRY, entry, src.id, Value::AclField(AclField::Disabled));
    assert_eq!(read(src.id), Value::AclField(AclField::Disabled));
    assert_eq!(
        acl.read(ObjectType::ACL_TABLE, table, acl_table::ENTRY_LIST.id()),
        Value::OidList(vec![entry])
    );
    let used = acl.backend().remove(&ObjectRef::Object(ObjectType::ACL_TABLE, table)).unwrap_err();
    assert_eq!(used.status(), Status::OBJECT_IN_USE);
    acl.remove(ObjectType::ACL_ENTRY, entry);
    acl.remove(ObjectType::ACL_TABLE, table);
}

#[test]
fn what_is_left_falls_with_use() {
    needs!(Profile);
    let mut profile = Profile::with_ports(2);
    (profile.limits.acl_tables, profile.limits.acl_entries, profile.limits.acl_counters) = (2, 2, 2);
    let bed = Bed::with(profile, Default::default());
    let id = bed.switch;
    let sim = bed.backend();
    let read = |ty, object, attr| {
        let mut asked = [AttrEntry::ask(attr)];
        sim.get(&ObjectRef::Object(ty, object), &mut asked).map(|()| asked[0].value.clone())
    };
    let tables = || {
        let Ok(Value::AclResourceList(rows)) = read(ObjectType::SWITCH, id, switch::AVAILABLE_ACL_TABLE.id())
        else {
            panic!("a list")
        };
        let wanted =
            |r: &&sai::AclResource| r.stage == AclStage::INGRESS && r.bind_point == AclBindPointType::PORT;
        rows.iter().find(wanted).unwrap().avail_num
    };
    let table = [attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0))];
    let create = |ty, attrs: &[AttrEntry]| sim.create(id, Target::Object(ty), attrs);
    assert_eq!(tables(), 2);
    let first = create(ObjectType::ACL_TABLE, &table).unwrap();
    assert_eq!(tables(), 1);
    create(ObjectType::ACL_TABLE, &table).unwrap();
    assert_eq!(tables(), 0);
    assert_eq!(status(create(ObjectType::ACL_TABLE, &table)), Status::INSUFFICIENT_RESOURCES);
    let left = |attr| read(ObjectType::ACL_TABLE, first, attr).unwrap();
    let entry = Acl::entry_attrs(first, 1, &[packet_action(PacketAction::DROP)]);
    create(ObjectType::ACL_ENTRY, &entry).unwrap();
    assert_eq!(left(acl_table::AVAILABLE_ACL_ENTRY.id()), Value::U32(1));
    create(ObjectType::ACL_ENTRY, &entry).unwrap();
    assert_eq!(status(create(ObjectType::ACL_ENTRY, &entry)), Status::INSUFFICIENT_RESOURCES);
    let counter = [
        attr(acl_counter::TABLE_ID.id(), Value::Oid(first)),
        attr(acl_counter::ENABLE_PACKET_COUNT.id(), Value::Bool(true)),
    ];
    create(ObjectType::ACL_COUNTER, &counter).unwrap();
    assert_eq!(left(acl_table::AVAILABLE_ACL_COUNTER.id()), Value::U32(1));
}

#[test]
fn capabilities_are_those_that_are_carried_out() {
    let acl = Acl::new();
    let read = |id| acl.read(ObjectType::SWITCH, acl.switch, id);
    let of = |id| match read(id) {
        Value::AclCapability(c) => *c,
        other => panic!("{other:?}"),
    };
    let all = of(switch::ACL_CAPABILITY.id());
    let Value::U32(count) = read(switch::MAX_ACL_ACTION_COUNT.id()) else { panic!("a number") };
    assert_eq!(all.action_list.len(), count as usize);
    for (id, stage) in [
        (switch::ACL_STAGE_INGRESS.id(), AclStage::INGRESS),
        (switch::ACL_STAGE_EGRESS.id(), AclStage::EGRESS),
        (switch::ACL_STAGE_PRE_INGRESS.id(), AclStage::PRE_INGRESS),
        (switch::ACL_STAGE_POST_INGRESS.id(), AclStage::POST_INGRESS),
    ] {
        let able = of(id).action_list;
        // A table takes exactly what is listed, and what tables of in-band telemetry list.
        let telemetry = AclActionType::ACL_DTEL_FLOW_OP.0..=AclActionType::DTEL_REPORT_ALL_PACKETS.0;
        for ty in 0..62 {
            let table = acl.try_create(
                ObjectType::ACL_TABLE,
                &[
                    attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0)),
                    attr(acl_table::ACL_ACTION_TYPE_LIST.id(), Value::I32List(vec![ty])),
                ],
            );
            let takes = able.contains(&AclActionType(ty)) || telemetry.contains(&ty);
            assert_eq!(table.is_ok(), takes, "{stage} {}", AclActionType(ty));
            if let Ok(table) = table {
                acl.remove(ObjectType::ACL_TABLE, table);
            }
        }
    }
    assert!(matches!(read(switch::ACL_CHAIN_LIST.id()), Value::AclChainList(c) if c.len() == 4));
}

#[test]
fn a_snapshot_brings_rules_and_bindings_back() {
    needs!(Hands);
    let acl = Acl::new();
    let table = acl.table(&[acl_table::FIELD_ETHER_TYPE.id(), acl_table::FIELD_IN_PORTS.id()]);
    let ports = field(acl_entry::FIELD_IN_PORTS.id(), AclField::OidList(vec![acl.ports[0]]));
    // The younger of two equals goes first through the slots: the order of creation is kept.
    let gone = acl.entry(table, 5, &[]);
    acl.entry(table, 5, &[ports, packet_action(PacketAction::DROP)]);
    acl.remove(ObjectType::ACL_ENTRY, gone);
    acl.entry(table, 5, &[packet_action(PacketAction::FORWARD)]);
    acl.bind_switch(table);
    let other = acl.table(&[]);
    let counter = acl.counter(other);
    acl.entry(other, 1, &[acl.counted(counter)]);
    acl.set(ObjectType::PORT, acl.ports[5], sai::port::INGRESS_ACL.id(), Value::Oid(other));
    acl.send(5, &f("eth/ipv4"));
    acl.reload();
    assert_eq!(acl.counts(counter), (1, 64));
    assert!(acl.to(0, &f("eth/ipv4")).is_empty());
    assert!(!acl.to(1, &f("eth/ipv4")).is_empty());
    acl.bind_switch(ObjectId::NULL);
    assert!(!acl.to(0, &f("eth/ipv4")).is_empty());
}

#[test]
fn a_trace_names_the_tables_the_entries_looked_at_and_the_winner() {
    needs!(Trace);
    let acl = Acl::new();
    let first = acl.table(&[acl_table::FIELD_ETHER_TYPE.id()]);
    let other = acl.entry(first, 4, &[field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x86dd))]);
    let second = acl.table(&[acl_table::FIELD_L4_DST_PORT.id()]);
    let port = |n| field(acl_entry::FIELD_L4_DST_PORT.id(), u16(n));
    for n in 0..20 {
        acl.entry(second, 50 - n, &[port(1000 + n as u16)]);
    }
    let winner = acl.entry(second, 9, &[packet_action(PacketAction::DROP)]);
    acl.entry(second, 8, &[port(7)]);
    let group =
        acl.group(AclStage::INGRESS, sai::acl_table_group::Type::SEQUENTIAL, &[(first, 2), (second, 1)]);
    acl.bind_switch(group);
    let trace = acl.trace(0, &f("eth/ipv4/udp dst=99")).to_string();
    let lines: Vec<&str> = trace.lines().map(str::trim).filter(|l| l.contains("ACL ")).collect();
    assert_eq!(lines.len(), 1 + 1 + 16 + 1 + 1, "{lines:#?}");
    assert_eq!(lines[0], format!("ACL entry {other}: priority 4: EtherType differs"));
    assert_eq!(lines[1], format!("ACL table {first} (SAI_ACL_STAGE_INGRESS): of 1 entries not found"));
    assert!(lines[2].ends_with(": priority 50: DstPort differs"), "{}", lines[2]);
    assert_eq!(lines[18], "4 more ACL entries do not match");
    let won = format!("ACL table {second} (SAI_ACL_STAGE_INGRESS): priority 9: DROP -> {winner}");
    assert_eq!(lines[19], won);
}
