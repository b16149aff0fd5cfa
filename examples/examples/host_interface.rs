//! A host interface: the kernel gets a network device for a port of the simulated switch, and answers a ping that
//! comes in there.
//!
//! The program moves into a network namespace of its own (`unshare`), so nothing of the machine's network changes.
//! The device is a TAP device; where namespaces, TAP or `ip` cannot be had the program says so and ends.
//!
//! `cargo run -p examples --example host_interface`

use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use sai::entry::RouteEntry;
use sai::types::PacketAction;
use sai::{Result, Session, Switch, hostif, hostif_table_entry, hostif_trap, route_entry, switch};
use switch_sim::wire::PacketBuilder;
use switch_sim::world::Wire;
use switch_sim::{Profile, World};
use switch_sim_live::HostDevices;

const PEER: [u8; 6] = [0x02, 0, 0, 0, 0, 0xaa];

/// What is at the other end of the port: it keeps what the port sends.
#[derive(Debug)]
struct Peer(mpsc::Sender<Vec<u8>>);

impl Wire for Peer {
    fn send(&self, frame: &[u8]) {
        let _ = self.0.send(frame.to_vec());
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    const INSIDE: &str = "HOST_INTERFACE_INSIDE";
    if std::env::var_os(INSIDE).is_none() {
        let unshare = || {
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "--net"]);
            command
        };
        if !unshare().arg("true").status().is_ok_and(|status| status.success()) {
            println!("skipped: no network namespace can be had");
            return Ok(());
        }
        let status = unshare().arg(std::env::current_exe()?).env(INSIDE, "1").status()?;
        return if status.success() { Ok(()) } else { Err("it failed in its namespace".into()) };
    }

    // The kernel answers when it likes, so the world runs on the system's clock.
    let world = World::real_time(1);
    let simulator = world.simulator(Profile::with_ports(4));
    let backend = HostDevices::new(Arc::new(simulator.clone()), world.clone(), simulator.clone())?;
    let switch = Session::new(Arc::new(backend)).create_switch(switch::Required { init_switch: true })?;
    examples::unbridge(&switch)?;
    let port = switch.ports()?[0];
    examples::routed_port(&switch, port)?;
    trap_to_the_host(&switch)?;

    // The port's device in the kernel. It is there as long as the object.
    let device = hostif::Required { r#type: hostif::Type::NETDEV }
        .with(hostif::OBJ_ID, port.any())
        .with(hostif::NAME, "sai-port0".try_into()?)
        .with(hostif::OPER_STATUS, true);
    if let Err(refused) = switch.create(device) {
        println!("skipped: {refused}");
        return Ok(());
    }
    for command in [
        "addr add 192.0.2.1/24 dev sai-port0",
        "neigh add 192.0.2.2 lladdr 02:00:00:00:00:aa dev sai-port0",
        "link set sai-port0 up",
    ] {
        match Command::new("ip").args(command.split(' ')).status() {
            Ok(status) if status.success() => {}
            _ => {
                println!("skipped: ip {command} fails");
                return Ok(());
            }
        }
    }

    // A ping comes in at the port: the switch traps it, the kernel answers, the answer leaves by the port.
    let (sent, answers) = mpsc::channel();
    world.attach(&simulator, port.raw(), Arc::new(Peer(sent)))?;
    let router_mac = switch.read(switch::SRC_MAC_ADDRESS)?;
    let ping = PacketBuilder::ethernet(PEER, router_mac.0)
        .ipv4([192, 0, 2, 2], [192, 0, 2, 1])
        .icmp_echo(1, 1)
        .payload(b"are you there?")
        .build();
    println!("{}", world.trace(&simulator, port.raw(), &ping)?);
    loop {
        let frame = answers.recv_timeout(Duration::from_secs(10))?;
        // 0 is an echo reply; the kernel may send other things first.
        if frame.get(23) == Some(&1) && frame.get(34) == Some(&0) {
            println!("the kernel answers: {}", String::from_utf8_lossy(&frame[42..]));
            return Ok(());
        }
    }
}

/// What is for the switch's own address goes to the host, by the device of the port where it came in.
fn trap_to_the_host(switch: &Switch) -> Result<()> {
    let vr_id = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?.raw();
    let cpu = switch.read(switch::CPU_PORT)?;
    let destination = "192.0.2.1/32".parse().expect("a prefix");
    let entry = RouteEntry { switch_id: switch.id().raw(), vr_id, destination };
    switch.create(route_entry::Required { entry }.with(route_entry::NEXT_HOP_ID, Some(cpu.any())))?;
    for trap_type in
        [hostif_trap::Type::IP2ME, hostif_trap::Type::ARP_REQUEST, hostif_trap::Type::ARP_RESPONSE]
    {
        switch.create(hostif_trap::Required { trap_type, packet_action: PacketAction::TRAP })?;
    }
    switch.create(hostif_table_entry::Required {
        r#type: hostif_table_entry::Type::WILDCARD,
        channel_type: hostif_table_entry::ChannelType::NETDEV_PHYSICAL_PORT,
    })?;
    Ok(())
}
