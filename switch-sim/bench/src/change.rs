//! Forwarding while the tables change: stations learned, with events, and routes that move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sai::notify::{Notification, NotificationSink};
use sai::{AttrEntry, Backend, ObjectRef, Value, entry::Entry, route_entry, switch};
use switch_sim::bridge::fdb;
use switch_sim::pipeline::{Engine, NoTrace, VECTOR};

use crate::frames::{Random, Ring, ethernet};
use crate::rig::{Rig, Station, prefixes_v4};
use crate::{Case, Cpu, Options, forward};

/// The cases.
pub const CASES: &[Case] = &[
    Case { name: "learning/500k-macs", unit: "M/s", run: |o| learning(o, true) },
    Case { name: "learning/500k-macs/flooded-to-63-ports", unit: "M/s", run: |o| learning(o, false) },
    Case {
        name: "churn/ipv4/1M-prefixes/1-update-in-50-packets",
        unit: "Mpps",
        run: |o| churn(o).into_iter().map(|c| c.packets).collect(),
    },
    Case {
        name: "churn/ipv4/1M-prefixes/1-update-in-50-packets/updates",
        unit: "M/s",
        run: |o| churn(o).into_iter().map(|c| c.updates).collect(),
    },
];

/// New stations of a run.
const NEW: usize = 500_000;

#[derive(Debug, Default)]
struct Learned(AtomicU64);

impl NotificationSink for Learned {
    fn notify(&self, notification: &Notification) {
        if let Notification::FdbEvent { data } = notification {
            self.0.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
    }
}

/// Millions of new stations a second: each is learned from a frame, to a known station or one that is not, and told
/// of in an event.
fn learning(options: &Options, known: bool) -> Vec<f64> {
    let count = options.size(NEW).next_multiple_of(VECTOR);
    let one = |_| {
        let rig = Rig::boot(64);
        let make = || rig.vlans(2..3, &rig.bridge_ports()?);
        make().expect("the switch takes it");
        let to = [2, 0, 0, 0, 0, 2];
        if known {
            rig.learn(&[Station { mac: to, vid: Some(2), port: rig.port(0) }]);
        }
        let learned = Arc::new(Learned::default());
        rig.sim.subscribe(learned.clone());
        let mut random = Random(3);
        let frames: Vec<_> = (0..count)
            .map(|_| ethernet(random.mac(), to, Some(2)).ethertype(0x88b5).pad_to(60).build())
            .collect();
        let (mut engine, mut ring) = (Engine::new(), Ring::default());
        let (seconds, ()) = Cpu::of(|| {
            for vector in frames.chunks(VECTOR) {
                let run = |sw: &mut switch_sim::Switch| {
                    for (n, frame) in vector.iter().enumerate() {
                        // Not by the port of the station that they are for.
                        engine.receive(rig.port(1 + n % 63), frame);
                    }
                    engine.run(sw, 1, &mut NoTrace, &mut ring);
                    fdb::deliver(sw);
                };
                rig.sim.with_switch(rig.switch.id().raw(), run).expect("the switch is there");
            }
        });
        let told = learned.0.load(Ordering::Relaxed);
        assert!(told as usize * 10 >= count * 9, "{told} of {count} stations were told of");
        count as f64 / seconds / 1e6
    };
    (0..options.runs).map(one).collect()
}

/// What a switch does while routes change.
struct Churn {
    /// Millions of packets a second.
    packets: f64,
    /// Millions of changes a second, in the same time.
    updates: f64,
}

/// Forwards while a route changes for each fifty packets, and measures both. The time of the changes counts; a packet
/// lost fails the run.
fn churn(options: &Options) -> Vec<Churn> {
    const EACH: usize = 50;
    let (rig, hops) = forward::router().expect("the switch takes it");
    let nets = prefixes_v4(options.size(1_000_000));
    rig.routes(&nets, &hops).expect("room");
    let traffic = forward::routed(&rig, &nets, 65_536, crate::frames::Size::Small, |_| None);
    let vr_id = rig.switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID).expect("has one").raw();
    let packets = options.size(1 << 20).next_multiple_of(VECTOR);
    let mut random = Random(5);
    let changes: Vec<(ObjectRef, AttrEntry)> = (0..packets / EACH)
        .map(|_| {
            let entry = rig.route_entry(vr_id, nets[random.below(nets.len())]);
            let hop = Value::Oid(hops[random.below(hops.len())].raw());
            let attr = AttrEntry::new(route_entry::NEXT_HOP_ID.id(), hop);
            (ObjectRef::Entry(Entry::Route(entry)), attr)
        })
        .collect();
    let mut engine = Engine::new();
    let run = |sw: &mut switch_sim::Switch| {
        let one = |_| {
            let (mut ring, mut changes) = (Ring::default(), changes.iter());
            let mut done = 0;
            let (seconds, ()) = Cpu::of(|| {
                for start in (0..packets).step_by(VECTOR) {
                    for n in start..start + VECTOR {
                        let (port, frame) = traffic.get(n % traffic.len());
                        engine.receive(port, frame);
                    }
                    engine.run(sw, 1, &mut NoTrace, &mut ring);
                    while done < start / EACH {
                        done += 1;
                        if let Some((route, attr)) = changes.next() {
                            sw.set(route, attr).expect("the route is there");
                        }
                    }
                }
            });
            assert_eq!(ring.count, packets as u64, "no packet is lost");
            Churn { packets: packets as f64 / seconds / 1e6, updates: done as f64 / seconds / 1e6 }
        };
        (0..options.runs).map(one).collect()
    };
    rig.sim.with_switch(rig.switch.id().raw(), run).expect("the switch is there")
}
