//! Kinds of objects and where they may stand, and attributes that this switch has no meaning for.

use super::bed::routed::*;
use super::bed::*;
use sai::entry::{Entry, FdbEntry};
use sai::hostif_user_defined_trap::{self as user_trap, Type as Trap};
use sai::types::{AclStage, PacketAction};
use sai::{
    AclAction, AttrEntry, MacAddr, ObjectId, ObjectRef, ObjectType, Status, Target, Value, acl_entry,
    acl_table, bridge_port, debug_counter, fdb_entry, hash, hostif_trap, hostif_trap_group, isolation_group,
    isolation_group_member as member, neighbor_entry, port, queue, route_entry, switch, udf_group, vlan,
};

fn fdb(bed: &Bed) -> Entry {
    Entry::Fdb(FdbEntry { switch_id: bed.switch, mac_address: MacAddr(B), bv_id: bed.vlan1 })
}

fn trap(bed: &Bed, kind: Trap, more: &[AttrEntry]) -> ObjectId {
    let kind = attr(user_trap::TYPE.id(), Value::I32(kind.0));
    bed.create(ObjectType::HOSTIF_USER_DEFINED_TRAP, &[&[kind], more].concat())
}

/// An ACL entry that traps all that comes in, by a user-defined trap.
fn trap_all(bed: &Bed, trap: ObjectId) -> sai::Result<ObjectId> {
    let table = bed.create(
        ObjectType::ACL_TABLE,
        &[
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(acl_table::FIELD_ETHER_TYPE.id(), Value::Bool(true)),
        ],
    );
    let act = |a| Value::AclAction(a);
    let entry = bed.try_create(
        ObjectType::ACL_ENTRY,
        &[
            attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
            attr(acl_entry::ACTION_PACKET_ACTION.id(), act(AclAction::I32(PacketAction::TRAP.0))),
            attr(acl_entry::ACTION_SET_USER_TRAP_ID.id(), act(AclAction::Oid(trap))),
        ],
    );
    bed.set(ObjectType::SWITCH, bed.switch, switch::INGRESS_ACL.id(), Value::Oid(table));
    entry
}

/// Acts: SAI_HOSTIF_USER_DEFINED_TRAP_ATTR_TYPE.
#[test]
fn a_user_defined_trap_serves_the_entries_of_its_type() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    net.send(4, &frame(ALL, B));
    let places = [
        (net.route_key("20.0.0.0/8"), route_entry::USER_TRAP_ID.id(), Trap::ROUTER),
        (net.neighbor_key(net.rifs[1], "10.0.1.2"), neighbor_entry::USER_TRAP_ID.id(), Trap::NEIGHBOR),
        (fdb(&net), fdb_entry::USER_TRAP_ID.id(), Trap::FDB),
    ];
    for kind in [Trap::ROUTER, Trap::NEIGHBOR, Trap::FDB, Trap::ACL] {
        let id = trap(&net, kind, &[]);
        for (entry, attr_id, wanted) in &places {
            let named = attr(*attr_id, Value::Oid(id));
            let answer = net.backend().set(&ObjectRef::Entry(entry.clone()), &named);
            let expected = if kind == *wanted { Status::SUCCESS } else { Status::INVALID_ATTR_VALUE_0 };
            assert_eq!(
                answer.map_or_else(|e| e.status(), |()| Status::SUCCESS),
                expected,
                "{kind} at {entry:?}"
            );
        }
        let answer = trap_all(&net, id).map_or_else(|e| e.status(), |_| Status::SUCCESS);
        assert_eq!(answer == Status::SUCCESS, kind == Trap::ACL, "{kind}: {answer}");
    }
    let kind = attr(user_trap::TYPE.id(), Value::I32(Trap::INSEG_ENTRY.0));
    let refused = net.try_create(ObjectType::HOSTIF_USER_DEFINED_TRAP, &[kind]).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0, "nobody could name it");
}

/// Acts: SAI_HOSTIF_USER_DEFINED_TRAP_ATTR_TRAP_PRIORITY.
#[test]
fn a_trap_of_a_higher_priority_goes_before_a_user_defined_one() {
    let bed = Bed::new();
    let group = |queue| {
        let queue = [attr(hostif_trap_group::QUEUE.id(), Value::U32(queue))];
        Value::Oid(bed.create(ObjectType::HOSTIF_TRAP_GROUP, &queue))
    };
    let attrs = [
        attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::ARP_REQUEST.0)),
        attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        attr(hostif_trap::TRAP_GROUP.id(), group(2)),
        attr(hostif_trap::TRAP_PRIORITY.id(), Value::U32(5)),
    ];
    bed.create(ObjectType::HOSTIF_TRAP, &attrs);
    let own = [attr(user_trap::TRAP_GROUP.id(), group(3))];
    let user = trap(&bed, Trap::ACL, &own);
    trap_all(&bed, user).unwrap();
    let mut arp = frame(ALL, A);
    arp[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    let queues = |priority: u32| {
        bed.set(
            ObjectType::HOSTIF_USER_DEFINED_TRAP,
            user,
            user_trap::TRAP_PRIORITY.id(),
            Value::U32(priority),
        );
        bed.send(0, &arp);
        [2, 3].map(|n| bed.read_and_clear(ObjectType::QUEUE, bed.cpu_queue(n), queue::Stat::PACKETS.0))
    };
    assert_eq!(queues(4), [1, 0]);
    assert_eq!(queues(5), [0, 1], "who names it has decided");
    assert_eq!(queues(6), [0, 1]);
}

/// Acts: SAI_ISOLATION_GROUP_ATTR_TYPE.
#[test]
fn an_isolation_group_is_of_ports_or_of_bridge_ports() {
    let bed = Bed::new();
    let [ports, bridge_ports] =
        [isolation_group::Type::PORT, isolation_group::Type::BRIDGE_PORT].map(|kind| {
            let kind = attr(isolation_group::TYPE.id(), Value::I32(kind.0));
            bed.create(ObjectType::ISOLATION_GROUP, &[kind])
        });
    let join = |group, object| {
        let attrs = [
            attr(member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(member::ISOLATION_OBJECT.id(), Value::Oid(object)),
        ];
        bed.try_create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs)
    };
    let wrong = |answer: sai::Result<ObjectId>| answer.unwrap_err().status();
    assert_eq!(wrong(join(ports, bed.bridge_ports[2])), Status::INVALID_ATTR_VALUE_0.nth(1));
    assert_eq!(wrong(join(bridge_ports, bed.ports[2])), Status::INVALID_ATTR_VALUE_0.nth(1));
    join(ports, bed.ports[2]).unwrap();
    join(bridge_ports, bed.bridge_ports[3]).unwrap();
    let places = [
        (ObjectRef::Object(ObjectType::PORT, bed.ports[0]), port::ISOLATION_GROUP.id(), ports),
        (
            ObjectRef::Object(ObjectType::BRIDGE_PORT, bed.bridge_ports[0]),
            bridge_port::ISOLATION_GROUP.id(),
            bridge_ports,
        ),
    ];
    for (object, id, fits) in places {
        for group in [ports, bridge_ports] {
            let answer = bed.backend().set(&object, &attr(id, Value::Oid(group)));
            assert_eq!(answer.is_ok(), group == fits, "{answer:?}");
        }
    }
    assert_eq!(bed.to(0, &frame(ALL, A)), [1, 4, 5, 6, 7]);
}

/// Acts: SAI_UDF_GROUP_ATTR_TYPE.
#[test]
fn a_group_of_fields_for_hashes_is_none_for_tables() {
    let bed = Bed::new();
    let [generic, for_hash] = [udf_group::Type::GENERIC, udf_group::Type::HASH].map(|kind| {
        let attrs =
            [attr(udf_group::TYPE.id(), Value::I32(kind.0)), attr(udf_group::LENGTH.id(), Value::U16(2))];
        bed.create(ObjectType::UDF_GROUP, &attrs)
    });
    let table = |group| {
        let attrs = [
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(acl_table::USER_DEFINED_FIELD_GROUP_MIN.id() + 3, Value::Oid(group)),
        ];
        bed.try_create(ObjectType::ACL_TABLE, &attrs)
    };
    assert_eq!(table(for_hash).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    table(generic).unwrap();
    for group in [generic, for_hash] {
        let list = attr(hash::UDF_GROUP_LIST.id(), Value::OidList(vec![group]));
        bed.create(ObjectType::HASH, &[list]);
    }
}

/// Acts: SAI_DEBUG_COUNTER_ATTR_BIND_METHOD.
#[test]
fn a_debug_counter_is_bound_to_all_ports() {
    let bed = Bed::new();
    let with = |method: i32| {
        let reasons = Value::I32List(vec![sai::types::InDropReason::SMAC_EQUALS_DMAC.0]);
        let kind = debug_counter::Type::PORT_IN_DROP_REASONS;
        let attrs = [
            attr(debug_counter::TYPE.id(), Value::I32(kind.0)),
            attr(debug_counter::IN_DROP_REASON_LIST.id(), reasons),
            attr(debug_counter::BIND_METHOD.id(), Value::I32(method)),
        ];
        bed.try_create(ObjectType::DEBUG_COUNTER, &attrs)
    };
    assert_eq!(with(1).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(2));
    with(debug_counter::BindMethod::AUTOMATIC.0).unwrap();
    let stat = port::Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS.0;
    for n in 0..8 {
        bed.send(n, &frame(A, A));
        assert_eq!(bed.stat(ObjectType::PORT, bed.ports[n], stat), 1);
    }
}

#[test]
fn what_this_switch_cannot_do_is_refused_but_for_the_default() {
    let bed = Bed::new();
    let snooping = vlan::CUSTOM_IGMP_SNOOPING_ENABLE.id();
    let vlan = ObjectRef::Object(ObjectType::VLAN, bed.vlan1);
    let on = bed.backend().set(&vlan, &attr(snooping, Value::Bool(true))).unwrap_err();
    assert_eq!(on.status(), Status::ATTR_NOT_SUPPORTED_0);
    bed.backend().set(&vlan, &attr(snooping, Value::Bool(false))).unwrap();
    assert_eq!(bed.get(ObjectType::VLAN, bed.vlan1, snooping), Value::Bool(false));
    let entry = |endpoint: &str| {
        let attrs = [
            attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
            attr(fdb_entry::ENDPOINT_IP.id(), Value::IpAddress(endpoint.parse().unwrap())),
        ];
        bed.backend().create(bed.switch, Target::Entry(&fdb(&bed)), &attrs)
    };
    assert_eq!(entry("10.0.0.1").unwrap_err().status(), Status::ATTR_NOT_SUPPORTED_0.nth(1));
    entry("0.0.0.0").unwrap();
}
