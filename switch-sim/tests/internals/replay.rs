//! Recordings of other switches replay on the simulator.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sai::Backend;
use sai::text::player::{Difference, DifferenceKind, Player, Report};
use sai::text::recording::Recording;
use switch_sim::{Profile, Simulator};

const SESSION: &str = include_str!("recordings/session.rec");

/// A recording whose chip was not the common one: the profile of its chip, and how that shows.
const CHIPS: &[(&str, &str, &str)] = &[
    (
        "bridge_create_1.rec",
        "boot.vlan_members = false",
        "it removes the bridge ports of the boot without removing VLAN members",
    ),
    (
        "remove_create_port.rec",
        "chip.lanes = 256\n[speeds]\n1 = [10000]\n2 = [10000]\n4 = [100000]",
        "it creates a port of two lanes at 10 Gbps on lanes 200 and 201",
    ),
];

/// Both say that there is no such thing: the recorded adapter for the whole call, the simulator for the
/// attribute at fault.
fn both_unsupported(difference: &Difference) -> bool {
    difference.recorded == "SAI_STATUS_NOT_IMPLEMENTED"
        && difference.found.contains("(SAI_STATUS_ATTR_NOT_SUPPORTED_")
}

/// The folder of recordings from the field: `$SAI_RECORDINGS`, or `../shared/recordings` from the
/// workspace.
fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/recordings");
    let folder = std::env::var_os("SAI_RECORDINGS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn play(recording: &Recording, profile: &Profile) -> Report {
    Player::new(|| Arc::new(Simulator::new(profile.clone())) as Arc<dyn Backend>).play(recording)
}

/// The unexplained differences of a file, each a line.
fn unexplained(path: &Path) -> Vec<String> {
    let file = path.file_name().unwrap().to_str().unwrap();
    let recording = Recording::parse(&std::fs::read_to_string(path).unwrap());
    let profile = match CHIPS.iter().find(|(name, ..)| *name == file) {
        Some((_, toml, _)) => Profile::from_toml(toml).unwrap(),
        None => Profile::default(),
    };
    let report = play(&recording, &profile);
    eprintln!("{file}: {}", report.to_string().lines().last().unwrap());
    let differences = report.differences.iter();
    differences
        .filter(|d| !matches!(d.kind, DifferenceKind::Better | DifferenceKind::Value))
        .filter(|d| !both_unsupported(d))
        .map(|d| format!("{file}: {d}"))
        .collect()
}

#[test]
fn recordings_of_the_field_have_the_recorded_statuses() {
    let Some(folder) = folder() else {
        return eprintln!("skipped: no recordings; name their folder by SAI_RECORDINGS");
    };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "rec"));
    files.sort();
    assert!(!files.is_empty());
    let unexplained: Vec<String> = files.iter().flat_map(|f| unexplained(f)).collect();
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

#[test]
fn a_session_of_a_manager_replays_without_a_difference() {
    let recording = Recording::parse(SESSION).strict().unwrap();
    let report = play(&recording, &Profile::from_toml("ports.count = 4").unwrap());
    assert!(report.differences.is_empty(), "{report}");
    assert_eq!(report.views, 1);
    assert!(report.values >= 20, "{report}");
}
