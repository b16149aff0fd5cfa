//! Tests of orchestration code: inject a fault, record what was called, replay it on a fresh switch.
//!
//! `cargo run -p examples --example faults`

use std::io::Write;
use std::sync::{Arc, Mutex};

use sai::entry::RouteEntry;
use sai::layer::chaos::{Chaos, Plan, SystemClock};
use sai::layer::record::Record;
use sai::text::player::Player;
use sai::text::recording::Recording;
use sai::{Result, Session, Status, route_entry, switch};
use switch_sim::{Profile, Simulator};

/// The third route is refused, as by a table that is full.
const PLAN: &str = r#"
seed = 7

[[rule]]
operation = "create"
object_type = "SAI_OBJECT_TYPE_ROUTE_ENTRY"
nth = 3
status = "SAI_STATUS_TABLE_FULL"
"#;

/// The code under test: installs routes, and takes all away again when one is refused.
fn install(switch: &sai::Switch, prefixes: &[&str]) -> Result<()> {
    let router = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?;
    let mut done = Vec::new();
    for prefix in prefixes {
        let destination = prefix.parse().expect("a prefix");
        let entry = RouteEntry { switch_id: switch.id().raw(), vr_id: router.raw(), destination };
        let route = route_entry::Required { entry: entry.clone() };
        match switch.create(route.with(route_entry::PACKET_ACTION, sai::types::PacketAction::DROP)) {
            Ok(_) => done.push(entry),
            Err(error) => {
                for entry in &done {
                    switch.remove(entry)?;
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    // Layers are backends over backends: the recorder sees what the fault injector answers.
    let plan = Plan::from_toml(PLAN).expect("a plan");
    let chaos = Arc::new(Chaos::new(Arc::new(Simulator::default()), plan, Arc::new(SystemClock)));
    let tape = Tape::default();
    let recorder = Arc::new(Record::new(chaos.clone(), tape.clone(), || "2026-01-01.00:00:00.000000".into()));

    let switch = Session::new(recorder).create_switch(switch::Required { init_switch: true })?;
    let prefixes = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];
    let refused = install(&switch, &prefixes).expect_err("the plan refuses the third");
    println!("refused:  {refused}");
    assert_eq!(refused.status(), Status::TABLE_FULL);
    assert_eq!(switch.object_count::<RouteEntry>()?, 0, "the code under test cleans up");
    install(&switch, &prefixes)?;
    println!("again:    {} routes", switch.object_count::<RouteEntry>()?);
    for injection in chaos.log() {
        println!("injected: {injection}");
    }

    let text = tape.text();
    let lines: Vec<_> = text.lines().collect();
    println!("\nthe end of the recording:\n{}", lines[lines.len() - 7..].join("\n"));

    // On a switch without the fault the refused route is created, and the second try finds it there: the
    // report says both, each with its line.
    let recording = Recording::parse(&text);
    let report = Player::new(|| Arc::new(Simulator::new(Profile::default()))).play(&recording);
    println!("\nreplayed: {report}");
    Ok(())
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl Tape {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics")).into_owned()
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
