//! Routes through the object interface, in process, on one core: `cargo bench -p switch-sim --bench routes`.
//!
//! A million IPv4 routes of the lengths of the Internet's table to one next hop: create, set, get and remove,
//! one by one and in bulk calls of 1,000. Prints millions of calls a second, median of the runs, and what the
//! tables weigh; then millions of 64-byte packets a second over 65,536 flows.
#![allow(missing_docs)]

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Instant;

use ipnet::Ipv4Net;
use sai::entry::{Entry, NeighborEntry, RouteEntry};
use sai::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, BulkSet, MacAddr, ObjectId, ObjectRef, ObjectType,
    Target, Value, neighbor_entry, next_hop, route_entry, router_interface as rif, switch,
};
use switch_sim::pipeline::{Engine, NoTrace, Sink, VECTOR};
use switch_sim::port::index;
use switch_sim::snapshot::Snapshot;
use switch_sim::{Profile, Simulator, Switch};

const ROUTES: usize = 1_000_000;
const BULK: usize = 1_000;
const RUNS: usize = 3;
const FLOWS: usize = 65_536;
const PACKETS: usize = 4 << 20;

struct Count(u64);

impl Sink for Count {
    fn transmit(&mut self, _: u16, head: &[u8], _: &[u8]) {
        black_box(head);
        self.0 += 1;
    }
}

fn attr(id: u32, value: Value) -> AttrEntry {
    AttrEntry::new(id, value)
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Different prefixes, most of them /24, the rest /16 to /23.
fn prefixes() -> Vec<Ipv4Net> {
    let mut state = 1;
    let mut seen = std::collections::HashSet::new();
    let mut all = Vec::with_capacity(ROUTES);
    while all.len() < ROUTES {
        let r = random(&mut state);
        let len = if r % 10 < 6 { 24 } else { 16 + (r >> 8) as u8 % 8 };
        let address = 0x0100_0000 + (r >> 32) as u32 % 0xDE00_0000;
        if address >> 24 == 127 || address >> 24 == 169 {
            continue;
        }
        let net = Ipv4Net::new(Ipv4Addr::from(address), len).unwrap().trunc();
        if seen.insert(net) {
            all.push(net);
        }
    }
    all
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or("VmRSS: 0");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0) * 1024
}

fn report(what: &str, items: usize, mut seconds: Vec<f64>) {
    seconds.sort_by(f64::total_cmp);
    println!("{what:<28} {:>7.2} M/s", items as f64 / seconds[seconds.len() / 2] / 1e6);
}

fn main() {
    let mut profile = Profile::with_ports(2);
    (profile.boot.ports_up, profile.boot.link_up) = (true, true);
    (profile.boot.bridge_ports, profile.boot.vlan_members) = (false, false);
    profile.limits.ipv4_routes = 2 * ROUTES as u32;
    let sim = Simulator::new(profile);
    let init = [attr(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    let read = |what| {
        let mut asked = [AttrEntry::ask(what)];
        sim.get(&ObjectRef::Object(ObjectType::SWITCH, id), &mut asked).unwrap();
        asked[0].value.clone()
    };
    let Value::OidList(ports) = read(switch::PORT_LIST.id()) else { panic!("a list") };
    let Value::Mac(mac) = read(switch::SRC_MAC_ADDRESS.id()) else { panic!("an address") };
    let vr_id = read(switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).as_oid().unwrap();
    let rifs: Vec<_> = ports
        .iter()
        .map(|port| {
            let attrs = [
                attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr_id)),
                attr(rif::TYPE.id(), Value::I32(rif::Type::PORT.0)),
                attr(rif::PORT_ID.id(), Value::Oid(*port)),
            ];
            sim.create(id, Target::Object(ObjectType::ROUTER_INTERFACE), &attrs).unwrap()
        })
        .collect();
    let ip: std::net::IpAddr = "10.0.0.2".parse().unwrap();
    let key = Entry::Neighbor(NeighborEntry { switch_id: id, rif_id: rifs[1], ip_address: ip });
    let dmac = attr(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr([2; 6])));
    sim.create(id, Target::Entry(&key), &[dmac]).unwrap();
    let hop = |_| {
        let attrs = [
            attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
            attr(next_hop::IP.id(), Value::IpAddress(ip)),
            attr(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rifs[1])),
        ];
        sim.create(id, Target::Object(ObjectType::NEXT_HOP), &attrs).unwrap()
    };
    let hops = [0, 1].map(hop).map(|h| [attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(h))]);

    let nets = prefixes();
    let entry = |n: &Ipv4Net| Entry::Route(RouteEntry { switch_id: id, vr_id, destination: (*n).into() });
    let entries: Vec<Entry> = nets.iter().map(entry).collect();
    let objects: Vec<ObjectRef> = entries.iter().cloned().map(ObjectRef::Entry).collect();
    let time = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    let mode = BulkErrorMode::IgnoreError;
    let mut seconds: [Vec<f64>; 8] = Default::default();
    let mut weight = 0;
    for run in 0..RUNS {
        let before = resident();
        seconds[0].push(time(&mut || {
            for e in &entries {
                sim.create(id, Target::Entry(e), &hops[0]).unwrap();
            }
        }));
        if run == 0 {
            weight = resident() - before;
        }
        seconds[1].push(time(&mut || objects.iter().for_each(|o| sim.set(o, &hops[1][0]).unwrap())));
        let mut asked = [AttrEntry::ask(route_entry::NEXT_HOP_ID.id())];
        seconds[2].push(time(&mut || objects.iter().for_each(|o| sim.get(o, &mut asked).unwrap())));
        seconds[3].push(time(&mut || objects.iter().for_each(|o| sim.remove(o).unwrap())));
        seconds[4].push(time(&mut || {
            for chunk in entries.chunks(BULK) {
                let items: Vec<_> =
                    chunk.iter().map(|e| BulkCreate { target: Target::Entry(e), attrs: &hops[0] }).collect();
                let done = sim.bulk(Bulk::Create { switch: id, items: &items }, mode);
                assert!(done.iter().all(Result::is_ok));
            }
        }));
        seconds[5].push(time(&mut || {
            for chunk in objects.chunks(BULK) {
                let items: Vec<_> =
                    chunk.iter().map(|object| BulkSet { object, attr: &hops[1][0] }).collect();
                let done = sim.bulk(Bulk::Set(&items), mode);
                assert!(done.iter().all(Result::is_ok));
            }
        }));
        if run + 1 < RUNS {
            seconds[6].push(time(&mut || {
                for chunk in objects.chunks(BULK) {
                    assert!(sim.bulk(Bulk::Remove(chunk), mode).iter().all(Result::is_ok));
                }
            }));
        }
    }
    let [create, set, get, remove, bulk_create, bulk_set, bulk_remove, _] = seconds;
    report("create", ROUTES, create);
    report("set", ROUTES, set);
    report("get", ROUTES, get);
    report("remove", ROUTES, remove);
    report("bulk create", ROUTES, bulk_create);
    report("bulk set", ROUTES, bulk_set);
    report("bulk remove", ROUTES, bulk_remove);
    println!("{:<28} {:>7.1} MB grown by the first million", "memory", weight as f64 / 1e6);
    sim.with_switch(id, |sw| {
        let router = &sw.router;
        let tables: usize = router.vrs.iter().map(|vr| vr.v4.memory() + vr.v6.memory()).sum();
        let (mut saved, mut loaded, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            saved.push(time(&mut || bytes = sw.snapshot().to_bytes().unwrap()));
            loaded.push(time(&mut || {
                let twin = Switch::restore(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
                assert_eq!(twin.count(ObjectType::ROUTE_ENTRY).unwrap(), ROUTES);
            }));
        }
        for (what, mut seconds) in [("snapshot saved", saved), ("snapshot loaded", loaded)] {
            seconds.sort_by(f64::total_cmp);
            println!("{what:<28} {:>7.2} s, {:.1} MB", seconds[RUNS / 2], bytes.len() as f64 / 1e6);
        }
        println!("{:<28} {:>7.1} MB", "tables", (tables + router.adjacencies.memory()) as f64 / 1e6);
    })
    .unwrap();

    let mut state = 9;
    let frames: Vec<Vec<u8>> = (0..FLOWS)
        .map(|_| {
            let net = nets[random(&mut state) as usize % nets.len()];
            let dst = u32::from(net.addr()) | random(&mut state) as u32 & (u32::MAX >> net.prefix_len());
            let mut ip = vec![0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1];
            ip.extend(dst.to_be_bytes());
            let sum = switch_sim::wire::checksum::checksum(&ip);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            let mut f = [&mac.0[..], &[2, 0, 0, 0, 0, 1, 8, 0], &ip].concat();
            f.resize(60, 0);
            f
        })
        .collect();
    let order: Vec<u32> = (0..PACKETS).map(|_| random(&mut state) as u32 % FLOWS as u32).collect();
    let port = index(ports[0]);
    let mut engine = Engine::new();
    let mut sink = Count(0);
    let mut seconds = Vec::new();
    for _ in 0..RUNS {
        sink.0 = 0;
        seconds.push(
            sim.with_switch(id, |sw| {
                let start = Instant::now();
                for chunk in order.chunks(VECTOR) {
                    chunk.iter().for_each(|f| engine.receive(port, &frames[*f as usize]));
                    engine.run(sw, 0, &mut NoTrace, &mut sink);
                }
                start.elapsed().as_secs_f64()
            })
            .unwrap(),
        );
        assert_eq!(sink.0, PACKETS as u64, "each packet leaves");
    }
    report("routed, 64 bytes", PACKETS, seconds);
}
