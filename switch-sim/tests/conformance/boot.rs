//! What a switch has when it comes up, and what happens at its ports.

use sai::meta::AttrFlags;
use sai::notify::Notification;
use sai::{
    AttrEntry, ObjectId, ObjectRef, ObjectType, Query, Status, Target, Value, meta, port, switch, vlan,
};
use switch_sim::Profile;
use switch_sim::warm::Keys;

use super::bed::{Bed, boot, get, needs, oids};

#[test]
fn every_attribute_of_every_object_answers_cleanly() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let mut asked = 0;
    for m in meta::OBJECTS.iter().filter(|m| !m.is_entry()) {
        let keys = bed.backend().query(id, Query::ObjectKeys(m.object_type));
        let Ok(sai::Answer::ObjectKeys(objects)) = keys else { panic!("{}: {keys:?}", m.name) };
        for object in objects {
            for attr in m.attrs {
                asked += 1;
                match get(bed, &object, attr.id) {
                    Ok(value) => assert_eq!(value.kind(), attr.ty.value_kind(), "{}", attr.name),
                    Err(e) => assert_eq!(e.status(), Status::ATTR_NOT_SUPPORTED_0, "{e}"),
                }
            }
        }
    }
    assert!(asked > 300 * bed.ports.len(), "{asked} were asked for");
}

/// An orchestrator asks the capability first and reads only what it may.
#[test]
fn the_capability_to_read_is_that_of_reading() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let mut wrong = Vec::new();
    for m in meta::OBJECTS.iter().filter(|m| !m.is_entry()) {
        let keys = bed.backend().query(id, Query::ObjectKeys(m.object_type));
        let Ok(sai::Answer::ObjectKeys(objects)) = keys else { panic!("{}: {keys:?}", m.name) };
        for attr in m.attrs.iter().filter(|_| !objects.is_empty()) {
            let answers = objects.iter().any(|object| get(bed, object, attr.id).is_ok());
            let can = bed.backend().query(id, Query::AttributeCapability(m.object_type, attr.id));
            let Ok(sai::Answer::AttributeCapability(can)) = can else { panic!("{}: {can:?}", attr.name) };
            // What a client never gave, and has no default, cannot be read yet.
            let given = !attr.flags.contains(AttrFlags::READ_ONLY);
            if can.get != (answers || given) {
                wrong.push(format!("{}: says {}, answers {answers}", attr.name, can.get));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_manager_takes_the_default_members_and_bridge_ports_away() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let this = ObjectRef::Object(ObjectType::SWITCH, id);
    let vlan = get(bed, &this, switch::DEFAULT_VLAN_ID.id()).unwrap().as_oid().unwrap();
    let vlan = ObjectRef::Object(ObjectType::VLAN, vlan);
    let members = oids(bed, &vlan, vlan::MEMBER_LIST.id());
    assert_eq!(members.len(), bed.ports.len());
    let ports = oids(bed, &this, switch::PORT_LIST.id());
    let port = ObjectRef::Object(ObjectType::PORT, ports[0]);
    assert_eq!(bed.backend().remove(&port).unwrap_err().status(), Status::OBJECT_IN_USE);
    for member in members {
        bed.backend().remove(&ObjectRef::Object(ObjectType::VLAN_MEMBER, member)).unwrap();
    }
    assert_eq!(oids(bed, &vlan, vlan::MEMBER_LIST.id()), []);
    let bridge = get(bed, &this, switch::DEFAULT_1Q_BRIDGE_ID.id()).unwrap().as_oid().unwrap();
    for bp in oids(bed, &ObjectRef::Object(ObjectType::BRIDGE, bridge), sai::bridge::PORT_LIST.id()) {
        bed.backend().remove(&ObjectRef::Object(ObjectType::BRIDGE_PORT, bp)).unwrap();
    }
    let queues = oids(bed, &port, port::QOS_QUEUE_LIST.id());
    assert_eq!(queues.len(), 20);
    bed.backend().remove(&port).unwrap();
    let gone = ObjectRef::Object(ObjectType::QUEUE, queues[0]);
    assert_eq!(get(bed, &gone, sai::queue::INDEX.id()).unwrap_err().status(), Status::ITEM_NOT_FOUND);
    assert_eq!(oids(bed, &this, switch::PORT_LIST.id()).len(), bed.ports.len() - 1);
    assert_eq!(bed.backend().remove(&vlan).unwrap_err().status(), Status::OBJECT_IN_USE);
}

/// Acts: SAI_PORT_ATTR_HW_LANE_LIST, SAI_PORT_ATTR_SPEED.
#[test]
fn a_port_is_broken_out_onto_its_lanes() {
    needs!(Profile);
    let mut profile = Profile::default();
    profile.boot.bridge_ports = false;
    profile.boot.vlan_members = false;
    profile.chip.max_ports = 36;
    let bed = &Bed::with(profile, Keys::default());
    let id = bed.switch;
    let this = ObjectRef::Object(ObjectType::SWITCH, id);
    let create = |lanes: &[u32], speed: u32| {
        let attrs = [
            AttrEntry::new(port::HW_LANE_LIST.id(), Value::U32List(lanes.to_vec())),
            AttrEntry::new(port::SPEED.id(), Value::U32(speed)),
        ];
        bed.backend().create(id, Target::Object(ObjectType::PORT), &attrs)
    };
    let first = oids(bed, &this, switch::PORT_LIST.id())[0];
    assert_eq!(create(&[1], 25_000).unwrap_err().status(), Status::ITEM_ALREADY_EXISTS);
    assert_eq!(create(&[257], 25_000).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(create(&[200], 40_000).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    bed.backend().remove(&ObjectRef::Object(ObjectType::PORT, first)).unwrap();
    for lane in 1..=4 {
        create(&[lane], 25_000).unwrap();
    }
    create(&[200], 25_000).unwrap();
    assert_eq!(create(&[201], 25_000).unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    let room = bed.backend().query(id, Query::Availability(ObjectType::PORT, &[]));
    assert_eq!(room, Ok(sai::Answer::Count(0)));
    assert_eq!(oids(bed, &this, switch::PORT_LIST.id()).len(), 36);
    let stale = ObjectRef::Object(ObjectType::PORT, first);
    assert_eq!(bed.backend().remove(&stale).unwrap_err().status(), Status::ITEM_NOT_FOUND);
}

/// Acts: SAI_PORT_ATTR_ADMIN_STATE.
#[test]
fn enabling_a_port_is_told_and_pulling_its_cable_too() {
    needs!(Hands);
    let bed = &Bed::plain();
    let id = bed.switch;
    let first = oids(bed, &ObjectRef::Object(ObjectType::SWITCH, id), switch::PORT_LIST.id())[0];
    let port = ObjectRef::Object(ObjectType::PORT, first);
    let states = || {
        bed.notifications()
            .into_iter()
            .flat_map(|n| match n {
                Notification::PortStateChange { data } => data,
                other => panic!("{other:?}"),
            })
            .map(|d| (d.port_id, d.port_state))
            .collect::<Vec<_>>()
    };
    bed.backend().set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    assert_eq!(states(), [(first, port::OperStatus::UP)]);
    bed.backend().set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    assert_eq!(states(), []);
    bed.set_link(0, false);
    assert_eq!(states(), [(first, port::OperStatus::DOWN)]);
    assert_eq!(get(bed, &port, port::OPER_SPEED.id()).unwrap(), Value::U32(0));
}

#[test]
fn a_bulk_set_has_the_side_effects_of_single_ones_and_stops_at_a_failure() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let ports = oids(bed, &ObjectRef::Object(ObjectType::SWITCH, id), switch::PORT_LIST.id());
    let refs: Vec<_> =
        [ports[0], ObjectId(7), ports[1]].map(|p| ObjectRef::Object(ObjectType::PORT, p)).into();
    let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
    let items: Vec<_> = refs.iter().map(|object| sai::BulkSet { object, attr: &up }).collect();
    let status = |mode| -> Vec<Status> {
        let results = bed.backend().bulk(sai::Bulk::Set(&items), mode);
        results.into_iter().map(|r| r.map_or_else(|e| e.status(), |_| Status::SUCCESS)).collect()
    };
    let state = |n: usize| get(bed, &refs[n], port::OPER_STATUS.id()).unwrap();
    assert_eq!(
        status(sai::BulkErrorMode::StopOnError),
        [Status::SUCCESS, Status::INVALID_OBJECT_ID, Status::NOT_EXECUTED]
    );
    assert_eq!(state(0), Value::I32(port::OperStatus::UP.0));
    assert_eq!(state(2), Value::I32(port::OperStatus::DOWN.0));
    assert_eq!(
        status(sai::BulkErrorMode::IgnoreError),
        [Status::SUCCESS, Status::INVALID_OBJECT_ID, Status::SUCCESS]
    );
    assert_eq!(state(2), Value::I32(port::OperStatus::UP.0));
}

#[test]
fn a_switch_that_came_up_says_so_once() {
    let bed = &Bed::plain();
    let id = boot(bed.wires());
    let up = Notification::SwitchStateChange { switch_id: id, switch_oper_status: switch::OperStatus::UP };
    let told = bed.notifications();
    assert_eq!(told, [up], "and nothing else: the ports are down, the CPU port is no link");
}

/// Acts: SAI_SWITCH_ATTR_INIT_SWITCH.
#[test]
fn a_switch_is_initialised_by_its_creation() {
    let bed = &Bed::plain();
    let create = |attrs: &[AttrEntry]| {
        let made = bed.backend().create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), attrs);
        made.map_err(|e| e.status())
    };
    let init = |yes| [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(yes))];
    assert_eq!(create(&[]), Err(Status::MANDATORY_ATTRIBUTE_MISSING));
    assert_eq!(create(&init(false)), Err(Status::INVALID_ATTR_VALUE_0), "there is none to connect to");
}
