//! The library under test.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The folder that `libsai.so` and its link stand in. Cargo builds no cdylib for tests, so the first who
/// asks builds it.
pub fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            // target/PROFILE/deps/TEST
            let test = std::env::current_exe().expect("a test knows its path");
            let folder = test.ancestors().nth(2).expect("cargo's layout").to_path_buf();
            let profile = match folder.file_name().and_then(|n| n.to_str()) {
                Some("debug") | None => "dev",
                Some(other) => other,
            };
            let built = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "-p", "switch-sim-cabi", "--profile", profile, "--target-dir"])
                .arg(folder.parent().expect("cargo's layout"))
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status();
            assert!(built.expect("cargo runs").success(), "libsai.so does not build");
            folder
        })
        .clone()
}
