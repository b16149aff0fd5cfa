//! The C parser, libclang: found when the program runs, so that building it needs none.

use anyhow::{Result, anyhow};

/// Fails, saying what to install, when there is no libclang.
pub fn require() -> Result<()> {
    load().map(|_| ())
}

/// Loads libclang. There can be one [`clang::Clang`] in a process at a time.
pub fn load() -> Result<clang::Clang> {
    clang::Clang::new().map_err(|e| {
        anyhow!(
            "no libclang: {e}\ninstall it with `apt-get install libclang-dev` (Debian, Ubuntu), \
             `dnf install clang-devel` (Fedora) or `brew install llvm`, or point LIBCLANG_PATH at its folder"
        )
    })
}
