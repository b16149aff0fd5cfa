//! The error of every SAI operation.

use std::borrow::Cow;
use std::fmt;

use crate::{ObjectRef, Status};

/// The result of a SAI operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a SAI operation failed: the [`Status`], and as far as known the operation, the object, the
/// attribute by its SAI name, and the reason in words.
///
/// A backend gives what it knows; [`Session`](crate::Session) adds the operation and the object. The
/// error is two words long; the details live on the heap and are only made when something fails.
#[derive(Clone, PartialEq)]
pub struct Error {
    status: Status,
    detail: Option<Box<Detail>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Detail {
    operation: Option<&'static str>,
    object: Option<ObjectRef>,
    attr: Option<Cow<'static, str>>,
    reason: Option<Cow<'static, str>>,
}

impl Error {
    /// An error that knows its status alone.
    pub const fn new(status: Status) -> Error {
        Error { status, detail: None }
    }

    /// An error with a reason in words.
    pub fn because(status: Status, reason: impl Into<Cow<'static, str>>) -> Error {
        Error::new(status).reason_is(reason)
    }

    /// The status. Never [`Status::SUCCESS`] in an `Err` that this crate makes.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// What the status says, with the attribute's position.
    pub const fn kind(&self) -> crate::ErrorKind {
        self.status.kind()
    }

    /// The operation that failed, `"create"`.
    pub fn operation(&self) -> Option<&'static str> {
        self.detail.as_ref()?.operation
    }

    /// The object that the operation was about.
    pub fn object(&self) -> Option<&ObjectRef> {
        self.detail.as_ref()?.object.as_ref()
    }

    /// The SAI name of the attribute that the status speaks of.
    pub fn attr(&self) -> Option<&str> {
        self.detail.as_ref()?.attr.as_deref()
    }

    /// The reason in words.
    pub fn reason(&self) -> Option<&str> {
        self.detail.as_ref()?.reason.as_deref()
    }

    fn detail_mut(&mut self) -> &mut Detail {
        self.detail.get_or_insert_with(Box::default)
    }

    /// The same error with another status.
    pub fn with_status(mut self, status: Status) -> Error {
        self.status = status;
        self
    }

    /// Says the reason, unless one is there.
    pub fn reason_is(mut self, reason: impl Into<Cow<'static, str>>) -> Error {
        self.detail_mut().reason.get_or_insert_with(|| reason.into());
        self
    }

    /// Names the operation, unless one is named.
    pub fn in_operation(mut self, operation: &'static str) -> Error {
        self.detail_mut().operation.get_or_insert(operation);
        self
    }

    /// Names the object, unless one is named.
    pub fn on_object(mut self, object: &ObjectRef) -> Error {
        self.detail_mut().object.get_or_insert_with(|| object.clone());
        self
    }

    /// Names the attribute, unless one is named.
    pub fn on_attr(mut self, attr: impl Into<Cow<'static, str>>) -> Error {
        self.detail_mut().attr.get_or_insert_with(|| attr.into());
        self
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        Error::new(status)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(d) = self.detail.as_deref() {
            if let Some(op) = d.operation {
                let more = d.object.is_some() || d.attr.is_some();
                write!(f, "{op}{}", if more { " " } else { "" })?;
            }
            match &d.object {
                // What is not created yet has no id.
                Some(ObjectRef::Object(object_type, id)) if id.is_null() => write!(f, "{object_type}")?,
                Some(object) => write!(f, "{object}")?,
                None => {}
            }
            if let Some(attr) = &d.attr {
                write!(f, "{}{attr}", if d.object.is_some() { ", " } else { "" })?;
            }
            if d.operation.is_some() || d.object.is_some() || d.attr.is_some() {
                f.write_str(": ")?;
            }
            if let Some(reason) = &d.reason {
                return write!(f, "{reason} ({})", self.status);
            }
        }
        write!(f, "{}", self.status)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
