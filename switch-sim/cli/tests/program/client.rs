use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::bed::Running;

const VIRTUAL: &[&str] = &["--ports", "4", "--virtual-clock"];
const BROADCAST: &str = "eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:0a/ipv4/udp";

#[test]
fn ports_are_shown_with_what_passed_them() {
    let switch = Running::start(VIRTUAL);
    assert_eq!(
        switch.greeting,
        [format!("listening on {}", switch.socket), "running switch; stop by Ctrl-C".into()]
    );
    switch.says(&["inject", "0", BROADCAST, "--count", "3"]);
    switch.says(&["link", "3", "down"]);
    let table = switch.says(&["show", "ports"]);
    let lines: Vec<Vec<&str>> = table.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["PORT", "ID", "ADMIN", "OPER", "SPEED", "MTU", "DEVICE", "RX", "TX", "DROPPED"]);
    assert_eq!(lines[1][2..], ["up", "up", "100G", "1514", "-", "3", "0", "0"]);
    assert_eq!(lines[2][7..], ["0", "3", "0"]);
    assert_eq!(lines[4][..4], ["3", "oid:0x100000000000004", "up", "down"]);
    assert_eq!(switch.json(&["show", "ports"])[1]["counters"]["tx_other"], json!(3));
    let counters = switch.says(&["show", "counters"]);
    assert!(
        counters
            .lines()
            .nth(1)
            .unwrap()
            .split_whitespace()
            .eq(["0", "192", "0", "3", "0", "0", "0", "0", "0"]),
        "{counters}"
    );
    let one = switch.says(&["show", "counters", "oid:0x100000000000001"]);
    assert!(one.lines().any(|l| l.split_whitespace().eq(["SAI_PORT_STAT_IF_IN_OCTETS", "192"])), "{one}");
    let frames = switch.says(&["receive", "1"]);
    assert_eq!(frames.lines().count(), 3);
    assert!(frames.starts_with("ffffffffffff02000000000a0800"), "{frames}");
}

#[test]
fn tables_name_what_ids_stand_for() {
    let switch = Running::start(VIRTUAL);
    let vlan = switch.says(&["create", "vlan", "vlan-id=20"]);
    let vlan = vlan.trim();
    let bridge_ports = switch.json(&["show", "object", "bridge-port"]);
    let port = "oid:0x100000000000003";
    let on_port = |b: &&serde_json::Value| b["attrs"]["SAI_BRIDGE_PORT_ATTR_PORT_ID"] == port;
    let bridge_port = bridge_ports.as_array().unwrap().iter().find(on_port).unwrap()["id"].as_str().unwrap();
    switch.says(&[
        "create",
        "vlan-member",
        &format!("vlan-id={vlan}"),
        &format!("bridge-port-id={bridge_port}"),
        "vlan-tagging-mode=SAI_VLAN_TAGGING_MODE_TAGGED",
    ]);
    let vlans = switch.says(&["show", "vlans"]);
    assert!(vlans.lines().any(|l| l.ends_with("20    port 2 tagged")), "{vlans}");
    assert_eq!(switch.json(&["show", "vlans"])[1]["members"].as_array().unwrap().len(), 1);

    switch.says(&["inject", "1", BROADCAST]);
    let fdb = switch.says(&["show", "fdb"]);
    let row: Vec<&str> = fdb.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, ["02:00:00:00:00:0A", "VLAN", "1", "port", "1", "dynamic", "forward"]);

    // A router interface on VLAN 20, a neighbor, a next hop, a group of it, a route to each.
    let info = switch.json(&["show", "object", "switch"]);
    let (id, router) = (&info[0]["id"], &info[0]["attrs"]["SAI_SWITCH_ATTR_DEFAULT_VIRTUAL_ROUTER_ID"]);
    let router_is = format!("virtual-router-id={}", router.as_str().unwrap());
    let vlan_is = format!("vlan-id={vlan}");
    let made = |args: &[&str]| switch.says(&[&["create"], args].concat()).trim().to_owned();
    let rif = made(&["router-interface", &router_is, "type=SAI_ROUTER_INTERFACE_TYPE_VLAN", &vlan_is]);
    let neighbor = json!({"ip": "10.0.0.2", "rif": rif, "switch_id": id});
    made(&[&format!("neighbor-entry:{neighbor}"), "dst-mac-address=02:00:00:00:00:0B"]);
    let hop = made(&[
        "next-hop",
        "type=SAI_NEXT_HOP_TYPE_IP",
        "ip=10.0.0.2",
        &format!("router-interface-id={rif}"),
    ]);
    let group = made(&["next-hop-group", "type=SAI_NEXT_HOP_GROUP_TYPE_DYNAMIC_UNORDERED_ECMP"]);
    let member = [format!("next-hop-group-id={group}"), format!("next-hop-id={hop}")];
    made(&["next-hop-group-member", &member[0], &member[1]]);
    for (dest, to) in [("192.0.2.0/24", &hop), ("198.51.100.0/24", &group)] {
        let route = json!({"dest": dest, "switch_id": id, "vr": router});
        made(&[&format!("route-entry:{route}"), &format!("next-hop-id={to}")]);
    }
    let squeezed = |args: &[&str]| {
        let text = switch.says(args);
        text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let routes = squeezed(&["show", "routes"]);
    let router = router.as_str().unwrap();
    assert!(routes.contains(&format!("192.0.2.0/24 10.0.0.2 on VLAN 20 forward {router}")), "{routes:?}");
    assert!(routes.contains(&format!("198.51.100.0/24 group {group} forward {router}")), "{routes:?}");
    let neighbors = squeezed(&["show", "neighbors"]);
    assert!(neighbors.contains(&"10.0.0.2 VLAN 20 02:00:00:00:00:0B forward".to_owned()), "{neighbors:?}");
    let groups = squeezed(&["show", "groups"]);
    assert!(groups[1].ends_with("10.0.0.2 on VLAN 20"), "{groups:?}");
    let resources = squeezed(&["show", "resources"]);
    assert!(resources.iter().any(|l| l.starts_with("next-hop-group 1 ")), "{resources:?}");

    let lag = made(&["lag"]);
    let ports = switch.json(&["show", "ports"]);
    let member = [format!("lag-id={lag}"), format!("port-id={}", ports[3]["id"].as_str().unwrap())];
    let member = made(&["lag-member", &member[0], &member[1]]);
    let lags = squeezed(&["show", "lags"]);
    assert!(lags[1].starts_with(&lag) && lags[1].ends_with("port 3"), "{lags:?}");
    let (code, _, error) = switch.ends(&["remove", &lag]);
    assert!(code == 2 && error.contains("SAI_STATUS_OBJECT_IN_USE"), "{error}");
    switch.says(&["remove", &member]);
    switch.says(&["remove", &lag]);
}

#[test]
fn attributes_are_set_by_short_or_full_name() {
    let switch = Running::start(VIRTUAL);
    let port = "oid:0x100000000000001";
    switch.says(&["set", port, "mtu", "9100"]);
    switch.says(&["set", port, "SAI_PORT_ATTR_ADMIN_STATE", "false"]);
    let shown = switch.says(&["show", "object", port]);
    assert!(shown.starts_with("SAI_OBJECT_TYPE_PORT oid:0x100000000000001\n"), "{shown}");
    assert!(shown.contains("    SAI_PORT_ATTR_MTU 9100\n"), "{shown}");
    assert!(shown.contains("    SAI_PORT_ATTR_OPER_STATUS SAI_PORT_OPER_STATUS_DOWN\n"), "{shown}");
    let (code, out, error) = switch.ends(&["set", port, "mtu", "99999"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("SAI_PORT_ATTR_MTU") && error.contains("INVALID_ATTR_VALUE"), "{error}");
}

#[test]
fn a_packet_is_traced_by_the_names_of_ports() {
    let switch = Running::start(VIRTUAL);
    let path = switch.says(&["trace", "2", "eth dst=02:00:00:00:00:0b src=02:00:00:00:00:0a/ipv4/udp"]);
    assert!(path.starts_with("PortIn\n"), "{path}");
    assert!(path.contains("transmitted by port 0 (oid:0x100000000000001)"), "{path}");
    let steps = switch.json(&["trace", "2", "ffffffffffff 02000000000a 88b5 0000"]);
    assert_eq!(steps[0]["event"]["stage"], json!("port-in"));
}

#[test]
fn notifications_are_watched() {
    let switch = Running::start(VIRTUAL);
    let mut watch = switch.command(&["watch", "--count", "2"]);
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It says so when it listens.
    let mut said = String::new();
    BufReader::new(watch.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "watching; stop by Ctrl-C\n");
    switch.says(&["link", "1", "down"]);
    switch.says(&["inject", "0", BROADCAST]);
    let output = watch.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("switch port_state_change ") && lines[0].contains("SAI_PORT_OPER_STATUS_DOWN"),
        "{text}"
    );
    assert!(
        lines[1].starts_with("switch fdb_event ") && lines[1].contains("SAI_FDB_EVENT_LEARNED"),
        "{text}"
    );
}

#[test]
fn frames_are_captured_and_a_capture_is_injected() {
    let switch = Running::start(VIRTUAL);
    let file = switch.path("all.pcapng").display().to_string();
    let mut capture = switch.command(&["capture", &file, "--port", "0", "--port", "1", "--count", "4"]);
    let mut capture = capture.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(capture.stderr.take().unwrap()).read_line(&mut said).unwrap();
    switch.says(&["inject", "0", BROADCAST, "--count", "2"]);
    let output = capture.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "captured 4 frames\n");
    let path = switch.says(&["trace", "3", &file]);
    assert_eq!(path.lines().filter(|l| l.starts_with("packet ")).count(), 4, "{path}");
    switch.says(&["inject", "3", &file]);
    // The trace and the injection went in by port 3.
    assert_eq!(switch.json(&["show", "ports"])[3]["counters"]["rx_other"], json!(8));
}

#[test]
fn the_clock_is_moved_and_what_aged_is_in_the_difference() {
    let switch = Running::start(VIRTUAL);
    switch.says(&["inject", "0", BROADCAST]);
    let (before, after) =
        (switch.path("before").display().to_string(), switch.path("after").display().to_string());
    let id = switch.json(&["show", "object", "switch"])[0]["id"].as_str().unwrap().to_owned();
    switch.says(&["set", &id, "fdb-aging-time", "10"]);
    assert!(switch.says(&["snapshot", &before]).contains("bytes "));
    assert_eq!(switch.ends(&["diff", &before]), (0, String::new(), String::new()));
    assert_eq!(switch.says(&["advance", "11s"]), "now 11000000000\n");
    switch.says(&["snapshot", &after]);
    let (code, lines, _) = switch.ends(&["diff", &before]);
    assert_eq!(code, 1);
    assert!(lines.lines().all(|l| l.starts_with("- ")) && lines.contains("02:00:00:00:00:0a"), "{lines}");
    assert_eq!(switch.ends(&["diff", &before, &after]).1, lines);
}

#[test]
fn several_switches_are_told_apart() {
    let network = Running::start(&["leaf-spine-4x2", "--virtual-clock"]);
    assert!(network.greeting[1].starts_with("running leaf1, leaf2, leaf3, leaf4, spine1, spine2;"));
    let switches = network.says(&["show", "switches"]);
    assert_eq!(switches.lines().count(), 8, "{switches}");
    assert!(switches.contains("virtual clock, 0 ns"), "{switches}");
    assert_eq!(network.json(&["show", "ports"]).as_array().unwrap().len(), 4 * 6 + 2 * 4);
    assert_eq!(network.says(&["show", "ports", "--switch", "spine1"]).lines().count(), 5);
    let (_, _, error) = network.ends(&["show", "vlans"]);
    assert!(error.contains("say which switch: leaf1, leaf2, leaf3, leaf4, spine1, spine2"), "{error}");
    assert!(network.says(&["trace", "spine1:0", BROADCAST]).contains("dropped: "));
}

#[test]
fn without_switches_the_error_says_what_to_do() {
    let (code, _, error) = crate::bed::ends(&["show", "ports", "--socket", "unix:/no/such/socket"]);
    assert_eq!(code, 2);
    assert!(
        error.contains("no switches listen here") && error.contains(": unix:/no/such/socket: "),
        "{error}"
    );
    assert!(error.contains("start some by 'switch-sim run'"), "{error}");
}

#[test]
fn a_port_is_an_object_by_its_place() {
    let switch = Running::start(VIRTUAL);
    switch.says(&["set", "2", "mtu", "9000"]);
    let port = switch.json(&["show", "object", "2"]);
    assert_eq!(
        (&port["id"], &port["attrs"]["SAI_PORT_ATTR_MTU"]),
        (&json!("oid:0x100000000000003"), &json!(9000))
    );
    assert!(switch.says(&["show", "counters", "2"]).contains("SAI_PORT_STAT_IF_IN_OCTETS"));
    let (_, _, error) = switch.ends(&["set", "7", "mtu", "9000"]);
    assert!(error.contains("switch has no port 7; it has 4 of them, from 0"), "{error}");
}

#[test]
fn what_is_created_wrongly_is_told_and_not_made() {
    let switch = Running::start(VIRTUAL);
    let error = |args: &[&str]| switch.ends(&[&["create"], args].concat()).2;
    assert_eq!(error(&["vlan", "vlan-id=20", "vlan-id=30"]), "switch-sim: vlan-id is given twice\n");
    let wrong = error(&["router-interface", "type=port"]);
    assert!(wrong.contains("there are SAI_ROUTER_INTERFACE_TYPE_PORT, "), "{wrong}");
    let wrong = error(&["vlan"]);
    assert!(wrong.starts_with("switch-sim: create SAI_OBJECT_TYPE_VLAN, SAI_VLAN_ATTR_VLAN_ID: "), "{wrong}");
    assert_eq!(switch.json(&["show", "vlans"]).as_array().unwrap().len(), 1);
}
