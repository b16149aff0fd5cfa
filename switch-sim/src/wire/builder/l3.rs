//! ARP, IP and tunnels.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Kind, PacketBuilder};
use crate::wire::arp::Arp;
use crate::wire::gre::{ErspanII, Gre};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{Fragment, Ipv6};
use crate::wire::mpls::Mpls;
use crate::wire::vxlan::Vxlan;
use crate::wire::{MacAddr, U16, U32, ethertype, protocol};

impl PacketBuilder {
    /// An ARP request: who has `target`?
    pub fn arp_request(
        self,
        sender_mac: MacAddr,
        sender: impl Into<Ipv4Addr>,
        target: impl Into<Ipv4Addr>,
    ) -> Self {
        self.arp(Arp::REQUEST, (sender_mac, sender.into()), ([0; 6], target.into()))
    }

    /// An ARP reply: `sender` is at `sender_mac`.
    pub fn arp_reply(
        self,
        sender_mac: MacAddr,
        sender: impl Into<Ipv4Addr>,
        target_mac: MacAddr,
        target: impl Into<Ipv4Addr>,
    ) -> Self {
        self.arp(Arp::REPLY, (sender_mac, sender.into()), (target_mac, target.into()))
    }

    /// An ARP packet of any operation, with the hardware and protocol addresses of sender and target.
    pub fn arp(self, operation: u16, sender: (MacAddr, Ipv4Addr), target: (MacAddr, Ipv4Addr)) -> Self {
        let arp = Arp {
            hardware: U16::new(1),
            protocol: U16::new(ethertype::IPV4),
            hardware_len: 6,
            protocol_len: 4,
            operation: U16::new(operation),
            sender_mac: sender.0,
            sender_ip: sender.1.octets(),
            target_mac: target.0,
            target_ip: target.1.octets(),
        };
        self.header(Kind::Arp, arp)
    }

    /// An IPv4 header: TTL 64, and protocol [`EXPERIMENT`](protocol::EXPERIMENT) unless a known layer follows.
    pub fn ipv4(self, src: impl Into<Ipv4Addr>, dst: impl Into<Ipv4Addr>) -> Self {
        let ip = Ipv4 {
            version_ihl: 0x45,
            tos: 0,
            total_len: U16::ZERO,
            identification: U16::ZERO,
            flags_offset: U16::ZERO,
            ttl: 64,
            protocol: protocol::EXPERIMENT,
            checksum: U16::ZERO,
            src: src.into().octets(),
            dst: dst.into().octets(),
        };
        self.header(Kind::Ipv4, ip)
    }

    /// An IPv6 header: hop limit 64, and next header [`EXPERIMENT`](protocol::EXPERIMENT) unless a known layer follows.
    pub fn ipv6(self, src: impl Into<Ipv6Addr>, dst: impl Into<Ipv6Addr>) -> Self {
        let ip = Ipv6 {
            version_class_flow: U32::new(6 << 28),
            payload_len: U16::ZERO,
            next_header: protocol::EXPERIMENT,
            hop_limit: 64,
            src: src.into().octets(),
            dst: dst.into().octets(),
        };
        self.header(Kind::Ipv6, ip)
    }

    /// TTL or hop limit of the last IP header or MPLS entry.
    #[track_caller]
    pub fn ttl(mut self, ttl: u8) -> Self {
        let layer = self.last("TTL", |kind| kind.is_ip() || kind == Kind::Mpls);
        match layer.kind {
            Kind::Ipv4 => layer.head::<Ipv4>().ttl = ttl,
            Kind::Ipv6 => layer.head::<Ipv6>().hop_limit = ttl,
            _ => {
                let entry = layer.head::<Mpls>();
                *entry = Mpls::new(entry.label(), entry.traffic_class(), entry.is_bottom(), ttl);
            }
        }
        self
    }

    /// As [`ttl`](Self::ttl).
    #[track_caller]
    pub fn hop_limit(self, hop_limit: u8) -> Self {
        self.ttl(hop_limit)
    }

    /// DSCP of the last IP header, 0 to 63; higher bits are dropped.
    #[track_caller]
    pub fn dscp(mut self, dscp: u8) -> Self {
        self.last("DSCP", Kind::is_ip).change_tos(|tos| dscp << 2 | tos & 3);
        self
    }

    /// ECN bits of the last IP header, 0 to 3; higher bits are dropped.
    #[track_caller]
    pub fn ecn(mut self, ecn: u8) -> Self {
        self.last("ECN", Kind::is_ip).change_tos(|tos| tos & 0xfc | ecn & 3);
        self
    }

    /// Protocol or next header of the last IP header or extension header, instead of what follows it.
    #[track_caller]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.last("protocol", |kind| kind.is_ip() || matches!(kind, Kind::Extension(_)))
            .set_next(protocol.into());
        self
    }

    /// Flow label of the last IPv6 header, 20 bits.
    #[track_caller]
    pub fn flow_label(mut self, label: u32) -> Self {
        let ip = self.last("flow label", |kind| kind == Kind::Ipv6).head::<Ipv6>();
        ip.version_class_flow = U32::new(ip.version_class_flow.get() & !0xf_ffff | label & 0xf_ffff);
        self
    }

    /// Identification of the last IPv4 header.
    #[track_caller]
    pub fn identification(mut self, identification: u16) -> Self {
        let ip = self.last("identification", |kind| kind == Kind::Ipv4).head::<Ipv4>();
        ip.identification = U16::new(identification);
        self
    }

    /// Sets "don't fragment" in the last IPv4 header.
    #[track_caller]
    pub fn dont_fragment(mut self) -> Self {
        let ip = self.last("don't fragment", |kind| kind == Kind::Ipv4).head::<Ipv4>();
        ip.flags_offset = U16::new(ip.flags_offset.get() | Ipv4::DONT_FRAGMENT);
        self
    }

    /// Makes the last IP header that of a fragment at `offset` (in units of 8 bytes, 13 bits), followed by others or
    /// not; for IPv6, by a fragment header, which must come right after the header and its extensions. A checksum
    /// of what follows covers this fragment alone.
    #[track_caller]
    pub fn fragment(mut self, identification: u32, offset: u16, more: bool) -> Self {
        let layer = self.last("fragment", Kind::is_ip);
        if layer.kind == Kind::Ipv4 {
            let ip = layer.head::<Ipv4>();
            ip.identification = U16::new(identification as u16);
            let more = if more { Ipv4::MORE_FRAGMENTS } else { 0 };
            ip.flags_offset = U16::new(ip.flags_offset.get() & Ipv4::DONT_FRAGMENT | more | offset & 0x1fff);
            return self;
        }
        let header = Fragment {
            next_header: protocol::EXPERIMENT,
            reserved: 0,
            offset_more: U16::new(offset << 3 | u16::from(more)),
            identification: U32::new(identification),
        };
        self.header(Kind::Extension(protocol::FRAGMENT), header)
    }

    /// Options of the last IPv4 header, with zeros up to a multiple of 4 bytes.
    ///
    /// # Panics
    ///
    /// If all options have more than 40 bytes.
    #[track_caller]
    pub fn ipv4_options(mut self, options: &[u8]) -> Self {
        let layer = self.last("IPv4 options", |kind| kind == Kind::Ipv4);
        layer.bytes.extend_from_slice(options);
        layer.bytes.resize(layer.bytes.len().next_multiple_of(4), 0);
        let words = layer.bytes.len() / 4;
        assert!(words <= 15, "an IPv4 header holds 40 bytes of options at most");
        layer.head::<Ipv4>().version_ihl = 0x40 | words as u8;
        self
    }

    /// An IPv6 extension header (hop-by-hop, routing or destination options) with this body, with zeros (`Pad1`
    /// options) up to a multiple of 8 bytes.
    ///
    /// # Panics
    ///
    /// If the body has more than 2,046 bytes.
    #[track_caller]
    pub fn extension(self, protocol: u8, body: &[u8]) -> Self {
        let mut bytes = vec![protocol::EXPERIMENT, 0];
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes[1] = u8::try_from(bytes.len() / 8 - 1).expect("an extension header holds 2,046 bytes at most");
        self.layer(Kind::Extension(protocol), bytes)
    }

    /// The router alert option for the last IP header (RFC 2113, RFC 2711): of IPv6, a hop-by-hop header, which must
    /// come right after the IPv6 header.
    #[track_caller]
    pub fn router_alert(mut self) -> Self {
        if self.last("router alert", Kind::is_ip).kind == Kind::Ipv4 {
            return self.ipv4_options(&ipv4::ROUTER_ALERT);
        }
        // Router alert for MLD, then PadN of no data.
        self.extension(protocol::HOP_BY_HOP, &[5, 2, 0, 0, 1, 0])
    }

    /// A GRE header without optional fields.
    pub fn gre(self) -> Self {
        self.header(Kind::Gre, Gre { flags: U16::ZERO, protocol: U16::new(ethertype::EXPERIMENTAL) })
    }

    /// A GRE header with a key (RFC 2890).
    pub fn gre_key(self, key: u32) -> Self {
        self.gre().gre_field(Gre::KEY, key)
    }

    /// A sequence number for the last GRE header (RFC 2890).
    #[track_caller]
    pub fn gre_sequence(self, sequence: u32) -> Self {
        self.gre_field(Gre::SEQUENCE, sequence)
    }

    #[track_caller]
    fn gre_field(mut self, flag: u16, value: u32) -> Self {
        let layer = self.last("GRE", |kind| kind == Kind::Gre);
        let gre = layer.head::<Gre>();
        gre.flags = U16::new(gre.flags.get() | flag);
        layer.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// An ERSPAN header of type II, after its GRE header with a sequence number; an Ethernet frame follows.
    pub fn erspan(self, session: u16, sequence: u32) -> Self {
        let erspan = ErspanII {
            version_vlan: U16::new(1 << 12),
            cos_session: U16::new(session & 0x3ff),
            index: U32::ZERO,
        };
        self.gre().gre_sequence(sequence).header(Kind::ErspanII, erspan)
    }

    /// A VXLAN header, after [`udp`](Self::udp) to port [`PORT`](crate::wire::vxlan::PORT); an Ethernet frame follows,
    /// by [`inner_ethernet`](Self::inner_ethernet) or [`inner`](Self::inner). Of the network identifier, 24 bits
    /// count.
    pub fn vxlan(self, vni: u32) -> Self {
        self.header(Kind::Vxlan, Vxlan { flags: Vxlan::VALID, reserved: [0; 3], vni: U32::new(vni << 8) })
    }

    /// An entry of an MPLS label stack (20 bits of label count) with TTL 64. The last one of several is the bottom.
    pub fn mpls(self, label: u32) -> Self {
        self.header(Kind::Mpls, Mpls::new(label, 0, true, 64))
    }

    /// Traffic class of the last MPLS entry, 3 bits.
    #[track_caller]
    pub fn traffic_class(mut self, class: u8) -> Self {
        let entry = self.last("MPLS traffic class", |kind| kind == Kind::Mpls).head::<Mpls>();
        *entry = Mpls::new(entry.label(), class, entry.is_bottom(), entry.ttl());
        self
    }
}

impl super::Layer {
    /// Changes type of service or traffic class of an IP header.
    pub fn change_tos(&mut self, change: impl Fn(u8) -> u8) {
        if self.kind == Kind::Ipv4 {
            let ip = self.head::<Ipv4>();
            ip.tos = change(ip.tos);
        } else {
            let ip = self.head::<Ipv6>();
            let word = ip.version_class_flow.get() & !(0xff << 20);
            ip.version_class_flow = U32::new(word | u32::from(change(ip.traffic_class())) << 20);
        }
    }
}
