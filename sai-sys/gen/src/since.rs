//! `since`: the first of a series of releases that has an item.

use std::collections::HashSet;

use anyhow::{Context as _, Result, bail};

use crate::model::Model;

/// The release of a model, `1.18`, from its version constants.
pub fn release(model: &Model) -> Result<String> {
    let part = |name: &str| {
        let mut all = model.headers.iter().flat_map(|h| &h.defines);
        all.find(|d| d.name == name).map(|d| d.value.clone())
    };
    match (part("SAI_MAJOR"), part("SAI_MINOR")) {
        (Some(major), Some(minor)) => Ok(format!("{major}.{minor}")),
        _ => bail!("no SAI_MAJOR and SAI_MINOR: which release is it?"),
    }
}

/// Derives `since` over a series of releases, oldest first: the last model, with the release that each enum
/// value, field and function came in. What the first release has, has none.
pub fn derive(series: &[Model]) -> Result<Model> {
    let (last, before) = series.split_last().context("no release given")?;
    let mut model = last.clone();
    let mut known: Vec<(Option<String>, HashSet<String>)> = Vec::new();
    for (i, old) in before.iter().chain([last]).enumerate() {
        let name = if i == 0 { None } else { Some(release(old)?) };
        known.push((name, items(old)));
    }
    let first =
        |item: String| known.iter().find(|(_, items)| items.contains(&item)).and_then(|(r, _)| r.clone());
    for header in &mut model.headers {
        for e in &mut header.enums {
            for v in &mut e.values {
                v.since = first(v.name.clone());
            }
        }
        for s in &mut header.structs {
            for f in &mut s.fields {
                f.since = first(format!("{}.{}", s.name, f.name));
            }
        }
        for f in &mut header.functions {
            f.since = first(format!("{}()", f.name));
        }
    }
    Ok(model)
}

/// The names of everything in a model that has a `since`.
fn items(model: &Model) -> HashSet<String> {
    let values = model.enums().flat_map(|e| &e.values).map(|v| v.name.clone());
    let fields = model.structs().flat_map(|s| s.fields.iter().map(|f| format!("{}.{}", s.name, f.name)));
    let functions = model.headers.iter().flat_map(|h| &h.functions).map(|f| format!("{}()", f.name));
    values.chain(fields).chain(functions).collect()
}
