//! Arbitrary sequences of C calls: each answers a status, writes no further than it may, and nothing panics.
//!
//! `cargo +nightly fuzz run calls` from this folder's parent. What chooses the calls is in `../tests/calls`, of which
//! the test of that name runs a bounded number.
#![no_main]

#[path = "../../tests/calls/mod.rs"]
mod driver;
/// The library itself, linked into this program.
#[allow(dead_code)]
#[path = "../../src/lib.rs"]
mod library;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| driver::run(bytes));
