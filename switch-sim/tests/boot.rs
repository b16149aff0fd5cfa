//! What a switch has when it comes up, and what happens at its ports.

use std::sync::Arc;

use parking_lot::Mutex;
use sai::notify::{Notification, NotificationSink};
use sai::{
    AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Status, Target, Value, meta, port, switch, vlan,
};
use switch_sim::{Profile, Simulator};

#[derive(Debug, Default)]
struct Log(Mutex<Vec<Notification>>);

impl NotificationSink for Log {
    fn notify(&self, notification: &Notification) {
        self.0.lock().push(notification.clone());
    }
}

fn boot(profile: Profile) -> (Simulator, ObjectId) {
    let sim = Simulator::new(profile);
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    (sim, id)
}

fn get(sim: &Simulator, object: &ObjectRef, attr: u32) -> sai::Result<Value> {
    let mut attrs = [AttrEntry::ask(attr)];
    sim.get(object, &mut attrs)?;
    let [attr] = attrs;
    Ok(attr.value)
}

fn list(sim: &Simulator, object: &ObjectRef, attr: u32) -> Vec<ObjectId> {
    match get(sim, object, attr).unwrap() {
        Value::OidList(ids) => ids,
        other => panic!("{other:?} is no list"),
    }
}

#[test]
fn every_attribute_of_every_object_answers_cleanly() {
    let (sim, id) = boot(Profile::default());
    let mut asked = 0;
    for m in meta::OBJECTS.iter().filter(|m| !m.is_entry()) {
        let ids = sim.with_switch(id, |sw| sw.store.ids(m.object_type).collect::<Vec<_>>()).unwrap();
        for object in ids.into_iter().map(|o| ObjectRef::Object(m.object_type, o)) {
            for attr in m.attrs {
                asked += 1;
                match get(&sim, &object, attr.id) {
                    Ok(value) => assert_eq!(value.kind(), attr.ty.value_kind(), "{}", attr.name),
                    Err(e) => assert_eq!(e.status(), Status::ATTR_NOT_SUPPORTED_0, "{e}"),
                }
            }
        }
    }
    assert!(asked > 10_000);
}

#[test]
fn a_manager_takes_the_default_members_and_bridge_ports_away() {
    let (sim, id) = boot(Profile::default());
    let this = ObjectRef::Object(ObjectType::SWITCH, id);
    let vlan = get(&sim, &this, switch::DEFAULT_VLAN_ID.id()).unwrap().as_oid().unwrap();
    let vlan = ObjectRef::Object(ObjectType::VLAN, vlan);
    let members = list(&sim, &vlan, vlan::MEMBER_LIST.id());
    assert_eq!(members.len(), 32);
    let ports = list(&sim, &this, switch::PORT_LIST.id());
    let port = ObjectRef::Object(ObjectType::PORT, ports[0]);
    assert_eq!(sim.remove(&port).unwrap_err().status(), Status::OBJECT_IN_USE);
    for member in members {
        sim.remove(&ObjectRef::Object(ObjectType::VLAN_MEMBER, member)).unwrap();
    }
    assert_eq!(list(&sim, &vlan, vlan::MEMBER_LIST.id()), []);
    let bridge = get(&sim, &this, switch::DEFAULT_1Q_BRIDGE_ID.id()).unwrap().as_oid().unwrap();
    for bp in list(&sim, &ObjectRef::Object(ObjectType::BRIDGE, bridge), sai::bridge::PORT_LIST.id()) {
        sim.remove(&ObjectRef::Object(ObjectType::BRIDGE_PORT, bp)).unwrap();
    }
    let queues = list(&sim, &port, port::QOS_QUEUE_LIST.id());
    assert_eq!(queues.len(), 20);
    sim.remove(&port).unwrap();
    let gone = ObjectRef::Object(ObjectType::QUEUE, queues[0]);
    assert_eq!(get(&sim, &gone, sai::queue::INDEX.id()).unwrap_err().status(), Status::ITEM_NOT_FOUND);
    assert_eq!(list(&sim, &this, switch::PORT_LIST.id()).len(), 31);
    assert_eq!(sim.remove(&vlan).unwrap_err().status(), Status::OBJECT_IN_USE);
}

#[test]
fn a_port_is_broken_out_onto_its_lanes() {
    let mut profile = Profile::default();
    profile.boot.bridge_ports = false;
    profile.boot.vlan_members = false;
    profile.chip.max_ports = 36;
    let (sim, id) = boot(profile);
    let this = ObjectRef::Object(ObjectType::SWITCH, id);
    let create = |lanes: &[u32], speed: u32| {
        let attrs = [
            AttrEntry::new(port::HW_LANE_LIST.id(), Value::U32List(lanes.to_vec())),
            AttrEntry::new(port::SPEED.id(), Value::U32(speed)),
        ];
        sim.create(id, Target::Object(ObjectType::PORT), &attrs)
    };
    let first = list(&sim, &this, switch::PORT_LIST.id())[0];
    assert_eq!(create(&[1], 25_000).unwrap_err().status(), Status::ITEM_ALREADY_EXISTS);
    assert_eq!(create(&[257], 25_000).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(create(&[200], 40_000).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    sim.remove(&ObjectRef::Object(ObjectType::PORT, first)).unwrap();
    for lane in 1..=4 {
        create(&[lane], 25_000).unwrap();
    }
    create(&[200], 25_000).unwrap();
    assert_eq!(create(&[201], 25_000).unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    let room = sim.query(id, sai::Query::Availability(ObjectType::PORT, &[]));
    assert_eq!(room, Ok(sai::Answer::Count(0)));
    assert_eq!(list(&sim, &this, switch::PORT_LIST.id()).len(), 36);
    let stale = ObjectRef::Object(ObjectType::PORT, first);
    assert_eq!(sim.remove(&stale).unwrap_err().status(), Status::ITEM_NOT_FOUND);
}

#[test]
fn enabling_a_port_is_told_and_pulling_its_cable_too() {
    let (sim, id) = boot(Profile::default());
    let log = Arc::new(Log::default());
    sim.subscribe(log.clone());
    let first = list(&sim, &ObjectRef::Object(ObjectType::SWITCH, id), switch::PORT_LIST.id())[0];
    let port = ObjectRef::Object(ObjectType::PORT, first);
    let states = || {
        let told = std::mem::take(&mut *log.0.lock());
        told.into_iter()
            .flat_map(|n| match n {
                Notification::PortStateChange { data } => data,
                other => panic!("{other:?}"),
            })
            .map(|d| (d.port_id, d.port_state))
            .collect::<Vec<_>>()
    };
    sim.set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    assert_eq!(states(), [(first, port::OperStatus::UP)]);
    sim.set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    assert_eq!(states(), []);
    sim.set_link(first, false).unwrap();
    assert_eq!(states(), [(first, port::OperStatus::DOWN)]);
    assert_eq!(get(&sim, &port, port::OPER_SPEED.id()).unwrap(), Value::U32(0));
}

#[test]
fn a_bulk_set_has_the_side_effects_of_single_ones_and_stops_at_a_failure() {
    let (sim, id) = boot(Profile::default());
    let ports = list(&sim, &ObjectRef::Object(ObjectType::SWITCH, id), switch::PORT_LIST.id());
    let refs: Vec<_> =
        [ports[0], ObjectId(7), ports[1]].map(|p| ObjectRef::Object(ObjectType::PORT, p)).into();
    let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
    let items: Vec<_> = refs.iter().map(|object| sai::BulkSet { object, attr: &up }).collect();
    let status = |mode| -> Vec<Status> {
        let results = sim.bulk(sai::Bulk::Set(&items), mode);
        results.into_iter().map(|r| r.map_or_else(|e| e.status(), |_| Status::SUCCESS)).collect()
    };
    let state = |n: usize| get(&sim, &refs[n], port::OPER_STATUS.id()).unwrap();
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
fn a_switch_chooses_its_profile_by_hardware_info_or_profile_id() {
    let chip = |ports: u32, info: &str, id: u32| Profile {
        hardware_info: vec![info.into()],
        profile_id: vec![id],
        ..Profile::with_ports(ports)
    };
    let sim = Simulator::with_profiles(vec![chip(4, "leaf", 1), chip(8, "spine", 2)], Default::default());
    let info = |text: &str| {
        let text = text.bytes().map(|b| b as i8).collect();
        AttrEntry::new(switch::SWITCH_HARDWARE_INFO.id(), Value::I8List(text))
    };
    let id = |id| AttrEntry::new(switch::SWITCH_PROFILE_ID.id(), Value::U32(id));
    let ports = |attrs: &[AttrEntry]| {
        let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
        let attrs = [&[init], attrs].concat();
        let made = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &attrs).unwrap();
        list(&sim, &ObjectRef::Object(ObjectType::SWITCH, made), switch::PORT_LIST.id()).len()
    };
    assert_eq!(ports(&[]), 4);
    assert_eq!(ports(&[info("spine")]), 8);
    assert_eq!(ports(&[id(2)]), 8);
    assert_eq!(ports(&[info("leaf"), id(2)]), 4, "the hardware decides");
    assert_eq!(ports(&[info("another"), id(9)]), 4, "what no profile lists gets the first");
}

#[test]
fn a_switch_that_came_up_says_so_once() {
    let sim = Simulator::new(Profile::with_ports(2));
    let log = Arc::new(Log::default());
    sim.subscribe(log.clone());
    let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).unwrap();
    let told = std::mem::take(&mut *log.0.lock());
    let up = Notification::SwitchStateChange { switch_id: id, switch_oper_status: switch::OperStatus::UP };
    assert_eq!(told, [up], "and nothing else: the ports are down, the CPU port is no link");
}
