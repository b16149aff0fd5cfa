//! One pass over a frame for the packet path: where each header is, and the fields that most decisions need.

use super::{be16, checksum, ethertype, protocol};

/// What stands at [`Headers::l3`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum L3 {
    /// None of the others, or none that could be read.
    #[default]
    Other,
    /// IPv4, with a whole and well-formed header.
    Ipv4,
    /// IPv6, with a whole and well-formed fixed header.
    Ipv6,
    /// ARP for IPv4 over Ethernet, whole.
    Arp,
    /// An MPLS label stack.
    Mpls,
}

/// Why a frame is not what it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Malformed {
    /// Shorter than an Ethernet header, or than its VLAN tags.
    TruncatedEthernet = 1,
    /// The frame ends within the IP (or ARP) header.
    TruncatedL3,
    /// The version of the IP header is not what the EtherType says.
    IpVersion,
    /// The IPv4 header length is below 20 bytes.
    HeaderLength,
    /// The length in the IP header is below that of the header or goes past the frame.
    IpLength,
    /// The IPv4 header checksum is wrong: told by [`Headers::check_ipv4`], not by the pass itself.
    Checksum,
    /// The IPv6 extension headers end past the packet, or there are more than eight.
    Extension,
    /// The packet ends within the TCP, UDP, SCTP, ICMP or IGMP header.
    TruncatedL4,
}

/// The tag protocol identifiers that mark a VLAN tag. 0x0800 and 0x86DD are never tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tpids(pub [u16; 4]);

impl Tpids {
    /// The given identifiers, up to four; more are left out.
    pub fn new(tpids: &[u16]) -> Self {
        let first = tpids.first().copied().unwrap_or(ethertype::VLAN);
        Tpids(std::array::from_fn(|i| tpids.get(i).copied().unwrap_or(first)))
    }

    /// Whether `ethertype` marks a tag.
    #[inline(always)]
    pub fn has(&self, ethertype: u16) -> bool {
        let [a, b, c, d] = self.0;
        (ethertype == a) | (ethertype == b) | (ethertype == c) | (ethertype == d)
    }
}

impl Default for Tpids {
    /// 0x8100 and 0x88A8.
    fn default() -> Self {
        Tpids::new(&[ethertype::VLAN, ethertype::QINQ])
    }
}

/// Tag control information (802.1Q): priority, drop eligibility, VLAN id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tci(pub u16);

impl Tci {
    /// From its parts; bits beyond their width are dropped.
    #[inline(always)]
    pub const fn new(vid: u16, pcp: u8, dei: bool) -> Self {
        Tci((vid & 0xfff) | ((pcp as u16 & 7) << 13) | ((dei as u16) << 12))
    }

    /// VLAN id, 0 to 4095; 0 is a priority tag.
    #[inline(always)]
    pub const fn vid(self) -> u16 {
        self.0 & 0xfff
    }

    /// Priority code point, 0 to 7.
    #[inline(always)]
    pub const fn pcp(self) -> u8 {
        (self.0 >> 13) as u8
    }

    /// Drop eligible indicator.
    #[inline(always)]
    pub const fn dei(self) -> bool {
        self.0 & 0x1000 != 0
    }
}

/// Bits of [`Headers::flags`].
pub mod flag {
    /// The IPv4 header has options, or the IPv6 packet a hop-by-hop header.
    pub const IP_OPTIONS: u16 = 1 << 0;
    /// A fragment, first or not.
    pub const FRAGMENT: u16 = 1 << 1;
    /// A fragment other than the first: it has no L4 header.
    pub const LATER_FRAGMENT: u16 = 1 << 2;
    /// IPv4: must not be fragmented.
    pub const DONT_FRAGMENT: u16 = 1 << 3;
    /// The L4 header was read: ports, or type and code, are valid.
    pub const L4: u16 = 1 << 4;
    /// 802.3 length instead of an EtherType, LLC follows.
    pub const LLC: u16 = 1 << 5;
    /// LLC with SNAP of organisation 0: the EtherType is SNAP's.
    pub const SNAP: u16 = 1 << 6;
    /// IPv6 extension headers of any kind.
    pub const EXTENSIONS: u16 = 1 << 7;
}

/// What one pass over a frame finds. Offsets are in bytes from the start of the frame; those not reached are 0.
///
/// A frame may be malformed from some header on and still be bridged: `error` tells the first fault, and all
/// fields above it are valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// The EtherType after the tags, SNAP's if there is SNAP; 0 for LLC without.
    pub ethertype: u16,
    /// The TPID of the outer tag; valid if `tags` > 0.
    pub tpid: u16,
    /// The outer tag; valid if `tags` > 0.
    pub outer: Tci,
    /// The inner tag; valid if `tags` > 1.
    pub inner: Tci,
    /// Offset of what follows Ethernet and its tags (and LLC/SNAP).
    pub l3: u16,
    /// Offset of the header named by `protocol`, after options and extension headers.
    pub l4: u16,
    /// Offset of the end of the IP packet by its own length; the end of the frame for others. Beyond is padding.
    pub end: u16,
    /// TCP, UDP, UDP-Lite or SCTP source port; for ICMP, ICMPv6 and IGMP, type (high byte) and code (low).
    pub src_port: u16,
    /// TCP, UDP, UDP-Lite or SCTP destination port.
    pub dst_port: u16,
    /// Bits of [`flag`].
    pub flags: u16,
    /// The IPv6 flow label.
    pub flow_label: u32,
    /// VLAN tags read: 0, 1 or 2.
    pub tags: u8,
    /// What stands at `l3`.
    pub kind: L3,
    /// IP protocol, after IPv6 extension headers.
    pub protocol: u8,
    /// IPv4 type of service or IPv6 traffic class: DSCP in the high six bits, ECN in the low two.
    pub tos: u8,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// TCP flags, FIN in bit 0.
    pub tcp_flags: u8,
    /// The first fault found.
    pub error: Option<Malformed>,
}

impl Headers {
    /// Reads the headers of an Ethernet frame (without FCS). Frames longer than 65,535 bytes are read as if cut
    /// there.
    #[inline(always)]
    pub fn parse(frame: &[u8], tpids: &Tpids) -> Headers {
        let mut headers = Headers::default();
        headers.read(frame, tpids);
        headers
    }

    /// As [`parse`](Self::parse), in place.
    #[inline(always)]
    pub fn read(&mut self, frame: &[u8], tpids: &Tpids) {
        if !self.read_common(frame, tpids) {
            *self = Headers::parse_any(frame, tpids);
        }
    }

    /// Reads what most frames are: Ethernet with at most one tag, IPv4 without options or fragments or IPv6
    /// without extensions, UDP or TCP. All is at known offsets. `false` for any other frame, malformed ones
    /// among them, of which nothing is read.
    #[inline(always)]
    pub(crate) fn read_common(&mut self, frame: &[u8], tpids: &Tpids) -> bool {
        let Some(start) = frame.first_chunk::<60>() else { return false };
        let first = u16::from_be_bytes([start[12], start[13]]);
        match first {
            ethertype::IPV4 => return self.read_common_ipv4::<14>(start, frame.len()),
            ethertype::IPV6 => return self.read_common_ipv6::<14>(frame),
            _ => {}
        }
        if first != tpids.0[0] && !tpids.has(first) {
            return false;
        }
        let read = match u16::from_be_bytes([start[16], start[17]]) {
            ethertype::IPV4 => self.read_common_ipv4::<18>(start, frame.len()),
            ethertype::IPV6 => self.read_common_ipv6::<18>(frame),
            _ => false,
        };
        if read {
            self.tpid = first;
            self.outer = Tci(u16::from_be_bytes([start[14], start[15]]));
            self.tags = 1;
        }
        read
    }

    #[inline(always)]
    fn read_common_ipv6<const AT: usize>(&mut self, frame: &[u8]) -> bool {
        let Some(ip) = frame.get(AT..).and_then(|f| f.first_chunk::<48>()) else { return false };
        let be16 = |at: usize| u16::from_be_bytes([ip[at], ip[at + 1]]);
        let (payload, protocol) = (usize::from(be16(4)), ip[6]);
        let (layer4, tcp_flags) = match (protocol, frame.get(AT + 53)) {
            (protocol::UDP, _) => (8, 0),
            (protocol::TCP, Some(flags)) => (20, *flags),
            _ => return false,
        };
        let end = AT + 40 + payload;
        let plain = ip[0] >> 4 == 6 && payload >= layer4 && end <= frame.len();
        if !plain || frame.len() > usize::from(u16::MAX) {
            return false;
        }
        let word = u32::from_be_bytes([ip[0], ip[1], ip[2], ip[3]]);
        *self = Headers {
            ethertype: ethertype::IPV6,
            tpid: 0,
            outer: Tci(0),
            inner: Tci(0),
            l3: AT as u16,
            l4: AT as u16 + 40,
            end: end as u16,
            src_port: be16(40),
            dst_port: be16(42),
            flags: flag::L4,
            flow_label: word & 0xf_ffff,
            tags: 0,
            kind: L3::Ipv6,
            protocol,
            tos: (word >> 20) as u8,
            ttl: ip[7],
            tcp_flags,
            error: None,
        };
        true
    }

    #[inline(always)]
    fn read_common_ipv4<const AT: usize>(&mut self, start: &[u8; 60], len: usize) -> bool {
        let be16 = |at: usize| u16::from_be_bytes([start[AT + at], start[AT + at + 1]]);
        let (total, fragment, protocol) = (be16(2), be16(6), start[AT + 9]);
        let (layer4, tcp_flags) = match protocol {
            protocol::UDP => (8, 0),
            protocol::TCP => (20, start[AT + 33]),
            _ => return false,
        };
        let end = AT + usize::from(total);
        let plain = start[AT] == 0x45 && fragment & 0x3fff == 0 && total >= 20 + layer4 && end <= len;
        if !plain || len > usize::from(u16::MAX) {
            return false;
        }
        *self = Headers {
            ethertype: ethertype::IPV4,
            tpid: 0,
            outer: Tci(0),
            inner: Tci(0),
            l3: AT as u16,
            l4: AT as u16 + 20,
            end: end as u16,
            src_port: be16(20),
            dst_port: be16(22),
            flags: flag::L4 | ((fragment >> 14 & 1) * flag::DONT_FRAGMENT),
            flow_label: 0,
            tags: 0,
            kind: L3::Ipv4,
            protocol,
            tos: start[AT + 1],
            ttl: start[AT + 8],
            tcp_flags,
            error: None,
        };
        true
    }

    #[inline(never)]
    fn parse_any(frame: &[u8], tpids: &Tpids) -> Headers {
        let frame = &frame[..frame.len().min(usize::from(u16::MAX))];
        let mut h = Headers { end: frame.len() as u16, ..Headers::default() };
        let Some(&[.., a, b]) = frame.first_chunk::<14>() else {
            h.error = Some(Malformed::TruncatedEthernet);
            return h;
        };
        h.ethertype = u16::from_be_bytes([a, b]);
        let mut at = 14;
        if h.ethertype != ethertype::IPV4 && tpids.has(h.ethertype) {
            let Some(&[a, b, c, d]) = frame[at..].first_chunk::<4>() else {
                h.error = Some(Malformed::TruncatedEthernet);
                return h;
            };
            h.tpid = h.ethertype;
            h.outer = Tci(u16::from_be_bytes([a, b]));
            h.ethertype = u16::from_be_bytes([c, d]);
            h.tags = 1;
            at = 18;
            if h.ethertype != ethertype::IPV4 && tpids.has(h.ethertype) {
                let Some(&[a, b, c, d]) = frame[at..].first_chunk::<4>() else {
                    h.error = Some(Malformed::TruncatedEthernet);
                    return h;
                };
                h.inner = Tci(u16::from_be_bytes([a, b]));
                h.ethertype = u16::from_be_bytes([c, d]);
                h.tags = 2;
                at = 22;
            }
        }
        h.read_l3(frame, at);
        h
    }

    /// Reads the headers of a packet without Ethernet that starts at `at`, as within a tunnel.
    #[inline]
    pub fn parse_l3(frame: &[u8], at: usize, ethertype: u16) -> Headers {
        let frame = &frame[..frame.len().min(usize::from(u16::MAX))];
        let mut h = Headers { ethertype, end: frame.len() as u16, ..Headers::default() };
        h.read_l3(frame, at.min(frame.len()));
        h
    }

    /// Whether the frame is an IP packet with a whole header.
    #[inline(always)]
    pub fn is_ip(&self) -> bool {
        matches!(self.kind, L3::Ipv4 | L3::Ipv6)
    }

    /// Whether any of these [`flag`] bits is set.
    #[inline(always)]
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }

    /// The DSCP, 0 to 63.
    #[inline(always)]
    pub fn dscp(&self) -> u8 {
        self.tos >> 2
    }

    /// The ECN bits, 0 to 3.
    #[inline(always)]
    pub fn ecn(&self) -> u8 {
        self.tos & 3
    }

    /// Type and code of ICMP, ICMPv6 or IGMP.
    #[inline(always)]
    pub fn icmp(&self) -> (u8, u8) {
        ((self.src_port >> 8) as u8, self.src_port as u8)
    }

    /// Checks the IPv4 header checksum of the frame that these headers were read from; any other packet passes.
    /// Apart from the pass, since bridging does not look at it.
    #[inline]
    pub fn check_ipv4(&self, frame: &[u8]) -> Result<(), Malformed> {
        if self.kind != L3::Ipv4 {
            return Ok(());
        }
        let at = usize::from(self.l3);
        let right = if self.has(flag::IP_OPTIONS) {
            ipv4_header(frame, at).is_some_and(|header| checksum::checksum(header) == 0)
        } else {
            frame.get(at..).and_then(|f| f.first_chunk()).is_some_and(checksum::ipv4_is_right)
        };
        if right { Ok(()) } else { Err(Malformed::Checksum) }
    }

    #[inline(always)]
    fn read_l3(&mut self, frame: &[u8], at: usize) {
        self.l3 = at as u16;
        match self.ethertype {
            ethertype::IPV4 => self.read_ipv4(frame, at),
            ethertype::IPV6 => self.read_ipv6(frame, at),
            _ => self.read_other(frame, at),
        }
    }

    #[inline(always)]
    fn read_ipv4(&mut self, frame: &[u8], at: usize) {
        let Some(ip) = frame[at..].first_chunk::<20>() else {
            self.error = Some(Malformed::TruncatedL3);
            return;
        };
        let total = u16::from_be_bytes([ip[2], ip[3]]);
        let mut header = 20;
        if ip[0] != 0x45 {
            header = usize::from(ip[0] & 15) * 4;
            self.error = if ip[0] >> 4 != 4 {
                Some(Malformed::IpVersion)
            } else if header < 20 {
                Some(Malformed::HeaderLength)
            } else if at + header > frame.len() {
                Some(Malformed::TruncatedL3)
            } else {
                None
            };
            if self.error.is_some() {
                return;
            }
            self.flags |= flag::IP_OPTIONS;
        }
        if usize::from(total) < header || at + usize::from(total) > frame.len() {
            self.error = Some(Malformed::IpLength);
            return;
        }
        self.kind = L3::Ipv4;
        self.end = at as u16 + total;
        self.tos = ip[1];
        self.ttl = ip[8];
        self.protocol = ip[9];
        self.l4 = (at + header) as u16;
        let fragment = u16::from_be_bytes([ip[6], ip[7]]);
        if fragment != 0 {
            if fragment & 0x4000 != 0 {
                self.flags |= flag::DONT_FRAGMENT;
            }
            if fragment & 0x3fff != 0 {
                self.flags |= flag::FRAGMENT;
            }
            if fragment & 0x1fff != 0 {
                self.flags |= flag::LATER_FRAGMENT;
                return;
            }
        }
        self.read_l4(frame);
    }

    #[inline(always)]
    fn read_ipv6(&mut self, frame: &[u8], at: usize) {
        let Some(ip) = frame[at..].first_chunk::<40>() else {
            self.error = Some(Malformed::TruncatedL3);
            return;
        };
        if ip[0] >> 4 != 6 {
            self.error = Some(Malformed::IpVersion);
            return;
        }
        let end = at + 40 + usize::from(u16::from_be_bytes([ip[4], ip[5]]));
        if end > frame.len() {
            self.error = Some(Malformed::IpLength);
            return;
        }
        let word = u32::from_be_bytes([ip[0], ip[1], ip[2], ip[3]]);
        self.kind = L3::Ipv6;
        self.end = end as u16;
        self.tos = (word >> 20) as u8;
        self.flow_label = word & 0xf_ffff;
        self.ttl = ip[7];
        self.protocol = ip[6];
        self.l4 = (at + 40) as u16;
        if is_extension(self.protocol) && !self.read_extensions(frame) {
            return;
        }
        self.read_l4(frame);
    }

    /// Steps over IPv6 extension headers; `false` if no L4 header can be read after them.
    #[cold]
    fn read_extensions(&mut self, frame: &[u8]) -> bool {
        self.flags |= flag::EXTENSIONS;
        let packet = &frame[..usize::from(self.end)];
        for _ in 0..8 {
            let at = usize::from(self.l4);
            let Some(&[next, len, c, d]) = packet.get(at..).and_then(|f| f.first_chunk::<4>()) else { break };
            let size = match self.protocol {
                protocol::FRAGMENT => 8,
                protocol::AH => (usize::from(len) + 2) * 4,
                _ => (usize::from(len) + 1) * 8,
            };
            if at + size > packet.len() {
                break;
            }
            if self.protocol == protocol::HOP_BY_HOP {
                self.flags |= flag::IP_OPTIONS;
            }
            let fragment = if self.protocol == protocol::FRAGMENT { u16::from_be_bytes([c, d]) } else { 0 };
            if self.protocol == protocol::FRAGMENT {
                // A packet in one "atomic fragment" (RFC 6946) is whole.
                self.flags |= if fragment & 0xfff9 != 0 { flag::FRAGMENT } else { 0 };
            }
            self.protocol = next;
            self.l4 = (at + size) as u16;
            if fragment & 0xfff8 != 0 {
                self.flags |= flag::LATER_FRAGMENT;
                return false;
            }
            if !is_extension(next) {
                return true;
            }
        }
        self.error = Some(Malformed::Extension);
        false
    }

    #[inline(always)]
    fn read_l4(&mut self, frame: &[u8]) {
        let (at, end) = (usize::from(self.l4), usize::from(self.end));
        let least = match self.protocol {
            protocol::UDP | protocol::UDP_LITE => 8,
            protocol::TCP => 20,
            protocol::SCTP => 12,
            protocol::ICMP | protocol::ICMPV6 | protocol::IGMP => 4,
            _ => return,
        };
        if at + least > end {
            self.error = Some(Malformed::TruncatedL4);
            return;
        }
        let Some(&[a, b, c, d]) = frame.get(at..).and_then(|f| f.first_chunk::<4>()) else { return };
        self.flags |= flag::L4;
        self.src_port = u16::from_be_bytes([a, b]);
        if least > 4 {
            self.dst_port = u16::from_be_bytes([c, d]);
        }
        if least == 20 {
            self.tcp_flags = frame.get(at + 13).copied().unwrap_or(0);
        }
    }

    #[cold]
    fn read_other(&mut self, frame: &[u8], at: usize) {
        match self.ethertype {
            ethertype::ARP => match frame[at..].first_chunk::<28>() {
                Some([0, 1, 8, 0, 6, 4, ..]) => self.kind = L3::Arp,
                Some(_) => {}
                None => self.error = Some(Malformed::TruncatedL3),
            },
            ethertype::MPLS | ethertype::MPLS_UPSTREAM => {
                if frame.len() >= at + 4 {
                    self.kind = L3::Mpls;
                } else {
                    self.error = Some(Malformed::TruncatedL3);
                }
            }
            length if length < ethertype::MIN => {
                self.flags |= flag::LLC;
                self.ethertype = 0;
                if let (Some([0xaa, 0xaa, 3, 0, 0, 0]), Some(snap)) =
                    (frame[at..].first_chunk::<6>(), be16(frame, at + 6))
                {
                    self.flags |= flag::SNAP;
                    self.ethertype = snap;
                    self.l3 = (at + 8) as u16;
                    match snap {
                        ethertype::IPV4 => self.read_ipv4(frame, at + 8),
                        ethertype::IPV6 => self.read_ipv6(frame, at + 8),
                        ethertype::ARP if frame.len() >= at + 36 => self.kind = L3::Arp,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

#[inline(always)]
fn is_extension(next_header: u8) -> bool {
    matches!(
        next_header,
        protocol::HOP_BY_HOP | protocol::ROUTING | protocol::FRAGMENT | protocol::AH | protocol::DESTINATION
    )
}

/// The IPv4 header at `at` with its options.
fn ipv4_header(frame: &[u8], at: usize) -> Option<&[u8]> {
    let len = usize::from(frame.get(at)? & 15) * 4;
    frame.get(at..at + len)
}

const _: () = assert!(size_of::<Headers>() <= 40, "a vector's headers stay in the first-level cache");

mod plain;

pub(crate) use plain::Plain;

#[cfg(test)]
mod tests;
