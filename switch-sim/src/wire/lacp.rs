//! Link aggregation control (IEEE 802.1AX), a slow protocol.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{MacAddr, U16};

/// The group address of slow protocols.
pub const ADDRESS: MacAddr = [0x01, 0x80, 0xc2, 0, 0, 2];

/// What one end of a link says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Information {
    /// Priority of the system; lower is better.
    pub system_priority: U16,
    /// The system's address.
    pub system: MacAddr,
    /// Operational key: ports of one key may be aggregated.
    pub key: U16,
    /// Priority of the port; lower is better.
    pub port_priority: U16,
    /// The port's number.
    pub port: U16,
    /// Bits of [`ACTIVITY`](Self::ACTIVITY) and those after it.
    pub state: u8,
}

impl Information {
    /// Active, rather than passive.
    pub const ACTIVITY: u8 = 1;
    /// Short timeout.
    pub const TIMEOUT: u8 = 2;
    /// The link may be aggregated.
    pub const AGGREGATION: u8 = 4;
    /// In the right aggregate.
    pub const SYNCHRONIZATION: u8 = 8;
    /// Frames are collected.
    pub const COLLECTING: u8 = 16;
    /// Frames are distributed.
    pub const DISTRIBUTING: u8 = 32;
    /// Works on default values of the partner.
    pub const DEFAULTED: u8 = 64;
    /// No LACPDU has come in time.
    pub const EXPIRED: u8 = 128;
}

/// A LACPDU of version 1, after its EtherType [`SLOW`](super::ethertype::SLOW).
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Lacpdu {
    /// 1.
    pub subtype: u8,
    /// 1.
    pub version: u8,
    /// Type and length of what follows: 1 and 20.
    pub actor_tlv: [u8; 2],
    /// The sender.
    pub actor: Information,
    /// 0.
    pub reserved1: [u8; 3],
    /// Type and length of what follows: 2 and 20.
    pub partner_tlv: [u8; 2],
    /// What the sender knows of its partner.
    pub partner: Information,
    /// 0.
    pub reserved2: [u8; 3],
    /// Type and length of what follows: 3 and 16.
    pub collector_tlv: [u8; 2],
    /// How long the sender may hold a frame, in tens of microseconds.
    pub collector_max_delay: U16,
    /// 0.
    pub reserved3: [u8; 12],
    /// Type and length of the end: 0 and 0.
    pub terminator: [u8; 2],
    /// 0.
    pub reserved4: [u8; 50],
}

impl Lacpdu {
    /// A LACPDU of these ends.
    pub fn new(actor: Information, partner: Information) -> Self {
        Lacpdu {
            subtype: 1,
            version: 1,
            actor_tlv: [1, 20],
            actor,
            reserved1: [0; 3],
            partner_tlv: [2, 20],
            partner,
            reserved2: [0; 3],
            collector_tlv: [3, 16],
            collector_max_delay: U16::ZERO,
            reserved3: [0; 12],
            terminator: [0; 2],
            reserved4: [0; 50],
        }
    }
}

const _: () = assert!(size_of::<Lacpdu>() == 110, "a LACPDU fills a frame of 124 bytes");
