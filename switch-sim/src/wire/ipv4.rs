//! IPv4 (RFC 791).

use std::net::Ipv4Addr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Header, U16};

/// The fixed part of an IPv4 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Ipv4 {
    /// Version (4) in the high four bits, header length in words of 4 bytes in the low.
    pub version_ihl: u8,
    /// DSCP in the high six bits, ECN in the low two.
    pub tos: u8,
    /// Length of header and payload in bytes.
    pub total_len: U16,
    /// Identification of the packet whose fragment this is.
    pub identification: U16,
    /// Flags ([`DONT_FRAGMENT`](Self::DONT_FRAGMENT), [`MORE_FRAGMENTS`](Self::MORE_FRAGMENTS)) and the offset in
    /// units of 8 bytes.
    pub flags_offset: U16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol: see [`protocol`](super::protocol).
    pub protocol: u8,
    /// Checksum of the header.
    pub checksum: U16,
    /// Source address.
    pub src: [u8; 4],
    /// Destination address.
    pub dst: [u8; 4],
}

impl Ipv4 {
    /// Must not be fragmented.
    pub const DONT_FRAGMENT: u16 = 0x4000;
    /// Further fragments follow.
    pub const MORE_FRAGMENTS: u16 = 0x2000;

    /// Length of the header with its options, in bytes; not checked, so that it may be below 20.
    pub fn header_len(&self) -> usize {
        usize::from(self.version_ihl & 15) * 4
    }

    /// Header, options and what follows them; `None` if cut short, of another version or with a header length
    /// below 20.
    pub fn with_options(bytes: &[u8]) -> Option<(&Self, &[u8], &[u8])> {
        let (header, rest) = Self::parse(bytes)?;
        let options = header.header_len().checked_sub(20)?;
        let (options, rest) = rest.split_at_checked(options)?;
        (header.version_ihl >> 4 == 4).then_some((header, options, rest))
    }

    /// Source address.
    pub fn source(&self) -> Ipv4Addr {
        self.src.into()
    }

    /// Destination address.
    pub fn destination(&self) -> Ipv4Addr {
        self.dst.into()
    }
}

/// The router alert option (RFC 2113), which IGMP packets carry.
pub const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];

/// The MAC address of an IPv4 multicast group (RFC 1112).
pub fn multicast_mac(group: Ipv4Addr) -> super::MacAddr {
    let [_, b, c, d] = group.octets();
    [0x01, 0, 0x5e, b & 0x7f, c, d]
}
