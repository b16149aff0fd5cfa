//! Steps that several of the example programs share, each a few calls of the typed API.

use std::net::IpAddr;
use std::sync::Arc;

use sai::entry::{NeighborEntry, RouteEntry};
use sai::next_hop::NextHop;
use sai::port::Port;
use sai::router_interface::RouterInterface;
use sai::{
    AnyOid, MacAddr, Oid, Result, Session, Switch, bridge, bridge_port, neighbor_entry, next_hop, port,
    route_entry, router_interface, switch, vlan,
};
use switch_sim::{Profile, Simulator, World};

/// Runs a recipe of the book on a fresh switch of eight ports.
///
/// # Panics
/// When the recipe fails.
pub fn recipe(cook: impl FnOnce(&World, &Simulator, &Switch) -> Result<()>) {
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(8));
    Session::new(Arc::new(simulator.clone()))
        .create_switch(switch::Required { init_switch: true })
        .and_then(|switch| cook(&world, &simulator, &switch))
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Takes every port out of the default VLAN and off the default bridge, as switch operating systems do at
/// boot: a port that is to be routed must not be bridged as well.
pub fn unbridge(switch: &Switch) -> Result<()> {
    let (default_vlan, default_bridge) =
        switch.read((switch::DEFAULT_VLAN_ID, switch::DEFAULT_1Q_BRIDGE_ID))?;
    for member in switch.get(default_vlan, vlan::MEMBER_LIST)? {
        switch.remove(member)?;
    }
    for bridge_port in switch.get(default_bridge, bridge::PORT_LIST)? {
        if switch.get(bridge_port, bridge_port::TYPE)? == bridge_port::Type::PORT {
            switch.remove(bridge_port)?;
        }
    }
    Ok(())
}

/// Brings a port up and makes it a router interface of the default virtual router.
pub fn routed_port(switch: &Switch, port: Oid<Port>) -> Result<Oid<RouterInterface>> {
    switch.set(port, port::ADMIN_STATE, true)?;
    let virtual_router_id = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?;
    let interface = router_interface::Required { virtual_router_id, r#type: router_interface::Type::PORT };
    switch.create(interface.with(router_interface::PORT_ID, port.any()))
}

/// A neighbor with this MAC address behind a router interface, and a next hop to it.
pub fn neighbor(
    switch: &Switch,
    interface: Oid<RouterInterface>,
    ip_address: IpAddr,
    dst_mac_address: MacAddr,
) -> Result<Oid<NextHop>> {
    let entry = NeighborEntry { switch_id: switch.id().raw(), rif_id: interface.raw(), ip_address };
    switch.create(neighbor_entry::Required { entry, dst_mac_address })?;
    let hop = next_hop::Required { r#type: next_hop::Type::IP };
    switch.create(hop.with(next_hop::IP, ip_address).with(next_hop::ROUTER_INTERFACE_ID, interface))
}

/// A route of the default virtual router to a next hop or a group of them.
pub fn route(switch: &Switch, prefix: &str, to: AnyOid) -> Result<()> {
    let vr_id = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?.raw();
    let destination = prefix.parse().expect("a prefix");
    let entry = RouteEntry { switch_id: switch.id().raw(), vr_id, destination };
    switch.create(route_entry::Required { entry }.with(route_entry::NEXT_HOP_ID, Some(to)))
}

/// The programs in the book, compiled and run as tests of documentation.
#[cfg(doctest)]
mod book {
    macro_rules! pages {
        ($($name:ident = $path:literal;)*) => {
            $(#[doc = include_str!(concat!("../../docs/src/", $path))]
            struct $name;)*
        };
    }
    pages! {
        GettingStarted = "getting-started.md";
        Concepts = "concepts.md";
        Orchestration = "guide-orchestration.md";
        Recordings = "guide-recordings.md";
        Cookbook = "cookbook.md";
    }
}
