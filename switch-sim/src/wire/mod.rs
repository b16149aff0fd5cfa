//! Packets as bytes: header views, one-pass parsing and in-place edits, total on any bytes.
//!
//! A header is a plain struct with the layout it has on the wire, so that a view costs nothing and the same type
//! reads, edits and builds:
//!
//! ```
//! use switch_sim::wire::{Header, U16};
//!
//! let (ports, rest) = <[U16; 2]>::parse(&[0x13, 0x88, 0, 53, 0, 8]).unwrap();
//! assert_eq!((ports[0].get(), ports[1].get(), rest.len()), (5000, 53, 2));
//! assert!(<[U16; 2]>::parse(&[0; 3]).is_none());
//! ```
//!
//! | for | use |
//! |---|---|
//! | the packet path: all offsets and keys in one pass | [`parse::Headers`] |
//! | changing a packet in place, checksums kept right | [`edit`] |
//! | one header | [`Header::parse`], [`Header::parse_mut`] on its type |

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use zerocopy::network_endian::{U16, U32, U64, U128};

pub mod checksum;
pub mod edit;
pub mod ethertype;
pub mod parse;
pub mod protocol;

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
