//! The parser on any bytes, and on what the builder makes.

use proptest::prelude::*;

use super::*;
use crate::wire::{PacketBuilder, tcp};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn parse(packet: &PacketBuilder) -> Headers {
    Headers::parse(&packet.build(), &Tpids::default())
}

#[test]
fn double_tags_are_read() {
    let h = parse(&PacketBuilder::ethernet(A, B).service_vlan(7).pcp(6).vlan(9).dei(true).payload(&[1]));
    assert_eq!((h.tags, h.tpid, h.l3), (2, ethertype::QINQ, 22));
    assert_eq!((h.outer, h.inner), (Tci::new(7, 6, false), Tci::new(9, 0, true)));
    assert_eq!((h.ethertype, h.kind, h.error), (ethertype::EXPERIMENTAL, L3::Other, None));
}

#[test]
fn snap_and_llc_are_told_apart() {
    let snap = parse(&PacketBuilder::ethernet(A, B).snap().ipv4([10, 0, 0, 1], [10, 0, 0, 2]).udp(5, 6));
    assert!(snap.has(flag::LLC) && snap.has(flag::SNAP));
    assert_eq!((snap.kind, snap.l3, snap.dst_port), (L3::Ipv4, 22, 6));
    let stp = parse(&PacketBuilder::ethernet(A, B).llc(0x42, 0x42).payload(&[0; 35]).pad_to(60));
    assert!(stp.has(flag::LLC) && !stp.has(flag::SNAP));
    assert_eq!((stp.ethertype, stp.kind), (0, L3::Other));
}

#[test]
fn arp_and_mpls_are_told() {
    let arp = parse(&PacketBuilder::ethernet(A, B).vlan(3).arp_request(A, [10, 0, 0, 1], [10, 0, 0, 2]));
    assert_eq!((arp.kind, arp.l3), (L3::Arp, 18));
    let mpls = parse(&PacketBuilder::ethernet(A, B).mpls(16).mpls(17).ipv4([10, 0, 0, 1], [10, 0, 0, 2]));
    assert_eq!((mpls.kind, mpls.l3), (L3::Mpls, 14));
}

#[test]
fn fragments_have_ports_only_in_the_first() {
    let v4 = |at, more| {
        let ip = PacketBuilder::ethernet(A, B).ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
        parse(&ip.fragment(1, at, more).udp(5, 6))
    };
    let v6 = |at, more| {
        let ip = PacketBuilder::ethernet(A, B).ipv6([1; 16], [2; 16]);
        parse(&ip.fragment(1, at, more).udp(5, 6))
    };
    for (first, later) in [(v4(0, true), v4(9, false)), (v6(0, true), v6(9, false))] {
        assert!(first.has(flag::FRAGMENT) && !first.has(flag::LATER_FRAGMENT) && first.has(flag::L4));
        assert!(later.has(flag::FRAGMENT) && later.has(flag::LATER_FRAGMENT) && !later.has(flag::L4));
        assert_eq!((first.dst_port, later.dst_port, later.protocol), (6, 0, protocol::UDP));
    }
    assert!(!v6(0, false).has(flag::FRAGMENT), "an atomic fragment is whole");
}

#[test]
fn options_and_extensions_are_stepped_over() {
    let v4 =
        parse(&PacketBuilder::ethernet(A, B).ipv4([10, 0, 0, 1], [10, 0, 0, 2]).router_alert().udp(5, 6));
    assert_eq!((v4.l4, v4.dst_port, v4.has(flag::IP_OPTIONS)), (38, 6, true));
    let v6 = PacketBuilder::ethernet(A, B).ipv6([1; 16], [2; 16]).router_alert();
    let v6 = parse(&v6.extension(protocol::DESTINATION, &[1, 10]).tcp(5, 6).tcp_flags(tcp::SYN));
    assert_eq!((v6.l4, v6.protocol, v6.dst_port), (70, protocol::TCP, 6));
    assert_eq!((v6.tcp_flags, v6.has(flag::IP_OPTIONS), v6.has(flag::EXTENSIONS)), (tcp::SYN, true, true));
}

#[test]
fn faults_are_named() {
    let ip = || PacketBuilder::ethernet(A, B).ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
    let fault = |frame: &[u8]| Headers::parse(frame, &Tpids::default()).error;
    assert_eq!(fault(&[0; 13]), Some(Malformed::TruncatedEthernet));
    assert_eq!(
        fault(&PacketBuilder::ethernet(A, B).vlan(1).build()[..17]),
        Some(Malformed::TruncatedEthernet)
    );
    assert_eq!(fault(&ip().build()[..33]), Some(Malformed::TruncatedL3));
    assert_eq!(fault(&ip().length(19).build()), Some(Malformed::IpLength));
    assert_eq!(fault(&ip().length(21).build()), Some(Malformed::IpLength));
    assert_eq!(fault(&ip().protocol(protocol::UDP).payload(&[0; 7]).build()), Some(Malformed::TruncatedL4));
    assert_eq!(fault(&ip().ethertype(ethertype::IPV4).build()), None);
    let mut frame = ip().build();
    frame[14] = 0x65;
    assert_eq!(fault(&frame), Some(Malformed::IpVersion));
    frame[14] = 0x44;
    assert_eq!(fault(&frame), Some(Malformed::HeaderLength));
    let v6 = PacketBuilder::ethernet(A, B).ipv6([1; 16], [2; 16]);
    assert_eq!(fault(&v6.clone().length(1).build()), Some(Malformed::IpLength));
    assert_eq!(
        fault(&v6.extension(protocol::HOP_BY_HOP, &[0; 6]).length(7).build()),
        Some(Malformed::Extension)
    );
}

#[test]
fn a_wrong_checksum_is_found() {
    let ip = PacketBuilder::ethernet(A, B).ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
    for (packet, result) in [
        (ip.clone(), Ok(())),
        (ip.clone().router_alert(), Ok(())),
        (ip.clone().checksum(1), Err(Malformed::Checksum)),
        (ip.router_alert().checksum(1), Err(Malformed::Checksum)),
    ] {
        assert_eq!(parse(&packet).check_ipv4(&packet.build()), result);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_within_bounds(mut frame in prop::collection::vec(any::<u8>(), 0..160), kind in 0..5usize, v in 0..2u8) {
        let types = [ethertype::IPV4, ethertype::IPV6, ethertype::ARP, ethertype::VLAN, 40];
        if frame.len() > 14 {
            frame[12..14].copy_from_slice(&types[kind].to_be_bytes());
            frame[14] = [0x45, 0x60][usize::from(v)] | frame[14] & 7;
        }
        let h = Headers::parse(&frame, &Tpids::default());
        prop_assert!(usize::from(h.end) <= frame.len() && usize::from(h.l3) <= frame.len());
        prop_assert!(!h.is_ip() || h.l3 < h.l4 && h.l4 <= h.end, "{:?}", h);
        prop_assert!(!h.has(flag::L4) || h.l4 < h.end);
        let _ = h.check_ipv4(&frame);
        let _ = Headers::parse_l3(&frame, usize::from(v), types[kind]);
    }

    #[test]
    fn what_was_built_is_read(
        addresses: [[u8; 4]; 2], ports: [u16; 2], ttl: u8, tos: u8, vid in 0..4096u16, pcp in 0..8u8,
        tagged: bool, six: bool, stream: bool, payload in prop::collection::vec(any::<u8>(), 0..80), pad in 0..200usize,
    ) {
        let mut p = PacketBuilder::ethernet(A, B);
        if tagged {
            p = p.vlan(vid).pcp(pcp);
        }
        let [src, dst] = addresses;
        let wide = |[a, b, c, d]: [u8; 4]| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d];
        p = if six { p.ipv6(wide(src), wide(dst)) } else { p.ipv4(src, dst) };
        p = p.ttl(ttl).dscp(tos >> 2).ecn(tos & 3);
        p = if stream { p.tcp(ports[0], ports[1]) } else { p.udp(ports[0], ports[1]) };
        let frame = p.payload(&payload).pad_to(pad).build();
        let h = Headers::parse(&frame, &Tpids::default());
        prop_assert_eq!((h.error, h.kind), (None, if six { L3::Ipv6 } else { L3::Ipv4 }));
        prop_assert_eq!((h.ttl, h.tos, [h.src_port, h.dst_port]), (ttl, tos, ports));
        prop_assert_eq!(h.tags == 1 && h.outer == Tci::new(vid, pcp, false), tagged);
        prop_assert_eq!(&frame[usize::from(h.end) - payload.len()..usize::from(h.end)], &payload[..]);
        prop_assert_eq!(h.check_ipv4(&frame), Ok(()));
    }
}

/// Frames that are common, and those that nearly are: with bytes changed, and cut.
fn nearly_common() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec((0..70usize, any::<u8>()), 0..4);
    (0..3usize, any::<bool>(), any::<bool>(), 0..90usize, bytes, any::<bool>()).prop_map(
        |(tags, tcp, v6, payload, bytes, cut)| {
            let mut packet = PacketBuilder::ethernet(A, B);
            for tag in 0..tags {
                packet = packet.vlan(5 + tag as u16).pcp(3);
            }
            packet =
                if v6 { packet.ipv6([1; 16], [2; 16]) } else { packet.ipv4([10, 0, 0, 1], [10, 0, 0, 2]) };
            packet = if tcp { packet.tcp(1, 2) } else { packet.udp(1, 2) };
            let mut frame = packet.payload(&vec![7; payload]).build();
            for (at, byte) in bytes {
                if let Some(place) = frame.get_mut(at) {
                    *place = byte;
                }
            }
            if cut {
                frame.truncate(payload);
            }
            frame
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_read_at_known_offsets_is_what_the_whole_pass_reads(frame in nearly_common()) {
        let tpids = Tpids::default();
        let mut common = Headers::default();
        if common.read_common(&frame, &tpids) {
            prop_assert_eq!(common, Headers::parse_any(&frame, &tpids));
        }
        let mut plain = Plain::default();
        let is_plain = plain.read(&frame, &tpids);
        prop_assert_eq!(is_plain, common != Headers::default());
        if is_plain {
            let tags = if plain.tagged() { (1, plain.tpid, plain.outer) } else { (0, 0, Tci(0)) };
            prop_assert_eq!(tags, (common.tags, common.tpid, common.outer));
            let l3 = u16::from(plain.l3);
            prop_assert_eq!((l3, l3 + plain.ip_len), (common.l3, common.end));
            prop_assert_eq!((plain.v6, plain.ttl), (common.kind == L3::Ipv6, common.ttl));
            prop_assert_eq!(plain.protocol, common.protocol);
            prop_assert_eq!((plain.src_port, plain.dst_port), (common.src_port, common.dst_port));
        }
    }
}
