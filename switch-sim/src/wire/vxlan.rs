//! VXLAN (RFC 7348).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U32;

/// A VXLAN header; an Ethernet frame follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Vxlan {
    /// [`VALID`](Self::VALID).
    pub flags: u8,
    /// 0.
    pub reserved: [u8; 3],
    /// Network identifier in the high 24 bits.
    pub vni: U32,
}

impl Vxlan {
    /// The network identifier is valid.
    pub const VALID: u8 = 8;

    /// The network identifier, 24 bits.
    pub fn vni(&self) -> u32 {
        self.vni.get() >> 8
    }
}

/// The UDP port of VXLAN (IANA).
pub const PORT: u16 = 4789;
