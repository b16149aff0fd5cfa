//! Ethernet (IEEE 802.3) and MAC control.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{MacAddr, U16};

/// The header of an Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Ethernet {
    /// Destination address.
    pub dst: MacAddr,
    /// Source address.
    pub src: MacAddr,
    /// EtherType, or below [`MIN`](super::ethertype::MIN) a length.
    pub ethertype: U16,
}

/// The group address of PAUSE and PFC frames (802.3, annex 31A).
pub const MAC_CONTROL_ADDRESS: MacAddr = [0x01, 0x80, 0xc2, 0, 0, 1];

/// A PFC frame (802.1Qbb), after its EtherType [`MAC_CONTROL`](super::ethertype::MAC_CONTROL). PAUSE is opcode 1 with
/// its time in `enabled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct MacControl {
    /// 0x0101 for PFC, 1 for PAUSE.
    pub opcode: U16,
    /// PFC: bit N set says that the time of priority N is valid. PAUSE: the time.
    pub enabled: U16,
    /// Time to pause, by priority, in units of 512 bit times.
    pub quanta: [U16; 8],
}

impl MacControl {
    /// Opcode of PAUSE.
    pub const PAUSE: u16 = 1;
    /// Opcode of priority-based flow control.
    pub const PFC: u16 = 0x0101;
}
