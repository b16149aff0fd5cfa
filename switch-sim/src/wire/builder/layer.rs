//! One layer: its bytes, and what is filled in when the packet is complete.

use crate::wire::checksum::Sum;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::mpls::Mpls;
use crate::wire::{Header, ethertype, protocol};

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ethernet,
    /// A VLAN tag, with its TPID.
    Tag(u16),
    Llc,
    Snap,
    MacControl,
    Lacp,
    Lldp,
    Arp,
    Ipv4,
    Ipv6,
    /// An IPv6 extension header, with its protocol.
    Extension(u8),
    Icmp,
    Icmpv6,
    Igmp,
    Tcp,
    Udp,
    Gre,
    ErspanII,
    Vxlan,
    Mpls,
    Payload,
}

impl Kind {
    pub fn is_ip(self) -> bool {
        matches!(self, Kind::Ipv4 | Kind::Ipv6)
    }

    /// Whether the header says by an EtherType what follows.
    pub fn carries_ethertype(self) -> bool {
        matches!(self.next_at(), Some((_, true)))
    }

    /// Where the checksum is.
    pub fn checksum_at(self) -> Option<usize> {
        match self {
            Kind::Ipv4 => Some(10),
            Kind::Tcp => Some(16),
            Kind::Udp => Some(6),
            Kind::Icmp | Kind::Icmpv6 | Kind::Igmp => Some(2),
            _ => None,
        }
    }

    /// Where the length is.
    pub fn length_at(self) -> Option<usize> {
        match self {
            Kind::Ipv4 => Some(2),
            Kind::Ipv6 | Kind::Udp => Some(4),
            _ => None,
        }
    }

    /// Where the type of the next layer is, and whether it is an EtherType.
    fn next_at(self) -> Option<(usize, bool)> {
        match self {
            Kind::Ethernet => Some((12, true)),
            Kind::Tag(_) | Kind::Gre => Some((2, true)),
            Kind::Snap => Some((3, true)),
            Kind::Ipv4 => Some((9, false)),
            Kind::Ipv6 => Some((6, false)),
            Kind::Extension(_) => Some((0, false)),
            _ => None,
        }
    }

    /// The EtherType that says that this layer follows.
    fn ethertype(self) -> Option<u16> {
        match self {
            Kind::Ethernet => Some(ethertype::TEB),
            Kind::Tag(tpid) => Some(tpid),
            Kind::MacControl => Some(ethertype::MAC_CONTROL),
            Kind::Lacp => Some(ethertype::SLOW),
            Kind::Lldp => Some(ethertype::LLDP),
            Kind::Arp => Some(ethertype::ARP),
            Kind::Ipv4 => Some(ethertype::IPV4),
            Kind::Ipv6 => Some(ethertype::IPV6),
            Kind::Mpls => Some(ethertype::MPLS),
            Kind::ErspanII => Some(ethertype::ERSPAN_II),
            _ => None,
        }
    }

    /// The IP protocol that says that this layer follows.
    fn protocol(self) -> Option<u8> {
        match self {
            Kind::Ethernet => Some(protocol::ETHERNET),
            Kind::Ipv4 => Some(protocol::IPIP),
            Kind::Ipv6 => Some(protocol::IPV6),
            Kind::Extension(protocol) => Some(protocol),
            Kind::Icmp => Some(protocol::ICMP),
            Kind::Icmpv6 => Some(protocol::ICMPV6),
            Kind::Igmp => Some(protocol::IGMP),
            Kind::Tcp => Some(protocol::TCP),
            Kind::Udp => Some(protocol::UDP),
            Kind::Gre => Some(protocol::GRE),
            Kind::Mpls => Some(protocol::MPLS),
            _ => None,
        }
    }
}

/// One layer of a packet in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub kind: Kind,
    pub bytes: Vec<u8>,
    /// Set by hand, so not filled in.
    next: bool,
    length: bool,
    checksum: bool,
}

impl Layer {
    pub fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Layer { kind, bytes, next: false, length: false, checksum: false }
    }

    /// The header that the layer starts with.
    pub fn head<H: Header>(&mut self) -> &mut H {
        let (head, _) = H::parse_mut(&mut self.bytes).expect("a layer holds the header of its kind");
        head
    }

    pub fn set_next(&mut self, next: u16) {
        self.next = true;
        match self.kind.next_at() {
            Some((at, true)) => put(&mut self.bytes, at, next),
            Some((at, false)) => self.bytes[at] = next as u8,
            None => {}
        }
    }

    pub fn set_length(&mut self, length: u16) {
        self.length = true;
        self.kind.length_at().into_iter().for_each(|at| put(&mut self.bytes, at, length));
    }

    pub fn set_checksum(&mut self, checksum: u16) {
        self.checksum = true;
        self.kind.checksum_at().into_iter().for_each(|at| put(&mut self.bytes, at, checksum));
    }

    /// Fills in this layer at the start of `packet`, given the kind of the next layer and the IP header before.
    pub fn finish(&self, packet: &mut [u8], next: Option<Kind>, ip: Option<&Layer>) {
        if !self.next {
            self.fill_next(packet, next);
        }
        if let (Some(at), false) = (self.kind.length_at(), self.length) {
            let before = if self.kind == Kind::Ipv6 { 40 } else { 0 };
            let length = clamp(packet.len() - before);
            put(packet, at, length);
        }
        if let (Some(at), false) = (self.kind.checksum_at(), self.checksum) {
            put(packet, at, 0);
            let sum = match self.kind {
                Kind::Ipv4 => Sum::new().bytes(&packet[..self.bytes.len()]),
                Kind::Icmp | Kind::Igmp => Sum::new().bytes(packet),
                _ => pseudo(ip, self.kind.protocol().unwrap_or(0), packet.len()).bytes(packet),
            };
            // A computed 0 is sent as all ones over UDP, where 0 says that there is none (RFC 768).
            let check = match sum.checksum() {
                0 if self.kind == Kind::Udp => 0xffff,
                check => check,
            };
            put(packet, at, check);
        }
    }

    fn fill_next(&self, packet: &mut [u8], next: Option<Kind>) {
        match (self.kind.next_at(), next) {
            (Some((at, true)), Some(Kind::Llc)) => {
                let length = clamp(packet.len() - self.bytes.len());
                put(packet, at, length);
            }
            (Some((at, true)), Some(next)) => next.ethertype().into_iter().for_each(|n| put(packet, at, n)),
            (Some((at, false)), Some(next)) => next.protocol().into_iter().for_each(|n| packet[at] = n),
            _ => {}
        }
        if let (Kind::Mpls, Some((entry, _))) = (self.kind, Mpls::parse_mut(packet)) {
            *entry = Mpls::new(entry.label(), entry.traffic_class(), next != Some(Kind::Mpls), entry.ttl());
        }
    }
}

/// The pseudo-header of an upper layer of `len` bytes.
fn pseudo(ip: Option<&Layer>, protocol: u8, len: usize) -> Sum {
    match ip {
        Some(Layer { kind: Kind::Ipv4, bytes, .. }) => match Ipv4::parse(bytes) {
            Some((ip, _)) => Sum::new().pseudo_v4(ip.src, ip.dst, protocol, clamp(len)),
            None => Sum::new(),
        },
        Some(Layer { bytes, .. }) => match Ipv6::parse(bytes) {
            Some((ip, _)) => Sum::new().pseudo_v6(&ip.src, &ip.dst, protocol, len as u32),
            None => Sum::new(),
        },
        None => Sum::new(),
    }
}

fn clamp(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

fn put(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
}
