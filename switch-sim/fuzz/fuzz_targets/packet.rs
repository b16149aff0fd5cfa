//! Any frames into a switch that bridges, routes and traps: it stays whole, and packets balance.
//!
//! The input is a list of frames: a byte for the port, one for the length, then the bytes; a length of 255 lets time
//! pass. `cargo +nightly fuzz run packet` from this folder's parent.
#![no_main]

use std::cell::OnceCell;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sai::{AttrEntry, Backend, ObjectId, ObjectType, Target, Value, hostif_trap, router_interface as rif, switch};
use switch_sim::{Profile, Simulator, World};

struct Bench {
    world: World,
    sim: Simulator,
    switch: ObjectId,
    ports: Vec<ObjectId>,
}

fn bench() -> Bench {
    let world = World::new(1);
    let mut profile = Profile::with_ports(8);
    profile.boot.ports_up = true;
    let sim = world.simulator(profile);
    let at = AttrEntry::new;
    let create = |on, ty, attrs: &[AttrEntry]| sim.create(on, Target::Object(ty), attrs).expect("it is legal");
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
    Bench { world, sim, switch: id, ports }
}

thread_local! {
    static BENCH: OnceCell<Bench> = const { OnceCell::new() };
}

fuzz_target!(|bytes: &[u8]| {
    BENCH.with(|bench_cell| {
        let Bench { world, sim, switch, ports } = bench_cell.get_or_init(bench);
        let mut rest = bytes;
        while let [port, len, more @ ..] = rest {
            if *len == 255 {
                world.advance(Duration::from_secs(u64::from(*port))).expect("time passes");
                rest = more;
                continue;
            }
            let (frame, after) = more.split_at(more.len().min(usize::from(*len)));
            world.inject(sim, ports[usize::from(*port) % ports.len()], frame).expect("any frame is taken");
            rest = after;
        }
        for port in ports {
            while world.receive(sim, *port).expect("it is a port").is_some() {}
        }
        sim.with_switch(*switch, |sw| {
            assert!(sw.plane.balance.holds(), "{:?}", sw.plane.balance);
            sw.audit().expect("the store is whole");
        })
        .expect("the switch is there");
    });
});
