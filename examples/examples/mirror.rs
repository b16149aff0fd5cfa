//! A mirror session: the frames that come in by one port travel to an analyzer in ERSPAN's tunnel, cut to 64 bytes and
//! no more than ten of them a second.
//!
//! `cargo run -p examples --example mirror`

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use sai::mirror_session::{self as session, Type};
use sai::types::{ErspanEncapsulationType, MeterType, PacketAction};
use sai::{MacAddr, Result, Session, policer, port, switch};
use switch_sim::wire::PacketBuilder;
use switch_sim::wire::parse::{Headers, Tpids};
use switch_sim::{Profile, World};

fn main() -> Result<()> {
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(4));
    let switch =
        Session::new(Arc::new(simulator.clone())).create_switch(switch::Required { init_switch: true })?;
    let ports = switch.ports()?;
    for &port in &ports {
        switch.set(port, port::ADMIN_STATE, true)?;
    }

    // Two packets at once and ten a second; what is red is not copied. The packets themselves are not policed.
    let limit = switch.create(
        policer::Required { meter_type: MeterType::PACKETS, mode: policer::Mode::STORM_CONTROL }
            .with(policer::CIR, 10)
            .with(policer::CBS, 2)
            .with(policer::RED_PACKET_ACTION, PacketAction::DROP),
    )?;
    let ip = |last: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
    let to_analyzer = switch.create(
        session::Required { r#type: Type::ENHANCED_REMOTE }
            .with(session::MONITOR_PORT, ports[3].any())
            .with(session::ERSPAN_ENCAPSULATION_TYPE, ErspanEncapsulationType::MIRROR_L3_GRE_TUNNEL)
            .with(session::GRE_PROTOCOL_TYPE, 0x88be)
            .with(session::IPHDR_VERSION, 4)
            .with(session::SRC_IP_ADDRESS, ip(1))
            .with(session::DST_IP_ADDRESS, ip(2))
            .with(session::SRC_MAC_ADDRESS, MacAddr::new(2, 0, 0, 0, 0, 1))
            .with(session::DST_MAC_ADDRESS, MacAddr::new(2, 0, 0, 0, 0, 2))
            .with(session::TOS, 0)
            .with(session::TRUNCATE_SIZE, 64)
            .with(session::POLICER, Some(limit)),
    )?;
    switch.set(ports[0], port::INGRESS_MIRROR_SESSION, vec![to_analyzer])?;

    let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 0xa], [2, 0, 0, 0, 0, 0xb])
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2])
        .udp(5000, 53)
        .payload(&[0; 400])
        .build();
    for round in 1..=2 {
        for _ in 0..4 {
            world.inject(&simulator, ports[0].raw(), &frame)?;
        }
        println!("{:>4} ms  four frames of {} bytes come in", world.now() / 1_000_000, frame.len());
        // The monitor port is in the default VLAN as well: what is flooded there is no copy.
        while let Some(copy) = world.receive(&simulator, ports[3].raw())? {
            let headers = Headers::parse(&copy, &Tpids::default());
            if headers.protocol == 47 {
                println!(
                    "         a copy of {} bytes, of which the tunnel takes {}",
                    copy.len(),
                    14 + 20 + 4
                );
            }
        }
        if round == 1 {
            world.advance(Duration::from_millis(100))?;
        }
    }
    let stats = switch.stats(limit, &[policer::Stat::GREEN_PACKETS, policer::Stat::RED_PACKETS])?;
    println!("copied {}, held back {}", stats[0], stats[1]);
    assert_eq!(stats, [3, 5]);
    Ok(())
}
