//! What IP carries.

use std::net::{Ipv4Addr, Ipv6Addr};

use zerocopy::IntoBytes;

use super::{Kind, PacketBuilder};
use crate::wire::icmp::{self, Icmp};
use crate::wire::icmpv6::{self, Icmpv6, LinkLayerAddress, Neighbor, RouterAdvertisement};
use crate::wire::igmp::{self, Igmp, ReportV3};
use crate::wire::mld::{self, Mld};
use crate::wire::tcp::{self, Tcp};
use crate::wire::udp::Udp;
use crate::wire::{MacAddr, U16, U32};

impl PacketBuilder {
    /// A UDP header.
    pub fn udp(self, src: u16, dst: u16) -> Self {
        let udp = Udp { src: U16::new(src), dst: U16::new(dst), len: U16::ZERO, checksum: U16::ZERO };
        self.header(Kind::Udp, udp)
    }

    /// A TCP header without options, flag ACK.
    pub fn tcp(self, src: u16, dst: u16) -> Self {
        let tcp = Tcp {
            src: U16::new(src),
            dst: U16::new(dst),
            seq: U32::ZERO,
            ack: U32::ZERO,
            data_offset: 5 << 4,
            flags: tcp::ACK,
            window: U16::new(0xffff),
            checksum: U16::ZERO,
            urgent: U16::ZERO,
        };
        self.header(Kind::Tcp, tcp)
    }

    /// Flags of the last TCP header: see [`tcp`](crate::wire::tcp).
    #[track_caller]
    pub fn tcp_flags(mut self, flags: u8) -> Self {
        self.last("TCP flags", |kind| kind == Kind::Tcp).head::<Tcp>().flags = flags;
        self
    }

    /// Sequence and acknowledgment number of the last TCP header.
    #[track_caller]
    pub fn tcp_seq(mut self, seq: u32, ack: u32) -> Self {
        let tcp = self.last("TCP sequence number", |kind| kind == Kind::Tcp).head::<Tcp>();
        (tcp.seq, tcp.ack) = (U32::new(seq), U32::new(ack));
        self
    }

    /// An ICMP header of this type and code; the rest of its 8 bytes is 0.
    pub fn icmp(self, kind: u8, code: u8) -> Self {
        self.header(Kind::Icmp, Icmp { kind, code, checksum: U16::ZERO, rest: [U16::ZERO; 2] })
    }

    /// An ICMP echo request; [`icmp`](Self::icmp) makes other messages.
    pub fn icmp_echo(self, identifier: u16, sequence: u16) -> Self {
        let rest = [U16::new(identifier), U16::new(sequence)];
        self.header(Kind::Icmp, Icmp { kind: icmp::ECHO_REQUEST, code: 0, checksum: U16::ZERO, rest })
    }

    /// An ICMPv6 header of this type and code; the message follows by [`payload`](Self::payload).
    pub fn icmpv6(self, kind: u8, code: u8) -> Self {
        self.icmpv6_with(kind, code, &[])
    }

    /// An ICMPv6 echo request.
    pub fn icmpv6_echo(self, identifier: u16, sequence: u16) -> Self {
        self.icmpv6_with(icmpv6::ECHO_REQUEST, 0, &[&[U16::new(identifier), U16::new(sequence)].as_bytes()])
    }

    /// A neighbor solicitation (RFC 4861): who has `target`? The IPv6 header should have hop limit 255.
    pub fn neighbor_solicitation(self, target: impl Into<Ipv6Addr>, source: MacAddr) -> Self {
        let body = Neighbor { flags: U32::ZERO, target: target.into().octets() };
        let option = LinkLayerAddress { kind: LinkLayerAddress::SOURCE, len: 1, mac: source };
        self.icmpv6_with(icmpv6::NEIGHBOR_SOLICITATION, 0, &[&body.as_bytes(), &option.as_bytes()])
    }

    /// A neighbor advertisement (RFC 4861): `target` is at `mac`; `flags` are those of [`Neighbor`]. The IPv6 header
    /// should have hop limit 255.
    pub fn neighbor_advertisement(self, target: impl Into<Ipv6Addr>, mac: MacAddr, flags: u32) -> Self {
        let body = Neighbor { flags: U32::new(flags), target: target.into().octets() };
        let option = LinkLayerAddress { kind: LinkLayerAddress::TARGET, len: 1, mac };
        self.icmpv6_with(icmpv6::NEIGHBOR_ADVERTISEMENT, 0, &[&body.as_bytes(), &option.as_bytes()])
    }

    /// A router solicitation (RFC 4861).
    pub fn router_solicitation(self, source: MacAddr) -> Self {
        let option = LinkLayerAddress { kind: LinkLayerAddress::SOURCE, len: 1, mac: source };
        self.icmpv6_with(icmpv6::ROUTER_SOLICITATION, 0, &[&[0; 4], &option.as_bytes()])
    }

    /// A router advertisement (RFC 4861), of a router for `lifetime` seconds.
    pub fn router_advertisement(self, source: MacAddr, lifetime: u16) -> Self {
        let lifetime = U16::new(lifetime);
        let body = RouterAdvertisement {
            hop_limit: 64,
            flags: 0,
            lifetime,
            reachable: U32::ZERO,
            retransmit: U32::ZERO,
        };
        let option = LinkLayerAddress { kind: LinkLayerAddress::SOURCE, len: 1, mac: source };
        self.icmpv6_with(icmpv6::ROUTER_ADVERTISEMENT, 0, &[&body.as_bytes(), &option.as_bytes()])
    }

    /// An IGMP message of version 1 or 2 (see [`igmp`](crate::wire::igmp) for types). The IP header should have TTL 1
    /// and [`router_alert`](Self::router_alert).
    pub fn igmp(self, kind: u8, group: impl Into<Ipv4Addr>) -> Self {
        let max_response = if kind == igmp::QUERY { 100 } else { 0 };
        self.header(
            Kind::Igmp,
            Igmp { kind, max_response, checksum: U16::ZERO, group: group.into().octets() },
        )
    }

    /// An IGMP query of version 3 for a group (unspecified for all), and if there are `sources`, for these.
    pub fn igmp_v3_query(self, group: impl Into<Ipv4Addr>, sources: &[Ipv4Addr]) -> Self {
        let query =
            Igmp { kind: igmp::QUERY, max_response: 100, checksum: U16::ZERO, group: group.into().octets() };
        let mut bytes = query.as_bytes().to_vec();
        // Robustness 2, query interval 125 s.
        bytes.extend_from_slice(&[2, 125]);
        bytes.extend_from_slice(&(sources.len() as u16).to_be_bytes());
        bytes.extend(sources.iter().flat_map(Ipv4Addr::octets));
        self.layer(Kind::Igmp, bytes)
    }

    /// An IGMP report of version 3: record type (see [`igmp::GroupRecord`]), group and sources of each.
    pub fn igmp_v3_report(self, records: &[(u8, Ipv4Addr, &[Ipv4Addr])]) -> Self {
        let report = ReportV3 {
            kind: igmp::REPORT_V3,
            reserved: 0,
            checksum: U16::ZERO,
            reserved2: U16::ZERO,
            records: U16::new(records.len() as u16),
        };
        let mut bytes = report.as_bytes().to_vec();
        for (kind, group, sources) in records {
            let sources_len = U16::new(sources.len() as u16);
            let record = igmp::GroupRecord {
                kind: *kind,
                auxiliary_len: 0,
                sources: sources_len,
                group: group.octets(),
            };
            bytes.extend_from_slice(record.as_bytes());
            bytes.extend(sources.iter().flat_map(Ipv4Addr::octets));
        }
        self.layer(Kind::Igmp, bytes)
    }

    /// An MLD message of version 1 (see [`mld`](crate::wire::mld) for types). The IP header should have hop limit 1 and
    /// [`router_alert`](Self::router_alert).
    pub fn mld(self, kind: u8, group: impl Into<Ipv6Addr>) -> Self {
        let max_response = U16::new(if kind == mld::QUERY { 10_000 } else { 0 });
        let body = Mld { max_response, reserved: U16::ZERO, group: group.into().octets() };
        self.icmpv6_with(kind, 0, &[&body.as_bytes()])
    }

    /// An MLD report of version 2: record type (see [`igmp::GroupRecord`]), group and sources of each.
    pub fn mld_v2_report(self, records: &[(u8, Ipv6Addr, &[Ipv6Addr])]) -> Self {
        let mut bytes = vec![0, 0];
        bytes.extend_from_slice(&(records.len() as u16).to_be_bytes());
        for (kind, group, sources) in records {
            let sources_len = U16::new(sources.len() as u16);
            let record = mld::GroupRecord {
                kind: *kind,
                auxiliary_len: 0,
                sources: sources_len,
                group: group.octets(),
            };
            bytes.extend_from_slice(record.as_bytes());
            bytes.extend(sources.iter().flat_map(Ipv6Addr::octets));
        }
        self.icmpv6_with(mld::REPORT_V2, 0, &[&bytes])
    }

    fn icmpv6_with(self, kind: u8, code: u8, parts: &[&dyn AsRef<[u8]>]) -> Self {
        let mut bytes = Icmpv6 { kind, code, checksum: U16::ZERO }.as_bytes().to_vec();
        parts.iter().for_each(|part| bytes.extend_from_slice((*part).as_ref()));
        self.layer(Kind::Icmpv6, bytes)
    }
}
