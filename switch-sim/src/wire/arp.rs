//! ARP for IPv4 over Ethernet (RFC 826).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{MacAddr, U16};

/// An ARP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Arp {
    /// Hardware type: 1 for Ethernet.
    pub hardware: U16,
    /// Protocol: the EtherType of IPv4.
    pub protocol: U16,
    /// 6.
    pub hardware_len: u8,
    /// 4.
    pub protocol_len: u8,
    /// [`REQUEST`](Self::REQUEST) or [`REPLY`](Self::REPLY).
    pub operation: U16,
    /// Hardware address of the sender.
    pub sender_mac: MacAddr,
    /// Protocol address of the sender.
    pub sender_ip: [u8; 4],
    /// Hardware address of the target; 0 in a request.
    pub target_mac: MacAddr,
    /// Protocol address of the target.
    pub target_ip: [u8; 4],
}

impl Arp {
    /// Who has `target_ip`?
    pub const REQUEST: u16 = 1;
    /// `sender_ip` is at `sender_mac`.
    pub const REPLY: u16 = 2;

    /// Whether sender and target address are the same: an announcement.
    pub fn is_gratuitous(&self) -> bool {
        self.sender_ip == self.target_ip
    }
}
