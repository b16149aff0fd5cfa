//! The packet that a tunnel carries: one level of VXLAN (RFC 7348), GRE (RFC 2784, RFC 2890), NVGRE (RFC 7637), IP in
//! IP (RFC 2003, RFC 2473), or MPLS over IP (RFC 4928).

use super::parse::{self, Headers, L3, Tpids};
use super::{be16, ethertype, protocol};

/// The UDP port of VXLAN (RFC 7348).
pub const VXLAN_PORT: u16 = 4789;

/// What a tunnel header says, and the headers of the packet in it. Offsets count from the start of the frame.
#[derive(Clone, Debug, Default)]
pub struct Inner {
    /// The headers inside, where they can be read.
    pub headers: Option<Headers>,
    /// Where an Ethernet header inside starts.
    pub ethernet: Option<usize>,
    /// VXLAN's network identifier, or NVGRE's.
    pub vni: Option<u32>,
    /// The key of a GRE header.
    pub gre_key: Option<u32>,
}

fn be32(frame: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*frame.get(at..)?.first_chunk()?))
}

impl Inner {
    /// Looks into an IP packet with these headers, where `vxlan` is the UDP port of VXLAN. `None` for one that carries
    /// no packet, or of which the tunnel header is cut short.
    #[cold]
    pub fn of(outer: &Headers, frame: &[u8], vxlan: u16) -> Option<Inner> {
        if !outer.is_ip() || outer.has(parse::flag::LATER_FRAGMENT) {
            return None;
        }
        let at = usize::from(outer.l4);
        match outer.protocol {
            protocol::UDP if outer.has(parse::flag::L4) && outer.dst_port == vxlan => {
                let vni = be32(frame, at + 12)? >> 8;
                Some(Inner { vni: Some(vni), ..Inner::ethernet(frame, at + 16) })
            }
            protocol::IPIP => Some(Inner::ip(frame, at, ethertype::IPV4)),
            protocol::IPV6 => Some(Inner::ip(frame, at, ethertype::IPV6)),
            protocol::GRE => Inner::gre(frame, at),
            _ => None,
        }
    }

    /// Looks under the label stack of an MPLS packet: IP, which is told by its version (RFC 4928).
    #[cold]
    pub fn under_labels(outer: &Headers, frame: &[u8]) -> Option<Inner> {
        if outer.kind != L3::Mpls {
            return None;
        }
        let mut at = usize::from(outer.l3);
        while be32(frame, at)? & 0x100 == 0 {
            at += 4;
        }
        at += 4;
        match frame.get(at)? >> 4 {
            4 => Some(Inner::ip(frame, at, ethertype::IPV4)),
            6 => Some(Inner::ip(frame, at, ethertype::IPV6)),
            _ => None,
        }
    }

    fn ip(frame: &[u8], at: usize, ethertype: u16) -> Inner {
        Inner { headers: Some(Headers::parse_l3(frame, at, ethertype)), ..Inner::default() }
    }

    fn ethernet(frame: &[u8], at: usize) -> Inner {
        let Some(inside) = frame.get(at..).filter(|f| f.len() >= 14) else { return Inner::default() };
        let mut h = Headers::parse(inside, &Tpids::default());
        let shift = at as u16;
        (h.l3, h.end) = (h.l3 + shift, h.end + shift);
        if h.l4 > 0 {
            h.l4 += shift;
        }
        Inner { headers: Some(h), ethernet: Some(at), ..Inner::default() }
    }

    fn gre(frame: &[u8], at: usize) -> Option<Inner> {
        const CHECKSUM: u16 = 0x8000;
        const KEY: u16 = 0x2000;
        const SEQUENCE: u16 = 0x1000;
        let (flags, inside) = (be16(frame, at)?, be16(frame, at + 2)?);
        let mut next = at + 4;
        let mut option = |bit| {
            let here = (flags & bit != 0).then_some(next);
            next += if here.is_some() { 4 } else { 0 };
            here
        };
        option(CHECKSUM);
        let key = option(KEY).and_then(|at| be32(frame, at));
        option(SEQUENCE);
        let inner = match inside {
            ethertype::TEB => Inner { vni: key.map(|k| k >> 8), ..Inner::ethernet(frame, next) },
            _ if next <= frame.len() => Inner::ip(frame, next, inside),
            _ => return None,
        };
        Some(Inner { gre_key: key, ..inner })
    }
}
