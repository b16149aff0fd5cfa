//! TCP (RFC 9293).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Header, U16, U32};

/// The fixed part of a TCP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Tcp {
    /// Source port.
    pub src: U16,
    /// Destination port.
    pub dst: U16,
    /// Sequence number.
    pub seq: U32,
    /// Acknowledgment number.
    pub ack: U32,
    /// Header length in words of 4 bytes, in the high four bits.
    pub data_offset: u8,
    /// Flags: see [`FIN`] and those after it.
    pub flags: u8,
    /// Receive window.
    pub window: U16,
    /// Checksum of the pseudo-header and the segment.
    pub checksum: U16,
    /// Urgent pointer.
    pub urgent: U16,
}

impl Tcp {
    /// Header, options and payload; `None` if cut short or with a header length below 20.
    pub fn with_options(bytes: &[u8]) -> Option<(&Self, &[u8], &[u8])> {
        let (header, rest) = Self::parse(bytes)?;
        let options = (usize::from(header.data_offset >> 4) * 4).checked_sub(20)?;
        let (options, rest) = rest.split_at_checked(options)?;
        Some((header, options, rest))
    }
}

/// No more data.
pub const FIN: u8 = 1;
/// Synchronise sequence numbers.
pub const SYN: u8 = 2;
/// Reset.
pub const RST: u8 = 4;
/// Push.
pub const PSH: u8 = 8;
/// The acknowledgment number is valid.
pub const ACK: u8 = 16;
/// The urgent pointer is valid.
pub const URG: u8 = 32;
/// Congestion experienced was seen (RFC 3168).
pub const ECE: u8 = 64;
/// Congestion window reduced (RFC 3168).
pub const CWR: u8 = 128;
