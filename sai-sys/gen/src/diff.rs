//! Two models compared as an ABI: what a program built against one meets in a library built against the
//! other.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::model::{Model, Struct};

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It went away.
    Removed,
    /// An enum value, constant or status code has another number.
    Renumbered,
    /// A field or function-table member has another offset.
    Moved,
    /// A struct or union has another size or alignment.
    Resized,
    /// A field, function or alias has another type.
    Retyped,
    /// A field was born in bytes that were padding: an older library hands over garbage there.
    BornInPadding,
    /// The end or base of a range has another number, as it may.
    Sentinel,
    /// It is new.
    Added,
}

impl Kind {
    /// Whether a program built against the old interface may break on the new.
    pub fn breaks(self) -> bool {
        matches!(self, Kind::Removed | Kind::Renumbered | Kind::Moved | Kind::Resized | Kind::Retyped)
    }

    fn heading(self) -> &'static str {
        match self {
            Kind::Removed => "removed",
            Kind::Renumbered => "renumbered",
            Kind::Moved => "moved",
            Kind::Resized => "resized",
            Kind::Retyped => "of another type",
            Kind::BornInPadding => "born in padding",
            Kind::Sentinel => "range ends moved",
            Kind::Added => "added",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// To what: `SAI_PORT_ATTR_SPEED`, `sai_port_api_t.create_port`.
    pub item: String,
    /// Old and new number, offset, size or type, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The differences, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether `inc/` only grew.
    pub append_only: bool,
    /// Of `inc/`.
    pub inc: Vec<Change>,
    /// Of `experimental/`.
    pub experimental: Vec<Change>,
}

/// Compares two models.
pub fn diff(old: &Model, new: &Model) -> Report {
    let inc = place(old, new, false);
    let append_only = !inc.iter().any(|c| c.kind.breaks());
    Report { append_only, inc, experimental: place(old, new, true) }
}

/// What is compared of one item.
#[derive(Clone, Copy, PartialEq)]
enum Fact<'a> {
    Number(i64),
    Text(&'a str),
    Layout { offset: u32, ty: &'a str },
    Size { size: u32, align: u32, table: bool },
    Signature(&'a crate::model::Function),
}

fn facts(model: &Model, experimental: bool) -> BTreeMap<String, Fact<'_>> {
    let mut all = BTreeMap::new();
    for header in model.headers.iter().filter(|h| h.experimental == experimental) {
        for v in header.enums.iter().flat_map(|e| &e.values) {
            all.insert(v.name.clone(), Fact::Number(v.value));
        }
        for s in &header.status_codes {
            all.insert(s.name.clone(), Fact::Number(s.value.into()));
        }
        for t in &header.typedefs {
            all.insert(t.name.clone(), Fact::Text(&t.ty));
        }
        for s in &header.structs {
            let size = Fact::Size { size: s.size, align: s.align, table: s.name.ends_with("_api_t") };
            all.insert(s.name.clone(), size);
            for f in &s.fields {
                let layout = Fact::Layout { offset: f.offset, ty: &f.ty };
                all.insert(format!("{}.{}", s.name, f.name), layout);
            }
        }
        for f in header.function_pointers.iter().chain(&header.functions) {
            all.insert(f.name.clone(), Fact::Signature(f));
        }
    }
    all
}

fn place(old: &Model, new: &Model, experimental: bool) -> Vec<Change> {
    let (before, after) = (facts(old, experimental), facts(new, experimental));
    let old_structs: BTreeMap<&str, &Struct> = old.structs().map(|s| (s.name.as_str(), s)).collect();
    let mut changes = Vec::new();
    for (item, fact) in &before {
        match after.get(item) {
            None if is_sentinel(item) => push(&mut changes, Kind::Sentinel, item, Some("removed".into())),
            None => push(&mut changes, Kind::Removed, item, None),
            Some(now) if now != fact => compare(&mut changes, item, *fact, *now),
            Some(_) => {}
        }
    }
    for (item, fact) in &after {
        if !before.contains_key(item) {
            let (kind, detail) = match padding(item, *fact, &old_structs) {
                Some(detail) => (Kind::BornInPadding, Some(detail)),
                None => (Kind::Added, None),
            };
            push(&mut changes, kind, item, detail);
        }
    }
    changes.sort();
    changes
}

fn push(changes: &mut Vec<Change>, kind: Kind, item: &str, detail: Option<String>) {
    changes.push(Change { kind, item: item.to_owned(), detail });
}

fn compare(changes: &mut Vec<Change>, item: &str, old: Fact<'_>, new: Fact<'_>) {
    match (old, new) {
        (Fact::Number(a), Fact::Number(b)) => {
            let kind = if is_sentinel(item) { Kind::Sentinel } else { Kind::Renumbered };
            push(changes, kind, item, Some(format!("{a} -> {b}")));
        }
        (Fact::Text(a), Fact::Text(b)) => push(changes, Kind::Retyped, item, Some(format!("{a} -> {b}"))),
        (Fact::Layout { offset: a, ty: old }, Fact::Layout { offset: b, ty: new }) => {
            if a != b {
                push(changes, Kind::Moved, item, Some(format!("offset {a} -> {b}")));
            }
            if old != new {
                push(changes, Kind::Retyped, item, Some(format!("{old} -> {new}")));
            }
        }
        // A function table is handed out by pointer: it grows with its members.
        (Fact::Size { size: a, .. }, Fact::Size { size: b, table: true, .. }) if b > a => {}
        (Fact::Size { size: a, align: x, .. }, Fact::Size { size: b, align: y, .. }) => {
            let align = if x == y { String::new() } else { format!(", alignment {x} -> {y}") };
            push(changes, Kind::Resized, item, Some(format!("{a} -> {b} bytes{align}")));
        }
        (Fact::Signature(a), Fact::Signature(b)) => {
            let types = |f: &crate::model::Function| {
                let params: Vec<&str> = f.params.iter().map(|p| p.ty.as_str()).collect();
                format!("{}({})", f.returns, params.join(", "))
            };
            let (a, b) = (types(a), types(b));
            if a != b {
                push(changes, Kind::Retyped, item, Some(format!("{a} -> {b}")));
            }
        }
        _ => push(changes, Kind::Retyped, item, Some("another kind of thing".into())),
    }
}

/// Values that mark a place in a family, and move as it grows, instead of meaning anything themselves.
fn is_sentinel(name: &str) -> bool {
    ["_END", "_MAX", "_RANGE_BASE", "_RANGE_START"].iter().any(|end| name.ends_with(end))
}

/// Where a new field of a struct lies, if that was padding before.
fn padding(item: &str, fact: Fact<'_>, old: &BTreeMap<&str, &Struct>) -> Option<String> {
    let Fact::Layout { offset, .. } = fact else { return None };
    let owner = old.get(item.split_once('.')?.0)?;
    // A function table has no padding, and what stands in the place of another field was not padding.
    let filled = owner.name.ends_with("_api_t") || owner.fields.iter().any(|f| f.offset == offset);
    let padding = owner.kind == "struct" && offset < owner.size && !filled;
    padding.then(|| format!("offset {offset} of {} bytes", owner.size))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, changes) in [("inc", &self.inc), ("experimental", &self.experimental)] {
            writeln!(f, "{name}/:{}", if changes.is_empty() { " no difference" } else { "" })?;
            for group in changes.chunk_by(|a, b| a.kind == b.kind) {
                writeln!(f, "  {} ({}):", group[0].kind.heading(), group.len())?;
                for change in group {
                    match &change.detail {
                        Some(detail) => writeln!(f, "    {}: {detail}", change.item)?,
                        None => writeln!(f, "    {}", change.item)?,
                    }
                }
            }
        }
        match self.append_only {
            true => write!(f, "inc/ is append-only"),
            false => write!(f, "inc/ is NOT append-only"),
        }
    }
}
