//! Any bytes as a recording: reading never panics, printing gives the text back, and what a line says,
//! printed and read again, is the same.
//!
//! `cargo +nightly fuzz run recording ../tests/recordings` from this folder's parent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sai::text::recording::{Line, Recording};

fuzz_target!(|bytes: &[u8]| {
    let Ok(recording) = Recording::from_bytes(bytes) else { return };
    let text = std::str::from_utf8(bytes).expect("checked when read");
    assert_eq!(recording.to_string(), text);
    for line in recording.lines().iter().filter(|line| line.problems().is_empty()) {
        let own = Line::new(line.time(), line.op().clone()).to_string();
        assert_eq!(Line::parse(1, &own).op(), line.op(), "{own}");
    }
});
