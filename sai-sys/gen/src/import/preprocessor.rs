//! Constants and macros.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use clang::Entity;

use super::files::Source;
use crate::macros;
use crate::model::{Define, Header, StatusCode};

/// Reads a `#define` into the header's records.
pub fn macro_definition(
    entity: &Entity<'_>,
    line: u32,
    source: &Source,
    statuses: &HashMap<String, i32>,
    into: &mut Header,
) -> Result<()> {
    let name = entity.get_name().context("a macro has a name")?;
    let text = definition(entity, source).with_context(|| format!("cannot find the text of {name}"))?;
    let after = text.strip_prefix(&name).with_context(|| format!("cannot find the text of {name}"))?;
    if entity.is_function_like_macro() {
        let Some((params, body)) = after.strip_prefix('(').and_then(|t| t.split_once(')')) else {
            bail!("{name}: its parameters do not end");
        };
        let params = params.split(',').map(|p| p.trim().to_owned()).collect();
        let family = |f: &str| Some((*statuses.get(&format!("{f}_0"))?, *statuses.get(&format!("{f}_MAX"))?));
        into.function_macros.push(macros::read(&name, line, Some(params), &joined(body), family));
        return Ok(());
    }
    let value = joined(after);
    if let Some(code) = statuses.get(&name) {
        into.status_codes.push(StatusCode { name, line, value: *code });
    } else if !value.is_empty() {
        into.defines.push(Define { name, line, value });
    } else if !name.ends_with("_H_") && !name.ends_with("_H") {
        into.function_macros.push(macros::read(&name, line, None, "", |_| None));
    }
    Ok(())
}

/// The text of a definition from its name on.
fn definition<'s>(entity: &Entity<'_>, source: &'s Source) -> Option<&'s str> {
    let range = entity.get_range()?;
    let start = range.get_start().get_file_location().offset as usize;
    let end = range.get_end().get_file_location().offset as usize;
    source.text.get(start..end)
}

/// A text on one line.
fn joined(text: &str) -> String {
    text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}
