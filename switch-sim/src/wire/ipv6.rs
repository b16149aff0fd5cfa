//! IPv6 and its extension headers (RFC 8200).

use std::net::Ipv6Addr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{U16, U32, protocol};

/// The fixed IPv6 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Ipv6 {
    /// Version (6, 4 bits), traffic class (8 bits), flow label (20 bits).
    pub version_class_flow: U32,
    /// Length of what follows this header, in bytes.
    pub payload_len: U16,
    /// Protocol of what follows: see [`super::protocol`].
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub src: [u8; 16],
    /// Destination address.
    pub dst: [u8; 16],
}

impl Ipv6 {
    /// Traffic class: DSCP in the high six bits, ECN in the low two.
    pub fn traffic_class(&self) -> u8 {
        (self.version_class_flow.get() >> 20) as u8
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        self.version_class_flow.get() & 0xf_ffff
    }

    /// Source address.
    pub fn source(&self) -> Ipv6Addr {
        self.src.into()
    }

    /// Destination address.
    pub fn destination(&self) -> Ipv6Addr {
        self.dst.into()
    }
}

/// The start of each extension header but the fragment header's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Extension {
    /// Protocol of what follows.
    pub next_header: u8,
    /// Length beyond the first 8 bytes, in units of 8 bytes (of 4 for the authentication header).
    pub len: u8,
}

/// The fragment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Fragment {
    /// Protocol of the fragmented part.
    pub next_header: u8,
    /// 0.
    pub reserved: u8,
    /// Offset in units of 8 bytes in the high 13 bits; bit 0 says that further fragments follow.
    pub offset_more: U16,
    /// Identification of the packet whose fragment this is.
    pub identification: U32,
}

/// The extension headers of a packet, as protocol and bytes of each, and then what follows them. Ends where the
/// bytes end.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    /// Protocol of what follows the headers read so far.
    pub next_header: u8,
    /// What follows the headers read so far.
    pub rest: &'a [u8],
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let &[next, len, ..] = self.rest else { return None };
        let size = match self.next_header {
            protocol::FRAGMENT => 8,
            protocol::AH => (usize::from(len) + 2) * 4,
            protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION => (usize::from(len) + 1) * 8,
            _ => return None,
        };
        let (header, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some((std::mem::replace(&mut self.next_header, next), header))
    }
}

/// The MAC address of an IPv6 multicast group (RFC 2464).
pub fn multicast_mac(group: Ipv6Addr) -> super::MacAddr {
    let [.., a, b, c, d] = group.octets();
    [0x33, 0x33, a, b, c, d]
}

/// The solicited-node group of an address (RFC 4291).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., b, c, d] = address.octets();
    [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, b, c, d].into()
}
