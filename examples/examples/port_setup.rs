//! Port setup: what a port offers, bring it up, hear of it, split one into four.
//!
//! `cargo run -p examples --example port_setup`

use std::sync::Arc;

use sai::notify::Notification;
use sai::{Result, Session, port, switch};
use switch_sim::{Profile, Simulator};

fn main() -> Result<()> {
    let simulator = Simulator::new(Profile::default());
    let switch =
        Session::new(Arc::new(simulator.clone())).create_switch(switch::Required { init_switch: true })?;
    let events = switch.subscribe(64);

    let first = switch.ports()?[0];
    let (lanes, speed, speeds) =
        switch.get(first, (port::HW_LANE_LIST, port::SPEED, port::SUPPORTED_SPEED))?;
    println!("{first}: lanes {lanes:?}, {speed} Mbps, can do {speeds:?} Mbps");

    // A port comes up when it is switched on and a cable with a peer is there.
    switch.set(first, port::MTU, 9100)?;
    switch.set(first, port::ADMIN_STATE, true)?;
    while let Some(event) = events.try_recv() {
        if let Notification::PortStateChange { data } = event {
            for p in data {
                println!("{} is {}", p.port_id, p.port_state);
            }
        }
    }

    // Breakout: the lanes of a port that is gone carry four new ones. What still uses the port goes first.
    let last = *switch.ports()?.last().expect("the default chip has ports");
    let lanes = switch.get(last, port::HW_LANE_LIST)?;
    let lane_speed = switch.get(last, port::SPEED)? / lanes.len() as u32;
    for member in switch.get(switch.read(switch::DEFAULT_VLAN_ID)?, sai::vlan::MEMBER_LIST)? {
        let of = switch.get(member, sai::vlan_member::BRIDGE_PORT_ID)?;
        if switch.get(of.cast::<sai::bridge_port::BridgePort>(), sai::bridge_port::PORT_ID)? == last.any() {
            switch.remove(member)?;
            switch.remove(of.cast::<sai::bridge_port::BridgePort>())?;
        }
    }
    switch.remove(last)?;
    for lane in lanes {
        let split = switch.create(port::Required { hw_lane_list: vec![lane], speed: lane_speed })?;
        println!("{split}: lane {lane}, {} Mbps", switch.get(split, port::SPEED)?);
    }

    // Taken lanes are refused, and the error says why.
    let taken = switch.get(first, port::HW_LANE_LIST)?;
    let error =
        switch.create(port::Required { hw_lane_list: taken, speed }).expect_err("the lanes are taken");
    println!("refused: {error}");
    Ok(())
}
