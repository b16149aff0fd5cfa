//! Multicast listener discovery (RFC 2710, RFC 9777): messages of ICMPv6.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U16;

/// The body of a message of version 1, and the start of that of a query of version 2, after the ICMPv6 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Mld {
    /// Time within which to answer, in milliseconds (a float code above 32767 in version 2).
    pub max_response: U16,
    /// 0.
    pub reserved: U16,
    /// The group; 0 in a general query.
    pub group: [u8; 16],
}

/// The start of a group record of version 2; sources and auxiliary data follow. Its types are those of IGMP:
/// [`igmp::GroupRecord`](super::igmp::GroupRecord).
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct GroupRecord {
    /// What is told.
    pub kind: u8,
    /// Length of the auxiliary data in words of 4 bytes.
    pub auxiliary_len: u8,
    /// Number of sources.
    pub sources: U16,
    /// The group.
    pub group: [u8; 16],
}

/// ICMPv6 type of a query, of any version.
pub const QUERY: u8 = 130;
/// ICMPv6 type of a report of version 1.
pub const REPORT_V1: u8 = 131;
/// ICMPv6 type of done, the leave of version 1.
pub const DONE: u8 = 132;
/// ICMPv6 type of a report of version 2.
pub const REPORT_V2: u8 = 143;
