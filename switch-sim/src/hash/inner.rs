//! The packet that a tunnel carries, as far as hashes look at it.

use crate::wire::parse::{self, Headers, L3, Tpids};
use crate::wire::{ethertype, protocol};

/// The UDP port of VXLAN (RFC 7348).
const VXLAN: u16 = 4789;

/// The headers of the packet inside; offsets count from `start`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inner {
    /// Where the inside starts in the frame.
    pub start: usize,
    /// Its headers.
    pub headers: Headers,
    /// Whether it begins with an Ethernet header.
    pub ethernet: bool,
}

impl Inner {
    /// Looks into one level of IP in IP, GRE, VXLAN, or MPLS that carries IP.
    #[cold]
    pub fn of(h: &Headers, frame: &[u8]) -> Option<Inner> {
        let at = usize::from(h.l4);
        if h.kind == L3::Mpls {
            return Inner::mpls(frame, usize::from(h.l3));
        }
        if !h.is_ip() || h.has(parse::flag::LATER_FRAGMENT) {
            return None;
        }
        match h.protocol {
            protocol::IPIP => Inner::ip(frame, at, ethertype::IPV4),
            protocol::IPV6 => Inner::ip(frame, at, ethertype::IPV6),
            protocol::GRE => Inner::gre(frame, at),
            protocol::UDP if h.has(parse::flag::L4) && h.dst_port == VXLAN => Inner::ethernet(frame, at + 16),
            _ => None,
        }
    }

    fn ip(frame: &[u8], at: usize, ethertype: u16) -> Option<Inner> {
        let headers = Headers::parse_l3(frame.get(at..)?, 0, ethertype);
        headers.is_ip().then_some(Inner { start: at, headers, ethernet: false })
    }

    fn ethernet(frame: &[u8], at: usize) -> Option<Inner> {
        let inside = frame.get(at..).filter(|f| f.len() >= 14)?;
        Some(Inner { start: at, headers: Headers::parse(inside, &Tpids::default()), ethernet: true })
    }

    /// GRE (RFC 2784, RFC 2890) with its optional checksum, key and sequence number.
    fn gre(frame: &[u8], at: usize) -> Option<Inner> {
        let &[flags, _, a, b] = frame.get(at..)?.first_chunk()?;
        let options = [0x80, 0x20, 0x10].into_iter().filter(|bit| flags & bit != 0).count();
        let at = at + 4 + 4 * options;
        match u16::from_be_bytes([a, b]) {
            0x6558 => Inner::ethernet(frame, at),
            ip => Inner::ip(frame, at, ip),
        }
    }

    /// What follows the bottom of the label stack: IP by its version (RFC 4928).
    fn mpls(frame: &[u8], mut at: usize) -> Option<Inner> {
        loop {
            let label = frame.get(at..)?.first_chunk::<4>()?;
            at += 4;
            if label[2] & 1 != 0 {
                break;
            }
        }
        match frame.get(at)? >> 4 {
            4 => Inner::ip(frame, at, ethertype::IPV4),
            6 => Inner::ip(frame, at, ethertype::IPV6),
            _ => None,
        }
    }
}
