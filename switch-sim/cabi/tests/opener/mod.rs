//! Beds behind the C interface.

mod ours;
pub mod vendor;

use std::cell::Cell;

use parking_lot::{Mutex, MutexGuard};
use switch_sim::Profile;
use switch_sim::warm::Keys;

use crate::suite::bed::{Need, TestBed};

/// A process has one library: the cases take turns.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    static HAS_TURN: Cell<bool> = const { Cell::new(false) };
}

/// One case's turn, until it is dropped.
struct Turn(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Turn {
    fn take() -> Turn {
        let twice = HAS_TURN.replace(true);
        assert!(!twice, "a process has one library: drop the bed before, then open another");
        Turn(TURN.lock())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        HAS_TURN.set(false);
    }
}

/// A bed on our own library, or on the one that is under test.
pub fn open(profile: Profile, keys: Keys) -> Box<dyn TestBed> {
    match vendor::library() {
        None => Box::new(ours::ThroughC::open(&profile, &keys)),
        Some(path) => Box::new(vendor::Vendor::open(&path)),
    }
}

/// Whether such beds have this.
pub fn has(need: Need) -> bool {
    need != Need::Words && vendor::library().is_none()
}
