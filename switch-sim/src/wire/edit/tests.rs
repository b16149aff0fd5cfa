//! An edited frame is the frame built with the new values, checksums included.

use proptest::prelude::*;

use super::*;
use crate::wire::PacketBuilder;
use crate::wire::parse::Tpids;

const A: MacAddr = [2, 0, 0, 0, 0, 1];
const B: MacAddr = [2, 0, 0, 0, 0, 2];

#[derive(Clone, Copy, Debug)]
struct Values {
    src: [u8; 16],
    dst: [u8; 16],
    ports: [u16; 2],
    ttl: u8,
    tos: u8,
}

fn values() -> impl Strategy<Value = Values> {
    (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u16; 2]>(), any::<u8>(), any::<u8>())
        .prop_map(|(src, dst, ports, ttl, tos)| Values { src, dst, ports, ttl, tos })
}

fn v4(address: [u8; 16]) -> [u8; 4] {
    [address[0], address[1], address[2], address[3]]
}

fn build(v: Values, six: bool, l4: u8, payload: &[u8]) -> Vec<u8> {
    let p = PacketBuilder::ethernet(A, B).vlan(5);
    let p = if six { p.ipv6(v.src, v.dst) } else { p.ipv4(v4(v.src), v4(v.dst)) };
    let p = p.ttl(v.ttl).dscp(v.tos >> 2).ecn(v.tos & 3);
    let p = match l4 {
        0 => p.udp(v.ports[0], v.ports[1]),
        1 => p.tcp(v.ports[0], v.ports[1]),
        _ if six => p.icmpv6_echo(1, 2),
        _ => p.icmp_echo(1, 2),
    };
    p.payload(payload).build()
}

proptest! {
    #[test]
    fn an_edited_frame_is_a_built_one(
        old in values(), new in values(), six: bool, l4 in 0..3u8, payload in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut frame = build(old, six, l4, &payload);
        let h = Headers::parse(&frame, &Tpids::default());
        set_ttl(&mut frame, &h, new.ttl.wrapping_add(1));
        decrement_ttl(&mut frame, &h);
        set_tos(&mut frame, &h, new.tos);
        for (end, address, port) in [(End::Source, new.src, new.ports[0]), (End::Destination, new.dst, new.ports[1])] {
            set_ipv4(&mut frame, &h, end, v4(address));
            set_ipv6(&mut frame, &h, end, address);
            set_port(&mut frame, &h, end, port);
        }
        prop_assert_eq!(frame, build(new, six, l4, &payload));
    }

    #[test]
    fn an_absent_udp_checksum_stays_absent(old in values(), new in values()) {
        let packet = PacketBuilder::ethernet(A, B).ipv4(v4(old.src), v4(old.dst)).udp(1, 2).checksum(0);
        let mut frame = packet.build();
        let h = Headers::parse(&frame, &Tpids::default());
        set_ipv4(&mut frame, &h, End::Source, v4(new.src));
        set_port(&mut frame, &h, End::Source, new.ports[0]);
        prop_assert_eq!(&frame[40..42], &[0, 0]);
        prop_assert_eq!(h.check_ipv4(&frame), Ok(()));
    }

    #[test]
    fn frames_cut_short_are_left_alone(old in values(), six: bool, l4 in 0..3u8, cut in 0..80usize) {
        let whole = build(old, six, l4, &[]);
        let h = Headers::parse(&whole, &Tpids::default());
        let mut frame = whole[..cut.min(whole.len())].to_vec();
        set_ttl(&mut frame, &h, 1);
        decrement_ttl(&mut frame, &h);
        set_tos(&mut frame, &h, 1);
        set_ipv4(&mut frame, &h, End::Source, [1; 4]);
        set_ipv6(&mut frame, &h, End::Source, [1; 16]);
        set_port(&mut frame, &h, End::Source, 1);
        if frame.len() < usize::from(h.l3) {
            prop_assert_eq!(&frame[..], &whole[..frame.len()]);
        }
    }
}

#[test]
fn a_pushed_tag_comes_off_again() {
    let plain = PacketBuilder::ethernet(A, B).ipv4([10, 0, 0, 1], [10, 0, 0, 2]).build();
    let mut room = [vec![0; 4], plain.clone()].concat();
    push_tag(&mut room, 0x88a8, Tci::new(9, 3, false));
    let ip = PacketBuilder::new().ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
    let tagged = PacketBuilder::ethernet(A, B).service_vlan(9).pcp(3).inner(ip);
    assert_eq!(room, tagged.build());
    set_tci(&mut room, Tci::new(5, 0, false));
    set_tpid(&mut room, 0x8100);
    set_macs(&mut room, A, B);
    let ip = PacketBuilder::new().ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
    assert_eq!(room, PacketBuilder::ethernet(B, A).vlan(5).inner(ip).build());
    pop_tag(&mut room);
    set_macs(&mut room[4..], B, A);
    assert_eq!(room[4..], plain);
}
