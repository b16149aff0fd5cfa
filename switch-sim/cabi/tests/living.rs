//! The living switch: ports at network devices come and go with their objects; faults take the switch's time; buffers
//! for packets.

#![allow(unsafe_code)]

mod common;
#[path = "../../live/tests/devices/namespace.rs"]
#[allow(dead_code)]
mod namespace;

use std::path::Path;
use std::time::{Duration, Instant};

use namespace::{namespace, receive, send, try_ip, veth_with_peer};
use parking_lot::{Mutex, MutexGuard};
use sai::dylib::{Dylib, Options};
use sai::notify::Notification;
use sai::object::port::OperStatus;
use sai::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, ObjectId, ObjectRef, ObjectType, Status, Target,
    Value, hostif, port, switch,
};
use serde_json::Value as Json;
use switch_sim::wire::text;
use switch_sim::{LaterPort, Profile};
use switch_sim_live::control::{Address, Client, Request};

/// A process has one library: the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn load(options: Options) -> (MutexGuard<'static, ()>, Dylib) {
    let turn = TURN.lock();
    (turn, options.thread_safe(true).load(common::folder().join("libsai.so")).unwrap())
}

/// Options with a lane map of these lines, which is written to a folder.
fn lane_map(dir: &Path, lines: &str) -> Options {
    let file = dir.join("lanemap.ini");
    std::fs::write(&file, lines).unwrap();
    Options::new().profile("SAI_VS_INTERFACE_LANE_MAP_FILE", file.display().to_string())
}

fn create(library: &Dylib, switch: ObjectId, ty: ObjectType, attrs: &[AttrEntry]) -> ObjectId {
    library.create(switch, Target::Object(ty), attrs).unwrap()
}

fn boot(library: &Dylib) -> ObjectId {
    let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
    create(library, ObjectId::NULL, ObjectType::SWITCH, &[init])
}

fn object(id: ObjectId) -> ObjectRef {
    ObjectRef::Object(ObjectType::PORT, id)
}

fn ports_of(library: &Dylib, sw: ObjectId) -> Vec<ObjectId> {
    let mut asked = [AttrEntry::ask(switch::PORT_LIST.id())];
    library.get(&ObjectRef::Object(ObjectType::SWITCH, sw), &mut asked).unwrap();
    let [AttrEntry { value: Value::OidList(ports), .. }] = asked else { panic!("a list of ports") };
    ports
}

fn enable(library: &Dylib, port: ObjectId) {
    library.set(&object(port), &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
}

fn is_up(library: &Dylib, port: ObjectId) -> bool {
    let mut asked = [AttrEntry::ask(port::OPER_STATUS.id())];
    library.get(&object(port), &mut asked).unwrap();
    asked[0].value == Value::I32(OperStatus::UP.0)
}

/// Attributes of a port of one lane, enabled.
fn one_lane(lane: u32) -> [AttrEntry; 3] {
    [
        AttrEntry::new(port::HW_LANE_LIST.id(), Value::U32List(vec![lane])),
        AttrEntry::new(port::SPEED.id(), Value::U32(25_000)),
        AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true)),
    ]
}

/// The devices that ports are attached to, in the order of the ports.
fn attached(control: &mut Client) -> Vec<String> {
    let Json::Array(ports) = control.call(&Request::Ports { switch: None }).unwrap() else {
        panic!("a list of ports")
    };
    ports.iter().filter_map(|p| p["device"].as_str()).map(str::to_owned).collect()
}

/// Waits for what others bring about soon.
fn until(mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not become so");
        std::thread::yield_now();
    }
}

#[test]
fn a_port_that_is_broken_out_gets_the_devices_of_its_parts() {
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let devices = ["whole", "part1", "part2", "part3"];
    let mut wires = devices.map(|name| veth_with_peer(name, &format!("{name}-end")));
    let mut profile = Profile::with_ports(1);
    (profile.chip.lanes, profile.ports.lanes) = (4, 4);
    profile.port = profile.boot_ports();
    profile.port[0].device = Some("whole".into());
    let later = |(lane, device): (u32, &str)| LaterPort { lanes: vec![lane], device: device.into() };
    profile.later = [(1, "part1"), (2, "part2"), (3, "part3")].map(later).to_vec();
    let chip = dir.path().join("chip.toml");
    std::fs::write(&chip, toml::to_string(&profile).unwrap()).unwrap();
    let socket = Address::Unix(dir.path().join("control"));
    let options = Options::new()
        .profile("SWITCH_SIM_PROFILE", chip.display().to_string())
        .profile("SWITCH_SIM_CONTROL", socket.to_string());
    let (_turn, library) = load(options);
    let sw = boot(&library);
    let mut control = Client::connect(&socket).unwrap();
    assert_eq!(attached(&mut control), ["whole"]);

    let ports = ports_of(&library, sw);
    unbridge(&library, sw, ports[0]);
    library.remove(&object(ports[0])).unwrap();
    assert_eq!(attached(&mut control), [""; 0], "the device goes with its port");

    // One by one and in bulk; the fourth lane has no device.
    let first = create(&library, sw, ObjectType::PORT, &one_lane(1));
    let attrs = [2, 3, 4].map(one_lane);
    let items = attrs.each_ref().map(|attrs| BulkCreate { target: Target::Object(ObjectType::PORT), attrs });
    let rest = library.bulk(Bulk::Create { switch: sw, items: &items }, BulkErrorMode::StopOnError);
    let rest: Vec<ObjectId> = rest.into_iter().map(Result::unwrap).collect();
    assert_eq!(attached(&mut control), ["part1", "part2", "part3"]);

    // They forward.
    let frame = text::parse("eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:0a/ipv4/udp").unwrap();
    for id in [first, rest[0]] {
        bridge(&library, sw, id);
    }
    send(&mut wires[1], &[&frame]);
    assert_eq!(receive(&mut wires[2], 1), [&frame[..]]);

    let gone = [object(rest[0]), object(rest[1])];
    unbridge(&library, sw, rest[0]);
    let results = library.bulk(Bulk::Remove(&gone), BulkErrorMode::StopOnError);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(attached(&mut control), ["part1"]);
}

#[test]
fn a_device_that_is_missing_keeps_no_other_port_from_its_own() {
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let _wires = ["first", "third"].map(|name| veth_with_peer(name, &format!("{name}-end")));
    let socket = Address::Unix(dir.path().join("control"));
    let options = lane_map(dir.path(), "first:1,2,3,4\nsecond:5,6,7,8\nthird:9,10,11,12\n")
        .profile("SWITCH_SIM_CONTROL", socket.to_string());
    let (_turn, library) = load(options);
    let sw = boot(&library);
    let mut control = Client::connect(&socket).unwrap();
    assert_eq!(attached(&mut control), ["first", "third"]);

    // The port without a device is down until there is one, and down again without it.
    let (sink, events) = sai::notify::channel(64);
    library.subscribe(sink);
    let ports = ports_of(&library, sw);
    let becomes = |n: usize, state: OperStatus| {
        while let Some(event) = events.recv_timeout(Duration::from_secs(10)) {
            let Notification::PortStateChange { data } = event else { continue };
            match data.iter().find(|d| d.port_id == ports[n]) {
                Some(data) => return assert_eq!(data.port_state, state, "port {n}"),
                None => continue,
            }
        }
        panic!("nothing is told of port {n}");
    };
    enable(&library, ports[1]);
    enable(&library, ports[0]);
    becomes(0, OperStatus::UP);
    assert!(!is_up(&library, ports[1]));
    for _ in 0..2 {
        let _wire = veth_with_peer("second", "second-end");
        becomes(1, OperStatus::UP);
        until(|| attached(&mut control).contains(&"second".into()));
        assert!(try_ip("link del second"));
        becomes(1, OperStatus::DOWN);
    }
}

#[test]
fn ports_of_a_bed_without_any_of_its_devices_have_their_links() {
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let socket = Address::Unix(dir.path().join("control"));
    let options = lane_map(dir.path(), "first:1,2,3,4\nsecond:5,6,7,8\n")
        .profile("SWITCH_SIM_CONTROL", socket.to_string());
    let (_turn, library) = load(options);
    let sw = boot(&library);
    let mut control = Client::connect(&socket).unwrap();
    for port in ports_of(&library, sw) {
        enable(&library, port);
        assert!(is_up(&library, port));
    }
    // One that comes is attached all the same.
    let _wire = veth_with_peer("second", "second-end");
    until(|| attached(&mut control) == ["second"]);
}

#[test]
fn a_device_serves_one_port_at_a_time() {
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let _wire = veth_with_peer("only", "only-end");
    let (_turn, library) = load(lane_map(dir.path(), "only:1,2,3,4\n"));
    let switches = [boot(&library), boot(&library)];
    let ports = switches.map(|sw| {
        let first = ports_of(&library, sw)[0];
        enable(&library, first);
        first
    });
    // The kernel tells some time after a device was enabled that it runs.
    until(|| is_up(&library, ports[0]));
    assert!(!is_up(&library, ports[1]), "the device is the other's");
    library.remove(&ObjectRef::Object(ObjectType::SWITCH, switches[0])).unwrap();
    until(|| is_up(&library, ports[1]));
}

#[test]
fn as_many_threads_forward_as_the_profile_says() {
    namespace!();
    let dir = tempfile::tempdir().unwrap();
    let mut wires = ["first", "second"].map(|name| veth_with_peer(name, &format!("{name}-end")));
    let threads = || {
        let all = std::fs::read_dir("/proc/self/task").unwrap();
        let names = all.filter_map(|t| std::fs::read_to_string(t.unwrap().path().join("comm")).ok());
        names.filter(|name| name.starts_with("switch-sim")).count()
    };
    for (clock, workers, are) in [("system", None, 1), ("system", Some("3"), 3), ("virtual", Some("3"), 2)] {
        let mut options =
            lane_map(dir.path(), "first:1,2,3,4\nsecond:5,6,7,8\n").profile("SWITCH_SIM_CLOCK", clock);
        if let Some(n) = workers {
            options = options.profile("SWITCH_SIM_WORKERS", n);
        }
        let (_turn, library) = load(options);
        let sw = boot(&library);
        // A thread gives itself its name.
        until(|| threads() == are);
        ports_of(&library, sw).into_iter().for_each(|port| enable(&library, port));
        if clock == "system" {
            let frame = text::parse("eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:0a/ipv4/udp").unwrap();
            let [a, b] = &mut wires;
            send(a, &[&frame]);
            assert_eq!(receive(b, 1), [&frame[..]]);
        }
    }
    for wrong in ["0", "many", "257", "-1"] {
        let (_turn, path) = (TURN.lock(), common::folder().join("libsai.so"));
        let refused = Options::new().profile("SWITCH_SIM_WORKERS", wrong).load(path).unwrap_err();
        assert_eq!(refused.status(), Status::INVALID_PARAMETER, "{wrong}");
    }
}

#[test]
fn host_interfaces_are_tap_devices_by_either_key() {
    namespace!();
    for (key, on, there) in [
        ("SAI_VS_HOSTIF_USE_TAP_DEVICE", "true", true),
        ("SAI_VS_HOSTIF_USE_TAP_DEVICE", "false", false),
        ("SWITCH_SIM_HOST_DEVICES", "yes", true),
    ] {
        let (_turn, library) = load(Options::new().profile(key, on));
        let sw = boot(&library);
        let ports = ports_of(&library, sw);
        let attrs = [
            AttrEntry::new(hostif::TYPE.id(), Value::I32(hostif::Type::NETDEV.0)),
            AttrEntry::new(hostif::OBJ_ID.id(), Value::Oid(ports[0])),
            AttrEntry::new(hostif::NAME.id(), Value::CharData("Ethernet0".try_into().unwrap())),
        ];
        if let Err(refused) = library.create(sw, Target::Object(ObjectType::HOSTIF), &attrs) {
            return eprintln!("skipped: {refused}");
        }
        assert_eq!(try_ip("link show dev Ethernet0"), there, "{key}={on}");
    }
    let (_turn, path) = (TURN.lock(), common::folder().join("libsai.so"));
    let refused = Options::new().profile("SAI_VS_HOSTIF_USE_TAP_DEVICE", "yes").load(path).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_PARAMETER);
}

/// Puts a port into the default VLAN.
fn bridge(library: &Dylib, sw: ObjectId, port: ObjectId) {
    use sai::{bridge_port, vlan_member};
    let mut asked = [AttrEntry::ask(switch::DEFAULT_VLAN_ID.id())];
    library.get(&ObjectRef::Object(ObjectType::SWITCH, sw), &mut asked).unwrap();
    let attrs = [
        AttrEntry::new(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
        AttrEntry::new(bridge_port::PORT_ID.id(), Value::Oid(port)),
        AttrEntry::new(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
    ];
    let on = create(library, sw, ObjectType::BRIDGE_PORT, &attrs);
    let attrs = [
        AttrEntry::new(vlan_member::VLAN_ID.id(), asked[0].value.clone()),
        AttrEntry::new(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(on)),
    ];
    create(library, sw, ObjectType::VLAN_MEMBER, &attrs);
}

/// Takes it out again.
fn unbridge(library: &Dylib, sw: ObjectId, port: ObjectId) {
    use sai::{Answer, Query, bridge_port, vlan_member};
    let of = |ty, attr: u32, wanted: ObjectId| {
        let Answer::ObjectKeys(all) = library.query(sw, Query::ObjectKeys(ty)).unwrap() else { panic!() };
        let is = |o: &ObjectRef| {
            let mut asked = [AttrEntry::ask(attr)];
            library.get(o, &mut asked).is_ok() && asked[0].value == Value::Oid(wanted)
        };
        all.into_iter().find(is).unwrap()
    };
    let on = of(ObjectType::BRIDGE_PORT, bridge_port::PORT_ID.id(), port);
    let member = of(ObjectType::VLAN_MEMBER, vlan_member::BRIDGE_PORT_ID.id(), on.oid().unwrap());
    library.remove(&member).unwrap();
    library.remove(&on).unwrap();
}

#[test]
fn an_injected_delay_takes_the_time_of_the_switch() {
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path().join("plan.toml");
    std::fs::write(&plan, "[[rule]]\noperation = \"set\"\ndelay_us = 3600000000\n").unwrap();
    let socket = Address::Unix(dir.path().join("control"));
    let options = Options::new()
        .profile("SWITCH_SIM_CHAOS", plan.display().to_string())
        .profile("SWITCH_SIM_CLOCK", "virtual")
        .profile("SWITCH_SIM_CONTROL", socket.to_string());
    let (_turn, library) = load(options);
    let sw = boot(&library);
    let mut control = Client::connect(&socket).unwrap();
    let mut now = || control.call(&Request::Info).unwrap()["now"].as_u64().unwrap();
    let before = now();
    let aging = AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(10));
    library.set(&ObjectRef::Object(ObjectType::SWITCH, sw), &aging).unwrap();
    assert_eq!(Duration::from_nanos(now() - before), Duration::from_secs(3600));
}
