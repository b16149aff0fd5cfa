//! Forwarding in memory: frames taken in by vectors of 64, millions a second.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use sai::{AnyOid, QosMap, QosMapParams, Result, qos_map, switch};

use crate::frames::{Addresses, Counting, InPlace, Random, Ring, Size, Traffic, ethernet};
use crate::rig::{Rig, Station, prefixes_v4, prefixes_v6, within};
use crate::{Case, Options};

const PORTS: u32 = 64;
const VLANS: u16 = 100;
const STATIONS: usize = 32_768;
/// Packets of a run.
const PACKETS: usize = 2 << 20;

/// The cases.
pub const CASES: &[Case] = &[
    mpps("forward/bridged/32k-macs", |o| bridged(Size::Small).forward(o)),
    mpps("forward/bridged/32k-macs/tx-copy", |o| bridged(Size::Small).copied(o)),
    mpps("forward/bridged/32k-macs/imix", |o| bridged(Size::Imix).forward(o)),
    mpps("forward/bridged/qos-maps", |o| marked().forward(o)),
    mpps("forward/bridged/lag-16", |o| bridged_lag().forward(o)),
    mpps("forward/bridged/flood-64", |o| flood().forward(o)),
    mpps("forward/ipv4/1M-prefixes/256-flows", |o| ipv4(o, 256, Size::Small).forward(o)),
    mpps("forward/ipv4/1M-prefixes/64k-flows", |o| ipv4(o, 65_536, Size::Small).forward(o)),
    mpps("forward/ipv4/1M-prefixes/64k-flows/tx-copy", |o| ipv4(o, 65_536, Size::Small).copied(o)),
    mpps("forward/ipv4/1M-prefixes/64k-flows/imix", |o| ipv4(o, 65_536, Size::Imix).forward(o)),
    mpps("forward/ipv4/1M-prefixes/1M-flows", |o| ipv4(o, 1 << 20, Size::Small).forward(o)),
    mpps("forward/ipv4/1M-prefixes/1M-flows/tx-copy", |o| ipv4(o, 1 << 20, Size::Small).copied(o)),
    mpps("forward/ipv4/vlan-interfaces/64k-flows", |o| vlan_interfaces(o).forward(o)),
    mpps("forward/ipv4/ecmp-64/64k-flows", |o| ecmp(o).forward(o)),
    mpps("forward/ipv6/200k-prefixes/64k-flows", |o| ipv6(o).forward(o)),
    wall("forward/bridged/32k-macs/workers-1", |o| bridged(Size::Small).by_workers(o, 1)),
    wall("forward/bridged/32k-macs/workers-2", |o| bridged(Size::Small).by_workers(o, 2)),
    wall("forward/bridged/32k-macs/workers-4", |o| bridged(Size::Small).by_workers(o, 4)),
    gain("forward/bridged/32k-macs/workers-2/gain", |o| bridged(Size::Small).gain(o, 2)),
    gain("forward/bridged/32k-macs/workers-4/gain", |o| bridged(Size::Small).gain(o, 4)),
    wall("forward/ipv4/1M-prefixes/64k-flows/workers-1", |o| ipv4(o, 65_536, Size::Small).by_workers(o, 1)),
    wall("forward/ipv4/1M-prefixes/64k-flows/workers-2", |o| ipv4(o, 65_536, Size::Small).by_workers(o, 2)),
    wall("forward/ipv4/1M-prefixes/64k-flows/workers-4", |o| ipv4(o, 65_536, Size::Small).by_workers(o, 4)),
    gain("forward/ipv4/1M-prefixes/64k-flows/workers-2/gain", |o| ipv4(o, 65_536, Size::Small).gain(o, 2)),
    gain("forward/ipv4/1M-prefixes/64k-flows/workers-4/gain", |o| ipv4(o, 65_536, Size::Small).gain(o, 4)),
    Case { name: "single/bridged", unit: "ns", run: |o| bridged(Size::Small).single(o, false) },
    Case { name: "single/bridged/traced", unit: "ns", run: |o| bridged(Size::Small).single(o, true) },
    Case { name: "single/ipv4", unit: "ns", run: |o| ipv4(o, 256, Size::Small).single(o, false) },
    Case { name: "single/ipv4/traced", unit: "ns", run: |o| ipv4(o, 256, Size::Small).single(o, true) },
];

const fn mpps(name: &'static str, run: fn(&Options) -> Vec<f64>) -> Case {
    Case { name, unit: "Mpps", run }
}

/// By the clock on the wall: several threads work.
const fn wall(name: &'static str, run: fn(&Options) -> Vec<f64>) -> Case {
    Case { name, unit: "Mpps wall", run }
}

/// How many times as many packets as by one worker, which runs by turns with the others.
const fn gain(name: &'static str, run: fn(&Options) -> Vec<f64>) -> Case {
    Case { name, unit: "x wall", run }
}

/// Whether there are so many processors; the figures of more workers would tell nothing.
fn has(processors: usize) -> bool {
    std::thread::available_parallelism().is_ok_and(|n| n.get() >= processors)
}

/// A switch with what it forwards.
#[derive(Debug)]
pub struct Scene {
    /// The switch.
    pub rig: Rig,
    /// The traffic.
    pub traffic: Traffic,
    /// Copies that each packet makes.
    pub fan_out: usize,
}

impl Scene {
    fn forward(&self, options: &Options) -> Vec<f64> {
        self.forward_to::<InPlace>(options)
    }

    fn copied(&self, options: &Options) -> Vec<f64> {
        self.forward_to::<Ring>(options)
    }

    fn forward_to<S: Counting>(&self, options: &Options) -> Vec<f64> {
        let packets = options.size(PACKETS / self.fan_out).next_multiple_of(64);
        self.rig.forward::<S>(options, &self.traffic, packets)
    }

    fn by_workers(&self, options: &Options, workers: usize) -> Vec<f64> {
        let packets = options.size(PACKETS).next_multiple_of(64);
        let run = || self.rig.forward_by(options, &self.traffic, packets, [workers]);
        if has(workers) { run().into_iter().map(|[rate]| rate).collect() } else { Vec::new() }
    }

    fn gain(&self, options: &Options, workers: usize) -> Vec<f64> {
        let packets = options.size(PACKETS).next_multiple_of(64);
        let run = || self.rig.forward_by(options, &self.traffic, packets, [1, workers]);
        if has(workers) { run().into_iter().map(|[one, all]| all / one).collect() } else { Vec::new() }
    }

    /// Nanoseconds of one packet alone through the world's interface, with and without a trace.
    fn single(&self, options: &Options, traced: bool) -> Vec<f64> {
        let packets = options.size(if traced { 1 << 14 } else { 1 << 17 });
        self.rig.single(options, &self.traffic, packets, traced)
    }
}

/// Stations of 100 VLANs on 64 ports; pairs of one VLAN that stand on different ports.
pub fn bridged(size: Size) -> Scene {
    let rig = Rig::boot(PORTS);
    let stations = bridge(&rig).expect("the switch takes it");
    let mut random = Random(7);
    let mut traffic = Traffic::default();
    for _ in 0..2 * STATIONS {
        let from = stations[random.below(STATIONS)];
        let mut to = random.below(STATIONS);
        while stations[to].vid != from.vid || stations[to].port == from.port {
            to = (to + 1) % STATIONS;
        }
        push_bridged(&mut traffic, size, from, stations[to].mac, &mut random);
    }
    rig.learn(&stations);
    Scene { rig, traffic, fan_out: 1 }
}

/// The same, with maps of DSCP to traffic class, of that to queue, and of class and color to DSCP.
pub fn marked() -> Scene {
    let scene = bridged(Size::Small);
    let switch = &scene.rig.switch;
    let map = |kind, key: fn(u8) -> QosMapParams, value: fn(u8) -> QosMapParams| {
        let list = (0..8).map(|n| QosMap { key: key(n), value: value(n) }).collect();
        switch.create(qos_map::Required { r#type: kind, map_to_value_list: list })
    };
    let class = |tc| QosMapParams { tc, ..QosMapParams::default() };
    let dscp = |dscp| QosMapParams { dscp, ..QosMapParams::default() };
    let index = |queue_index| QosMapParams { queue_index, ..QosMapParams::default() };
    let make = || -> Result<()> {
        let classes = map(qos_map::Type::DSCP_TO_TC, dscp, class)?;
        let queues = map(qos_map::Type::TC_TO_QUEUE, class, index)?;
        let marks = map(qos_map::Type::TC_AND_COLOR_TO_DSCP, class, dscp)?;
        switch.write(switch::QOS_DSCP_TO_TC_MAP, Some(classes))?;
        switch.write(switch::QOS_TC_TO_QUEUE_MAP, Some(queues))?;
        switch.write(switch::QOS_TC_AND_COLOR_TO_DSCP_MAP, Some(marks))
    };
    make().expect("the switch takes it");
    scene
}

/// As [`bridged`], of frames that carry no IP: they take the stages, not the express lane.
pub fn bridged_by_stages() -> Scene {
    let mut scene = bridged(Size::Small);
    let mut traffic = Traffic::default();
    for n in 0..scene.traffic.len() {
        let (port, frame) = scene.traffic.get(n);
        let mut frame = frame.to_vec();
        // The type behind the tag: local experimental.
        frame[16..18].copy_from_slice(&0x88b5u16.to_be_bytes());
        traffic.push(port, &frame);
    }
    scene.traffic = traffic;
    scene
}

fn push_bridged(traffic: &mut Traffic, size: Size, from: Station, to: [u8; 6], random: &mut Random) {
    let ip = |n: u64| Ipv4Addr::from(0x0a00_0000 | n as u32 & 0xff_ffff);
    let addresses = Addresses::V4(ip(random.draw()), ip(random.draw()));
    traffic.push_udp(
        from.port,
        size,
        ethernet(from.mac, to, from.vid),
        addresses,
        random.draw() as u16 & 0x3ff,
    );
}

fn bridge(rig: &Rig) -> Result<Vec<Station>> {
    let ports = rig.bridge_ports()?;
    rig.vlans(2..2 + VLANS, &ports)?;
    let mut random = Random(42);
    Ok((0..STATIONS)
        .map(|i| Station { mac: random.mac(), vid: Some(2 + i as u16 % VLANS), port: rig.port(i) })
        .collect())
}

/// Stations on 48 ports that send to stations behind a LAG of the other 16.
pub fn bridged_lag() -> Scene {
    let rig = Rig::boot(PORTS);
    let make = || -> Result<_> {
        let lag = rig.lag(&rig.ports[48..])?;
        let on = rig.ports[..48].iter().map(|p| p.any()).chain([lag.any()]);
        let ports = on.map(|p| rig.bridge_port(p)).collect::<Result<Vec<_>>>()?;
        rig.vlans(2..2 + VLANS, &ports)
    };
    make().expect("the switch takes it");
    let mut random = Random(42);
    let mut station = |i: usize, port: usize| Station {
        mac: random.mac(),
        vid: Some(2 + i as u16 % VLANS),
        port: rig.port(port),
    };
    let near: Vec<_> = (0..STATIONS / 2).map(|i| station(i, i % 48)).collect();
    let far: Vec<_> = (0..STATIONS / 2).map(|i| station(i, 48)).collect();
    let mut traffic = Traffic::default();
    let mut random = Random(7);
    for _ in 0..2 * STATIONS {
        let from = random.below(near.len());
        let to =
            from % usize::from(VLANS) + usize::from(VLANS) * random.below(far.len() / usize::from(VLANS));
        push_bridged(&mut traffic, Size::Small, near[from], far[to].mac, &mut random);
    }
    rig.learn(&near);
    rig.learn(&far);
    Scene { rig, traffic, fan_out: 1 }
}

/// Broadcasts in a VLAN of 64 ports: each leaves 63 times. The figure counts what comes in.
pub fn flood() -> Scene {
    let rig = Rig::boot(PORTS);
    let stations = bridge(&rig).expect("the switch takes it");
    rig.learn(&stations[..1024]);
    let mut traffic = Traffic::default();
    let mut random = Random(7);
    for from in &stations[..1024] {
        push_bridged(&mut traffic, Size::Small, *from, [0xff; 6], &mut random);
    }
    Scene { rig, traffic, fan_out: 63 }
}

/// A router of 64 port interfaces with 512 neighbors.
pub(crate) fn router() -> Result<(Rig, Vec<AnyOid>)> {
    let rig = Rig::boot(PORTS);
    let mut hops = Vec::new();
    for port in 0..PORTS as usize {
        let rif = rig.port_interface(port)?;
        for n in 0..8u8 {
            let ip = IpAddr::from([10, 0, port as u8, 2 + n]);
            hops.push(rig.next_hop(rif, ip, [2, 0, 0, 1, port as u8, n])?.any());
        }
    }
    Ok((rig, hops))
}

/// Packets from all ports to random routes; flows differ in their destinations and ports.
pub(crate) fn routed(
    rig: &Rig,
    nets: &[IpNet],
    flows: usize,
    size: Size,
    tag: impl Fn(usize) -> Option<u16>,
) -> Traffic {
    let (mac, mut random, mut traffic) = (rig.mac(), Random(9), Traffic::default());
    for n in 0..flows.max(4096) {
        // Few flows come again and again within one round of the traffic.
        let mut flow = Random((n % flows) as u64);
        let port = random.below(PORTS as usize);
        let addresses = match within(nets[flow.below(nets.len())], &mut flow) {
            IpAddr::V4(to) => Addresses::V4(Ipv4Addr::from(0x0b00_0000 | flow.draw() as u32 & 0xff_ffff), to),
            IpAddr::V6(to) => {
                Addresses::V6(Ipv6Addr::from(0x2001_0db8 << 96 | u128::from(flow.draw() | 1)), to)
            }
        };
        let layer2 = ethernet([2, 0, 0, 0, 1, port as u8], mac, tag(n));
        traffic.push_udp(rig.port(port), size, layer2, addresses, flow.draw() as u16 & 0x3ff);
    }
    traffic
}

/// A million IPv4 prefixes.
pub fn ipv4(options: &Options, flows: usize, size: Size) -> Scene {
    let (rig, hops) = router().expect("the switch takes it");
    let nets = prefixes_v4(options.size(1_000_000));
    rig.routes(&nets, &hops).expect("room");
    let traffic = routed(&rig, &nets, flows, size, |_| None);
    Scene { rig, traffic, fan_out: 1 }
}

/// 200,000 IPv6 prefixes.
pub fn ipv6(options: &Options) -> Scene {
    let (rig, hops) = router().expect("the switch takes it");
    let nets = prefixes_v6(options.size(200_000));
    rig.routes(&nets, &hops).expect("room");
    let traffic = routed(&rig, &nets, 65_536, Size::Small, |_| None);
    Scene { rig, traffic, fan_out: 1 }
}

/// A million prefixes by one group of 64 next hops.
pub fn ecmp(options: &Options) -> Scene {
    let rig = Rig::boot(PORTS);
    let make = || -> Result<_> {
        let mut hops = Vec::new();
        for port in 0..PORTS as usize {
            let rif = rig.port_interface(port)?;
            hops.push(rig.next_hop(
                rif,
                IpAddr::from([10, 0, port as u8, 2]),
                [2, 0, 0, 1, port as u8, 0],
            )?);
        }
        rig.group(hops.iter().map(|hop| hop.any()))
    };
    let group = make().expect("the switch takes it");
    let nets = prefixes_v4(options.size(1_000_000));
    rig.routes(&nets, &[group]).expect("room");
    let traffic = routed(&rig, &nets, 65_536, Size::Small, |_| None);
    Scene { rig, traffic, fan_out: 1 }
}

/// A million prefixes by neighbors on 100 VLAN interfaces; frames come in and go out tagged.
pub fn vlan_interfaces(options: &Options) -> Scene {
    let rig = Rig::boot(PORTS);
    let mut stations = Vec::new();
    let mut make = || -> Result<_> {
        let ports = rig.bridge_ports()?;
        let vlans = rig.vlans(2..2 + VLANS, &ports)?;
        let mut hops = Vec::new();
        for (n, vlan) in vlans.into_iter().enumerate() {
            let rif = rig.vlan_interface(vlan)?;
            let vid = Some(2 + n as u16);
            for k in 0..5u8 {
                let mac = [2, 0, 0, 1, n as u8, k];
                stations.push(Station { mac, vid, port: rig.port(n * 5 + usize::from(k)) });
                hops.push(rig.next_hop(rif, IpAddr::from([10, 0, n as u8, 2 + k]), mac)?.any());
            }
        }
        Ok(hops)
    };
    let hops = make().expect("the switch takes it");
    let nets = prefixes_v4(options.size(1_000_000));
    rig.routes(&nets, &hops).expect("room");
    let (mut traffic, plain) = (Traffic::default(), Size::Small);
    let whole = routed(&rig, &nets, 65_536, plain, |n| Some(2 + n as u16 % VLANS));
    for n in 0..whole.len() {
        let (port, frame) = whole.get(n);
        // Who sends is known: a station for each port and VLAN, so that none moves.
        let (mut frame, vid) = (frame.to_vec(), 2 + n as u16 % VLANS);
        let mac = [2, 0, 0, 2, port as u8, vid as u8];
        frame[6..12].copy_from_slice(&mac);
        stations.push(Station { mac, vid: Some(vid), port });
        traffic.push(port, &frame);
    }
    rig.learn(&stations);
    Scene { rig, traffic, fan_out: 1 }
}
