//! The ready topologies, booted whole, with routes, in virtual time: every host reaches every other, and two runs are
//! the same byte for byte.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use sai::entry::{NeighborEntry, RouteEntry};
use sai::{
    MacAddr, neighbor_entry, next_hop, next_hop_group, next_hop_group_member, route_entry, router_interface,
    switch,
};
use switch_sim::wire::PacketBuilder;
use switch_sim::world::{Monitor, Seen, Way};
use switch_sim_live::topology::{ClockKind, PortName};
use switch_sim_live::{Network, Topology};

/// A host: where it is, its address and its MAC address.
struct Host {
    port: PortName,
    address: Ipv4Addr,
    mac: [u8; 6],
}

/// A host at every port of switches whose name begins so that no link ends at. Switch n's hosts are 10.n.p.2.
fn hosts(topology: &Topology, edge: &str) -> Vec<Host> {
    let mut hosts = Vec::new();
    for (n, switch) in topology.switches.iter().enumerate().filter(|(_, s)| s.name.starts_with(edge)) {
        for place in 0..switch.ports.unwrap() as usize {
            let port = PortName { switch: switch.name.clone(), port: place };
            if topology.links.iter().all(|l| !l.ends.contains(&port)) {
                let (n, p) = (n as u8, place as u8);
                hosts.push(Host { port, address: [10, n, p, 2].into(), mac: [2, 0xaa, 0, n, p, 2] });
            }
        }
    }
    hosts
}

/// From each switch, the ports that lead to another by a shortest way.
fn ways(topology: &Topology, from: &str, to: &str) -> Vec<usize> {
    let links = || topology.links.iter().flat_map(|l| [(&l.ends[0], &l.ends[1]), (&l.ends[1], &l.ends[0])]);
    let mut distance = BTreeMap::from([(to, 0)]);
    let mut queue = VecDeque::from([to]);
    while let Some(at) = queue.pop_front() {
        for (_, near) in links().filter(|(far, _)| far.switch == at) {
            if !distance.contains_key(near.switch.as_str()) {
                distance.insert(&near.switch, distance[at] + 1);
                queue.push_back(&near.switch);
            }
        }
    }
    links()
        .filter(|(near, far)| near.switch == from && distance[far.switch.as_str()] < distance[from])
        .map(|(near, _)| near.port)
        .collect()
}

/// Makes every port a router interface, and programs routes to all hosts' networks.
fn program(network: &Network, topology: &Topology, hosts: &[Host]) {
    let mac = |name: &str| topology.switches.iter().find(|s| s.name == name).unwrap().mac.unwrap();
    for node in network.nodes() {
        let (switch, switch_id) = (node.session(), node.switch.raw());
        let vr = switch.get(node.switch, switch::DEFAULT_VIRTUAL_ROUTER_ID).unwrap();
        let mut hops = Vec::new();
        for (place, port) in switch.get(node.switch, switch::PORT_LIST).unwrap().into_iter().enumerate() {
            let kind = router_interface::Type::PORT;
            let rif = switch
                .create(
                    router_interface::Required { virtual_router_id: vr, r#type: kind }
                        .with(router_interface::PORT_ID, port.any()),
                )
                .unwrap();
            // Who is at the other end.
            let here = PortName { switch: node.name.clone(), port: place };
            let link = topology.links.iter().find(|l| l.ends.contains(&here));
            let (address, mac): (Ipv4Addr, MacAddr) = match link {
                Some(link) => {
                    let far = link.ends.iter().find(|end| **end != here).unwrap();
                    ([169, 254, place as u8, 1].into(), mac(&far.switch))
                }
                None => match hosts.iter().find(|h| h.port == here) {
                    Some(host) => (host.address, MacAddr(host.mac)),
                    None => continue,
                },
            };
            let ip_address = IpAddr::V4(address);
            let entry = NeighborEntry { switch_id, rif_id: rif.raw(), ip_address };
            switch.create(neighbor_entry::Required { entry, dst_mac_address: mac }).unwrap();
            let hop = next_hop::Required { r#type: next_hop::Type::IP }
                .with(next_hop::IP, ip_address)
                .with(next_hop::ROUTER_INTERFACE_ID, rif);
            hops.push((place, switch.create(hop).unwrap()));
        }
        let hop = |place: usize| hops.iter().find(|(p, _)| *p == place).unwrap().1;
        for host in hosts {
            let to = if host.port.switch == node.name {
                hop(host.port.port).any()
            } else {
                let ways = ways(topology, &node.name, &host.port.switch);
                let ecmp = next_hop_group::Type::DYNAMIC_UNORDERED_ECMP;
                let group = switch.create(next_hop_group::Required { r#type: ecmp }).unwrap();
                for place in ways {
                    switch
                        .create(next_hop_group_member::Required {
                            next_hop_group_id: group,
                            next_hop_id: hop(place).any(),
                        })
                        .unwrap();
                }
                group.any()
            };
            let [a, n, p, _] = host.address.octets();
            let destination = format!("{a}.{n}.{p}.0/24").parse().unwrap();
            let entry = RouteEntry { switch_id, vr_id: vr.raw(), destination };
            switch.create(route_entry::Required { entry }.with(route_entry::NEXT_HOP_ID, Some(to))).unwrap();
        }
    }
}

/// Everything that every port sends: when, where, what.
#[derive(Debug, Default)]
struct All(Mutex<Vec<Sent>>);

/// When, by which switch (its MAC address) and port, which frame.
type Sent = (u64, MacAddr, sai::ObjectId, Vec<u8>);

impl Monitor for All {
    fn frame(&self, seen: &Seen<'_>) {
        if seen.way == Way::Out {
            self.0.lock().push((seen.at, seen.sim.profile().mac, seen.port, seen.frame.to_vec()));
        }
    }
}

/// Boots the topology and sends from every host to every other; all that was sent, and how many frames arrived.
fn run(name: &str, edge: &str) -> (Vec<Sent>, usize) {
    let mut topology = Topology::load(name).unwrap();
    topology.clock = ClockKind::Virtual;
    let network = Network::start(&topology).unwrap();
    let hosts = hosts(&topology, edge);
    program(&network, &topology, &hosts);
    let all = Arc::new(All::default());
    network.world().monitor(all.clone());

    let mut arrived = 0;
    for (n, from) in hosts.iter().enumerate() {
        let gateway = topology.switches.iter().find(|s| s.name == from.port.switch).unwrap().mac.unwrap();
        let (node, port) = network.port(&from.port).unwrap();
        for (m, to) in hosts.iter().enumerate().filter(|(m, _)| *m != n) {
            let frame = PacketBuilder::ethernet(from.mac, gateway.0)
                .ipv4(from.address.octets(), to.address)
                .ttl(64)
                .udp(1000 + m as u16, 2000 + n as u16)
                .build();
            network.world().inject(&node.sim, port, &frame).unwrap();
            network.world().run_until_idle().unwrap();
            let (node, port) = network.port(&to.port).unwrap();
            let got = network.world().receive(&node.sim, port).unwrap();
            let got = got.unwrap_or_else(|| panic!("{} reaches {}", from.port, to.port));
            assert_eq!(got[..6], to.mac);
            assert_eq!(network.world().receive(&node.sim, port).unwrap(), None, "and once");
            arrived += 1;
        }
    }
    let sent = std::mem::take(&mut *all.0.lock());
    (sent, arrived)
}

/// Runs the topology twice.
fn deterministic(name: &str, edge: &str, pairs: usize) {
    let (first, arrived) = run(name, edge);
    assert_eq!(arrived, pairs);
    let (second, _) = run(name, edge);
    assert_eq!(first.len(), second.len());
    assert!(first == second, "two runs are the same byte for byte");
}

#[test]
fn a_leaf_spine_of_4_by_2_reaches_every_host() {
    // Four leaves with four hosts each.
    deterministic("leaf-spine-4x2", "leaf", 16 * 15);
}

#[test]
fn a_fat_tree_of_20_reaches_every_host() {
    // Eight edge switches with two hosts each.
    deterministic("fat-tree-20", "edge", 16 * 15);
}

#[test]
fn a_lossy_link_loses_the_same_frames_each_time() {
    let text = r#"
        clock = "virtual"
        seed = 7
        [profile.boot]
        ports_up = true
        [[switch]]
        name = "a"
        ports = 2
        [[switch]]
        name = "b"
        ports = 2
        [[link]]
        ends = ["a:1", "b:1"]
        delay = "10us"
        loss = 0.5
    "#;
    let run = || {
        let network = Network::start(&Topology::from_toml(text).unwrap()).unwrap();
        let end = |name: &str| network.port(&name.parse().unwrap()).map(|(n, p)| (n.sim.clone(), p)).unwrap();
        let ((a, from), (b, to)) = (end("a:0"), end("b:0"));
        let mut got = Vec::new();
        for n in 0..100 {
            let mut frame = switch_sim::wire::text::parse("eth dst=ff:ff:ff:ff:ff:ff/ipv4/udp").unwrap();
            frame[11] = n;
            network.world().inject(&a, from, &frame).unwrap();
            assert_eq!(network.world().receive(&b, to).unwrap(), None, "it is on its way for 10 us");
            network.world().advance(std::time::Duration::from_micros(10)).unwrap();
            got.extend(network.world().receive(&b, to).unwrap().map(|f| f[11]));
        }
        got
    };
    let first = run();
    assert!((30..70).contains(&first.len()), "{} of 100 arrive", first.len());
    assert_eq!(first, run());
}

#[test]
fn what_makes_no_sense_is_named() {
    let refused = |text: &str| Topology::from_toml(text).unwrap_err().to_string();
    let two = "[[switch]]\nname = \"a\"\n[[switch]]\nname = \"b\"\n";
    assert!(refused("[[switch]]\nnam = \"a\"").contains("unknown field `nam`"));
    assert!(refused("[[switch]]\nname = \"a b\"").contains("'a b' is no name for a switch"));
    assert!(refused(&format!("{two}[[switch]]\nname = \"b\"")).contains("b: two switches have this name"));
    assert!(refused(&format!("{two}[[link]]\nends = [\"a:0\", \"c:0\"]")).contains("there is no switch c"));
    assert!(refused(&format!("{two}[[link]]\nends = [\"a:0\", \"b\"]")).contains("'b' names no port"));
    let twice = format!("{two}[[link]]\nends = [\"a:0\", \"b:0\"]\n[[link]]\nends = [\"a:0\", \"b:1\"]");
    assert!(refused(&twice).contains("port a:0 is joined or attached already"));
    assert!(refused("[[switch]]\nname = \"a\"\nattach = { 0 = \"ether:x\" }").contains("netdev:NAME"));
    let virtual_tap = "clock = \"virtual\"\n[[switch]]\nname = \"a\"\nattach = { 0 = \"tap:x\" }";
    assert!(refused(virtual_tap).contains("tap:x needs the system's clock"));
    let start = |text: &str| Network::start(&Topology::from_toml(text).unwrap()).unwrap_err().to_string();
    let far = format!("{two}[[link]]\nends = [\"a:99\", \"b:0\"]");
    assert!(start(&far).contains("a has no port 99; it has 32 of them, from 0"), "{}", start(&far));
    assert!(Topology::load("no/such.toml").unwrap_err().to_string().starts_with("no/such.toml: "));
}
