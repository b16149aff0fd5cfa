//! An access list on a port: what it denies, redirects and counts, and why.
//!
//! `cargo run -p examples --example acl`

use std::sync::Arc;

use sai::types::{AclStage, PacketAction};
use sai::{AclMatch, Result, Session, acl_counter, acl_entry, acl_table, port, switch};
use switch_sim::wire::text;
use switch_sim::{Profile, World};

fn main() -> Result<()> {
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(4));
    let switch =
        Session::new(Arc::new(simulator.clone())).create_switch(switch::Required { init_switch: true })?;
    let ports = switch.ports()?;
    for &p in &ports {
        switch.set(p, port::ADMIN_STATE, true)?;
    }

    // What a chip can do differs: ask before.
    let able = switch.read(switch::ACL_STAGE_INGRESS)?;
    println!("{} actions at ingress", able.action_list.len());

    // A table names the fields that its entries may look at.
    let table = switch.create(
        acl_table::Required { acl_stage: AclStage::INGRESS }
            .with(acl_table::FIELD_IP_PROTOCOL, true)
            .with(acl_table::FIELD_DST_IP, true)
            .with(acl_table::FIELD_L4_DST_PORT, true),
    )?;
    let counter = switch
        .create(acl_counter::Required { table_id: table }.with(acl_counter::ENABLE_PACKET_COUNT, true))?;

    // No telnet; DNS goes to port 3, whoever it is for; to 10.0.0.0/8 is counted. The highest priority wins.
    switch.create(
        acl_entry::Required { table_id: table }
            .with(acl_entry::PRIORITY, 30)
            .with(acl_entry::FIELD_IP_PROTOCOL, 6.into())
            .with(acl_entry::FIELD_L4_DST_PORT, 23.into())
            .with(acl_entry::ACTION_PACKET_ACTION, PacketAction::DROP.into()),
    )?;
    switch.create(
        acl_entry::Required { table_id: table }
            .with(acl_entry::PRIORITY, 20)
            .with(acl_entry::FIELD_IP_PROTOCOL, 17.into())
            .with(acl_entry::FIELD_L4_DST_PORT, 53.into())
            .with(acl_entry::ACTION_REDIRECT, ports[3].any().into()),
    )?;
    switch.create(
        acl_entry::Required { table_id: table }
            .with(acl_entry::PRIORITY, 10)
            .with(acl_entry::FIELD_DST_IP, AclMatch::masked([10, 0, 0, 0].into(), [255, 0, 0, 0].into()))
            .with(acl_entry::ACTION_COUNTER, counter.into()),
    )?;

    // It acts where it is bound.
    switch.set(ports[0], port::INGRESS_ACL, Some(table.any()))?;

    for what in [
        "eth/ipv4 dst=10.1.2.3/tcp dst=23",
        "eth/ipv4 dst=10.1.2.3/udp dst=53",
        "eth/ipv4 dst=10.1.2.3/tcp dst=443",
        "eth/ipv4 dst=192.0.2.9/tcp dst=443",
    ] {
        let frame = text::parse(what).expect("a frame");
        world.inject(&simulator, ports[0].raw(), &frame)?;
        let mut out = Vec::new();
        for (n, p) in ports.iter().enumerate() {
            while world.receive(&simulator, p.raw())?.is_some() {
                out.push(n);
            }
        }
        println!("{what}: leaves by ports {out:?}");
    }
    println!("to 10.0.0.0/8: {} packets", switch.get(counter, acl_counter::PACKETS)?);

    // The trace names the tables that were looked at, and the entry that won.
    let telnet = text::parse("eth/ipv4 dst=10.1.2.3/tcp dst=23").expect("a frame");
    println!("\n{}", world.trace(&simulator, ports[0].raw(), &telnet)?);
    Ok(())
}
