//! The sairedis recording format: lines of `TIME|OP|BODY`.
//!
//! Reading is tolerant: what is not understood (an unknown attribute, an entry key of 2017, an unknown
//! operation) stays in the line as text and is told by [`Line::problems`]. Every line prints back byte
//! for byte.

use std::fmt::{self, Display, Write as _};

use super::{TextError, key, names, number, value};
use crate::meta::AttrMeta;
use crate::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Status};

mod parse;

/// What an object is called in a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// An object or entry.
    Known(ObjectRef),
    /// Text that names no object that this release of SAI knows, without the type.
    Unknown(Option<ObjectType>, String),
}

/// An attribute of a line.
#[derive(Clone, Debug)]
pub enum Attr {
    /// An attribute with its value.
    Known(&'static AttrMeta, AttrEntry),
    /// A list of which only the length is told, as on `SAI_STATUS_BUFFER_OVERFLOW`.
    Count(&'static AttrMeta, u32),
    /// A name or value that is not understood.
    Unknown {
        /// The name.
        name: String,
        /// The text after `=`.
        text: String,
    },
}

/// An object of a bulk call, with its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkItem {
    /// The object.
    pub key: Key,
    /// Its attributes: none on remove, one on set.
    pub attrs: Vec<Attr>,
}

/// Which bulk call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkOp {
    /// `C`.
    Create,
    /// `R`.
    Remove,
    /// `S`.
    Set,
    /// `B`.
    Get,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `#`: a comment.
    Comment(String),
    /// `a`: a message to syncd, `INIT_VIEW`, `APPLY_VIEW`, `INSPECT_ASIC`.
    Syncd(String),
    /// `A`: syncd's answer.
    SyncdAnswer(Status),
    /// `c`.
    Create(Key, Vec<Attr>),
    /// `r`.
    Remove(Key),
    /// `s`.
    Set(Key, Attr),
    /// `g`.
    Get(Key, Vec<Attr>),
    /// `G` after `g`.
    Answer(Status, Vec<Attr>),
    /// `C`, `R`, `S`, `B`.
    Bulk(BulkOp, ObjectType, Vec<BulkItem>),
    /// `G` after `B`.
    BulkAnswer(Status, Vec<(Status, Vec<Attr>)>),
    /// `E`: the call before it failed; for a bulk call with the status of each object.
    Failed(Status, Vec<Status>),
    /// `f`: an FDB flush on a switch.
    Flush(ObjectId, Vec<Attr>),
    /// `F`.
    FlushAnswer(Status),
    /// `q`: a query by name, with its fields.
    Query(String, Vec<String>),
    /// `Q`: the answer to a query, with its fields.
    QueryAnswer(String, Status, Vec<String>),
    /// `p`: counter polling configuration of syncd.
    Polling(String),
    /// `n`: a notification by name, with its JSON.
    Notification(String, String),
    /// `@`: a pause in milliseconds.
    Pause(u64),
    /// Anything else; the problem is told by the line.
    Unknown(String),
}

/// A line of a recording.
#[derive(Clone, Debug)]
pub struct Line {
    number: usize,
    time: String,
    op: Op,
    /// The line as read, where the operation prints otherwise.
    raw: Option<Box<str>>,
    problems: Vec<String>,
}

impl Line {
    /// A line of its own making; `time` as `2026-08-20.14:03:55.123456`.
    pub fn new(time: impl Into<String>, op: Op) -> Line {
        Line { number: 0, time: time.into(), op, raw: None, problems: Vec::new() }
    }

    /// Reads a line, without its line end. Never fails: what is not understood is in
    /// [`problems`](Line::problems).
    pub fn parse(number: usize, text: &str) -> Line {
        let mut line = parse::line(number, text);
        if line.print() != text {
            line.raw = Some(text.into());
        }
        line
    }

    /// The position in its recording, from 1; 0 for a line of its own making.
    pub fn number(&self) -> usize {
        self.number
    }

    /// When it was recorded, as text.
    pub fn time(&self) -> &str {
        &self.time
    }

    /// What it says.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// What was not understood, in words.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Whether the line as read is how this crate writes it: no old forms, nothing unknown.
    pub fn is_canonical(&self) -> bool {
        self.raw.is_none()
    }

    fn print(&self) -> String {
        let mut out = String::new();
        if !self.time.is_empty() {
            let _ = write!(out, "{}|", self.time);
        }
        write_op(&mut out, &self.op);
        out
    }
}

/// Prints the line as it was read, without a line end.
impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.raw {
            Some(raw) => f.write_str(raw),
            None => f.write_str(&self.print()),
        }
    }
}

/// Something in a recording that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// A whole recording.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    lines: Vec<Line>,
    /// Whether the text ended with a line end, and whether line ends are CR LF.
    ended: bool,
    crlf: bool,
}

impl Recording {
    /// Reads a recording. Lines that are not understood stay as text; see [`problems`](Self::problems).
    pub fn parse(text: &str) -> Recording {
        let crlf = text.contains("\r\n") && !text.replace("\r\n", "").contains('\n');
        let end = if crlf { "\r\n" } else { "\n" };
        let ended = text.ends_with(end);
        let body = text.strip_suffix(end).unwrap_or(text);
        let lines = match text {
            "" => Vec::new(),
            _ => body.split(end).enumerate().map(|(i, line)| Line::parse(i + 1, line)).collect(),
        };
        Recording { lines, ended, crlf }
    }

    /// Reads a recording from the bytes of a file.
    ///
    /// # Errors
    /// A line is no UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Result<Recording, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let before = &bytes[..e.valid_up_to()];
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            Problem { line, reason: format!("no UTF-8: {e}") }
        })?;
        Ok(Recording::parse(text))
    }

    /// The lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What was not understood, in order of lines.
    pub fn problems(&self) -> impl Iterator<Item = Problem> + '_ {
        self.lines.iter().flat_map(|line| {
            line.problems.iter().map(|reason| Problem { line: line.number, reason: reason.clone() })
        })
    }

    /// The recording, if all of it was understood.
    ///
    /// # Errors
    /// The first problem.
    pub fn strict(self) -> Result<Recording, Problem> {
        let first = self.problems().next();
        first.map_or(Ok(self), Err)
    }
}

/// Prints the recording as it was read.
impl Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.crlf { "\r\n" } else { "\n" };
        for (i, line) in self.lines.iter().enumerate() {
            if i > 0 {
                f.write_str(end)?;
            }
            write!(f, "{line}")?;
        }
        if self.ended { f.write_str(end) } else { Ok(()) }
    }
}

impl Attr {
    /// An attribute of an object type; `None` where the metadata does not know it.
    pub fn new(object_type: ObjectType, entry: AttrEntry) -> Option<Attr> {
        crate::meta::attr(object_type, entry.id).map(|meta| Attr::Known(meta, entry))
    }

    /// The attribute and its value, where understood.
    pub fn entry(&self) -> Option<&AttrEntry> {
        match self {
            Attr::Known(_, entry) => Some(entry),
            _ => None,
        }
    }

    /// The id of the attribute, where it is known.
    pub fn id(&self) -> Option<AttrId> {
        match self {
            Attr::Known(_, entry) => Some(entry.id),
            Attr::Count(meta, _) => Some(meta.id),
            Attr::Unknown { .. } => None,
        }
    }

    /// The SAI name.
    pub fn name(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Attr::Known(meta, entry) => names::attr_name(meta, entry.id),
            Attr::Count(meta, _) => meta.name.into(),
            Attr::Unknown { name, .. } => name.as_str().into(),
        }
    }
}

impl PartialEq for Attr {
    fn eq(&self, other: &Attr) -> bool {
        match (self, other) {
            (Attr::Known(a, x), Attr::Known(b, y)) => a.name == b.name && x == y,
            (Attr::Count(a, x), Attr::Count(b, y)) => a.name == b.name && x == y,
            (Attr::Unknown { name: a, text: x }, Attr::Unknown { name: b, text: y }) => a == b && x == y,
            _ => false,
        }
    }
}

/// `NAME=value`.
impl Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attr::Known(meta, entry) => write!(f, "{}={}", self.name(), value::print(&entry.value, meta)),
            Attr::Count(meta, n) => write!(f, "{}={n}", meta.name),
            Attr::Unknown { name, text } => write!(f, "{name}={text}"),
        }
    }
}

/// The key without its type.
impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Known(object) => f.write_str(&key::print(object)),
            Key::Unknown(_, text) => f.write_str(text),
        }
    }
}

impl Key {
    /// The object, where understood.
    pub fn object(&self) -> Option<&ObjectRef> {
        match self {
            Key::Known(object) => Some(object),
            Key::Unknown(..) => None,
        }
    }

    fn typed(&self) -> String {
        match self {
            Key::Known(object) => key::print_typed(object),
            Key::Unknown(Some(t), text) => format!("{}:{text}", names::object_name(*t)),
            Key::Unknown(None, text) => text.clone(),
        }
    }
}

impl BulkOp {
    const fn letter(self) -> char {
        match self {
            BulkOp::Create => 'C',
            BulkOp::Remove => 'R',
            BulkOp::Set => 'S',
            BulkOp::Get => 'B',
        }
    }
}

fn joined(out: &mut String, attrs: &[Attr]) {
    attrs.iter().for_each(|attr| value::put(out, format_args!("|{attr}")));
}

/// Attributes, or `NULL=NULL` where there are none.
fn joined_or_null(out: &mut String, attrs: &[Attr]) {
    if attrs.is_empty() {
        return out.push_str("|NULL=NULL");
    }
    joined(out, attrs);
}

fn write_op(out: &mut String, op: &Op) {
    // Writing to a String cannot fail.
    let _ = match op {
        Op::Comment(text) => write!(out, "#|{text}"),
        Op::Syncd(text) => write!(out, "a|{text}"),
        Op::SyncdAnswer(status) => write!(out, "A|{status}"),
        Op::Create(key, attrs) => {
            let _ = write!(out, "c|{}", key.typed());
            joined_or_null(out, attrs);
            Ok(())
        }
        Op::Remove(key) => write!(out, "r|{}", key.typed()),
        Op::Set(key, attr) => write!(out, "s|{}|{attr}", key.typed()),
        Op::Get(key, attrs) => {
            let _ = write!(out, "g|{}", key.typed());
            joined_or_null(out, attrs);
            Ok(())
        }
        Op::Answer(status, attrs) => {
            let _ = write!(out, "G|{status}|");
            let attrs: Vec<String> = attrs.iter().map(Attr::to_string).collect();
            write!(out, "{}", attrs.join("|"))
        }
        Op::Bulk(op, object_type, items) => {
            let _ = write!(out, "{}|{}", op.letter(), names::object_name(*object_type));
            for item in items {
                let _ = write!(out, "||{}", item.key);
                match op {
                    BulkOp::Remove => joined(out, &item.attrs),
                    _ => joined_or_null(out, &item.attrs),
                }
            }
            Ok(())
        }
        Op::BulkAnswer(status, items) => {
            let _ = write!(out, "G|{status}");
            for (status, attrs) in items {
                let _ = write!(out, "||{status}");
                joined(out, attrs);
            }
            Ok(())
        }
        Op::Failed(status, items) => {
            let _ = write!(out, "E|{status}");
            for (i, status) in items.iter().enumerate() {
                let _ = write!(out, "{}{status}", if i == 0 { "||" } else { "|" });
            }
            Ok(())
        }
        Op::Flush(switch, attrs) => {
            let _ = write!(out, "f|SAI_OBJECT_TYPE_FDB_FLUSH:{switch}");
            joined_or_null(out, attrs);
            Ok(())
        }
        Op::FlushAnswer(status) => write!(out, "F|{status}"),
        Op::Query(name, fields) => {
            let _ = write!(out, "q|{name}");
            fields.iter().try_for_each(|field| write!(out, "|{field}"))
        }
        Op::QueryAnswer(name, status, fields) => {
            let _ = write!(out, "Q|{name}|{status}");
            fields.iter().try_for_each(|field| write!(out, "|{field}"))
        }
        Op::Polling(text) => write!(out, "p|{text}"),
        Op::Notification(name, json) => write!(out, "n|{name}|{json}|"),
        Op::Pause(ms) => write!(out, "@|{ms}"),
        Op::Unknown(text) => write!(out, "{text}"),
    };
}
