//! The packet that a tunnel carries.

use sai::switch;

use crate::switch::Switch;
use crate::wire::parse::{self, Headers, Tpids};
use crate::wire::{ethertype, protocol};

use super::look::be;

/// What a tunnel header says, and the headers of the packet in it. Offsets count from the start of the frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Inner {
    /// The headers inside, where they can be read.
    pub headers: Option<Headers>,
    /// Where an Ethernet header inside starts.
    pub ethernet: Option<usize>,
    /// VXLAN's network identifier, or NVGRE's.
    pub vni: Option<u32>,
    /// The key of a GRE header (RFC 2890).
    pub gre_key: Option<u32>,
}

impl Inner {
    /// Reads one level of VXLAN, GRE, NVGRE or IP in IP.
    pub fn of(sw: &Switch, outer: &Headers, frame: &[u8]) -> Option<Inner> {
        if !outer.is_ip() || outer.has(parse::flag::LATER_FRAGMENT) {
            return None;
        }
        let at = usize::from(outer.l4);
        match outer.protocol {
            protocol::UDP if outer.has(parse::flag::L4) => {
                let vxlan = sw.store.number(sw.id, switch::VXLAN_DEFAULT_PORT.id()) as u16;
                (outer.dst_port == vxlan && frame.len() >= at + 16).then(|| Inner {
                    vni: Some((be(frame, at + 12, 4) >> 8) as u32),
                    ..Inner::ethernet(frame, at + 16)
                })
            }
            protocol::IPIP => Some(Inner::ip(frame, at, ethertype::IPV4)),
            protocol::IPV6 => Some(Inner::ip(frame, at, ethertype::IPV6)),
            protocol::GRE => Inner::gre(frame, at),
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
        const CHECKSUM: u64 = 0x8000;
        const KEY: u64 = 0x2000;
        const SEQUENCE: u64 = 0x1000;
        if frame.len() < at + 4 {
            return None;
        }
        let (flags, inside) = (be(frame, at, 2), be(frame, at + 2, 2) as u16);
        let mut next = at + 4;
        next += if flags & CHECKSUM != 0 { 4 } else { 0 };
        let key = (flags & KEY != 0 && frame.len() >= next + 4).then(|| be(frame, next, 4) as u32);
        next += if flags & KEY != 0 { 4 } else { 0 };
        next += if flags & SEQUENCE != 0 { 4 } else { 0 };
        let inner = match inside {
            ethertype::TEB => Inner { vni: key.map(|k| k >> 8), ..Inner::ethernet(frame, next) },
            _ if next <= frame.len() => Inner::ip(frame, next, inside),
            _ => return None,
        };
        Some(Inner { gre_key: key, ..inner })
    }
}
