//! What managers of network operating systems depend on: what they find after `create_switch`, the attributes
//! they read, the leniency they need, defaults, and what blocks a removal.

use std::collections::BTreeSet;
use std::net::IpAddr;

use sai::entry::{
    FdbEntry, InsegEntry, IpmcEntry, L2mcEntry, McastFdbEntry, MySidEntry, NatEntry, NatEntryData,
    NatEntryKey, NatEntryMask, NeighborEntry, RouteEntry,
};
use sai::types::{FdbEvent, NatType, PacketAction};
use sai::{
    Answer, AttrEntry, AttrId, Entry, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Special, Status,
    Target, Value, ValueKind, bridge, bridge_port, fdb_entry, hostif, hostif_trap, inseg_entry, ipmc_entry,
    l2mc_entry, mcast_fdb_entry, meta, my_sid_entry, nat_entry, neighbor_entry, next_hop, next_hop_group,
    next_hop_group_member, port, queue, route_entry, router_interface, switch, vlan,
};

use super::bed::{Bed, attr, create, get, needs, oid, oids, set, this};

fn number(bed: &Bed, object: &ObjectRef, attr: AttrId) -> u64 {
    match get(bed, object, attr).unwrap() {
        Value::U8(n) => n.into(),
        Value::U16(n) => n.into(),
        Value::U32(n) => n.into(),
        Value::U64(n) => n,
        other => panic!("{other:?} is no number"),
    }
}

fn port(id: ObjectId) -> ObjectRef {
    ObjectRef::Object(ObjectType::PORT, id)
}

fn count(bed: &Bed, t: ObjectType) -> u64 {
    match bed.backend().query(bed.switch, Query::ObjectCount(t)).unwrap() {
        Answer::Count(n) => n,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_object_is_reached_by_a_walk_over_ids() {
    let bed = &Bed::plain();
    let (mut seen, mut next) = (BTreeSet::new(), vec![bed.switch]);
    while let Some(id) = next.pop() {
        if id.is_null() || !seen.insert(id) {
            continue;
        }
        let object_type = bed.backend().object_type(id).expect("the library knows its own ids");
        assert_eq!(bed.backend().switch_of(id), Some(bed.switch));
        let object = ObjectRef::Object(object_type, id);
        let ids = meta::object(object_type).unwrap().attrs.iter();
        for attr in ids.filter(|a| matches!(a.ty.value_kind(), ValueKind::Oid | ValueKind::OidList)) {
            match get(bed, &object, attr.id) {
                Ok(Value::Oid(id)) => next.push(id),
                Ok(Value::OidList(ids)) => next.extend(ids),
                Ok(other) => panic!("{}: {other:?}", attr.name),
                Err(e) => assert_eq!(e.status(), Status::ATTR_NOT_SUPPORTED_0, "{}", attr.name),
            }
        }
    }
    let of =
        |t: ObjectType| seen.iter().filter(|id| bed.backend().object_type(**id) == Some(t)).count() as u64;
    for t in [
        ObjectType::PORT,
        ObjectType::VLAN,
        ObjectType::VLAN_MEMBER,
        ObjectType::BRIDGE,
        ObjectType::QUEUE,
        ObjectType::SCHEDULER_GROUP,
        ObjectType::INGRESS_PRIORITY_GROUP,
        ObjectType::PORT_SERDES,
        ObjectType::HASH,
        ObjectType::VIRTUAL_ROUTER,
        ObjectType::STP,
        ObjectType::HOSTIF_TRAP_GROUP,
    ] {
        assert_eq!(of(t), count(bed, t), "{t}");
    }
    // The router's bridge port is in no list: a manager would take it for one that it may remove.
    assert_eq!(of(ObjectType::BRIDGE_PORT) + 1, count(bed, ObjectType::BRIDGE_PORT));
}

#[test]
fn the_common_chip_has_the_shape_that_test_beds_assume() {
    needs!(Profile);
    let bed = &Bed::plain();
    let switch = this(bed.switch);
    assert_eq!(number(bed, &switch, switch::NUMBER_OF_ACTIVE_PORTS.id()), 32);
    assert_eq!(number(bed, &switch, switch::NUMBER_OF_UNICAST_QUEUES.id()), 10);
    assert_eq!(number(bed, &switch, switch::NUMBER_OF_MULTICAST_QUEUES.id()), 10);
    assert_eq!(number(bed, &switch, switch::NUMBER_OF_QUEUES.id()), 20);
    assert_eq!(number(bed, &switch, switch::NUMBER_OF_CPU_QUEUES.id()), 32);
    assert_eq!(number(bed, &switch, switch::QOS_MAX_NUMBER_OF_TRAFFIC_CLASSES.id()), 16);
    assert!(number(bed, &switch, switch::PORT_MAX_MTU.id()) >= 10_000);
    let mut lanes = BTreeSet::new();
    for id in &bed.ports {
        let port = port(*id);
        let Value::U32List(own) = get(bed, &port, port::HW_LANE_LIST.id()).unwrap() else { panic!("lanes") };
        assert_eq!(own.len(), 4);
        lanes.extend(own);
        for (number_of, list, is) in [
            (port::QOS_NUMBER_OF_QUEUES.id(), port::QOS_QUEUE_LIST.id(), 20),
            (port::NUMBER_OF_INGRESS_PRIORITY_GROUPS.id(), port::INGRESS_PRIORITY_GROUP_LIST.id(), 8),
            (port::QOS_NUMBER_OF_SCHEDULER_GROUPS.id(), port::QOS_SCHEDULER_GROUP_LIST.id(), 13),
        ] {
            assert_eq!(number(bed, &port, number_of), is);
            assert_eq!(oids(bed, &port, list).len() as u64, is);
        }
    }
    assert_eq!(lanes.len(), 128, "no lane twice");
    let cpu = port(oid(bed, &switch, switch::CPU_PORT.id()));
    assert_eq!(oids(bed, &cpu, port::QOS_QUEUE_LIST.id()).len(), 32);
    // Spare lanes: a port is created where none was.
    let spare = [
        attr(port::HW_LANE_LIST.id(), Value::U32List(vec![200])),
        attr(port::SPEED.id(), Value::U32(25_000)),
    ];
    create(bed, bed.switch, ObjectType::PORT, &spare).unwrap();
}

#[test]
fn what_a_manager_reads_of_switch_and_ports_has_a_value() {
    let bed = &Bed::plain();
    for id in [
        switch::TYPE.id(),
        switch::SRC_MAC_ADDRESS.id(),
        switch::VXLAN_DEFAULT_ROUTER_MAC.id(),
        switch::NUMBER_OF_ACTIVE_PORTS.id(),
        switch::PORT_LIST.id(),
        switch::SWITCH_HARDWARE_INFO.id(),
        switch::CPU_PORT.id(),
        switch::DEFAULT_1Q_BRIDGE_ID.id(),
        switch::DEFAULT_VLAN_ID.id(),
        switch::DEFAULT_VIRTUAL_ROUTER_ID.id(),
        switch::DEFAULT_STP_INST_ID.id(),
        switch::DEFAULT_TRAP_GROUP.id(),
        switch::ECMP_HASH.id(),
        switch::LAG_HASH.id(),
        switch::NUMBER_OF_ECMP_GROUPS.id(),
        switch::ACL_ENTRY_MINIMUM_PRIORITY.id(),
        switch::ACL_ENTRY_MAXIMUM_PRIORITY.id(),
        switch::MAX_ACL_ACTION_COUNT.id(),
        switch::ACL_STAGE_INGRESS.id(),
        switch::ACL_STAGE_EGRESS.id(),
        switch::SUPPORTED_OBJECT_TYPE_LIST.id(),
        switch::TOTAL_BUFFER_SIZE.id(),
        switch::MAX_STP_INSTANCE.id(),
        switch::MAX_ECMP_MEMBER_COUNT.id(),
        switch::AVAILABLE_ACL_TABLE.id(),
        switch::AVAILABLE_ACL_TABLE_GROUP.id(),
    ] {
        let value = get(bed, &this(bed.switch), id).unwrap_or_else(|e| panic!("{e}"));
        assert_ne!(value, Value::Oid(ObjectId::NULL), "attribute {id}");
    }
    // Two in one get, as managers ask.
    let mut pair = [switch::DEFAULT_1Q_BRIDGE_ID.id(), switch::DEFAULT_VLAN_ID.id()].map(AttrEntry::ask);
    bed.backend().get(&this(bed.switch), &mut pair).unwrap();
    for id in [
        port::HW_LANE_LIST.id(),
        port::ADMIN_STATE.id(),
        port::SPEED.id(),
        port::SUPPORTED_SPEED.id(),
        port::SUPPORTED_FEC_MODE.id(),
        port::OPER_STATUS.id(),
        port::OPER_SPEED.id(),
        port::AUTO_NEG_MODE.id(),
        port::SUPPORTED_AUTO_NEG_MODE.id(),
        port::PORT_SERDES_ID.id(),
        port::MTU.id(),
    ] {
        get(bed, &port(bed.ports[0]), id).unwrap_or_else(|e| panic!("{e}"));
    }
    let none = oid(bed, &this(bed.switch), switch::DEFAULT_CPU_INGRESS_BUFFER_POOL.id());
    assert_eq!(none, ObjectId::NULL);
}

/// A router interface, a neighbor and a next hop of the family.
fn next_hop(bed: &Bed, rif_id: ObjectId, ip: std::net::IpAddr) -> ObjectId {
    let neighbor: Entry = NeighborEntry { switch_id: bed.switch, rif_id, ip_address: ip }.into();
    let mac = attr(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr::new(2, 0, 0, 0, 0, 9)));
    bed.backend().create(bed.switch, Target::Entry(&neighbor), &[mac]).unwrap();
    let attrs = [
        attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
        attr(next_hop::IP.id(), Value::IpAddress(ip)),
        attr(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif_id)),
    ];
    bed.create(ObjectType::NEXT_HOP, &attrs)
}

fn interface(bed: &Bed, on: ObjectId) -> ObjectId {
    let vr = oid(bed, &this(bed.switch), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let attrs = [
        attr(router_interface::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
        attr(router_interface::TYPE.id(), Value::I32(router_interface::Type::PORT.0)),
        attr(router_interface::PORT_ID.id(), Value::Oid(on)),
    ];
    bed.create(ObjectType::ROUTER_INTERFACE, &attrs)
}

#[test]
fn what_is_available_falls_as_tables_fill() {
    let bed = &Bed::plain();
    let left = |a: AttrId| number(bed, &this(bed.switch), a);
    let rif = interface(bed, bed.ports[0]);
    let mut hops = Vec::new();
    for (ip, hop, neighbor) in [
        ("10.0.0.2", switch::AVAILABLE_IPV4_NEXTHOP_ENTRY.id(), switch::AVAILABLE_IPV4_NEIGHBOR_ENTRY.id()),
        (
            "2001:db8::2",
            switch::AVAILABLE_IPV6_NEXTHOP_ENTRY.id(),
            switch::AVAILABLE_IPV6_NEIGHBOR_ENTRY.id(),
        ),
    ] {
        let before = (left(hop), left(neighbor));
        hops.push(next_hop(bed, rif, ip.parse().unwrap()));
        assert_eq!((left(hop), left(neighbor)), (before.0 - 1, before.1 - 1));
    }
    let (groups, members) =
        (switch::AVAILABLE_NEXT_HOP_GROUP_ENTRY.id(), switch::AVAILABLE_NEXT_HOP_GROUP_MEMBER_ENTRY.id());
    let before = (left(groups), left(members));
    let kind = Value::I32(next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0);
    let group = bed.create(ObjectType::NEXT_HOP_GROUP, &[attr(next_hop_group::TYPE.id(), kind)]);
    let attrs = [
        attr(next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
        attr(next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(hops[0])),
    ];
    bed.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
    assert_eq!((left(groups), left(members)), (before.0 - 1, before.1 - 1));
    let ask = |t| match bed.backend().query(bed.switch, Query::Availability(t, &[])).unwrap() {
        Answer::Count(n) => n,
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(ObjectType::NEXT_HOP_GROUP), left(groups), "both ways to ask say the same");
    let vr_id = oid(bed, &this(bed.switch), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    for (net, a) in [
        ("10.1.0.0/16", switch::AVAILABLE_IPV4_ROUTE_ENTRY.id()),
        ("2001:db8:1::/48", switch::AVAILABLE_IPV6_ROUTE_ENTRY.id()),
    ] {
        let before = left(a);
        let route: Entry =
            RouteEntry { switch_id: bed.switch, vr_id, destination: net.parse().unwrap() }.into();
        let drop = [attr(route_entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0))];
        bed.backend().create(bed.switch, Target::Entry(&route), &drop).unwrap();
        assert_eq!(left(a), before - 1);
        bed.backend().remove(&route.into()).unwrap();
        assert_eq!(left(a), before);
    }
    for t in [ObjectType::MIRROR_SESSION, ObjectType::DEBUG_COUNTER, ObjectType::ACL_TABLE, ObjectType::LAG] {
        assert!(ask(t) > 0, "{t}");
    }
    let before = ask(ObjectType::LAG);
    bed.create(ObjectType::LAG, &[]);
    assert_eq!(ask(ObjectType::LAG), before - 1);
    let acl = |stage: sai::types::AclStage| {
        let attrs = [
            attr(sai::acl_table::ACL_STAGE.id(), Value::I32(stage.0)),
            attr(
                sai::acl_table::ACL_BIND_POINT_TYPE_LIST.id(),
                Value::I32List(vec![sai::types::AclBindPointType::PORT.0]),
            ),
        ];
        bed.backend().query(bed.switch, Query::Availability(ObjectType::ACL_TABLE, &attrs))
    };
    for stage in [sai::types::AclStage::INGRESS, sai::types::AclStage::EGRESS] {
        assert_eq!(acl(stage), Ok(Answer::Count(ask(ObjectType::ACL_TABLE))));
    }
    let error = bed.backend().query(bed.switch, Query::Availability(ObjectType::FDB_FLUSH, &[]));
    assert_eq!(error.unwrap_err().status(), Status::NOT_SUPPORTED, "nobody makes one");
}

#[test]
fn a_null_switch_means_the_only_one_in_every_entry() {
    let bed = &Bed::plain();
    let vr_id = oid(bed, &this(bed.switch), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let rif_id = interface(bed, bed.ports[0]);
    let mac_address = MacAddr::new(2, 0, 0, 0, 0, 7);
    let action = |id| attr(id, Value::I32(PacketAction::DROP.0));
    let groups: [IpAddr; 2] = ["239.1.1.1".parse().unwrap(), "0.0.0.0".parse().unwrap()];
    let rpf_group = bed.create(ObjectType::RPF_GROUP, &[]);
    let l2mc_group = bed.create(ObjectType::L2MC_GROUP, &[]);
    let entries: [(Entry, Vec<AttrEntry>); 9] = [
        (
            RouteEntry { switch_id: ObjectId::NULL, vr_id, destination: "10.9.0.0/16".parse().unwrap() }
                .into(),
            vec![action(route_entry::PACKET_ACTION.id())],
        ),
        (
            NeighborEntry { switch_id: ObjectId::NULL, rif_id, ip_address: [10, 0, 0, 9].into() }.into(),
            vec![attr(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(mac_address))],
        ),
        (
            FdbEntry { switch_id: ObjectId::NULL, mac_address, bv_id: bed.vlan1 }.into(),
            vec![
                attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
                attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[3])),
            ],
        ),
        (
            InsegEntry { switch_id: ObjectId::NULL, label: 77 }.into(),
            vec![action(inseg_entry::PACKET_ACTION.id())],
        ),
        (
            L2mcEntry {
                switch_id: ObjectId::NULL,
                bv_id: bed.vlan1,
                r#type: l2mc_entry::Type::XG,
                destination: groups[0],
                source: groups[1],
            }
            .into(),
            vec![action(l2mc_entry::PACKET_ACTION.id())],
        ),
        (
            IpmcEntry {
                switch_id: ObjectId::NULL,
                vr_id,
                r#type: ipmc_entry::Type::XG,
                destination: groups[0],
                source: groups[1],
            }
            .into(),
            vec![
                attr(ipmc_entry::RPF_GROUP_ID.id(), Value::Oid(rpf_group)),
                action(ipmc_entry::PACKET_ACTION.id()),
            ],
        ),
        (
            McastFdbEntry {
                switch_id: ObjectId::NULL,
                mac_address: MacAddr::new(1, 0, 0x5e, 1, 1, 1),
                bv_id: bed.vlan1,
            }
            .into(),
            vec![
                attr(mcast_fdb_entry::GROUP_ID.id(), Value::Oid(l2mc_group)),
                action(mcast_fdb_entry::PACKET_ACTION.id()),
            ],
        ),
        (
            NatEntry {
                switch_id: ObjectId::NULL,
                vr_id,
                nat_type: NatType::SOURCE_NAT,
                data: NatEntryData {
                    key: NatEntryKey {
                        src_ip: [10, 0, 0, 1].into(),
                        dst_ip: [0, 0, 0, 0].into(),
                        proto: 17,
                        l4_src_port: 0,
                        l4_dst_port: 0,
                    },
                    mask: NatEntryMask {
                        src_ip: [255; 4].into(),
                        dst_ip: [0, 0, 0, 0].into(),
                        proto: 255,
                        l4_src_port: 0,
                        l4_dst_port: 0,
                    },
                },
            }
            .into(),
            vec![attr(nat_entry::ENABLE_PACKET_COUNT.id(), Value::Bool(true))],
        ),
        (
            MySidEntry {
                switch_id: ObjectId::NULL,
                vr_id,
                locator_block_len: 32,
                locator_node_len: 16,
                function_len: 16,
                args_len: 0,
                sid: "fc00:0:1::".parse().unwrap(),
            }
            .into(),
            vec![
                attr(my_sid_entry::ENDPOINT_BEHAVIOR.id(), Value::I32(my_sid_entry::EndpointBehavior::E.0)),
                action(my_sid_entry::PACKET_ACTION.id()),
            ],
        ),
    ];
    for (entry, attrs) in entries {
        let mut named = entry.clone();
        *named.switch_id_mut() = bed.switch;
        bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
        let again = bed.backend().create(bed.switch, Target::Entry(&named), &attrs).unwrap_err();
        assert_eq!(again.status(), Status::ITEM_ALREADY_EXISTS, "{named:?}");
        assert_eq!(get(bed, &named.clone().into(), attrs[0].id).unwrap(), attrs[0].value);
        bed.backend().set(&entry.clone().into(), attrs.last().unwrap()).unwrap();
        bed.backend().remove(&entry.into()).unwrap();
        let gone = bed.backend().remove(&named.into()).unwrap_err();
        assert_eq!(gone.status(), Status::ITEM_NOT_FOUND);
    }
}

#[test]
fn the_leniency_that_clients_need() {
    let bed = &Bed::plain();
    let first = port(bed.ports[0]);
    // PORT_VLAN_ID 0.
    set(bed, &first, attr(port::PORT_VLAN_ID.id(), Value::U16(0))).unwrap();
    assert_eq!(get(bed, &first, port::PORT_VLAN_ID.id()).unwrap(), Value::U16(0));
    // A bridge port that names the default bridge.
    bed.free_port(1);
    let default = oid(bed, &this(bed.switch), switch::DEFAULT_1Q_BRIDGE_ID.id());
    let attrs = [
        attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
        attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[1])),
        attr(bridge_port::BRIDGE_ID.id(), Value::Oid(default)),
        // An attribute whose condition does not hold is stored and answered.
        attr(bridge_port::TAGGING_MODE.id(), Value::I32(bridge_port::TaggingMode::UNTAGGED.0)),
    ];
    let made = ObjectRef::Object(ObjectType::BRIDGE_PORT, bed.create(ObjectType::BRIDGE_PORT, &attrs));
    assert_eq!(oid(bed, &made, bridge_port::BRIDGE_ID.id()), default);
    assert_eq!(get(bed, &made, bridge_port::TAGGING_MODE.id()).unwrap(), attrs[3].value);
    let wrong = [attrs[0].clone(), attrs[1].clone(), attr(bridge_port::TAGGING_MODE.id(), Value::U32(1))];
    let error = create(bed, bed.switch, ObjectType::BRIDGE_PORT, &wrong).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(2), "its type is checked all the same");
    // A host interface of generic netlink with an object.
    let attrs = [
        attr(hostif::TYPE.id(), Value::I32(hostif::Type::GENETLINK.0)),
        attr(hostif::NAME.id(), Value::CharData("psample".try_into().unwrap())),
        attr(hostif::GENETLINK_MCGRP_NAME.id(), Value::CharData("packets".try_into().unwrap())),
        attr(hostif::OBJ_ID.id(), Value::Oid(bed.ports[2])),
    ];
    bed.create(ObjectType::HOSTIF, &attrs);
    // A whole call without code behind it.
    let error = bed.backend().special(bed.switch, Special::Call("switch_mdio_read", bed.switch, &[]));
    assert_eq!(error.unwrap_err().status(), Status::NOT_IMPLEMENTED);
}

#[test]
fn defaults_are_taken_from_their_owner_at_every_read() {
    let bed = &Bed::plain();
    let vlan = bed.vlan(30, &[]);
    let stp = oid(bed, &this(bed.switch), switch::DEFAULT_STP_INST_ID.id());
    assert_eq!(bed.get(ObjectType::VLAN, vlan, vlan::STP_INSTANCE.id()), Value::Oid(stp));
    let attrs = [
        attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::LLDP.0)),
        attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
    ];
    let trap = bed.create(ObjectType::HOSTIF_TRAP, &attrs);
    let group = oid(bed, &this(bed.switch), switch::DEFAULT_TRAP_GROUP.id());
    assert_eq!(bed.get(ObjectType::HOSTIF_TRAP, trap, hostif_trap::TRAP_GROUP.id()), Value::Oid(group));
    // An interface's address is its virtual router's, whose address is the switch's.
    let rif = interface(bed, bed.ports[0]);
    let mac = || bed.get(ObjectType::ROUTER_INTERFACE, rif, router_interface::SRC_MAC_ADDRESS.id());
    for (object_type, id, attr, last) in [
        (ObjectType::SWITCH, bed.switch, switch::SRC_MAC_ADDRESS.id(), 1),
        (
            ObjectType::VIRTUAL_ROUTER,
            oid(bed, &this(bed.switch), switch::DEFAULT_VIRTUAL_ROUTER_ID.id()),
            sai::virtual_router::SRC_MAC_ADDRESS.id(),
            2,
        ),
    ] {
        let new = Value::Mac(MacAddr::new(2, 0, 0, 0, 9, last));
        bed.set(object_type, id, attr, new.clone());
        assert_eq!(mac(), new);
    }
}

#[test]
fn what_a_client_made_blocks_a_removal_and_what_the_switch_made_goes_along() {
    let bed = &Bed::new();
    let object = |t, id| ObjectRef::Object(t, id);
    let remove = |o: &ObjectRef| bed.backend().remove(o).map_err(|e| e.status());
    // A learned station goes with its bridge port, and that is told; a static one blocks it.
    let station = [2, 0, 0, 0, 0, 0xA];
    let mut frame = [&[0xff; 6][..], &station, &[0x88, 0xb5]].concat();
    frame.resize(60, 0);
    bed.inject(0, &frame);
    bed.fdb_events();
    let own = object(ObjectType::BRIDGE_PORT, bed.bridge_ports[0]);
    assert_eq!(remove(&own), Err(Status::OBJECT_IN_USE), "a VLAN member is on it");
    bed.members_of(0).iter().for_each(|m| bed.remove(ObjectType::VLAN_MEMBER, *m));
    let entry: Entry =
        FdbEntry { switch_id: bed.switch, mac_address: MacAddr::new(2, 0, 0, 0, 0, 0xC), bv_id: bed.vlan1 }
            .into();
    let attrs = [
        attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
        attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[0])),
    ];
    bed.backend().create(bed.switch, Target::Entry(&entry), &attrs).unwrap();
    assert_eq!(remove(&own), Err(Status::OBJECT_IN_USE), "a static entry names it");
    bed.backend().remove(&entry.into()).unwrap();
    bed.fdb_events();
    assert_eq!(remove(&own), Ok(()));
    let told = bed.fdb_events().concat();
    assert!(told.iter().all(|(e, mac)| *e == FdbEvent::FLUSHED && mac.0 == station), "{told:?}");
    // The queues of a port go with it, unless a client's object uses one.
    let own = port(bed.ports[0]);
    let q = oids(bed, &own, port::QOS_QUEUE_LIST.id())[0];
    assert_eq!(remove(&own), Ok(()));
    assert_eq!(
        get(bed, &object(ObjectType::QUEUE, q), queue::INDEX.id()).unwrap_err().status(),
        Status::ITEM_NOT_FOUND
    );
    let bridge = object(ObjectType::BRIDGE, oid(bed, &this(bed.switch), switch::DEFAULT_1Q_BRIDGE_ID.id()));
    assert!(!oids(bed, &bridge, bridge::PORT_LIST.id()).contains(&bed.bridge_ports[0]));
}

/// Acts: SAI_PORT_ATTR_FEC_MODE.
#[test]
fn capabilities_tell_what_acts_and_what_an_enum_can() {
    let bed = &Bed::plain();
    let capability = |t, id| match bed.backend().query(bed.switch, Query::AttributeCapability(t, id)).unwrap()
    {
        Answer::AttributeCapability(c) => (c.create, c.set, c.get),
        other => panic!("{other:?}"),
    };
    assert_eq!(capability(ObjectType::PORT, port::ADMIN_STATE.id()), (true, true, true));
    assert_eq!(capability(ObjectType::PORT, port::OPER_STATUS.id()), (false, false, true));
    assert_eq!(capability(ObjectType::VLAN, vlan::VLAN_ID.id()), (true, false, true));
    assert_eq!(
        capability(ObjectType::PORT, port::INTERFACE_TYPE.id()),
        (false, false, true),
        "what is stored and does nothing is told apart"
    );
    // What the capability of an enum denies is refused, the rest is taken.
    let first = port(bed.ports[0]);
    set(bed, &first, attr(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    let can = bed.backend().query(bed.switch, Query::EnumValues(ObjectType::PORT, port::FEC_MODE.id()));
    let Ok(Answer::EnumValues(can)) = can else { panic!("{can:?}") };
    let all = meta::attr(ObjectType::PORT, port::FEC_MODE.id()).unwrap().enumeration.unwrap();
    for value in all.values.iter().map(|v| v.value) {
        let given = set(bed, &first, attr(port::FEC_MODE.id(), Value::I32(value))).map_err(|e| e.status());
        let expected = if can.contains(&value) { Ok(()) } else { Err(Status::INVALID_ATTR_VALUE_0) };
        assert_eq!(given, expected, "FEC mode {value}");
        if given.is_ok() {
            assert_eq!(get(bed, &first, port::OPER_PORT_FEC_MODE.id()), Ok(Value::I32(value)));
        }
    }
    // Statistics: those that move, each in every mode; no streams.
    let counted = bed.backend().query(bed.switch, Query::StatsCapability(ObjectType::PORT));
    let Ok(Answer::StatsCapability(counted)) = counted else { panic!("{counted:?}") };
    let has = |s: port::Stat| counted.iter().any(|c| c.stat == s.0 as u32 && c.modes == 0b1_1111);
    assert!(has(port::Stat::IF_IN_OCTETS) && !has(port::Stat::IF_IN_UNKNOWN_PROTOS));
    let streams = bed.backend().query(bed.switch, Query::StatsStCapability(ObjectType::PORT));
    assert_eq!(streams.unwrap_err().status(), Status::NOT_SUPPORTED);
}
