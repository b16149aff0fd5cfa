//! Logical link control (IEEE 802.2) and SNAP.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U16;

/// An LLC header with a control field of one byte (unnumbered frames).
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Llc {
    /// Destination service access point: 0x42 for spanning tree, 0xaa for SNAP.
    pub dsap: u8,
    /// Source service access point.
    pub ssap: u8,
    /// 3 for unnumbered information.
    pub control: u8,
}

impl Llc {
    /// Service access point of the spanning tree protocol.
    pub const STP: u8 = 0x42;
    /// Service access point of SNAP.
    pub const SNAP: u8 = 0xaa;
}

/// What follows an LLC header of SNAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Snap {
    /// Organisation; 0 says that `protocol` is an EtherType (RFC 1042).
    pub oui: [u8; 3],
    /// Protocol within the organisation.
    pub protocol: U16,
}
