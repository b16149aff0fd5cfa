//! Writing the generated files and finding the ones that are not current.

use std::path::PathBuf;

use sai_gen::render::{Output, RUST_BANNER};
use sai_gen::tree::{Stale, check, write};

fn outputs() -> Vec<Output> {
    ["one", "two"]
        .map(|n| Output::new(format!("out/{n}.rs"), format!("{RUST_BANNER}pub mod {n};\n")))
        .to_vec()
}

#[test]
fn what_was_written_is_current_until_a_byte_changes() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(check(dir.path(), &outputs()).expect("readable"), Some(Stale::Missing("out/one.rs".into())));
    assert_eq!(write(dir.path(), &outputs()).expect("writable").changed, 2);
    assert_eq!(check(dir.path(), &outputs()).expect("readable"), None);
    assert_eq!(write(dir.path(), &outputs()).expect("writable").unchanged, 2);

    let file = dir.path().join("out/two.rs");
    std::fs::write(&file, format!("{RUST_BANNER}pub mod twi;\n")).expect("writable");
    let stale = check(dir.path(), &outputs()).expect("readable").expect("it differs");
    let text = stale.to_string();
    assert!(text.starts_with("out/two.rs:3: "), "{text}");
    assert!(text.contains("`pub mod twi;`") && text.contains("`pub mod two;`"), "{text}");
}

#[test]
fn a_generated_file_that_is_no_longer_rendered_is_found_and_removed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(dir.path(), &outputs()).expect("writable");
    std::fs::write(dir.path().join("out/mine.rs"), "// by hand\n").expect("writable");
    let fewer = &outputs()[..1];
    let orphan = Some(Stale::Orphan(PathBuf::from("out/two.rs")));
    assert_eq!(check(dir.path(), fewer).expect("readable"), orphan);
    assert_eq!(write(dir.path(), fewer).expect("writable").removed, 1);
    assert!(dir.path().join("out/mine.rs").exists());
}
