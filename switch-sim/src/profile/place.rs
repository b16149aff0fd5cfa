//! Where a key stands in a TOML text.

use toml::de::{DeTable, DeValue};

/// The line, from 1, of a key such as `port[1].lanes`; the line of its table where the key is left out.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
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
    Some(text[..start?].matches('\n').count() + 1)
}
