//! What becomes of stations: learning modes and limits, entries and their actions, flushes and their events.

use super::bed::*;
use sai::bridge_port::FdbLearningMode as Mode;
use sai::entry::FdbEntry;
use sai::fdb_entry::Type;
use sai::fdb_flush::{self, EntryType};
use sai::types::{FdbEvent, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    AttrEntry, AttrId, MacAddr, ObjectId, ObjectRef, ObjectType, Special, Target, Value, bridge, bridge_port,
    fdb_entry, queue, switch, vlan,
};
use switch_sim::warm::Keys;
use switch_sim::{FlushEvents, Profile};

const C: [u8; 6] = [2, 0, 0, 0, 0, 0xC];

fn punted(bed: &Bed) -> u64 {
    bed.read_and_clear(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0)
}

fn station(bed: &Bed, vlan: ObjectId, mac: [u8; 6]) -> FdbEntry {
    FdbEntry { switch_id: bed.switch, mac_address: MacAddr(mac), bv_id: vlan }
}

fn knows(bed: &Bed, vlan: ObjectId, mac: [u8; 6]) -> bool {
    let mut asked = [AttrEntry::ask(fdb_entry::TYPE.id())];
    bed.backend().get(&ObjectRef::Entry(station(bed, vlan, mac).into()), &mut asked).is_ok()
}

fn add(bed: &Bed, vlan: ObjectId, mac: [u8; 6], port: usize, more: &[AttrEntry]) {
    let attrs = [
        attr(fdb_entry::TYPE.id(), Value::I32(Type::STATIC.0)),
        attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[port])),
    ];
    let entry = station(bed, vlan, mac).into();
    bed.backend().create(bed.switch, Target::Entry(&entry), &[&attrs, more].concat()).unwrap();
}

#[test]
fn each_learning_mode_treats_an_unknown_station_its_way() {
    // Copies that leave, packets to the CPU, whether it is learned, events.
    for (mode, copies, to_cpu, learned, events) in [
        (Mode::HW, 7, 0, true, 1),
        (Mode::DISABLE, 7, 0, false, 0),
        (Mode::DROP, 0, 0, false, 0),
        (Mode::CPU_TRAP, 0, 1, false, 0),
        (Mode::CPU_LOG, 7, 1, false, 0),
        (Mode::FDB_NOTIFICATION, 0, 0, false, 1),
    ] {
        let bed = Bed::new();
        let mode_of = bridge_port::FDB_LEARNING_MODE.id();
        bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[0], mode_of, Value::I32(mode.0));
        assert_eq!((bed.to(0, &frame(C, A)).len(), punted(&bed)), (copies, to_cpu), "{mode}");
        assert_eq!(knows(&bed, bed.vlan1, A), learned, "{mode}");
        assert_eq!(bed.fdb_events().concat(), vec![(FdbEvent::LEARNED, MacAddr(A)); events], "{mode}");
        // Once a client has made an entry, the station's frames pass in every mode.
        if !learned {
            add(&bed, bed.vlan1, A, 0, &[]);
        }
        assert_eq!((bed.to(0, &frame(C, A)).len(), punted(&bed)), (7, 0), "{mode}");
        assert!(bed.fdb_events().is_empty(), "{mode}");
    }
}

#[test]
fn each_violation_action_of_a_limit() {
    use PacketAction as Act;
    for (action, copies, to_cpu) in [
        (Act::DROP, 0, 0),
        (Act::DENY, 0, 0),
        (Act::FORWARD, 7, 0),
        (Act::TRANSIT, 7, 0),
        (Act::TRAP, 0, 1),
        (Act::COPY, 7, 1),
        (Act::LOG, 7, 1),
    ] {
        let bed = Bed::new();
        let bp = bed.bridge_ports[0];
        bed.set(ObjectType::BRIDGE_PORT, bp, bridge_port::MAX_LEARNED_ADDRESSES.id(), Value::U32(1));
        let violation = bridge_port::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION.id();
        bed.set(ObjectType::BRIDGE_PORT, bp, violation, Value::I32(action.0));
        assert_eq!((bed.to(0, &frame(ALL, A)).len(), punted(&bed)), (7, 0));
        assert_eq!((bed.to(0, &frame(ALL, B)).len(), punted(&bed)), (copies, to_cpu), "{action}");
        assert!(!knows(&bed, bed.vlan1, B));
        assert_eq!(bed.to(0, &frame(ALL, A)).len(), 7, "who is known goes on");
    }
}

/// Acts: SAI_SWITCH_ATTR_MAX_LEARNED_ADDRESSES, SAI_VLAN_ATTR_MAX_LEARNED_ADDRESSES, SAI_VLAN_ATTR_LEARN_DISABLE,
/// SAI_BRIDGE_ATTR_MAX_LEARNED_ADDRESSES, SAI_BRIDGE_ATTR_LEARN_DISABLE.
#[test]
fn limits_of_switch_vlan_and_bridge() {
    let bed = Bed::new();
    let vlan10 = bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::TAGGED)]);
    let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
    let bridge_id = bed.create(ObjectType::BRIDGE, &[kind]);
    for n in [0, 1] {
        bed.create(
            ObjectType::BRIDGE_PORT,
            &[
                attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
                attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[n])),
                attr(bridge_port::VLAN_ID.id(), Value::U16(20)),
                attr(bridge_port::BRIDGE_ID.id(), Value::Oid(bridge_id)),
                attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
            ],
        );
    }
    let domains = [
        (ObjectType::VLAN, vlan10, vlan::MAX_LEARNED_ADDRESSES.id(), vlan::LEARN_DISABLE.id(), 10),
        (ObjectType::BRIDGE, bridge_id, bridge::MAX_LEARNED_ADDRESSES.id(), bridge::LEARN_DISABLE.id(), 20),
    ];
    let flush = || bed.backend().special(bed.switch, Special::FlushFdb(&[])).unwrap();
    for (ty, id, limit, disable, vid) in domains {
        bed.set(ty, id, limit, Value::U32(1));
        bed.send(0, &tagged(ALL, A, vid));
        bed.send(0, &tagged(ALL, B, vid));
        assert!(knows(&bed, id, A) && !knows(&bed, id, B), "{ty}");
        bed.send(0, &frame(ALL, B));
        assert!(knows(&bed, bed.vlan1, B), "another domain has its own");
        bed.set(ty, id, limit, Value::U32(0));
        bed.send(0, &tagged(ALL, B, vid));
        assert!(knows(&bed, id, B), "0 is no limit");
        flush();
        bed.set(ty, id, disable, Value::Bool(true));
        assert_eq!(bed.to(0, &tagged(ALL, A, vid)), [1], "{ty}");
        assert!(!knows(&bed, id, A));
        bed.set(ty, id, disable, Value::Bool(false));
    }
    flush();
    bed.set(ObjectType::SWITCH, bed.switch, switch::MAX_LEARNED_ADDRESSES.id(), Value::U32(2));
    for mac in [A, B, C] {
        bed.send(0, &frame(ALL, mac));
    }
    assert!(knows(&bed, bed.vlan1, B) && !knows(&bed, bed.vlan1, C));
    add(&bed, bed.vlan1, C, 4, &[]);
    assert!(knows(&bed, bed.vlan1, C), "a limit of learning is none of entries that clients make");
}

#[test]
fn each_action_of_an_entry() {
    use PacketAction as Act;
    let bed = Bed::new();
    add(&bed, bed.vlan1, B, 4, &[]);
    let entry = ObjectRef::Entry(station(&bed, bed.vlan1, B).into());
    for (action, leaves, to_cpu) in [
        (Act::DROP, false, 0),
        (Act::DENY, false, 0),
        (Act::FORWARD, true, 0),
        (Act::TRANSIT, true, 0),
        (Act::TRAP, false, 1),
        (Act::COPY, true, 1),
        (Act::LOG, true, 1),
    ] {
        let to_set = attr(fdb_entry::PACKET_ACTION.id(), Value::I32(action.0));
        bed.backend().set(&entry, &to_set).unwrap();
        let expected: &[usize] = if leaves { &[4] } else { &[] };
        assert_eq!((&bed.to(0, &frame(B, A))[..], punted(&bed)), (expected, to_cpu), "{action}");
    }
    // A new port is where its frames go from now on.
    let port = Value::Oid(bed.bridge_ports[6]);
    bed.backend().set(&entry, &attr(fdb_entry::BRIDGE_PORT_ID.id(), port)).unwrap();
    assert_eq!(bed.to(0, &frame(B, A)), [6]);
    // As a dynamic one it is learned anew, and flushed with the others.
    bed.backend().set(&entry, &attr(fdb_entry::TYPE.id(), Value::I32(Type::DYNAMIC.0))).unwrap();
    bed.send(3, &frame(ALL, B));
    assert_eq!(bed.to(0, &frame(B, A)), [3]);
    bed.backend().special(bed.switch, Special::FlushFdb(&[])).unwrap();
    assert!(!knows(&bed, bed.vlan1, B));
}

/// A station: its port, whether it is in VLAN 10 (else 1), whether it is static, and its address.
type Station = (usize, bool, bool, [u8; 6]);

/// A switch with a dynamic and a static station at each of the ports 0 and 1 in each of the VLANs 1 and 10.
fn peopled(profile: Profile) -> (Bed, ObjectId, Vec<Station>) {
    let bed = Bed::with(profile, Keys::default());
    let vlan10 = bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::TAGGED)]);
    let mut all = Vec::new();
    for port in [0, 1] {
        for in_10 in [false, true] {
            for is_static in [false, true] {
                let mac = [2, 0, 0, port as u8, u8::from(in_10), u8::from(is_static)];
                match (is_static, in_10) {
                    (true, _) => add(&bed, if in_10 { vlan10 } else { bed.vlan1 }, mac, port, &[]),
                    (false, true) => drop(bed.send(port, &tagged(ALL, mac, 10))),
                    (false, false) => drop(bed.send(port, &frame(ALL, mac))),
                }
                all.push((port, in_10, is_static, mac));
            }
        }
    }
    bed.fdb_events();
    (bed, vlan10, all)
}

/// Every combination of a port (0 or any), a VLAN (10 or any) and a type.
fn filters() -> impl Iterator<Item = (bool, bool, Option<EntryType>)> {
    let types = [None, Some(EntryType::DYNAMIC), Some(EntryType::STATIC), Some(EntryType::ALL)];
    [false, true].into_iter().flat_map(move |port| {
        [false, true].into_iter().flat_map(move |vlan| types.into_iter().map(move |ty| (port, vlan, ty)))
    })
}

fn flush_attrs(
    bed: &Bed,
    vlan10: ObjectId,
    (port, vlan, ty): (bool, bool, Option<EntryType>),
) -> Vec<AttrEntry> {
    let oid = |on: bool, id: AttrId, value| on.then(|| attr(id, Value::Oid(value)));
    let port = oid(port, fdb_flush::BRIDGE_PORT_ID.id(), bed.bridge_ports[0]);
    let vlan = oid(vlan, fdb_flush::BV_ID.id(), vlan10);
    let ty = ty.map(|ty| attr(fdb_flush::ENTRY_TYPE.id(), Value::I32(ty.0)));
    port.into_iter().chain(vlan).chain(ty).collect()
}

/// Whether a flush takes dynamic entries, and static ones.
fn types(ty: Option<EntryType>) -> [bool; 2] {
    match ty {
        None | Some(EntryType::DYNAMIC) => [true, false],
        Some(EntryType::STATIC) => [false, true],
        _ => [true, true],
    }
}

#[test]
fn a_flush_takes_what_all_its_filters_name_and_tells_of_each() {
    needs!(Profile);
    for filter in filters() {
        let (bed, vlan10, all) = peopled(eight_ports());
        bed.backend().special(bed.switch, Special::FlushFdb(&flush_attrs(&bed, vlan10, filter))).unwrap();
        let (of_port, of_vlan, ty) = filter;
        let mut gone = Vec::new();
        for (port, in_10, is_static, mac) in all {
            let taken = (!of_port || port == 0) && (!of_vlan || in_10) && types(ty)[usize::from(is_static)];
            assert_eq!(
                knows(&bed, if in_10 { vlan10 } else { bed.vlan1 }, mac),
                !taken,
                "{filter:?} {mac:?}"
            );
            gone.extend(taken.then_some((FdbEvent::FLUSHED, MacAddr(mac))));
        }
        let mut told = bed.fdb_events().concat();
        told.sort_by_key(|(_, mac)| mac.0);
        gone.sort_by_key(|(_, mac)| mac.0);
        assert_eq!(told, gone, "{filter:?}");
    }
}

#[test]
fn a_consolidated_flush_tells_once_a_type() {
    needs!(Profile);
    for filter in filters() {
        let mut profile = eight_ports();
        profile.fdb_flush_events = FlushEvents::Consolidated;
        let (bed, vlan10, all) = peopled(profile);
        bed.backend().special(bed.switch, Special::FlushFdb(&flush_attrs(&bed, vlan10, filter))).unwrap();
        let (of_port, of_vlan, ty) = filter;
        let left = all
            .iter()
            .filter(|(_, in_10, _, mac)| knows(&bed, if *in_10 { vlan10 } else { bed.vlan1 }, *mac));
        let expected_left = all.iter().filter(|(port, in_10, is_static, _)| {
            !((!of_port || *port == 0) && (!of_vlan || *in_10) && types(ty)[usize::from(*is_static)])
        });
        assert!(left.eq(expected_left), "{filter:?}");
        let told = bed.fdb_notifications().concat();
        let expected: Vec<_> = [Type::DYNAMIC, Type::STATIC]
            .into_iter()
            .zip(types(ty))
            .filter(|(_, on)| *on)
            .map(|(ty, _)| {
                let port = of_port.then_some(bed.bridge_ports[0]);
                (ty, port, if of_vlan { vlan10 } else { ObjectId::NULL })
            })
            .collect();
        let got: Vec<_> = told
            .iter()
            .map(|data| {
                assert_eq!((data.event_type, data.fdb_entry.mac_address), (FdbEvent::FLUSHED, MacAddr::ZERO));
                let value = |id: AttrId| data.attr.iter().find(|a| a.id == id).map(|a| a.value.clone());
                let Some(Value::I32(ty)) = value(fdb_entry::TYPE.id()) else { panic!("a type") };
                let port = value(fdb_entry::BRIDGE_PORT_ID.id()).and_then(|v| v.as_oid());
                (Type(ty), port, data.fdb_entry.bv_id)
            })
            .collect();
        assert_eq!(got, expected, "{filter:?}");
    }
}

#[test]
fn what_goes_with_its_port_or_vlan_is_told() {
    needs!(Profile);
    for events in [FlushEvents::Each, FlushEvents::Consolidated] {
        let mut profile = eight_ports();
        profile.fdb_flush_events = events;
        let bed = Bed::with(profile, Keys::default());
        let vlan10 = bed.vlan(10, &[(0, TaggingMode::TAGGED)]);
        let member = bed.members(vlan10)[0];
        bed.send(0, &tagged(ALL, A, 10));
        bed.send(0, &frame(ALL, A));
        bed.fdb_events();
        bed.remove(ObjectType::VLAN_MEMBER, member);
        let mac = if events == FlushEvents::Each { MacAddr(A) } else { MacAddr::ZERO };
        assert_eq!(bed.fdb_events(), [vec![(FdbEvent::FLUSHED, mac)]], "{events:?}");
        assert!(!knows(&bed, vlan10, A) && knows(&bed, bed.vlan1, A));
        bed.set(
            ObjectType::BRIDGE_PORT,
            bed.bridge_ports[0],
            bridge_port::ADMIN_STATE.id(),
            Value::Bool(false),
        );
        assert_eq!(bed.fdb_events(), [vec![(FdbEvent::FLUSHED, mac)]], "{events:?}");
    }
}

#[test]
fn bad_flushes_change_nothing() {
    needs!(Profile);
    let (bed, vlan10, all) = peopled(eight_ports());
    let flush = |attrs: &[AttrEntry]| {
        bed.backend().special(bed.switch, Special::FlushFdb(attrs)).unwrap_err().status()
    };
    let port = attr(fdb_flush::BRIDGE_PORT_ID.id(), Value::Oid(bed.ports[0]));
    assert_eq!(flush(&[port]), sai::Status::INVALID_ATTR_VALUE_0);
    let bv = attr(fdb_flush::BV_ID.id(), Value::Oid(vlan10));
    let ty = attr(fdb_flush::ENTRY_TYPE.id(), Value::I32(9));
    assert_eq!(flush(&[bv.clone(), ty]), sai::Status::INVALID_ATTR_VALUE_0.nth(1));
    assert_eq!(flush(&[bv, attr(99, Value::U8(0))]), sai::Status::UNKNOWN_ATTRIBUTE_0.nth(1));
    for (_, in_10, _, mac) in all {
        assert!(knows(&bed, if in_10 { vlan10 } else { bed.vlan1 }, mac));
    }
    assert!(bed.fdb_events().is_empty());
}
