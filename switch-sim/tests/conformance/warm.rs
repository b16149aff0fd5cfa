//! Warm restart: what a client made, counted and learned is there again, under the same ids.

use std::path::Path;

use sai::debug_counter::{self, Type};
use sai::types::{InDropReason, PacketAction};
use sai::{
    Answer, AttrEntry, ObjectRef, ObjectType, Query, Special, SpecialAnswer, StatsOp, Status, Value, hostif,
    hostif_packet, hostif_table_entry, hostif_trap, port, switch, vlan, vlan_member,
};
use switch_sim::Profile;
use switch_sim::warm::{BOOT_TYPE, WARM_BOOT_READ_FILE, WARM_BOOT_WRITE_FILE};
use switch_sim::wire::text;

use super::bed::{Bed, create, get, needs, oid, oids, set, this};

/// A bed that starts cold (`0`) or warm (`1`) with a state file in `dir`.
fn start(dir: &Path, boot: &str) -> Bed {
    let file = dir.join("state").display().to_string();
    let keys = [(BOOT_TYPE, boot), (WARM_BOOT_WRITE_FILE, &file), (WARM_BOOT_READ_FILE, &file)];
    Bed::with(Profile::default(), keys.into_iter().collect())
}

/// Stops the switch so that it can start warm.
fn stop(bed: &Bed) {
    set(bed, &this(bed.switch), AttrEntry::new(switch::RESTART_WARM.id(), Value::Bool(true))).unwrap();
    bed.backend().remove(&this(bed.switch)).unwrap();
}

#[test]
fn references_counters_and_stations_survive_a_warm_restart() {
    needs!(Profile);
    let dir = tempfile::tempdir().unwrap();
    let old = start(dir.path(), "0");
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
    stop(bed);

    drop(old);
    let new = start(dir.path(), "1");
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

#[test]
fn debug_counters_and_host_interfaces_survive_a_warm_restart() {
    needs!(Profile);
    let dir = tempfile::tempdir().unwrap();
    let old = start(dir.path(), "0");
    let bed = &old;
    let ports = oids(bed, &this(bed.switch), switch::PORT_LIST.id());
    let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
    set(bed, &ObjectRef::Object(ObjectType::PORT, ports[0]), up).unwrap();
    let make = |t, attrs: &[AttrEntry]| create(bed, bed.switch, t, attrs).unwrap();
    let counter = make(
        ObjectType::DEBUG_COUNTER,
        &[
            AttrEntry::new(debug_counter::TYPE.id(), Value::I32(Type::PORT_IN_DROP_REASONS.0)),
            AttrEntry::new(
                debug_counter::IN_DROP_REASON_LIST.id(),
                Value::I32List(vec![InDropReason::SMAC_EQUALS_DMAC.0]),
            ),
        ],
    );
    let device = make(
        ObjectType::HOSTIF,
        &[
            AttrEntry::new(hostif::TYPE.id(), Value::I32(hostif::Type::NETDEV.0)),
            AttrEntry::new(hostif::OBJ_ID.id(), Value::Oid(ports[0])),
            AttrEntry::new(hostif::NAME.id(), Value::CharData("Ethernet0".try_into().unwrap())),
            AttrEntry::new(hostif::OPER_STATUS.id(), Value::Bool(true)),
        ],
    );
    let channel = Value::I32(hostif_table_entry::ChannelType::NETDEV_PHYSICAL_PORT.0);
    make(
        ObjectType::HOSTIF_TABLE_ENTRY,
        &[
            AttrEntry::new(hostif_table_entry::TYPE.id(), Value::I32(hostif_table_entry::Type::WILDCARD.0)),
            AttrEntry::new(hostif_table_entry::CHANNEL_TYPE.id(), channel),
        ],
    );
    let trap = make(
        ObjectType::HOSTIF_TRAP,
        &[
            AttrEntry::new(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::LLDP.0)),
            AttrEntry::new(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ],
    );
    let from_itself = text::parse("eth dst=02:00:00:00:00:07 src=02:00:00:00:00:07 pad=60").unwrap();
    let lldp = text::parse("eth dst=01:80:c2:00:00:0e src=02:00:00:00:00:07 type=0x88cc pad=60").unwrap();
    let punted = |bed: &Bed| {
        bed.wires().inject(ports[0], &lldp);
        match bed.backend().special(bed.switch, Special::RecvHostifPacket { hostif: device }).unwrap() {
            SpecialAnswer::Packet { frame, attrs } => {
                let of_trap = attrs.into_iter().find(|a| a.id == hostif_packet::HOSTIF_TRAP_ID.id());
                (frame, of_trap.map(|a| a.value))
            }
            other => panic!("{other:?} is no packet"),
        }
    };
    let drops = |bed: &Bed| {
        let object = ObjectRef::Object(ObjectType::DEBUG_COUNTER, counter);
        let Value::U32(index) = get(bed, &object, debug_counter::INDEX.id()).unwrap() else { panic!() };
        let mut out = [0];
        let stat = [port::Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS.0 as u32 + index];
        let port = ObjectRef::Object(ObjectType::PORT, ports[0]);
        bed.backend().stats(&port, &stat, StatsOp::Read, &mut out).unwrap();
        out[0]
    };
    bed.wires().inject(ports[0], &from_itself);
    let arrived = (lldp.clone(), Some(Value::Oid(trap)));
    assert_eq!((drops(bed), punted(bed)), (1, arrived.clone()));
    stop(bed);

    drop(old);
    let new = start(dir.path(), "1");
    let bed = &new;
    assert_eq!(drops(bed), 1, "what was counted is not lost");
    bed.wires().inject(ports[0], &from_itself);
    assert_eq!((drops(bed), punted(bed)), (2, arrived));
    let second = [
        AttrEntry::new(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::LLDP.0)),
        AttrEntry::new(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
    ];
    let error = create(bed, bed.switch, ObjectType::HOSTIF_TRAP, &second).unwrap_err();
    assert_eq!(error.status(), Status::ITEM_ALREADY_EXISTS);
}
