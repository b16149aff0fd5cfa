//! Which files of a folder are SAI's headers.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::render::bindings::config::is_interface;

/// The headers to read.
pub struct Sources {
    /// The folders they stand in.
    pub dirs: Vec<PathBuf>,
    /// The headers, in the order in which the root file includes them.
    pub files: Vec<Source>,
}

/// One header.
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its file name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether it belongs to `experimental/`.
    pub experimental: bool,
}

/// Finds the headers in `dir`.
pub fn find(dir: &Path) -> Result<Sources> {
    let nested = dir.join("inc/sai.h").is_file();
    let dirs: Vec<PathBuf> = if nested {
        ["inc", "experimental"].map(|d| dir.join(d)).into_iter().filter(|d| d.is_dir()).collect()
    } else {
        vec![dir.to_owned()]
    };
    if !dirs[0].join("sai.h").is_file() {
        bail!("{}: no SAI headers here (neither sai.h nor inc/sai.h)", dir.display());
    }
    let mut files = Vec::new();
    for folder in &dirs {
        let cannot = || format!("cannot read {}", folder.display());
        for entry in std::fs::read_dir(folder).with_context(cannot)? {
            let path = entry.with_context(cannot)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_interface(&name) {
                let bytes =
                    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let experimental =
                    if nested { folder.ends_with("experimental") } else { is_experimental(&name, &text) };
                files.push(Source { path, name, text, experimental });
            }
        }
    }
    // The rest may count on these two to have been read.
    files.sort_by_key(|f| (f.name != "sai.h", f.name != "saiextensions.h", f.name.clone()));
    Ok(Sources { dirs, files })
}

/// In a flat folder a header says of itself where it belongs, or its name does.
fn is_experimental(name: &str, text: &str) -> bool {
    match text.split_once("@place ") {
        Some((_, place)) => place.starts_with("experimental"),
        None => name.starts_with("saiexperimental") || name.ends_with("extensions.h"),
    }
}

/// The text of a file that includes all the others and makes enum constants of the status codes.
pub fn root_text(sources: &Sources, prefix: &str) -> String {
    let mut text: String = sources.files.iter().map(|f| format!("#include \"{}\"\n", f.name)).collect();
    let lines = sources.files.iter().flat_map(|f| f.text.lines());
    let names: Vec<&str> = lines.filter_map(status_code).collect();
    if !names.is_empty() {
        text.push_str("enum {\n");
        for name in names {
            text.push_str(&format!("#ifdef {name}\n{prefix}{name} = {name},\n#endif\n"));
        }
        text.push_str("};\n");
    }
    text
}

/// The name of the status code that a line defines.
fn status_code(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("define")?.trim_start();
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, body) = rest.split_at(end);
    (name.starts_with("SAI_STATUS_") && !body.starts_with('(') && !body.trim().is_empty()).then_some(name)
}
