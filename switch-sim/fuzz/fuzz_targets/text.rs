//! Any text as the description of a frame: reading never panics, and a frame that it gives can be parsed.
//!
//! `cargo +nightly fuzz run text` from this folder's parent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switch_sim::wire::parse::{Headers, Tpids};
use switch_sim::wire::text;

fuzz_target!(|input: &str| {
    match text::parse(input) {
        Ok(frame) => drop(Headers::parse(&frame, &Tpids::default())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
