//! How bindings are made of SAI headers: one way for the committed `bindings.rs` and for a vendor's headers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bindgen::callbacks::{DeriveInfo, ItemInfo, ParseCallbacks, TypeKind};

/// Constants that C spells as macros bindgen cannot evaluate are read through variables of this prefix.
const EVALUATED: &str = "sai_sys_value_of_";

/// Makes bindings of all SAI headers in `dir`: a folder of headers, or one with `inc/` and `experimental/`.
///
/// The result is not formatted.
pub fn bindings(dir: &Path) -> Result<String, String> {
    let dirs = include_dirs(dir)?;
    let mut names = Vec::new();
    let mut constants = BTreeSet::new();
    for dir in &dirs {
        for (name, text) in headers(dir)? {
            constants.extend(text.lines().filter_map(evaluated));
            names.push(name);
        }
    }
    // The rest may count on these two to have been read.
    names.sort_by_key(|name| (name != "sai.h", name != "saiextensions.h", name.clone()));
    let mut root: String = names.iter().map(|name| format!("#include <{name}>\n")).collect();
    for (ty, name) in constants {
        root.push_str(&format!("static const {ty} {EVALUATED}{name} = {name};\n"));
    }
    let mut builder = bindgen::Builder::default()
        .header_contents("sai_sys_all.h", &root)
        .clang_arg("-std=c99")
        .use_core()
        .rust_target(bindgen::RustTarget::stable(88, 0).map_err(|e| e.to_string())?)
        .rust_edition(bindgen::RustEdition::Edition2024)
        .default_enum_style(bindgen::EnumVariation::NewType { is_bitfield: false, is_global: true })
        .prepend_enum_name(false)
        .allowlist_item("_?sai_.*|SAI_.*")
        .layout_tests(false)
        .derive_default(true)
        .generate_cstr(true)
        .merge_extern_blocks(true)
        .formatter(bindgen::Formatter::None)
        .disable_header_comment()
        .parse_callbacks(Box::new(Names));
    for dir in &dirs {
        builder = builder.clang_arg(format!("-I{}", dir.display()));
    }
    builder.generate().map(|b| b.to_string()).map_err(|e| format!("the headers in {}: {e}", dir.display()))
}

/// The folders of headers that a folder stands for.
fn include_dirs(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let dirs = if dir.join("inc/sai.h").is_file() {
        vec![dir.join("inc"), dir.join("experimental")]
    } else {
        vec![dir.to_owned()]
    };
    if !dirs[0].join("sai.h").is_file() {
        return Err(format!("{} holds neither sai.h nor inc/sai.h", dir.display()));
    }
    Ok(dirs.into_iter().filter(|d| d.is_dir()).collect())
}

/// The SAI headers of a folder: name and text.
fn headers(dir: &Path) -> Result<Vec<(String, String)>, String> {
    let cannot = |e: std::io::Error| format!("cannot read {}: {e}", dir.display());
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        if is_interface(&name) {
            let text = std::fs::read(dir.join(&name)).map_err(cannot)?;
            all.push((name, String::from_utf8_lossy(&text).into_owned()));
        }
    }
    Ok(all)
}

/// A header of the interface, as opposed to metadata and serialisers that may be installed beside it.
pub fn is_interface(name: &str) -> bool {
    let rest = name.strip_prefix("sai").and_then(|n| n.strip_suffix(".h"));
    rest.is_some_and(|r| !["metadata", "serialize", "_"].iter().any(|p| r.starts_with(p)))
}

/// The type and name of a constant that has a type of its own or is written with a macro with parameters.
fn evaluated(line: &str) -> Option<(&'static str, String)> {
    let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("define")?;
    let name: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let with_parameters = rest.trim_start()[name.len()..].starts_with('(');
    let ty = match name.as_str() {
        "SAI_NULL_OBJECT_ID" => "sai_object_id_t",
        "SAI_API_VERSION" => "sai_api_version_t",
        _ if name.starts_with("SAI_STATUS_") && !with_parameters => "sai_status_t",
        _ => return None,
    };
    Some((ty, name))
}

/// Names and comments of items.
#[derive(Debug)]
struct Names;

impl ParseCallbacks for Names {
    /// `typedef struct _sai_x_t { … } sai_x_t` is one type.
    fn item_name(&self, item: ItemInfo<'_>) -> Option<String> {
        let name = item.name.strip_prefix(EVALUATED).or(item.name.strip_prefix('_'));
        name.filter(|n| n.starts_with("sai_") || n.starts_with("SAI_")).map(str::to_owned)
    }

    /// A macro read through a variable is left to that.
    fn will_parse_macro(&self, name: &str) -> bindgen::callbacks::MacroParsingBehavior {
        match evaluated(&format!("#define {name}")) {
            Some(_) => bindgen::callbacks::MacroParsingBehavior::Ignore,
            None => bindgen::callbacks::MacroParsingBehavior::Default,
        }
    }

    fn add_derives(&self, info: &DeriveInfo<'_>) -> Vec<String> {
        match info.kind {
            TypeKind::Enum => ["Default", "PartialOrd", "Ord"].map(str::to_owned).to_vec(),
            _ => Vec::new(),
        }
    }

    fn process_comment(&self, comment: &str) -> Option<String> {
        Some(markdown(comment))
    }
}

/// The comment of a SAI header as Markdown: tags become a list, other text stays as it is.
fn markdown(comment: &str) -> String {
    let mut out = String::new();
    for line in comment.lines() {
        let line = line.trim();
        match line.strip_prefix('@').map(|l| l.split_once(char::is_whitespace).unwrap_or((l, ""))) {
            Some(("brief" | "par" | "note" | "warning", text)) => out.push_str(&escape(text)),
            Some((tag, value)) => out.push_str(&format!("- {}: `{}`", escape(tag), value.replace('`', "'"))),
            None => out.push_str(&escape(line)),
        }
        out.push('\n');
    }
    out.trim().to_owned()
}

/// Text that Markdown takes as it stands.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '`' | '*' | '\\' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
