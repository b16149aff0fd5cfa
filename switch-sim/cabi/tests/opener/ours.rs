//! Our own library.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use parking_lot::Mutex;
use sai::dylib::{Dylib, Options};
use sai::text::key;
use sai::{Backend, Error, ObjectId, ObjectRef, Result, StatId, Status, meta};
use serde_json::Value as Json;
use switch_sim::Profile;
use switch_sim::pipeline::Trace;
use switch_sim::warm::{BOOT_TYPE, Keys, WARM_BOOT_READ_FILE, WARM_BOOT_WRITE_FILE};
use switch_sim_live::control::{Address, Client, ClientError, Request, hex};

use super::Turn;
use crate::common;
use crate::suite::bed::TestBed;

/// The library, and its control socket.
pub struct ThroughC {
    control: Mutex<Client>,
    /// Frames taken from a port and not asked for yet.
    taken: Mutex<HashMap<ObjectId, VecDeque<Vec<u8>>>>,
    library: Dylib,
    dir: tempfile::TempDir,
    _turn: Turn,
}

impl ThroughC {
    pub fn open(profile: &Profile, keys: &Keys) -> ThroughC {
        let turn = Turn::take();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("profile.toml");
        std::fs::write(&file, toml::to_string(profile).unwrap()).unwrap();
        let socket = Address::Unix(dir.path().join("control"));
        let mut options = Options::new()
            .profile("SWITCH_SIM_PROFILE", file.display().to_string())
            .profile("SWITCH_SIM_CLOCK", "virtual")
            .profile("SWITCH_SIM_SEED", "7")
            .profile("SWITCH_SIM_CONTROL", socket.to_string());
        for key in [BOOT_TYPE, WARM_BOOT_WRITE_FILE, WARM_BOOT_READ_FILE] {
            if let Some(value) = keys.get(key) {
                options = options.profile(key, value);
            }
        }
        let library = options.load(common::folder().join("libsai.so")).unwrap();
        let control = Mutex::new(Client::connect(&socket).unwrap());
        ThroughC { control, taken: Mutex::default(), library, dir, _turn: turn }
    }

    fn ask(&self, request: &Request) -> Json {
        self.control.lock().call(request).unwrap()
    }
}

fn typed(object: &ObjectRef) -> String {
    key::print_typed(object)
}

impl TestBed for ThroughC {
    fn backend(&self) -> &dyn Backend {
        &self.library
    }
    fn inject(&self, port: ObjectId, frame: &[u8]) {
        self.ask(&Request::Inject { port: port.to_string(), frame: hex::print(frame), count: None });
    }
    fn receive(&self, port: ObjectId) -> Option<Vec<u8>> {
        let mut taken = self.taken.lock();
        let waiting = taken.entry(port).or_default();
        if waiting.is_empty() {
            let Json::Array(frames) = self.ask(&Request::Receive { port: port.to_string(), limit: None })
            else {
                panic!("a list of frames")
            };
            waiting.extend(frames.iter().map(|f| hex::parse(f.as_str().unwrap()).unwrap()));
        }
        waiting.pop_front()
    }
    fn advance(&self, by: Duration) {
        self.ask(&Request::Advance { by: by.as_nanos() as u64 });
    }
    fn trace(&self, port: ObjectId, frame: &[u8]) -> Trace {
        let answer = self.ask(&Request::Trace { port: port.to_string(), frame: hex::print(frame) });
        serde_json::from_value(answer).unwrap()
    }
    fn set_link(&self, port: ObjectId, up: bool) {
        self.ask(&Request::Link { port: port.to_string(), up });
    }
    fn set_stat(&self, object: &ObjectRef, stat: StatId, value: u64) {
        let meta = meta::object(object.object_type()).unwrap();
        let stat = meta.stat(stat).unwrap().name.to_owned();
        self.ask(&Request::SetStat { switch: None, object: typed(object), stat, value });
    }
    fn host_send(&self, hostif: ObjectId, frame: &[u8]) -> Result<()> {
        let request = Request::HostSend { hostif: hostif.to_string(), frame: hex::print(frame) };
        match self.control.lock().call(&request) {
            Ok(_) => Ok(()),
            Err(ClientError::Refused { status, message }) => {
                let status = Status::from_name(&status).unwrap();
                Err(Error::because(status, message))
            }
            Err(other) => panic!("{other}"),
        }
    }
    fn settle(&self) {
        self.ask(&Request::Deliver);
        self.library.settle();
    }
    fn check(&self) {
        let Json::Object(info) = self.ask(&Request::Info) else { panic!("what there is") };
        for switch in info["switches"].as_array().unwrap() {
            let switch = switch["name"].as_str().map(str::to_owned);
            self.ask(&Request::Check { switch });
        }
    }
    fn reload(&self, switch: ObjectId) {
        let switch = Some((switch.0 >> 56).to_string());
        let path = self.dir.path().join("snapshot").display().to_string();
        self.ask(&Request::Snapshot { switch: switch.clone(), path: path.clone() });
        let before = std::fs::read(&path).unwrap();
        self.ask(&Request::Load { switch: switch.clone(), path: path.clone() });
        self.ask(&Request::Snapshot { switch, path: path.clone() });
        assert!(before == std::fs::read(&path).unwrap(), "the loaded switch is the saved one");
    }
}
