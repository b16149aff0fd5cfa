//! Macros with parameters: the model has their meaning in words, C needs a body.
//!
//! The bodies in SAI's own headers are not copied: some are wrong (the `SAI_STATUS_IS_*` macros hold for
//! the first attribute of a family alone).

use anyhow::{Result, bail};

use crate::model::FunctionMacro;

/// The meaning of a macro without a body.
const EMPTY: &str = "empty; marks the direction of a parameter";
const NEGATIVE: &str = "-n";
const VERSION: &str = "10000 * major + 100 * minor + revision";
const FAMILY: &str = "x is one of ";
const FAMILY_END: &str = "_0 and its MAX";
/// Begins the meaning of a macro that SAI itself does not have.
const VERBATIM: &str = "expands to ";

/// The body in C, with a space before it when it is not empty.
pub fn body(m: &FunctionMacro) -> Result<String> {
    let meaning = m.meaning.as_str();
    let body = match (meaning, m.params.as_deref()) {
        (EMPTY, _) => return Ok(String::new()),
        (NEGATIVE, Some([n])) => format!("(-({n}))"),
        (VERSION, Some([major, minor, revision])) => {
            format!("(10000 * ({major}) + 100 * ({minor}) + ({revision}))")
        }
        (_, Some([x])) if meaning.starts_with(FAMILY) => match meaning[FAMILY.len()..].split_once(FAMILY_END)
        {
            Some((family, _)) => {
                format!("((x) <= {family}_0 && (x) >= {family}_MAX)").replace("(x)", &format!("({x})"))
            }
            None => bail!("cannot make C of the meaning `{meaning}`"),
        },
        _ => match meaning.strip_prefix(VERBATIM) {
            Some(text) => text.to_owned(),
            None => bail!("cannot make C of the meaning `{meaning}`"),
        },
    };
    Ok(format!(" {body}"))
}

/// The record of a macro read from a header: SAI's own by what they are for, others by their text.
///
/// `family` gives the first and last status code of a family, `SAI_STATUS_ATTR_NOT_SUPPORTED`.
pub fn read(
    name: &str,
    line: u32,
    params: Option<Vec<String>>,
    text: &str,
    family: impl Fn(&str) -> Option<(i32, i32)>,
) -> FunctionMacro {
    let (params, meaning) = match (name, params) {
        (_, params) if text.is_empty() => {
            (params.map(|p| p.iter().map(|_| "n".to_owned()).collect()), EMPTY.to_owned())
        }
        ("SAI_STATUS_CODE", Some(_)) => (Some(vec!["n".to_owned()]), NEGATIVE.to_owned()),
        ("SAI_VERSION", Some(p)) if p.len() == 3 => {
            (Some(["major", "minor", "revision"].map(str::to_owned).to_vec()), VERSION.to_owned())
        }
        (_, params) => {
            let status = name.strip_prefix("SAI_STATUS_IS_").map(|f| format!("SAI_STATUS_{f}"));
            match status.and_then(|f| family(&f).map(|range| (f, range))) {
                Some((f, (first, last))) => {
                    let meaning = format!("{FAMILY}{f}{FAMILY_END} ({first} down to {last})");
                    (Some(vec!["x".to_owned()]), meaning)
                }
                None => (params, format!("{VERBATIM}{text}")),
            }
        }
    };
    FunctionMacro { name: name.to_owned(), line, params, meaning }
}
