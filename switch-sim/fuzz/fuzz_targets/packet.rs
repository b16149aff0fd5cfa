//! Any frames into a switch that bridges, routes and traps: it stays whole, and packets balance.
//!
//! The input is a list of frames: a byte for the port, one for the length, then the bytes; a length of 255 lets time
//! pass. Frames whose port byte has its top bit come in together, by the vector. `cargo +nightly fuzz run packet` from this folder's parent.
#![no_main]

use std::cell::{OnceCell, RefCell};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sai::{
    AttrEntry, Backend, ObjectId, ObjectType, QosMap, QosMapParams, Special, Target, Value, hostif_trap,
    qos_map, router_interface as rif, switch,
};
use switch_sim::pipeline::{Engine, NoTrace, Sink};
use switch_sim::port::index;
use switch_sim::{Profile, Simulator, World};

struct Bench {
    world: World,
    sim: Simulator,
    switch: ObjectId,
    ports: Vec<ObjectId>,
    engine: RefCell<Engine>,
}

struct Nowhere;

impl Sink for Nowhere {
    fn transmit(&mut self, _: u16, _: &[u8], _: &[u8]) {}
}

impl Bench {
    /// Runs the frames that came in together.
    fn run(&self, engine: &mut Engine) {
        let now = self.world.now();
        let run = |sw: &mut switch_sim::Switch| engine.run(sw, now, &mut NoTrace, &mut Nowhere);
        self.sim.with_switch(self.switch, run).expect("the switch is there");
    }
}

fn bench() -> Bench {
    let world = World::new(1);
    let mut profile = Profile::with_ports(8);
    profile.boot.ports_up = true;
    let sim = world.simulator(profile);
    let at = AttrEntry::new;
    let create =
        |on, ty, attrs: &[AttrEntry]| sim.create(on, Target::Object(ty), attrs).expect("it is legal");
    let init = [at(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = create(ObjectId::NULL, ObjectType::SWITCH, &init);
    let get = |a| {
        let mut asked = [AttrEntry::ask(a)];
        sim.get(&sai::ObjectRef::Object(ObjectType::SWITCH, id), &mut asked).expect("it is there");
        asked[0].value.clone()
    };
    let Value::OidList(ports) = get(switch::PORT_LIST.id()) else { unreachable!() };
    let interface = [
        at(rif::VIRTUAL_ROUTER_ID.id(), get(switch::DEFAULT_VIRTUAL_ROUTER_ID.id())),
        at(rif::TYPE.id(), Value::I32(rif::Type::VLAN.0)),
        at(rif::VLAN_ID.id(), get(switch::DEFAULT_VLAN_ID.id())),
    ];
    create(id, ObjectType::ROUTER_INTERFACE, &interface);
    for ty in [hostif_trap::Type::ARP_REQUEST, hostif_trap::Type::LACP, hostif_trap::Type::TTL_ERROR] {
        let action = Value::I32(sai::types::PacketAction::COPY.0);
        let ty = at(hostif_trap::TRAP_TYPE.id(), Value::I32(ty.0));
        create(id, ObjectType::HOSTIF_TRAP, &[ty, at(hostif_trap::PACKET_ACTION.id(), action)]);
    }
    let map = |kind: qos_map::Type, key: fn(u8) -> QosMapParams, value: fn(u8) -> QosMapParams| {
        let list = (0..8).map(|n| QosMap { key: key(n), value: value(n) }).collect();
        let list = at(qos_map::MAP_TO_VALUE_LIST.id(), Value::QosMapList(list));
        let map = create(id, ObjectType::QOS_MAP, &[at(qos_map::TYPE.id(), Value::I32(kind.0)), list]);
        Value::Oid(map)
    };
    let tc = |tc| QosMapParams { tc, ..QosMapParams::default() };
    let dscp = |dscp| QosMapParams { dscp, ..QosMapParams::default() };
    for (attr, map) in [
        (switch::QOS_DSCP_TO_TC_MAP.id(), map(qos_map::Type::DSCP_TO_TC, dscp, tc)),
        (switch::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), map(qos_map::Type::TC_AND_COLOR_TO_DSCP, tc, dscp)),
    ] {
        sim.set(&sai::ObjectRef::Object(ObjectType::SWITCH, id), &at(attr, map)).expect("it is legal");
    }
    Bench { world, sim, switch: id, ports, engine: RefCell::new(Engine::new()) }
}

thread_local! {
    static BENCH: OnceCell<Bench> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    BENCH.with(|bench_cell| {
        let bench = bench_cell.get_or_init(bench);
        let Bench { world, sim, switch, ports, engine } = bench;
        let (mut rest, mut engine) = (bytes, engine.borrow_mut());
        while let [port, len, more @ ..] = rest {
            if engine.is_full() || *len == 255 || port & 0x80 == 0 {
                bench.run(&mut engine);
            }
            if *len == 255 {
                world.advance(Duration::from_secs(u64::from(*port))).expect("time passes");
                rest = more;
                continue;
            }
            let (frame, after) = more.split_at(more.len().min(usize::from(*len)));
            let to = ports[usize::from(port & 0x7f) % ports.len()];
            if port & 0x80 != 0 {
                engine.receive(index(to), frame);
            } else {
                world.inject(sim, to, frame).expect("any frame is taken");
            }
            rest = after;
        }
        bench.run(&mut engine);
        for port in ports {
            while world.receive(sim, *port).expect("it is a port").is_some() {}
        }
        sim.with_switch(*switch, |sw| {
            assert!(sw.plane.balance.holds(), "{:?}", sw.plane.balance);
            // It looks at every object and station, for which not every input has the time.
            if bytes.first() == Some(&0) {
                sw.audit().expect("the store is whole");
            }
        })
        .expect("the switch is there");
        // What was learned does not pile up from input to input.
        sim.special(*switch, Special::FlushFdb(&[])).expect("stations are flushed");
    });
});
