//! IGMP (RFC 1112, RFC 2236, RFC 3376).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U16;

/// An IGMP message of version 1 or 2, and the start of a query of version 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Igmp {
    /// Type: [`QUERY`] and those after it.
    pub kind: u8,
    /// Time within which to answer, in tenths of a second (a float code above 127 in version 3).
    pub max_response: u8,
    /// Checksum of the message.
    pub checksum: U16,
    /// The group; 0 in a general query.
    pub group: [u8; 4],
}

/// The start of a report of version 3, with the type's group field taken by the number of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ReportV3 {
    /// [`REPORT_V3`].
    pub kind: u8,
    /// 0.
    pub reserved: u8,
    /// Checksum of the message.
    pub checksum: U16,
    /// 0.
    pub reserved2: U16,
    /// Number of group records.
    pub records: U16,
}

/// The start of a group record of version 3; sources and auxiliary data follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct GroupRecord {
    /// What is told: see [`GroupRecord::IS_INCLUDE`] and those after it.
    pub kind: u8,
    /// Length of the auxiliary data in words of 4 bytes.
    pub auxiliary_len: u8,
    /// Number of sources.
    pub sources: U16,
    /// The group.
    pub group: [u8; 4],
}

impl GroupRecord {
    /// The sources listed are wanted.
    pub const IS_INCLUDE: u8 = 1;
    /// All but the sources listed are wanted.
    pub const IS_EXCLUDE: u8 = 2;
    /// From now on the sources listed are wanted: leaves the group, if none is listed.
    pub const TO_INCLUDE: u8 = 3;
    /// From now on all but the sources listed are wanted: joins the group, if none is listed.
    pub const TO_EXCLUDE: u8 = 4;
    /// The sources listed are wanted, too.
    pub const ALLOW: u8 = 5;
    /// The sources listed are no longer wanted.
    pub const BLOCK: u8 = 6;
}

/// Membership query, of any version.
pub const QUERY: u8 = 0x11;
/// Membership report of version 1.
pub const REPORT_V1: u8 = 0x12;
/// Membership report of version 2.
pub const REPORT_V2: u8 = 0x16;
/// Leave group, of version 2.
pub const LEAVE: u8 = 0x17;
/// Membership report of version 3.
pub const REPORT_V3: u8 = 0x22;
