//! The Rust bindings, `sai-sys/src/bindings.rs`: bindgen on the C headers.

use anyhow::{Context as _, Result, anyhow};

use super::{Output, RUST_BANNER, headers};
use crate::libclang;
use crate::model::Model;

// Shared with the build script of sai-sys, which makes the same of a vendor's headers.
#[path = "../../../build/bindings.rs"]
pub mod config;

/// Renders the bindings.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    libclang::require()?;
    let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
    for header in headers::render(model)? {
        let name = header.path.file_name().context("a header has a name")?;
        std::fs::write(dir.path().join(name), header.text).context("cannot write a temporary header")?;
    }
    let text = config::bindings(dir.path()).map_err(|e| anyhow!(e))?;
    Ok(vec![Output::new("sai-sys/src/bindings.rs", format!("{RUST_BANNER}{text}"))])
}
