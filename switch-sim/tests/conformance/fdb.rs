//! Learned stations: aging, moving, limits, and VLANs that do not learn.

use std::time::Duration;

use sai::types::FdbEvent;
use sai::{AttrEntry, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Value, port, switch, vlan};

use super::bed::{Bed, get, needs, oid, oids, set, this};

const A: MacAddr = MacAddr::new(2, 0, 0, 0, 0, 0xA);
const B: MacAddr = MacAddr::new(2, 0, 0, 0, 0, 0xB);

/// The FDB events since the last call.
fn told(bed: &Bed) -> Vec<(FdbEvent, MacAddr)> {
    bed.fdb_events().concat()
}

/// A switch with three ports up, and its ports.
fn learner(bed: &Bed) -> (ObjectId, Vec<ObjectId>) {
    let id = bed.switch;
    let ports = oids(bed, &this(id), switch::PORT_LIST.id())[..3].to_vec();
    for port in &ports {
        let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
        set(bed, &ObjectRef::Object(ObjectType::PORT, *port), up).unwrap();
    }
    told(bed);
    (id, ports)
}

fn broadcast(bed: &Bed, port: ObjectId, from: MacAddr) {
    let mut frame = vec![0xff; 6];
    frame.extend(from.0);
    frame.extend([0x88, 0xb5]);
    frame.resize(60, 0);
    bed.wires().inject(port, &frame);
}

fn known(bed: &Bed, id: ObjectId) -> sai::Answer {
    bed.backend().query(id, Query::ObjectCount(ObjectType::FDB_ENTRY)).unwrap()
}

#[test]
fn a_station_that_sends_does_not_age() {
    needs!(Clock);
    let bed = &Bed::plain();
    let (id, ports) = learner(bed);
    set(bed, &this(id), AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(10))).unwrap();
    for _ in 0..4 {
        broadcast(bed, ports[0], A);
        bed.wait(Duration::from_secs(8));
    }
    assert_eq!(told(bed), [(FdbEvent::LEARNED, A)]);
    bed.wait(Duration::from_secs(12));
    assert_eq!(told(bed), [(FdbEvent::AGED, A)]);
    assert_eq!(known(bed, id), sai::Answer::Count(0));
}

#[test]
fn a_station_that_moves_is_told() {
    let bed = &Bed::plain();
    let (_, ports) = learner(bed);
    broadcast(bed, ports[0], A);
    broadcast(bed, ports[1], A);
    broadcast(bed, ports[1], A);
    assert_eq!(told(bed), [(FdbEvent::LEARNED, A), (FdbEvent::MOVE, A)]);
}

/// Acts: SAI_VLAN_ATTR_MAX_LEARNED_ADDRESSES.
#[test]
fn learning_stops_at_its_limit() {
    let bed = &Bed::plain();
    let (id, ports) = learner(bed);
    let vlan = ObjectRef::Object(ObjectType::VLAN, oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id()));
    set(bed, &vlan, AttrEntry::new(vlan::MAX_LEARNED_ADDRESSES.id(), Value::U32(1))).unwrap();
    broadcast(bed, ports[0], A);
    broadcast(bed, ports[1], B);
    assert_eq!(told(bed), [(FdbEvent::LEARNED, A)]);
    set(bed, &vlan, AttrEntry::new(vlan::MAX_LEARNED_ADDRESSES.id(), Value::U32(0))).unwrap();
    broadcast(bed, ports[1], B);
    assert_eq!(told(bed), [(FdbEvent::LEARNED, B)], "0 is no limit");
}

/// Acts: SAI_VLAN_ATTR_LEARN_DISABLE.
#[test]
fn a_vlan_told_not_to_learn_does_not() {
    needs!(Clock);
    let bed = &Bed::plain();
    let (id, ports) = learner(bed);
    let vlan = ObjectRef::Object(ObjectType::VLAN, oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id()));
    set(bed, &vlan, AttrEntry::new(vlan::LEARN_DISABLE.id(), Value::Bool(true))).unwrap();
    broadcast(bed, ports[0], A);
    assert_eq!(told(bed), []);
    assert_eq!(known(bed, id), sai::Answer::Count(0));
    assert!(bed.wires().receive(ports[1]).is_some(), "it forwards all the same");
    set(bed, &vlan, AttrEntry::new(vlan::LEARN_DISABLE.id(), Value::Bool(false))).unwrap();
    broadcast(bed, ports[0], A);
    assert_eq!(told(bed), [(FdbEvent::LEARNED, A)]);
}

#[test]
fn learned_stations_take_room_until_they_go() {
    needs!(Clock);
    let bed = &Bed::plain();
    let (id, ports) = learner(bed);
    let left = || match get(bed, &this(id), switch::AVAILABLE_FDB_ENTRY.id()).unwrap() {
        Value::U32(n) => n,
        other => panic!("{other:?}"),
    };
    set(bed, &this(id), AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(10))).unwrap();
    let before = left();
    broadcast(bed, ports[0], A);
    broadcast(bed, ports[1], B);
    assert_eq!(left(), before - 2);
    let keys = bed.backend().query(id, Query::ObjectKeys(ObjectType::FDB_ENTRY)).unwrap();
    let sai::Answer::ObjectKeys(keys) = keys else { panic!("{keys:?}") };
    bed.backend().remove(&keys[0]).unwrap();
    assert_eq!(left(), before - 1);
    bed.wait(Duration::from_secs(11));
    assert_eq!(left(), before);
}
