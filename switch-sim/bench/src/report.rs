//! Figures, as text and JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Case, Header};

/// The figures of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The case's name.
    pub name: String,
    /// What the figures count.
    pub unit: String,
    /// The least.
    pub min: f64,
    /// The median.
    pub median: f64,
    /// The greatest.
    pub max: f64,
}

impl Measured {
    /// Of these figures; `None` if there are none.
    pub fn of(case: &Case, mut figures: Vec<f64>) -> Option<Measured> {
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let median = figures[figures.len() / 2];
        Some(Measured { name: case.name.to_string(), unit: case.unit.to_string(), min, median, max })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { name, unit, min, median, max } = self;
        write!(f, "{name:<44} {min:>9.3} {median:>9.3} {max:>9.3} {unit}")
    }
}

/// All that was measured in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The machine and the versions.
    #[serde(flatten)]
    pub header: Header,
    /// The cases, in order.
    pub cases: Vec<Measured>,
}

impl Report {
    /// The report as JSON: the header's fields and `cases`, a list of objects with `name`, `unit`, `min`,
    /// `median` and `max`.
    ///
    /// # Errors
    /// None that these types can have; what `serde_json` says.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { processor, processors, system, version, sai, optimized, .. } = self;
        writeln!(f, "{processor}, {processors} usable, {system}")?;
        let build = if *optimized { "" } else { ", DEBUG BUILD: figures mean nothing" };
        write!(f, "switch-sim {version}, SAI {sai}, CPU time of one thread{build}")
    }
}
