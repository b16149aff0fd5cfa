//! VLAN bridging: two VLANs, learning, flooding, aging on a clock that the program owns, and a frame explained.
//!
//! `cargo run -p examples --example vlan_bridging`

use std::sync::Arc;
use std::time::Duration;

use sai::notify::Notification;
use sai::vlan::TaggingMode;
use sai::{Oid, Result, Session, bridge_port, port, switch, vlan, vlan_member};
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, World};

const ALICE: [u8; 6] = [0x02, 0, 0, 0, 0, 0xa1];
const BOB: [u8; 6] = [0x02, 0, 0, 0, 0, 0xb0];

fn main() -> Result<()> {
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(4));
    let switch =
        Session::new(Arc::new(simulator.clone())).create_switch(switch::Required { init_switch: true })?;
    let events = switch.subscribe(64);
    let ports = switch.ports()?;
    for &p in &ports {
        switch.set(p, port::ADMIN_STATE, true)?;
    }

    // At boot every port is an untagged member of VLAN 1. Ports 0 to 2 move to VLAN 10, port 2 tagged.
    let default_vlan = switch.read(switch::DEFAULT_VLAN_ID)?;
    for member in switch.get(default_vlan, vlan::MEMBER_LIST)? {
        switch.remove(member)?;
    }
    let ten = switch.create(vlan::Required { vlan_id: 10 })?;
    for (p, mode) in ports.iter().zip([TaggingMode::UNTAGGED, TaggingMode::UNTAGGED, TaggingMode::TAGGED]) {
        let bridge_port = bridge_port_of(&switch, *p)?;
        switch.create(
            vlan_member::Required { vlan_id: ten, bridge_port_id: bridge_port }
                .with(vlan_member::VLAN_TAGGING_MODE, mode),
        )?;
        switch.set(*p, port::PORT_VLAN_ID, 10)?;
    }

    let frame =
        |from, to| PacketBuilder::ethernet(from, to).ipv4([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).build();
    let show = |what: &str| -> Result<()> {
        println!("\n{what}");
        for (i, p) in ports.iter().enumerate() {
            while let Some(f) = world.receive(&simulator, p.raw())? {
                println!("  port {i} sends {} bytes, EtherType {:02x}{:02x}", f.len(), f[12], f[13]);
            }
        }
        while let Some(event) = events.try_recv() {
            if let Notification::FdbEvent { data } = event {
                for e in data {
                    println!("  {} {}", e.event_type, e.fdb_entry.mac_address);
                }
            }
        }
        Ok(())
    };

    // Nobody knows Bob: the frame floods VLAN 10, tagged where the member is.
    world.inject(&simulator, ports[0].raw(), &frame(ALICE, BOB))?;
    show("Alice (port 0) to Bob, who is unknown:")?;

    // Bob answers: Alice was learned, so the frame goes to port 0 alone.
    world.inject(&simulator, ports[1].raw(), &frame(BOB, ALICE))?;
    show("Bob (port 1) answers:")?;

    // Why? The trace says it.
    println!("\n{}", world.trace(&simulator, ports[0].raw(), &frame(ALICE, BOB))?);
    show("Alice to Bob again:")?;

    // Ten minutes pass in no time, and the addresses age out.
    switch.write(switch::FDB_AGING_TIME, 300)?;
    world.advance(Duration::from_secs(600))?;
    show("Ten minutes later:")?;

    let counters = [port::Stat::IF_IN_UCAST_PKTS, port::Stat::IF_OUT_UCAST_PKTS];
    for (i, p) in ports.iter().enumerate() {
        println!("port {i}: in, out {:?}", switch.stats(*p, &counters)?);
    }
    Ok(())
}

/// The bridge port that the switch made for a port.
fn bridge_port_of(switch: &sai::Switch, port: Oid<port::Port>) -> Result<Oid<bridge_port::BridgePort>> {
    let bridge = switch.read(switch::DEFAULT_1Q_BRIDGE_ID)?;
    for candidate in switch.get(bridge, sai::bridge::PORT_LIST)? {
        if switch.get(candidate, bridge_port::TYPE)? == bridge_port::Type::PORT
            && switch.get(candidate, bridge_port::PORT_ID)? == port.any()
        {
            return Ok(candidate);
        }
    }
    Err(sai::Error::because(sai::Status::ITEM_NOT_FOUND, format!("{port} has no bridge port")))
}
