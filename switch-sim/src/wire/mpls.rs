//! MPLS label stacks (RFC 3032).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U32;

/// One entry of a label stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Mpls {
    /// Label (20 bits), traffic class (3), bottom of stack (1), time to live (8).
    pub word: U32,
}

impl Mpls {
    /// From its parts; bits beyond their width are dropped.
    pub fn new(label: u32, traffic_class: u8, bottom: bool, ttl: u8) -> Self {
        let class = u32::from(traffic_class & 7);
        Mpls { word: U32::new(label << 12 | class << 9 | u32::from(bottom) << 8 | u32::from(ttl)) }
    }

    /// Label, 20 bits.
    pub fn label(&self) -> u32 {
        self.word.get() >> 12
    }

    /// Traffic class, 3 bits.
    pub fn traffic_class(&self) -> u8 {
        (self.word.get() >> 9) as u8 & 7
    }

    /// Whether this is the last entry of the stack.
    pub fn is_bottom(&self) -> bool {
        self.word.get() & 0x100 != 0
    }

    /// Time to live.
    pub fn ttl(&self) -> u8 {
        self.word.get() as u8
    }
}
