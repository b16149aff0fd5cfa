//! The control protocol, over its socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use switch_sim_live::control::{Address, Client, ClientError, Event, Request, Server};
use switch_sim_live::{Network, Topology};

const TWO: &str = r#"
    clock = "virtual"
    [profile.boot]
    ports_up = true
    [[switch]]
    name = "a"
    ports = 3
    [[switch]]
    name = "b"
    ports = 2
    [[link]]
    ends = ["a:2", "b:0"]
"#;
const BROADCAST: &str = "ffffffffffff 02000000000a 88b5 00000000000000000000000000000000";

struct Bed {
    _server: Server,
    _folder: tempfile::TempDir,
    address: Address,
}

fn bed(topology: &str) -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(&Topology::from_toml(topology).unwrap()).unwrap();
    let address = Address::Unix(folder.path().join("control"));
    let server = Server::start(Arc::new(network), &address).unwrap();
    Bed { _server: server, _folder: folder, address }
}

impl Bed {
    fn client(&self) -> Client {
        Client::connect(&self.address).unwrap()
    }
}

fn request(json: Json) -> Request {
    serde_json::from_value(json).unwrap()
}

fn ask(client: &mut Client, json: Json) -> Json {
    client.call(&request(json.clone())).unwrap_or_else(|e| panic!("{json}: {e}"))
}

fn refused(client: &mut Client, json: Json) -> (String, String) {
    match client.call(&request(json)) {
        Err(ClientError::Refused { status, message }) => (status, message),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn frames_go_in_travel_and_come_out() {
    let bed = bed(TWO);
    let mut client = bed.client();
    ask(&mut client, json!({"op": "inject", "port": "a:0", "frame": BROADCAST, "count": 2}));
    let out = ask(&mut client, json!({"op": "receive", "port": "a:1"}));
    let frame = BROADCAST.replace(' ', "");
    assert_eq!(out, json!([frame, frame]));
    assert_eq!(ask(&mut client, json!({"op": "receive", "port": "b:1"})), json!([]), "still on the cable");
    let settled = ask(&mut client, json!({"op": "settle"}));
    assert_eq!(settled, json!({"now": 500}));
    assert_eq!(ask(&mut client, json!({"op": "receive", "port": "b:1", "limit": 1})), json!([frame]));
    let advanced = ask(&mut client, json!({"op": "advance", "by": 1_000_000}));
    assert_eq!(advanced, json!({"now": 1_000_500}));

    let trace = ask(&mut client, json!({"op": "trace", "port": "a:0", "frame": BROADCAST}));
    assert!(trace["text"].as_str().unwrap().contains("transmitted by"), "{trace}");
    assert!(trace["steps"].as_array().unwrap().len() > 3);

    // A port without a link takes nothing.
    ask(&mut client, json!({"op": "link", "port": "a:0", "up": false}));
    let trace = ask(&mut client, json!({"op": "trace", "port": "a:0", "frame": BROADCAST}));
    assert!(trace["text"].as_str().unwrap().contains("dropped"), "{trace}");
    let ports = ask(&mut client, json!({"op": "ports", "switch": "a"}));
    assert_eq!((&ports[0]["oper"], &ports[1]["oper"]), (&json!(false), &json!(true)));
    assert_eq!(ports[1]["counters"]["tx_other"], json!(3));
}

#[test]
fn objects_are_read_made_changed_and_removed() {
    let bed = bed(TWO);
    let mut client = bed.client();
    let info = ask(&mut client, json!({"op": "info"}));
    assert_eq!((&info["clock"], &info["switches"][1]["name"]), (&json!("virtual"), &json!("b")));

    let attrs = json!({"vlan-id": 20});
    let id = ask(&mut client, json!({"op": "create", "switch": "a", "object": "vlan", "attrs": attrs}));
    let get = json!({"op": "get", "switch": "a", "object": id, "attrs": ["SAI_VLAN_ATTR_VLAN_ID"]});
    assert_eq!(
        ask(&mut client, get.clone()),
        json!({"type": "SAI_OBJECT_TYPE_VLAN", "id": id, "attrs": {"SAI_VLAN_ATTR_VLAN_ID": 20}})
    );
    let vlans = ask(&mut client, json!({"op": "list", "switch": "a", "type": "vlan"}));
    assert_eq!(vlans.as_array().unwrap().len(), 2);
    assert!(vlans[1]["attrs"].get("SAI_VLAN_ATTR_LEARN_DISABLE").is_some(), "{vlans}");

    let mac = "02:00:00:00:00:05";
    let entry =
        format!("fdb-entry:{}", json!({"bvid": id, "mac": mac, "switch_id": info["switches"][0]["id"]}));
    let bridge_port =
        ask(&mut client, json!({"op": "list", "switch": "a", "type": "bridge-port", "limit": 1}));
    let attrs = json!({"type": "SAI_FDB_ENTRY_TYPE_STATIC", "bridge-port-id": bridge_port[0]["id"]});
    ask(&mut client, json!({"op": "create", "switch": "a", "object": entry, "attrs": attrs}));
    let fdb = ask(&mut client, json!({"op": "list", "switch": "a", "type": "fdb-entry"}));
    assert_eq!(fdb[0]["key"]["mac"], json!(mac.to_uppercase()));
    ask(&mut client, json!({"op": "remove", "switch": "a", "object": entry}));
    assert_eq!(ask(&mut client, json!({"op": "list", "switch": "a", "type": "fdb-entry"})), json!([]));

    let ports = ask(&mut client, json!({"op": "ports", "switch": "a"}));
    let port = &ports[0]["id"];
    ask(&mut client, json!({"op": "set", "switch": "a", "object": port, "attr": "mtu", "value": 1500}));
    assert_eq!(ask(&mut client, json!({"op": "ports", "switch": "a"}))[0]["mtu"], json!(1500));
    ask(&mut client, json!({"op": "inject", "port": "a:0", "frame": BROADCAST}));
    let stats = json!({"op": "stats", "switch": "a", "object": port, "clear": true});
    assert_eq!(ask(&mut client, stats.clone())["SAI_PORT_STAT_IF_IN_NON_UCAST_PKTS"], json!(1));
    assert_eq!(ask(&mut client, stats)["SAI_PORT_STAT_IF_IN_NON_UCAST_PKTS"], json!(0));

    let resources = ask(&mut client, json!({"op": "resources", "switch": "b"}));
    let port = resources.as_array().unwrap().iter().find(|r| r["type"] == "SAI_OBJECT_TYPE_PORT").unwrap();
    assert!(port["used"].as_u64().unwrap() >= 2, "{port}");
    ask(&mut client, json!({"op": "remove", "switch": "a", "object": id}));
    assert_eq!(refused(&mut client, get).0, "SAI_STATUS_ITEM_NOT_FOUND");
}

#[test]
fn a_snapshot_is_a_file_that_a_switch_begins_from() {
    let bed = bed("clock = \"virtual\"\n[[switch]]\nname = \"a\"\nports = 2\n");
    let mut client = bed.client();
    let id = ask(&mut client, json!({"op": "create", "object": "vlan", "attrs": {"vlan-id": 20}}));
    let path = bed._folder.path().join("state");
    ask(&mut client, json!({"op": "snapshot", "path": path}));
    let again = format!("clock = \"virtual\"\n[[switch]]\nname = \"a\"\nports = 2\nstate = {path:?}\n");
    let network = Network::start(&Topology::from_toml(&again).unwrap()).unwrap();
    let vlans = network.nodes()[0].sim.with_switch(network.nodes()[0].switch.raw(), |sw| {
        sw.store.ids(sai::ObjectType::VLAN).map(|id| id.to_string()).collect::<Vec<_>>()
    });
    assert!(vlans.unwrap().iter().any(|v| *v == id.as_str().unwrap()));
    // A clean stop writes the state again.
    std::fs::remove_file(&path).unwrap();
    network.stop().unwrap();
    assert!(path.exists());
}

#[test]
fn streams_tell_notifications_and_frames() {
    let bed = bed(TWO);
    let (mut client, mut watcher, mut capturer) = (bed.client(), bed.client(), bed.client());
    watcher.call(&request(json!({"op": "watch"}))).unwrap();
    capturer.call(&request(json!({"op": "capture", "ports": ["b:0"]}))).unwrap();

    ask(&mut client, json!({"op": "link", "port": "b:1", "up": false}));
    let Some(Event::Event(event)) = watcher.next_event().unwrap() else { panic!("an event") };
    assert_eq!((&event["switch"], &event["name"]), (&json!("b"), &json!("port_state_change")));

    ask(&mut client, json!({"op": "inject", "port": "a:0", "frame": BROADCAST}));
    ask(&mut client, json!({"op": "settle"}));
    let Some(Event::Event(frame)) = capturer.next_event().unwrap() else { panic!("a frame") };
    assert_eq!((&frame["switch"], &frame["way"], &frame["at"]), (&json!("b"), &json!("in"), &json!(500)));
    assert_eq!(frame["frame"], json!(BROADCAST.replace(' ', "")));

    drop(bed);
    assert_eq!(capturer.next_event().unwrap(), None, "the switches are gone");
}

#[test]
fn bad_requests_are_refused_and_the_connection_lives() {
    let bed = bed(TWO);
    let mut client = bed.client();
    for (json, why) in [
        (json!({"op": "inject", "port": "c:0", "frame": "00"}), "there is no switch c; there are a, b"),
        (json!({"op": "inject", "port": "0", "frame": "00"}), "say which switch: a, b"),
        (json!({"op": "inject", "port": "a:9", "frame": "00"}), "a has no port 9; it has 3 of them, from 0"),
        (json!({"op": "inject", "port": "a:x", "frame": "00"}), "a port is SWITCH:PLACE"),
        (json!({"op": "inject", "port": "a:0", "frame": "0"}), "odd number of hexadecimal digits"),
        (json!({"op": "inject", "port": "a:0", "frame": "zz"}), "'zz' is not hexadecimal"),
        (json!({"op": "list", "switch": "a", "type": "vlans"}), "no object type SAI_OBJECT_TYPE_VLANS"),
        (json!({"op": "get", "switch": "a", "object": "vlan"}), "names no object"),
        (
            json!({"op": "create", "switch": "a", "object": "vlan", "attrs": {"colour": 1}}),
            "SAI_OBJECT_TYPE_VLAN has no attribute colour",
        ),
        (
            json!({"op": "create", "switch": "a", "object": "vlan", "attrs": {"vlan-id": "many"}}),
            "SAI_VLAN_ATTR_VLAN_ID: ",
        ),
    ] {
        let (_, message) = refused(&mut client, json);
        assert!(message.contains(why), "{message}");
    }
    let Address::Unix(path) = &bed.address else { panic!("a path") };
    let mut raw = UnixStream::connect(path).unwrap();
    let mut answers = BufReader::new(raw.try_clone().unwrap());
    let mut answer = |request: &str| {
        raw.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        serde_json::from_str::<Json>(&line).unwrap()
    };
    for bad in ["\n}\n", "{\"op\": \"fly\"}\n", "{\"op\": \"ports\", \"extra\": 1}\n", "[]\n"] {
        let error = answer(bad);
        assert!(error["error"]["message"].as_str().unwrap().contains("this is no request"), "{bad}: {error}");
    }
    assert!(answer("{\"op\": \"info\"}\n").get("ok").is_some());
}

#[test]
fn addresses_are_a_path_or_loopback() {
    let parse = |text: &str| text.parse::<Address>();
    assert_eq!(parse("unix:x"), Ok(Address::Unix("x".into())));
    assert_eq!(parse("/run/x"), Ok(Address::Unix("/run/x".into())));
    assert_eq!(parse("127.0.0.1:7").unwrap().to_string(), "tcp:127.0.0.1:7");
    assert!(parse("192.0.2.1:7").unwrap_err().contains("is no loopback address"));
    assert!(parse("x").unwrap_err().contains("neither unix:PATH nor 127.0.0.1:PORT"));

    let network = Network::start(&Topology::from_toml(TWO).unwrap()).unwrap();
    let server = Server::start(Arc::new(network), &"127.0.0.1:0".parse().unwrap()).unwrap();
    let mut client = Client::connect(server.address()).unwrap();
    assert_eq!(ask(&mut client, json!({"op": "info"}))["now"], json!(0));
    let gone = server.address().clone();
    drop(server);
    assert!(matches!(Client::connect(&gone), Err(ClientError::Connection { .. })));
}

#[test]
fn on_the_systems_clock_a_port_that_nobody_reads_keeps_the_newest_frames() {
    let bed = bed("[profile.boot]\nports_up = true\n[[switch]]\nname = \"a\"\nports = 2\n");
    let mut client = bed.client();
    let other = BROADCAST.replace("88b5", "88b6");
    ask(&mut client, json!({"op": "inject", "port": "a:0", "frame": BROADCAST, "count": 5000}));
    ask(&mut client, json!({"op": "inject", "port": "a:0", "frame": other}));
    let frames = ask(&mut client, json!({"op": "receive", "port": "a:1"}));
    let frames = frames.as_array().unwrap();
    assert_eq!(frames.len(), switch_sim::world::KEPT);
    assert_eq!(*frames.last().unwrap(), json!(other.replace(' ', "")));
    let (status, message) = refused(&mut client, json!({"op": "advance", "by": 1}));
    assert!(status == "SAI_STATUS_NOT_SUPPORTED" && message.contains("virtual clock"), "{message}");
}
