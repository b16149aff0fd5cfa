//! Any bytes as a frame: the parser and every header view are total, what the parser says lies within the frame, and
//! an edit of one field leaves the others, and sound checksums, as they were.
//!
//! `cargo +nightly fuzz run wire` from this folder's parent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switch_sim::wire::parse::{Headers, L3, Tci, Tpids, flag};
use switch_sim::wire::{
    Header, arp::Arp, edit, ethernet::Ethernet, gre::Gre, icmp::Icmp, icmpv6::Icmpv6, igmp::Igmp, ipv4::Ipv4,
    ipv6::Ipv6, lacp::Lacpdu, llc::Llc, mpls::Mpls, tcp::Tcp, udp::Udp, vlan::Vlan, vxlan::Vxlan,
};

macro_rules! views {
    ($bytes:expr; $($view:ty),*) => {
        $(if let Some((head, rest)) = <$view>::parse($bytes) {
            assert_eq!(std::mem::size_of_val(head) + rest.len(), $bytes.len());
        })*
    };
}

fuzz_target!(|bytes: &[u8]| {
    let tpids = Tpids::default();
    let h = Headers::parse(bytes, &tpids);
    assert!(usize::from(h.l3) <= bytes.len() && usize::from(h.l4) <= bytes.len());
    assert!(usize::from(h.end) <= bytes.len(), "{h:?} of {} bytes", bytes.len());
    assert!(!h.is_ip() || h.l3 < h.end);
    assert!(!h.has(flag::L4) || (h.is_ip() && h.l4 >= h.l3));
    let sound = h.check_ipv4(bytes).is_ok();
    views!(
        bytes; Ethernet, Vlan, Llc, Arp, Ipv4, Ipv6, Icmp, Icmpv6, Igmp, Tcp, Udp, Gre, Vxlan, Mpls, Lacpdu
    );
    let _ = Gre::with_key(bytes);

    // Edits, on a frame that has what they edit.
    if bytes.len() < 18 {
        return;
    }
    let mut frame = bytes.to_vec();
    edit::set_macs(&mut frame, [2; 6], [4; 6]);
    assert_eq!(frame[12..], bytes[12..]);
    if h.tags > 0 {
        edit::set_tci(&mut frame, Tci::new(77, 5, true));
        let again = Headers::parse(&frame, &tpids);
        assert_eq!((again.outer.vid(), again.kind, again.l3), (77, h.kind, h.l3));
    }
    // Only what lives on is forwarded.
    if h.is_ip() && h.ttl > 0 {
        edit::decrement_ttl(&mut frame, &h);
        edit::set_tos(&mut frame, &h, 0xb9);
        let again = Headers::parse(&frame, &tpids);
        assert_eq!((again.kind, again.ttl, again.tos), (h.kind, h.ttl - 1, 0xb9));
        if h.kind == L3::Ipv4 && sound {
            assert!(again.check_ipv4(&frame).is_ok(), "the checksum follows");
        }
    }
    let mut room = vec![0; 4];
    room.extend_from_slice(bytes);
    edit::push_tag(&mut room, 0x8100, Tci::new(9, 0, false));
    assert_eq!(Headers::parse(&room, &tpids).outer.vid(), 9);
    edit::pop_tag(&mut room);
    assert_eq!(&room[4..], bytes);
});
