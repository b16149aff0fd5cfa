//! Objects: statuses, defaults, statistics, availability, counts.

use sai::entry::RouteEntry;
use sai::types::{AclStage, ObjectStage};
use sai::{
    Answer, AttrEntry, Entry, ObjectId, ObjectRef, ObjectType, Query, StatsOp, Status, Target, Value, port,
    route_entry, switch, vlan, vlan_member,
};

use super::bed::{Bed, get, oid, oids, says, this};

#[test]
fn statuses_of_wrong_ids() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vlan = oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id());
    let remove = |t, id| bed.backend().remove(&ObjectRef::Object(t, id)).unwrap_err().status();
    assert_eq!(remove(ObjectType::VLAN, ObjectId::NULL), Status::INVALID_OBJECT_ID);
    assert_eq!(remove(ObjectType::VLAN, ObjectId(7)), Status::INVALID_OBJECT_ID);
    assert_eq!(remove(ObjectType::PORT, vlan), Status::INVALID_OBJECT_TYPE);
    assert_eq!(remove(ObjectType::VLAN, vlan), Status::OBJECT_IN_USE);
    let vlan_id = [AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(9))];
    let create = || bed.backend().create(id, Target::Object(ObjectType::VLAN), &vlan_id);
    let made = create().unwrap();
    assert_eq!(create().unwrap_err().status(), Status::ITEM_ALREADY_EXISTS);
    bed.backend().remove(&ObjectRef::Object(ObjectType::VLAN, made)).unwrap();
    assert_eq!(remove(ObjectType::VLAN, made), Status::ITEM_NOT_FOUND);
    assert_ne!(create().unwrap(), made, "a stale id never names a new object");
}

#[test]
fn an_attribute_never_set_answers_its_default() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let port = ObjectRef::Object(ObjectType::PORT, ports[0]);
    assert_eq!(get(bed, &port, port::MTU.id()).unwrap(), Value::U32(1514));
    let vr = oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let vr = ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, vr);
    let mac = || get(bed, &vr, sai::virtual_router::SRC_MAC_ADDRESS.id()).unwrap();
    let new = Value::Mac(sai::MacAddr::new(2, 0, 0, 0, 0, 0x99));
    assert_ne!(mac(), new);
    bed.backend().set(&this(id), &AttrEntry::new(switch::SRC_MAC_ADDRESS.id(), new.clone())).unwrap();
    assert_eq!(mac(), new, "the switch's address is the router's until set");
    let none = get(bed, &this(id), switch::DEFAULT_OVERRIDE_VIRTUAL_ROUTER_ID.id()).unwrap_err();
    assert_eq!(none.status(), Status::ATTR_NOT_SUPPORTED_0);
}

#[test]
fn read_and_clear_clears() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let port = ObjectRef::Object(ObjectType::PORT, ports[0]);
    bed.backend().set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    bed.wires().inject(ports[0], &[0xff; 64]);
    let octets = [port::Stat::IF_IN_OCTETS.0 as u32];
    let read = |op| {
        let mut out = [0];
        bed.backend().stats(&port, &octets, op, &mut out).unwrap();
        out[0]
    };
    assert!(read(StatsOp::Read) >= 64);
    assert!(read(StatsOp::ReadAndClear) >= 64);
    assert_eq!(read(StatsOp::Read), 0);
    let other = ObjectRef::Object(ObjectType::VLAN, ports[0]);
    assert!(bed.backend().stats(&other, &octets, StatsOp::Read, &mut [0]).is_err());
}

fn route(id: ObjectId, vr_id: ObjectId) -> Entry {
    Entry::Route(RouteEntry { switch_id: id, vr_id, destination: "10.1.0.0/16".parse().unwrap() })
}

#[test]
fn availability_falls_and_rises() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let left = || match get(bed, &this(id), switch::AVAILABLE_IPV4_ROUTE_ENTRY.id()).unwrap() {
        Value::U32(n) => n,
        other => panic!("{other:?}"),
    };
    let before = left();
    let entry = route(id, oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id()));
    let drop = AttrEntry::new(route_entry::PACKET_ACTION.id(), Value::I32(sai::types::PacketAction::DROP.0));
    bed.backend().create(id, Target::Entry(&entry), std::slice::from_ref(&drop)).unwrap();
    assert_eq!(left(), before - 1);
    let again = bed.backend().create(id, Target::Entry(&entry), &[drop]).unwrap_err();
    assert_eq!((again.status(), left()), (Status::ITEM_ALREADY_EXISTS, before - 1));
    bed.backend().remove(&entry.into()).unwrap();
    assert_eq!(left(), before);
}

#[test]
fn counts_and_keys() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let members = bed.members(bed.vlan1);
    assert!(!members.is_empty());
    let count = bed.backend().query(id, Query::ObjectCount(ObjectType::VLAN_MEMBER)).unwrap();
    assert_eq!(count, Answer::Count(members.len() as u64));
    match bed.backend().query(id, Query::ObjectKeys(ObjectType::VLAN_MEMBER)).unwrap() {
        Answer::ObjectKeys(keys) => assert_eq!(keys.len(), members.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mandatory_and_unknown_attributes() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let create = |attrs: &[AttrEntry]| {
        bed.backend().create(id, Target::Object(ObjectType::VLAN_MEMBER), attrs).unwrap_err()
    };
    let vlan = oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id());
    let on = AttrEntry::new(vlan_member::VLAN_ID.id(), Value::Oid(vlan));
    let missing = create(std::slice::from_ref(&on));
    assert_eq!(missing.status(), Status::MANDATORY_ATTRIBUTE_MISSING);
    says(&missing, "SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID");
    let unknown = create(&[on.clone(), AttrEntry::new(0xfff, Value::Bool(true))]);
    assert_eq!(unknown.status(), Status::UNKNOWN_ATTRIBUTE_0.nth(1));
    assert_eq!(create(&[on.clone(), on]).status(), Status::INVALID_ATTRIBUTE_0.nth(1));
}

#[test]
fn entries_without_a_switch_mean_the_only_one() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vr = oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let drop = AttrEntry::new(route_entry::PACKET_ACTION.id(), Value::I32(sai::types::PacketAction::DROP.0));
    bed.backend().create(id, Target::Entry(&route(ObjectId::NULL, vr)), std::slice::from_ref(&drop)).unwrap();
    let named: ObjectRef = route(id, vr).into();
    assert_eq!(get(bed, &named, route_entry::PACKET_ACTION.id()).unwrap(), drop.value);
    bed.backend().remove(&route(ObjectId::NULL, vr).into()).unwrap();
    assert_eq!(bed.backend().remove(&named).unwrap_err().status(), Status::ITEM_NOT_FOUND);
}

/// Acts: SAI_PORT_ATTR_AUTO_NEG_MODE, SAI_PORT_ATTR_ADVERTISED_SPEED.
#[test]
fn auto_negotiation_takes_the_fastest_speed_advertised() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let port = ObjectRef::Object(ObjectType::PORT, oids(bed, &this(id), switch::PORT_LIST.id())[0]);
    let set = |attr, value| bed.backend().set(&port, &AttrEntry::new(attr, value));
    assert_eq!(get(bed, &port, port::SUPPORTED_AUTO_NEG_MODE.id()).unwrap(), Value::Bool(true));
    let Value::U32List(mut speeds) = get(bed, &port, port::SUPPORTED_SPEED.id()).unwrap() else { panic!() };
    speeds.sort_unstable();
    let [slower @ .., fastest] = &speeds[..] else { panic!("a port has a speed") };
    let below = *slower.last().expect("a choice of speeds");
    set(port::ADMIN_STATE.id(), Value::Bool(true)).unwrap();
    set(port::SPEED.id(), Value::U32(*fastest)).unwrap();
    let speed = || get(bed, &port, port::OPER_SPEED.id()).unwrap();
    set(port::ADVERTISED_SPEED.id(), Value::U32List(slower.to_vec())).unwrap();
    assert_eq!(speed(), Value::U32(*fastest), "the speed set holds without auto-negotiation");
    set(port::AUTO_NEG_MODE.id(), Value::Bool(true)).unwrap();
    assert_eq!(speed(), Value::U32(below));
    let refused = set(port::ADVERTISED_SPEED.id(), Value::U32List(vec![below, 7])).unwrap_err();
    assert_eq!((refused.status(), speed()), (Status::INVALID_ATTR_VALUE_0, Value::U32(below)));
    set(port::ADVERTISED_SPEED.id(), Value::U32List(Vec::new())).unwrap();
    assert_eq!(speed(), Value::U32(*fastest), "an empty list advertises all");
}

#[test]
fn stages_of_objects() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let stage = |t, attrs: &[AttrEntry]| bed.backend().query(id, Query::ObjectStage(t, attrs));
    let acl = |s: AclStage| [AttrEntry::new(sai::acl_table::ACL_STAGE.id(), Value::I32(s.0))];
    let egress = stage(ObjectType::ACL_TABLE, &acl(AclStage::EGRESS));
    assert_eq!(egress, Ok(Answer::ObjectStage(ObjectStage::EGRESS.0)));
    let ingress = stage(ObjectType::ACL_TABLE, &acl(AclStage::PRE_INGRESS));
    assert_eq!(ingress, Ok(Answer::ObjectStage(ObjectStage::INGRESS.0)));
    assert_eq!(stage(ObjectType::PORT, &[]), Ok(Answer::ObjectStage(ObjectStage::BOTH.0)));
    let unknown = stage(ObjectType::PORT, &[AttrEntry::new(0xfff, Value::I32(0))]);
    assert_eq!(unknown.unwrap_err().status(), Status::UNKNOWN_ATTRIBUTE_0);
}
