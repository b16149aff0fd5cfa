//! The support matrix in the documentation is that of the declarations.

#[test]
fn the_support_matrix_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/support.md");
    let current = switch_sim::query::support_matrix();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == current,
        "docs/src/support.md is stale: UPDATE_DOCS=1 cargo test -p switch-sim --test internals support"
    );
}
