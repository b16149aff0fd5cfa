//! Recordings parse whole and print back byte for byte.

use std::path::PathBuf;

use sai::text::recording::{Attr, Key, Line, Op, Recording};

const SESSION: &str = include_str!("recordings/session.rec");

/// The folder of recordings from the field: `$SAI_RECORDINGS`, or `../shared/recordings` from the
/// workspace.
fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/recordings");
    let folder = std::env::var_os("SAI_RECORDINGS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    folder.is_dir().then_some(folder)
}

#[test]
fn every_operation_is_understood_and_prints_itself() {
    let recording = Recording::parse(SESSION).strict().unwrap();
    assert_eq!(recording.to_string(), SESSION);
    for line in recording.lines() {
        assert!(line.is_canonical(), "{line}");
    }
}

#[test]
fn recordings_of_the_field_print_back() {
    let Some(folder) = folder() else {
        return eprintln!("skipped: no recordings; name their folder by SAI_RECORDINGS");
    };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "rec"));
    assert!(!files.is_empty());
    let (mut lines, mut old) = (0, 0);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let recording = Recording::parse(&text);
        assert_eq!(recording.to_string(), text, "{}", file.display());
        let problems: Vec<_> = recording.problems().collect();
        assert!(problems.is_empty(), "{}: {problems:?}", file.display());
        lines += recording.lines().len();
        old += recording.lines().iter().filter(|l| !l.is_canonical()).count();
        // What a line says, written anew, says the same.
        for line in recording.lines() {
            let anew = Line::new(line.time(), line.op().clone()).to_string();
            assert_eq!(Line::parse(line.number(), &anew).op(), line.op(), "{anew}");
        }
    }
    // What prints by its meaning alone must be nearly all: the rest are forms of old releases.
    assert!(old * 20 < lines, "{old} of {lines} lines are kept as text");
}

#[test]
fn what_is_not_understood_is_told_with_its_line_and_kept() {
    let text = "2026-08-20.14:03:55.1|c|SAI_OBJECT_TYPE_PORT:oid:0x1|SAI_PORT_ATTR_OLD=5|SAI_PORT_ATTR_SPEED=fast\n\
                2026-08-20.14:03:55.1|z|what\n\
                no line at all\n\
                2026-08-20.14:03:55.1|r|SAI_OBJECT_TYPE_NOVEL:oid:0x1\n\
                2026-08-20.14:03:55.1|r|SAI_OBJECT_TYPE_FDB_ENTRY:{\"bridge_type\":\"0\",\"vlan\":\"1\"}\n\
                2026-08-20.14:03:55.1|G|SAI_STATUS_NONSENSE|";
    let recording = Recording::parse(text);
    assert_eq!(recording.to_string(), text);
    let problems: Vec<String> = recording.problems().map(|p| p.to_string()).collect();
    assert_eq!(
        problems,
        [
            "line 1: unknown attribute 'SAI_PORT_ATTR_OLD'",
            "line 1: SAI_PORT_ATTR_SPEED: 'fast' is no u32",
            "line 2: unknown operation 'z'",
            "line 3: no line of the form TIME|OP|BODY",
            "line 4: unknown object type 'SAI_OBJECT_TYPE_NOVEL'",
            "line 5: SAI_OBJECT_TYPE_FDB_ENTRY: an FDB key of 2017: it has bridge_type and vlan instead of bvid",
            "line 6: 'SAI_STATUS_NONSENSE' is no status",
        ]
    );
    assert_eq!(recording.strict().unwrap_err().line, 1);
}

#[test]
fn old_names_are_read() {
    let line = "2026-08-20.14:03:55.1|c|SAI_OBJECT_TYPE_NEXT_HOP_GROUP:oid:0x5|SAI_NEXT_HOP_GROUP_ATTR_TYPE=SAI_NEXT_HOP_GROUP_TYPE_ECMP";
    let recording = Recording::parse(line).strict().unwrap();
    let Op::Create(Key::Known(_), attrs) = recording.lines()[0].op() else { panic!("no create") };
    let Attr::Known(_, entry) = &attrs[0] else { panic!("not understood") };
    assert_eq!(entry.value, sai::Value::I32(0));
    assert_eq!(recording.to_string(), line);
}

#[test]
fn line_ends_and_bytes_are_kept() {
    for text in ["", "\n", "\n\n", "a\r\nb\r\n", "a\nb\r\n", "2026-08-20.14:03:55|#|x"] {
        assert_eq!(Recording::parse(text).to_string(), text, "{text:?}");
    }
    let error = Recording::from_bytes(b"ok\n\xff").unwrap_err();
    assert_eq!(error.line, 2);
}
