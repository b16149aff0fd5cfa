//! ICMPv6 (RFC 4443) and neighbor discovery (RFC 4861).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{MacAddr, U16, U32};

/// The start of an ICMPv6 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Icmpv6 {
    /// Type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// Checksum of the pseudo-header and the message.
    pub checksum: U16,
}

/// Destination unreachable.
pub const UNREACHABLE: u8 = 1;
/// Packet too big.
pub const TOO_BIG: u8 = 2;
/// Time exceeded.
pub const TIME_EXCEEDED: u8 = 3;
/// Echo request.
pub const ECHO_REQUEST: u8 = 128;
/// Echo reply.
pub const ECHO_REPLY: u8 = 129;
/// Router solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// Router advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;
/// Neighbor solicitation.
pub const NEIGHBOR_SOLICITATION: u8 = 135;
/// Neighbor advertisement.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
/// Redirect.
pub const REDIRECT: u8 = 137;

/// The body of a neighbor solicitation or advertisement; options follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Neighbor {
    /// Of an advertisement: [`ROUTER`](Self::ROUTER), [`SOLICITED`](Self::SOLICITED),
    /// [`OVERRIDE`](Self::OVERRIDE); 0 in a solicitation.
    pub flags: U32,
    /// The address asked for or told.
    pub target: [u8; 16],
}

impl Neighbor {
    /// The sender is a router.
    pub const ROUTER: u32 = 1 << 31;
    /// Answers a solicitation.
    pub const SOLICITED: u32 = 1 << 30;
    /// Replaces what the receiver knows.
    pub const OVERRIDE: u32 = 1 << 29;
}

/// The source or target link-layer address option for Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct LinkLayerAddress {
    /// [`SOURCE`](Self::SOURCE) or [`TARGET`](Self::TARGET).
    pub kind: u8,
    /// Length in units of 8 bytes: 1.
    pub len: u8,
    /// The address.
    pub mac: MacAddr,
}

impl LinkLayerAddress {
    /// The address of the sender.
    pub const SOURCE: u8 = 1;
    /// The address of the target.
    pub const TARGET: u8 = 2;
}

/// The body of a router advertisement; options follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct RouterAdvertisement {
    /// Hop limit for hosts to use; 0 for unspecified.
    pub hop_limit: u8,
    /// Managed (0x80) and other (0x40) configuration.
    pub flags: u8,
    /// How long the sender is a default router, in seconds.
    pub lifetime: U16,
    /// How long a neighbor is reachable, in milliseconds.
    pub reachable: U32,
    /// Time between solicitations, in milliseconds.
    pub retransmit: U32,
}
