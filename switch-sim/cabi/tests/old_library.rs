//! Libraries of older releases: nothing younger than they are is read, called or sent.

#![allow(unsafe_code)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use parking_lot::Mutex;
use sai::dylib::Options;
use sai::meta::Release;
use sai::notify::{Notification, NotificationSink};
use sai::{
    AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Query, StatsOp, Status, Target, Value, meta, port,
    switch,
};
use serde_json::Value as Json;

/// The minor number of a release `1.x`; 12 where the model names none.
fn minor(item: &Json) -> u64 {
    item["since"].as_str().map_or(12, |s| s.strip_prefix("1.").unwrap().parse().unwrap())
}

/// How many slots the table of each API had in SAI 1.`release`, by the model.
fn tables(release: u64) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sai-sys/model/1.18.1");
    let headers: Vec<Json> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| serde_json::from_slice(&std::fs::read(f.unwrap().path()).unwrap()).unwrap())
        .collect();
    let list = |key: &'static str| headers.iter().filter_map(move |h| h[key].as_array()).flatten();
    let apis: Vec<&Json> = list("enums")
        .filter(|e| e["name"] == "sai_api_t")
        .flat_map(|e| e["values"].as_array().unwrap())
        .collect();
    let mut rows = String::new();
    for table in list("structs") {
        let Some(stem) = table["name"].as_str().unwrap().strip_suffix("_api_t") else { continue };
        let name = format!("SAI_API_{}", stem["sai_".len()..].to_uppercase());
        let Some(api) = apis.iter().find(|a| a["name"] == *name) else { continue };
        let slots = table["fields"].as_array().unwrap().iter().filter(|f| minor(f) <= release).count();
        if slots > 0 {
            write!(rows, "{{{}, {slots}}},", api["value"]).unwrap();
        }
    }
    rows
}

/// Builds a library of SAI 1.`release`.
fn build(release: u64) -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let library = folder.join(format!("libold-{release}-{}.so", std::process::id()));
    let output = Command::new(std::env::var_os("CC").unwrap_or("cc".into()))
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"])
        .arg(format!("-DVERSION={}", 10_000 + release * 100))
        .arg(format!("-DTABLES={}", tables(release)))
        .arg(format!("-DPORT_STATE_CHANGE_NOTIFY={}", switch::PORT_STATE_CHANGE_NOTIFY.id()))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/old_library.c"))
        .arg("-o")
        .arg(&library)
        .output()
        .expect("the C compiler runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    library
}

#[derive(Debug)]
struct Sink(Mutex<mpsc::Sender<Notification>>);

impl NotificationSink for Sink {
    fn notify(&self, notification: &Notification) {
        let _ = self.0.lock().send(notification.clone());
    }
}

/// The ids of the switch attributes that the library was sent.
fn seen(path: &Path) -> Vec<u32> {
    // SAFETY: the library is loaded already, and these are its variables.
    unsafe {
        let library = libloading::Library::new(path).unwrap();
        let count = **library.get::<*const u32>("old_seen_count").unwrap();
        let ids = *library.get::<*const u32>("old_seen").unwrap();
        (0..count as usize).map(|i| ids.add(i).read()).collect()
    }
}

#[test]
fn nothing_younger_is_read_called_or_sent() {
    for release in 12..=17 {
        let path = build(release);
        let age = Release { major: 1, minor: release as u8 };
        let library = Options::new().load(&path).unwrap();
        assert_eq!(library.release(), age);

        // Every slot is looked at: a younger one would end the process.
        let probe = library.probe();
        let younger = probe.apis.iter().flat_map(|a| &a.slots).filter(|s| s.there.is_none()).count();
        assert!(younger > 0, "SAI 1.{release} lacks slots of today");

        let (tx, rx) = mpsc::channel();
        library.subscribe(Arc::new(Sink(Mutex::new(tx))));
        let attrs = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
        let sw = library.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &attrs).unwrap();
        let told = rx.recv_timeout(Duration::from_secs(20)).expect("the library tells of a port");
        let Notification::PortStateChange { data } = told else { panic!("{told:?}") };
        let error = data[0].port_error_status.0 as u32;
        assert_eq!(error, if release < 15 { 0 } else { 0xdead_beef }, "SAI 1.{release}");

        for id in seen(&path) {
            let attr = meta::attr(ObjectType::SWITCH, id).unwrap();
            assert!(attr.since <= age, "{} was sent to SAI 1.{release}", attr.name);
        }

        // The caller is told why.
        let object = ObjectRef::Object(ObjectType::SWITCH, sw);
        let young =
            meta::object(ObjectType::SWITCH).unwrap().attrs.iter().filter(|a| a.since > age && a.can_set());
        for attr in young {
            let Some(value) = attr.default_value() else { continue };
            let e = library.set(&object, &AttrEntry::new(attr.id, value)).unwrap_err();
            assert_eq!(e.status(), Status::ATTR_NOT_SUPPORTED_0, "{}", attr.name);
            assert!(e.to_string().contains(&format!("the library speaks {age}")), "{e}");
        }
        for object in meta::OBJECTS.iter().filter(|o| o.since > age && o.key.is_none() && !o.experimental) {
            let e = library.create(sw, Target::Object(object.object_type), &[]).unwrap_err();
            assert_eq!(e.status(), Status::NOT_SUPPORTED, "{}", object.name);
        }
        if release < 15 {
            let e = library.query(sw, Query::StatsStCapability(ObjectType::PORT)).unwrap_err();
            assert_eq!(e.status(), Status::NOT_SUPPORTED);
        }

        // A null slot.
        let port = ObjectRef::Object(ObjectType::PORT, ObjectId(5));
        let e = library.get(&port, &mut [AttrEntry::ask(port::MTU.id())]).unwrap_err();
        assert_eq!(e.status(), Status::NOT_IMPLEMENTED);
        let e = library.stats(&port, &[0], StatsOp::Read, &mut [0]).unwrap_err();
        assert_eq!(e.status(), Status::NOT_SUPPORTED, "what the library itself answers");
        drop(library);
        std::fs::remove_file(path).unwrap();
    }
}
