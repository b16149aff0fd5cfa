use super::*;

#[test]
fn the_shipped_profiles_load_and_have_the_ports_they_say() {
    for (text, ports, lanes, speed) in [
        (include_str!("../../profiles/common.toml"), 32, 4, 100_000),
        (include_str!("../../profiles/small.toml"), 8, 1, 10_000),
        (include_str!("../../profiles/64x400g.toml"), 64, 8, 400_000),
        (include_str!("../../profiles/512.toml"), 512, 1, 100_000),
    ] {
        let boot = Profile::from_toml(text).unwrap().boot_ports();
        assert_eq!(boot.len(), ports);
        assert!(boot.iter().all(|p| p.lanes.len() == lanes && p.speed == speed));
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = Profile::from_toml("name = 'x'\n\n[chip]\nlaness = 4\n").unwrap_err().to_string();
    assert!(error.contains("line 4") && error.contains("laness"), "{error}");
}

#[test]
fn a_mistake_is_told_in_one_line_with_key_and_what_is_allowed() {
    for (text, begin, allowed) in [
        ("[chip]\nlaness = 4\n", "line 2: chip.laness: ", "`lanes`"),
        ("[chip]\nlanes = 'x'\n", "line 2: chip.lanes: ", "expected u32"),
        ("\nchip = { lanes = -1 }\n", "line 2: chip.lanes: ", "expected u32"),
        ("timing = 'slow'\n", "line 1: timing: ", "`ideal` or `wire`"),
        ("mac = '02:00'\n", "line 1: mac: ", "MAC"),
        ("[[port]]\nlanes = [1]\nspeed = 10000\n[[port]]\nlanes = [2]\n", "line 4: port[1]: ", "`speed`"),
        ("[[port]]\nlanes = [1, 'b']\nspeed = 10000\n", "line 2: port[0].lanes[1]: ", "expected u32"),
        ("[speeds]\n4 = [100000, true]\n", "line 2: speeds.4[1]: ", "expected u32"),
        ("[boot]\nports_up = 1\n", "line 2: boot.ports_up: ", "expected a boolean"),
        ("name = 'x'\n[chip\n", "line 2: '[chip': ", "expected `]`"),
        ("name = 'x'\nname = 'y'\n", "line 2: 'name = 'y'': ", "duplicate"),
        ("ports\n", "line 1: 'ports': ", "expected"),
        ("\u{1}", "line 1: ", ""),
    ] {
        let error = Profile::from_toml(text).unwrap_err().to_string();
        assert!(error.starts_with(begin) && error.contains(allowed), "{error}");
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn sais_own_keys_size_tables_and_queues() {
    let of = |keys: &[(&str, &str)]| {
        let keys: crate::warm::Keys = keys.iter().copied().collect();
        keys.profiles().map(|mut all| all.remove(0)).map_err(|e| e.to_string())
    };
    let profile = of(&[
        ("SAI_FDB_TABLE_SIZE", "1"),
        ("SAI_L3_ROUTE_TABLE_SIZE", "2"),
        ("SAI_L3_NEIGHBOR_TABLE_SIZE", "3"),
        ("SAI_NUM_LAGS", "4"),
        ("SAI_NUM_LAG_MEMBERS", "5"),
        ("SAI_NUM_ECMP_GROUPS", "6"),
        ("SAI_NUM_UNICAST_QUEUES", "7"),
        ("SAI_NUM_MULTICAST_QUEUES", "8"),
        ("SAI_NUM_QUEUES", "15"),
        ("SAI_NUM_CPU_QUEUES", "9"),
        ("SAI_NUM_ECMP_MEMBERS", "64"),
    ]);
    let Profile { chip, limits, .. } = profile.unwrap();
    assert_eq!((limits.fdb, limits.lags, limits.lag_members, limits.next_hop_groups), (1, 4, 5, 6));
    assert_eq!((limits.ipv4_routes, limits.ipv6_routes), (2, 2));
    assert_eq!((limits.ipv4_neighbors, limits.ipv6_neighbors), (3, 3));
    assert_eq!((chip.unicast_queues, chip.multicast_queues, chip.cpu_queues), (7, 8, 9));
    assert_eq!(limits.ecmp_width, 1024, "the chip can do more than it is told to at first");

    let queues = |keys: &[(&str, &str)]| of(keys).map(|p| (p.chip.unicast_queues, p.chip.multicast_queues));
    assert_eq!(queues(&[("SAI_NUM_QUEUES", "12")]), Ok((2, 10)));
    assert_eq!(queues(&[("SAI_NUM_QUEUES", "12"), ("SAI_NUM_UNICAST_QUEUES", "8")]), Ok((8, 4)));
    assert_eq!(queues(&[("SAI_NUM_QUEUES", "12"), ("SAI_NUM_MULTICAST_QUEUES", "4")]), Ok((8, 4)));

    for (keys, told) in [
        (
            &[("SAI_FDB_TABLE_SIZE", "many")][..],
            "SAI_FDB_TABLE_SIZE: 'many' is no number from 0 to 4294967295",
        ),
        (&[("SAI_NUM_QUEUES", "9")], "SAI_NUM_QUEUES: is 9, less than the 10 multicast queues of a port"),
        (
            &[("SAI_NUM_QUEUES", "9"), ("SAI_NUM_UNICAST_QUEUES", "8"), ("SAI_NUM_MULTICAST_QUEUES", "8")],
            "SAI_NUM_QUEUES: is 9; a port has 8 unicast and 8 multicast queues",
        ),
        (
            &[("SAI_NUM_UNICAST_QUEUES", "300")],
            "SAI_NUM_UNICAST_QUEUES: chip.multicast_queues is 310; the most is 256",
        ),
        (&[("SAI_NUM_CPU_QUEUES", "300")], "SAI_NUM_CPU_QUEUES: chip.cpu_queues is 300; the most is 256"),
        (
            &[("SAI_NUM_ECMP_MEMBERS", "2000")],
            "SAI_NUM_ECMP_MEMBERS: is 2000; a group of profile 'common' can have 1 to 1024 members",
        ),
        (&[("SAI_BOOT_TYPE", "warm")], "SAI_BOOT_TYPE: is 'warm', not 0 (cold), 1 (warm) or 2 (fast)"),
    ] {
        assert_eq!(of(keys).unwrap_err(), told);
    }
}

#[test]
fn ports_that_share_a_lane_are_refused() {
    let text = "[[port]]\nlanes = [1, 2]\nspeed = 50000\n[[port]]\nlanes = [2, 3]\nspeed = 50000\n";
    let error = Profile::from_toml(text).unwrap_err().to_string();
    assert!(error.contains("port[1].lanes") && error.contains("lane 2"), "{error}");
}

#[test]
fn refused_names_must_exist() {
    let error =
        Profile::from_toml("[refuse]\nattributes = ['SAI_PORT_ATTR_SPED']\n").unwrap_err().to_string();
    assert!(error.contains("SAI_PORT_ATTR_SPED"), "{error}");
}

#[test]
fn a_lanemap_gives_devices_and_lanes() {
    let mut profile = Profile::default();
    profile.use_lanemap("# comment\neth0:65,66,67,68\neth1:300\n").unwrap();
    assert_eq!(profile.boot_ports()[0].lanes, [65, 66, 67, 68]);
    assert_eq!(profile.boot_ports()[0].device.as_deref(), Some("eth0"));
    assert_eq!(profile.chip.lanes, 300);
    let before = profile.clone();
    let error = profile.use_lanemap("eth0:65\neth1:x\n").unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
    let error = profile.use_lanemap("eth0:1\n\neth1:1\n").unwrap_err().to_string();
    assert_eq!(error, "line 3: lanes: lane 1 belongs to another port already");
    let error = profile.use_lanemap("eth0:1\neth0:2\n").unwrap_err().to_string();
    assert!(error.contains("line 2: device: eth0 belongs to another port"), "{error}");
    assert!(profile.use_lanemap(":1\n").is_err());
    assert_eq!(profile, before, "a refused file changes nothing");
}

#[test]
fn a_port_config_gives_lanes_and_speeds() {
    let mut profile = Profile::default();
    profile
        .use_port_config(
            "# name lanes alias index speed\nEthernet0 1,2,3,4 Eth1 0 40000\nEthernet4 5 Eth2 1 25000\n",
        )
        .unwrap();
    let ports = profile.boot_ports();
    assert_eq!((ports[0].speed, ports[1].speed), (40_000, 25_000));
    assert_eq!(ports[1].lanes, [5]);
    assert_eq!(ports[1].device, None, "Ethernet4 is the host's interface, not what the port stands at");
    let error = profile.use_port_config("\n# name speed\nEthernet0 1000\n").unwrap_err().to_string();
    assert_eq!(error, "line 2: there is no column lanes, only name, speed");
    profile.use_lanemap("eth1:1,2,3,4\neth2:5\n").unwrap();
    profile.use_port_config("# name lanes speed\nEthernet4 5 25000\nEthernet8 6 25000\n").unwrap();
    let devices: Vec<_> = profile.boot_ports().into_iter().map(|p| p.device).collect();
    assert_eq!(devices, [Some("eth2".to_owned()), None]);
}

#[test]
fn a_value_that_makes_no_sense_is_named_with_line_and_key() {
    for (text, line, key) in [
        ("name = 'x'\n\n[chip]\ntraffic_classes = 0\n", 4, "chip.traffic_classes"),
        ("name = 'x'\n\n[limits]\nmirror_sessions = 17\n", 4, "limits.mirror_sessions"),
        (
            "[[port]]\nlanes = [1]\nspeed = 10000\n\n[[port]]\nlanes = [1]\nspeed = 10000\n",
            6,
            "port[1].lanes",
        ),
        ("[ports]\ncount = 2\nspeed = 7\n", 3, "ports.speed"),
        ("[boot]\nbridge_ports = false\n", 1, "boot.vlan_members"),
        ("[features]\nacl = true\nacls = false\n", 3, "features.acls"),
        ("\n[refuse]\nobject_types = ['SAI_OBJECT_TYPE_LAGG']\n", 3, "refuse.object_types"),
        ("chip = { max_ports = 3 }\n", 1, "chip.max_ports"),
        ("[ports]\ncount = 4000000000\nlanes = 4000000000\n", 2, "ports.count"),
        ("[ports]\ncount = 4000000000\nlanes = 0\n", 3, "ports.lanes"),
        ("[chip]\nmax_mtu = 100\n", 2, "chip.max_mtu"),
        ("mac = '01:00:5e:00:00:01'\n", 1, "mac"),
        ("mac = '00:00:00:00:00:00'\n", 1, "mac"),
    ] {
        let error = Profile::from_toml(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("line {line}: {key}: ")), "{error}");
    }
}

#[test]
fn lanes_are_those_that_the_chip_can_put_together() {
    let any = Profile::default();
    for lanes in [&[1][..], &[7, 9], &[200, 201], &[256, 1]] {
        assert_eq!(any.check_lanes(lanes), Ok(()), "{lanes:?}");
    }
    for lanes in [&[][..], &[0], &[257], &[5, 5]] {
        assert!(any.check_lanes(lanes).is_err(), "{lanes:?}");
    }
    let mut macros = Profile::default();
    (macros.breakout.group, macros.breakout.aligned) = (8, true);
    for lanes in [&[1, 2, 3, 4][..], &[5, 6, 7, 8], &[8], &[9, 10], &[1, 2, 3, 4, 5, 6, 7, 8], &[12, 11]] {
        assert_eq!(macros.check_lanes(lanes), Ok(()), "{lanes:?}");
    }
    for lanes in [&[2, 3][..], &[3, 4, 5, 6], &[8, 9], &[1, 3], &[7, 8, 9, 10]] {
        assert!(macros.check_lanes(lanes).is_err(), "{lanes:?}");
    }
    let mut fixed = Profile::default();
    fixed.breakout.allowed = false;
    assert_eq!(fixed.check_lanes(&[5, 6, 7, 8]), Ok(()), "a port of the boot's");
    assert!(fixed.check_lanes(&[5, 6]).is_err());
}

#[test]
fn the_documentation_names_every_key_and_its_examples_are_profiles() {
    let text = include_str!("../../../docs/src/profiles.md");
    let keys = toml::Table::try_from(Profile::default()).unwrap();
    for (name, value) in &keys {
        let inner = value.as_table().filter(|_| name != "speeds");
        for key in inner.map_or_else(|| vec![name], |t| t.keys().collect()) {
            assert!(text.contains(key.as_str()), "{name}: {key}");
        }
    }
    let examples: Vec<_> = text.split("```toml\n").skip(1).map(|t| t.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let read: Result<Profile, _> = toml::from_str(example);
        read.unwrap();
    }
    let mac = Profile::from_toml("mac = '02:00:00:00:00:07'").unwrap().mac;
    assert_eq!(mac, sai::MacAddr::new(2, 0, 0, 0, 0, 7));
}
