//! Traffic: frames with the ports where they come in, and what takes those that leave.

use std::net::{Ipv4Addr, Ipv6Addr};

use switch_sim::pipeline::{Sent, Sink};
use switch_sim::wire::PacketBuilder;
use switch_sim::wire::parse::Tci;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.draw()) * bound as u128) >> 64) as usize
    }

    /// A MAC address of a station.
    pub fn mac(&mut self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = self.draw().to_be_bytes();
        [a & 0xfc | 2, b, c, d, e, f]
    }
}

/// How long the frames are, without FCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// All 64 bytes.
    Small,
    /// Seven of 64 bytes to four of 594 and one of 1,514.
    Imix,
}

impl Size {
    fn of(self, n: usize) -> usize {
        match (self, n % 12) {
            (Size::Imix, 11) => 1514,
            (Size::Imix, 1 | 4 | 7 | 9) => 594,
            _ => 64,
        }
    }
}

/// A VLAN tag of the frames, or none.
pub type Tag = Option<u16>;

/// Frames in the order in which they come.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    bytes: Vec<u8>,
    frames: Vec<(u32, u16, u16)>,
}

impl Traffic {
    /// Adds a frame that comes in by a port.
    pub fn push(&mut self, port: u16, frame: &[u8]) {
        self.frames.push((self.bytes.len() as u32, frame.len() as u16, port));
        self.bytes.extend(frame);
    }

    /// A UDP packet of the next size.
    pub fn push_udp(
        &mut self,
        port: u16,
        size: Size,
        layer2: PacketBuilder,
        addresses: Addresses,
        flow: u16,
    ) {
        let layer3 = match addresses {
            Addresses::V4(src, dst) => layer2.ipv4(src, dst).ttl(64),
            Addresses::V6(src, dst) => layer2.ipv6(src, dst).ttl(64),
        };
        let bare = layer3.clone().udp(1024 + flow, 2048).build().len();
        let payload = vec![0; size.of(self.frames.len()).saturating_sub(bare)];
        let frame = layer3.udp(1024 + flow, 2048).payload(&payload).build();
        self.push(port, &frame);
    }

    /// How many frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// A frame and its port.
    #[inline(always)]
    pub fn get(&self, n: usize) -> (u16, &[u8]) {
        let (at, len, port) = self.frames[n];
        (port, &self.bytes[at as usize..][..usize::from(len)])
    }
}

/// Source and destination.
#[derive(Clone, Copy, Debug)]
pub enum Addresses {
    /// IPv4.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6.
    V6(Ipv6Addr, Ipv6Addr),
}

/// The Ethernet header of a frame.
pub fn ethernet(src: [u8; 6], dst: [u8; 6], tag: Tag) -> PacketBuilder {
    let plain = PacketBuilder::ethernet(src, dst);
    match tag {
        Some(vid) => plain.vlan(vid),
        None => plain,
    }
}

/// The tag of this VLAN as it stands in a frame.
pub fn tci(vid: u16) -> [u8; 2] {
    Tci::new(vid, 0, false).0.to_be_bytes()
}

/// A sink that tells how many frames it had.
pub trait Counting: Sink + Default {
    /// How many frames left.
    fn count(&self) -> u64;
}

/// Takes what leaves where it stands, as a driver does that sends from the switch's buffers.
#[derive(Debug, Default)]
pub struct InPlace(u64);

impl Sink for InPlace {
    #[inline(always)]
    fn transmit(&mut self, port: u16, head: &[u8], tail: &[u8]) {
        std::hint::black_box((port, head, tail));
        self.0 += 1;
    }
}

impl Counting for InPlace {
    fn count(&self) -> u64 {
        self.0
    }
}

const SLOT: usize = 2112;
const SLOTS: usize = 256;

/// Copies what leaves into a ring, as a driver does that has buffers of its own.
#[derive(Debug)]
pub struct Ring {
    buffer: Vec<u8>,
    at: usize,
    /// What workers sent last.
    taken: Sent,
    /// How many frames left.
    pub count: u64,
}

impl Default for Ring {
    fn default() -> Ring {
        Ring { buffer: vec![0; SLOTS * SLOT], at: 0, taken: Sent::default(), count: 0 }
    }
}

/// Copies a frame; the short ones, which are most, by two copies of known size that overlap.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        32..=64 => copy_ends::<32>(to, from),
        65..=128 => copy_ends::<64>(to, from),
        _ => to.copy_from_slice(from),
    }
}

#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk()) {
        *to = *from;
    }
}

impl Sink for Ring {
    #[inline]
    fn transmit(&mut self, _: u16, head: &[u8], tail: &[u8]) {
        let slot = &mut self.buffer[self.at..self.at + SLOT];
        copy(&mut slot[..head.len()], head);
        if !tail.is_empty() {
            slot[head.len()..head.len() + tail.len()].copy_from_slice(tail);
        }
        self.at = if self.at == (SLOTS - 1) * SLOT { 0 } else { self.at + SLOT };
        self.count += 1;
    }

    /// A worker has written the frames out already: they are taken as they are.
    fn transmit_all(&mut self, sent: &mut Sent) {
        self.count += sent.len() as u64;
        std::mem::swap(&mut self.taken, sent);
    }
}

impl Counting for Ring {
    fn count(&self) -> u64 {
        self.count
    }
}
