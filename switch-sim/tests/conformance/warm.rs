//! Warm restart: what a client made, counted and learned is there again, under the same ids.

use sai::{
    Answer, AttrEntry, ObjectRef, ObjectType, Query, StatsOp, Status, Value, port, switch, vlan, vlan_member,
};

use crate::bed::{TestBed, boot, create, get, oid, oids, set, this};

/// `start` gives a fresh library whose `SAI_BOOT_TYPE` is the argument, with the files named.
pub fn references_counters_and_stations_survive(start: &dyn Fn(&str) -> Box<dyn TestBed>) {
    let old = start("0");
    let bed = old.as_ref();
    let id = boot(bed);
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
    let port = ObjectRef::Object(ObjectType::PORT, ports[0]);
    set(bed, &port, up.clone()).unwrap();
    set(bed, &ObjectRef::Object(ObjectType::PORT, ports[1]), up).unwrap();
    let bridge =
        ObjectRef::Object(ObjectType::BRIDGE, oid(bed, &this(id), switch::DEFAULT_1Q_BRIDGE_ID.id()));
    let bridge_port = *oids(bed, &bridge, sai::bridge::PORT_LIST.id()).last().unwrap();
    let vid = [AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(30))];
    let vlan = create(bed, id, ObjectType::VLAN, &vid).unwrap();
    let attrs = [
        AttrEntry::new(vlan_member::VLAN_ID.id(), Value::Oid(vlan)),
        AttrEntry::new(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(bridge_port)),
    ];
    let member = create(bed, id, ObjectType::VLAN_MEMBER, &attrs).unwrap();
    let station = [2, 0, 0, 0, 0, 7];
    let mut frame = [&[0xff; 6][..], &station, &[0x88, 0xb5]].concat();
    frame.resize(60, 0);
    bed.inject(ports[0], &frame);
    let octets = |bed: &dyn TestBed| {
        let mut out = [0];
        let stat = [port::Stat::IF_IN_OCTETS.0 as u32];
        bed.backend().stats(&port, &stat, StatsOp::Read, &mut out).unwrap();
        out[0]
    };
    let stations =
        |bed: &dyn TestBed| bed.backend().query(id, Query::ObjectKeys(ObjectType::FDB_ENTRY)).unwrap();
    let (counted, learned) = (octets(bed), stations(bed));
    assert!(counted >= 60);
    assert!(matches!(&learned, Answer::ObjectKeys(keys) if keys.len() == 1), "{learned:?}");
    set(bed, &this(id), AttrEntry::new(switch::RESTART_WARM.id(), Value::Bool(true))).unwrap();
    bed.backend().remove(&this(id)).unwrap();

    let new = start("1");
    let bed = new.as_ref();
    assert_eq!(boot(bed), id);
    assert_eq!(oids(bed, &this(id), switch::PORT_LIST.id()), ports);
    assert_eq!(get(bed, &port, port::OPER_STATUS.id()).unwrap(), Value::I32(port::OperStatus::UP.0));
    assert_eq!(octets(bed), counted);
    assert_eq!(stations(bed), learned);
    let remove = |t, id| bed.backend().remove(&ObjectRef::Object(t, id)).map_err(|e| e.status());
    assert_eq!(remove(ObjectType::VLAN, vlan), Err(Status::OBJECT_IN_USE), "its member refers to it");
    assert_eq!(remove(ObjectType::BRIDGE_PORT, bridge_port), Err(Status::OBJECT_IN_USE));
    assert_eq!(remove(ObjectType::VLAN_MEMBER, member), Ok(()));
    assert_eq!(remove(ObjectType::VLAN, vlan), Ok(()));
    frame[..6].copy_from_slice(&station);
    frame[11] = 8;
    bed.inject(ports[1], &frame);
    assert_eq!(bed.receive(ports[0]), Some(frame), "the learned station is found");
    bed.inject(ports[0], &[0xff; 60]);
    assert!(octets(bed) > counted, "counting goes on");
}
