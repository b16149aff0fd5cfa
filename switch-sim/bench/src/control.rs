//! The control plane in process: objects by the million, boots, snapshots, and what they weigh.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::IpNet;
use sai::entry::{Entry, NeighborEntry, RouteEntry};
use sai::{
    AnyOid, AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, BulkSet, MacAddr, ObjectId, ObjectRef,
    ObjectType, Result, Session, Target, Value, dylib, neighbor_entry, next_hop, route_entry,
    router_interface, switch, vlan,
};
use switch_sim::Switch;
use switch_sim::snapshot::Snapshot;

use crate::rig::{Rig, prefixes_v4, prefixes_v6};
use crate::{Case, Cpu, Options, forward};

/// The cases.
pub const CASES: &[Case] = &[
    millions("control/route/create", |o| direct(o, CREATE)),
    millions("control/route/set", |o| direct(o, SET)),
    millions("control/route/get", |o| direct(o, GET)),
    millions("control/route/remove", |o| direct(o, REMOVE)),
    millions("control/route/bulk-create", |o| direct(o, BULK_CREATE)),
    millions("control/route/bulk-set", |o| direct(o, BULK_SET)),
    millions("control/route/bulk-remove", |o| direct(o, BULK_REMOVE)),
    millions("control/c/route/create", |o| through_c(o, CREATE)),
    millions("control/c/route/set", |o| through_c(o, SET)),
    millions("control/c/route/get", |o| through_c(o, GET)),
    millions("control/c/route/remove", |o| through_c(o, REMOVE)),
    millions("control/c/route/bulk-create", |o| through_c(o, BULK_CREATE)),
    millions("control/c/route/bulk-set", |o| through_c(o, BULK_SET)),
    millions("control/c/route/bulk-remove", |o| through_c(o, BULK_REMOVE)),
    millions("control/vlan/create-and-remove", vlans),
    Case { name: "boot/32-ports", unit: "ms", run: |o| boot(o, 32) },
    Case { name: "boot/64-ports", unit: "ms", run: |o| boot(o, 64) },
    Case { name: "boot/512-ports", unit: "ms", run: |o| boot(o, 512) },
    Case { name: "snapshot/1M-routes/save", unit: "ms", run: |o| snapshot(o, true) },
    Case { name: "snapshot/1M-routes/load", unit: "ms", run: |o| snapshot(o, false) },
    Case { name: "memory/ipv4/1M-routes", unit: "MB", run: |o| grown(o, prefixes_v4(o.size(1_000_000))) },
    Case { name: "memory/ipv6/200k-routes", unit: "MB", run: |o| grown(o, prefixes_v6(o.size(200_000))) },
    Case { name: "memory/ipv4/100k-neighbors", unit: "MB", run: neighbors },
    Case { name: "memory/ecmp/100k-members", unit: "MB", run: members },
    Case { name: "memory/1000-switches-of-8-ports", unit: "MB", run: switches },
];

const fn millions(name: &'static str, run: fn(&Options) -> Vec<f64>) -> Case {
    Case { name, unit: "M/s", run }
}

const MODE: BulkErrorMode = BulkErrorMode::IgnoreError;
const BULK: usize = 1000;

/// Entries of a switch and two next hops for them.
struct Routes {
    backend: Arc<dyn Backend>,
    switch: ObjectId,
    entries: Vec<Entry>,
    objects: Vec<ObjectRef>,
    hops: [AttrEntry; 2],
}

impl Routes {
    /// On a new switch of this backend.
    fn new(options: &Options, backend: Arc<dyn Backend>) -> Routes {
        let session = Session::new(backend.clone());
        let new = switch::Required { init_switch: true }.with(switch::SRC_MAC_ADDRESS, MacAddr([2; 6]));
        let sw = session.create_switch(new).expect("boots");
        let vr = sw.read(switch::DEFAULT_VIRTUAL_ROUTER_ID).expect("has one");
        let make = || -> Result<_> {
            let port = router_interface::Type::PORT;
            let rif = sw.create(
                router_interface::Required { virtual_router_id: vr, r#type: port }
                    .with(router_interface::PORT_ID, sw.ports()?[0].any()),
            )?;
            let hop = |n| {
                let ip = IpAddr::from([10, 0, 0, n]);
                sw.create(
                    next_hop::Required { r#type: next_hop::Type::IP }
                        .with(next_hop::IP, ip)
                        .with(next_hop::ROUTER_INTERFACE_ID, rif),
                )
            };
            Ok([hop(1)?, hop(2)?])
        };
        let hops = make().expect("the switch takes it");
        let (switch_id, vr_id) = (sw.id().raw(), vr.raw());
        let entry = |destination: IpNet| Entry::Route(RouteEntry { switch_id, vr_id, destination });
        let entries: Vec<Entry> = prefixes_v4(options.size(1_000_000)).into_iter().map(entry).collect();
        let objects = entries.iter().cloned().map(ObjectRef::Entry).collect();
        let hops = hops.map(|hop| AttrEntry::new(route_entry::NEXT_HOP_ID.id(), Value::Oid(hop.raw())));
        Routes { backend, switch: switch_id, entries, objects, hops }
    }

    fn create(&self) {
        for entry in &self.entries {
            self.backend.create(self.switch, Target::Entry(entry), &self.hops[..1]).expect("room");
        }
    }

    fn set(&self) {
        self.objects.iter().for_each(|o| self.backend.set(o, &self.hops[1]).expect("there"));
    }

    fn get(&self) {
        let mut asked = [AttrEntry::ask(route_entry::NEXT_HOP_ID.id())];
        self.objects.iter().for_each(|o| self.backend.get(o, &mut asked).expect("there"));
        black_box(&asked);
    }

    fn remove(&self) {
        self.objects.iter().for_each(|o| self.backend.remove(o).expect("there"));
    }

    fn bulk_create(&self) {
        for chunk in self.entries.chunks(BULK) {
            let item = |e| BulkCreate { target: Target::Entry(e), attrs: &self.hops[..1] };
            let items: Vec<_> = chunk.iter().map(item).collect();
            let done = self.backend.bulk(Bulk::Create { switch: self.switch, items: &items }, MODE);
            assert!(done.iter().all(Result::is_ok));
        }
    }

    fn bulk_set_to(&self, hop: &AttrEntry) {
        for chunk in self.objects.chunks(BULK) {
            let items: Vec<_> = chunk.iter().map(|object| BulkSet { object, attr: hop }).collect();
            assert!(self.backend.bulk(Bulk::Set(&items), MODE).iter().all(Result::is_ok));
        }
    }

    fn bulk_set(&self) {
        self.bulk_set_to(&self.hops[1]);
    }

    fn bulk_remove(&self) {
        for chunk in self.objects.chunks(BULK) {
            assert!(self.backend.bulk(Bulk::Remove(chunk), MODE).iter().all(Result::is_ok));
        }
    }

    /// Whether routes are there before the work.
    fn ready(&self, there: bool) {
        match there {
            true => self.bulk_set_to(&self.hops[0]),
            false => drop(self.backend.bulk(Bulk::Remove(&self.objects), MODE)),
        }
    }
}

/// What is done with each route: the work itself, and whether the routes are there before and after.
type Work = (fn(&Routes), bool, bool);

const CREATE: Work = (Routes::create, false, true);
const SET: Work = (Routes::set, true, true);
const GET: Work = (Routes::get, true, true);
const REMOVE: Work = (Routes::remove, true, false);
const BULK_CREATE: Work = (Routes::bulk_create, false, true);
const BULK_SET: Work = (Routes::bulk_set, true, true);
const BULK_REMOVE: Work = (Routes::bulk_remove, true, false);

/// Millions of routes a second. Everything but the work is untimed; a set changes the next hop.
fn rates(options: &Options, backend: Arc<dyn Backend>, (work, before, after): Work) -> Vec<f64> {
    let routes = Routes::new(options, backend);
    let mut there = false;
    let one = |_| {
        if before && !there {
            routes.bulk_create();
        } else if before != there || before {
            routes.ready(before);
        }
        let (seconds, ()) = Cpu::of(|| work(&routes));
        there = after;
        routes.entries.len() as f64 / seconds / 1e6
    };
    (0..options.runs.min(3)).map(one).collect()
}

/// Work on the simulator in process.
fn direct(options: &Options, work: Work) -> Vec<f64> {
    rates(options, Arc::new(Rig::simulator(1)), work)
}

/// Work on a `libsai.so`, from Rust values to C and back; no figure where there is none.
fn through_c(options: &Options, work: Work) -> Vec<f64> {
    let Some(library) = &options.library else { return Vec::new() };
    let loaded = dylib::Options::new().load(library).expect("a SAI library");
    rates(options, Arc::new(loaded), work)
}

/// Objects of the common store: 4,000 VLANs made and removed.
fn vlans(options: &Options) -> Vec<f64> {
    const VIDS: std::ops::Range<u16> = 2..4002;
    let rig = Rig::boot(1);
    let id = rig.switch.id().raw();
    let make = |vid| {
        let vid = [AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(vid))];
        rig.sim.create(id, Target::Object(ObjectType::VLAN), &vid).expect("room")
    };
    let one = |_| {
        let (seconds, ()) = Cpu::of(|| {
            let made: Vec<ObjectId> = VIDS.map(make).collect();
            let remove = |v| rig.sim.remove(&ObjectRef::Object(ObjectType::VLAN, v)).expect("there");
            made.into_iter().for_each(remove);
        });
        2.0 * VIDS.len() as f64 / seconds / 1e6
    };
    (0..options.runs).map(one).collect()
}

fn boot(options: &Options, ports: u32) -> Vec<f64> {
    (0..=options.runs).map(|_| Cpu::of(|| black_box(Rig::boot(ports))).0 * 1e3).skip(1).collect()
}

fn snapshot(options: &Options, save: bool) -> Vec<f64> {
    let sim = Rig::simulator(1);
    let routes = Routes::new(options, Arc::new(sim.clone()));
    routes.bulk_create();
    let run = |sw: &mut Switch| {
        let one = |_| {
            let (saving, bytes) = Cpu::of(|| sw.snapshot().to_bytes().expect("a snapshot is bytes"));
            if save {
                return saving * 1e3;
            }
            let load = || {
                let snapshot = Snapshot::from_bytes(&bytes).expect("the bytes are a snapshot");
                black_box(Switch::restore(&snapshot).expect("a switch"));
            };
            Cpu::of(load).0 * 1e3
        };
        (0..options.runs.min(3)).map(one).collect()
    };
    sim.with_switch(routes.switch, run).expect("the switch is there")
}

/// Resident memory of the process, in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).map_or(f64::NAN, |n: f64| n * 1024.0)
}

/// What routes add to the resident memory of the process. What other cases freed is used again unseen: run it
/// alone.
fn grown(_: &Options, nets: Vec<IpNet>) -> Vec<f64> {
    let (rig, hops): (Rig, Vec<AnyOid>) = forward::router().expect("the switch takes it");
    let before = resident();
    rig.routes(&nets, &hops).expect("room");
    vec![(resident() - before) / 1e6]
}

/// What neighbors out of 64 interfaces, with their host routes, add.
fn neighbors(options: &Options) -> Vec<f64> {
    let rig = Rig::boot(64);
    let rifs: Vec<_> = (0..64).map(|port| rig.port_interface(port).expect("free").raw()).collect();
    let mac = [AttrEntry::new(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr([2; 6])))];
    let before = resident();
    for n in 0..options.size(100_000) as u32 {
        let ip_address = Ipv4Addr::from(0x0a00_0000 + n).into();
        let rif_id = rifs[n as usize % rifs.len()];
        let entry = Entry::Neighbor(NeighborEntry { switch_id: rig.switch.id().raw(), rif_id, ip_address });
        rig.sim.create(rig.switch.id().raw(), Target::Entry(&entry), &mac).expect("room");
    }
    vec![(resident() - before) / 1e6]
}

/// What the members of groups of 64 add.
fn members(options: &Options) -> Vec<f64> {
    let (rig, hops) = forward::router().expect("the switch takes it");
    let before = resident();
    for _ in 0..options.size(100_000).div_ceil(64) {
        rig.group(hops[..64].iter().copied()).expect("room");
    }
    vec![(resident() - before) / 1e6]
}

fn switches(options: &Options) -> Vec<f64> {
    let before = resident();
    let all: Vec<Rig> = (0..options.size(1000)).map(|_| Rig::boot(8)).collect();
    let grown = (resident() - before) / 1e6;
    drop(all);
    vec![grown]
}
