//! Does nothing but for the features `bindgen` and `linked`.

#[cfg(feature = "bindgen")]
#[path = "build/bindings.rs"]
mod bindings;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "bindgen")]
    generate();
    #[cfg(feature = "linked")]
    link();
}

/// Makes the bindings from the headers in `SAI_INCLUDE_DIR`, or from the crate's own.
#[cfg(feature = "bindgen")]
fn generate() {
    use std::path::{Path, PathBuf};

    println!("cargo:rerun-if-changed=build/bindings.rs");
    println!("cargo:rerun-if-env-changed=SAI_INCLUDE_DIR");
    let dir = std::env::var_os("SAI_INCLUDE_DIR").map_or(PathBuf::from("include"), PathBuf::from);
    println!("cargo:rerun-if-changed={}", dir.display());
    let text = bindings::bindings(&dir).unwrap_or_else(|e| {
        eprintln!(
            "sai-sys: {e}\nSAI_INCLUDE_DIR names a folder of SAI headers, or one with inc/ and experimental/"
        );
        std::process::exit(1);
    });
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("bindings.rs"), text).expect("OUT_DIR can be written");
}

/// Links `libsai`: from `SAI_LIB_DIR`, as pkg-config says, or from the linker's own path.
#[cfg(feature = "linked")]
fn link() {
    println!("cargo:rerun-if-env-changed=SAI_LIB_DIR");
    if let Some(dir) = std::env::var_os("SAI_LIB_DIR") {
        println!("cargo:rustc-link-search=native={}", std::path::Path::new(&dir).display());
    } else if ["libsai", "sai"].iter().any(|name| pkg_config::probe_library(name).is_ok()) {
        return;
    }
    println!("cargo:rustc-link-lib=sai");
}
