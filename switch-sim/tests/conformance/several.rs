//! Several switches of one backend.

use sai::{
    AttrEntry, Entry, ObjectId, ObjectRef, ObjectType, Query, StatsOp, Status, Target, Value,
    entry::RouteEntry, port, route_entry, switch, vlan, vlan_member,
};

use super::bed::{Bed, boot, create, get, needs, oid, oids, set, this};

fn first_port(bed: &Bed, id: ObjectId) -> ObjectRef {
    ObjectRef::Object(ObjectType::PORT, oids(bed, &this(id), switch::PORT_LIST.id())[0])
}

fn octets(bed: &Bed, port: &ObjectRef, op: StatsOp) -> u64 {
    let mut out = [0];
    bed.backend().stats(port, &[port::Stat::IF_IN_OCTETS.0 as u32], op, &mut out).unwrap();
    out[0]
}

#[test]
fn each_switch_counts_for_itself() {
    // Elsewhere the second has no wires of its own.
    needs!(Profile);
    let bed = &Bed::plain();
    let switches = [bed.switch, boot(bed.wires())];
    let ports = switches.map(|id| first_port(bed, id));
    for port in &ports {
        set(bed, port, AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    }
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 7, 0x88, 0xb5]);
    frame.resize(60, 0);
    for (port, times) in ports.iter().zip([1, 3]) {
        for _ in 0..times {
            bed.wires().inject(port.oid().unwrap(), &frame);
        }
    }
    let read = |op| [octets(bed, &ports[0], op), octets(bed, &ports[1], op)];
    assert_eq!(read(StatsOp::Read), [64, 192]);
    assert_eq!(octets(bed, &ports[0], StatsOp::ReadAndClear), 64);
    assert_eq!(read(StatsOp::Read), [0, 192], "the other switch's counter stays");
    bed.wires().inject(ports[0].oid().unwrap(), &frame);
    assert_eq!(read(StatsOp::ReadAndClear), [64, 192], "what came after the clearing is counted once");
    assert_eq!(read(StatsOp::Read), [0, 0]);
}

#[test]
fn objects_stay_on_their_switch() {
    let bed = &Bed::plain();
    let [one, two] = [bed.switch, boot(bed.wires())];
    assert_ne!(one, two);
    let macs = [one, two].map(|id| get(bed, &this(id), switch::SRC_MAC_ADDRESS.id()).unwrap());
    assert_ne!(macs[0], macs[1]);
    let vid = [AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(9))];
    let here = create(bed, one, ObjectType::VLAN, &vid).unwrap();
    let there = create(bed, two, ObjectType::VLAN, &vid).unwrap();
    assert_eq!(bed.backend().switch_of(here), Some(one));
    assert_eq!(bed.backend().switch_of(there), Some(two));
    let bridge =
        ObjectRef::Object(ObjectType::BRIDGE, oid(bed, &this(two), switch::DEFAULT_1Q_BRIDGE_ID.id()));
    let foreign = *oids(bed, &bridge, sai::bridge::PORT_LIST.id()).last().unwrap();
    let attrs = [
        AttrEntry::new(vlan_member::VLAN_ID.id(), Value::Oid(here)),
        AttrEntry::new(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(foreign)),
    ];
    assert!(create(bed, one, ObjectType::VLAN_MEMBER, &attrs).is_err(), "a member of another switch");

    let vr_id = oid(bed, &this(one), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let destination = "192.0.2.0/24".parse().unwrap();
    let entry = Entry::Route(RouteEntry { switch_id: ObjectId::NULL, vr_id, destination });
    let drop = [AttrEntry::new(route_entry::PACKET_ACTION.id(), Value::I32(0))];
    let error = bed.backend().create(ObjectId::NULL, Target::Entry(&entry), &drop).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_OBJECT_ID, "null means the only switch, and there are two");

    bed.backend().remove(&this(one)).unwrap();
    assert_eq!(get(bed, &this(one), switch::PORT_LIST.id()).unwrap_err().status(), Status::ITEM_NOT_FOUND);
    let count = bed.backend().query(two, Query::ObjectCount(ObjectType::VLAN)).unwrap();
    assert_eq!(count, sai::Answer::Count(2));
}
