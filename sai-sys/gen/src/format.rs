//! Formatting of generated Rust by the `rustfmt` program.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::render::Output;

/// The style of the repository, so that the result does not depend on the folder it is run in.
const STYLE: &str = "edition = \"2024\"\nmax_width = 110\nuse_small_heuristics = \"Max\"\n";

/// How many files one `rustfmt` process is given.
const BATCH: usize = 64;

/// Formats the Rust files among `outputs`.
pub fn rust(outputs: &mut [Output]) -> Result<()> {
    let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
    std::fs::write(dir.path().join("rustfmt.toml"), STYLE).context("cannot write rustfmt.toml")?;
    let mut files = Vec::new();
    for (i, output) in outputs.iter().enumerate().filter(|(_, o)| o.is_rust()) {
        // At its own place below the folder: rustfmt follows `mod` to the files of submodules.
        let file = dir.path().join(&output.path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&file, &output.text).with_context(|| format!("cannot write {}", file.display()))?;
        files.push((i, file));
    }
    for batch in files.chunks(BATCH) {
        let done = Command::new("rustfmt")
            .arg("--quiet")
            .args(batch.iter().map(|(_, file)| file))
            .output()
            .context("cannot run rustfmt: install it with `rustup component add rustfmt`")?;
        if !done.status.success() {
            bail!("{}", explain(outputs, batch, dir.path(), &String::from_utf8_lossy(&done.stderr)));
        }
    }
    for (i, file) in files {
        outputs[i].text =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    Ok(())
}

/// Puts the paths of the repository into rustfmt's message.
fn explain(outputs: &[Output], batch: &[(usize, std::path::PathBuf)], dir: &Path, stderr: &str) -> String {
    let mut text = stderr.to_owned();
    for (i, file) in batch {
        text = text.replace(&*file.to_string_lossy(), &outputs[*i].path.to_string_lossy());
    }
    format!("rustfmt refuses generated code (formatted in {}):\n{text}", dir.display())
}
