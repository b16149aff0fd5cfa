//! A hash object, compiled: which bytes of a packet are hashed, in which order.

use sai::types::NativeHashField as Field;

use super::{Flow, Outer, Source, has_ports};
use crate::acl::Udfs;
use crate::wire::inner::Inner;
use crate::wire::parse::{self, Headers, L3};
use crate::wire::{protocol, udp};

/// Outer fields, a bit each: those that nearly all packets are hashed by.
mod outer {
    pub const SRC_MAC: u16 = 1 << 0;
    pub const DST_MAC: u16 = 1 << 1;
    pub const ETHERTYPE: u16 = 1 << 2;
    pub const VLAN_ID: u16 = 1 << 3;
    pub const IN_PORT: u16 = 1 << 4;
    pub const SRC_IPV4: u16 = 1 << 5;
    pub const DST_IPV4: u16 = 1 << 6;
    pub const SRC_IPV6: u16 = 1 << 7;
    pub const DST_IPV6: u16 = 1 << 8;
    pub const PROTOCOL: u16 = 1 << 9;
    pub const SRC_PORT: u16 = 1 << 10;
    pub const DST_PORT: u16 = 1 << 11;
}

/// The bytes of the outer fields that are hashed, of which there is room for all.
pub(super) struct Key {
    bytes: [u8; Key::MOST + 16],
    len: usize,
}

impl Key {
    /// More than all outer fields have.
    const MOST: usize = 64;

    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len % Key::MOST]
    }

    /// Puts a field, of 16 bytes at most, if it is to be taken; without a branch, as who is hashed by a field and who
    /// is not changes from packet to packet.
    #[inline(always)]
    fn put<const N: usize>(&mut self, take: bool, field: &[u8; N]) {
        self.bytes[self.len % Key::MOST..][..N].copy_from_slice(field);
        self.len += N * usize::from(take);
    }

    /// Puts a source and a destination, or one of them; in ascending order if it does not matter which is which.
    #[inline(always)]
    fn pair<const N: usize>(
        &mut self,
        [source_too, other_too]: [bool; 2],
        symmetric: bool,
        source: &[u8; N],
        other: &[u8; N],
    ) {
        let swap = symmetric && source_too && other_too && other < source;
        let (first, second) = if swap { (other, source) } else { (source, other) };
        self.put(source_too, first);
        self.put(other_too, second);
    }
}

/// The bytes that are hashed where those of the outer fields are not all; what is too much is left out.
pub(super) struct LongKey {
    bytes: [u8; LongKey::SIZE],
    len: usize,
}

impl LongKey {
    const SIZE: usize = 192;

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

/// A field with a value to compute one by one.
#[derive(Clone, Copy, Debug)]
struct Step {
    field: Field,
    mask: [u8; 16],
    /// Neighboring steps with the same number other than 0 may change places.
    sequence: u32,
}

impl Step {
    /// What its value may change places with: steps that answer the same.
    fn tie(&self, symmetric: bool) -> Option<(bool, u32)> {
        if self.sequence != 0 {
            return Some((false, self.sequence));
        }
        let ends: &[&[Field]] = &[
            &[Field::SRC_IP, Field::DST_IP],
            &[Field::SRC_IPV4, Field::DST_IPV4],
            &[Field::SRC_IPV6, Field::DST_IPV6],
            &[Field::SRC_MAC, Field::DST_MAC],
            &[Field::L4_SRC_PORT, Field::L4_DST_PORT],
            &[Field::INNER_SRC_IP, Field::INNER_DST_IP],
            &[Field::INNER_SRC_IPV4, Field::INNER_DST_IPV4],
            &[Field::INNER_SRC_IPV6, Field::INNER_DST_IPV6],
            &[Field::INNER_SRC_MAC, Field::INNER_DST_MAC],
            &[Field::INNER_L4_SRC_PORT, Field::INNER_L4_DST_PORT],
        ];
        let pair = ends.iter().position(|pair| pair.contains(&self.field))?;
        symmetric.then_some((true, pair as u32))
    }
}

/// A value of up to 16 bytes.
type Bytes = ([u8; 16], usize);

/// What a hash object says, compiled.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    /// Bits of [`outer`].
    outer: u16,
    /// The other fields.
    steps: Vec<Step>,
    /// UDF groups, by slot, after them.
    udfs: Vec<u32>,
    /// Whether a step looks into tunnels.
    inner: bool,
}

impl Recipe {
    /// Adds a field as it is.
    pub fn add(&mut self, field: Field) {
        self.outer |= match field {
            Field::SRC_IP => outer::SRC_IPV4 | outer::SRC_IPV6,
            Field::DST_IP => outer::DST_IPV4 | outer::DST_IPV6,
            Field::SRC_IPV4 => outer::SRC_IPV4,
            Field::DST_IPV4 => outer::DST_IPV4,
            Field::SRC_IPV6 => outer::SRC_IPV6,
            Field::DST_IPV6 => outer::DST_IPV6,
            Field::SRC_MAC => outer::SRC_MAC,
            Field::DST_MAC => outer::DST_MAC,
            Field::ETHERTYPE => outer::ETHERTYPE,
            Field::VLAN_ID => outer::VLAN_ID,
            Field::IN_PORT => outer::IN_PORT,
            Field::IP_PROTOCOL => outer::PROTOCOL,
            Field::L4_SRC_PORT => outer::SRC_PORT,
            Field::L4_DST_PORT => outer::DST_PORT,
            Field::NONE => 0,
            other => return self.add_fine(other, [0xff; 16], 0),
        };
    }

    /// Adds a field with a mask and its place in the order.
    pub fn add_fine(&mut self, field: Field, mask: [u8; 16], sequence: u32) {
        self.inner |= matches!(field.0, 2 | 3 | 0xC..=0x11 | 0x1D..=0x20);
        self.steps.push(Step { field, mask, sequence });
    }

    /// Adds the bytes of a UDF group.
    pub fn add_udf(&mut self, group: u32) {
        self.udfs.push(group);
    }

    /// Whether there is more to hash than outer fields.
    #[inline(always)]
    pub fn looks_further(&self) -> bool {
        !self.steps.is_empty() || !self.udfs.is_empty()
    }

    /// The outer fields of a packet to hash: so that source and destination may change places, if it is `symmetric`.
    #[inline(always)]
    pub fn outer(&self, flow: &Flow<'_>, frame: &[u8], symmetric: bool) -> Key {
        let mut key = Key { bytes: [0; Key::MOST + 16], len: 0 };
        let wants = |bit| self.outer & bit != 0;
        let Outer { kind, protocol, l3, ethertype, ports } = flow.outer;
        let at = usize::from(l3);
        match kind {
            L3::Ipv4 => {
                if let Some(&[a, b, c, d, e, f, g, h]) = chunk(frame, at + 12) {
                    let take = [wants(outer::SRC_IPV4), wants(outer::DST_IPV4)];
                    key.pair(take, symmetric, &[a, b, c, d], &[e, f, g, h]);
                }
            }
            L3::Ipv6 => {
                if let (Some(source), Some(other)) = (chunk::<16>(frame, at + 8), chunk(frame, at + 24)) {
                    let take = [wants(outer::SRC_IPV6), wants(outer::DST_IPV6)];
                    key.pair(take, symmetric, source, other);
                }
            }
            _ => {}
        }
        if let Some((source, other)) = ports {
            let take = [wants(outer::SRC_PORT), wants(outer::DST_PORT)];
            key.pair(take, symmetric, &source.to_be_bytes(), &other.to_be_bytes());
        }
        key.put(wants(outer::PROTOCOL) && matches!(kind, L3::Ipv4 | L3::Ipv6), &[protocol]);
        if let (Some(other), Some(source)) = (chunk::<6>(frame, 0), chunk(frame, 6)) {
            key.pair([wants(outer::SRC_MAC), wants(outer::DST_MAC)], symmetric, source, other);
        }
        key.put(wants(outer::ETHERTYPE), &ethertype.to_be_bytes());
        key.put(wants(outer::VLAN_ID), &flow.vid.to_be_bytes());
        key.put(wants(outer::IN_PORT), &flow.port.to_be_bytes());
        key
    }

    /// All fields of a packet to hash, after the outer ones, with VXLAN at this UDP port.
    #[cold]
    pub fn further(
        &self,
        outer: &[u8],
        udfs: &Udfs,
        flow: Flow<'_>,
        frame: &[u8],
        (symmetric, vxlan): (bool, u16),
    ) -> LongKey {
        let mut key = LongKey { bytes: [0; LongKey::SIZE], len: 0 };
        key.put(outer);
        let headers = match flow.headers {
            Source::Read(headers) => *headers,
            Source::Frame(tpids) => Headers::parse(frame, tpids),
        };
        self.gather_steps(&headers, flow, frame, (symmetric, vxlan), &mut key);
        for group in &self.udfs {
            if let Some((bytes, len)) = udfs.hashed(*group, &headers, frame) {
                key.put(&bytes[..len]);
            }
        }
        key
    }

    fn gather_steps(
        &self,
        h: &Headers,
        flow: Flow<'_>,
        frame: &[u8],
        (symmetric, vxlan): (bool, u16),
        key: &mut LongKey,
    ) {
        let within = || Inner::of(h, frame, vxlan).or_else(|| Inner::under_labels(h, frame));
        let inner = if self.inner { within() } else { None };
        let mut steps = self.steps.as_slice();
        while let Some(first) = steps.first() {
            let tie = first.tie(symmetric);
            let n = match tie {
                Some(_) => steps.iter().take_while(|s| s.tie(symmetric) == tie).count(),
                None => 1,
            };
            let (run, rest) = steps.split_at(n);
            let mut values: Vec<Bytes> =
                run.iter().filter_map(|step| step.value(h, flow, frame, inner.as_ref())).collect();
            values.sort_unstable();
            values.iter().for_each(|(bytes, len)| key.put(&bytes[..*len]));
            steps = rest;
        }
    }
}

fn chunk<const N: usize>(frame: &[u8], at: usize) -> Option<&[u8; N]> {
    frame.get(at..)?.first_chunk()
}

fn bytes(of: &[u8]) -> Bytes {
    let mut all = [0; 16];
    let len = of.len().min(16);
    all[..len].copy_from_slice(&of[..len]);
    (all, len)
}

/// One of the addresses of an IP packet; of one version, or of both.
fn address(h: &Headers, frame: &[u8], destination: bool, versions: [bool; 2]) -> Option<Bytes> {
    let at = usize::from(h.l3);
    let second = usize::from(destination);
    match h.kind {
        L3::Ipv4 if versions[0] => frame.get(at + 12 + 4 * second..)?.get(..4).map(bytes),
        L3::Ipv6 if versions[1] => frame.get(at + 8 + 16 * second..)?.get(..16).map(bytes),
        _ => None,
    }
}

impl Step {
    fn value(&self, h: &Headers, flow: Flow<'_>, frame: &[u8], inner: Option<&Inner>) -> Option<Bytes> {
        let (mut value, len) = self.raw(h, flow, frame, inner)?;
        value.iter_mut().zip(self.mask).for_each(|(byte, mask)| *byte &= mask);
        Some((value, len))
    }

    fn raw(&self, h: &Headers, flow: Flow<'_>, frame: &[u8], inner: Option<&Inner>) -> Option<Bytes> {
        const BOTH: [bool; 2] = [true, true];
        const V4: [bool; 2] = [true, false];
        const V6: [bool; 2] = [false, true];
        let of_ip = |i: &&Inner| i.ethernet.is_some() || i.headers.is_some_and(|h| h.is_ip());
        let inside = || inner.filter(of_ip)?.headers.as_ref();
        let port = |h: &Headers, n: u16| has_ports(h).then(|| bytes(&n.to_be_bytes()));
        let mac = |at: usize| frame.get(at..)?.get(..6).map(bytes);
        let of_inner = |destination, versions| address(inside()?, frame, destination, versions);
        let inner_mac = |at: usize| mac(inner?.ethernet? + at);
        // The base transport header stands after UDP.
        let bth = |at: usize, n: usize| {
            let rdma = h.protocol == protocol::UDP && h.has(parse::flag::L4) && h.dst_port == udp::ROCE_V2;
            frame.get(usize::from(h.l4) + 8 + at..)?.get(..n).filter(|_| rdma).map(bytes)
        };
        match self.field {
            Field::SRC_IP => address(h, frame, false, BOTH),
            Field::DST_IP => address(h, frame, true, BOTH),
            Field::SRC_IPV4 => address(h, frame, false, V4),
            Field::DST_IPV4 => address(h, frame, true, V4),
            Field::SRC_IPV6 => address(h, frame, false, V6),
            Field::DST_IPV6 => address(h, frame, true, V6),
            Field::INNER_SRC_IP => of_inner(false, BOTH),
            Field::INNER_DST_IP => of_inner(true, BOTH),
            Field::INNER_SRC_IPV4 => of_inner(false, V4),
            Field::INNER_DST_IPV4 => of_inner(true, V4),
            Field::INNER_SRC_IPV6 => of_inner(false, V6),
            Field::INNER_DST_IPV6 => of_inner(true, V6),
            Field::VLAN_ID => Some(bytes(&flow.vid.to_be_bytes())),
            Field::IP_PROTOCOL => h.is_ip().then(|| bytes(&[h.protocol])),
            Field::ETHERTYPE => Some(bytes(&h.ethertype.to_be_bytes())),
            Field::L4_SRC_PORT => port(h, h.src_port),
            Field::L4_DST_PORT => port(h, h.dst_port),
            Field::SRC_MAC => mac(6),
            Field::DST_MAC => mac(0),
            Field::IN_PORT => Some(bytes(&flow.port.to_be_bytes())),
            Field::INNER_IP_PROTOCOL => inside().filter(|h| h.is_ip()).map(|h| bytes(&[h.protocol])),
            Field::INNER_ETHERTYPE => inside().map(|h| bytes(&h.ethertype.to_be_bytes())),
            Field::INNER_L4_SRC_PORT => inside().and_then(|h| port(h, h.src_port)),
            Field::INNER_L4_DST_PORT => inside().and_then(|h| port(h, h.dst_port)),
            Field::INNER_SRC_MAC => inner_mac(6),
            Field::INNER_DST_MAC => inner_mac(0),
            Field::MPLS_LABEL_ALL => labels(h, frame, 0, 5),
            Field::MPLS_LABEL_0 => labels(h, frame, 0, 1),
            Field::MPLS_LABEL_1 => labels(h, frame, 1, 1),
            Field::MPLS_LABEL_2 => labels(h, frame, 2, 1),
            Field::MPLS_LABEL_3 => labels(h, frame, 3, 1),
            Field::MPLS_LABEL_4 => labels(h, frame, 4, 1),
            Field::IPV6_FLOW_LABEL => (h.kind == L3::Ipv6).then(|| bytes(&h.flow_label.to_be_bytes())),
            Field::RDMA_BTH_OPCODE => bth(0, 1),
            Field::RDMA_BTH_DEST_QP => bth(5, 3),
            _ => None,
        }
    }
}

/// Up to `count` labels of 20 bits of an MPLS stack, three bytes each, from the `first` on.
fn labels(h: &Headers, frame: &[u8], first: usize, count: usize) -> Option<Bytes> {
    if h.kind != L3::Mpls {
        return None;
    }
    let stack = frame.get(usize::from(h.l3)..)?.as_chunks::<4>().0;
    let bottom = stack.iter().position(|entry| entry[2] & 1 != 0).unwrap_or(stack.len());
    let (mut all, mut len) = ([0; 16], 0);
    for &[a, b, c, _] in stack.iter().take(bottom + 1).skip(first).take(count) {
        all[len..len + 3].copy_from_slice(&[a, b, c & 0xf0]);
        len += 3;
    }
    (len > 0).then_some((all, len))
}
