//! Routing against a naive model, and under change.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::bed::*;
use ipnet::Ipv4Net;
use proptest::prelude::*;
use sai::entry::{Entry, NeighborEntry, RouteEntry};
use sai::types::PacketAction;
use sai::{
    AttrEntry, Backend, MacAddr, ObjectId, ObjectRef, ObjectType, Target, Value, neighbor_entry, next_hop,
    next_hop_group, next_hop_group_member as member, route_entry, router_interface as rif, switch,
    switch as switch_attr,
};
use switch_sim::{Profile, Simulator, World};

/// Four ports, each with an interface and a neighbor 10.0.N.2 without a host route.
struct Net {
    world: World,
    sim: Simulator,
    switch: ObjectId,
    vr: ObjectId,
    mac: MacAddr,
    ports: Vec<ObjectId>,
    rifs: Vec<ObjectId>,
    hops: Vec<ObjectId>,
}

impl Net {
    fn new() -> Net {
        let world = World::new(1);
        let mut profile = Profile::with_ports(4);
        (profile.boot.ports_up, profile.boot.link_up) = (true, true);
        (profile.boot.bridge_ports, profile.boot.vlan_members) = (false, false);
        let sim = world.simulator(profile);
        let init = [attr(switch::INIT_SWITCH.id(), Value::Bool(true))];
        let switch = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
        let read = |id| {
            let mut asked = [AttrEntry::ask(id)];
            sim.get(&ObjectRef::Object(ObjectType::SWITCH, switch), &mut asked).unwrap();
            asked[0].value.clone()
        };
        let Value::OidList(ports) = read(switch_attr::PORT_LIST.id()) else { panic!("a list") };
        let Value::Mac(mac) = read(switch_attr::SRC_MAC_ADDRESS.id()) else { panic!("an address") };
        let vr = read(switch_attr::DEFAULT_VIRTUAL_ROUTER_ID.id()).as_oid().unwrap();
        let mut net =
            Net { world, sim, switch, vr, mac, ports: ports.clone(), rifs: Vec::new(), hops: Vec::new() };
        for (n, port) in ports.iter().enumerate() {
            let rif = net.create(
                ObjectType::ROUTER_INTERFACE,
                &[
                    attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
                    attr(rif::TYPE.id(), Value::I32(rif::Type::PORT.0)),
                    attr(rif::PORT_ID.id(), Value::Oid(*port)),
                ],
            );
            let ip_address = std::net::IpAddr::V4(Ipv4Addr::new(10, 0, n as u8, 2));
            let key = Entry::Neighbor(NeighborEntry { switch_id: switch, rif_id: rif, ip_address });
            let mac = Value::Mac(MacAddr([2, 0, 0, 0, 9, n as u8]));
            let attrs = [
                attr(neighbor_entry::DST_MAC_ADDRESS.id(), mac),
                attr(neighbor_entry::NO_HOST_ROUTE.id(), Value::Bool(true)),
            ];
            net.sim.create(switch, Target::Entry(&key), &attrs).unwrap();
            let hop = net.create(
                ObjectType::NEXT_HOP,
                &[
                    attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
                    attr(next_hop::IP.id(), Value::IpAddress(ip_address)),
                    attr(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif)),
                ],
            );
            net.rifs.push(rif);
            net.hops.push(hop);
        }
        net
    }

    fn create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> ObjectId {
        self.sim.create(self.switch, Target::Object(ty), attrs).unwrap()
    }

    fn key(&self, to: Ipv4Net) -> Entry {
        Entry::Route(RouteEntry { switch_id: self.switch, vr_id: self.vr, destination: to.into() })
    }

    /// The ports by which a packet from port 0 to an address leaves.
    fn to(&self, dst: Ipv4Addr, flow: u16) -> Vec<usize> {
        let mut ip = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1];
        ip.extend(dst.octets());
        let sum = switch_sim::wire::checksum::checksum(&ip);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut f = [&self.mac.0[..], &[2, 0, 0, 0, 9, 99, 8, 0], &ip].concat();
        f.extend(flow.to_be_bytes());
        f.extend([0, 53, 0, 8, 0, 0]);
        self.world.inject(&self.sim, self.ports[0], &f).unwrap();
        let mut out = Vec::new();
        for (n, port) in self.ports.iter().enumerate() {
            while self.world.receive(&self.sim, *port).unwrap().is_some() {
                out.push(n);
            }
        }
        out
    }

    fn check(&self) {
        self.sim
            .with_switch(self.switch, |sw| {
                sw.audit().expect("references, counts and pools are right");
                assert!(sw.plane.balance.holds());
            })
            .unwrap();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(Ipv4Net, Option<usize>),
    Point(Ipv4Net, Option<usize>),
    Drop(Ipv4Net, bool),
    Remove(Ipv4Net),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few addresses, so that prefixes nest.
    let net = (0..16u32, 8..=32u8).prop_map(|(bits, len)| {
        let address = 20 << 24 | (bits & 3) << 22 | (bits >> 2) << 2;
        Ipv4Net::new(address.into(), len).unwrap().trunc()
    });
    let way = prop::option::of(0..4usize);
    let step = (net, way, 0..6u8).prop_map(|(net, way, kind)| match kind {
        0..=2 => Step::Add(net, way),
        3 => Step::Point(net, way),
        4 => Step::Drop(net, way.is_some()),
        _ => Step::Remove(net),
    });
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn routing_is_that_of_a_list_of_routes(steps in steps()) {
        let net = Net::new();
        // What a route does: its way out, and whether it drops.
        let mut model: BTreeMap<Ipv4Net, (Option<usize>, bool)> = BTreeMap::new();
        for step in steps {
            let id = |way: Option<usize>| Value::Oid(way.map_or(ObjectId::NULL, |n| net.hops[n]));
            let set = |to, id, value| net.sim.set(&ObjectRef::Entry(net.key(to)), &attr(id, value)).is_ok();
            match step {
                Step::Add(to, way) => {
                    let attrs = [attr(route_entry::NEXT_HOP_ID.id(), id(way))];
                    let done = net.sim.create(net.switch, Target::Entry(&net.key(to)), &attrs).is_ok();
                    prop_assert_eq!(done, !model.contains_key(&to));
                    model.entry(to).or_insert((way, false));
                }
                Step::Point(to, way) => {
                    let done = set(to, route_entry::NEXT_HOP_ID.id(), id(way));
                    prop_assert_eq!(done, model.contains_key(&to));
                    model.entry(to).and_modify(|r| r.0 = way);
                }
                Step::Drop(to, drop) => {
                    let action = if drop { PacketAction::DROP } else { PacketAction::FORWARD };
                    let done = set(to, route_entry::PACKET_ACTION.id(), Value::I32(action.0));
                    prop_assert_eq!(done, model.contains_key(&to));
                    model.entry(to).and_modify(|r| r.1 = drop);
                }
                Step::Remove(to) => {
                    let done = net.sim.remove(&ObjectRef::Entry(net.key(to))).is_ok();
                    prop_assert_eq!(done, model.remove(&to).is_some());
                }
            }
        }
        for bits in 0..16u32 {
            for low in 0..4 {
                let dst = Ipv4Addr::from(20 << 24 | (bits & 3) << 22 | (bits >> 2) << 2 | low);
                let best = model.iter().filter(|(k, _)| k.contains(&dst)).max_by_key(|(k, _)| k.prefix_len());
                let expected: Vec<usize> = match best {
                    Some((_, (Some(way), false))) => vec![*way],
                    _ => vec![],
                };
                prop_assert_eq!(net.to(dst, 1), expected, "{}", dst);
            }
        }
        net.check();
    }
}

#[test]
fn churn_of_routes_and_members_loses_and_misroutes_nothing() {
    let net = Net::new();
    let group = net.create(
        ObjectType::NEXT_HOP_GROUP,
        &[attr(next_hop_group::TYPE.id(), Value::I32(next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0))],
    );
    let join = |n: usize| {
        net.create(
            ObjectType::NEXT_HOP_GROUP_MEMBER,
            &[
                attr(member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
                attr(member::NEXT_HOP_ID.id(), Value::Oid(net.hops[n])),
            ],
        )
    };
    let _stays = join(1);
    let to: Ipv4Net = "20.0.0.0/8".parse().unwrap();
    let inner: Ipv4Net = "20.1.0.0/16".parse().unwrap();
    let way = |id| [attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(id))];
    net.sim.create(net.switch, Target::Entry(&net.key(to)), &way(group)).unwrap();
    let dst = Ipv4Addr::new(20, 1, 0, 1);
    for round in 0..200u16 {
        let sent = |among: &[usize]| {
            let out = net.to(dst, round);
            assert!(matches!(&out[..], [port] if among.contains(port)), "round {round}: {out:?}");
        };
        let comes = join(2);
        sent(&[1, 2]);
        net.sim.create(net.switch, Target::Entry(&net.key(inner)), &way(net.hops[3])).unwrap();
        sent(&[3]);
        net.sim.set(&ObjectRef::Entry(net.key(inner)), &way(group)[0]).unwrap();
        sent(&[1, 2]);
        net.sim.remove(&ObjectRef::Object(ObjectType::NEXT_HOP_GROUP_MEMBER, comes)).unwrap();
        sent(&[1]);
        net.sim.set(&ObjectRef::Entry(net.key(to)), &way(net.hops[2])[0]).unwrap();
        sent(&[1]);
        net.sim.remove(&ObjectRef::Entry(net.key(inner))).unwrap();
        sent(&[2]);
        net.sim.set(&ObjectRef::Entry(net.key(to)), &way(group)[0]).unwrap();
    }
    net.check();
}

#[test]
fn a_restored_switch_routes_as_before() {
    let net = Net::new();
    let to: Ipv4Net = "20.0.0.0/8".parse().unwrap();
    let way = attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(net.hops[2]));
    net.sim.create(net.switch, Target::Entry(&net.key(to)), &[way]).unwrap();
    let count = |sw: &switch_sim::Switch| {
        let vr = &sw.router.vrs[0];
        let found = sw.router.adjacencies.get(vr.v4.lookup(20 << 24 | 7));
        (found.next_hop, sw.router.next_hops.len(), sw.router.rifs.len(), vr.v4.len())
    };
    let (before, after) = net
        .sim
        .with_switch(net.switch, |sw| {
            let restored = switch_sim::Switch::restore(&sw.snapshot()).unwrap();
            (count(sw), count(&restored))
        })
        .unwrap();
    assert_eq!(before, after);
}
