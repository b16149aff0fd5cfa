//! The floor: a bare bridge-and-route loop that does what any switch must do to a packet and nothing more.
//!
//! Frames are copied in, parsed (Ethernet, 802.1Q, IPv4), counted by port, checked against the VLAN's ports,
//! looked up by source and destination MAC address in one hash table, or by destination in a DIR-24-8 table
//! of a million prefixes; rewritten, counted and left where they stand. No objects, ACLs, learning, flooding, spanning
//! tree, traps, statistics beyond ports or checks of malformed packets. What the simulator reaches of its
//! rate in the same minute is the figure that does not depend on the machine.

use ipnet::IpNet;
use switch_sim::memory::{grow, prefetch};
use switch_sim::pipeline::Sink;

use crate::frames::{Counting, InPlace, Size, Traffic};
use crate::rig::prefixes_v4;
use crate::{Case, Cpu, Options, forward};

/// The cases.
pub const CASES: &[Case] = &[
    Case { name: "bare/bridged/32k-macs", unit: "Mpps", run: bridged },
    Case { name: "bare/ipv4/1M-prefixes/64k-flows", unit: "Mpps", run: |o| routed(o, 65_536) },
    Case { name: "bare/ipv4/1M-prefixes/1M-flows", unit: "Mpps", run: |o| routed(o, 1 << 20) },
];

const PACKETS: usize = 4 << 20;
const VECTOR: usize = 64;
const STRIDE: usize = 2112;
const PORTS: usize = 256;
const ROUTER: u16 = u16::MAX;

/// What a port counts: packets, octets in; packets, octets out.
type Counters = [u64; 4];

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    key: u64,
    port: u16,
}

/// MAC addresses with their VLAN, at most half full.
#[derive(Debug)]
struct Stations(Vec<Entry>);

impl Stations {
    #[inline(always)]
    fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & (self.0.len() - 1)
    }

    fn put(&mut self, key: u64, port: u16) {
        let mut at = self.home(key);
        while self.0[at].key != 0 && self.0[at].key != key {
            at = (at + 1) & (self.0.len() - 1);
        }
        self.0[at] = Entry { key, port };
    }

    #[inline(always)]
    fn get(&self, key: u64) -> Option<u16> {
        let mut at = self.home(key);
        loop {
            let entry = self.0[at];
            if entry.key == key {
                return Some(entry.port);
            }
            if entry.key == 0 {
                return None;
            }
            at = (at + 1) & (self.0.len() - 1);
        }
    }
}

/// A table in huge pages, as the switch's own are.
fn huge<T: Clone>(element: T, len: usize) -> Vec<T> {
    let mut table = Vec::new();
    grow(&mut table, len);
    table.resize(len, element);
    table
}

/// DIR-24-8 of 32-bit slots: a next hop, or with the top bit a block of 256.
#[derive(Debug)]
struct Dir24 {
    first: Vec<u32>,
    rest: Vec<u32>,
}

const BLOCK: u32 = 1 << 31;

impl Dir24 {
    /// Of prefixes in ascending order of their length.
    fn of(nets: &[IpNet]) -> Dir24 {
        let mut table = Dir24 { first: huge(0, 1 << 24), rest: Vec::new() };
        for len in 0..=32 {
            for (n, net) in nets.iter().enumerate().filter(|(_, net)| net.prefix_len() == len) {
                let IpNet::V4(net) = net else { continue };
                let (address, hop) = (u32::from(net.network()), 1 + n as u32 % 512);
                let at = (address >> 8) as usize;
                if len <= 24 {
                    table.first[at..at + (1 << (24 - len))].fill(hop);
                    continue;
                }
                if table.first[at] & BLOCK == 0 {
                    let block = table.rest.len() as u32 / 256;
                    table.rest.extend([table.first[at]; 256]);
                    table.first[at] = BLOCK | block;
                }
                let from = (table.first[at] & !BLOCK) as usize * 256 + (address & 255) as usize;
                table.rest[from..from + (1 << (32 - len))].fill(hop);
            }
        }
        table
    }

    #[inline(always)]
    fn get(&self, address: u32) -> u32 {
        let slot = self.first[(address >> 8) as usize];
        if slot & BLOCK == 0 {
            return slot;
        }
        self.rest[(slot & !BLOCK) as usize * 256 + (address & 255) as usize]
    }
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Hop {
    dst: [u8; 6],
    src: [u8; 6],
    port: u16,
}

/// What is known of a packet between the stages.
#[derive(Clone, Copy, Debug, Default)]
struct Meta {
    target: u64,
    source: u64,
    address: u32,
    hop: u32,
    port: u16,
    len: u16,
    layer3: u16,
    out: u16,
    dropped: bool,
}

/// The bare switch.
#[derive(Debug)]
struct Bare {
    stations: Stations,
    routes: Dir24,
    hops: Vec<Hop>,
    members: Vec<[u64; 4]>,
    counters: Vec<Counters>,
    buffers: Vec<u8>,
    meta: [Meta; VECTOR],
    misses: u64,
}

#[inline(always)]
fn key(vid: u16, mac: &[u8]) -> u64 {
    let &[a, b, c, d, e, f, ..] = mac else { return 0 };
    let [g, h] = vid.to_be_bytes();
    u64::from_be_bytes([g, h, a, b, c, d, e, f])
}

#[inline(always)]
fn right(ip: &[u8]) -> bool {
    let sum: u32 = ip.as_chunks::<2>().0.iter().map(|w| u32::from(u16::from_ne_bytes(*w))).sum();
    (sum & 0xffff) + (sum >> 16) == 0xffff
}

impl Bare {
    fn new(routes: Dir24) -> Bare {
        Bare {
            stations: Stations(huge(Entry::default(), 1 << 17)),
            routes,
            hops: (0..513u32)
                .map(|n| {
                    let [_, _, a, b] = n.to_be_bytes();
                    Hop { dst: [2, 0, 0, 1, a, b], src: [2, 0, 0, 0, 0, 1], port: n as u16 % 64 }
                })
                .collect(),
            members: vec![[u64::MAX; 4]; 4096],
            counters: vec![[0; 4]; PORTS],
            buffers: vec![0; VECTOR * STRIDE],
            meta: [Meta::default(); VECTOR],
            misses: 0,
        }
    }

    #[inline(always)]
    fn take(&mut self, i: usize, port: u16, frame: &[u8]) {
        self.buffers[i * STRIDE..][..frame.len()].copy_from_slice(frame);
        self.meta[i] = Meta { port, len: frame.len() as u16, ..Meta::default() };
    }

    #[inline(always)]
    fn frame(&mut self, i: usize) -> &mut [u8; 64] {
        self.buffers[i * STRIDE..].first_chunk_mut().expect("the buffers are longer")
    }

    #[inline(always)]
    fn parse(&mut self, i: usize) {
        let frame = *self.frame(i);
        let m = &mut self.meta[i];
        let counters = &mut self.counters[usize::from(m.port) % PORTS];
        counters[0] += 1;
        counters[1] += u64::from(m.len);
        let tagged = frame[12..14] == [0x81, 0];
        let vid = if tagged { u16::from_be_bytes([frame[14], frame[15]]) & 0xfff } else { 1 };
        m.layer3 = if tagged { 18 } else { 14 };
        m.dropped = self.members[usize::from(vid)][usize::from(m.port) / 64 % 4] >> (m.port % 64) & 1 == 0;
        m.target = key(vid, &frame);
        m.source = key(vid, &frame[6..]);
        prefetch(&self.stations.0[self.stations.home(m.target)]);
        prefetch(&self.stations.0[self.stations.home(m.source)]);
    }

    #[inline(always)]
    fn bridge(&mut self, i: usize) {
        let frame = *self.frame(i);
        let m = &mut self.meta[i];
        self.misses += u64::from(self.stations.get(m.source) != Some(m.port));
        match self.stations.get(m.target) {
            Some(ROUTER) => {
                let ip = &frame[usize::from(m.layer3)..][..20];
                if ip[0] != 0x45 || ip[8] <= 1 || !right(ip) {
                    m.dropped = true;
                    return;
                }
                m.address = u32::from_be_bytes([ip[16], ip[17], ip[18], ip[19]]);
                m.out = ROUTER;
                prefetch(&self.routes.first[(m.address >> 8) as usize]);
            }
            Some(port) => m.out = port,
            None => m.dropped = true,
        }
    }

    #[inline(always)]
    fn route(&mut self, i: usize) {
        let m = &mut self.meta[i];
        if m.out == ROUTER {
            m.hop = self.routes.get(m.address);
            m.dropped |= m.hop == 0;
            prefetch(&self.hops[m.hop as usize]);
        }
    }

    #[inline(always)]
    fn send(&mut self, i: usize, sink: &mut InPlace) {
        let m = self.meta[i];
        if m.dropped {
            return;
        }
        let mut port = m.out;
        if m.out == ROUTER {
            let hop = self.hops[m.hop as usize];
            let frame = self.frame(i);
            frame[..6].copy_from_slice(&hop.dst);
            frame[6..12].copy_from_slice(&hop.src);
            let ip = &mut frame[usize::from(m.layer3)..][..20];
            ip[8] -= 1;
            let sum = u32::from(u16::from_be_bytes([ip[10], ip[11]])) + 0x100;
            ip[10..12].copy_from_slice(&((sum + (sum >> 16)) as u16).to_be_bytes());
            port = hop.port;
        }
        let counters = &mut self.counters[usize::from(port) % PORTS];
        counters[2] += 1;
        counters[3] += u64::from(m.len);
        sink.transmit(port, &self.buffers[i * STRIDE..][..usize::from(m.len)], &[]);
    }

    #[inline(never)]
    fn pass(&mut self, traffic: &Traffic, packets: usize, sink: &mut InPlace) {
        let mut next = 0;
        for _ in 0..packets / VECTOR {
            for i in 0..VECTOR {
                let (port, frame) = traffic.get(next);
                self.take(i, port, frame);
                next += 1;
                if next == traffic.len() {
                    next = 0;
                }
            }
            (0..VECTOR).for_each(|i| self.parse(i));
            (0..VECTOR).for_each(|i| self.bridge(i));
            (0..VECTOR).for_each(|i| self.route(i));
            (0..VECTOR).for_each(|i| self.send(i, sink));
        }
    }

    fn rates(&mut self, options: &Options, traffic: &Traffic) -> Vec<f64> {
        let packets = options.size(PACKETS).next_multiple_of(VECTOR);
        let mut one = |_| {
            let mut sink = InPlace::default();
            let (seconds, ()) = Cpu::of(|| self.pass(traffic, packets, &mut sink));
            assert_eq!(sink.count(), packets as u64, "each leaves");
            packets as f64 / seconds / 1e6
        };
        (0..=options.runs).map(&mut one).skip(1).collect()
    }
}

fn bridged(options: &Options) -> Vec<f64> {
    let traffic = forward::bridged(Size::Small).traffic;
    let mut bare = Bare::new(Dir24::of(&[]));
    for n in 0..traffic.len() {
        let (port, frame) = traffic.get(n);
        bare.stations.put(key(u16::from_be_bytes([frame[14], frame[15]]), &frame[6..]), port);
    }
    for n in 0..traffic.len() {
        let frame = traffic.get(n).1;
        let target = key(u16::from_be_bytes([frame[14], frame[15]]), frame);
        if bare.stations.get(target).is_none() {
            bare.stations.put(target, n as u16 % 64);
        }
    }
    bare.rates(options, &traffic)
}

fn routed(options: &Options, flows: usize) -> Vec<f64> {
    let nets = prefixes_v4(options.size(1_000_000));
    let (rig, _) = forward::router().expect("the switch takes it");
    let traffic = forward::routed(&rig, &nets, flows, Size::Small, |_| None);
    let mut bare = Bare::new(Dir24::of(&nets));
    for n in 0..traffic.len() {
        let (port, frame) = traffic.get(n);
        bare.stations.put(key(1, &frame[6..]), port);
        bare.stations.put(key(1, frame), ROUTER);
    }
    bare.rates(options, &traffic)
}
