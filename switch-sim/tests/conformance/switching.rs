//! Bridging, as far as the boot contract promises it.

use std::time::Duration;

use sai::{AttrEntry, ObjectRef, ObjectType, StatsOp, Value, port, switch};

use crate::bed::{TestBed, boot, oids, set, this};
use crate::bulk::bulk_stats;

pub fn an_enabled_port_floods_to_its_vlan(bed: &dyn TestBed) {
    let id = boot(bed);
    let ports = oids(bed, &ObjectRef::Object(ObjectType::SWITCH, id), switch::PORT_LIST.id());
    for port in &ports[..3] {
        let port = ObjectRef::Object(ObjectType::PORT, *port);
        bed.backend().set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    }
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 7, 0x88, 0xb5]);
    frame.resize(64, 0);
    bed.inject(ports[0], &frame);
    bed.advance(Duration::from_millis(1));
    assert_eq!(bed.receive(ports[0]), None);
    assert_eq!(bed.receive(ports[1]), Some(frame.clone()));
    assert_eq!(bed.receive(ports[2]), Some(frame));
    assert_eq!(bed.receive(ports[3]), None, "a port that is down sends nothing");
}

pub fn statistics_in_bulk_are_cleared_exactly(bed: &dyn TestBed) {
    let id = boot(bed);
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let refs = [0, 1].map(|n| ObjectRef::Object(ObjectType::PORT, ports[n]));
    for port in &refs {
        set(bed, port, AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    }
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 7, 0x88, 0xb5]);
    frame.resize(60, 0);
    let send = |times: usize| (0..times).for_each(|_| bed.inject(ports[0], &frame));
    let stats = [port::Stat::IF_IN_OCTETS, port::Stat::IF_IN_NON_UCAST_PKTS];
    let read = |op| bulk_stats(bed, &refs, &stats, op).1;
    send(2);
    assert_eq!(read(StatsOp::Read)[..2], [128, 2]);
    assert_eq!(read(StatsOp::ReadAndClear)[..2], [128, 2]);
    assert_eq!(read(StatsOp::Read), [0; 4]);
    send(1);
    assert_eq!(read(StatsOp::ReadAndClear)[..2], [64, 1], "what came since is counted once");
    send(3);
    // Clearing some counters leaves the others.
    assert!(
        bed.backend()
            .bulk_stats(&refs, &[stats[0].0 as u32], StatsOp::Clear, &mut [])
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(read(StatsOp::Read)[..2], [0, 3]);
}
