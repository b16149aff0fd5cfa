//! Warm restart: what a client made, counted and learned is there again, under the same ids.

use sai::{
    Answer, AttrEntry, ObjectRef, ObjectType, Query, StatsOp, Status, Value, port, switch, vlan, vlan_member,
};
use switch_sim::Profile;
use switch_sim::warm::{BOOT_TYPE, WARM_BOOT_READ_FILE, WARM_BOOT_WRITE_FILE};

use super::bed::{Bed, create, get, needs, oid, oids, set, this};

#[test]
fn references_counters_and_stations_survive_a_warm_restart() {
    needs!(Profile);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("state").display().to_string();
    let start = |boot: &str| {
        let keys = [(BOOT_TYPE, boot), (WARM_BOOT_WRITE_FILE, file.as_str()), (WARM_BOOT_READ_FILE, &file)];
        Bed::with(Profile::default(), keys.into_iter().collect())
    };
    let old = start("0");
    let bed = &old;
    let id = bed.switch;
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
    bed.wires().inject(ports[0], &frame);
    let octets = |bed: &Bed| {
        let mut out = [0];
        let stat = [port::Stat::IF_IN_OCTETS.0 as u32];
        bed.backend().stats(&port, &stat, StatsOp::Read, &mut out).unwrap();
        out[0]
    };
    let stations = |bed: &Bed| bed.backend().query(id, Query::ObjectKeys(ObjectType::FDB_ENTRY)).unwrap();
    let (counted, learned) = (octets(bed), stations(bed));
    assert!(counted >= 60);
    assert!(matches!(&learned, Answer::ObjectKeys(keys) if keys.len() == 1), "{learned:?}");
    set(bed, &this(id), AttrEntry::new(switch::RESTART_WARM.id(), Value::Bool(true))).unwrap();
    bed.backend().remove(&this(id)).unwrap();

    drop(old);
    let new = start("1");
    let bed = &new;
    assert_eq!(bed.switch, id);
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
    bed.wires().inject(ports[1], &frame);
    assert_eq!(bed.wires().receive(ports[0]), Some(frame), "the learned station is found");
    bed.wires().inject(ports[0], &[0xff; 60]);
    assert!(octets(bed) > counted, "counting goes on");
}
