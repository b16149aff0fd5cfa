//! What must hold of a header set beyond its being C: the tags of attributes.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, bail};

use super::Places;
use crate::model::{Enum, EnumValue, Model};

const FLAGS: [&str; 5] = ["MANDATORY_ON_CREATE", "CREATE_ONLY", "CREATE_AND_SET", "READ_ONLY", "KEY"];

/// The types that C itself has.
const C_TYPES: [&str; 2] = ["bool", "char"];

/// Fails at the first thing that does not hold, with its place.
pub fn check(model: &Model, places: &Places) -> Result<()> {
    let names = Names::of(model);
    for e in model.enums() {
        let attributes = e.name.contains("_attr_") && e.values.iter().any(|v| v.ty.is_some());
        for v in &e.values {
            let problem = match attributes {
                true => names.attribute(v),
                false => v.ty.as_ref().map(|_| format!("@type outside an enum of attributes ({})", e.name)),
            };
            let problem = problem.or_else(|| if attributes { duplicate(e, v) } else { None });
            if let Some(problem) = problem {
                let place = places.get(&v.name).map_or_else(String::new, |p| format!("{p}: "));
                bail!("{place}{}: {problem}", v.name);
            }
        }
    }
    Ok(())
}

/// Another attribute of the enum with the same number.
fn duplicate(e: &Enum, v: &EnumValue) -> Option<String> {
    v.ty.as_ref()?;
    let other = e.values.iter().find(|o| o.ty.is_some() && o.value == v.value && o.ignore == v.ignore)?;
    (other.name != v.name).then(|| format!("the number {} is that of {} already", v.value, other.name))
}

/// Everything a tag may name.
struct Names<'a> {
    types: HashSet<&'a str>,
    values: HashMap<&'a str, i64>,
    constants: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(model: &'a Model) -> Names<'a> {
        let headers = &model.headers;
        let mut types: HashSet<&str> = C_TYPES.into();
        types.extend(model.enums().map(|e| e.name.as_str()));
        types.extend(model.structs().map(|s| s.name.as_str()));
        types.extend(headers.iter().flat_map(|h| &h.typedefs).map(|t| t.name.as_str()));
        types.extend(headers.iter().flat_map(|h| &h.function_pointers).map(|f| f.name.as_str()));
        let values = model.enums().flat_map(|e| &e.values).map(|v| (v.name.as_str(), v.value)).collect();
        let constants = headers.iter().flat_map(|h| &h.defines).map(|d| d.name.as_str()).collect();
        Names { types, values, constants }
    }

    /// What is wrong with an attribute, if anything is.
    fn attribute(&self, v: &EnumValue) -> Option<String> {
        let Some(ty) = &v.ty else {
            let tagged = !v.flags.is_empty() || v.default.is_some() || v.condition.is_some();
            return tagged.then(|| "tags of an attribute, but no @type".to_owned());
        };
        if v.flags.is_empty() {
            return Some("@type without @flags".to_owned());
        }
        if let Some(flag) = v.flags.iter().find(|f| !FLAGS.contains(&f.as_str())) {
            return Some(format!("unknown flag `{flag}` in @flags"));
        }
        if let Some(word) = ty.split_whitespace().find(|w| !self.types.contains(w)) {
            return Some(format!("unknown type `{word}` in @type"));
        }
        if let Some(object) = v.objects.iter().find(|o| !self.values.contains_key(o.as_str())) {
            return Some(format!("unknown object type `{object}` in @objects"));
        }
        let range = v.range.as_ref().filter(|r| !self.constants.contains(r.as_str()));
        if let Some(range) = range {
            return Some(format!("unknown constant `{range}` in @range"));
        }
        [("condition", &v.condition), ("validonly", &v.validonly)].into_iter().find_map(|(tag, text)| {
            let unknown = sai_names(text.as_deref()?).find(|n| !self.values.contains_key(n))?;
            Some(format!("unknown name `{unknown}` in @{tag}"))
        })
    }
}

/// The names of SAI's constants in a text.
fn sai_names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| w.starts_with("SAI_"))
}
