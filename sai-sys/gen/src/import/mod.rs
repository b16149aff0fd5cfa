//! Reads C headers of SAI into a model.
//!
//! The headers are parsed by libclang, so that private types, attributes and values come along, with the
//! numbers, sizes and offsets that a C compiler gives them. What C does not say is read from the tags in
//! the comments.

mod check;
mod decl;
mod files;
mod preprocessor;
mod tags;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clang::diagnostic::Severity;
use clang::{Entity, EntityKind, Index, TranslationUnit, Unsaved};

use crate::libclang;
use crate::model::{Header, Model};
use files::Source;

/// A place in a header, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// The file that includes all the others; it exists in memory alone.
const ROOT: &str = "sai-gen-root.h";

/// Status codes are read as enum constants of this prefix.
const STATUS: &str = "sai_gen_status_";

/// Reads the headers in `dir`: a folder of headers, or one that holds `inc/` and `experimental/`.
pub fn import(dir: &Path) -> Result<Model> {
    let sources = files::find(dir)?;
    let clang = libclang::load()?;
    let index = Index::new(&clang, false, false);
    let root = files::root_text(&sources, STATUS);
    let root_path = sources.dirs[0].join(ROOT);
    let mut arguments = vec!["-xc".to_owned(), "-std=c99".to_owned()];
    arguments.extend(sources.dirs.iter().map(|d| format!("-I{}", d.display())));
    let unit = index
        .parser(&root_path)
        .arguments(&arguments)
        .unsaved(&[Unsaved::new(&root_path, &root)])
        .detailed_preprocessing_record(true)
        .parse()
        .with_context(|| format!("libclang cannot parse the headers in {}", dir.display()))?;
    diagnostics(&unit)?;
    let mut reader = Reader::new(&sources);
    let entities = unit.get_entity().get_children();
    reader.statuses = statuses(&entities);
    for entity in &entities {
        reader.read(entity)?;
    }
    let (model, places) = reader.finish();
    check::check(&model, &places)?;
    Ok(model)
}

/// Fails with the compiler's errors, if there are any.
fn diagnostics(unit: &TranslationUnit<'_>) -> Result<()> {
    let errors: Vec<String> = unit
        .get_diagnostics()
        .iter()
        .filter(|d| matches!(d.get_severity(), Severity::Error | Severity::Fatal))
        .map(|d| {
            let at = d.get_location().get_file_location();
            let file = at.file.map_or_else(String::new, |f| f.get_path().display().to_string());
            format!("{file}:{}:{}: {}", at.line, at.column, d.get_text())
        })
        .collect();
    match errors.len() {
        0 => Ok(()),
        1..=10 => bail!("{}", errors.join("\n")),
        n => bail!("{}\nand {} further errors", errors[..10].join("\n"), n - 10),
    }
}

/// The values of the status codes, from the enum that the root file makes of them.
fn statuses(entities: &[Entity<'_>]) -> HashMap<String, i32> {
    let constants = entities.iter().filter(|e| e.get_kind() == EntityKind::EnumDecl);
    constants
        .flat_map(|e| e.get_children())
        .filter_map(|c| {
            let name = c.get_name()?.strip_prefix(STATUS)?.to_owned();
            Some((name, i32::try_from(c.get_enum_constant_value()?.0).ok()?))
        })
        .collect()
}

/// Where each named thing stands.
pub(crate) type Places = HashMap<String, Place>;

/// Collects the records of each header.
struct Reader<'a> {
    sources: &'a [Source],
    headers: Vec<Header>,
    by_path: HashMap<&'a Path, usize>,
    statuses: HashMap<String, i32>,
    places: Places,
}

impl<'a> Reader<'a> {
    fn new(sources: &'a files::Sources) -> Reader<'a> {
        let headers = sources
            .files
            .iter()
            .map(|s| Header { header: s.name.clone(), experimental: s.experimental, ..Header::default() })
            .collect();
        let by_path = sources.files.iter().enumerate().map(|(i, s)| (s.path.as_path(), i)).collect();
        Reader { sources: &sources.files, headers, by_path, statuses: HashMap::new(), places: Places::new() }
    }

    /// The header that an entity stands in, and its line; `None` when it is none of SAI's.
    fn locate(&self, entity: &Entity<'_>) -> Option<(usize, u32)> {
        let at = entity.get_location()?.get_file_location();
        let path = at.file?.get_path();
        Some((*self.by_path.get(path.as_path())?, at.line))
    }

    fn place(&self, header: usize, line: u32) -> Place {
        Place { file: self.sources[header].path.clone(), line }
    }

    fn read(&mut self, entity: &Entity<'_>) -> Result<()> {
        let Some((header, line)) = self.locate(entity) else { return Ok(()) };
        let place = self.place(header, line);
        if let Some(name) = entity.get_name() {
            self.places.insert(name, place.clone());
        }
        let source = &self.sources[header];
        let into = &mut self.headers[header];
        match entity.get_kind() {
            EntityKind::InclusionDirective => {
                let target = entity.get_file().map(|f| f.get_path());
                if let Some(i) = target.and_then(|p| self.by_path.get(p.as_path())) {
                    into.includes.push(self.sources[*i].name.clone());
                }
            }
            EntityKind::MacroDefinition => {
                preprocessor::macro_definition(entity, line, source, &self.statuses, into)
                    .with_context(|| place.to_string())?;
            }
            EntityKind::TypedefDecl => {
                decl::typedef(entity, line, into, &mut self.places, &place)?;
            }
            EntityKind::FunctionDecl => {
                into.functions.push(decl::function(entity, line, &place)?);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> (Model, Places) {
        let mut headers = self.headers;
        headers.sort_by_key(|h| h.file_name());
        (Model { headers }, self.places)
    }
}
