//! Learned stations: aging, moving, limits, and VLANs that do not learn.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sai::notify::{Notification, NotificationSink};
use sai::types::FdbEvent;
use sai::{AttrEntry, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Value, port, switch, vlan};

use crate::bed::{TestBed, boot, get, oid, oids, set, this};

const A: MacAddr = MacAddr::new(2, 0, 0, 0, 0, 0xA);
const B: MacAddr = MacAddr::new(2, 0, 0, 0, 0, 0xB);

#[derive(Debug, Default)]
struct Events(Mutex<Vec<(FdbEvent, MacAddr)>>);

impl Events {
    fn take(&self) -> Vec<(FdbEvent, MacAddr)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl NotificationSink for Events {
    fn notify(&self, notification: &Notification) {
        if let Notification::FdbEvent { data } = notification {
            self.0.lock().unwrap().extend(data.iter().map(|d| (d.event_type, d.fdb_entry.mac_address)));
        }
    }
}

/// A switch with three ports up, its ports, and what it tells of its FDB.
fn learner(bed: &dyn TestBed) -> (ObjectId, Vec<ObjectId>, Arc<Events>) {
    let id = boot(bed);
    let ports = oids(bed, &this(id), switch::PORT_LIST.id())[..3].to_vec();
    for port in &ports {
        let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
        set(bed, &ObjectRef::Object(ObjectType::PORT, *port), up).unwrap();
    }
    let events = Arc::new(Events::default());
    bed.backend().subscribe(events.clone());
    (id, ports, events)
}

fn broadcast(bed: &dyn TestBed, port: ObjectId, from: MacAddr) {
    let mut frame = vec![0xff; 6];
    frame.extend(from.0);
    frame.extend([0x88, 0xb5]);
    frame.resize(60, 0);
    bed.inject(port, &frame);
}

fn known(bed: &dyn TestBed, id: ObjectId) -> sai::Answer {
    bed.backend().query(id, Query::ObjectCount(ObjectType::FDB_ENTRY)).unwrap()
}

pub fn a_station_that_sends_does_not_age(bed: &dyn TestBed) {
    let (id, ports, events) = learner(bed);
    set(bed, &this(id), AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(10))).unwrap();
    for _ in 0..4 {
        broadcast(bed, ports[0], A);
        bed.advance(Duration::from_secs(8));
    }
    assert_eq!(events.take(), [(FdbEvent::LEARNED, A)]);
    bed.advance(Duration::from_secs(12));
    assert_eq!(events.take(), [(FdbEvent::AGED, A)]);
    assert_eq!(known(bed, id), sai::Answer::Count(0));
}

pub fn a_station_that_moves_is_told(bed: &dyn TestBed) {
    let (_, ports, events) = learner(bed);
    broadcast(bed, ports[0], A);
    broadcast(bed, ports[1], A);
    broadcast(bed, ports[1], A);
    assert_eq!(events.take(), [(FdbEvent::LEARNED, A), (FdbEvent::MOVE, A)]);
}

pub fn learning_stops_at_its_limit(bed: &dyn TestBed) {
    let (id, ports, events) = learner(bed);
    let vlan = ObjectRef::Object(ObjectType::VLAN, oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id()));
    set(bed, &vlan, AttrEntry::new(vlan::MAX_LEARNED_ADDRESSES.id(), Value::U32(1))).unwrap();
    broadcast(bed, ports[0], A);
    broadcast(bed, ports[1], B);
    assert_eq!(events.take(), [(FdbEvent::LEARNED, A)]);
    set(bed, &vlan, AttrEntry::new(vlan::MAX_LEARNED_ADDRESSES.id(), Value::U32(0))).unwrap();
    broadcast(bed, ports[1], B);
    assert_eq!(events.take(), [(FdbEvent::LEARNED, B)], "0 is no limit");
}

pub fn a_vlan_told_not_to_learn_does_not(bed: &dyn TestBed) {
    let (id, ports, events) = learner(bed);
    let vlan = ObjectRef::Object(ObjectType::VLAN, oid(bed, &this(id), switch::DEFAULT_VLAN_ID.id()));
    set(bed, &vlan, AttrEntry::new(vlan::LEARN_DISABLE.id(), Value::Bool(true))).unwrap();
    broadcast(bed, ports[0], A);
    assert_eq!(events.take(), []);
    assert_eq!(known(bed, id), sai::Answer::Count(0));
    assert!(bed.receive(ports[1]).is_some(), "it forwards all the same");
    set(bed, &vlan, AttrEntry::new(vlan::LEARN_DISABLE.id(), Value::Bool(false))).unwrap();
    broadcast(bed, ports[0], A);
    assert_eq!(events.take(), [(FdbEvent::LEARNED, A)]);
}

pub fn learned_stations_take_room_until_they_go(bed: &dyn TestBed) {
    let (id, ports, _) = learner(bed);
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
    bed.advance(Duration::from_secs(11));
    assert_eq!(left(), before);
}
