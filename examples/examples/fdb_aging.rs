//! The life of a learned address on a clock that the program owns: learned, refreshed, moved, aged out, and
//! flushed. Ten minutes of network time pass in microseconds.
//!
//! `cargo run -p examples --example fdb_aging`

use std::sync::Arc;
use std::time::Duration;

use sai::notify::Notification;
use sai::{Result, Session, fdb_flush, port, switch};
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, World};

const ALICE: [u8; 6] = [0x02, 0, 0, 0, 0, 0xa1];
const ALL: [u8; 6] = [0xff; 6];

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
    switch.write(switch::FDB_AGING_TIME, 300)?;

    let speak = |on: usize| {
        let frame = PacketBuilder::ethernet(ALICE, ALL).ipv4([10, 0, 0, 1], [10, 0, 0, 255]).udp(1, 2);
        world.inject(&simulator, ports[on].raw(), &frame.build())
    };
    let tell = |what: &str| {
        println!("{:>4} s  {what}", world.now() / 1_000_000_000);
        while let Some(event) = events.try_recv() {
            if let Notification::FdbEvent { data } = event {
                data.iter().for_each(|e| println!("        {} {}", e.event_type, e.fdb_entry.mac_address));
            }
        }
    };

    speak(0)?;
    tell("Alice speaks on port 0");

    // A station that goes on speaking does not age, however long.
    for _ in 0..3 {
        world.advance(Duration::from_secs(200))?;
        speak(0)?;
    }
    tell("she has spoken every 200 s");

    world.advance(Duration::from_secs(10))?;
    speak(1)?;
    tell("she speaks on port 1");

    world.advance(Duration::from_secs(299))?;
    tell("she has been silent for 299 s");
    world.advance(Duration::from_secs(2))?;
    tell("and for 301 s");

    // A flush takes what its filters name; without a filter all dynamic addresses.
    speak(2)?;
    tell("she is back, on port 2");
    switch.flush_fdb(fdb_flush::Required {})?;
    tell("the operator flushes");
    println!("        {} addresses are left", switch.object_count::<sai::fdb_entry::FdbEntry>()?);
    Ok(())
}
