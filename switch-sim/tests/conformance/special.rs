//! Calls that are no verb of an object: all neighbors, all statistics, the dump.

use sai::entry::NeighborEntry;
use sai::{
    Answer, AttrEntry, Entry, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Special, SpecialAnswer,
    StatsOp, Status, Target, Value, neighbor_entry, port, router_interface, switch,
};

use super::bed::{Bed, create, get, oid, oids, set, this};

#[test]
fn all_neighbors_go_at_once() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vr = oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let port = oids(bed, &this(id), switch::PORT_LIST.id())[0];
    let attrs = [
        AttrEntry::new(router_interface::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
        AttrEntry::new(router_interface::TYPE.id(), Value::I32(router_interface::Type::PORT.0)),
        AttrEntry::new(router_interface::PORT_ID.id(), Value::Oid(port)),
    ];
    let rif_id = create(bed, id, ObjectType::ROUTER_INTERFACE, &attrs).unwrap();
    let left = || get(bed, &this(id), switch::AVAILABLE_IPV4_NEIGHBOR_ENTRY.id()).unwrap();
    let before = left();
    let mac =
        [AttrEntry::new(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr::new(2, 0, 0, 0, 0, 9)))];
    for host in 1..=3u8 {
        let entry: Entry =
            NeighborEntry { switch_id: id, rif_id, ip_address: [10, 0, 0, host].into() }.into();
        bed.backend().create(id, Target::Entry(&entry), &mac).unwrap();
    }
    assert_ne!(left(), before);
    assert_eq!(bed.backend().special(id, Special::RemoveAllNeighbors), Ok(SpecialAnswer::Done));
    let count = bed.backend().query(id, Query::ObjectCount(ObjectType::NEIGHBOR_ENTRY));
    assert_eq!(count, Ok(Answer::Count(0)));
    assert_eq!(left(), before);
    let rif = ObjectRef::Object(ObjectType::ROUTER_INTERFACE, rif_id);
    assert_eq!(bed.backend().remove(&rif), Ok(()), "no neighbor refers to it any more");
}

#[test]
fn all_statistics_of_a_port_are_cleared() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    for port in &ports[..2] {
        let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
        set(bed, &ObjectRef::Object(ObjectType::PORT, *port), up).unwrap();
    }
    for (n, port) in ports[..2].iter().enumerate() {
        let mut frame = [&[0xff; 6][..], &[2, 0, 0, 0, 0, n as u8], &[0x88, 0xb5]].concat();
        frame.resize(60, 0);
        bed.wires().inject(*port, &frame);
    }
    bed.settle();
    let read = |port: ObjectId| {
        let stats = [port::Stat::IF_IN_OCTETS, port::Stat::IF_OUT_OCTETS].map(|s| s.0 as u32);
        let mut out = [0; 2];
        bed.backend()
            .stats(&ObjectRef::Object(ObjectType::PORT, port), &stats, StatsOp::Read, &mut out)
            .unwrap();
        out
    };
    let other = read(ports[1]);
    assert!(read(ports[0]).iter().all(|n| *n > 0));
    bed.backend().special(id, Special::ClearPortAllStats(ports[0])).unwrap();
    assert_eq!((read(ports[0]), read(ports[1])), ([0; 2], other));
    let error = bed.backend().special(id, Special::ClearPortAllStats(id)).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_OBJECT_TYPE);
}

#[test]
fn a_dump_holds_the_state() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let dir = std::env::temp_dir().join(format!("switch-sim-dump-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("dump.json").display().to_string();
    bed.backend().special(ObjectId::NULL, Special::Dump(&path)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let dumped: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let objects = dumped[0]["objects"].as_array().unwrap();
    assert!(objects.len() > 32 * ports.len(), "ports, queues, schedulers and more");
    let nowhere = dir.join("no such folder/dump.json").display().to_string();
    let error = bed.backend().special(ObjectId::NULL, Special::Dump(&nowhere)).unwrap_err();
    assert_eq!(error.status(), Status::FAILURE);
    std::fs::remove_dir_all(&dir).unwrap();
}
