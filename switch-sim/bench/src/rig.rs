//! Switches to measure: booted, with VLANs, router interfaces, neighbors and routes made through the SAI
//! interface as any client makes them.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sai::bridge_port::BridgePort;
use sai::entry::{NeighborEntry, RouteEntry};
use sai::next_hop::NextHop;
use sai::port::Port;
use sai::router_interface::RouterInterface;
use sai::{
    AnyOid, BulkErrorMode, MacAddr, ObjectId, Oid, Result, Session, bridge_port, lag, lag_member,
    neighbor_entry, next_hop, next_hop_group, next_hop_group_member, route_entry, router_interface, switch,
    vlan, vlan_member,
};
use switch_sim::pipeline::{Engine, NoTrace, Sink, Tracer, VECTOR, Workers};
use switch_sim::port::index;
use switch_sim::switch::Shared;
use switch_sim::{Profile, Simulator, World};

use crate::frames::{Counting, Random, Ring, Traffic, ethernet};
use crate::{Cpu, Options};

fn profile(ports: u32) -> Profile {
    let mut profile = Profile::with_ports(ports);
    (profile.boot.ports_up, profile.boot.link_up) = (true, true);
    (profile.boot.bridge_ports, profile.boot.vlan_members) = (false, false);
    let limits = &mut profile.limits;
    (limits.fdb, limits.ipv4_neighbors) = (2_000_000, 200_000);
    (limits.next_hop_groups, limits.next_hop_group_members) = (4096, 200_000);
    profile
}

/// A booted switch.
#[derive(Debug)]
pub struct Rig {
    /// Where it stands.
    pub world: World,
    /// The simulator.
    pub sim: Simulator,
    /// Its switch.
    pub switch: sai::Switch,
    /// The ports.
    pub ports: Vec<Oid<Port>>,
}

impl Rig {
    /// A switch whose ports are up and attached to nothing.
    pub fn boot(ports: u32) -> Rig {
        let world = World::new(1);
        let sim = world.simulator(profile(ports));
        let session = Session::new(Arc::new(sim.clone()));
        let switch = session.create_switch(switch::Required { init_switch: true }).expect("boots");
        let ports = switch.ports().expect("has ports");
        Rig { world, sim, switch, ports }
    }

    /// A simulator without a switch.
    pub fn simulator(ports: u32) -> Simulator {
        World::new(1).simulator(profile(ports))
    }

    /// The dense index of a port.
    pub fn port(&self, n: usize) -> u16 {
        index(self.ports[n % self.ports.len()].raw())
    }

    /// The switch's MAC address, its router interfaces' too.
    pub fn mac(&self) -> [u8; 6] {
        self.switch.read(switch::SRC_MAC_ADDRESS).expect("has one").0
    }

    /// A bridge port on a port or LAG.
    ///
    /// # Errors
    /// As the switch answers; so with all that follow.
    pub fn bridge_port(&self, on: AnyOid) -> Result<Oid<BridgePort>> {
        self.switch.create(
            bridge_port::Required { r#type: bridge_port::Type::PORT }
                .with(bridge_port::PORT_ID, on)
                .with(bridge_port::ADMIN_STATE, true),
        )
    }

    /// A bridge port on each port.
    pub fn bridge_ports(&self) -> Result<Vec<Oid<BridgePort>>> {
        self.ports.iter().map(|p| self.bridge_port(p.any())).collect()
    }

    /// VLANs of which all bridge ports are tagged members.
    pub fn vlans(
        &self,
        vids: std::ops::Range<u16>,
        ports: &[Oid<BridgePort>],
    ) -> Result<Vec<Oid<vlan::Vlan>>> {
        vids.map(|vlan_id| {
            let vlan = self.switch.create(vlan::Required { vlan_id })?;
            for port in ports {
                self.switch.create(
                    vlan_member::Required { vlan_id: vlan, bridge_port_id: *port }
                        .with(vlan_member::VLAN_TAGGING_MODE, vlan::TaggingMode::TAGGED),
                )?;
            }
            Ok(vlan)
        })
        .collect()
    }

    /// A LAG of these ports.
    pub fn lag(&self, ports: &[Oid<Port>]) -> Result<Oid<lag::Lag>> {
        let lag = self.switch.create(sai::New::<lag::Lag>::of(()))?;
        for port in ports {
            self.switch.create(lag_member::Required { lag_id: lag, port_id: port.any() })?;
        }
        Ok(lag)
    }

    /// A router interface on a port.
    pub fn port_interface(&self, port: usize) -> Result<Oid<RouterInterface>> {
        let virtual_router_id = self.switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?;
        self.switch.create(
            router_interface::Required { virtual_router_id, r#type: router_interface::Type::PORT }
                .with(router_interface::PORT_ID, self.ports[port].any()),
        )
    }

    /// A router interface on a VLAN.
    pub fn vlan_interface(&self, vlan: Oid<vlan::Vlan>) -> Result<Oid<RouterInterface>> {
        let virtual_router_id = self.switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?;
        self.switch.create(
            router_interface::Required { virtual_router_id, r#type: router_interface::Type::VLAN }
                .with(router_interface::VLAN_ID, vlan),
        )
    }

    /// A neighbor out of an interface and a next hop to it.
    pub fn next_hop(&self, rif: Oid<RouterInterface>, ip: IpAddr, mac: [u8; 6]) -> Result<Oid<NextHop>> {
        let entry = NeighborEntry { switch_id: self.switch.id().raw(), rif_id: rif.raw(), ip_address: ip };
        self.switch.create(neighbor_entry::Required { entry, dst_mac_address: MacAddr(mac) })?;
        self.switch.create(
            next_hop::Required { r#type: next_hop::Type::IP }
                .with(next_hop::IP, ip)
                .with(next_hop::ROUTER_INTERFACE_ID, rif),
        )
    }

    /// A group of next hops.
    pub fn group(&self, hops: impl IntoIterator<Item = AnyOid>) -> Result<AnyOid> {
        let ecmp = next_hop_group::Type::DYNAMIC_UNORDERED_ECMP;
        let group = self.switch.create(next_hop_group::Required { r#type: ecmp })?;
        for hop in hops {
            self.switch
                .create(next_hop_group_member::Required { next_hop_group_id: group, next_hop_id: hop })?;
        }
        Ok(group.any())
    }

    /// The entry of a route of the default virtual router.
    pub fn route_entry(&self, vr_id: ObjectId, destination: IpNet) -> RouteEntry {
        RouteEntry { switch_id: self.switch.id().raw(), vr_id, destination }
    }

    /// Routes, to these next hops in turn.
    pub fn routes(&self, prefixes: &[IpNet], hops: &[AnyOid]) -> Result<()> {
        let vr_id = self.switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?.raw();
        for (n, chunk) in prefixes.chunks(1000).enumerate() {
            let new = chunk.iter().enumerate().map(|(k, p)| {
                let hop = hops[(n * 1000 + k) % hops.len()];
                route_entry::Required { entry: self.route_entry(vr_id, *p) }
                    .with(route_entry::NEXT_HOP_ID, Some(hop))
            });
            self.switch
                .bulk_create(new, BulkErrorMode::IgnoreError)
                .into_iter()
                .collect::<Result<Vec<_>>>()?;
        }
        Ok(())
    }

    /// Makes stations known: each sends a frame.
    pub fn learn(&self, stations: &[Station]) {
        let id = self.switch.id().raw();
        let (mut engine, mut ring) = (Engine::new(), Ring::default());
        let learn = |sw: &mut switch_sim::Switch| {
            for station in stations {
                let frame =
                    ethernet(station.mac, [2, 0, 0, 0, 0, 1], station.vid).ethertype(0x88b5).pad_to(60);
                engine.receive(station.port, &frame.build());
                engine.run(sw, 1, &mut NoTrace, &mut ring);
            }
        };
        self.sim.with_switch(id, learn).expect("the switch is there");
    }

    /// Forwards `packets` packets of the traffic, round and round, to such a sink; millions of them a second, for each run.
    pub fn forward<S: Counting>(&self, options: &Options, traffic: &Traffic, packets: usize) -> Vec<f64> {
        let (mut engine, mut sink) = (Engine::new(), S::default());
        let run = |sw: &mut switch_sim::Switch| {
            let one = |_| {
                let before = sink.count();
                let (seconds, ()) =
                    Cpu::of(|| pass(&mut engine, sw, traffic, packets, || NoTrace, &mut sink));
                let left = sink.count() - before;
                assert!(left >= packets as u64, "each leaves: {left} of {packets}");
                packets as f64 / seconds / 1e6
            };
            (0..=options.runs).map(one).skip(1).collect()
        };
        self.sim.with_switch(self.switch.id().raw(), run).expect("the switch is there")
    }

    /// Forwards the traffic, round and round, by each of these numbers of workers in turn; millions of packets a second
    /// of the clock on the wall, in the same order, for each run.
    pub fn forward_by<const N: usize>(
        &self,
        options: &Options,
        traffic: &Traffic,
        packets: usize,
        workers: [usize; N],
    ) -> Vec<[f64; N]> {
        let of = |n| NonZeroUsize::new(n).and_then(|n| Workers::new(n).ok()).expect("threads");
        let (mut crews, mut ring) = (workers.map(of), Ring::default());
        let run = |sw: &mut Shared| {
            let mut one = |crew: &mut Workers| {
                ring.count = 0;
                let frames = (0..traffic.len()).map(|n| traffic.get(n)).cycle().take(packets);
                let start = Instant::now();
                crew.forward(sw, 1, frames, &mut ring);
                let seconds = start.elapsed().as_secs_f64();
                assert!(ring.count >= packets as u64, "each leaves: {} of {packets}", ring.count);
                packets as f64 / seconds / 1e6
            };
            (0..=options.runs).map(|_| crews.each_mut().map(&mut one)).skip(1).collect()
        };
        self.sim.with_shared(self.switch.id().raw(), run).expect("the switch is there")
    }

    /// Nanoseconds of one packet alone, through [`World`]'s interface.
    pub fn single(&self, options: &Options, traffic: &Traffic, packets: usize, traced: bool) -> Vec<f64> {
        let port = |index: u16| self.ports.iter().find(|p| switch_sim::port::index(p.raw()) == index);
        let ports: Vec<_> =
            (0..traffic.len()).map(|n| port(traffic.get(n).0).expect("a port").raw()).collect();
        let mut one = |_| {
            let mut seconds = 0.0;
            for start in (0..packets).step_by(1024) {
                let inject = || {
                    for n in (start..packets.min(start + 1024)).map(|n| n % traffic.len()) {
                        let (port, frame) = (ports[n], traffic.get(n).1);
                        if traced {
                            std::hint::black_box(self.world.trace(&self.sim, port, frame).expect("taken"));
                        } else {
                            self.world.inject(&self.sim, port, frame).expect("taken");
                        }
                    }
                };
                seconds += Cpu::of(inject).0;
                for port in &self.ports {
                    while self.world.receive(&self.sim, port.raw()).expect("a port").is_some() {}
                }
            }
            seconds / packets as f64 * 1e9
        };
        (0..=options.runs).map(&mut one).skip(1).collect()
    }
}

/// What the figures of forwarding time: frames in, by vectors, and out. Not inlined, so that a profiler finds it.
#[inline(never)]
pub fn pass<T: Tracer>(
    engine: &mut Engine,
    sw: &mut switch_sim::Switch,
    traffic: &Traffic,
    packets: usize,
    tracer: impl Fn() -> T,
    sink: &mut impl Sink,
) {
    let mut next = 0;
    for _ in 0..packets / VECTOR {
        for _ in 0..VECTOR {
            let (port, frame) = traffic.get(next);
            engine.receive(port, frame);
            next += 1;
            if next == traffic.len() {
                next = 0;
            }
        }
        engine.run(sw, 1, &mut tracer(), sink);
    }
}

/// A host on a VLAN.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    /// Its address.
    pub mac: [u8; 6],
    /// The tag of its frames.
    pub vid: Option<u16>,
    /// The index of its port.
    pub port: u16,
}

/// Shares of prefix lengths, of 1,000: as in today's IPv4 table, where over half are /24 and few are longer.
const V4_LENGTHS: &[(u8, usize)] =
    &[(24, 610), (23, 100), (22, 112), (21, 50), (20, 45), (19, 25), (18, 14), (17, 10), (16, 24), (32, 10)];
/// As in today's IPv6 table, where nearly half are /48.
const V6_LENGTHS: &[(u8, usize)] =
    &[(48, 460), (32, 130), (44, 120), (40, 90), (36, 50), (29, 40), (46, 40), (47, 30), (64, 40)];

fn length(lengths: &[(u8, usize)], random: &mut Random) -> u8 {
    let mut left = random.below(1000);
    for &(length, share) in lengths {
        if left < share {
            return length;
        }
        left -= share;
    }
    lengths[0].0
}

/// Different IPv4 prefixes as in the Internet's table: two of three longer ones lie within shorter ones.
pub fn prefixes_v4(count: usize) -> Vec<IpNet> {
    let mut random = Random(1);
    let (mut seen, mut all, mut short) = (HashSet::new(), Vec::with_capacity(count), Vec::<Ipv4Net>::new());
    while all.len() < count {
        let len = length(V4_LENGTHS, &mut random);
        let any = ((1 + random.below(222)) as u32) << 24 | random.draw() as u32 & 0xff_ffff;
        let address = match short.get(random.below(short.len() * 3 / 2 + 1)) {
            Some(within) if len > 20 => {
                u32::from(within.network()) | random.draw() as u32 & u32::from(within.hostmask())
            }
            _ => any,
        };
        let net = Ipv4Net::new(Ipv4Addr::from(address), len).expect("a length").trunc();
        if !matches!(net.network().octets()[0], 127 | 169) && seen.insert(net) {
            if len <= 20 {
                short.push(net);
            }
            all.push(IpNet::V4(net));
        }
    }
    all
}

/// Different IPv6 prefixes as in the Internet's table, below 2000::/3; most within one of 30,000 allocations.
pub fn prefixes_v6(count: usize) -> Vec<IpNet> {
    let mut random = Random(1);
    let homes: Vec<u128> = (0..30_000)
        .map(|_| {
            (0x2000 | u128::from(random.draw() & 0xfff)) << 112 | u128::from(random.draw() & 0xffff) << 96
        })
        .collect();
    let (mut seen, mut all) = (HashSet::new(), Vec::with_capacity(count));
    while all.len() < count {
        let home = homes[random.below(homes.len())];
        let address = home | u128::from(random.draw()) << 32;
        let net =
            Ipv6Net::new(Ipv6Addr::from(address), length(V6_LENGTHS, &mut random)).expect("a length").trunc();
        if seen.insert(net) {
            all.push(IpNet::V6(net));
        }
    }
    all
}

/// An address within a prefix.
pub fn within(net: IpNet, random: &mut Random) -> IpAddr {
    match net {
        IpNet::V4(net) => {
            let host = random.draw() as u32 & u32::from(net.hostmask());
            IpAddr::V4(Ipv4Addr::from(u32::from(net.network()) | host))
        }
        IpNet::V6(net) => {
            let host = u128::from(random.draw()) & u128::from(net.hostmask());
            IpAddr::V6(Ipv6Addr::from(u128::from(net.network()) | host))
        }
    }
}
