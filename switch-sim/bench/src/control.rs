//! The control plane in process: objects by the million, boots, snapshots, and what they weigh.

use std::hint::black_box;

use ipnet::IpNet;
use sai::entry::{Entry, RouteEntry};
use sai::{
    AnyOid, AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, BulkSet, ObjectId, ObjectRef, ObjectType,
    Target, Value, route_entry, switch, vlan,
};
use switch_sim::Switch;
use switch_sim::snapshot::Snapshot;

use crate::rig::{Rig, prefixes_v4, prefixes_v6};
use crate::{Case, Cpu, Options, forward};

/// The cases.
pub const CASES: &[Case] = &[
    millions("control/route/create", |o| routes(o, |r| r.create())),
    millions("control/route/set", |o| kept(o, |r| r.set())),
    millions("control/route/get", |o| kept(o, |r| r.get())),
    millions("control/route/remove", |o| routes_removed(o, |r| r.remove())),
    millions("control/route/bulk-create", |o| routes(o, |r| r.bulk_create())),
    millions("control/route/bulk-set", |o| kept(o, |r| r.bulk_set())),
    millions("control/route/bulk-remove", |o| routes_removed(o, |r| r.bulk_remove())),
    millions("control/vlan/create-and-remove", vlans),
    Case { name: "boot/32-ports", unit: "ms", run: |o| boot(o, 32) },
    Case { name: "boot/64-ports", unit: "ms", run: |o| boot(o, 64) },
    Case { name: "boot/512-ports", unit: "ms", run: |o| boot(o, 512) },
    Case { name: "snapshot/1M-routes/save", unit: "ms", run: |o| snapshot(o, true) },
    Case { name: "snapshot/1M-routes/load", unit: "ms", run: |o| snapshot(o, false) },
    Case { name: "memory/ipv4/1M-routes", unit: "MB", run: |o| grown(o, prefixes_v4(o.size(1_000_000))) },
    Case { name: "memory/ipv6/200k-routes", unit: "MB", run: |o| grown(o, prefixes_v6(o.size(200_000))) },
    Case { name: "memory/1000-switches-of-8-ports", unit: "MB", run: switches },
];

const fn millions(name: &'static str, run: fn(&Options) -> Vec<f64>) -> Case {
    Case { name, unit: "M/s", run }
}

const MODE: BulkErrorMode = BulkErrorMode::IgnoreError;

/// A router and the routes that it is to get.
struct Routes {
    rig: Rig,
    entries: Vec<Entry>,
    objects: Vec<ObjectRef>,
    hop: [AttrEntry; 1],
}

impl Routes {
    fn new(options: &Options) -> Routes {
        let (rig, hops) = forward::router().expect("the switch takes it");
        let vr_id = rig.switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID).expect("has one").raw();
        let switch_id = rig.switch.id().raw();
        let entry = |destination: IpNet| Entry::Route(RouteEntry { switch_id, vr_id, destination });
        let entries: Vec<Entry> = prefixes_v4(options.size(1_000_000)).into_iter().map(entry).collect();
        let objects = entries.iter().cloned().map(ObjectRef::Entry).collect();
        let hop = [AttrEntry::new(route_entry::NEXT_HOP_ID.id(), Value::Oid(hops[0].raw()))];
        Routes { rig, entries, objects, hop }
    }

    fn switch(&self) -> ObjectId {
        self.rig.switch.id().raw()
    }

    fn create(&self) {
        for entry in &self.entries {
            self.rig.sim.create(self.switch(), Target::Entry(entry), &self.hop).expect("room");
        }
    }

    fn set(&self) {
        self.objects.iter().for_each(|o| self.rig.sim.set(o, &self.hop[0]).expect("there"));
    }

    fn get(&self) {
        let mut asked = [AttrEntry::ask(route_entry::NEXT_HOP_ID.id())];
        self.objects.iter().for_each(|o| self.rig.sim.get(o, &mut asked).expect("there"));
        black_box(&asked);
    }

    fn remove(&self) {
        self.objects.iter().for_each(|o| self.rig.sim.remove(o).expect("there"));
    }

    fn bulk_create(&self) {
        for chunk in self.entries.chunks(1000) {
            let item = |e| BulkCreate { target: Target::Entry(e), attrs: &self.hop };
            let items: Vec<_> = chunk.iter().map(item).collect();
            let done = self.rig.sim.bulk(Bulk::Create { switch: self.switch(), items: &items }, MODE);
            assert!(done.iter().all(Result::is_ok));
        }
    }

    fn bulk_set(&self) {
        for chunk in self.objects.chunks(1000) {
            let items: Vec<_> = chunk.iter().map(|object| BulkSet { object, attr: &self.hop[0] }).collect();
            assert!(self.rig.sim.bulk(Bulk::Set(&items), MODE).iter().all(Result::is_ok));
        }
    }

    fn bulk_remove(&self) {
        for chunk in self.objects.chunks(1000) {
            assert!(self.rig.sim.bulk(Bulk::Remove(chunk), MODE).iter().all(Result::is_ok));
        }
    }

    /// Runs `before` untimed and `work` timed; millions a second.
    fn rates(&self, options: &Options, before: impl Fn(&Routes), work: fn(&Routes)) -> Vec<f64> {
        let one = |_| {
            before(self);
            let (seconds, ()) = Cpu::of(|| work(self));
            self.entries.len() as f64 / seconds / 1e6
        };
        (0..options.runs.min(3)).map(one).collect()
    }
}

/// Work that makes the routes; they are gone before each run.
fn routes(options: &Options, work: fn(&Routes)) -> Vec<f64> {
    let routes = Routes::new(options);
    let gone = |r: &Routes| drop(r.rig.sim.bulk(Bulk::Remove(&r.objects), MODE));
    routes.rates(options, gone, work)
}

/// Work that removes the routes; they are there before each run.
fn routes_removed(options: &Options, work: fn(&Routes)) -> Vec<f64> {
    Routes::new(options).rates(options, Routes::bulk_create, work)
}

/// Work on routes that stay.
fn kept(options: &Options, work: fn(&Routes)) -> Vec<f64> {
    let routes = Routes::new(options);
    routes.bulk_create();
    routes.rates(options, |_| {}, work)
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
    let routes = Routes::new(options);
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
    routes.rig.sim.with_switch(routes.switch(), run).expect("the switch is there")
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

fn switches(options: &Options) -> Vec<f64> {
    let before = resident();
    let all: Vec<Rig> = (0..options.size(1000)).map(|_| Rig::boot(8)).collect();
    let grown = (resident() - before) / 1e6;
    drop(all);
    vec![grown]
}
