//! Several switches in one process, cabled together: two leaves and two spines, with a host at each leaf.
//!
//! The world owns the cables and the clock: a frame travels 500 ns a cable, and the same seed gives the same
//! run. A cable is pulled: half of the flows are lost until orchestration takes the dead next hop out of the
//! leaf's group.
//!
//! `cargo run --release -p examples --example many_switches`

use std::net::IpAddr;
use std::sync::Arc;

use sai::port::Port;
use sai::{MacAddr, Oid, Result, Session, Switch, next_hop_group, next_hop_group_member, switch};
use switch_sim::wire::PacketBuilder;
use switch_sim::world::Cable;
use switch_sim::{Profile, Simulator, World};

/// A switch of four ports, all of them routed.
struct Node {
    simulator: Simulator,
    switch: Switch,
    ports: Vec<Oid<Port>>,
    interfaces: Vec<Oid<sai::router_interface::RouterInterface>>,
    mac: MacAddr,
}

impl Node {
    fn new(world: &World, number: u8) -> Result<Node> {
        let mac = MacAddr::new(2, 0, 0, 0, number, 0);
        let simulator = world.simulator(Profile { mac, ..Profile::with_ports(4) });
        let switch = Session::new(Arc::new(simulator.clone()))
            .create_switch(switch::Required { init_switch: true }.with(switch::SRC_MAC_ADDRESS, mac))?;
        examples::unbridge(&switch)?;
        let ports = switch.ports()?;
        let interfaces = ports.iter().map(|p| examples::routed_port(&switch, *p)).collect::<Result<_>>()?;
        Ok(Node { simulator, switch, ports, interfaces, mac })
    }

    /// A next hop to what is at the other end of a port.
    fn hop(&self, port: usize, mac: MacAddr) -> Result<Oid<sai::next_hop::NextHop>> {
        let address = IpAddr::from([169, 254, port as u8, 1]);
        examples::neighbor(&self.switch, self.interfaces[port], address, mac)
    }
}

fn main() -> Result<()> {
    let world = World::new(1);
    let leaves = [Node::new(&world, 1)?, Node::new(&world, 2)?];
    let spines = [Node::new(&world, 11)?, Node::new(&world, 12)?];

    // Port 0 of a leaf is the host's; port 1 + S goes to spine S, to its port L.
    for (l, leaf) in leaves.iter().enumerate() {
        for (s, spine) in spines.iter().enumerate() {
            let ends = ((&leaf.simulator, leaf.ports[1 + s].raw()), (&spine.simulator, spine.ports[l].raw()));
            world.connect(ends.0, ends.1, Cable::default())?;
        }
    }

    // 10.0.L.0/24 lies behind leaf L: the spines know both, each leaf reaches the other over both spines.
    let host = |leaf: usize| MacAddr::new(2, 0, 0, 0, leaf as u8, 0xaa);
    for spine in &spines {
        for (l, leaf) in leaves.iter().enumerate() {
            let hop = spine.hop(l, leaf.mac)?;
            examples::route(&spine.switch, &format!("10.0.{l}.0/24"), hop.any())?;
        }
    }
    let mut by_spine_1 = Vec::new();
    for (l, leaf) in leaves.iter().enumerate() {
        let hop = leaf.hop(0, host(l))?;
        examples::route(&leaf.switch, &format!("10.0.{l}.0/24"), hop.any())?;
        let ecmp = next_hop_group::Type::DYNAMIC_UNORDERED_ECMP;
        let group = leaf.switch.create(next_hop_group::Required { r#type: ecmp })?;
        for (s, spine) in spines.iter().enumerate() {
            let next_hop_id = leaf.hop(1 + s, spine.mac)?.any();
            let member = leaf
                .switch
                .create(next_hop_group_member::Required { next_hop_group_id: group, next_hop_id })?;
            if s == 1 {
                by_spine_1.push(member);
            }
        }
        examples::route(&leaf.switch, &format!("10.0.{}.0/24", 1 - l), group.any())?;
    }

    let run = |what: &str| -> Result<()> {
        let [from, to] = &leaves;
        for flow in 0..1000 {
            let frame = PacketBuilder::ethernet(host(0).0, from.mac.0)
                .ipv4([10, 0, 0, 7], [10, 0, 1, 7])
                .udp(1024 + flow, 80);
            world.inject(&from.simulator, from.ports[0].raw(), &frame.build())?;
        }
        world.run_until_idle()?;
        let mut arrived = 0;
        while world.receive(&to.simulator, to.ports[0].raw())?.is_some() {
            arrived += 1;
        }
        let mut carried = Vec::new();
        for spine in &spines {
            let counts =
                spine.switch.stats(spine.interfaces[1], &[sai::router_interface::Stat::OUT_PACKETS])?;
            carried.push(counts[0]);
        }
        println!("{what}: {arrived} of 1000 frames arrived; spines have carried {carried:?} by now");
        println!("  {} ns since the world began", world.now());
        Ok(())
    };
    run("over both spines")?;

    // The cable from leaf 0 to spine 1 is pulled. Orchestration would hear it and act:
    leaves[0].simulator.set_link(leaves[0].ports[2].raw(), false)?;
    run("cable pulled    ")?;
    leaves[0].switch.remove(by_spine_1[0])?;
    run("member removed  ")
}
