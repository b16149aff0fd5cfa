//! Ports and routes: the main job of a switch operating system, on a simulated switch.
//!
//! Creates a switch, brings four ports up, makes them router interfaces, adds neighbors, a route, and a
//! route over an ECMP group; then sends packets through and says where they went and why.
//!
//! `cargo run --release -p examples --example port_and_route`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use sai::entry::{NeighborEntry, RouteEntry};
use sai::router_interface::RouterInterface;
use sai::{
    MacAddr, Oid, Result, Session, bridge, bridge_port, neighbor_entry, next_hop, next_hop_group,
    next_hop_group_member, port, route_entry, router_interface, switch, vlan,
};
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, World};

const HOST: [u8; 6] = [0x02, 0, 0, 0, 0, 0xaa];

fn main() -> Result<()> {
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(4));
    let session = Session::new(Arc::new(simulator.clone()));
    let switch = session.create_switch(switch::Required { init_switch: true })?;
    let ports = switch.ports()?;
    println!("{} on {}", switch.id(), session.info().name);

    let interfaces = set_up_ports(&switch, &ports)?;
    let hops = set_up_neighbors(&switch, &interfaces)?;
    set_up_routes(&switch, &hops)?;

    // Packets: one by the plain route, one by the longer prefix, a hundred flows over the group, one nowhere.
    let router_mac = switch.read(switch::SRC_MAC_ADDRESS)?;
    let packet = |dst: &str, flow: u16| {
        let dst: std::net::Ipv4Addr = dst.parse().expect("an address");
        PacketBuilder::ethernet(HOST, router_mac.0)
            .ipv4([10, 0, 0, 2], dst)
            .ttl(64)
            .udp(1000 + flow, 80)
            .build()
    };
    for dst in ["198.51.100.7", "198.51.100.200", "192.0.2.1"] {
        let trace = world.trace(&simulator, ports[0].raw(), &packet(dst, 0))?;
        println!("\n10.0.0.2 -> {dst}\n{trace}");
    }
    drain(&world, &simulator, &ports)?;

    for flow in 0..100 {
        world.inject(&simulator, ports[0].raw(), &packet("203.0.113.9", flow))?;
    }
    println!("\n100 flows to 203.0.113.9, over the group:");
    for (port, frames) in drain(&world, &simulator, &ports)? {
        println!("  port {port}: {frames} frames");
    }

    println!("\nrouter interfaces:");
    for (i, rif) in interfaces.iter().enumerate() {
        let stats =
            switch.stats(*rif, &[router_interface::Stat::IN_PACKETS, router_interface::Stat::OUT_PACKETS])?;
        println!("  port {i}: {} in, {} out", stats[0], stats[1]);
    }
    Ok(())
}

/// Takes the ports out of the default VLAN, brings them up and makes each a router interface.
fn set_up_ports(switch: &sai::Switch, ports: &[Oid<port::Port>]) -> Result<Vec<Oid<RouterInterface>>> {
    let (default_vlan, default_bridge, router) = switch.read((
        switch::DEFAULT_VLAN_ID,
        switch::DEFAULT_1Q_BRIDGE_ID,
        switch::DEFAULT_VIRTUAL_ROUTER_ID,
    ))?;
    for member in switch.get(default_vlan, vlan::MEMBER_LIST)? {
        switch.remove(member)?;
    }
    for bridge_port in switch.get(default_bridge, bridge::PORT_LIST)? {
        if switch.get(bridge_port, bridge_port::TYPE)? == bridge_port::Type::PORT {
            switch.remove(bridge_port)?;
        }
    }
    ports
        .iter()
        .map(|&p| {
            switch.set(p, port::ADMIN_STATE, true)?;
            switch.create(
                router_interface::Required {
                    virtual_router_id: router,
                    r#type: router_interface::Type::PORT,
                }
                .with(router_interface::PORT_ID, p.any())
                .with(router_interface::MTU, 9100),
            )
        })
        .collect()
}

/// A neighbor 10.0.N.2 behind each interface, and a next hop to it.
fn set_up_neighbors(
    switch: &sai::Switch,
    interfaces: &[Oid<RouterInterface>],
) -> Result<Vec<Oid<next_hop::NextHop>>> {
    let mut hops = Vec::new();
    for (n, rif) in (0u8..).zip(interfaces) {
        let ip_address = IpAddr::from([10, 0, n, 2]);
        let entry = NeighborEntry { switch_id: switch.id().raw(), rif_id: rif.raw(), ip_address };
        switch
            .create(neighbor_entry::Required { entry, dst_mac_address: MacAddr::new(2, 0, 0, 0, n, 0x99) })?;
        hops.push(
            switch.create(
                next_hop::Required { r#type: next_hop::Type::IP }
                    .with(next_hop::IP, ip_address)
                    .with(next_hop::ROUTER_INTERFACE_ID, *rif),
            )?,
        );
    }
    Ok(hops)
}

/// 198.51.100.0/24 by port 1, its upper half by port 2, 203.0.113.0/24 over ports 1 to 3.
fn set_up_routes(switch: &sai::Switch, hops: &[Oid<next_hop::NextHop>]) -> Result<()> {
    let group =
        switch.create(next_hop_group::Required { r#type: next_hop_group::Type::DYNAMIC_UNORDERED_ECMP })?;
    for hop in &hops[1..] {
        switch
            .create(next_hop_group_member::Required { next_hop_group_id: group, next_hop_id: hop.any() })?;
    }
    let vr_id = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?.raw();
    for (prefix, to) in [
        ("198.51.100.0/24", hops[1].any()),
        ("198.51.100.128/25", hops[2].any()),
        ("203.0.113.0/24", group.any()),
    ] {
        let destination = prefix.parse().expect("a prefix");
        let entry = RouteEntry { switch_id: switch.id().raw(), vr_id, destination };
        switch.create(route_entry::Required { entry }.with(route_entry::NEXT_HOP_ID, Some(to)))?;
        println!("route {prefix} by {to}");
    }
    Ok(())
}

/// Takes the frames that the ports sent; how many by port.
fn drain(
    world: &World,
    simulator: &switch_sim::Simulator,
    ports: &[Oid<port::Port>],
) -> Result<BTreeMap<usize, usize>> {
    let mut sent = BTreeMap::new();
    for (i, p) in ports.iter().enumerate() {
        while world.receive(simulator, p.raw())?.is_some() {
            *sent.entry(i).or_default() += 1;
        }
    }
    Ok(sent)
}
