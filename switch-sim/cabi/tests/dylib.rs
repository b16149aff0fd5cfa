//! The library driven by `sai::dylib`: C and Rust meet in the middle.

mod common;

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use sai::dylib::{Dylib, Options};
use sai::entry::RouteEntry;
use sai::notify::{Notification, NotificationSink};
use sai::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, Entry, ObjectId, ObjectRef, ObjectType, StatsOp,
    Status, Target, Value, port, route_entry, switch,
};

/// A process has one library: the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    // target/PROFILE/deps/TEST
    common::folder().join("libsai.so")
}

fn load() -> (MutexGuard<'static, ()>, Dylib) {
    let turn = TURN.lock();
    let library = Options::new().thread_safe(true).load(path()).unwrap();
    (turn, library)
}

fn create_switch(library: &Dylib) -> ObjectId {
    let attrs = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    library.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &attrs).unwrap()
}

fn get(library: &Dylib, object: &ObjectRef, id: u32) -> sai::Result<Value> {
    let mut attrs = [AttrEntry::ask(id)];
    library.get(object, &mut attrs)?;
    let [a] = attrs;
    Ok(a.value)
}

fn ports(library: &Dylib, sw: ObjectId) -> Vec<ObjectId> {
    match get(library, &ObjectRef::Object(ObjectType::SWITCH, sw), switch::PORT_LIST.id()).unwrap() {
        Value::OidList(ids) => ids,
        other => panic!("{other:?}"),
    }
}

#[derive(Debug)]
struct Sink(Mutex<mpsc::Sender<Notification>>);

impl NotificationSink for Sink {
    fn notify(&self, notification: &Notification) {
        let _ = self.0.lock().send(notification.clone());
    }
}

#[test]
fn a_probe_finds_every_slot_filled() {
    let (_turn, library) = load();
    let probe = library.probe();
    assert!(probe.exports.iter().all(|e| e.there == Some(true)), "{probe}");
    let slots: Vec<_> = probe.apis.iter().flat_map(|a| &a.slots).collect();
    assert_eq!(slots.len(), 808);
    assert!(slots.iter().all(|s| s.there == Some(true)), "{probe}");
}

#[test]
fn a_second_library_is_refused_and_the_first_can_be_loaded_again() {
    let (_turn, library) = load();
    let e = Options::new().load(path()).unwrap_err();
    assert!(e.to_string().contains("loaded already"), "{e}");
    create_switch(&library);
    drop(library);
    let library = Options::new().load(path()).unwrap();
    let sw = create_switch(&library);
    assert_eq!(ports(&library, sw).len(), 32, "everything was forgotten");
}

#[test]
fn what_is_set_is_read_back_through_c() {
    let (_turn, library) = load();
    let sw = create_switch(&library);
    assert_eq!(library.object_type(sw), Some(ObjectType::SWITCH));
    let port = ports(&library, sw)[0];
    assert_eq!(library.switch_of(port), Some(sw));
    let object = ObjectRef::Object(ObjectType::PORT, port);
    library.set(&object, &AttrEntry::new(port::MTU.id(), Value::U32(4321))).unwrap();
    assert_eq!(get(&library, &object, port::MTU.id()), Ok(Value::U32(4321)));
    let mut counters = [u64::MAX; 2];
    let stats = [port::Stat::IF_IN_OCTETS.0 as u32, port::Stat::IF_OUT_OCTETS.0 as u32];
    library.stats(&object, &stats, StatsOp::Read, &mut counters).unwrap();
    assert_eq!(counters, [0, 0]);
    // An id that was never issued, an attribute that does not exist, and one that cannot be set.
    let nobody = ObjectRef::Object(ObjectType::PORT, ObjectId(0xffff_ffff_ffff_ffff));
    assert_eq!(get(&library, &nobody, port::MTU.id()).unwrap_err().status(), Status::INVALID_OBJECT_ID);
    let unknown = get(&library, &object, 0x0fff_0000).unwrap_err();
    assert_eq!(unknown.status(), Status::UNKNOWN_ATTRIBUTE_0);
    let e = library.set(&object, &AttrEntry::new(port::OPER_STATUS.id(), Value::I32(1))).unwrap_err();
    assert_eq!(e.status(), Status::INVALID_ATTRIBUTE_0);
}

#[test]
fn a_notification_arrives_after_the_switch_is_known() {
    let (_turn, library) = load();
    let (tx, rx) = mpsc::channel();
    library.subscribe(Arc::new(Sink(Mutex::new(tx))));
    let sw = create_switch(&library);
    let port = ports(&library, sw)[0];
    let up = AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true));
    library.set(&ObjectRef::Object(ObjectType::PORT, port), &up).unwrap();
    // What the switch tells of itself and its CPU port may come before.
    let state = loop {
        let told = rx.recv_timeout(Duration::from_secs(20)).expect("the port comes up");
        if let Notification::PortStateChange { data } = told
            && let Some(told) = data.iter().find(|d| d.port_id == port)
        {
            break told.port_state;
        }
    };
    assert_eq!(state, port::OperStatus::UP);
}

#[test]
fn bulk_calls_answer_for_each_object() {
    let (_turn, library) = load();
    let sw = create_switch(&library);
    let root = ObjectRef::Object(ObjectType::SWITCH, sw);
    let router = get(&library, &root, switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).unwrap().as_oid().unwrap();
    let cpu = get(&library, &root, switch::CPU_PORT.id()).unwrap();
    let entries: Vec<Entry> = ["10.0.0.0/8", "10.0.0.0/8", "11.0.0.0/8"]
        .iter()
        .map(|p| RouteEntry { switch_id: sw, vr_id: router, destination: p.parse().unwrap() }.into())
        .collect();
    let attrs = [AttrEntry::new(route_entry::NEXT_HOP_ID.id(), cpu.clone())];
    let items: Vec<_> =
        entries.iter().map(|e| BulkCreate { target: Target::Entry(e), attrs: &attrs }).collect();
    let statuses = |mode| -> Vec<Status> {
        let results = library.bulk(Bulk::Create { switch: sw, items: &items }, mode);
        results.iter().map(|r| r.as_ref().map_or_else(|e| e.status(), |_| Status::SUCCESS)).collect()
    };
    let exists = Status::ITEM_ALREADY_EXISTS;
    assert_eq!(statuses(BulkErrorMode::StopOnError), [Status::SUCCESS, exists, Status::NOT_EXECUTED]);
    assert_eq!(statuses(BulkErrorMode::IgnoreError), [exists, exists, Status::SUCCESS]);
    let first = ObjectRef::Entry(entries[0].clone());
    assert_eq!(get(&library, &first, route_entry::NEXT_HOP_ID.id()), Ok(cpu));
}
