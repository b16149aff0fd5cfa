//! The cases of the conformance suite that need no wires, on the simulator behind its own C interface. Those
//! that look at the words of an error are left out: C carries a status alone.

mod common;

#[allow(dead_code)]
#[path = "../../tests/conformance/bed.rs"]
mod bed;
#[path = "../../tests/conformance/bulk.rs"]
mod bulk;
#[allow(dead_code)]
#[path = "../../tests/conformance/statuses.rs"]
mod statuses;

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use sai::dylib::{Dylib, Options};
use sai::{Backend, ObjectId};

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

impl bed::TestBed for ThroughC {
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
}

macro_rules! cases {
    ($($module:ident: $($case:ident),*;)*) => {
        $($(#[test]
        fn $case() {
            $module::$case(&ThroughC::new());
        })*)*
    };
}

cases! {
    statuses:
        entries_that_are_not_there,
        attributes_in_the_wrong_call,
        values_out_of_range;
    bulk:
        a_bulk_set_does_what_single_ones_do,
        a_bulk_create_and_remove_in_both_modes,
        entries_in_bulk_are_read_counted_and_listed,
        statistics_in_bulk_answer_for_each_object;
}
