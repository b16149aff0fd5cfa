use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::Duration;

use sai::notify::Notification;
use sai::object::port::OperStatus;
use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Target, Value, switch};
use switch_sim::wire::text;
use switch_sim::{Profile, Simulator, World};
use switch_sim_live::Runner;
use switch_sim_live::netdev::NetDev;

use crate::namespace::{enter, ip, namespace, receive, send, veth, veth_with_peer};

/// A switch that bridges, its ports attached to devices and up; on the system's clock.
fn switch(devices: &[&str]) -> (Runner, Simulator, Vec<ObjectId>) {
    switch_by(1, devices)
}

/// As [`switch`], run by so many threads.
fn switch_by(threads: usize, devices: &[&str]) -> (Runner, Simulator, Vec<ObjectId>) {
    let mut profile = Profile::with_ports(devices.len() as u32);
    profile.boot.ports_up = true;
    profile.port = profile.boot_ports();
    for (port, device) in profile.port.iter_mut().zip(devices) {
        port.device = Some((*device).into());
    }
    let world = World::real_time(1);
    let sim = world.simulator(profile);
    let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).unwrap();
    let mut asked = [AttrEntry::ask(switch::PORT_LIST.id())];
    sim.get(&ObjectRef::Object(ObjectType::SWITCH, id), &mut asked).unwrap();
    let Value::OidList(ports) = asked[0].value.clone() else { panic!("a list of ports") };
    let (sink, events) = sai::notify::channel(64);
    sim.subscribe(sink);
    let runner = Runner::start_with(world, NonZeroUsize::new(threads).unwrap()).unwrap();
    assert_eq!(runner.attach_devices(&sim, id).unwrap().0, devices.len());
    let up =
        |port: &ObjectId| sim.with_switch(id, |sw| sw.oper_status(*port)).unwrap() == Some(OperStatus::UP);
    // The kernel tells some time after a device was enabled that it runs.
    while !ports.iter().all(up) {
        events.recv_timeout(Duration::from_secs(10)).expect("the ports come up");
    }
    (runner, sim, ports)
}

#[test]
fn frames_are_forwarded_while_no_call_is_made() {
    namespace!();
    let mut a = veth_with_peer("left0", "right0");
    let mut b = veth_with_peer("left1", "right1");
    let (runner, _, _) = switch(&["left0", "left1"]);
    let there = text::parse("eth dst=02:00:00:00:00:0b src=02:00:00:00:00:0a/ipv4/udp").unwrap();
    let back = text::parse("eth dst=02:00:00:00:00:0a src=02:00:00:00:00:0b/vlan vid=1/ipv4/udp").unwrap();
    send(&mut a, &[&there]);
    assert_eq!(receive(&mut b, 1), [&there[..]]);
    // The switch's ports send VLAN 1 untagged.
    let mut untagged = back.clone();
    untagged.drain(12..16);
    send(&mut b, &[&back]);
    assert_eq!(receive(&mut a, 1), [untagged]);

    // What was before is counted once a further frame is through.
    send(&mut a, &[&there]);
    receive(&mut b, 1);
    let left0 = &runner.attachments()[0];
    assert_eq!((left0.device.as_str(), left0.counters.received, left0.counters.sent), ("left0", 2, 1));
}

#[test]
fn threads_share_the_ports_and_keep_the_order_of_each() {
    namespace!();
    let mut ends = [0, 1, 2].map(|n| veth_with_peer(&format!("left{n}"), &format!("right{n}")));
    let (runner, sim, ports) = switch_by(2, &["left0", "left1", "left2"]);
    let frame = |to: u8, from: u8, n: u16| {
        let text = format!("eth dst=02:00:00:00:00:{to:02x} src=02:00:00:00:00:{from:02x}/ipv4/udp src={n}");
        text::parse(&text).unwrap()
    };
    // All know where the station behind the third port is.
    send(&mut ends[2], &[&frame(0xff, 2, 0)]);
    let [a, b, c] = &mut ends;
    receive(a, 1);
    receive(b, 1);
    for n in 1..50 {
        send(a, &[&frame(2, 0, n)]);
        send(b, &[&frame(2, 1, n)]);
    }
    let all = receive(c, 98);
    for from in [0, 1] {
        let of: Vec<_> = all.iter().filter(|f| f[11] == from).cloned().collect();
        assert_eq!(of, (1..50).map(|n| frame(2, from, n)).collect::<Vec<_>>(), "from port {from}");
    }
    assert!(runner.detach(&sim, ports[1]));
    assert_eq!(runner.attachments().len(), 2);
}

#[test]
fn a_port_follows_the_carrier_of_its_device() {
    namespace!();
    veth("left0", "right0");
    let (_runner, sim, ports) = switch(&["left0"]);
    let (sink, events) = sai::notify::channel(16);
    sim.subscribe(sink);
    let next = || match events.recv_timeout(Duration::from_secs(10)) {
        Some(Notification::PortStateChange { data }) => (data[0].port_id, data[0].port_state),
        other => panic!("a port changes state, not {other:?}"),
    };
    ip("link set right0 down");
    assert_eq!(next(), (ports[0], OperStatus::DOWN));
    ip("link set right0 up");
    assert_eq!(next(), (ports[0], OperStatus::UP));
}

#[test]
fn a_detached_port_keeps_what_it_sends_in_the_world() {
    namespace!();
    veth("left0", "right0");
    let mut b = veth_with_peer("left1", "right1");
    let (runner, sim, ports) = switch(&["left0", "left1"]);
    assert!(runner.detach(&sim, ports[1]));
    assert!(!runner.detach(&sim, ports[1]));
    let frame = text::parse("eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:0a/ipv4/udp").unwrap();
    runner.world().inject(&sim, ports[0], &frame).unwrap();
    assert_eq!(runner.world().receive(&sim, ports[1]).unwrap(), Some(frame.clone()));
    // Attached again, the port sends by the device, whoever puts the frame in.
    runner.attach(&sim, ports[1], NetDev::open("left1").unwrap()).unwrap();
    runner.world().inject(&sim, ports[0], &frame).unwrap();
    assert_eq!(receive(&mut b, 1), [&frame[..]]);
    assert_eq!(runner.world().receive(&sim, ports[1]).unwrap(), None);
}

#[test]
fn tcp_of_two_hosts_passes_the_switch() {
    namespace!();
    veth("left0", "host0");
    veth("left1", "host1");
    let (_runner, _, _) = switch(&["left0", "left1"]);
    // Each host is a thread with a namespace of its own, which its device is moved into.
    let host = |device: &'static str, address: &'static str| {
        let (tell, told) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let ready = move || {
            enter().unwrap();
            // SAFETY: no arguments.
            tell.send(unsafe { libc::gettid() }).unwrap();
            wait.recv().unwrap();
            ip(&format!("addr add {address}/24 dev {device}"));
            ip(&format!("link set {device} up"));
        };
        let moved = move || {
            ip(&format!("link set {device} netns {}", told.recv().unwrap()));
            go.send(()).unwrap();
        };
        (ready, moved)
    };
    let (server, move_server) = host("host0", "10.0.0.1");
    let (client, move_client) = host("host1", "10.0.0.2");
    let (listening, is_listening) = mpsc::channel();
    let data: Vec<u8> = (0..1 << 20).map(|n: u32| (n ^ (n >> 8)) as u8).collect();
    std::thread::scope(|scope| {
        let server = scope.spawn(move || {
            server();
            let listener = TcpListener::bind("10.0.0.1:80").unwrap();
            listening.send(()).unwrap();
            let mut received = Vec::new();
            listener.accept().unwrap().0.read_to_end(&mut received).unwrap();
            received
        });
        let data = &data;
        scope.spawn(move || {
            client();
            is_listening.recv().unwrap();
            let mut stream =
                TcpStream::connect_timeout(&"10.0.0.1:80".parse().unwrap(), Duration::from_secs(10)).unwrap();
            stream.write_all(data).unwrap();
        });
        move_server();
        move_client();
        assert!(server.join().unwrap() == *data, "a megabyte arrives as it was sent");
    });
}
