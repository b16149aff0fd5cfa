use std::process::Stdio;

use crate::bed::{ends, program, says};

#[test]
fn a_packet_is_traced_without_running_switches() {
    let broadcast = "eth dst=ff:ff:ff:ff:ff:ff/ipv4/udp";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.toml");
    std::fs::write(&file, "[profile.boot]\nports_up = true\n[[switch]]\nname = \"a\"\nports = 3\n").unwrap();
    let path = says(&["trace", "0", broadcast, "--in", file.to_str().unwrap()]);
    assert!(path.contains("transmitted by port 1") && path.contains("transmitted by port 2"), "{path}");
    let (code, _, error) = ends(&["trace", "0", "eth/ipv4 ttl=300", "--in", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("it is a number from 0 to 255"), "{error}");
    let (_, _, error) = ends(&["trace", "9", broadcast, "--in", file.to_str().unwrap()]);
    assert!(error.contains("a has no port 9; it has 3 of them, from 0"), "{error}");
    let (_, _, error) = ends(&["trace", "0", broadcast, "--in", "nosuch.toml"]);
    assert!(error.contains("nosuch.toml"), "{error}");
    let (_, _, error) = ends(&["trace", "0", "no.pcap", "--in", file.to_str().unwrap()]);
    assert!(error.contains("no.pcap: No such file"), "{error}");
}

#[test]
fn the_support_matrix_is_printed() {
    let matrix = says(&["support"]);
    assert!(matrix.contains("## SAI_OBJECT_TYPE_ROUTE_ENTRY"), "{matrix}");
    let json: serde_json::Value = serde_json::from_str(&says(&["support", "--json"])).unwrap();
    let of =
        |object: &str| json.as_array().unwrap().iter().find(|o| o["object_type"] == object).unwrap().clone();
    let names =
        |o: &serde_json::Value, how: &str, name: &str| o[how].as_array().unwrap().contains(&name.into());
    let route = of("SAI_OBJECT_TYPE_ROUTE_ENTRY");
    assert!(names(&route, "acts", "SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID"), "{route}");
    assert!(names(&route, "stored", "SAI_ROUTE_ENTRY_ATTR_PREFIX_AGG_ID"), "{route}");
    assert!(names(&of("SAI_OBJECT_TYPE_SWITCH"), "refused", "SAI_SWITCH_ATTR_MAX_TEMP"));
}

#[test]
fn the_doctor_says_what_works() {
    let text = says(&["doctor", "--library", "/no/such/libsai.so"]);
    assert!(text.starts_with("yes  simulator: switch-sim "), "{text}");
    assert!(text.contains("TAP devices: "), "{text}");
    assert!(text.contains("devices here: ") && text.contains("lo"), "{text}");
    let no = "no   library /no/such/libsai.so: cannot load /no/such/libsai.so: /no/such/libsai.so: ";
    assert!(text.contains(no), "{text}");
    let json: serde_json::Value = serde_json::from_str(&says(&["doctor", "--json"])).unwrap();
    assert_eq!(json[0]["works"], true);
}

#[test]
fn topologies_are_listed_and_printed() {
    let list = says(&["topology"]);
    assert!(list.contains("leaf-spine-4x2: 6 switches, 8 links\n"), "{list}");
    assert!(list.contains("fat-tree-20: 20 switches, 32 links\n"), "{list}");
    let text = says(&["topology", "leaf-spine-4x2"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, text).unwrap();
    assert_eq!(says(&["topology", file.to_str().unwrap()]).lines().count(), 6 + 8);
    let devices = says(&["topology", "leaf-spine-4x2", "--devices"]);
    assert!(devices.starts_with("ip link add leaf1-0 type veth peer name spine1-0\n"), "{devices}");
    assert!(devices.contains("# switch-sim run leaf-spine-4x2 --only spine2 "), "{devices}");
}

#[test]
fn completions_and_man_pages_come_from_the_parser() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(says(&["completions", shell]).contains("switch-sim"), "{shell}");
    }
    assert!(says(&["man"]).contains(".TH switch-sim 1"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man");
    says(&["man", path.to_str().unwrap()]);
    for page in ["switch-sim.1", "switch-sim-run.1", "switch-sim-show-ports.1"] {
        assert!(path.join(page).exists(), "{page}");
    }
}

#[test]
fn help_names_every_command_and_unknown_ones_are_refused() {
    let help = says(&["--help"]);
    for command in ["run", "show", "trace", "replay", "compare", "doctor", "capture"] {
        assert!(help.lines().any(|l| l.trim_start().starts_with(command)), "{command}: {help}");
    }
    let (code, _, error) = ends(&["shw"]);
    assert_eq!(code, 2);
    assert!(error.contains("a similar subcommand exists: 'show'"), "{error}");
    let (_, _, error) = ends(&["run", "--attach", "0=ether:eth0"]);
    assert!(error.contains("memory, netdev:NAME, tap:NAME or pcap:IN:OUT"), "{error}");
    let (_, _, error) = ends(&["show", "ports", "--socket", "192.0.2.1:80"]);
    assert!(error.contains("is no loopback address"), "{error}");
}

#[test]
fn benchmarks_are_listed_and_run() {
    let list = says(&["bench", "--list"]);
    let first = list.lines().next().unwrap().split(' ').next().unwrap().to_owned();
    assert!(list.lines().any(|l| l.starts_with("forward/")), "{list}");
    let report = says(&["bench", &first, "--quick", "--runs", "1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(json["cases"][0]["name"], first.as_str());
    assert!(json["cases"][0]["median"].as_f64().unwrap() > 0.0, "{report}");
    let (code, _, error) = ends(&["bench", "nosuchcase"]);
    assert!(code == 2 && error.contains("'switch-sim bench --list' lists them"), "{error}");
}

#[test]
fn who_reads_no_further_is_no_failure() {
    for args in [&["support", "--json"][..], &["completions", "bash"], &["bench", "--list"]] {
        let mut child = program(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}
