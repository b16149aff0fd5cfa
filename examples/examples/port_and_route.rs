//! Ports and routes: the main job of a switch operating system.
//!
//! Creates a switch, brings four ports up, makes them router interfaces, adds neighbors, a route, and a
//! route over an ECMP group; then sends packets through and says where they went and why.
//!
//! ```text
//! cargo run --release -p examples --example port_and_route                          # the simulator
//! cargo run --release -p examples --example port_and_route -- --library libsai.so   # any SAI library
//! ```
//!
//! The same code programs both. What a vendor's library forwards is seen at its ports; here only the
//! simulator can be given packets, so with a library the program ends with what it reads back.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;

use sai::next_hop::NextHop;
use sai::port::Port;
use sai::router_interface::RouterInterface;
use sai::{
    Backend, MacAddr, Oid, Result, Session, Switch, next_hop_group, next_hop_group_member, router_interface,
    switch,
};
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, Simulator, World};

const HOST: [u8; 6] = [0x02, 0, 0, 0, 0, 0xaa];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let done = match (args.next().as_deref(), args.next()) {
        (None, _) => on_the_simulator(),
        (Some("--library"), Some(path)) => on_a_library(&path),
        _ => {
            eprintln!("usage: port_and_route [--library PATH]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A switch, ready to route.
struct Router {
    switch: Switch,
    ports: Vec<Oid<Port>>,
    interfaces: Vec<Oid<RouterInterface>>,
}

fn on_the_simulator() -> Result<()> {
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(4));
    let router = program(Arc::new(simulator.clone()))?;
    send(&world, &simulator, &router)?;
    report(&router)
}

fn on_a_library(path: &str) -> Result<()> {
    let library = sai::dylib::Options::new().load(path)?;
    let router = program(Arc::new(library))?;
    report(&router)?;
    router.switch.shut_down()
}

/// What orchestration code does, on whatever backend.
fn program(backend: Arc<dyn Backend>) -> Result<Router> {
    let session = Session::new(backend);
    let switch = session.create_switch(switch::Required { init_switch: true })?;
    println!("{} on {}", switch.id(), session.info().name);

    // Four ports become router interfaces.
    examples::unbridge(&switch)?;
    let ports: Vec<_> = switch.ports()?.into_iter().take(4).collect();
    let interfaces: Vec<_> =
        ports.iter().map(|port| examples::routed_port(&switch, *port)).collect::<Result<_>>()?;

    // A neighbor 10.0.N.2 behind each, and a next hop to it.
    let mut hops = Vec::new();
    for (n, interface) in (0u8..).zip(&interfaces) {
        let address = IpAddr::from([10, 0, n, 2]);
        hops.push(examples::neighbor(&switch, *interface, address, MacAddr::new(2, 0, 0, 0, n, 0x99))?);
    }

    // 198.51.100.0/24 by port 1, its upper half by port 2, 203.0.113.0/24 over ports 1 to 3.
    let group = ecmp_group(&switch, &hops[1..])?;
    for (prefix, to) in [
        ("198.51.100.0/24", hops[1].any()),
        ("198.51.100.128/25", hops[2].any()),
        ("203.0.113.0/24", group.any()),
    ] {
        examples::route(&switch, prefix, to)?;
        println!("route {prefix} by {to}");
    }
    Ok(Router { switch, ports, interfaces })
}

/// A group over which flows spread.
fn ecmp_group(switch: &Switch, hops: &[Oid<NextHop>]) -> Result<Oid<next_hop_group::NextHopGroup>> {
    let group =
        switch.create(next_hop_group::Required { r#type: next_hop_group::Type::DYNAMIC_UNORDERED_ECMP })?;
    for hop in hops {
        switch
            .create(next_hop_group_member::Required { next_hop_group_id: group, next_hop_id: hop.any() })?;
    }
    Ok(group)
}

/// One packet by the plain route, one by the longer prefix, one nowhere, a hundred flows over the group.
fn send(world: &World, simulator: &Simulator, Router { switch, ports, .. }: &Router) -> Result<()> {
    let router_mac = switch.read(switch::SRC_MAC_ADDRESS)?;
    let packet = |dst: Ipv4Addr, flow: u16| {
        PacketBuilder::ethernet(HOST, router_mac.0)
            .ipv4([10, 0, 0, 2], dst)
            .ttl(64)
            .udp(1000 + flow, 80)
            .build()
    };
    for dst in [[198, 51, 100, 7], [198, 51, 100, 200], [192, 0, 2, 1]].map(Ipv4Addr::from) {
        let trace = world.trace(simulator, ports[0].raw(), &packet(dst, 0))?;
        print!("\n10.0.0.2 -> {dst}\n{trace}");
    }
    drain(world, simulator, ports)?;

    for flow in 0..100 {
        world.inject(simulator, ports[0].raw(), &packet([203, 0, 113, 9].into(), flow))?;
    }
    println!("\n100 flows to 203.0.113.9, over the group:");
    for (port, frames) in drain(world, simulator, ports)? {
        println!("  port {port}: {frames} frames");
    }
    Ok(())
}

/// Takes the frames that the ports sent; how many by port.
fn drain(world: &World, simulator: &Simulator, ports: &[Oid<Port>]) -> Result<BTreeMap<usize, usize>> {
    let mut sent = BTreeMap::new();
    for (i, port) in ports.iter().enumerate() {
        while world.receive(simulator, port.raw())?.is_some() {
            *sent.entry(i).or_default() += 1;
        }
    }
    Ok(sent)
}

fn report(Router { switch, interfaces, .. }: &Router) -> Result<()> {
    println!("\nrouter interfaces:");
    for (i, interface) in interfaces.iter().enumerate() {
        let mtu = switch.get(*interface, router_interface::MTU)?;
        let counters = [router_interface::Stat::IN_PACKETS, router_interface::Stat::OUT_PACKETS];
        let stats = switch.stats(*interface, &counters)?;
        println!("  port {i}: MTU {mtu}, {} in, {} out", stats[0], stats[1]);
    }
    Ok(())
}
