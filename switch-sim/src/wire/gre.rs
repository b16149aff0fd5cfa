//! GRE (RFC 2784, RFC 2890) and ERSPAN within it.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Header, U16, U32};

/// The fixed part of a GRE header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Gre {
    /// Which optional fields follow: [`CHECKSUM`](Self::CHECKSUM), [`KEY`](Self::KEY),
    /// [`SEQUENCE`](Self::SEQUENCE); version 0 in the low three bits.
    pub flags: U16,
    /// EtherType of what follows.
    pub protocol: U16,
}

impl Gre {
    /// Checksum and a reserved word follow.
    pub const CHECKSUM: u16 = 0x8000;
    /// A key follows.
    pub const KEY: u16 = 0x2000;
    /// A sequence number follows.
    pub const SEQUENCE: u16 = 0x1000;

    /// Length of the header with the fields that `flags` says follow: 4 to 16 bytes.
    pub fn header_len(&self) -> usize {
        let flags = self.flags.get();
        let field = |bit: u16| if flags & bit != 0 { 4 } else { 0 };
        4 + field(Self::CHECKSUM) + field(Self::KEY) + field(Self::SEQUENCE)
    }

    /// The header, its key if it has one, and what follows; `None` if cut short, of another version than 0 or with
    /// routing (RFC 1701).
    pub fn with_key(bytes: &[u8]) -> Option<(&Self, Option<u32>, &[u8])> {
        let (header, rest) = Self::parse(bytes)?;
        if header.flags.get() & 0x4007 != 0 {
            return None;
        }
        let (fields, rest) = rest.split_at_checked(header.header_len() - 4)?;
        let flags = header.flags.get();
        let at = if flags & Self::CHECKSUM != 0 { 4 } else { 0 };
        let key = if flags & Self::KEY != 0 { Some(U32::parse(fields.get(at..)?)?.0.get()) } else { None };
        Some((header, key, rest))
    }
}

/// The ERSPAN header of type II, after a GRE header with sequence number and protocol
/// [`ERSPAN_II`](super::ethertype::ERSPAN_II).
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ErspanII {
    /// Version 1 in the high four bits, the original VLAN in the low twelve.
    pub version_vlan: U16,
    /// Class of service (3 bits), encapsulation (2), truncated (1), session (10).
    pub cos_session: U16,
    /// Reserved (12 bits) and index of the port (20).
    pub index: U32,
}

impl ErspanII {
    /// Session, 10 bits.
    pub fn session(&self) -> u16 {
        self.cos_session.get() & 0x3ff
    }
}

/// The ERSPAN header of type III, after a GRE header with sequence number and protocol
/// [`ERSPAN_III`](super::ethertype::ERSPAN_III).
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ErspanIII {
    /// Version 2 in the high four bits, the original VLAN in the low twelve.
    pub version_vlan: U16,
    /// Class of service (3 bits), bad or short (2), truncated (1), session (10).
    pub cos_session: U16,
    /// Time of the copy, in the unit that `flags` tells.
    pub timestamp: U32,
    /// Security group tag.
    pub security_group: U16,
    /// Ethernet frame (1 bit), frame type (5), hardware id (6), egress (1), granularity (2), subheader (1).
    pub flags: U16,
}
