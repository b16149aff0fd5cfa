//! Bulk calls: the effects of single ones, a status for each object, both error modes.

use sai::entry::RouteEntry;
use sai::{
    Answer, AttrEntry, Bulk, BulkCreate, BulkErrorMode, BulkGet, BulkSet, Entry, ObjectId, ObjectRef,
    ObjectType, Query, Result, StatsOp, Status, Target, Value, port, route_entry, switch, vlan,
};

use super::bed::{A, ALL, Bed, frame, get, oid, oids, this};

fn statuses(results: &[Result<ObjectId>]) -> Vec<Status> {
    results.iter().map(|r| r.as_ref().map_or_else(|e| e.status(), |_| Status::SUCCESS)).collect()
}

#[test]
fn a_bulk_set_does_what_single_ones_do() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let refs: Vec<_> = ports[..3].iter().map(|p| ObjectRef::Object(ObjectType::PORT, *p)).collect();
    let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
    let bad = AttrEntry::new(port::SPEED.id(), Value::U32(1));
    let items: Vec<_> =
        refs.iter().zip([&up, &bad, &up]).map(|(object, attr)| BulkSet { object, attr }).collect();
    let state = |n: usize| get(bed, &refs[n], port::OPER_STATUS.id()).unwrap();
    let (is_up, is_down) = (Value::I32(port::OperStatus::UP.0), Value::I32(port::OperStatus::DOWN.0));
    let results = bed.backend().bulk(Bulk::Set(&items), BulkErrorMode::StopOnError);
    let refused = Status::INVALID_ATTR_VALUE_0;
    assert_eq!(statuses(&results), [Status::SUCCESS, refused, Status::NOT_EXECUTED]);
    assert_eq!((state(0), state(2)), (is_up.clone(), is_down));
    let results = bed.backend().bulk(Bulk::Set(&items), BulkErrorMode::IgnoreError);
    assert_eq!(statuses(&results), [Status::SUCCESS, refused, Status::SUCCESS]);
    assert_eq!(state(2), is_up);
}

#[test]
fn a_bulk_create_and_remove_in_both_modes() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let attrs = [20u16, 0, 21].map(|vid| [AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(vid))]);
    let items: Vec<_> =
        attrs.iter().map(|attrs| BulkCreate { target: Target::Object(ObjectType::VLAN), attrs }).collect();
    let make = |mode| bed.backend().bulk(Bulk::Create { switch: id, items: &items }, mode);
    let count = || bed.backend().query(id, Query::ObjectCount(ObjectType::VLAN)).unwrap();
    let made = make(BulkErrorMode::StopOnError);
    let bad = Status::INVALID_ATTR_VALUE_0;
    assert_eq!(statuses(&made), [Status::SUCCESS, bad, Status::NOT_EXECUTED]);
    assert_eq!(count(), Answer::Count(2));
    let again = make(BulkErrorMode::IgnoreError);
    assert_eq!(statuses(&again), [Status::ITEM_ALREADY_EXISTS, bad, Status::SUCCESS]);
    let one = |r: &Result<ObjectId>| ObjectRef::Object(ObjectType::VLAN, *r.as_ref().unwrap());
    let gone = ObjectRef::Object(ObjectType::VLAN, ObjectId::NULL);
    let remove = [one(&made[0]), gone, one(&again[2])];
    let results = bed.backend().bulk(Bulk::Remove(&remove), BulkErrorMode::StopOnError);
    assert_eq!(statuses(&results), [Status::SUCCESS, Status::INVALID_OBJECT_ID, Status::NOT_EXECUTED]);
    let results = bed.backend().bulk(Bulk::Remove(&remove), BulkErrorMode::IgnoreError);
    assert_eq!(statuses(&results), [Status::ITEM_NOT_FOUND, Status::INVALID_OBJECT_ID, Status::SUCCESS]);
    assert_eq!(count(), Answer::Count(1));
}

#[test]
fn entries_in_bulk_are_read_counted_and_listed() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let vr_id = oid(bed, &this(id), switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let entries: Vec<Entry> = (0..3)
        .map(|n| {
            let destination = format!("10.{n}.0.0/16").parse().unwrap();
            Entry::Route(RouteEntry { switch_id: id, vr_id, destination })
        })
        .collect();
    let action = sai::types::PacketAction::DROP.0;
    let attrs = [AttrEntry::new(route_entry::PACKET_ACTION.id(), Value::I32(action))];
    let before = bed.backend().query(id, Query::ObjectCount(ObjectType::ROUTE_ENTRY)).unwrap();
    let items: Vec<_> =
        entries[..2].iter().map(|e| BulkCreate { target: Target::Entry(e), attrs: &attrs }).collect();
    let made = bed.backend().bulk(Bulk::Create { switch: id, items: &items }, BulkErrorMode::StopOnError);
    assert_eq!(statuses(&made), [Status::SUCCESS; 2]);

    let refs: Vec<ObjectRef> = entries.iter().cloned().map(ObjectRef::from).collect();
    let order = [0, 2, 1];
    let mut asked = order.map(|_| [AttrEntry::ask(route_entry::PACKET_ACTION.id())]);
    let mut items: Vec<_> = order
        .iter()
        .zip(&mut asked)
        .map(|(n, attrs)| BulkGet { object: &refs[*n], attrs: &mut attrs[..] })
        .collect();
    let read = bed.backend().bulk(Bulk::Get(&mut items), BulkErrorMode::IgnoreError);
    assert_eq!(statuses(&read), [Status::SUCCESS, Status::ITEM_NOT_FOUND, Status::SUCCESS]);
    assert_eq!((&asked[0][0].value, &asked[2][0].value), (&Value::I32(action), &Value::I32(action)));

    let Answer::Count(before) = before else { panic!("{before:?}") };
    let after = bed.backend().query(id, Query::ObjectCount(ObjectType::ROUTE_ENTRY)).unwrap();
    assert_eq!(after, Answer::Count(before + 2));
    let keys = bed.backend().query(id, Query::ObjectKeys(ObjectType::ROUTE_ENTRY)).unwrap();
    let Answer::ObjectKeys(keys) = keys else { panic!("{keys:?}") };
    assert_eq!(keys.len() as u64, before + 2);
    assert!(keys.contains(&refs[0]) && keys.contains(&refs[1]) && !keys.contains(&refs[2]));
}

/// The same statistics of several ports: a status each, and the counters.
pub fn bulk_stats(
    bed: &Bed,
    ports: &[ObjectRef],
    stats: &[port::Stat],
    op: StatsOp,
) -> (Vec<Status>, Vec<u64>) {
    let ids: Vec<u32> = stats.iter().map(|s| s.0 as u32).collect();
    let mut out = vec![u64::MAX; ports.len() * ids.len()];
    let results = bed.backend().bulk_stats(ports, &ids, op, &mut out);
    let status = |r: &Result<()>| r.as_ref().map_or_else(|e| e.status(), |()| Status::SUCCESS);
    (results.iter().map(status).collect(), out)
}

#[test]
fn statistics_in_bulk_answer_for_each_object() {
    let bed = &Bed::plain();
    let id = bed.switch;
    let ports = oids(bed, &this(id), switch::PORT_LIST.id());
    let as_port = |id| ObjectRef::Object(ObjectType::PORT, id);
    let refs = [as_port(ports[0]), as_port(ObjectId::NULL), as_port(id), as_port(ports[1])];
    let stats = [port::Stat::IF_IN_OCTETS, port::Stat::IF_OUT_OCTETS];
    let expected = [Status::SUCCESS, Status::INVALID_OBJECT_ID, Status::INVALID_OBJECT_TYPE, Status::SUCCESS];
    assert_eq!(bulk_stats(bed, &refs, &stats, StatsOp::Read), (expected.to_vec(), vec![0; 8]));
    assert_eq!(bulk_stats(bed, &refs, &stats, StatsOp::ReadAndClear), (expected.to_vec(), vec![0; 8]));
    assert_eq!(bulk_stats(bed, &refs, &stats, StatsOp::Clear).0, expected);
    let unknown = [port::Stat(0x7fff)];
    assert_eq!(bulk_stats(bed, &refs[..1], &unknown, StatsOp::Read).0, [Status::INVALID_PARAMETER]);
}

#[test]
fn statistics_in_bulk_are_cleared_exactly() {
    let bed = &Bed::new();
    let refs = [0, 1].map(|n| ObjectRef::Object(ObjectType::PORT, bed.ports[n]));
    let send = |times: usize| (0..times).for_each(|_| drop(bed.send(0, &frame(ALL, A))));
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
    let cleared = bed.backend().bulk_stats(&refs, &[stats[0].0 as u32], StatsOp::Clear, &mut []);
    assert!(cleared.iter().all(Result::is_ok));
    assert_eq!(read(StatsOp::Read)[..2], [0, 3]);
}
