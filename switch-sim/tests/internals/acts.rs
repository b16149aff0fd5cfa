//! Every attribute that a feature declares enforced is seen acting by a test that says so.
//!
//! A test claims the attributes whose effect it sees (a packet, a status, a counter, an event) in a line
//! of its own above it:
//!
//! ```text
//! /// Acts: SAI_PORT_ATTR_MTU, SAI_PORT_ATTR_TPID.
//! #[test]
//! fn a_frame_longer_than_the_mtu_is_dropped() { … }
//! ```
//!
//! Here the claims are held to the declarations: one without the other fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sai::meta::{self, AttrFlags};
use switch_sim::query::{Support, support};

/// The attributes that act when they are given or set.
fn declared() -> BTreeSet<&'static str> {
    let objects = meta::OBJECTS.iter();
    let attrs = objects.flat_map(|m| m.attrs.iter().map(move |a| (m.object_type, a)));
    attrs
        .filter(|(_, a)| !a.flags.contains(AttrFlags::READ_ONLY))
        .filter(|(ty, a)| matches!(support(*ty, a.id), Ok(Support::Enforced | Support::Around)))
        .map(|(_, a)| a.name)
        .collect()
}

fn sources(dir: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests/internals/acts.rs") {
            all.push(path);
        }
    }
}

/// The SAI names of attributes in a line.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|w| w.starts_with("SAI_") && w.contains("_ATTR_"))
}

/// The attributes claimed in a file, each with the test that claims it.
fn claims(file: &str, text: &str, all: &mut BTreeMap<String, String>) {
    // Helpers of the bed give attributes too.
    let code = text.lines().chain(include_str!("../conformance/bed/mod.rs").lines());
    let code: Vec<&str> = code.filter(|l| !l.trim_start().starts_with("//")).collect();
    let words = code.iter().flat_map(|l| l.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let words: BTreeSet<&str> = words.collect();
    let mut pending: Vec<&str> = Vec::new();
    let mut claiming = false;
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("///") {
            claiming = claiming && !comment.trim().is_empty() || comment.trim().starts_with("Acts:");
            if claiming {
                pending.extend(names(comment));
            }
            continue;
        }
        claiming = false;
        if pending.is_empty() || line.starts_with("#[") || line.starts_with("//") {
            continue;
        }
        let place = format!("{file}:{}", n + 1);
        let (_, test) = line.split_once("fn ").unwrap_or_else(|| panic!("{place}: no test under 'Acts:'"));
        let test = test.split('(').next().unwrap_or_default();
        for name in pending.drain(..) {
            let (_, constant) = name.split_once("_ATTR_").expect("chosen by it");
            let used = words.contains(constant) || words.contains(name);
            assert!(used, "{place}: {test} claims {name}, and the file never uses it");
            all.insert(name.to_owned(), format!("{file} {test}"));
        }
    }
}

#[test]
fn each_attribute_that_acts_has_a_test_that_sees_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    // What acts around the switch is seen there.
    for folder in ["tests", "cabi/tests", "live/tests"] {
        sources(&root.join(folder), &mut files);
    }
    let mut claimed = BTreeMap::new();
    for path in &files {
        let file = path.strip_prefix(root).unwrap().display().to_string();
        claims(&file, &std::fs::read_to_string(path).unwrap(), &mut claimed);
    }
    let declared = declared();
    let idle: Vec<_> = claimed.iter().filter(|(name, _)| !declared.contains(name.as_str())).collect();
    assert!(idle.is_empty(), "claimed by a test, but in no Owner::enforced(): {idle:#?}");

    let unseen: Vec<_> = declared.iter().filter(|name| !claimed.contains_key(**name)).collect();
    assert!(
        unseen.is_empty(),
        "declared by Owner::enforced() and seen acting by no test. Write a test that sees each act and say \
         so above it ('/// Acts: NAME, NAME.'), or take it out of the declaration: {unseen:#?}"
    );
}
