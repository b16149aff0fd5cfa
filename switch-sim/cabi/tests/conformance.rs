//! The conformance suite through the C interface: on our own `libsai.so` and `sai::dylib`, with packets and
//! clock by the control socket; or on the library that `$SAI_LIBRARY` names, with the profile that
//! `$SAI_PROFILE` names and the network devices that `$SAI_PORTS` names at the other ends of its ports, where cases
//! that need what only the simulator has are skipped and counted.

#![allow(unsafe_code)]

mod common;
#[path = "../../live/tests/devices/namespace.rs"]
#[allow(dead_code)]
mod namespace;
mod opener;
#[path = "../../tests/conformance/suite.rs"]
mod suite;

use std::process::Command;

use namespace::{namespace, veth};
use switch_sim::Profile;

/// What is run of the suite over network devices each time: real time takes its time. All of it runs where the
/// variables are set by hand.
const SOME: &[&str] =
    &["suite::"];

/// The way of a vendor's library, tried on our own: this program again, with frames over network devices in real time.
#[test]
fn the_suite_runs_over_network_devices() {
    if opener::vendor::library().is_some() {
        return;
    }
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let mut profile = Profile::with_ports(8);
    profile.port = profile.boot_ports();
    let mut ends = Vec::new();
    for (n, port) in profile.port.iter_mut().enumerate() {
        let (device, end) = (format!("port{n}"), format!("wire{n}"));
        veth(&device, &end);
        port.device = Some(device);
        ends.push(end);
    }
    let chip = dir.path().join("chip.toml");
    std::fs::write(&chip, toml::to_string(&profile).unwrap()).unwrap();
    let keys = dir.path().join("sai.profile");
    std::fs::write(&keys, format!("SWITCH_SIM_PROFILE={}\n", chip.display())).unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .arg("--test-threads=1")
        .args(SOME)
        .env("SAI_LIBRARY", common::folder().join("libsai.so"))
        .env("SAI_PROFILE", keys)
        .env("SAI_PORTS", ends.join(","))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    let skipped = String::from_utf8_lossy(&run.stderr).lines().filter(|l| l.starts_with("skipped ")).count();
    let result = said.lines().find(|l| l.starts_with("test result")).unwrap_or_default();
    assert!(result.contains("ok.") && !result.contains(" 0 passed"), "{said}");
    println!("{result}; {skipped} of these left themselves out");
}
