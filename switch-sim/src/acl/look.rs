//! What an ACL can ask of a packet: the columns of a look-up key.

use std::cell::OnceCell;

use crate::bridge::Target;
use crate::lag;
use crate::pipeline::packet::flag;
use crate::pipeline::{NONE, Out, Packet};
use crate::switch::Switch;
use crate::wire::inner::Inner;
use crate::wire::parse::{self, Headers, L3, Tpids};
use crate::wire::{ethertype, protocol, udp};

/// A packet at one stage, as look-ups see it.
pub(super) struct Look<'a> {
    pub sw: &'a Switch,
    pub p: &'a Packet,
    pub frame: &'a [u8],
    /// The headers of `frame`: those of [`Packet::headers`] but at egress, where the frame has changed.
    pub h: &'a Headers,
    /// At egress: what is asked about tags is asked about the frame that leaves.
    pub egress: bool,
    /// `ACL_USER_META` as the tables before have left it.
    meta: u32,
    wrote: bool,
    inner: OnceCell<Option<Inner>>,
}

impl<'a> Look<'a> {
    pub fn new(sw: &'a Switch, p: &'a Packet, frame: &'a [u8], h: &'a Headers, egress: bool) -> Look<'a> {
        Look { sw, p, frame, h, egress, meta: p.acl_meta, wrote: false, inner: OnceCell::new() }
    }

    /// Has the tables that follow see a value in `ACL_USER_META`; the first that is written stays.
    pub fn write_meta(&mut self, meta: u32) {
        if !std::mem::replace(&mut self.wrote, true) {
            self.meta = meta;
        }
    }

    fn be32(&self, at: usize) -> u64 {
        be(self.frame, at, 4)
    }

    fn l3(&self, at: usize) -> usize {
        usize::from(self.h.l3) + at
    }

    fn l4(&self, at: usize) -> usize {
        usize::from(self.h.l4) + at
    }

    /// The packet that a tunnel carries; read once, when somebody asks.
    fn inner(&self) -> Option<&Inner> {
        self.inner.get_or_init(|| tunneled(self.sw, self.h, self.frame)).as_ref()
    }

    fn inner_ip(&self, v4: bool, at: usize, bytes: usize) -> u64 {
        match self.inner().and_then(|i| i.headers.as_ref()) {
            Some(h) if v4 == (h.kind == L3::Ipv4) && h.is_ip() => {
                be(self.frame, usize::from(h.l3) + at, bytes)
            }
            _ => 0,
        }
    }

    fn inner_header(&self) -> Headers {
        self.inner().and_then(|i| i.headers).unwrap_or_default()
    }

    /// The VLAN: of the frame as it leaves at egress, else by which it was classified.
    pub fn vid(&self) -> u16 {
        match (self.egress, self.h.tags) {
            (false, _) => self.p.vid,
            (true, 0) if self.p.out_bridge_port == NONE => 0,
            (true, 0) if self.p.domain < crate::bridge::FIRST_1D => self.p.domain,
            (true, 0) => 0,
            (true, _) => self.h.outer.vid(),
        }
    }

    fn egress_tag(&self) -> bool {
        self.egress && self.h.tags > 0
    }

    /// The port by which the packet leaves, as far as it is decided.
    fn out_port(&self) -> u16 {
        if self.egress {
            return self.p.out_port;
        }
        match self.out() {
            Target::Port(port) => port,
            Target::Lag(index) => lag::would_select(self.sw, self.p, self.frame, index).unwrap_or(NONE),
            Target::None => NONE,
        }
    }

    fn out_lag(&self) -> u16 {
        if self.egress {
            return self.sw.ports.get(self.p.out_port).map_or(NONE, |r| r.lag);
        }
        match self.out() {
            Target::Port(port) => self.sw.ports.get(port).map_or(NONE, |r| r.lag),
            Target::Lag(index) => index,
            Target::None => NONE,
        }
    }

    fn out(&self) -> Target {
        match self.p.out {
            Out::Port(port) => Target::Port(port),
            Out::Lag(index) => Target::Lag(index),
            Out::BridgePort(bp) => self.sw.bridge.port(bp).map_or(Target::None, |b| b.to),
            _ => Target::None,
        }
    }

    /// In and out port, for lists of ports.
    pub fn port(&self, out: bool) -> u16 {
        if out { self.out_port() } else { self.p.port }
    }

    fn mpls(&self, n: usize) -> Option<u64> {
        if self.h.kind != L3::Mpls {
            return None;
        }
        let label = |n: usize| {
            let at = self.l3(4 * n);
            (at + 4 <= self.frame.len()).then(|| self.be32(at))
        };
        // A label after the bottom of the stack is none.
        for k in 0..n {
            if label(k)? & 0x100 != 0 {
                return None;
            }
        }
        label(n)
    }

    fn metadata(&self, object: sai::ObjectId, attr: sai::AttrId) -> u64 {
        self.sw.store.number(object, attr) as u32 as u64
    }

    fn rocev2(&self) -> bool {
        self.h.protocol == protocol::UDP && self.h.has(parse::flag::L4) && self.h.dst_port == udp::ROCE_V2
    }
}

/// The packet that a tunnel carries.
pub(super) fn tunneled(sw: &Switch, h: &Headers, frame: &[u8]) -> Option<Inner> {
    let vxlan = sw.store.number(sw.id, sai::switch::VXLAN_DEFAULT_PORT.id()) as u16;
    Inner::of(h, frame, vxlan)
}

/// Bytes of a frame as a number; 0 beyond its end.
#[inline(always)]
pub(super) fn be(frame: &[u8], at: usize, bytes: usize) -> u64 {
    let Some(field) = frame.get(at..at + bytes) else { return 0 };
    field.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

#[inline(always)]
fn wide(frame: &[u8], at: usize) -> u64 {
    frame.get(at..).and_then(|f| f.first_chunk()).map_or(0, |b| u64::from_be_bytes(*b))
}

#[inline(always)]
fn word(frame: &[u8], at: usize) -> u64 {
    frame.get(at..).and_then(|f| f.first_chunk()).map_or(0, |b| u64::from(u32::from_be_bytes(*b)))
}

macro_rules! columns {
    ($($name:ident $width:literal |$look:ident| $read:expr;)*) => {
        /// One column of a key: up to 64 bits of a packet or of what is known about it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Col { $($name),* }

        impl Col {
            pub const ALL: &[Col] = &[$(Col::$name),*];

            pub const fn width(self) -> u8 {
                match self { $(Col::$name => $width),* }
            }

            /// How it is read. The value has no bit beyond the width.
            pub fn reader(self) -> fn(&Look<'_>) -> u64 {
                match self { $(Col::$name => { |$look: &Look<'_>| $read }),* }
            }
        }
    };
}

impl Col {
    /// Whether it is known as a packet comes in, from its headers, port and VLAN.
    pub fn is_early(self) -> bool {
        use Col::*;
        matches!(
            self,
            SrcMac
                | DstMac
                | EtherType
                | OuterVid
                | OuterPri
                | OuterCfi
                | InnerVid
                | InnerPri
                | InnerCfi
                | Tags
                | HasTag
                | SrcIp
                | DstIp
                | SrcV6High
                | SrcV6Low
                | DstV6High
                | DstV6Low
                | Protocol
                | NextHeader
                | Identification
                | IpFlags
                | Tos
                | Ttl
                | FlowLabel
                | TcpFlags
                | SrcPort
                | DstPort
                | IcmpType
                | IcmpCode
                | InPort
                | InLag
                | Class
        )
    }
}

fn v4(look: &Look<'_>) -> bool {
    look.h.kind == L3::Ipv4
}

fn v6(look: &Look<'_>) -> bool {
    look.h.kind == L3::Ipv6
}

fn has_ports(h: &Headers) -> bool {
    use protocol::{SCTP, TCP, UDP, UDP_LITE};
    h.has(parse::flag::L4) && matches!(h.protocol, TCP | UDP | UDP_LITE | SCTP)
}

columns! {
    SrcMac 48 |k| wide(k.frame, 6) >> 16;
    DstMac 48 |k| wide(k.frame, 0) >> 16;
    EtherType 16 |k| u64::from(k.h.ethertype);
    // Sixteen bits, so that ranges can be asked of it.
    OuterVid 16 |k| u64::from(k.vid());
    OuterPri 3 |k| u64::from(if k.egress_tag() { k.h.outer.pcp() } else { k.p.pcp });
    OuterCfi 1 |k| u64::from(if k.egress_tag() { k.h.outer.dei() } else { k.p.dei });
    InnerVid 16 |k| u64::from(k.h.inner.vid());
    InnerPri 3 |k| u64::from(k.h.inner.pcp());
    InnerCfi 1 |k| u64::from(k.h.inner.dei());
    Tags 2 |k| u64::from(k.h.tags);
    HasTag 1 |k| u64::from(k.h.tags > 0);
    SrcIp 32 |k| if v4(k) { word(k.frame, k.l3(12)) } else { 0 };
    DstIp 32 |k| if v4(k) { word(k.frame, k.l3(16)) } else { 0 };
    SrcV6High 64 |k| if v6(k) { wide(k.frame, k.l3(8)) } else { 0 };
    SrcV6Low 64 |k| if v6(k) { wide(k.frame, k.l3(16)) } else { 0 };
    DstV6High 64 |k| if v6(k) { wide(k.frame, k.l3(24)) } else { 0 };
    DstV6Low 64 |k| if v6(k) { wide(k.frame, k.l3(32)) } else { 0 };
    Protocol 8 |k| u64::from(k.h.protocol);
    NextHeader 8 |k| if v6(k) { be(k.frame, k.l3(6), 1) } else { 0 };
    Identification 16 |k| if v4(k) { be(k.frame, k.l3(4), 2) } else { 0 };
    IpFlags 3 |k| if v4(k) { be(k.frame, k.l3(6), 1) >> 5 } else { 0 };
    Tos 8 |k| u64::from(k.h.tos);
    Ttl 8 |k| u64::from(k.h.ttl);
    FlowLabel 20 |k| u64::from(k.h.flow_label);
    TcpFlags 8 |k| u64::from(k.h.tcp_flags);
    SrcPort 16 |k| if has_ports(k.h) { u64::from(k.h.src_port) } else { 0 };
    DstPort 16 |k| if has_ports(k.h) { u64::from(k.h.dst_port) } else { 0 };
    IcmpType 8 |k| u64::from(k.h.icmp().0);
    IcmpCode 8 |k| u64::from(k.h.icmp().1);
    Length 16 |k| k.p.len() as u64;
    Tc 8 |k| u64::from(k.p.tc);
    InPort 16 |k| u64::from(k.p.port);
    InLag 16 |k| u64::from(k.p.lag);
    OutPort 16 |k| u64::from(k.out_port());
    OutLag 16 |k| u64::from(k.out_lag());
    Vrf 16 |k| u64::from(if k.p.rif == NONE { NONE } else { k.p.vrf });
    Mpls0 32 |k| k.mpls(0).unwrap_or(0);
    Mpls1 32 |k| k.mpls(1).unwrap_or(0);
    Mpls2 32 |k| k.mpls(2).unwrap_or(0);
    Mpls3 32 |k| k.mpls(3).unwrap_or(0);
    Mpls4 32 |k| k.mpls(4).unwrap_or(0);
    Vni 24 |k| k.inner().and_then(|i| i.vni).map_or(0, u64::from);
    GreKey 32 |k| k.inner().and_then(|i| i.gre_key).map_or(0, u64::from);
    Sci 64 |k| sci(k).unwrap_or(0);
    BthOpcode 8 |k| if k.rocev2() { be(k.frame, k.l4(8), 1) } else { 0 };
    AethSyndrome 8 |k| if k.rocev2() { be(k.frame, k.l4(8 + 12), 1) } else { 0 };
    InnerSrcMac 48 |k| k.inner().and_then(|i| i.ethernet).map_or(0, |at| wide(k.frame, at + 6) >> 16);
    InnerDstMac 48 |k| k.inner().and_then(|i| i.ethernet).map_or(0, |at| wide(k.frame, at) >> 16);
    InnerEtherType 16 |k| u64::from(k.inner_header().ethertype);
    InnerSrcIp 32 |k| k.inner_ip(true, 12, 4);
    InnerDstIp 32 |k| k.inner_ip(true, 16, 4);
    InnerSrcV6High 64 |k| k.inner_ip(false, 8, 8);
    InnerSrcV6Low 64 |k| k.inner_ip(false, 16, 8);
    InnerDstV6High 64 |k| k.inner_ip(false, 24, 8);
    InnerDstV6Low 64 |k| k.inner_ip(false, 32, 8);
    InnerProtocol 8 |k| u64::from(k.inner_header().protocol);
    InnerSrcPort 16 |k| u64::from(k.inner_header().src_port);
    InnerDstPort 16 |k| u64::from(k.inner_header().dst_port);
    FdbMeta 32 |k| u64::from(k.p.dst_meta[0]);
    NeighborMeta 32 |k| u64::from(k.p.dst_meta[1]);
    RouteMeta 32 |k| u64::from(k.p.dst_meta[2]);
    NextHopMeta 32 |k| u64::from(k.p.dst_meta[3]);
    PortMeta 32 |k| k.sw.ports.get(k.p.port).map_or(0, |r| k.metadata(r.id, sai::port::META_DATA.id()));
    VlanMeta 32 |k| {
        k.sw.bridge.domain(k.p.vid).map_or(0, |d| k.metadata(d.id, sai::vlan::META_DATA.id()))
    };
    AclMeta 32 |k| u64::from(k.meta);
    FdbHit 1 |k| u64::from(k.p.has(flag::FDB_HIT));
    NeighborHit 1 |k| u64::from(k.p.has(flag::NEIGHBOR_HIT));
    RouteHit 1 |k| u64::from(k.p.has(flag::ROUTE_HIT));
    IpmcHit 1 |k| u64::from(k.p.has(flag::IPMC_HIT));
    Class 16 |k| u64::from(class::of(k));
    More 16 |k| u64::from(class::more(k));
}

/// The SCI of a MACsec frame, where its SecTAG has one (802.1AE 9.3).
fn sci(k: &Look<'_>) -> Option<u64> {
    const SC: u64 = 0x20;
    let tci = be(k.frame, k.l3(0), 1);
    (k.h.ethertype == ethertype::MACSEC && tci & SC != 0 && k.frame.len() >= k.l3(14))
        .then(|| wide(k.frame, k.l3(6)))
}

/// What a packet is, a bit each: a rule that looks at a field asks that the packet has it.
pub(super) mod class {
    use super::*;

    pub const IPV4: u32 = 1;
    pub const IPV6: u32 = 1 << 1;
    pub const IP: u32 = 1 << 2;
    pub const PORTS: u32 = 1 << 3;
    pub const TCP: u32 = 1 << 4;
    pub const ICMP: u32 = 1 << 5;
    pub const ICMPV6: u32 = 1 << 6;
    pub const INNER_TAG: u32 = 1 << 7;
    /// By EtherType.
    pub const TYPE_IPV4: u32 = 1 << 8;
    pub const TYPE_IPV6: u32 = 1 << 9;
    pub const ARP: u32 = 1 << 10;
    pub const ARP_REQUEST: u32 = 1 << 11;
    pub const ARP_REPLY: u32 = 1 << 12;
    pub const FRAGMENT: u32 = 1 << 13;
    pub const LATER: u32 = 1 << 14;
    pub const IS_IP: u32 = 1 << 15;
    /// From here on in [`Col::More`].
    pub const MORE: u32 = 16;
    pub const INNER: u32 = 1 << 16;
    pub const INNER_ETHERNET: u32 = 1 << 17;
    pub const INNER_IPV4: u32 = 1 << 18;
    pub const INNER_IPV6: u32 = 1 << 19;
    pub const INNER_IP: u32 = 1 << 20;
    pub const INNER_PORTS: u32 = 1 << 21;
    pub const VNI: u32 = 1 << 22;
    pub const GRE_KEY: u32 = 1 << 23;
    pub const BTH: u32 = 1 << 24;
    pub const AETH: u32 = 1 << 25;
    pub const SCI: u32 = 1 << 26;
    pub const MPLS: [u32; 5] = [1 << 27, 1 << 28, 1 << 29, 1 << 30, 1 << 31];

    const fn bit(on: bool, bit: u32) -> u32 {
        if on { bit } else { 0 }
    }

    #[inline(always)]
    pub fn of(k: &Look<'_>) -> u16 {
        const RARP: u16 = 0x8035;
        use protocol::{SCTP, TCP as TCP_, UDP, UDP_LITE};
        let h = k.h;
        let mut bits = match h.kind {
            L3::Ipv4 => IPV4 | IP,
            L3::Ipv6 => IPV6 | IP,
            _ => 0,
        };
        if h.has(parse::flag::L4) {
            bits |= match h.protocol {
                TCP_ => TCP | PORTS,
                UDP | UDP_LITE | SCTP => PORTS,
                protocol::ICMP => ICMP,
                protocol::ICMPV6 => ICMPV6,
                _ => 0,
            };
        }
        bits |= match h.ethertype {
            ethertype::IPV4 => TYPE_IPV4 | IS_IP,
            ethertype::IPV6 => TYPE_IPV6 | IS_IP,
            _ => 0,
        };
        if h.has(parse::flag::FRAGMENT | parse::flag::LATER_FRAGMENT) || h.tags > 1 {
            bits |= bit(h.has(parse::flag::FRAGMENT), FRAGMENT)
                | bit(h.has(parse::flag::LATER_FRAGMENT), LATER)
                | bit(h.tags > 1, INNER_TAG);
        }
        if h.ethertype == ethertype::ARP || h.ethertype == RARP {
            let operation = be(k.frame, k.l3(6), 2);
            bits |= ARP | bit(operation == 1, ARP_REQUEST) | bit(operation == 2, ARP_REPLY);
        }
        bits as u16
    }

    pub fn more(k: &Look<'_>) -> u16 {
        let mut bits = 0;
        if let Some(inner) = k.inner() {
            bits |= bit(inner.ethernet.is_some(), INNER_ETHERNET)
                | bit(inner.vni.is_some(), VNI)
                | bit(inner.gre_key.is_some(), GRE_KEY);
            if let Some(h) = &inner.headers {
                bits |= INNER
                    | bit(h.kind == L3::Ipv4, INNER_IPV4)
                    | bit(h.kind == L3::Ipv6, INNER_IPV6)
                    | bit(h.is_ip(), INNER_IP)
                    | bit(has_ports(h), INNER_PORTS);
            }
        }
        if k.rocev2() && k.frame.len() >= k.l4(8 + 12) {
            bits |= BTH;
            // RC acknowledges, and the answers that carry an AETH (IBTA volume 1, 9.2).
            let opcode = be(k.frame, k.l4(8), 1);
            bits |= bit(matches!(opcode & 0x1f, 0x0d | 0x0f..=0x12) && k.frame.len() >= k.l4(8 + 16), AETH);
        }
        bits |= bit(sci(k).is_some(), SCI);
        for (n, has) in MPLS.iter().enumerate() {
            bits |= bit(k.mpls(n).is_some(), *has);
        }
        (bits >> MORE) as u16
    }
}

/// The headers of a frame as it leaves a port.
pub(super) fn parse_out(sw: &Switch, p: &Packet, frame: &[u8]) -> Headers {
    let tpids = sw.ports.get(p.out_port).map_or_else(Tpids::default, |r| r.tpids);
    Headers::parse(frame, &tpids)
}
