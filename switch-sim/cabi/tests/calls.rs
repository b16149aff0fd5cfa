//! Arbitrary sequences of C calls, a bounded number of them: what the fuzz target `calls` goes on with.

#![allow(unsafe_code)]

#[path = "calls/mod.rs"]
mod driver;
/// The library itself, linked into this program.
#[allow(dead_code)]
#[path = "../src/lib.rs"]
mod library;

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

/// A panic behind the C boundary becomes a status: the hook sees it.
static PANICKED: AtomicBool = AtomicBool::new(false);

#[test]
fn any_calls_are_borne() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::SeqCst);
        before(info);
    }));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let done = runner.run(&prop::collection::vec(any::<u8>(), 0..6000), |bytes| {
        driver::run(&bytes);
        prop_assert!(!PANICKED.load(Ordering::SeqCst), "a call panicked");
        Ok(())
    });
    done.unwrap();
    // The sequences get somewhere.
    let created = driver::CREATED.load(Ordering::SeqCst);
    assert!(created > 300, "{created} objects were created");
}
