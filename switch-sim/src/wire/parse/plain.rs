//! What most frames are, read in one go.

use super::{Tci, Tpids};
use crate::wire::{ethertype, protocol};

/// The headers of a frame of Ethernet with at most one tag, IPv4 without options or fragments or IPv6 without
/// extensions, UDP or TCP: what it takes to forward it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plain {
    /// TPID of the tag; the EtherType without one.
    pub tpid: u16,
    /// The tag; what stands there without one.
    pub outer: Tci,
    /// Length of the IP packet.
    pub ip_len: u16,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Offset of the IP header: behind a tag or not.
    pub l3: u8,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// UDP or TCP.
    pub protocol: u8,
    /// IPv6.
    pub v6: bool,
}

impl Plain {
    /// Whether there is a tag.
    #[inline(always)]
    pub(crate) const fn tagged(&self) -> bool {
        self.l3 > 14
    }

    /// Reads a frame of at most 65,535 bytes in place, field by field, which spares registers. `false` for any other
    /// frame, malformed ones among them; what is read then means nothing.
    #[inline(always)]
    pub(crate) fn read(&mut self, frame: &[u8], tpids: &Tpids) -> bool {
        let Some(start) = frame.first_chunk::<60>() else { return false };
        let first = u16::from_be_bytes([start[12], start[13]]);
        let tag = u32::from_be_bytes([start[14], start[15], start[16], start[17]]);
        self.tpid = first;
        self.outer = Tci((tag >> 16) as u16);
        match first {
            ethertype::IPV4 => {
                self.l3 = 14;
                self.read_v4(&start[14..], frame.len() - 14)
            }
            ethertype::IPV6 => {
                self.l3 = 14;
                self.read_v6(&frame[14..])
            }
            _ => {
                self.l3 = 18;
                match tag as u16 {
                    _ if first != tpids.0[0] && !tpids.has(first) => false,
                    ethertype::IPV4 => self.read_v4(&start[18..], frame.len() - 18),
                    ethertype::IPV6 => self.read_v6(&frame[18..]),
                    _ => false,
                }
            }
        }
    }

    #[inline(always)]
    fn read_v4(&mut self, ip: &[u8], len: usize) -> bool {
        let Some(ip) = ip.first_chunk::<24>() else { return false };
        let head = u64::from_be_bytes([ip[0], ip[1], ip[2], ip[3], ip[4], ip[5], ip[6], ip[7]]);
        self.v6 = false;
        self.ttl = ip[8];
        self.protocol = ip[9];
        self.ip_len = (head >> 32) as u16;
        self.src_port = u16::from_be_bytes([ip[20], ip[21]]);
        self.dst_port = u16::from_be_bytes([ip[22], ip[23]]);
        // Version, header length; the fragment's flag and offset.
        head >> 56 == 0x45 && head & 0x3fff == 0 && self.is_whole(20, len)
    }

    #[inline(always)]
    fn read_v6(&mut self, ip: &[u8]) -> bool {
        let Some(head) = ip.first_chunk::<44>() else { return false };
        let payload = u16::from_be_bytes([head[4], head[5]]);
        self.v6 = true;
        self.ttl = head[7];
        self.protocol = head[6];
        self.ip_len = payload.saturating_add(40);
        self.src_port = u16::from_be_bytes([head[40], head[41]]);
        self.dst_port = u16::from_be_bytes([head[42], head[43]]);
        head[0] >> 4 == 6 && payload <= u16::MAX - 40 && self.is_whole(40, ip.len())
    }

    /// Whether the packet is of UDP or TCP, holds its header and ends within the frame.
    #[inline(always)]
    fn is_whole(&self, header: u16, room: usize) -> bool {
        let shortest = match self.protocol {
            protocol::UDP => header + 8,
            protocol::TCP => header + 20,
            _ => return false,
        };
        self.ip_len >= shortest && usize::from(self.ip_len) <= room
    }
}
