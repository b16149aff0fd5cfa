//! The status of each kind of wrong call. A call that fails changes nothing.

use sai::entry::{FdbEntry, RouteEntry};
use sai::{
    AttrEntry, Entry, ObjectId, ObjectRef, ObjectType, Query, Status, Target, Value, bridge_port, fdb_entry,
    port, route_entry, router_interface, switch, vlan, vlan_member,
};
use switch_sim::Profile;
use switch_sim::warm::Keys;

use super::bed::{Bed, create, get, needs, oid, oids, says, set, this};

fn vlan(bed: &Bed, switch: ObjectId, vid: u16) -> sai::Result<ObjectId> {
    create(bed, switch, ObjectType::VLAN, &[AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(vid))])
}

#[test]
fn ids_in_attributes() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let own = vlan(bed, id, 9).unwrap();
    let port = oids(bed, &this(id), switch::PORT_LIST.id())[0];
    let members = || bed.backend().query(id, Query::ObjectCount(ObjectType::VLAN_MEMBER)).unwrap();
    let before = members();
    let join = |member: ObjectId| {
        let attrs = [
            AttrEntry::new(vlan_member::VLAN_ID.id(), Value::Oid(own)),
            AttrEntry::new(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(member)),
        ];
        create(bed, id, ObjectType::VLAN_MEMBER, &attrs).unwrap_err()
    };
    assert_eq!(join(ObjectId::NULL).status(), Status::INVALID_OBJECT_ID);
    assert_eq!(join(ObjectId(7)).status(), Status::INVALID_OBJECT_ID);
    let wrong = join(port);
    assert_eq!(wrong.status(), Status::INVALID_OBJECT_TYPE);
    says(&wrong, "SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID");
    let bridge = oid(bed, &this(id), switch::DEFAULT_1Q_BRIDGE_ID.id());
    let stale = oids(bed, &ObjectRef::Object(ObjectType::BRIDGE, bridge), sai::bridge::PORT_LIST.id());
    let stale = *stale.last().unwrap();
    let vlan_1 = ObjectRef::Object(ObjectType::VLAN, oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id()));
    for member in oids(bed, &vlan_1, vlan::MEMBER_LIST.id()) {
        let member = ObjectRef::Object(ObjectType::VLAN_MEMBER, member);
        if oid(bed, &member, vlan_member::BRIDGE_PORT_ID.id()) == stale {
            bed.backend().remove(&member).unwrap();
        }
    }
    bed.backend().remove(&ObjectRef::Object(ObjectType::BRIDGE_PORT, stale)).unwrap();
    assert_eq!(join(stale).status(), Status::ITEM_NOT_FOUND);
    let sai::Answer::Count(before) = before else { panic!("{before:?}") };
    assert_eq!(members(), sai::Answer::Count(before - 1), "no failed call left a member");
}

#[test]
fn entries_that_are_not_there() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vr_id = oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let route = RouteEntry { switch_id: id, vr_id, destination: "192.0.2.0/24".parse().unwrap() };
    let route: ObjectRef = Entry::Route(route).into();
    let action = AttrEntry::new(route_entry::PACKET_ACTION.id(), Value::I32(0));
    assert_eq!(bed.backend().remove(&route).unwrap_err().status(), Status::ITEM_NOT_FOUND);
    assert_eq!(bed.backend().set(&route, &action).unwrap_err().status(), Status::ITEM_NOT_FOUND);
    assert_eq!(get(bed, &route, action.id).unwrap_err().status(), Status::ITEM_NOT_FOUND);
}

#[test]
fn a_mandatory_attribute_whose_condition_holds() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let kind = |t: bridge_port::Type| AttrEntry::new(bridge_port::TYPE.id(), Value::I32(t.0));
    let error = create(bed, id, ObjectType::BRIDGE_PORT, &[kind(bridge_port::Type::PORT)]).unwrap_err();
    assert_eq!(error.status(), Status::MANDATORY_ATTRIBUTE_MISSING);
    says(&error, "SAI_BRIDGE_PORT_ATTR_PORT_ID");
    let error = create(bed, id, ObjectType::ROUTER_INTERFACE, &[]).unwrap_err();
    assert_eq!(error.status(), Status::MANDATORY_ATTRIBUTE_MISSING);
}

#[test]
fn attributes_in_the_wrong_call() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vid = AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(9));
    let list = AttrEntry::new(vlan::MEMBER_LIST.id(), Value::OidList(Vec::new()));
    let error = create(bed, id, ObjectType::VLAN, &[vid.clone(), list.clone()]).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTRIBUTE_0.nth(1), "read-only");
    let made = ObjectRef::Object(ObjectType::VLAN, vlan(bed, id, 9).unwrap());
    assert_eq!(set(bed, &made, list).unwrap_err().status(), Status::INVALID_ATTRIBUTE_0, "read-only");
    let other = AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(10));
    assert_eq!(set(bed, &made, other).unwrap_err().status(), Status::INVALID_ATTRIBUTE_0, "create-only");
    assert_eq!(get(bed, &made, vid.id).unwrap(), vid.value);
    let unknown = AttrEntry::new(0xfff, Value::Bool(true));
    assert_eq!(set(bed, &made, unknown).unwrap_err().status(), Status::UNKNOWN_ATTRIBUTE_0);
    let mut asked = [vlan::VLAN_ID.id(), vlan::LEARN_DISABLE.id(), 0xfff].map(AttrEntry::ask);
    let error = bed.backend().get(&made, &mut asked).unwrap_err();
    assert_eq!(error.status(), Status::UNKNOWN_ATTRIBUTE_0.nth(2));
}

#[test]
fn values_out_of_range() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vlans = || bed.backend().query(id, Query::ObjectCount(ObjectType::VLAN)).unwrap();
    let before = vlans();
    for vid in [0, 4095, 4096] {
        let error = vlan(bed, id, vid).unwrap_err();
        assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0, "VLAN {vid}");
    }
    assert_eq!(vlans(), before);
    let port = ObjectRef::Object(ObjectType::PORT, oids(bed, &this(id), switch::PORT_LIST.id())[0]);
    for attr in [
        AttrEntry::new(port::SPEED.id(), Value::U32(123)),
        AttrEntry::new(port::MTU.id(), Value::U32(1 << 20)),
        AttrEntry::new(port::FEC_MODE.id(), Value::I32(99)),
        AttrEntry::new(port::ADMIN_STATE.id(), Value::U32(1)),
    ] {
        let before = get(bed, &port, attr.id).unwrap();
        let error = set(bed, &port, attr.clone()).unwrap_err();
        assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0, "{error}");
        assert_eq!(get(bed, &port, attr.id).unwrap(), before);
    }
}

#[test]
fn what_the_profile_refuses() {
    needs!(Profile);
    let mut profile = Profile::default();
    profile.refuse.attributes.push("SAI_PORT_ATTR_MTU".into());
    profile.refuse.object_types.push("SAI_OBJECT_TYPE_LAG".into());
    let bed = &Bed::with(profile, Keys::default());
    let id = bed.switch;
    let port = ObjectRef::Object(ObjectType::PORT, oids(bed, &this(id), switch::PORT_LIST.id())[0]);
    let mtu = AttrEntry::new(port::MTU.id(), Value::U32(1500));
    assert_eq!(set(bed, &port, mtu).unwrap_err().status(), Status::ATTR_NOT_SUPPORTED_0);
    let mut asked = [port::ADMIN_STATE.id(), port::MTU.id()].map(AttrEntry::ask);
    let error = bed.backend().get(&port, &mut asked).unwrap_err();
    assert_eq!(error.status(), Status::ATTR_NOT_SUPPORTED_0.nth(1));
    let capability = bed.backend().query(id, Query::AttributeCapability(ObjectType::PORT, port::MTU.id()));
    assert_eq!(capability.unwrap(), sai::Answer::AttributeCapability(Default::default()));
    let error = create(bed, id, ObjectType::LAG, &[]).unwrap_err();
    assert_eq!(error.status(), Status::NOT_SUPPORTED);
}

#[test]
fn tables_that_are_full() {
    needs!(Profile);
    let mut profile = Profile::default();
    (profile.limits.fdb, profile.limits.ipv4_routes, profile.limits.lags) = (2, 1, 1);
    let bed = &Bed::with(profile, Keys::default());
    let id = bed.switch;
    let bv_id = oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id());
    let bridge = oid(bed, &this(id), switch::DEFAULT_1Q_BRIDGE_ID.id());
    let bridge = ObjectRef::Object(ObjectType::BRIDGE, bridge);
    let on = *oids(bed, &bridge, sai::bridge::PORT_LIST.id()).last().unwrap();
    let attrs = [
        AttrEntry::new(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
        AttrEntry::new(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(on)),
    ];
    let station = |n| -> Entry {
        FdbEntry { switch_id: id, mac_address: sai::MacAddr::new(2, 0, 0, 0, 0, n), bv_id }.into()
    };
    let add = |n| bed.backend().create(id, Target::Entry(&station(n)), &attrs).map_err(|e| e.status());
    assert_eq!((add(1), add(2)), (Ok(ObjectId::NULL), Ok(ObjectId::NULL)));
    assert_eq!(add(3), Err(Status::TABLE_FULL));
    bed.backend().remove(&station(1).into()).unwrap();
    assert_eq!(add(3), Ok(ObjectId::NULL));

    let vr_id = oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let route = |net: &str| -> Entry {
        Entry::Route(RouteEntry { switch_id: id, vr_id, destination: net.parse().unwrap() })
    };
    let drop =
        [AttrEntry::new(route_entry::PACKET_ACTION.id(), Value::I32(sai::types::PacketAction::DROP.0))];
    let add = |net| bed.backend().create(id, Target::Entry(&route(net)), &drop).map_err(|e| e.status());
    assert_eq!(add("192.0.2.0/24"), Ok(ObjectId::NULL));
    assert_eq!(add("198.51.100.0/24"), Err(Status::TABLE_FULL));
    assert_eq!(add("192.0.2.0/24"), Err(Status::ITEM_ALREADY_EXISTS), "it is there, full or not");

    let lag = create(bed, id, ObjectType::LAG, &[]).unwrap();
    let error = create(bed, id, ObjectType::LAG, &[]).unwrap_err();
    assert_eq!(error.status(), Status::INSUFFICIENT_RESOURCES);
    bed.backend().remove(&ObjectRef::Object(ObjectType::LAG, lag)).unwrap();
    create(bed, id, ObjectType::LAG, &[]).unwrap();
}

#[test]
fn a_feature_that_is_off() {
    needs!(Profile);
    let profile = Profile::from_toml("[features]\nlag = false\nstp = false\n").unwrap();
    let bed = &Bed::with(profile, Keys::default());
    let id = bed.switch;
    assert_eq!(create(bed, id, ObjectType::LAG, &[]).unwrap_err().status(), Status::NOT_SUPPORTED);
    assert_eq!(create(bed, id, ObjectType::STP, &[]).unwrap_err().status(), Status::NOT_SUPPORTED);
    let ask = |query| bed.backend().query(id, query).map_err(|e| e.status());
    let none = Ok(sai::Answer::AttributeCapability(Default::default()));
    assert_eq!(ask(Query::AttributeCapability(ObjectType::LAG, sai::lag::PORT_VLAN_ID.id())), none);
    assert_eq!(ask(Query::Availability(ObjectType::LAG, &[])), Err(Status::NOT_SUPPORTED));
    assert_eq!(ask(Query::StatsCapability(ObjectType::LAG)), Err(Status::NOT_SUPPORTED));
    let Value::I32List(types) = get(bed, &this(id), switch::SUPPORTED_OBJECT_TYPE_LIST.id()).unwrap() else {
        panic!("a list of types")
    };
    let has = |t: ObjectType| types.contains(&t.0);
    assert!(has(ObjectType::VLAN) && !has(ObjectType::LAG) && !has(ObjectType::LAG_MEMBER));
    // An attribute that can name nothing but what there is not.
    let made = ObjectRef::Object(ObjectType::VLAN, vlan(bed, id, 9).unwrap());
    let stp = oid(bed, &this(id), switch::DEFAULT_STP_INST_ID.id());
    let refused = set(bed, &made, AttrEntry::new(vlan::STP_INSTANCE.id(), Value::Oid(stp))).unwrap_err();
    assert_eq!(refused.status(), Status::ATTR_NOT_SUPPORTED_0);
    assert_eq!(ask(Query::AttributeCapability(ObjectType::VLAN, vlan::STP_INSTANCE.id())), none);
}

#[test]
fn what_belongs_to_another_type_of_object_means_nothing() {
    let bed = &Bed::plain();
    let vid = Value::U16(4);
    // A bridge port of type PORT with the VLAN of a sub-port is a bridge port of the port all the same.
    let second = [
        AttrEntry::new(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
        AttrEntry::new(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[0])),
        AttrEntry::new(bridge_port::VLAN_ID.id(), vid.clone()),
    ];
    let error = create(bed, bed.switch, ObjectType::BRIDGE_PORT, &second).unwrap_err();
    assert_eq!(error.status(), Status::ITEM_ALREADY_EXISTS);
    // So is a router interface.
    let vr = oid(bed, &this(bed.switch), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let interface = |more: &[AttrEntry]| {
        let attrs = [
            AttrEntry::new(router_interface::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
            AttrEntry::new(router_interface::TYPE.id(), Value::I32(router_interface::Type::PORT.0)),
            AttrEntry::new(router_interface::PORT_ID.id(), Value::Oid(bed.ports[1])),
        ];
        create(bed, bed.switch, ObjectType::ROUTER_INTERFACE, &[&attrs, more].concat())
    };
    let outer = AttrEntry::new(router_interface::OUTER_VLAN_ID.id(), vid);
    let vlan = AttrEntry::new(router_interface::VLAN_ID.id(), Value::Oid(bed.vlan1));
    let first = interface(std::slice::from_ref(&outer)).unwrap();
    for more in [&[][..], &[outer], &[vlan]] {
        assert_eq!(interface(more).unwrap_err().status(), Status::ITEM_ALREADY_EXISTS, "{more:?}");
    }
    bed.backend().remove(&ObjectRef::Object(ObjectType::ROUTER_INTERFACE, first)).unwrap();
    interface(&[]).unwrap();
}
