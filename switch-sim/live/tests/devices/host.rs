//! Host interfaces as devices of the kernel's.

use std::net::UdpSocket;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use sai::entry::RouteEntry;
use sai::types::PacketAction;
use sai::{
    Oid, Session, Status, Switch, hostif, hostif_table_entry, hostif_trap, port, route_entry,
    router_interface, switch,
};
use switch_sim::warm::{BOOT_TYPE, WARM_BOOT_READ_FILE, WARM_BOOT_WRITE_FILE};
use switch_sim::wire::PacketBuilder;
use switch_sim::world::Wire;
use switch_sim::{Profile, Simulator, World};
use switch_sim_live::HostDevices;

use crate::namespace::{ip, namespace, try_ip};

const PEER: [u8; 6] = [2, 0, 0, 0, 0, 0xaa];

#[derive(Debug)]
struct Peer(Mutex<mpsc::Sender<Vec<u8>>>);

impl Wire for Peer {
    fn send(&self, frame: &[u8]) {
        let _ = self.0.lock().unwrap().send(frame.to_vec());
    }
}

struct Bed {
    world: World,
    sim: Simulator,
    devices: Arc<HostDevices>,
    switch: Switch,
    port: Oid<port::Port>,
}

impl Bed {
    /// Port 0 is routed; what is for 10.0.0.1 goes to the device of the port where it came in.
    fn new() -> Bed {
        let world = World::real_time(1);
        let mut profile = Profile::with_ports(2);
        profile.boot.bridge_ports = false;
        profile.boot.vlan_members = false;
        let sim = world.simulator(profile);
        let devices = Arc::new(HostDevices::new(Arc::new(sim.clone()), world.clone(), sim.clone()).unwrap());
        let session = Session::new(devices.clone());
        let switch = session.create_switch(switch::Required { init_switch: true }).unwrap();
        let port = switch.ports().unwrap()[0];
        switch.set(port, port::ADMIN_STATE, true).unwrap();
        let (virtual_router_id, cpu) =
            switch.read((switch::DEFAULT_VIRTUAL_ROUTER_ID, switch::CPU_PORT)).unwrap();
        let rif = router_interface::Required { virtual_router_id, r#type: router_interface::Type::PORT };
        switch.create(rif.with(router_interface::PORT_ID, port.any())).unwrap();
        let destination = "10.0.0.1/32".parse().unwrap();
        let (switch_id, vr_id) = (switch.id().raw(), virtual_router_id.raw());
        let route = route_entry::Required { entry: RouteEntry { switch_id, vr_id, destination } };
        switch.create(route.with(route_entry::NEXT_HOP_ID, Some(cpu.any()))).unwrap();
        let trap_type = hostif_trap::Type::IP2ME;
        switch.create(hostif_trap::Required { trap_type, packet_action: PacketAction::TRAP }).unwrap();
        switch
            .create(hostif_table_entry::Required {
                r#type: hostif_table_entry::Type::WILDCARD,
                channel_type: hostif_table_entry::ChannelType::NETDEV_PHYSICAL_PORT,
            })
            .unwrap();
        Bed { world, sim, devices, switch, port }
    }

    fn host_interface(&self, name: &str) -> sai::Result<Oid<hostif::Hostif>> {
        self.switch.create(
            hostif::Required { r#type: hostif::Type::NETDEV }
                .with(hostif::OBJ_ID, self.port.any())
                .with(hostif::NAME, name.try_into().unwrap())
                .with(hostif::OPER_STATUS, true),
        )
    }
}

/// Acts: SAI_HOSTIF_ATTR_NAME.
#[test]
fn the_kernel_hears_and_answers_by_the_device_of_a_port() {
    namespace!();
    let bed = Bed::new();
    let id = match bed.host_interface("Ethernet0") {
        Ok(id) => id,
        Err(refused) => return eprintln!("skipped: {refused}"),
    };
    assert_eq!(bed.devices.devices(), [(id.raw(), "Ethernet0".to_owned())]);
    ip("addr add 10.0.0.1/24 dev Ethernet0");
    ip("neigh add 10.0.0.2 lladdr 02:00:00:00:00:aa dev Ethernet0");
    ip("link set Ethernet0 up");
    let (sent, answers) = mpsc::channel();
    bed.world.attach(&bed.sim, bed.port.raw(), Arc::new(Peer(Mutex::new(sent)))).unwrap();
    let socket = UdpSocket::bind("10.0.0.1:7").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();

    // The device has the switch's address, so what is for the router is for the kernel too.
    let mac = bed.switch.read(switch::SRC_MAC_ADDRESS).unwrap();
    let packet = PacketBuilder::ethernet(PEER, mac.0).ipv4([10, 0, 0, 2], [10, 0, 0, 1]).udp(9, 7);
    bed.world.inject(&bed.sim, bed.port.raw(), &packet.payload(b"to the host").build()).unwrap();
    let mut buffer = [0; 64];
    let (len, from) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..len], from.to_string().as_str()), (&b"to the host"[..], "10.0.0.2:9"));

    socket.send_to(b"to the peer", from).unwrap();
    let frame = answers.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!((&frame[..6], &frame[6..12], &frame[42..]), (&PEER[..], &mac.0[..], &b"to the peer"[..]));

    // Without a carrier the kernel sends nothing; with the object the device goes.
    bed.switch.set(id, hostif::OPER_STATUS, false).unwrap();
    let shown = Command::new("ip").args(["link", "show", "dev", "Ethernet0"]).output().unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("NO-CARRIER"), "{shown:?}");
    bed.switch.remove(id).unwrap();
    assert!(bed.devices.devices().is_empty());
    // A process that another test is just starting may have the device open for a moment longer.
    let begin = std::time::Instant::now();
    while try_ip("link show dev Ethernet0") {
        assert!(begin.elapsed() < Duration::from_secs(10), "the device goes with the object");
    }
}

#[test]
fn a_device_that_cannot_be_made_fails_the_creation_and_leaves_nothing() {
    namespace!();
    let bed = Bed::new();
    // The name is another device's.
    let refused = bed.host_interface("lo").unwrap_err();
    assert_eq!(refused.status(), Status::FAILURE);
    assert!(refused.to_string().contains("network device lo"), "{refused}");
    assert_eq!(bed.switch.object_count::<hostif::Hostif>().unwrap(), 0);
}

#[test]
fn devices_are_there_again_after_a_warm_restart() {
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state").display().to_string();
    let start = |boot: &str| {
        let keys = [(BOOT_TYPE, boot), (WARM_BOOT_WRITE_FILE, &state), (WARM_BOOT_READ_FILE, &state)];
        let world = World::real_time(1);
        let sim = world.simulator_with_profiles(vec![Profile::with_ports(2)], keys.into_iter().collect());
        let devices = Arc::new(HostDevices::new(Arc::new(sim.clone()), world, sim).unwrap());
        let switch = Session::new(devices.clone()).create_switch(switch::Required { init_switch: true });
        (devices, switch.unwrap())
    };
    let (devices, switch) = start("0");
    let port = switch.ports().unwrap()[0];
    let netdev = hostif::Required { r#type: hostif::Type::NETDEV }
        .with(hostif::OBJ_ID, port.any())
        .with(hostif::NAME, "Ethernet0".try_into().unwrap());
    let id = match switch.create(netdev.with(hostif::OPER_STATUS, true)) {
        Ok(id) => id,
        Err(refused) => return eprintln!("skipped: {refused}"),
    };
    let before = devices.devices();
    switch.write(switch::RESTART_WARM, true).unwrap();
    switch.shut_down().unwrap();
    assert!(devices.devices().is_empty(), "they go with the switch");

    let (devices, switch) = start("1");
    assert_eq!(devices.devices(), before);
    let shown = Command::new("ip").args(["link", "show", "dev", "Ethernet0"]).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    switch.remove(id).unwrap();
    assert!(devices.devices().is_empty());
}
