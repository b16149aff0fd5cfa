//! TOML files of a program's own, with mistakes told in one line: where, which key, and what would be right.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::TextError;

/// Reads a value from TOML.
///
/// # Errors
/// In one line: the number of the line, the key from the root of the document (`port[1].lanes`) or what stands there, and
/// what was expected.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, TextError> {
    toml::from_str(text).map_err(|error| {
        let why = error.message().trim().replace('\n', "; ");
        let Some(span) = error.span() else { return TextError::new(why) };
        let place = match DeTable::parse(text).ok().and_then(|root| key_at(root.get_ref(), span.start)) {
            Some(key) => key,
            None => format!("'{}'", text.lines().nth(line_at(text, span.start) - 1).unwrap_or("").trim()),
        };
        TextError::new(format!("line {}: {place}: {why}", line_at(text, span.start)))
    })
}

/// The line, from 1, of a key such as `port[1].lanes`; the line of its table where the key is left out.
pub fn line_of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut start = None;
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse().ok()),
            None => (part, None::<usize>),
        };
        let Some((found, value)) = table.get_key_value(name) else { break };
        start = Some(found.span().start);
        let mut value = value;
        if let (Some(index), DeValue::Array(items)) = (index, value.get_ref()) {
            let Some(item) = items.get(index) else { break };
            start = Some(item.span().start);
            value = item;
        }
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    Some(line_at(text, start?))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// The innermost key whose name or value lies at an offset.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        match inside(value, offset) {
            Some(inner) => Some(format!("{name}{inner}")),
            None => key.span().contains(&offset).then(|| name.to_string()),
        }
    })
}

/// What lies at an offset, as the rest of its key; `None` when it is outside of the value.
fn inside(value: &Spanned<DeValue<'_>>, offset: usize) -> Option<String> {
    let inner = match value.get_ref() {
        DeValue::Table(table) => key_at(table, offset).map(|key| format!(".{key}")),
        DeValue::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(n, item)| Some(format!("[{n}]{}", inside(item, offset)?)))
        }
        _ => None,
    };
    inner.or_else(|| value.span().contains(&offset).then(String::new))
}
