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

use std::process::{Command, Output};
use std::sync::Mutex;

use namespace::{namespace, veth};
use switch_sim::Profile;

/// What is run of the suite over network devices each time: real time takes its time, and is noisy. All of it runs where
/// `$SAI_WHOLE` is set.
const SOME: &[&str] =
    &["suite::fdb::", "suite::lag::", "suite::route::", "suite::qinq::", "suite::statuses::"];

/// How many cases run at one time, each with a library and a network namespace of its own: they mostly wait.
const AT_ONCE: usize = 8;

/// The way of a vendor's library, tried on our own: this program again for each case, with frames over network devices
/// in real time.
#[test]
fn the_suite_runs_over_network_devices() {
    if opener::vendor::library().is_some() {
        return;
    }
    namespace!();
    let cases = Mutex::new(cases());
    let total = cases.lock().unwrap().len();
    assert!(total > 20, "{total} cases");
    let (failed, skipped) = (Mutex::new(Vec::new()), Mutex::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                namespace::enter().unwrap();
                let bench = Bench::new();
                loop {
                    let Some(case) = cases.lock().unwrap().pop() else { return };
                    let run = bench.run(&case, "50");
                    let said = String::from_utf8_lossy(&run.stderr);
                    *skipped.lock().unwrap() += usize::from(said.lines().any(|l| l.starts_with("skipped ")));
                    if !run.status.success() {
                        failed.lock().unwrap().push(case);
                    }
                }
            });
        }
    });
    let (failed, skipped) = (failed.into_inner().unwrap(), skipped.into_inner().unwrap());
    // On a busy machine a frame may be late: who waits for longer, alone, has to find it.
    let bench = Bench::new();
    for case in &failed {
        let run = bench.run(case, "150");
        let said = [run.stdout, run.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(run.status.success(), "{}", said.concat());
    }
    assert!(skipped < total / 2, "{skipped} of {total} cases left themselves out");
    println!("{total} cases passed, {failed:?} at the second attempt, {skipped} left themselves out");
}

/// The names of the suite's cases that are to run.
fn cases() -> Vec<String> {
    let list = Command::new(std::env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    let names = list.lines().filter_map(|l| l.strip_suffix(": test"));
    let some: &[&str] = if std::env::var_os("SAI_WHOLE").is_some() { &["suite::"] } else { SOME };
    names.filter(|n| some.iter().any(|part| n.starts_with(part))).map(str::to_owned).collect()
}

/// What the library under test is given: a chip whose ports are at network devices, and the other ends of these.
struct Bench {
    dir: tempfile::TempDir,
    ends: String,
}

impl Bench {
    fn new() -> Bench {
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
        let keys = format!("SWITCH_SIM_PROFILE={}\n", chip.display());
        std::fs::write(dir.path().join("sai.profile"), keys).unwrap();
        Bench { dir, ends: ends.join(",") }
    }

    /// Runs a case, with this `$SAI_QUIET`.
    fn run(&self, case: &str, quiet: &str) -> Output {
        Command::new(std::env::current_exe().unwrap())
            .args([case, "--exact", "--test-threads=1"])
            .env("SAI_LIBRARY", common::folder().join("libsai.so"))
            .env("SAI_PROFILE", self.dir.path().join("sai.profile"))
            .env("SAI_PORTS", &self.ends)
            .env("SAI_QUIET", quiet)
            .output()
            .unwrap()
    }
}
