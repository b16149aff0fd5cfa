//! What a replay found.

use std::fmt;

use serde::Serialize;

/// In what a replay differs from its recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// Another status than recorded.
    Status,
    /// The recorded adapter did not support it, the backend does.
    Better,
    /// Another value than recorded.
    Value,
    /// The call names an object that was neither created nor answered before; it was not played.
    Missing,
    /// The line was not understood, in part or as a whole; what was not understood was not played.
    NotUnderstood,
}

/// A difference between a replay and its recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The line of the call, from 1.
    pub line: usize,
    /// In what.
    pub kind: DifferenceKind,
    /// The call and its object, with the recorded id; the attribute where one differs.
    pub subject: String,
    /// What was recorded.
    pub recorded: String,
    /// What the backend answered.
    pub found: String,
}

/// A notification of the recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// The line, from 1.
    pub line: usize,
    /// The name, `port_state_change`.
    pub name: String,
    /// Its JSON, with recorded ids.
    pub data: String,
}

/// What a replay did and found. Prints as text; serialises as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Lines read.
    pub lines: usize,
    /// Calls played.
    pub calls: usize,
    /// Objects in the bulk calls among them.
    pub bulk_objects: usize,
    /// Views begun: 1, and one for every further `INIT_VIEW` or create of the same switch.
    pub views: usize,
    /// Values compared.
    pub values: usize,
    /// Queries that the backend does not answer, and that were therefore not compared.
    pub unanswered: usize,
    /// Lines that are not for an adapter: comments, messages to syncd, counter polling, pauses.
    pub passed_over: usize,
    /// Differences, in order of lines.
    pub differences: Vec<Difference>,
    /// The notifications that were recorded.
    pub notifications: Vec<Heard>,
    /// The line at which the replay stopped, if it did not come to the end.
    pub stopped_at: Option<usize>,
}

impl Report {
    /// How many differences of a kind there are.
    pub fn count(&self, kind: DifferenceKind) -> usize {
        self.differences.iter().filter(|d| d.kind == kind).count()
    }

    /// Whether the backend did as recorded, or better.
    pub fn is_same(&self) -> bool {
        self.stopped_at.is_none() && self.differences.iter().all(|d| d.kind == DifferenceKind::Better)
    }

    /// The report as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        // Numbers and texts always serialise.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { line, subject, recorded, found, .. } = self;
        match self.kind {
            DifferenceKind::Missing | DifferenceKind::NotUnderstood => {
                write!(f, "line {line}: {subject}: {found}")
            }
            _ => write!(f, "line {line}: {subject}: recorded {recorded}, found {found}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        if let Some(line) = self.stopped_at {
            writeln!(f, "stopped at line {line}")?;
        }
        let kind = |kind| self.count(kind);
        write!(
            f,
            "{} lines, {} calls, {} values compared, {} views, {} notifications recorded, \
             {} queries unanswered; differences: {} of status, {} of value, {} better, {} missing, \
             {} not understood",
            self.lines,
            self.calls,
            self.values,
            self.views,
            self.notifications.len(),
            self.unanswered,
            kind(DifferenceKind::Status),
            kind(DifferenceKind::Value),
            kind(DifferenceKind::Better),
            kind(DifferenceKind::Missing),
            kind(DifferenceKind::NotUnderstood),
        )
    }
}
