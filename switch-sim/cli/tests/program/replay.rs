use crate::bed::{Running, ends, says};

/// A recording made by the program itself: a switch with a VLAN.
fn recorded() -> (tempfile::TempDir, String) {
    let switch = Running::start(&["--ports", "4", "--virtual-clock", "--recording", "made.rec"]);
    switch.says(&["create", "vlan", "vlan-id=20"]);
    switch.says(&["set", "oid:0x100000000000001", "mtu", "9100"]);
    let (folder, last) = switch.stop("-TERM");
    assert_eq!(last, ["stopped"]);
    let path = folder.path().join("made.rec").display().to_string();
    (folder, path)
}

const PROFILE: &str = "chip = { lanes = 4 }\nports = { count = 4, lanes = 1, speed = 100000 }\n";

#[test]
fn a_recording_is_replayed_and_differences_are_told() {
    let (folder, rec) = recorded();
    let text = std::fs::read_to_string(&rec).unwrap();
    assert!(text.contains("|c|SAI_OBJECT_TYPE_VLAN:"), "{text}");
    let profile = folder.path().join("four.toml").display().to_string();
    std::fs::write(&profile, PROFILE).unwrap();
    assert_eq!(says(&["replay", &rec, "--profile", &profile]), says(&["replay", &rec, "--ports", "4"]));
    let report = says(&["replay", &rec, "--profile", &profile]);
    assert!(report.contains("0 of status, 0 of value, 0 better, 0 missing, 0 not understood"), "{report}");

    // A VLAN id that no switch takes.
    std::fs::write(&rec, text.replace("SAI_VLAN_ATTR_VLAN_ID=20", "SAI_VLAN_ATTR_VLAN_ID=5000")).unwrap();
    let (code, out, _) = ends(&["replay", &rec, "--profile", &profile]);
    assert_eq!(code, 1);
    assert!(out.contains("SAI_OBJECT_TYPE_VLAN") && out.contains("found "), "{out}");
    let (code, out, _) = ends(&["replay", &rec, "--profile", &profile, "--json", "--stop"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["differences"][0]["kind"]), (1, &serde_json::json!("status")));
    assert!(json["stopped_at"].is_u64());
}

#[test]
fn two_backends_are_compared_on_the_same_recording() {
    let (folder, rec) = recorded();
    let profile = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("sim:{}", path.display())
    };
    let same = profile("same.toml", PROFILE);
    assert!(says(&["compare", &rec, &same, &same]).contains("'recorded' is sim:"));
    let refusing = format!("{PROFILE}refuse = {{ object_types = [\"SAI_OBJECT_TYPE_VLAN\"] }}\n");
    let (code, out, _) = ends(&["compare", &rec, &same, &profile("refusing.toml", &refusing)]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("recorded SAI_STATUS_SUCCESS, found ") && out.contains("(SAI_STATUS_NOT_SUPPORTED)"),
        "{out}"
    );
    let (code, _, error) = ends(&["compare", &rec, "sim", "/no/such/libsai.so"]);
    assert_eq!(code, 2);
    assert!(error.contains("the library /no/such/libsai.so"), "{error}");
}

#[test]
fn what_is_no_recording_is_refused() {
    let (code, _, error) = ends(&["replay", "/no/such.rec"]);
    assert_eq!(code, 2);
    assert!(error.contains("the recording /no/such.rec: No such file"), "{error}");
}
