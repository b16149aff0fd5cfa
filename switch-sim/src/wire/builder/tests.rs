//! Frames held to bytes written out by hand, and to the parser.

use super::*;

#[test]
fn a_tagged_udp_frame_byte_by_byte() {
    let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .vlan(100)
        .pcp(5)
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2])
        .dscp(46)
        .ttl(7)
        .udp(1, 2)
        .payload(&[0xab])
        .pad_to(60)
        .build();
    #[rustfmt::skip]
    let expected = [
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0xa0, 100, 8, 0,
        0x45, 0xb8, 0, 29, 0, 0, 0, 0, 7, 17, 0x9f, 0x16, 10, 0, 0, 1, 10, 0, 0, 2,
        0, 1, 0, 2, 0, 9, 0x40, 0xd6, 0xab,
    ];
    assert_eq!(frame[..expected.len()], expected);
    assert_eq!(frame[expected.len()..], [0; 60 - 47]);
}
