//! SAI status codes and what they mean.

use std::fmt;

/// `sai_status_t`: how a SAI call ended. Zero is success, all else is negative.
///
/// Five families carry the position of the attribute they speak of: the n-th attribute of a call that
/// was not supported answers `ATTR_NOT_SUPPORTED_0 - n`. [`Status::kind`] decodes them by range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Status(pub i32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        impl Status {
            $($(#[$doc])* #[doc = concat!("\n\nSAI name: `SAI_STATUS_", stringify!($name), "`.")]
            pub const $name: Status = Status($value);)*
        }
        const NAMES: &[(i32, &str)] = &[$(($value, concat!("SAI_STATUS_", stringify!($name))),)*];
    };
}

statuses! {
    /// The call did what it was asked.
    SUCCESS = 0,
    /// A general failure; in a bulk call, at least one object failed.
    FAILURE = -1,
    /// The adapter does not support this.
    NOT_SUPPORTED = -2,
    /// Out of memory.
    NO_MEMORY = -3,
    /// The hardware resources for this kind of object are used up.
    INSUFFICIENT_RESOURCES = -4,
    /// A parameter of the call is wrong.
    INVALID_PARAMETER = -5,
    /// The key, or a key attribute, exists already.
    ITEM_ALREADY_EXISTS = -6,
    /// No such object or entry.
    ITEM_NOT_FOUND = -7,
    /// A list given was too short; it holds the needed count now.
    BUFFER_OVERFLOW = -8,
    /// The port number is wrong.
    INVALID_PORT_NUMBER = -9,
    /// The port is no member.
    INVALID_PORT_MEMBER = -10,
    /// The VLAN id is wrong.
    INVALID_VLAN_ID = -11,
    /// The adapter was not initialised.
    UNINITIALIZED = -12,
    /// The table is full.
    TABLE_FULL = -13,
    /// An attribute that must be given on create is missing.
    MANDATORY_ATTRIBUTE_MISSING = -14,
    /// The adapter does not implement this.
    NOT_IMPLEMENTED = -15,
    /// No such address.
    ADDR_NOT_FOUND = -16,
    /// Something refers to the object.
    OBJECT_IN_USE = -17,
    /// The id names an object of another type.
    INVALID_OBJECT_TYPE = -18,
    /// The id is null where one is needed, or could never have been issued.
    INVALID_OBJECT_ID = -19,
    /// The non-volatile storage is invalid.
    INVALID_NV_STORAGE = -20,
    /// The non-volatile storage is full.
    NV_STORAGE_FULL = -21,
    /// The versions do not allow this software upgrade.
    SW_UPGRADE_VERSION_MISMATCH = -22,
    /// A bulk call stopped before it came to this object.
    NOT_EXECUTED = -23,
    /// The stages of the objects do not match.
    STAGE_MISMATCH = -24,
    /// The first attribute is not allowed in this call, or was given twice.
    INVALID_ATTRIBUTE_0 = -65536,
    /// The value of the first attribute is invalid.
    INVALID_ATTR_VALUE_0 = -131072,
    /// The first attribute is not implemented.
    ATTR_NOT_IMPLEMENTED_0 = -196608,
    /// The first attribute is unknown.
    UNKNOWN_ATTRIBUTE_0 = -262144,
    /// The first attribute is not supported.
    ATTR_NOT_SUPPORTED_0 = -327680,
}

/// What a [`Status`] says, with the attribute's position where it carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A status that carries no attribute position.
    Plain(Status),
    /// The n-th attribute is not allowed in this call, or was given twice.
    InvalidAttribute(u16),
    /// The value of the n-th attribute is invalid.
    InvalidAttrValue(u16),
    /// The n-th attribute is not implemented.
    AttrNotImplemented(u16),
    /// The n-th attribute is unknown.
    UnknownAttribute(u16),
    /// The n-th attribute is not supported.
    AttrNotSupported(u16),
}

const FAMILY: i32 = 65536;

impl Status {
    /// Whether this is [`Status::SUCCESS`].
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// `Ok` for success, else an [`Error`](crate::Error) of this status.
    pub fn ok(self) -> crate::Result<()> {
        if self.is_ok() { Ok(()) } else { Err(crate::Error::new(self)) }
    }

    /// The status of the `n`-th attribute in the family that `self` is the first of
    /// (`INVALID_ATTRIBUTE_0.nth(2)`). Positions above 65,535 saturate.
    pub const fn nth(self, n: usize) -> Status {
        Status(self.0 - if n > 0xffff { 0xffff } else { n as i32 })
    }

    /// Decodes the status by range.
    pub const fn kind(self) -> ErrorKind {
        let magnitude = -(self.0 as i64);
        let family = magnitude / FAMILY as i64;
        let n = (magnitude % FAMILY as i64) as u16;
        match (self.0 < 0, family) {
            (true, 1) => ErrorKind::InvalidAttribute(n),
            (true, 2) => ErrorKind::InvalidAttrValue(n),
            (true, 3) => ErrorKind::AttrNotImplemented(n),
            (true, 4) => ErrorKind::UnknownAttribute(n),
            (true, 5) => ErrorKind::AttrNotSupported(n),
            _ => ErrorKind::Plain(self),
        }
    }

    /// The position of the attribute that the status speaks of, where it carries one.
    pub const fn attr_index(self) -> Option<usize> {
        match self.kind() {
            ErrorKind::Plain(_) => None,
            ErrorKind::InvalidAttribute(n)
            | ErrorKind::InvalidAttrValue(n)
            | ErrorKind::AttrNotImplemented(n)
            | ErrorKind::UnknownAttribute(n)
            | ErrorKind::AttrNotSupported(n) => Some(n as usize),
        }
    }

    /// The first status of the family, or the status itself where it carries no position.
    pub const fn family(self) -> Status {
        match self.attr_index() {
            Some(n) => Status(self.0 + n as i32),
            None => self,
        }
    }

    /// Whether the status says that something is not supported or not implemented, as a whole or for
    /// one attribute.
    pub const fn is_unsupported(self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::AttrNotSupported(_)
                | ErrorKind::AttrNotImplemented(_)
                | ErrorKind::Plain(Status::NOT_SUPPORTED | Status::NOT_IMPLEMENTED)
        )
    }

    /// The status of a SAI name: `SAI_STATUS_TABLE_FULL`, or `SAI_STATUS_INVALID_ATTRIBUTE_0` and the
    /// like with any position.
    pub fn from_name(name: &str) -> Option<Status> {
        if let Some((value, _)) = NAMES.iter().find(|(_, n)| *n == name) {
            return Some(Status(*value));
        }
        if let Some(raw) = name.strip_prefix("SAI_STATUS_").and_then(|s| s.parse().ok()) {
            return Some(Status(raw));
        }
        let (stem, n) = name.rsplit_once('_')?;
        let n: u16 = n.parse().ok()?;
        let first = NAMES.iter().find(|(v, s)| *v <= -FAMILY && s.strip_suffix("_0") == Some(stem))?;
        Some(Status(first.0).nth(n as usize))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = self.family();
        match (NAMES.iter().find(|(v, _)| *v == family.0), self.attr_index()) {
            (Some((_, name)), Some(n)) => write!(f, "{}_{n}", name.trim_end_matches("_0")),
            (Some((_, name)), None) => f.write_str(name),
            (None, _) => write!(f, "SAI_STATUS_{}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_decoded_by_range() {
        assert_eq!(Status(-327682).kind(), ErrorKind::AttrNotSupported(2));
        assert_eq!(Status(-131071).kind(), ErrorKind::InvalidAttribute(65535));
        assert_eq!(Status(-24).kind(), ErrorKind::Plain(Status::STAGE_MISMATCH));
        assert_eq!(Status(5).kind(), ErrorKind::Plain(Status(5)));
        assert_eq!(Status(i32::MIN).attr_index(), None);
    }

    #[test]
    fn names_read_back() {
        for s in [0, -1, -24, -65536, -65539, -131072, -327682, -400_000, 3] {
            assert_eq!(Status::from_name(&Status(s).to_string()), Some(Status(s)), "{}", Status(s));
        }
        assert_eq!(Status(-327682).to_string(), "SAI_STATUS_ATTR_NOT_SUPPORTED_2");
    }
}
