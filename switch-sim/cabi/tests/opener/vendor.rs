//! The library that `$SAI_LIBRARY` names.

use std::path::PathBuf;
use std::time::Duration;

use sai::dylib::{Dylib, Options};
use sai::{Backend, ObjectId, ObjectRef, Result, StatId};
use switch_sim::pipeline::Trace;

use super::Turn;
use crate::suite::bed::TestBed;

/// The library under test, where one is named.
pub fn library() -> Option<PathBuf> {
    std::env::var_os("SAI_LIBRARY").map(PathBuf::from)
}

/// A library that nobody but its ports' cables can put frames into.
pub struct Vendor {
    library: Dylib,
    _turn: Turn,
}

impl Vendor {
    pub fn open(path: &PathBuf) -> Vendor {
        let turn = Turn::take();
        let mut options = Options::new();
        if let Some(file) = std::env::var_os("SAI_PROFILE") {
            options = options.profile_text(&std::fs::read_to_string(file).unwrap());
        }
        Vendor { library: options.load(path).unwrap(), _turn: turn }
    }
}

impl TestBed for Vendor {
    fn backend(&self) -> &dyn Backend {
        &self.library
    }
    fn inject(&self, _: ObjectId, _: &[u8]) {
        panic!("no wires lead to the ports of this library");
    }
    fn receive(&self, _: ObjectId) -> Option<Vec<u8>> {
        panic!("no wires lead to the ports of this library");
    }
    fn advance(&self, by: Duration) {
        std::thread::sleep(by);
    }
    fn trace(&self, _: ObjectId, _: &[u8]) -> Trace {
        unreachable!("the case needs a trace")
    }
    fn set_link(&self, _: ObjectId, _: bool) {
        unreachable!("the case needs hands")
    }
    fn set_stat(&self, _: &ObjectRef, _: StatId, _: u64) {
        unreachable!("the case needs hands")
    }
    fn host_send(&self, _: ObjectId, _: &[u8]) -> Result<()> {
        unreachable!("the case needs hands")
    }
    fn reload(&self, _: ObjectId) {
        unreachable!("the case needs hands")
    }
}
