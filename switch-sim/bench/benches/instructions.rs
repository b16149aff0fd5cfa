//! Forwards packets of one scene, for a profiler that counts instructions: see docs/src/performance.md.
#![allow(missing_docs)]

use switch_sim::pipeline::{Engine, NoTrace};
use switch_sim_bench::Options;
use switch_sim_bench::forward::{self, Scene};
use switch_sim_bench::frames::{Ring, Size};
use switch_sim_bench::rig::pass;

const PACKETS: usize = 65_536;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let options = Options { shrink: 50, ..Options::default() };
    let scene: Scene = match name.as_str() {
        "bridged" => forward::bridged(Size::Small),
        "marked" => forward::marked(),
        "flood" => forward::flood(),
        "lag" => forward::bridged_lag(),
        "ipv4" => forward::ipv4(&options, 65_536, Size::Small),
        "ipv6" => forward::ipv6(&options),
        "ecmp" => forward::ecmp(&options),
        "vlan" => forward::vlan_interfaces(&options),
        _ => return println!("bridged, marked, flood, lag, ipv4, ipv6, ecmp or vlan?"),
    };
    let (mut engine, mut ring) = (Engine::new(), Ring::default());
    let run =
        |sw: &mut switch_sim::Switch| pass(&mut engine, sw, &scene.traffic, PACKETS, || NoTrace, &mut ring);
    scene.rig.sim.with_switch(scene.rig.switch.id().raw(), run).expect("the switch is there");
    println!("{name}: {} packets left", ring.count);
}
