//! VLAN tags (IEEE 802.1Q and 802.1ad).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U16;
use super::parse::Tci;

/// What follows a tag protocol identifier: the tag and the EtherType of what it tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Vlan {
    /// Priority, drop eligibility and VLAN id: see [`Tci`].
    pub tci: U16,
    /// EtherType of what follows, or the TPID of the next tag.
    pub ethertype: U16,
}

impl Vlan {
    /// The parts of the tag.
    pub fn tci(&self) -> Tci {
        Tci(self.tci.get())
    }
}
