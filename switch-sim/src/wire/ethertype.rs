//! EtherType values (IEEE 802 registry) that the simulator knows.

/// IPv4 (RFC 894).
pub const IPV4: u16 = 0x0800;
/// ARP (RFC 826).
pub const ARP: u16 = 0x0806;
/// Transparent Ethernet bridging: an Ethernet frame within GRE (RFC 1701).
pub const TEB: u16 = 0x6558;
/// 802.1Q customer tag (C-TAG).
pub const VLAN: u16 = 0x8100;
/// IPv6 (RFC 2464).
pub const IPV6: u16 = 0x86DD;
/// MAC control: PAUSE and PFC frames (802.3).
pub const MAC_CONTROL: u16 = 0x8808;
/// Slow protocols: LACP, marker, OAM (802.3).
pub const SLOW: u16 = 0x8809;
/// MPLS unicast (RFC 3032).
pub const MPLS: u16 = 0x8847;
/// MPLS with an upstream-assigned label (RFC 5332).
pub const MPLS_UPSTREAM: u16 = 0x8848;
/// 802.1X port authentication.
pub const EAPOL: u16 = 0x888E;
/// ERSPAN type II within GRE.
pub const ERSPAN_II: u16 = 0x88BE;
/// ERSPAN type III within GRE.
pub const ERSPAN_III: u16 = 0x22EB;
/// 802.1ad service tag (S-TAG).
pub const QINQ: u16 = 0x88A8;
/// LLDP (802.1AB).
pub const LLDP: u16 = 0x88CC;
/// For experiments (IEEE 802, local experimental EtherType 1).
pub const EXPERIMENTAL: u16 = 0x88B5;
/// MACsec (802.1AE).
pub const MACSEC: u16 = 0x88E5;
/// Precision time protocol (IEEE 1588).
pub const PTP: u16 = 0x88F7;
/// The least value that is an EtherType; a smaller one is a length, followed by LLC.
pub const MIN: u16 = 0x0600;
