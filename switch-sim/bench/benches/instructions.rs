//! Instructions a packet, which do not depend on who else uses the machine. Needs valgrind.
//!
//! `cargo bench -p switch-sim-bench --bench instructions` counts them in every scene and prints what differs from
//! `instructions.toml`; `-- --write` writes that file anew; `-- SCENE` forwards the packets of one scene, for a profiler
//! of one's own.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::process::Command;

use switch_sim::pipeline::{Engine, NoTrace};
use switch_sim_bench::Options;
use switch_sim_bench::forward::{self, Scene};
use switch_sim_bench::frames::{Ring, Size};
use switch_sim_bench::rig::pass;

const PACKETS: usize = 65_536;
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.toml");
/// What moves by itself from build to build, in percent.
const NOISE: f64 = 0.5;

type Make = fn(&Options) -> Scene;

const SCENES: &[(&str, Make)] = &[
    ("bridged", |_| forward::bridged(Size::Small)),
    ("stages", |_| forward::bridged_by_stages()),
    ("marked", |_| forward::marked()),
    ("flood", |_| forward::flood()),
    ("lag", |_| forward::bridged_lag()),
    ("ipv4", |o| forward::ipv4(o, 65_536, Size::Small)),
    ("ipv6", forward::ipv6),
    ("ecmp", forward::ecmp),
    ("vlan", forward::vlan_interfaces),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.first().map(String::as_str) {
        None => compare(false),
        Some("--write") => compare(true),
        Some(name) => match SCENES.iter().find(|(scene, _)| *scene == name) {
            Some((_, make)) => forward(name, make),
            None => {
                println!("{name} is none of {:?}", SCENES.iter().map(|(name, _)| *name).collect::<Vec<_>>())
            }
        },
    }
}

fn forward(name: &str, make: &Make) {
    let scene = make(&Options { shrink: 50, ..Options::default() });
    let (mut engine, mut ring) = (Engine::new(), Ring::default());
    let run =
        |sw: &mut switch_sim::Switch| pass(&mut engine, sw, &scene.traffic, PACKETS, || NoTrace, &mut ring);
    scene.rig.sim.with_switch(scene.rig.switch.id().raw(), run).expect("the switch is there");
    println!("{name}: {} packets left", ring.count);
}

/// Counts every scene beside what the table says.
fn compare(write: bool) {
    let text = std::fs::read_to_string(TABLE).unwrap_or_default();
    let before: BTreeMap<String, f64> =
        toml::from_str(&text).expect("the table is scenes with their figures");
    println!("{:<10} {:>12} {:>12} {:>9}", "scene", "recorded", "now", "change");
    let mut table =
        String::from("# Instructions a packet: cargo bench -p switch-sim-bench --bench instructions\n");
    for (name, _) in SCENES {
        let now = match count(name) {
            Ok(now) => now,
            Err(why) => return println!("{name}: {why}"),
        };
        table += &format!("{name} = {now:.1}\n");
        match before.get(*name) {
            Some(was) => {
                let change = 100.0 * (now - was) / was;
                let mark = if change.abs() > NOISE { "  <--" } else { "" };
                println!("{name:<10} {was:>12.1} {now:>12.1} {change:>+8.2}%{mark}");
            }
            None => println!("{name:<10} {:>12} {now:>12.1}", ""),
        }
    }
    if write {
        std::fs::write(TABLE, table).expect("the table can be written");
    }
}

/// Instructions a packet of a scene, by valgrind.
fn count(name: &str) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*rig::pass*"])
        .arg(program)
        .arg(name)
        .output()
        .map_err(|e| format!("valgrind does not run: {e}"))?;
    let text = String::from_utf8_lossy(&run.stderr);
    let collected =
        text.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse::<f64>().ok());
    collected.map(|all| all / PACKETS as f64).ok_or_else(|| format!("valgrind says no figure:\n{text}"))
}
