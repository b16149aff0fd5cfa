//! Changing packets in place, checksums kept right. All are total: a frame too short for the change stays as it is.

use super::MacAddr;
use super::checksum::{update, update_bytes};
use super::parse::{Headers, L3, Tci, flag};
use super::protocol;

/// Writes both MAC addresses.
#[inline(always)]
pub fn set_macs(frame: &mut [u8], dst: MacAddr, src: MacAddr) {
    if let Some(head) = frame.first_chunk_mut::<12>() {
        head[..6].copy_from_slice(&dst);
        head[6..].copy_from_slice(&src);
    }
}

/// Writes the control information of the outer tag of a tagged frame.
#[inline(always)]
pub fn set_tci(frame: &mut [u8], tci: Tci) {
    if let Some(tag) = frame.get_mut(14..16) {
        tag.copy_from_slice(&tci.0.to_be_bytes());
    }
}

/// Writes the TPID of the outer tag of a tagged frame.
#[inline(always)]
pub fn set_tpid(frame: &mut [u8], tpid: u16) {
    if let Some(bytes) = frame.get_mut(12..14) {
        bytes.copy_from_slice(&tpid.to_be_bytes());
    }
}

/// Adds an outer tag to the frame that starts 4 bytes into `room`; the tagged frame starts with `room`.
#[inline(always)]
pub fn push_tag(room: &mut [u8], tpid: u16, tci: Tci) {
    if let Some(head) = room.first_chunk_mut::<16>() {
        head.copy_within(4..16, 0);
        head[12..14].copy_from_slice(&tpid.to_be_bytes());
        head[14..16].copy_from_slice(&tci.0.to_be_bytes());
    }
}

/// Takes the outer tag off a tagged frame; what is left starts 4 bytes into `frame`.
#[inline(always)]
pub fn pop_tag(frame: &mut [u8]) {
    if let Some(head) = frame.first_chunk_mut::<16>() {
        head.copy_within(0..12, 4);
    }
}

/// Lowers the TTL or hop limit of an IP packet by one; the caller has seen that it is not 0.
#[inline(always)]
pub fn decrement_ttl(frame: &mut [u8], headers: &Headers) {
    if matches!(headers.kind, L3::Ipv4 | L3::Ipv6) {
        lower_ttl(frame, usize::from(headers.l3), headers.kind == L3::Ipv6);
    }
}

/// As [`decrement_ttl`], of an IPv4 or IPv6 packet whose header stands at `at`.
#[inline(always)]
pub fn lower_ttl(frame: &mut [u8], at: usize, v6: bool) {
    if v6 {
        if let Some(hop_limit) = frame.get_mut(at + 7) {
            *hop_limit = hop_limit.wrapping_sub(1);
        }
    } else if let Some(ip) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<20>()) {
        let old = u16::from_be_bytes([ip[8], ip[9]]);
        set_v4_word(ip, 8, old.wrapping_sub(0x100));
    }
}

/// Writes the TTL or hop limit of an IP packet.
pub fn set_ttl(frame: &mut [u8], headers: &Headers, ttl: u8) {
    let at = usize::from(headers.l3);
    match headers.kind {
        L3::Ipv4 => {
            if let Some(ip) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<20>()) {
                set_v4_word(ip, 8, u16::from_be_bytes([ttl, ip[9]]));
            }
        }
        L3::Ipv6 => {
            if let Some(hop_limit) = frame.get_mut(at + 7) {
                *hop_limit = ttl;
            }
        }
        _ => {}
    }
}

/// Writes the type of service or traffic class of an IP packet: DSCP and ECN.
pub fn set_tos(frame: &mut [u8], headers: &Headers, tos: u8) {
    let at = usize::from(headers.l3);
    match headers.kind {
        L3::Ipv4 => {
            if let Some(ip) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<20>()) {
                set_v4_word(ip, 0, u16::from_be_bytes([ip[0], tos]));
            }
        }
        L3::Ipv6 => {
            if let Some([a, b, ..]) = frame.get_mut(at..) {
                *a = (*a & 0xf0) | (tos >> 4);
                *b = (*b & 0x0f) | (tos << 4);
            }
        }
        _ => {}
    }
}

/// Writes a 16-bit word of an IPv4 header, at an even offset other than the checksum's.
#[inline(always)]
fn set_v4_word(ip: &mut [u8; 20], at: usize, new: u16) {
    let old = u16::from_be_bytes([ip[at], ip[at + 1]]);
    let check = update(u16::from_be_bytes([ip[10], ip[11]]), old, new);
    ip[at..at + 2].copy_from_slice(&new.to_be_bytes());
    ip[10..12].copy_from_slice(&check.to_be_bytes());
}

/// Which end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Source address or port.
    Source,
    /// Destination address or port.
    Destination,
}

/// Writes an IPv4 address, as address translation does: the checksums of IP, TCP and UDP follow.
pub fn set_ipv4(frame: &mut [u8], headers: &Headers, end: End, new: [u8; 4]) {
    if headers.kind != L3::Ipv4 {
        return;
    }
    let l3 = usize::from(headers.l3);
    let at = if end == End::Source { 12 } else { 16 };
    let Some(ip) = frame.get_mut(l3..).and_then(|f| f.first_chunk_mut::<20>()) else { return };
    let mut old = [0; 4];
    old.copy_from_slice(&ip[at..at + 4]);
    let check = update_bytes(u16::from_be_bytes([ip[10], ip[11]]), &old, &new);
    ip[at..at + 4].copy_from_slice(&new);
    ip[10..12].copy_from_slice(&check.to_be_bytes());
    fix_l4(frame, headers, &old, &new);
}

/// Writes an IPv6 address: the checksums of TCP, UDP and ICMPv6 follow.
pub fn set_ipv6(frame: &mut [u8], headers: &Headers, end: End, new: [u8; 16]) {
    if headers.kind != L3::Ipv6 {
        return;
    }
    let at = usize::from(headers.l3) + if end == End::Source { 8 } else { 24 };
    let Some(place) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<16>()) else { return };
    let old = std::mem::replace(place, new);
    fix_l4(frame, headers, &old, &new);
}

/// Writes a TCP, UDP, UDP-Lite or SCTP port; the checksum follows, save SCTP's, which is a CRC of all the packet.
pub fn set_port(frame: &mut [u8], headers: &Headers, end: End, new: u16) {
    let ported = [protocol::TCP, protocol::UDP, protocol::UDP_LITE, protocol::SCTP];
    if !headers.has(flag::L4) || !ported.contains(&headers.protocol) {
        return;
    }
    let at = usize::from(headers.l4) + if end == End::Source { 0 } else { 2 };
    let Some(place) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<2>()) else { return };
    let old = std::mem::replace(place, new.to_be_bytes());
    fix_l4(frame, headers, &old, &new.to_be_bytes());
}

/// Updates the L4 checksum after bytes that it covers, at an even offset, changed.
fn fix_l4(frame: &mut [u8], headers: &Headers, old: &[u8], new: &[u8]) {
    if !headers.has(flag::L4) {
        return;
    }
    let at = match headers.protocol {
        protocol::TCP => 16,
        protocol::UDP | protocol::UDP_LITE => 6,
        protocol::ICMPV6 => 2,
        _ => return,
    };
    let udp = headers.protocol == protocol::UDP;
    let at = usize::from(headers.l4) + at;
    let Some(place) = frame.get_mut(at..).and_then(|f| f.first_chunk_mut::<2>()) else { return };
    let check = u16::from_be_bytes(*place);
    // A UDP checksum of 0 says that there is none; a computed 0 is sent as all ones (RFC 768).
    if udp && check == 0 {
        return;
    }
    let check = update_bytes(check, old, new);
    *place = if udp && check == 0 { [0xff; 2] } else { check.to_be_bytes() };
}

#[cfg(test)]
mod tests;
