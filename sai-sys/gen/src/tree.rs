//! The generated files of a working tree: writing them and comparing with them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::render::{MARKER, MARKER_LINES, Output};

/// What [`write()`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files whose text was as it should be already.
    pub unchanged: usize,
    /// Files written.
    pub changed: usize,
    /// Generated files that are no longer rendered, removed.
    pub removed: usize,
}

/// Why a working tree is not current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// The file is not there.
    Missing(PathBuf),
    /// The file is marked as generated and is no longer rendered.
    Orphan(PathBuf),
    /// The file differs, first in this line (from 1).
    Differs {
        /// The file.
        path: PathBuf,
        /// The first differing line, from 1.
        line: usize,
        /// The line as it is committed; `None` past the end.
        found: Option<String>,
        /// The line as it is rendered; `None` past the end.
        expected: Option<String>,
    },
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stale::Missing(path) => write!(f, "{}: missing", path.display()),
            Stale::Orphan(path) => write!(f, "{}: no longer generated", path.display()),
            Stale::Differs { path, line, found, expected } => {
                let show = |text: &Option<String>| match text {
                    Some(text) => format!("`{text}`"),
                    None => "end of file".to_owned(),
                };
                writeln!(f, "{}:{line}: not what sai-gen writes", path.display())?;
                writeln!(f, "  committed: {}", show(found))?;
                write!(f, "  generated: {}", show(expected))
            }
        }
    }
}

/// Writes `outputs` below `root` and removes generated files that are no longer among them.
pub fn write(root: &Path, outputs: &[Output]) -> Result<Written> {
    let mut written = Written::default();
    for output in outputs {
        let path = root.join(&output.path);
        if std::fs::read(&path).is_ok_and(|old| old == output.text.as_bytes()) {
            written.unchanged += 1;
            continue;
        }
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        std::fs::write(&path, &output.text).with_context(|| format!("cannot write {}", path.display()))?;
        written.changed += 1;
    }
    for path in orphans(root, outputs)? {
        std::fs::remove_file(root.join(&path))
            .with_context(|| format!("cannot remove {}", path.display()))?;
        written.removed += 1;
    }
    Ok(written)
}

/// Compares the tree below `root` with `outputs`: the first file that is not current, if any.
pub fn check(root: &Path, outputs: &[Output]) -> Result<Option<Stale>> {
    for output in outputs {
        let found = match std::fs::read(root.join(&output.path)) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Some(Stale::Missing(output.path.clone())));
            }
            Err(e) => bail!("cannot read {}: {e}", output.path.display()),
        };
        if found != output.text.as_bytes() {
            return Ok(Some(first_difference(&output.path, &found, output.text.as_bytes())));
        }
    }
    Ok(orphans(root, outputs)?.into_iter().next().map(Stale::Orphan))
}

/// Finds the first line in which two different texts differ.
fn first_difference(path: &Path, found: &[u8], expected: &[u8]) -> Stale {
    let mut found = found.split_inclusive(|b| *b == b'\n');
    let mut expected = expected.split_inclusive(|b| *b == b'\n');
    let show = |line: Option<&[u8]>| {
        line.map(|l| String::from_utf8_lossy(l.strip_suffix(b"\n").unwrap_or(l)).replace('\r', "\\r"))
    };
    let mut line = 1;
    loop {
        let (f, e) = (found.next(), expected.next());
        if f != e || f.is_none() {
            return Stale::Differs { path: path.to_owned(), line, found: show(f), expected: show(e) };
        }
        line += 1;
    }
}

/// Files marked as generated, in the folders of `outputs`, that are not among them.
fn orphans(root: &Path, outputs: &[Output]) -> Result<Vec<PathBuf>> {
    let known: BTreeSet<&Path> = outputs.iter().map(|o| o.path.as_path()).collect();
    let dirs: BTreeSet<&Path> = outputs.iter().filter_map(|o| o.path.parent()).collect();
    let mut orphans = Vec::new();
    for dir in dirs {
        let Ok(entries) = std::fs::read_dir(root.join(dir)) else { continue };
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", dir.display()))?;
            let path = dir.join(entry.file_name());
            if !known.contains(path.as_path()) && entry.path().is_file() && is_generated(&entry.path()) {
                orphans.push(path);
            }
        }
    }
    orphans.sort();
    Ok(orphans)
}

fn is_generated(path: &Path) -> bool {
    std::fs::read_to_string(path)
        .is_ok_and(|text| text.lines().take(MARKER_LINES).any(|line| line.contains(MARKER)))
}
