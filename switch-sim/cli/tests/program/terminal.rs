//! The program on a terminal, which it is to people.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::bed::program;

/// What a terminal shows of a command that ends well.
fn shows(args: &[&str]) -> String {
    let here = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&here).unwrap();
    unlockpt(&here).unwrap();
    let name = ptsname(&here, Vec::new()).unwrap();
    let there = File::options().read(true).write(true).open(OsStr::from_bytes(name.to_bytes())).unwrap();
    let mut command = program(args);
    let mut child = command.stdout(there.try_clone().unwrap()).stderr(there).spawn().unwrap();
    // Our copies of the other end: without them the end of the child is the end of what there is to read.
    drop(command);
    let mut shown = Vec::new();
    // Linux tells the end as an error.
    let _ = File::from(here).read_to_end(&mut shown);
    let shown = String::from_utf8(shown).unwrap();
    let status = child.wait().unwrap();
    assert!(status.success(), "switch-sim {}: {status}\n{shown}", args.join(" "));
    shown.replace("\r\n", "\n")
}

#[test]
fn a_terminal_shows_what_a_pipe_takes() {
    assert_eq!(shows(&["topology"]), crate::bed::says(&["topology"]));
}

#[test]
fn a_bar_shows_how_far_a_replay_is_and_goes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sai/tests/recordings/session.rec");
    let shown = shows(&["compare", file, "sim", "sim"]);
    assert!(shown.contains("% of "), "{shown:?}");
    assert!(shown.trim_end().ends_with("0 missing, 0 not understood"), "{shown:?}");
}
