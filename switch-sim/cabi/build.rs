//! Gives the library its SONAME and makes the link of that name, so that programs linked with `-lsai` start.

use std::path::Path;

const SONAME: &str = "libsai.so.1";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
    // OUT_DIR is target/PROFILE/build/PACKAGE/out; the library is put into target/PROFILE.
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let Some(folder) = Path::new(&out).ancestors().nth(3) else { return };
    let link = folder.join(SONAME);
    #[cfg(unix)]
    if link.symlink_metadata().is_err()
        && let Err(e) = std::os::unix::fs::symlink("libsai.so", &link)
    {
        println!("cargo::warning=cannot make the link {}: {e}", link.display());
    }
}
