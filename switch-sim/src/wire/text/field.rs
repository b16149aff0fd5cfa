//! The fields that a text can set.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Error;
use crate::wire::arp::Arp;
use crate::wire::builder::{Kind, Layer};
use crate::wire::ethernet::Ethernet;
use crate::wire::gre::ErspanII;
use crate::wire::icmp::Icmp;
use crate::wire::icmpv6::Icmpv6;
use crate::wire::igmp::Igmp;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::llc::Llc;
use crate::wire::mpls::Mpls;
use crate::wire::parse::Tci;
use crate::wire::tcp::Tcp;
use crate::wire::udp::Udp;
use crate::wire::vlan::Vlan;
use crate::wire::vxlan::Vxlan;
use crate::wire::{MacAddr, PacketBuilder, U16, U32};

/// What a field holds, and how it is written.
enum Set {
    Mac(fn(&mut Layer, MacAddr)),
    V4(fn(&mut Layer, [u8; 4])),
    V6(fn(&mut Layer, [u8; 16])),
    /// A number up to the first.
    Number(u32, fn(&mut Layer, u32)),
    Bytes(fn(&mut Layer, Vec<u8>)),
}

type Field = (&'static str, fn(Kind) -> bool, Set);

const BYTE: u32 = 0xff;
const WORD: u32 = 0xffff;

/// Fields by name, layers that have it, and value.
const FIELDS: &[Field] = &[
    ("src", |k| k == Kind::Ethernet, Set::Mac(|l, v| l.head::<Ethernet>().src = v)),
    ("dst", |k| k == Kind::Ethernet, Set::Mac(|l, v| l.head::<Ethernet>().dst = v)),
    ("type", |k| k.carries_ethertype(), Set::Number(WORD, |l, v| l.set_next(v as u16))),
    ("vid", is_tag, Set::Number(0xfff, |l, v| tci(l, |t| Tci::new(v as u16, t.pcp(), t.dei())))),
    ("pcp", is_tag, Set::Number(7, |l, v| tci(l, |t| Tci::new(t.vid(), v as u8, t.dei())))),
    ("dei", is_tag, Set::Number(1, |l, v| tci(l, |t| Tci::new(t.vid(), t.pcp(), v == 1)))),
    ("dsap", |k| k == Kind::Llc, Set::Number(BYTE, |l, v| l.head::<Llc>().dsap = v as u8)),
    ("ssap", |k| k == Kind::Llc, Set::Number(BYTE, |l, v| l.head::<Llc>().ssap = v as u8)),
    ("op", |k| k == Kind::Arp, Set::Number(WORD, |l, v| l.head::<Arp>().operation = word(v))),
    ("sender", |k| k == Kind::Arp, Set::V4(|l, v| l.head::<Arp>().sender_ip = v)),
    ("sender", |k| k == Kind::Arp, Set::Mac(|l, v| l.head::<Arp>().sender_mac = v)),
    ("target", |k| k == Kind::Arp, Set::V4(|l, v| l.head::<Arp>().target_ip = v)),
    ("target", |k| k == Kind::Arp, Set::Mac(|l, v| l.head::<Arp>().target_mac = v)),
    ("src", |k| k == Kind::Ipv4, Set::V4(|l, v| l.head::<Ipv4>().src = v)),
    ("dst", |k| k == Kind::Ipv4, Set::V4(|l, v| l.head::<Ipv4>().dst = v)),
    ("src", |k| k == Kind::Ipv6, Set::V6(|l, v| l.head::<Ipv6>().src = v)),
    ("dst", |k| k == Kind::Ipv6, Set::V6(|l, v| l.head::<Ipv6>().dst = v)),
    ("ttl", |k| k == Kind::Ipv4, Set::Number(BYTE, |l, v| l.head::<Ipv4>().ttl = v as u8)),
    ("ttl", |k| k == Kind::Ipv6, Set::Number(BYTE, |l, v| l.head::<Ipv6>().hop_limit = v as u8)),
    ("dscp", Kind::is_ip, Set::Number(63, |l, v| l.change_tos(|tos| (v as u8) << 2 | tos & 3))),
    ("ecn", Kind::is_ip, Set::Number(3, |l, v| l.change_tos(|tos| tos & 0xfc | v as u8))),
    ("proto", Kind::is_ip, Set::Number(BYTE, |l, v| l.set_next(v as u16))),
    ("id", |k| k == Kind::Ipv4, Set::Number(WORD, |l, v| l.head::<Ipv4>().identification = word(v))),
    ("df", |k| k == Kind::Ipv4, Set::Number(1, |l, v| fragment(l, Ipv4::DONT_FRAGMENT, v << 14))),
    ("mf", |k| k == Kind::Ipv4, Set::Number(1, |l, v| fragment(l, Ipv4::MORE_FRAGMENTS, v << 13))),
    ("frag", |k| k == Kind::Ipv4, Set::Number(0x1fff, |l, v| fragment(l, 0x1fff, v))),
    ("flow", |k| k == Kind::Ipv6, Set::Number(0xf_ffff, flow_label)),
    (
        "label",
        |k| k == Kind::Mpls,
        Set::Number(0xf_ffff, |l, v| mpls(l, |m| (v, m.traffic_class(), m.ttl()))),
    ),
    ("tc", |k| k == Kind::Mpls, Set::Number(7, |l, v| mpls(l, |m| (m.label(), v as u8, m.ttl())))),
    (
        "ttl",
        |k| k == Kind::Mpls,
        Set::Number(BYTE, |l, v| mpls(l, |m| (m.label(), m.traffic_class(), v as u8))),
    ),
    ("type", |k| k == Kind::Icmp, Set::Number(BYTE, |l, v| l.head::<Icmp>().kind = v as u8)),
    ("code", |k| k == Kind::Icmp, Set::Number(BYTE, |l, v| l.head::<Icmp>().code = v as u8)),
    ("id", |k| k == Kind::Icmp, Set::Number(WORD, |l, v| l.head::<Icmp>().rest[0] = word(v))),
    ("seq", |k| k == Kind::Icmp, Set::Number(WORD, |l, v| l.head::<Icmp>().rest[1] = word(v))),
    ("type", |k| k == Kind::Icmpv6, Set::Number(BYTE, |l, v| l.head::<Icmpv6>().kind = v as u8)),
    ("code", |k| k == Kind::Icmpv6, Set::Number(BYTE, |l, v| l.head::<Icmpv6>().code = v as u8)),
    ("type", |k| k == Kind::Igmp, Set::Number(BYTE, |l, v| l.head::<Igmp>().kind = v as u8)),
    ("group", |k| k == Kind::Igmp, Set::V4(|l, v| l.head::<Igmp>().group = v)),
    ("src", |k| k == Kind::Tcp, Set::Number(WORD, |l, v| l.head::<Tcp>().src = word(v))),
    ("dst", |k| k == Kind::Tcp, Set::Number(WORD, |l, v| l.head::<Tcp>().dst = word(v))),
    ("flags", |k| k == Kind::Tcp, Set::Number(BYTE, |l, v| l.head::<Tcp>().flags = v as u8)),
    ("seq", |k| k == Kind::Tcp, Set::Number(u32::MAX, |l, v| l.head::<Tcp>().seq = U32::new(v))),
    ("ack", |k| k == Kind::Tcp, Set::Number(u32::MAX, |l, v| l.head::<Tcp>().ack = U32::new(v))),
    ("src", |k| k == Kind::Udp, Set::Number(WORD, |l, v| l.head::<Udp>().src = word(v))),
    ("dst", |k| k == Kind::Udp, Set::Number(WORD, |l, v| l.head::<Udp>().dst = word(v))),
    ("vni", |k| k == Kind::Vxlan, Set::Number(0xff_ffff, |l, v| l.head::<Vxlan>().vni = U32::new(v << 8))),
    (
        "session",
        |k| k == Kind::ErspanII,
        Set::Number(0x3ff, |l, v| l.head::<ErspanII>().cos_session = word(v)),
    ),
    ("len", has_length, Set::Number(WORD, |l, v| l.set_length(v as u16))),
    ("checksum", has_checksum, Set::Number(WORD, |l, v| l.set_checksum(v as u16))),
    ("hex", |k| k == Kind::Payload, Set::Bytes(|l, v| l.bytes = v)),
    ("zeros", |k| k == Kind::Payload, Set::Number(WORD, |l, v| l.bytes = vec![0; v as usize])),
];

/// Sets the field of the nearest layer that can hold the value.
pub fn set(mut packet: PacketBuilder, name: &str, value: &str) -> Result<PacketBuilder, Error> {
    if name == "pad" {
        return match number(value, WORD) {
            Some(least) => Ok(packet.pad_to(least as usize)),
            None => Err(Error::Value {
                field: name.to_owned(),
                value: value.to_owned(),
                expected: Set::Number(WORD, |_, _| {}).expected(),
            }),
        };
    }
    let layers = packet.layers_mut();
    for layer in layers.iter_mut().rev() {
        if fields_of(layer.kind, name).any(|set| set.apply(layer, value)) {
            return Ok(packet);
        }
    }
    let nearest = layers.iter().rev().find_map(|layer| {
        let expected: Vec<_> = fields_of(layer.kind, name).map(Set::expected).collect();
        if expected.is_empty() { None } else { Some(expected.join(" or ")) }
    });
    Err(match nearest {
        Some(expected) => Error::Value { field: name.to_owned(), value: value.to_owned(), expected },
        None if layers.is_empty() => Error::FieldFirst(name.to_owned()),
        None => Error::UnknownField { field: name.to_owned(), known: known(layers) },
    })
}

/// What a layer of this kind has by this name.
fn fields_of(kind: Kind, name: &str) -> impl Iterator<Item = &'static Set> {
    FIELDS.iter().filter(move |(known, has, _)| *known == name && has(kind)).map(|(_, _, set)| set)
}

/// The fields of these layers, each once, those of the innermost layer first.
fn known(layers: &[Layer]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for layer in layers.iter().rev() {
        for (name, _, _) in FIELDS.iter().filter(|(_, has, _)| has(layer.kind)) {
            if !names.contains(name) {
                names.push(*name);
            }
        }
    }
    names
}

impl Set {
    /// Writes the value, if the field can hold it.
    fn apply(&self, layer: &mut Layer, value: &str) -> bool {
        match self {
            Set::Mac(set) => mac(value).map(|v| set(layer, v)),
            Set::V4(set) => value.parse::<Ipv4Addr>().ok().map(|v| set(layer, v.octets())),
            Set::V6(set) => value.parse::<Ipv6Addr>().ok().map(|v| set(layer, v.octets())),
            Set::Number(max, set) => number(value, *max).map(|v| set(layer, v)),
            Set::Bytes(set) => hex(value).map(|v| set(layer, v)),
        }
        .is_some()
    }

    fn expected(&self) -> String {
        match self {
            Set::Mac(_) => "a MAC address like 02:00:00:00:00:01".to_owned(),
            Set::V4(_) => "an IPv4 address like 10.0.0.1".to_owned(),
            Set::V6(_) => "an IPv6 address like 2001:db8::1".to_owned(),
            Set::Number(max, _) => format!("a number from 0 to {max}"),
            Set::Bytes(_) => "an even number of hexadecimal digits".to_owned(),
        }
    }
}

fn number(text: &str, max: u32) -> Option<u32> {
    let value = match text.strip_prefix("0x") {
        Some(digits) if digits.starts_with('+') => return None,
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    value.ok().filter(|value| *value <= max)
}

fn mac(text: &str) -> Option<MacAddr> {
    let mut parts = text.split([':', '-']);
    let mut address = [0; 6];
    for byte in &mut address {
        let part = parts.next().filter(|part| part.len() <= 2)?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(address)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn is_tag(kind: Kind) -> bool {
    matches!(kind, Kind::Tag(_))
}

fn has_length(kind: Kind) -> bool {
    kind.length_at().is_some()
}

fn has_checksum(kind: Kind) -> bool {
    kind.checksum_at().is_some()
}

fn word(value: u32) -> U16 {
    U16::new(value as u16)
}

fn tci(layer: &mut Layer, change: impl Fn(Tci) -> Tci) {
    let tag = layer.head::<Vlan>();
    tag.tci = U16::new(change(tag.tci()).0);
}

fn fragment(layer: &mut Layer, mask: u16, bits: u32) {
    let ip = layer.head::<Ipv4>();
    ip.flags_offset = U16::new(ip.flags_offset.get() & !mask | bits as u16);
}

fn flow_label(layer: &mut Layer, label: u32) {
    let ip = layer.head::<Ipv6>();
    ip.version_class_flow = U32::new(ip.version_class_flow.get() & !0xf_ffff | label);
}

fn mpls(layer: &mut Layer, change: impl Fn(&Mpls) -> (u32, u8, u8)) {
    let entry = layer.head::<Mpls>();
    let (label, class, ttl) = change(entry);
    *entry = Mpls::new(label, class, entry.is_bottom(), ttl);
}

/// The names of all fields, some more than once.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _, _)| *name)
}
