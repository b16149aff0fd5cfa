//! The trap types: what packets each takes, and what becomes of them where no trap object says.

use sai::hostif_trap::Type;
use sai::types::PacketAction;

use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Layer, Out, Packet};
use crate::wire::parse::{self, Headers, L3};
use crate::wire::{ethertype, icmpv6, igmp, protocol};

/// A trap type.
#[derive(Debug)]
pub(super) struct Kind {
    /// `sai_hostif_trap_type_t`.
    pub ty: Type,
    /// What happens where there is no trap object.
    pub default: PacketAction,
    matches: fn(&Packet, &[u8]) -> bool,
}

impl Kind {
    /// Whether it takes a packet.
    pub(super) fn takes(&self, p: &Packet, frame: &[u8]) -> bool {
        (self.matches)(p, frame)
    }
}

const DROP: PacketAction = PacketAction::DROP;
const FORWARD: PacketAction = PacketAction::FORWARD;
const TRAP: PacketAction = PacketAction::TRAP;

macro_rules! kinds {
    ($($name:ident $default:ident $matches:expr;)*) => {
        /// The types, the more specific before those that take its packets too.
        pub(super) const KINDS: &[Kind] =
            &[$(Kind { ty: Type::$name, default: $default, matches: $matches },)*];
        /// Their numbers.
        pub(super) const TYPES: &[i32] = &[$(Type::$name.0,)*];
    };
}

kinds! {
    // Samples come by themselves.
    SAMPLEPACKET DROP |_, _| false;
    STP DROP |p, f| to(f, LINK_LOCAL, 0) && p.headers.has(parse::flag::LLC);
    LACP DROP |p, f| slow(p, f, 1);
    ESMC DROP |p, f| slow(p, f, 10);
    EAPOL DROP |p, _| p.headers.ethertype == ethertype::EAPOL;
    LLDP DROP |p, _| p.headers.ethertype == ethertype::LLDP;
    PVRST DROP |_, f| to(f, CISCO, 0xCD);
    UDLD DROP |p, f| cisco(p, f, 0x0111);
    CDP DROP |p, f| cisco(p, f, 0x2000);
    VTP DROP |p, f| cisco(p, f, 0x2003);
    DTP DROP |p, f| cisco(p, f, 0x2004);
    PAGP DROP |p, f| cisco(p, f, 0x0104);
    PTP_PEER_DELAY DROP |p, f| ptp(p, f).is_some_and(|kind| matches!(kind, 2 | 3 | 10));
    PTP DROP |p, f| ptp(p, f).is_some();
    ISIS FORWARD |_, f| to(f, LINK_LOCAL, 0x14) || to(f, LINK_LOCAL, 0x15) || to(f, [9, 0, 0x2B, 0, 0], 5);
    ARP_REQUEST FORWARD |p, f| arp(p, f) == Some(1);
    ARP_RESPONSE FORWARD |p, f| arp(p, f) == Some(2);
    IGMP_TYPE_QUERY FORWARD |p, _| igmp(p, igmp::QUERY);
    IGMP_TYPE_LEAVE FORWARD |p, _| igmp(p, igmp::LEAVE);
    IGMP_TYPE_V1_REPORT FORWARD |p, _| igmp(p, igmp::REPORT_V1);
    IGMP_TYPE_V2_REPORT FORWARD |p, _| igmp(p, igmp::REPORT_V2);
    IGMP_TYPE_V3_REPORT FORWARD |p, _| igmp(p, igmp::REPORT_V3);
    DHCP FORWARD |p, _| dhcp(p) && p.has(flag::BROADCAST | flag::TO_ME);
    DHCP_L2 FORWARD |p, _| dhcp(p);
    DHCPV6 FORWARD |p, _| dhcpv6(p) && p.has(flag::MULTICAST | flag::TO_ME);
    DHCPV6_L2 FORWARD |p, _| dhcpv6(p);
    OSPF FORWARD |p, _| v4(p) && p.headers.protocol == protocol::OSPF;
    OSPFV6 FORWARD |p, _| v6(p) && p.headers.protocol == protocol::OSPF;
    PIM FORWARD |p, _| p.headers.is_ip() && p.headers.protocol == protocol::PIM;
    VRRP FORWARD |p, _| v4(p) && p.headers.protocol == protocol::VRRP;
    VRRPV6 FORWARD |p, _| v6(p) && p.headers.protocol == protocol::VRRP;
    IPV6_NEIGHBOR_SOLICITATION FORWARD |p, _| icmpv6(p) == Some(icmpv6::NEIGHBOR_SOLICITATION);
    IPV6_NEIGHBOR_ADVERTISEMENT FORWARD |p, _| icmpv6(p) == Some(icmpv6::NEIGHBOR_ADVERTISEMENT);
    IPV6_NEIGHBOR_DISCOVERY FORWARD |p, _| {
        icmpv6(p).is_some_and(|t| (icmpv6::ROUTER_SOLICITATION..=icmpv6::REDIRECT).contains(&t))
    };
    IPV6_MLD_V1_V2 FORWARD |p, _| icmpv6(p) == Some(130);
    IPV6_MLD_V1_REPORT FORWARD |p, _| icmpv6(p) == Some(131);
    IPV6_MLD_V1_DONE FORWARD |p, _| icmpv6(p) == Some(132);
    MLD_V2_REPORT FORWARD |p, _| icmpv6(p) == Some(143);
    SSH DROP |p, _| to_me(p) && tcp(p) && p.headers.dst_port == 22;
    SNMP DROP |p, _| to_me(p) && udp(p) && p.headers.dst_port == 161;
    BGP DROP |p, _| v4(p) && to_me(p) && tcp(p) && either(p, 179);
    BGPV6 DROP |p, _| v6(p) && to_me(p) && tcp(p) && either(p, 179);
    BFD DROP |p, _| v4(p) && to_me(p) && udp(p) && matches!(p.headers.dst_port, 3784 | 4784);
    BFDV6 DROP |p, _| v6(p) && to_me(p) && udp(p) && matches!(p.headers.dst_port, 3784 | 4784);
    BFD_MICRO DROP |p, _| v4(p) && to_me(p) && udp(p) && p.headers.dst_port == 6784;
    BFDV6_MICRO DROP |p, _| v6(p) && to_me(p) && udp(p) && p.headers.dst_port == 6784;
    LDP DROP |p, f| {
        to_me(p) && tcp(p) && either(p, 646) || udp(p) && p.headers.dst_port == 646 && all_routers(p, f)
    };
    GNMI DROP |p, _| to_me(p) && tcp(p) && p.headers.dst_port == 9339;
    P4RT DROP |p, _| to_me(p) && tcp(p) && p.headers.dst_port == 9559;
    NTPSERVER DROP |p, _| to_me(p) && (udp(p) || tcp(p)) && p.headers.dst_port == 123;
    NTPCLIENT DROP |p, _| to_me(p) && (udp(p) || tcp(p)) && p.headers.src_port == 123;
    HTTPSERVER DROP |p, _| to_me(p) && tcp(p) && p.headers.dst_port == 80;
    HTTPCLIENT DROP |p, _| to_me(p) && tcp(p) && p.headers.src_port == 80;
    IP2ME DROP |p, _| to_me(p);
    TTL_ERROR DROP |p, _| {
        p.drop == Some(DropReason::Ttl) || punted_by_router(p) && p.out_rif == NONE_RIF && p.headers.ttl <= 1
    };
    UNKNOWN_L3_MULTICAST FORWARD |p, _| p.has(flag::MULTICAST_MISS);
    L3_MTU_ERROR DROP |p, _| p.drop == Some(DropReason::ExceedsL3Mtu);
    STATIC_FDB_MOVE DROP |p, _| p.drop == Some(DropReason::StaticMove);
    NEIGHBOR_MISS TRAP |p, _| {
        punted_by_router(p) && p.out_rif != NONE_RIF && p.headers.ttl > 1 && !p.has(flag::NEIGHBOR_HIT)
    };
    // Queues look for these themselves.
    PIPELINE_DISCARD_EGRESS_BUFFER DROP |_, _| false;
    PIPELINE_DISCARD_WRED DROP |_, _| false;
    PIPELINE_DISCARD_ROUTER DROP |p, _| p.drop.is_some_and(|reason| reason.layer() == Layer::L3);
}

/// Whether a type, by its place, takes packets for what they are, and not for what happened to them.
pub(super) fn is_protocol(at: usize) -> bool {
    let by_fate = [Type::UNKNOWN_L3_MULTICAST, Type::PIPELINE_DISCARD_ROUTER];
    !by_fate.contains(&KINDS[at].ty)
}

const NONE_RIF: u16 = crate::pipeline::NONE;
const LINK_LOCAL: [u8; 5] = [0x01, 0x80, 0xC2, 0, 0];
const CISCO: [u8; 5] = [0x01, 0x00, 0x0C, 0xCC, 0xCC];

/// Whether any type may take a packet: false for nearly all traffic that hosts exchange.
#[inline(always)]
pub(crate) fn may_match(p: &Packet) -> bool {
    p.drop.is_some() || p.has(flag::PUNT | flag::WANT_COPY | flag::MULTICAST | flag::TO_ME | flag::WATCHED)
}

/// Whether a type may take packets with these headers wherever they go; sets [`flag::WATCHED`].
#[inline(always)]
pub(crate) fn watches(h: &Headers) -> bool {
    if !h.is_ip() {
        return true;
    }
    match h.protocol {
        protocol::TCP => false,
        protocol::UDP => watches_udp(h.src_port, h.dst_port),
        _ => matches!(
            h.protocol,
            protocol::IGMP | protocol::ICMPV6 | protocol::OSPF | protocol::PIM | protocol::VRRP
        ),
    }
}

/// As [`watches`], of UDP from and to these ports.
#[inline(always)]
pub(crate) const fn watches_udp(from: u16, to: u16) -> bool {
    if to > 646 && from > 547 {
        return false;
    }
    matches!(to, 67 | 68 | 319 | 320 | 546 | 547 | 646) || matches!(from, 67 | 68 | 546 | 547)
}

fn to(frame: &[u8], prefix: [u8; 5], last: u8) -> bool {
    frame.starts_with(&prefix) && frame.get(5) == Some(&last)
}

/// Slow protocols (802.3 annex 57A) with this subtype.
fn slow(p: &Packet, frame: &[u8], subtype: u8) -> bool {
    p.headers.ethertype == ethertype::SLOW
        && to(frame, LINK_LOCAL, 2)
        && frame.get(usize::from(p.headers.l3)) == Some(&subtype)
}

/// SNAP with the organisation 00-00-0C and this protocol.
fn cisco(p: &Packet, frame: &[u8], protocol: u16) -> bool {
    let at = 14 + 4 * usize::from(p.headers.tags);
    let [high, low] = protocol.to_be_bytes();
    to(frame, CISCO, 0xCC) && frame.get(at..at + 8) == Some(&[0xAA, 0xAA, 3, 0, 0, 0x0C, high, low])
}

/// The message type of a PTP message (IEEE 1588).
fn ptp(p: &Packet, frame: &[u8]) -> Option<u8> {
    let at = if p.headers.ethertype == ethertype::PTP {
        p.headers.l3
    } else if udp(p) && matches!(p.headers.dst_port, 319 | 320) {
        p.headers.l4 + 8
    } else {
        return None;
    };
    frame.get(usize::from(at)).map(|b| b & 0xF)
}

/// The operation of an ARP message.
fn arp(p: &Packet, frame: &[u8]) -> Option<u16> {
    let at = usize::from(p.headers.l3) + 6;
    if p.headers.kind != L3::Arp {
        return None;
    }
    frame.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn igmp(p: &Packet, ty: u8) -> bool {
    v4(p) && l4(p, protocol::IGMP) && p.headers.icmp().0 == ty
}

/// The type of an ICMPv6 message.
fn icmpv6(p: &Packet) -> Option<u8> {
    (v6(p) && l4(p, protocol::ICMPV6)).then(|| p.headers.icmp().0)
}

fn dhcp(p: &Packet) -> bool {
    v4(p) && udp(p) && (either(p, 67) || either(p, 68))
}

fn dhcpv6(p: &Packet) -> bool {
    v6(p) && udp(p) && (either(p, 546) || either(p, 547))
}

/// To 224.0.0.2.
fn all_routers(p: &Packet, frame: &[u8]) -> bool {
    let at = usize::from(p.headers.l3) + 16;
    v4(p) && frame.get(at..at + 4) == Some(&[224, 0, 0, 2])
}

/// Given to the CPU by the router, and not since it is for this switch.
fn punted_by_router(p: &Packet) -> bool {
    p.has(flag::PUNT)
        && !p.has(flag::ACL_PUNT)
        && p.headers.is_ip()
        && p.rif != NONE_RIF
        && p.drop.is_none()
        && p.out == Out::None
        && !to_me(p)
}

fn to_me(p: &Packet) -> bool {
    p.has(flag::TO_ME)
}

fn v4(p: &Packet) -> bool {
    p.headers.kind == L3::Ipv4
}

fn v6(p: &Packet) -> bool {
    p.headers.kind == L3::Ipv6
}

fn l4(p: &Packet, protocol: u8) -> bool {
    p.headers.protocol == protocol && p.headers.has(parse::flag::L4)
}

fn tcp(p: &Packet) -> bool {
    l4(p, protocol::TCP)
}

fn udp(p: &Packet) -> bool {
    l4(p, protocol::UDP)
}

fn either(p: &Packet, port: u16) -> bool {
    p.headers.src_port == port || p.headers.dst_port == port
}
