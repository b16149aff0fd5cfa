//! Bridging, as far as the boot contract promises it.

use std::time::Duration;

use sai::{AttrEntry, ObjectRef, ObjectType, Value, port, switch};

use crate::bed::{TestBed, boot, oids};

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
