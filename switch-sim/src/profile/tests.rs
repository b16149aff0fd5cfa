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
    assert!(profile.use_lanemap("eth0:1\neth1:1\n").is_err());
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
}
