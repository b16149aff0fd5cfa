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
        let mut f = [&self.mac.0[..], &[2, 0, 0, 0, 0, 1, 8, 0], &ip].concat();
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

impl Net {
    fn group(&self, kind: next_hop_group::Type, more: &[AttrEntry]) -> ObjectId {
        let kind = attr(next_hop_group::TYPE.id(), Value::I32(kind.0));
        self.create(ObjectType::NEXT_HOP_GROUP, &[&[kind], more].concat())
    }

    fn join(&self, group: ObjectId, way: usize, more: AttrEntry) -> ObjectId {
        let of = attr(member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group));
        let way = attr(member::NEXT_HOP_ID.id(), Value::Oid(self.hops[way]));
        self.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &[of, way, more])
    }

    fn lead(&self, to: &str, group: ObjectId) {
        let way = attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(group));
        self.sim.create(self.switch, Target::Entry(&self.key(to.parse().unwrap())), &[way]).unwrap();
    }

    /// Where 64 flows to an address go.
    fn flows(&self, dst: Ipv4Addr) -> Vec<Vec<usize>> {
        (0..64).map(|flow| self.to(dst, flow)).collect()
    }

    fn read(&self, ty: ObjectType, id: ObjectId, what: u32) -> Value {
        let mut asked = [AttrEntry::ask(what)];
        self.sim.get(&ObjectRef::Object(ty, id), &mut asked).unwrap();
        asked[0].value.clone()
    }

    fn set(&self, ty: ObjectType, id: ObjectId, what: u32, value: Value) {
        self.sim.set(&ObjectRef::Object(ty, id), &attr(what, value)).unwrap();
    }
}

const DST: Ipv4Addr = Ipv4Addr::new(20, 0, 0, 1);

#[test]
fn an_ordered_group_goes_by_sequence_not_by_creation() {
    let net = Net::new();
    let orders = [[1u32, 2, 3], [3, 1, 2]];
    let flows = orders.map(|order| {
        let group = net.group(next_hop_group::Type::DYNAMIC_ORDERED_ECMP, &[]);
        for n in order {
            net.join(group, n as usize, attr(member::SEQUENCE_ID.id(), Value::U32(n)));
        }
        net.lead("20.0.0.0/8", group);
        let flows = net.flows(DST);
        net.sim.remove(&ObjectRef::Entry(net.key("20.0.0.0/8".parse().unwrap()))).unwrap();
        flows
    });
    assert_eq!(flows[0], flows[1]);
    assert!((1..=3).all(|way| flows[0].contains(&vec![way])));
}

#[test]
fn a_fine_grained_group_has_a_bucket_by_index_and_moves_one_alone() {
    let net = Net::new();
    let size = attr(next_hop_group::CONFIGURED_SIZE.id(), Value::U32(4));
    let group = net.group(next_hop_group::Type::FINE_GRAIN_ECMP, &[size]);
    let members: Vec<_> = [1, 2, 1, 2]
        .iter()
        .zip(0..)
        .map(|(way, index)| net.join(group, *way, attr(member::INDEX.id(), Value::U32(index))))
        .collect();
    assert_eq!(net.read(ObjectType::NEXT_HOP_GROUP, group, next_hop_group::REAL_SIZE.id()), Value::U32(4));
    net.lead("20.0.0.0/8", group);
    let before = net.flows(DST);
    net.set(ObjectType::NEXT_HOP_GROUP_MEMBER, members[1], member::NEXT_HOP_ID.id(), Value::Oid(net.hops[3]));
    let after = net.flows(DST);
    let moved: Vec<_> = before.iter().zip(&after).filter(|(b, a)| a != b).collect();
    assert!(!moved.is_empty() && moved.iter().all(|(b, a)| **b == [2] && **a == [3]), "{moved:?}");
    assert!(after.contains(&vec![2]), "the other bucket of the way stays");
    net.sim.remove(&ObjectRef::Object(ObjectType::NEXT_HOP_GROUP_MEMBER, members[1])).unwrap();
    let holes = net.flows(DST);
    for (was, is) in after.iter().zip(&holes) {
        assert_eq!(is, if *was == [3] { &[][..] } else { was }, "only the empty bucket loses its flows");
    }
}

#[test]
fn a_protection_group_switches_over() {
    use sai::object::next_hop_group_member::{ConfiguredRole, ObservedRole};
    let net = Net::new();
    let group = net.group(next_hop_group::Type::PROTECTION, &[]);
    let role = |r: ConfiguredRole| attr(member::CONFIGURED_ROLE.id(), Value::I32(r.0));
    let primary = net.join(group, 1, role(ConfiguredRole::PRIMARY));
    let standby = net.join(group, 2, role(ConfiguredRole::STANDBY));
    net.lead("20.0.0.0/8", group);
    let observed = |m| net.read(ObjectType::NEXT_HOP_GROUP_MEMBER, m, member::OBSERVED_ROLE.id());
    for (over, port, active, inactive) in [(false, 1, primary, standby), (true, 2, standby, primary)] {
        net.set(ObjectType::NEXT_HOP_GROUP, group, next_hop_group::SET_SWITCHOVER.id(), Value::Bool(over));
        assert!(net.flows(DST).iter().all(|f| *f == [port]));
        assert_eq!(observed(active), Value::I32(ObservedRole::ACTIVE.0));
        assert_eq!(observed(inactive), Value::I32(ObservedRole::INACTIVE.0));
    }
}

#[test]
fn a_group_may_list_its_ways_itself() {
    let net = Net::new();
    let ways = |ways: &[usize]| Value::OidList(ways.iter().map(|n| net.hops[*n]).collect());
    let group = net.group(
        next_hop_group::Type::ECMP_WITH_MEMBERS,
        &[
            attr(next_hop_group::NEXT_HOP_LIST.id(), ways(&[1, 2])),
            attr(next_hop_group::NEXT_HOP_MEMBER_WEIGHT_LIST.id(), Value::U32List(vec![1, 1])),
        ],
    );
    net.lead("20.0.0.0/8", group);
    let flows = net.flows(DST);
    assert!(flows.contains(&vec![1]) && flows.contains(&vec![2]));
    net.set(ObjectType::NEXT_HOP_GROUP, group, next_hop_group::NEXT_HOP_LIST.id(), ways(&[3]));
    assert!(net.flows(DST).iter().all(|f| *f == [3]));
    net.check();
}

#[test]
fn the_seed_of_the_hash_moves_flows() {
    let net = Net::new();
    let group = net.group(next_hop_group::Type::DYNAMIC_UNORDERED_ECMP, &[]);
    for n in 1..4 {
        net.join(group, n, attr(member::WEIGHT.id(), Value::U32(1)));
    }
    net.lead("20.0.0.0/8", group);
    let before = net.flows(DST);
    net.set(
        ObjectType::SWITCH,
        net.switch,
        switch_attr::ECMP_DEFAULT_HASH_SEED.id(),
        Value::U32(0xDEAD_BEEF),
    );
    assert_ne!(net.flows(DST), before);
}
