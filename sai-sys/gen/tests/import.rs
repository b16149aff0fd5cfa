//! Reading C headers into a model.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use sai_gen::import::import;
use sai_gen::model::Model;
use sai_gen::{diff, json, since};

/// There can be one user of libclang in a process at a time.
static CLANG: Mutex<()> = Mutex::new(());

/// The turn to use libclang; `None`, with a word on standard error, on a machine without it. CI has it.
fn clang() -> Option<MutexGuard<'static, ()>> {
    let turn = CLANG.lock().unwrap_or_else(|e| e.into_inner());
    if let Err(error) = sai_gen::libclang::require() {
        let error = error.to_string();
        assert!(error.contains("apt-get install libclang-dev"), "says what to install: {error}");
        assert!(std::env::var_os("CI").is_none(), "{error}");
        eprintln!("skipped: {error}");
        return None;
    }
    Some(turn)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed() -> Model {
    Model::load(&repository().join("sai-sys/model/1.18.1")).expect("the committed model is valid")
}

/// A copy of the rendered headers with `change` made to one of them.
fn headers_with(name: &str, change: impl Fn(String) -> String) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for entry in std::fs::read_dir(repository().join("sai-sys/include")).expect("the headers are there") {
        let path = entry.expect("a folder can be listed").path();
        std::fs::copy(&path, dir.path().join(path.file_name().expect("a name")))
            .expect("a file can be copied");
    }
    let path = dir.path().join(name);
    let text = std::fs::read_to_string(&path).expect("the header is there");
    let changed = change(text.clone());
    assert_ne!(text, changed, "the change applies");
    std::fs::write(&path, changed).expect("a file can be written");
    dir
}

/// `model` with every line 0: lines are those of one file, and of no meaning between two.
fn without_lines(mut model: Model) -> Model {
    for h in &mut model.headers {
        h.function_macros.iter_mut().for_each(|r| r.line = 0);
        h.defines.iter_mut().for_each(|r| r.line = 0);
        h.status_codes.iter_mut().for_each(|r| r.line = 0);
        h.typedefs.iter_mut().for_each(|r| r.line = 0);
        h.enums.iter_mut().for_each(|r| r.line = 0);
        h.structs.iter_mut().for_each(|r| r.line = 0);
        h.function_pointers.iter_mut().for_each(|r| r.line = 0);
        h.functions.iter_mut().for_each(|r| r.line = 0);
    }
    model
}

#[test]
fn rendered_headers_give_the_model_back() {
    let Some(_turn) = clang() else { return };
    let read = without_lines(import(&repository().join("sai-sys/include")).expect("our headers import"));
    let model = without_lines(committed());
    for (a, b) in read.headers.iter().zip(&model.headers) {
        assert_eq!(a, b, "{}", b.header);
    }
    assert_eq!(read.headers.len(), model.headers.len());
}

#[test]
fn a_saved_model_loads_as_it_was() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    json::save(&committed(), dir.path()).expect("a model can be saved");
    assert!(Model::load(dir.path()).expect("a saved model is valid") == committed());
}

#[test]
fn private_extensions_survive() {
    let Some(_turn) = clang() else { return };
    let private = "    /**\n     * @brief Private\n     *\n     * @type sai_uint32_t\n     * @flags CREATE_AND_SET\n     \
                   * @default 7\n     */\n    SAI_PORT_ATTR_ACME_GLOW = SAI_PORT_ATTR_CUSTOM_RANGE_START + 3,\n\n";
    let dir = headers_with("saiport.h", |text| {
        let at = text.find("    SAI_PORT_ATTR_CUSTOM_RANGE_END").expect("the custom range is there");
        let at = text[..at].rfind("    /**").expect("it has a comment");
        format!("{}{private}{}", &text[..at], &text[at..])
    });
    std::fs::write(
        dir.path().join("saiacme.h"),
        "#include <saitypes.h>\n#define SAI_ACME_TWICE(x) ((x) * 2)\n\
         typedef struct _sai_acme_t { uint8_t kind; sai_object_id_t port; } sai_acme_t;\n\
         sai_status_t sai_acme_dance(\n        _In_ const sai_acme_t *how,\n        _Out_ uint32_t *steps);\n",
    )
    .expect("a file can be written");
    let model = import(dir.path()).expect("a private extension imports");
    let glow =
        model.attributes().find(|v| v.name == "SAI_PORT_ATTR_ACME_GLOW").expect("the attribute is there");
    assert_eq!((glow.value, glow.default.as_deref()), (0x1000_0003, Some("7")));
    let acme = model.headers.iter().find(|h| h.header == "saiacme.h").expect("the header is there");
    assert_eq!((acme.structs[0].size, acme.structs[0].fields[1].offset), (16, 8));
    assert_eq!(acme.function_macros[0].meaning, "expands to ((x) * 2)");
    let dirs: Vec<&str> = acme.functions[0].params.iter().map(|p| p.dir.as_str()).collect();
    assert_eq!(dirs, ["in", "out"]);
}

/// Each kind of malformed header: what is wrong, and what the error must say.
#[test]
fn malformed_headers_are_refused_with_file_and_line() {
    let Some(_turn) = clang() else { return };
    let speed = "     * @type sai_uint32_t\n     * @flags MANDATORY_ON_CREATE | CREATE_AND_SET\n";
    let cases: [(&str, &str, &str, &str); 9] = [
        ("no semicolon", "} sai_port_type_t;", "} sai_port_type_t", "saiport.h:"),
        (
            "missing header",
            "#include \"saitypes.h\"",
            "#include \"sainothere.h\"",
            "'sainothere.h' file not found",
        ),
        ("no type", speed, "     * @flags CREATE_AND_SET\n", "tags of an attribute, but no @type"),
        ("no flags", speed, "     * @type sai_uint32_t\n", "@type without @flags"),
        (
            "odd flag",
            speed,
            "     * @type sai_uint32_t\n     * @flags SOMETIMES\n",
            "unknown flag `SOMETIMES`",
        ),
        (
            "odd type",
            speed,
            "     * @type sai_speed_t\n     * @flags READ_ONLY\n",
            "unknown type `sai_speed_t`",
        ),
        ("odd truth", "@allownull true", "@allownull maybe", "@allownull is `maybe`"),
        (
            "odd object",
            "@objects SAI_OBJECT_TYPE_QUEUE",
            "@objects SAI_OBJECT_TYPE_KEW",
            "`SAI_OBJECT_TYPE_KEW`",
        ),
        (
            "bit-field",
            "    sai_object_id_t port_id;",
            "    uint32_t odd:3;\n    sai_object_id_t port_id;",
            "a bit-field",
        ),
    ];
    for (what, from, to, expected) in cases {
        let dir = headers_with("saiport.h", |text| text.replacen(from, to, 1));
        let error = format!("{:#}", import(dir.path()).expect_err(what));
        assert!(error.contains(expected), "{what}: {error}");
        let place =
            error.split("saiport.h:").nth(1).unwrap_or_else(|| panic!("{what}: no file and line: {error}"));
        assert!(place.starts_with(|c: char| c.is_ascii_digit()), "{what}: {error}");
    }
}

#[test]
fn a_folder_without_headers_says_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let error = import(dir.path()).expect_err("nothing is there").to_string();
    assert!(error.contains("neither sai.h nor inc/sai.h"), "{error}");
}

#[test]
fn diff_tells_what_breaks_from_what_is_added() {
    let old = committed();
    assert!(diff::diff(&old, &old).append_only);
    let mut new = old.clone();
    let vlan = new.headers.iter_mut().find(|h| h.header == "saivlan.h").expect("it is there");
    vlan.enums[0].values[0].value = 9;
    let report = diff::diff(&old, &new);
    assert!(!report.append_only);
    assert_eq!(report.inc.len(), 1);
    assert_eq!(report.inc[0].kind, diff::Kind::Renumbered);
    assert_eq!(report.inc[0].detail.as_deref(), Some("0 -> 9"));

    let mut older = old.clone();
    let types = older.headers.iter_mut().find(|h| h.header == "saiport.h").expect("it is there");
    for s in types.structs.iter_mut().filter(|s| s.name == "sai_port_oper_status_notification_t") {
        s.fields.retain(|f| f.name != "port_error_status");
    }
    let report = diff::diff(&older, &old);
    let born: Vec<_> = report.inc.iter().filter(|c| c.kind == diff::Kind::BornInPadding).collect();
    assert_eq!(born.len(), 1, "{report}");
    assert_eq!(born[0].item, "sai_port_oper_status_notification_t.port_error_status");
    assert!(report.append_only);
}

#[test]
fn since_is_the_first_release_that_has_an_item() {
    let new = committed();
    let mut old = new.clone();
    for h in &mut old.headers {
        h.defines.iter_mut().filter(|d| d.name == "SAI_MINOR").for_each(|d| d.value = "17".into());
        h.enums.iter_mut().for_each(|e| e.values.retain(|v| v.name != "SAI_PORT_ATTR_SPEED"));
    }
    let derived = since::derive(&[old, new]).expect("both have a release");
    let speed = derived.attributes().find(|v| v.name == "SAI_PORT_ATTR_SPEED").expect("it is there");
    assert_eq!(speed.since.as_deref(), Some("1.18"));
    assert_eq!(derived.attributes().filter(|v| v.since.is_some()).count(), 1);
}

#[test]
fn an_error_in_a_model_names_file_record_and_key() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let cases = [
        ("\"value\": 1}", "\"value\": \"one\"}", "value"),
        ("\"value\": 1}", "\"value\": 1, \"valve\": 1}", "valve"),
    ];
    let vlan = committed().headers.into_iter().find(|h| h.header == "saivlan.h").expect("it is there");
    for (from, to, key) in cases {
        let text = json::text(&vlan).expect("a header can be written").replacen(from, to, 1);
        std::fs::write(dir.path().join("saivlan.json"), text).expect("a file can be written");
        let error = format!("{:#}", Model::load(dir.path()).expect_err("it is malformed"));
        for part in ["saivlan.json", "SAI_VLAN_TAGGING_MODE_TAGGED", "enums[0].values[1]", key] {
            assert!(error.contains(part), "{part} in: {error}");
        }
    }
}
