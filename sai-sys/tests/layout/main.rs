//! The bindings have the layout and the values that a C compiler gives the headers, and those the model
//! records of x86-64 Linux.

mod bindings;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Name, value in the bindings, value in the model.
type Fact = (&'static str, i64, i64);

/// What a C compiler says of the headers.
fn c_facts() -> HashMap<String, i64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sai-sys-layout-facts");
    let cc = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(&cc)
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(root.join("include"))
        .arg(root.join("tests/layout/facts.c"))
        .arg("-o")
        .arg(&program)
        .status()
        .unwrap_or_else(|e| panic!("cannot run the C compiler {cc}: {e}"));
    assert!(compiled.success(), "{cc} does not compile tests/layout/facts.c");
    let output = Command::new(&program).output().expect("the compiled program runs");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("the program prints ASCII");
    let facts = text.lines().map(|line| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a number");
        (name.to_owned(), value.parse().expect("a number"))
    });
    facts.collect()
}

#[test]
fn bindings_equal_what_the_c_compiler_says() {
    let c = c_facts();
    assert_eq!(c.len(), bindings::FACTS.len());
    let wrong: Vec<String> = bindings::FACTS
        .iter()
        .filter(|(name, value, _)| c.get(*name) != Some(value))
        .map(|(name, value, _)| format!("{name}: {value} in Rust, {:?} in C", c.get(*name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bindings_equal_the_model() {
    let wrong: Vec<&Fact> = bindings::FACTS.iter().filter(|(_, rust, model)| rust != model).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn attributes_have_the_size_every_release_gives_them() {
    assert_eq!(size_of::<sai_sys::sai_attribute_t>(), 48);
    assert_eq!(size_of::<sai_sys::sai_attribute_value_t>(), 40);
}

/// Each header compiles alone, as C and as C++.
#[test]
fn headers_compile_alone() {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let entries = std::fs::read_dir(&include).expect("the headers are there");
    let mut sources: Vec<PathBuf> = Vec::new();
    let tmp = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for entry in entries {
        let name = entry.expect("a folder can be listed").file_name().into_string().expect("ASCII");
        let source = tmp.join(format!("alone-{name}.c"));
        std::fs::write(&source, format!("#include \"{name}\"\n"))
            .expect("the folder for tests can be written");
        sources.push(source);
    }
    assert_eq!(sources.len(), 80);
    for language in [["-xc", "-std=c99"], ["-xc++", "-std=c++11"]] {
        let output = Command::new("gcc")
            .args(language)
            .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
            .arg(&include)
            .args(&sources)
            .output()
            .expect("gcc runs");
        assert!(output.status.success(), "{language:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
