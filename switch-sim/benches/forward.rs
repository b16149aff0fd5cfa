//! Forwarding in memory on one core: `cargo bench -p switch-sim --bench forward`.
//!
//! Bridged: 64-byte frames with a tag, 32,768 stations in 100 VLANs on 64 ports, 65,536 flows, taken in and
//! copied out. Prints millions of packets a second: best and median of seven runs.
#![allow(missing_docs)]

use std::time::Instant;

use sai::{
    AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Target, Value, bridge_port, vlan, vlan_member,
};
use switch_sim::pipeline::{Engine, NoTrace, Sink, Trace, Tracer, VECTOR};
use switch_sim::port::index;
use switch_sim::{Profile, Simulator};

const PORTS: u32 = 64;
const VLANS: u16 = 100;
const STATIONS: usize = 32_768;
const FLOWS: usize = 65_536;
const PACKETS: usize = 4 << 20;
const RUNS: usize = 7;

/// Copies what leaves into a ring, as a driver would.
struct Ring {
    buffer: Vec<u8>,
    at: usize,
    count: u64,
}

impl Sink for Ring {
    #[inline]
    fn transmit(&mut self, _: u16, head: &[u8], _: &[u8]) {
        self.buffer[self.at..self.at + head.len()].copy_from_slice(head);
        self.at = (self.at + 2112) % (256 * 2112);
        self.count += 1;
    }
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn attr(id: u32, value: Value) -> AttrEntry {
    AttrEntry::new(id, value)
}

/// A switch whose 64 ports are tagged members of 100 VLANs; its ports.
fn bridge() -> (Simulator, ObjectId, Vec<ObjectId>) {
    let mut profile = Profile::with_ports(PORTS);
    (profile.boot.ports_up, profile.boot.link_up) = (true, true);
    (profile.boot.bridge_ports, profile.boot.vlan_members) = (true, false);
    let sim = Simulator::new(profile);
    let init = [attr(sai::switch::INIT_SWITCH.id(), Value::Bool(true))];
    let switch = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    let mut asked = [AttrEntry::ask(sai::switch::PORT_LIST.id())];
    sim.get(&ObjectRef::Object(ObjectType::SWITCH, switch), &mut asked).unwrap();
    let Value::OidList(ports) = asked[0].value.clone() else { panic!("a list of ports") };
    let bridge_ports: Vec<_> = sim
        .with_switch(switch, |sw| {
            let of = bridge_port::PORT_ID.id();
            let all = sw.store.ids(ObjectType::BRIDGE_PORT);
            all.filter(|bp| !sw.store.oid(*bp, of).is_null()).collect()
        })
        .unwrap();
    for vid in 2..2 + VLANS {
        let id = [attr(vlan::VLAN_ID.id(), Value::U16(vid))];
        let vlan = sim.create(switch, Target::Object(ObjectType::VLAN), &id).unwrap();
        for bp in &bridge_ports {
            let member = [
                attr(vlan_member::VLAN_ID.id(), Value::Oid(vlan)),
                attr(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(*bp)),
                attr(vlan_member::VLAN_TAGGING_MODE.id(), Value::I32(vlan::TaggingMode::TAGGED.0)),
            ];
            sim.create(switch, Target::Object(ObjectType::VLAN_MEMBER), &member).unwrap();
        }
    }
    (sim, switch, ports)
}

fn frame(dst: u64, src: u64, vid: u16) -> [u8; 64] {
    let mut f = [0u8; 64];
    f[..6].copy_from_slice(&dst.to_be_bytes()[2..]);
    f[6..12].copy_from_slice(&src.to_be_bytes()[2..]);
    f[12..14].copy_from_slice(&[0x81, 0]);
    f[14..16].copy_from_slice(&vid.to_be_bytes());
    f[16..18].copy_from_slice(&[8, 0]);
    f[18..42]
        .copy_from_slice(&[0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2]);
    f[43] = 26;
    f
}

fn run<T: Tracer>(name: &str, packets: usize, mut tracer: impl FnMut() -> T) {
    let (sim, switch, ports) = bridge();
    let mut seed = 42;
    let stations: Vec<(u64, u16, u16)> = (0..STATIONS)
        .map(|i| {
            let mac = (random(&mut seed) & 0xfeff_ffff_ffff) | 2;
            (mac, 2 + (i % usize::from(VLANS)) as u16, index(ports[i % PORTS as usize]))
        })
        .collect();
    let flows: Vec<([u8; 64], u16)> = (0..FLOWS)
        .map(|_| {
            let from = stations[random(&mut seed) as usize % STATIONS];
            let mut to = random(&mut seed) as usize % STATIONS;
            while stations[to].1 != from.1 || stations[to].2 == from.2 {
                to = (to + 1) % STATIONS;
            }
            (frame(stations[to].0, from.0, from.1), from.2)
        })
        .collect();
    let mut ring = Ring { buffer: vec![0; 257 * 2112], at: 0, count: 0 };
    let mut engine = Engine::new();
    let mut best: Vec<f64> = sim
        .with_switch(switch, |sw| {
            for (mac, vid, port) in &stations {
                engine.receive(*port, &frame(0x0200_0000_0001, *mac, *vid));
                engine.run(sw, 1, &mut NoTrace, &mut ring);
            }
            let one = |_| {
                ring.count = 0;
                let start = Instant::now();
                for chunk in flows.chunks_exact(VECTOR).cycle().take(packets / VECTOR) {
                    for (frame, port) in chunk {
                        engine.receive(*port, frame);
                    }
                    engine.run(sw, 1, &mut tracer(), &mut ring);
                }
                let rate = packets as f64 / start.elapsed().as_secs_f64() / 1e6;
                assert_eq!(ring.count, packets as u64, "each leaves once");
                rate
            };
            (0..RUNS).map(one).collect()
        })
        .unwrap();
    best.sort_by(|a, b| b.total_cmp(a));
    println!("{name}: best {:.2} median {:.2} Mpps", best[0], best[RUNS / 2]);
}

fn main() {
    run("forward/bridged/32k-macs", PACKETS, || NoTrace);
    run("forward/bridged/32k-macs/traced", PACKETS / 64, Trace::default);
}
