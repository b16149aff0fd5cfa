//! Packets as bytes: header views and builders, one file a protocol, total on any bytes.
//!
//! A header is a plain struct with the layout it has on the wire, so that a view costs nothing and the same type
//! reads, edits and builds:
//!
//! ```
//! use switch_sim::wire::{Header, PacketBuilder, ethernet::Ethernet, udp::Udp};
//!
//! let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
//!     .ipv4([10, 0, 0, 1], [10, 0, 0, 2])
//!     .udp(5000, 53)
//!     .payload(b"hello")
//!     .build();
//! let (ethernet, _) = Ethernet::parse(&frame).unwrap();
//! assert_eq!(ethernet.ethertype.get(), 0x0800);
//! let (udp, rest) = Udp::parse(&frame[34..]).unwrap();
//! assert_eq!((udp.dst.get(), rest), (53, &b"hello"[..]));
//! assert!(Udp::parse(&[0; 7]).is_none());
//! ```
//!
//! | for | use |
//! |---|---|
//! | the packet path: all offsets and keys in one pass | [`parse::Headers`] |
//! | changing a packet in place, checksums kept right | [`edit`] |
//! | one header | [`Header::parse`], [`Header::parse_mut`] on its type |
//! | making frames | [`PacketBuilder`], or from a line of text [`text::parse`] |

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use zerocopy::network_endian::{U16, U32, U64, U128};

pub use builder::PacketBuilder;

pub mod arp;
mod builder;
pub mod checksum;
pub mod edit;
pub mod ethernet;
pub mod ethertype;
pub mod gre;
pub mod icmp;
pub mod icmpv6;
pub mod igmp;
pub mod inner;
pub mod ipv4;
pub mod ipv6;
pub mod lacp;
pub mod llc;
pub mod lldp;
pub mod mld;
pub mod mpls;
pub mod parse;
pub mod protocol;
pub mod tcp;
pub mod text;
pub mod udp;
pub mod vlan;
pub mod vxlan;

/// A MAC address, in the order of the wire.
pub type MacAddr = [u8; 6];

/// The broadcast address.
pub const BROADCAST: MacAddr = [0xff; 6];

/// A header of fixed size, viewed in place.
pub trait Header: FromBytes + IntoBytes + Immutable + KnownLayout + Unaligned {
    /// The header at the start of `bytes` and what follows it; `None` if cut short.
    #[inline(always)]
    fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::ref_from_prefix(bytes).ok()
    }

    /// As [`parse`](Self::parse), to change in place.
    #[inline(always)]
    fn parse_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
        Self::mut_from_prefix(bytes).ok()
    }
}

impl<T: FromBytes + IntoBytes + Immutable + KnownLayout + Unaligned> Header for T {}

/// Two bytes at `at`, most significant first.
#[inline(always)]
fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
