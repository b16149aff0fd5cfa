//! UDP (RFC 768).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::U16;

/// The destination port of RoCE v2: RDMA over UDP.
pub const ROCE_V2: u16 = 4791;

/// A UDP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Udp {
    /// Source port.
    pub src: U16,
    /// Destination port.
    pub dst: U16,
    /// Length of header and payload in bytes.
    pub len: U16,
    /// Checksum of the pseudo-header and the datagram; 0 for none, over IPv4 only.
    pub checksum: U16,
}
