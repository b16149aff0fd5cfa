//! Cases of the conformance suite on the simulator behind its own C interface.

mod common;

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use sai::dylib::{Dylib, Options};
use sai::{Backend, ObjectId};

#[path = "../../tests/conformance/bed/mod.rs"]
mod bed;
#[path = "../../tests/conformance/bulk.rs"]
mod bulk;

mod suite {
    pub(crate) use crate::bed;
}

mod opener {
    use switch_sim::Profile;
    use switch_sim::warm::Keys;

    use crate::ThroughC;
    use crate::suite::bed::{Need, TestBed};

    pub fn open(_: Profile, _: Keys) -> Box<dyn TestBed> {
        Box::new(ThroughC::new())
    }

    pub fn has(_: Need) -> bool {
        false
    }
}

/// A process has one library: the cases take turns.
static TURN: Mutex<()> = Mutex::new(());

/// The library; it has no wires.
struct ThroughC {
    library: Dylib,
    _turn: MutexGuard<'static, ()>,
}

impl ThroughC {
    fn new() -> ThroughC {
        let turn = TURN.lock();
        let path = common::folder().join("libsai.so");
        ThroughC { library: Options::new().load(path).unwrap(), _turn: turn }
    }
}

impl suite::bed::TestBed for ThroughC {
    fn backend(&self) -> &dyn Backend {
        &self.library
    }
    fn inject(&self, _: ObjectId, _: &[u8]) {
        panic!("the library has no wires");
    }
    fn receive(&self, _: ObjectId) -> Option<Vec<u8>> {
        panic!("the library has no wires");
    }
    fn advance(&self, _: Duration) {
        panic!("the library has its own clock");
    }
    fn trace(&self, _: ObjectId, _: &[u8]) -> switch_sim::pipeline::Trace {
        panic!("the library tells no traces");
    }
    fn set_link(&self, _: ObjectId, _: bool) {
        panic!("the library has no cables");
    }
    fn host_send(&self, _: ObjectId, _: &[u8]) -> sai::Result<()> {
        panic!("the library has no kernel")
    }
    fn reload(&self, _: ObjectId) {
        panic!("the library takes no snapshots")
    }
    fn set_stat(&self, _: &sai::ObjectRef, _: sai::StatId, _: u64) {
        panic!("the library counts for itself");
    }
}
