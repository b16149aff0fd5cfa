use serde_json::json;
use switch_sim_live::pcap::{Reader, Writer};

use crate::bed::{Running, ends};

#[test]
fn state_is_saved_by_a_clean_stop_and_loaded_again() {
    let args = ["--ports", "4", "--virtual-clock", "--state", "state"];
    let switch = Running::start(&args);
    let vlan = switch.says(&["create", "vlan", "vlan-id=20"]);
    let (folder, last) = switch.stop("-INT");
    assert!(last[0].ends_with("state") && last[0].starts_with("saved "), "{last:?}");
    let switch = Running::start_in(folder, &args);
    let vlans = switch.says(&["show", "vlans"]);
    assert!(vlans.contains(vlan.trim()), "{vlans}");
    // The second stop is as clean.
    switch.stop("-HUP");
}

#[test]
fn a_capture_is_played_in_and_what_leaves_is_captured() {
    let folder = tempfile::tempdir().unwrap();
    let frame = |n: u8| {
        let text = format!("eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:{n:02x}/vlan vid=1/ipv4/udp");
        switch_sim::wire::text::parse(&text).unwrap()
    };
    let mut writer = Writer::create(folder.path().join("in.pcap"), &[]).unwrap();
    for n in 0..3 {
        writer.write(std::time::Duration::from_secs(100 + u64::from(n)), 0, &frame(n)).unwrap();
    }
    drop(writer);
    let args =
        ["--ports", "2", "--virtual-clock", "--attach", "0=pcap:in.pcap:", "--attach", "1=pcap::out.pcapng"];
    let switch = Running::start_in(folder, &args);
    assert_eq!(switch.says(&["advance", "1s"]), "now 1000000000\n");
    assert_eq!(switch.json(&["show", "ports"])[1]["counters"]["tx_other"], json!(2));
    switch.says(&["advance", "1s"]);
    let (folder, _) = switch.stop("-TERM");
    let out: Vec<_> = Reader::open(folder.path().join("out.pcapng")).unwrap().map(Result::unwrap).collect();
    let seconds: Vec<u64> = out.iter().map(|c| c.at.as_secs()).collect();
    assert_eq!(seconds, [0, 1, 2]);
    // VLAN 1 leaves untagged.
    let mut untagged = frame(2);
    untagged.drain(12..16);
    assert_eq!(out[2].frame, untagged);
}

#[test]
fn faults_are_injected_by_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("chaos.toml"),
        "seed = 1\n[[rule]]\nobject_type = \"SAI_OBJECT_TYPE_VLAN\"\noperation = \"create\"\nstatus = \"SAI_STATUS_TABLE_FULL\"\n",
    )
    .unwrap();
    let switch = Running::start_in(folder, &["--ports", "2", "--virtual-clock", "--chaos", "chaos.toml"]);
    let (code, _, error) = switch.ends(&["create", "vlan", "vlan-id=20"]);
    assert_eq!(code, 2);
    assert!(error.contains("SAI_STATUS_TABLE_FULL"), "{error}");
}

#[test]
fn a_recording_sets_a_switch_up() {
    let switch = Running::start(&["--ports", "2", "--virtual-clock", "--recording", "made.rec"]);
    switch.says(&["create", "vlan", "vlan-id=20"]);
    let (folder, _) = switch.stop("-TERM");
    let switch = Running::start_in(folder, &["--ports", "2", "--virtual-clock", "--setup", "made.rec"]);
    let vlans = switch.says(&["show", "vlans"]);
    assert!(vlans.lines().any(|l| l.ends_with(" 20")), "{vlans}");
}

#[test]
fn control_is_taken_on_tcp_when_asked() {
    let switch = Running::start(&["--ports", "2", "--virtual-clock", "--tcp", "0"]);
    let tcp = switch.greeting[1].strip_prefix("listening on ").unwrap();
    assert!(tcp.starts_with("tcp:127.0.0.1:"), "{tcp}");
    let out = crate::bed::says(&["show", "switches", "--socket", tcp]);
    assert!(out.contains("virtual clock"), "{out}");
}

#[test]
fn on_the_systems_clock_time_cannot_be_moved() {
    let switch = Running::start(&["--ports", "2"]);
    let (code, _, error) = switch.ends(&["advance", "1s"]);
    assert_eq!(code, 2);
    assert!(error.contains("run with a virtual clock to move it"), "{error}");
}

#[test]
fn what_cannot_run_says_why() {
    let (code, _, error) = ends(&["run", "nosuch"]);
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "switch-sim: nosuch: there is no such file, and no ready topology of that name (leaf-spine-4x2, fat-tree-20)\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("s").display());
    let (_, _, error) =
        ends(&["run", "--ports", "2", "--attach", "0=netdev:nosuchdevice", "--socket", &socket]);
    assert!(error.contains("switch:0: network device nosuchdevice: there is none; there are "), "{error}");
    let (_, _, error) = ends(&["run", "leaf-spine-4x2", "--only", "leaf9"]);
    assert!(error.contains("there is no such switch; there are leaf1, "), "{error}");
    let (_, _, error) =
        ends(&["run", "--ports", "2", "--virtual-clock", "--attach", "0=tap:x", "--socket", &socket]);
    assert!(error.contains("tap:x needs the system's clock, and the clock is virtual"), "{error}");
    let (_, out, error) = ends(&["run", "--ports", "2", "--web", "192.0.2.1:80", "--socket", &socket]);
    assert!(out.is_empty() && error.contains("give a loopback address"), "{out}{error}");
    let (_, _, error) = ends(&["show", "ports", "--socket", &socket]);
    assert!(error.contains("start some by 'switch-sim run'"), "{error}");
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes");
    std::fs::write(&file, "mine").unwrap();
    let (code, _, error) = ends(&["run", "--ports", "2", "--socket", &format!("unix:{}", file.display())]);
    assert_eq!(code, 2, "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    // A socket that a killed program left is taken over.
    let socket = folder.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    Running::start_in(folder, &["--ports", "2"]).stop("-TERM");
}

#[test]
fn a_state_that_could_not_be_saved_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("s").display());
    let state = folder.path().join("nosuch/state").display().to_string();
    let (code, out, error) = ends(&["run", "--ports", "2", "--state", &state, "--socket", &socket]);
    assert_eq!((code, &*out), (2, ""), "{error}");
    assert!(error.contains("nosuch/state") && error.contains("No such file"), "{error}");
}

#[test]
fn a_recording_is_there_while_it_goes_on() {
    let switch = Running::start(&["--ports", "2", "--virtual-clock", "--recording", "made.rec"]);
    switch.says(&["create", "vlan", "vlan-id=20"]);
    let recording = std::fs::read_to_string(switch.path("made.rec")).unwrap();
    assert!(recording.contains("SAI_VLAN_ATTR_VLAN_ID=20") && recording.ends_with('\n'), "{recording}");
}

#[test]
fn devices_of_a_switch_that_runs_alone_must_be_there_and_have_short_names() {
    let (_, _, error) = ends(&["run", "leaf-spine-4x2", "--only", "leaf1"]);
    assert!(error.contains("'switch-sim topology leaf-spine-4x2 --devices' prints what makes it"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.toml");
    let text = "switch = [{ name = \"the-name-is-long\", ports = 1 }, { name = \"b\", ports = 1 }]\n\
                link = [{ ends = [\"b:0\", \"the-name-is-long:0\"] }]\n";
    std::fs::write(&file, text).unwrap();
    let (_, out, error) = ends(&["topology", file.to_str().unwrap(), "--devices"]);
    assert!(out.is_empty() && error.contains("only by 15 bytes"), "{out}{error}");
}
