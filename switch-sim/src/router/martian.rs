//! Addresses that no router forwards (RFC 1812 4.2.2.11 and 5.3.7, RFC 4291 2.5).

use super::forward;
use crate::pipeline::{DropReason, Packet};
use crate::wire::parse::L3;

/// Checks the addresses of an IPv4 packet that came to the router's MAC address.
#[inline(always)]
pub(super) fn v4(src: u32, dst: u32) -> Result<(), DropReason> {
    // Class D, class E and broadcast are the top of the address space; 0 and 127 stand alone.
    let unicast = |ip: u32| ip < 0xE000_0000 && ip >> 24 != 127;
    if unicast(src) && src != 0 && unicast(dst) && dst >> 24 != 0 {
        return if src == dst { Err(DropReason::SipEqualsDip) } else { Ok(()) };
    }
    Err(match () {
        () if src == u32::MAX => DropReason::SipBc,
        () if src >> 28 == 14 => DropReason::SipMc,
        () if src >> 28 == 15 => DropReason::SipClassE,
        () if src >> 24 == 127 => DropReason::SipLoopback,
        () if src == 0 => DropReason::SipUnspecified,
        () if dst >> 28 == 14 => DropReason::McDmacMismatch,
        () if dst >> 24 == 127 => DropReason::DipLoopback,
        () if dst >> 24 == 0 => DropReason::DipLocal,
        () => DropReason::NonRoutable,
    })
}

/// Checks the addresses of an IPv6 packet that came to the router's MAC address.
#[inline(always)]
pub(super) fn v6(src: u128, dst: u128) -> Result<(), DropReason> {
    Err(match () {
        () if src >> 120 == 0xff => DropReason::SipMc,
        () if dst >> 120 == 0xff => DropReason::McDmacMismatch,
        () if src == 0 => DropReason::SipUnspecified,
        () if src == 1 => DropReason::SipLoopback,
        // ::1, and 127.0.0.0/8 as an IPv6 address.
        () if dst == 1 || dst >> 24 == 0x00ff_ff7f => DropReason::DipLoopback,
        () if dst == 0 => DropReason::DipLocal,
        () if src == dst => DropReason::SipEqualsDip,
        () => return Ok(()),
    })
}

/// Refuses to forward a packet from or to a link-local address; one to the switch itself is not forwarded.
#[inline(always)]
pub(super) fn link_local(p: &Packet, frame: &[u8]) -> Result<(), DropReason> {
    let at = usize::from(p.headers.l3);
    let (src, dst) = match p.headers.kind {
        L3::Ipv6 => {
            let local = |a: u128| a >> 118 == 0xfe80 >> 6;
            (local(forward::v6(frame, at + 8)), local(forward::v6(frame, at + 24)))
        }
        _ => {
            let local = |a: u32| a >> 16 == 0xA9FE;
            (local(forward::v4(frame, at + 12)), local(forward::v4(frame, at + 16)))
        }
    };
    match (src, dst) {
        (_, true) => Err(DropReason::DipLinkLocal),
        (true, _) => Err(DropReason::SipLinkLocal),
        _ => Ok(()),
    }
}
