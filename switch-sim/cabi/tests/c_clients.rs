//! C programs, built by the system's compiler against `sai-sys/include`, linked with the library, and run; and a Python
//! program.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|o| o.status.success())
}

/// Builds an example; answers its path.
fn build(name: &str) -> PathBuf {
    build_with(name, "examples/c", &[root().join("sai-sys/include")])
}

/// Builds a client from a folder, with headers from these.
fn build_with(name: &str, folder: &str, headers: &[PathBuf]) -> PathBuf {
    let (root, library) = (root(), common::folder());
    static BUILT: AtomicUsize = AtomicUsize::new(0);
    let number = BUILT.fetch_add(1, Ordering::Relaxed);
    let program = library.join(format!("c-client-{name}-{}-{number}", std::process::id()));
    let output = Command::new(std::env::var_os("CC").unwrap_or("cc".into()))
        .args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .args(headers.iter().flat_map(|folder| [Path::new("-isystem"), folder]))
        .arg("-I")
        .arg(root.join("examples/c"))
        .arg(root.join(folder).join(format!("{name}.c")))
        .arg("-L")
        .arg(&library)
        .args(["-lsai", "-o"])
        .arg(&program)
        .output()
        .expect("the C compiler runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// Runs a program with the library in the loader's path; answers what it said.
fn run(mut command: Command) -> String {
    let output = command.env("LD_LIBRARY_PATH", common::folder()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Runs a client that is a test in itself.
fn check(name: &str, arguments: &[&Path]) {
    let program = build_with(name, "switch-sim/cabi/tests/c", &[root().join("sai-sys/include")]);
    let mut command = Command::new(&program);
    command.args(arguments);
    assert!(run(command).ends_with("done\n"));
    std::fs::remove_file(program).unwrap();
}

#[test]
fn functions_beside_the_tables_answer_also_where_lists_are_too_short() {
    let dir = tempfile::tempdir().unwrap();
    check("queries", &[&dir.path().join("dump")]);
}

#[test]
fn notifications_come_as_functions_are_set_and_cleared_and_end_with_the_library() {
    check("notifications", &[]);
}

#[test]
fn packets_belong_to_who_sai_says_and_wait_where_they_do_not_fit() {
    check("packets", &[]);
}

#[test]
fn a_port_comes_up_and_a_prefix_is_routed() {
    let program = build("port_and_route");
    let said = run(Command::new(&program));
    assert!(said.contains("it is up") && said.ends_with("done\n"), "{said}");
    if has("valgrind") {
        let mut checked = Command::new("valgrind");
        checked.args(["-q", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"]);
        checked.arg(&program);
        run(checked);
    } else {
        eprintln!("skipped: valgrind is not installed");
    }
    std::fs::remove_file(program).unwrap();
}

#[test]
fn a_python_client_routes_a_packet() {
    if !has("python3") {
        return eprintln!("skipped: there is no python3");
    }
    let mut client = Command::new("python3");
    client.arg(root().join("examples/python/port_and_route.py")).arg(common::folder().join("libsai.so"));
    assert!(run(client).ends_with("it left by the second port, to 02:00:00:00:01:99\n"));
}

/// The C headers of SAI's releases are not ours to ship: `$SAI_HEADERS` names folders of theirs (with colons
/// between), each with `inc` and `experimental` in it.
#[test]
fn clients_of_official_headers_run_with_the_same_library() {
    let Some(folders) = std::env::var_os("SAI_HEADERS") else {
        return eprintln!("skipped: no official headers; name their folders by SAI_HEADERS");
    };
    for folder in std::env::split_paths(&folders) {
        let program =
            build_with("port_and_route", "examples/c", &[folder.join("inc"), folder.join("experimental")]);
        let said = run(Command::new(&program));
        assert!(said.ends_with("done\n"), "{}: {said}", folder.display());
        std::fs::remove_file(program).unwrap();
    }
}

#[test]
fn a_walker_reaches_every_object_and_makes_room() {
    let program = build("walk");
    let said = run(Command::new(&program));
    assert!(said.contains("VLAN members"), "{said}");
    println!("{said}");
    std::fs::remove_file(program).unwrap();
}

#[test]
fn exactly_the_functions_of_sai_are_exported() {
    let output =
        Command::new("nm").args(["-D", "--defined-only"]).arg(common::folder().join("libsai.so")).output();
    let output = output.expect("nm runs");
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text.lines().filter_map(|l| l.split_whitespace().nth(2)).collect();
    assert_eq!(names.len(), 21, "{names:?}");
    // What the bindings declare is what the library has.
    let bindings = std::fs::read_to_string(root().join("sai-sys/src/bindings.rs")).unwrap();
    for name in names {
        assert!(bindings.contains(&format!("pub fn {name}(")), "{name} is exported");
    }
}
