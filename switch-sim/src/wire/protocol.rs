//! IP protocol numbers and IPv6 extension headers (IANA) that the simulator knows.

/// IPv6 hop-by-hop options (RFC 8200).
pub const HOP_BY_HOP: u8 = 0;
/// ICMP (RFC 792).
pub const ICMP: u8 = 1;
/// IGMP (RFC 3376).
pub const IGMP: u8 = 2;
/// IPv4 encapsulation (RFC 2003).
pub const IPIP: u8 = 4;
/// TCP (RFC 9293).
pub const TCP: u8 = 6;
/// UDP (RFC 768).
pub const UDP: u8 = 17;
/// IPv6 encapsulation (RFC 2473).
pub const IPV6: u8 = 41;
/// IPv6 routing header (RFC 8200).
pub const ROUTING: u8 = 43;
/// IPv6 fragment header (RFC 8200).
pub const FRAGMENT: u8 = 44;
/// RSVP (RFC 2205).
pub const RSVP: u8 = 46;
/// GRE (RFC 2784).
pub const GRE: u8 = 47;
/// IPsec encapsulating security payload (RFC 4303).
pub const ESP: u8 = 50;
/// IPsec authentication header (RFC 4302).
pub const AH: u8 = 51;
/// ICMPv6 (RFC 4443).
pub const ICMPV6: u8 = 58;
/// IPv6: nothing follows (RFC 8200).
pub const NO_NEXT: u8 = 59;
/// IPv6 destination options (RFC 8200).
pub const DESTINATION: u8 = 60;
/// OSPF (RFC 2328).
pub const OSPF: u8 = 89;
/// PIM (RFC 7761).
pub const PIM: u8 = 103;
/// VRRP (RFC 9568).
pub const VRRP: u8 = 112;
/// SCTP (RFC 9260).
pub const SCTP: u8 = 132;
/// UDP-Lite (RFC 3828).
pub const UDP_LITE: u8 = 136;
/// MPLS in IP (RFC 4023).
pub const MPLS: u8 = 137;
/// Ethernet within IPv6, as SRv6 uses it (RFC 8986).
pub const ETHERNET: u8 = 143;
/// For experiments (RFC 3692).
pub const EXPERIMENT: u8 = 253;
