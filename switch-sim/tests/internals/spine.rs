//! What holds for any packets: they balance, a vector does what its packets do one by one, and the same
//! calls give the same results.

use std::sync::Arc;
use std::time::Duration;

use super::bed::*;
use proptest::prelude::*;
use sai::mirror_session::Type;
use sai::object::policer::Mode;
use sai::types::{MeterType, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    Backend, ObjectRef, ObjectType, Session, Special, StatsOp, Value, bridge_port, hostif, hostif_packet,
    hostif_trap, hostif_trap_group, mirror_session, policer, port, queue, samplepacket, switch,
};
use switch_sim::pipeline::{Engine, NoTrace, VECTOR};
use switch_sim::port::index;
use switch_sim::world::Cable;
use switch_sim::{Simulator, Switch, World};

/// The address of the nearest bridge.
const RESERVED: [u8; 6] = [1, 0x80, 0xC2, 0, 0, 0x0E];

/// Few stations and VLANs, so that frames meet.
fn frames() -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let mac = || (0..12u8).prop_map(|n| if n == 11 { ALL } else { [2 + (n & 1), 0, 0, 0, 0, n] });
    let dst = prop_oneof![9 => mac(), 1 => Just(RESERVED)];
    let known = (dst, mac(), 0..14u16, any::<bool>(), 18..400usize).prop_map(|(d, s, vid, tag, len)| {
        let mut f = if tag { tagged(d, s, vid) } else { frame(d, s) };
        if d == RESERVED {
            let at = if tag { 16 } else { 12 };
            f[at..at + 2].copy_from_slice(&[0x88, 0xCC]);
        }
        f.resize(len, 0x77);
        f
    });
    let any = prop::collection::vec(any::<u8>(), 0..120);
    prop::collection::vec((0..8usize, prop_oneof![6 => known, 1 => any]), 1..150)
}

/// A switch with a learning limit and two more VLANs.
fn limited_bed() -> Bed {
    let bed = Bed::new();
    bed.vlan(5, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED), (2, TaggingMode::TAGGED)]);
    bed.vlan(6, &[(2, TaggingMode::TAGGED), (3, TaggingMode::PRIORITY_TAGGED), (7, TaggingMode::TAGGED)]);
    let limit = bridge_port::MAX_LEARNED_ADDRESSES.id();
    bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[1], limit, Value::U32(2));
    bed
}

/// The same with a trap that lets LLDP on into bridging.
fn bridging_lldp() -> Bed {
    let bed = limited_bed();
    let attrs = [
        attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::LLDP.0)),
        attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::COPY.0)),
    ];
    bed.create(ObjectType::HOSTIF_TRAP, &attrs);
    bed
}

/// The same with a loopback port.
fn odd_bed() -> Bed {
    let bed = limited_bed();
    let mac = Value::I32(port::LoopbackMode::MAC.0);
    bed.set(ObjectType::PORT, bed.ports[6], port::LOOPBACK_MODE.id(), mac);
    bed
}

/// A switch that polices, mirrors and samples at ingress and egress.
fn watched_bed() -> Bed {
    let bed = Bed::new();
    bed.vlan(5, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED), (2, TaggingMode::TAGGED)]);
    let policer = |mode: Mode, unit: MeterType, burst: u64| {
        bed.create(
            ObjectType::POLICER,
            &[
                attr(policer::MODE.id(), Value::I32(mode.0)),
                attr(policer::METER_TYPE.id(), Value::I32(unit.0)),
                attr(policer::CBS.id(), Value::U64(burst)),
                attr(policer::PBS.id(), Value::U64(burst)),
                attr(policer::YELLOW_PACKET_ACTION.id(), Value::I32(PacketAction::COPY.0)),
                attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
            ],
        )
    };
    let session = |ty: Type, monitor: usize| {
        bed.create(
            ObjectType::MIRROR_SESSION,
            &[
                attr(mirror_session::TYPE.id(), Value::I32(ty.0)),
                attr(mirror_session::MONITOR_PORT.id(), Value::Oid(bed.ports[monitor])),
                attr(mirror_session::VLAN_ID.id(), Value::U16(9)),
            ],
        )
    };
    let rate = attr(samplepacket::SAMPLE_RATE.id(), Value::U32(3));
    let to_session = attr(samplepacket::TYPE.id(), Value::I32(samplepacket::Type::MIRROR_SESSION.0));
    let sampler = bed.create(ObjectType::SAMPLEPACKET, &[rate, to_session]);
    let [local, remote] = [session(Type::LOCAL, 7), session(Type::REMOTE, 6)];
    let by_bytes = policer(Mode::SR_TCM, MeterType::BYTES, 900);
    let storm = policer(Mode::STORM_CONTROL, MeterType::PACKETS, 9);
    let set = |n: usize, by, value: Value| bed.set(ObjectType::PORT, bed.ports[n], by, value);
    set(0, port::POLICER_ID.id(), Value::Oid(by_bytes));
    set(1, port::POLICER_ID.id(), Value::Oid(by_bytes));
    set(2, port::BROADCAST_STORM_CONTROL_POLICER_ID.id(), Value::Oid(storm));
    set(3, port::FLOOD_STORM_CONTROL_POLICER_ID.id(), Value::Oid(storm));
    set(1, port::INGRESS_MIRROR_SESSION.id(), Value::OidList(vec![local, remote]));
    set(2, port::EGRESS_MIRROR_SESSION.id(), Value::OidList(vec![local]));
    set(7, port::EGRESS_MIRROR_SESSION.id(), Value::OidList(vec![remote]));
    for (n, by, sessions) in [
        (4, port::INGRESS_SAMPLEPACKET_ENABLE.id(), port::INGRESS_SAMPLE_MIRROR_SESSION.id()),
        (5, port::EGRESS_SAMPLEPACKET_ENABLE.id(), port::EGRESS_SAMPLE_MIRROR_SESSION.id()),
    ] {
        set(n, by, Value::Oid(sampler));
        set(n, sessions, Value::OidList(vec![local]));
    }
    bed
}

/// A bed where one policer stands in several places of a packet's way.
fn shared_bed() -> Bed {
    let bed = Bed::new();
    let policer = bed.create(
        ObjectType::POLICER,
        &[
            attr(policer::MODE.id(), Value::I32(Mode::STORM_CONTROL.0)),
            attr(policer::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
            attr(policer::CBS.id(), Value::U64(25)),
            attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
        ],
    );
    for n in 0..4 {
        for by in [port::POLICER_ID.id(), port::BROADCAST_STORM_CONTROL_POLICER_ID.id()] {
            bed.set(ObjectType::PORT, bed.ports[n], by, Value::Oid(policer));
        }
    }
    bed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_vector_does_what_its_packets_do_one_by_one(
        frames in frames(),
        size in 2..65usize,
        bed in prop_oneof![
            Just(limited_bed as fn() -> Bed),
            Just(bridging_lldp as fn() -> Bed),
            Just(odd_bed as fn() -> Bed),
            Just(watched_bed as fn() -> Bed),
            Just(shared_bed as fn() -> Bed),
        ],
    ) {
        let (one, one_balance, one_fdb) = run(&bed(), &frames, 1);
        let (many, many_balance, many_fdb) = run(&bed(), &frames, size);
        prop_assert!(one_balance.holds() && many_balance.holds());
        prop_assert_eq!(one_balance, many_balance);
        prop_assert_eq!(one_fdb, many_fdb);
        for port in 0..16 {
            prop_assert_eq!(one.by(port), many.by(port), "port {}", port);
        }
    }
}

/// A line of three switches with a lossy cable; what the last one's ports get.
fn line(seed: u64) -> (Vec<Vec<u8>>, String) {
    let world = World::new(seed);
    let beds: Vec<Bed> = (0..3).map(|_| Bed::in_world(&world)).collect();
    let lossy = Cable { delay: Duration::from_micros(3), loss: 0.3 };
    for pair in beds.windows(2) {
        world.connect((&pair[0].sim, pair[0].ports[7]), (&pair[1].sim, pair[1].ports[0]), lossy).unwrap();
    }
    let mut traces = String::new();
    for n in 0..40u8 {
        let f = frame(ALL, [2, 0, 0, 0, 1, n]);
        traces += &world.trace(&beds[0].sim, beds[0].ports[1], &f).unwrap().to_string();
        world.run_until_idle().unwrap();
    }
    let last = &beds[2];
    (std::iter::from_fn(|| world.receive(&last.sim, last.ports[7]).unwrap()).collect(), traces)
}

#[test]
fn the_same_seed_gives_the_same_packets_and_traces() {
    let (first, traces) = line(3);
    assert_eq!((first.clone(), traces), line(3));
    assert!((5..36).contains(&first.len()), "some are lost: {}", first.len());
    assert_ne!(first, line(4).0);
}

#[test]
fn frames_take_the_time_of_the_cable() {
    let world = World::new(0);
    let (a, b) = (Bed::in_world(&world), Bed::in_world(&world));
    let cable = Cable { delay: Duration::from_micros(10), loss: 0.0 };
    world.connect((&a.sim, a.ports[1]), (&b.sim, b.ports[0]), cable).unwrap();
    a.send(0, &frame(ALL, A));
    world.advance(Duration::from_micros(9)).unwrap();
    assert!(b.sent().is_empty());
    world.advance(Duration::from_micros(1)).unwrap();
    assert_eq!(b.sent().len(), 7);
}

#[test]
fn a_switch_in_no_world_takes_what_the_host_sends() {
    let mut profile = eight_ports();
    (profile.boot.ports_up, profile.boot.link_up) = (true, true);
    let sim = Simulator::new(profile);
    let session = Session::new(Arc::new(sim.clone()));
    let sw = session.create_switch(switch::Required { init_switch: true }).unwrap();
    let port = sw.ports().unwrap()[0].raw();
    let attrs = [
        attr(hostif_packet::HOSTIF_TX_TYPE.id(), Value::I32(hostif::TxType::PIPELINE_BYPASS.0)),
        attr(hostif_packet::EGRESS_PORT_OR_LAG.id(), Value::Oid(port)),
    ];
    let id = sw.id().raw();
    sim.special(id, Special::SendHostifPacket { hostif: id, frame: &frame(ALL, A), attrs: &attrs }).unwrap();
    let (stat, mut out) = ([port::Stat::IF_OUT_BROADCAST_PKTS.0 as u32], [0]);
    let port = ObjectRef::Object(ObjectType::PORT, port);
    sim.stats(&port, &stat, StatsOp::Read, &mut out).unwrap();
    assert_eq!(out, [1]);
}

#[test]
fn a_loop_of_cables_is_told() {
    let world = World::new(0);
    let a = Bed::in_world(&world);
    world.connect((&a.sim, a.ports[1]), (&a.sim, a.ports[2]), Cable::default()).unwrap();
    let bp = |n: usize| a.bridge_ports[n];
    for n in [0, 3, 4, 5, 6, 7] {
        a.set(ObjectType::BRIDGE_PORT, bp(n), bridge_port::TX_DROP.id(), Value::Bool(true));
    }
    a.send(0, &frame(ALL, A));
    let storm = world.run_until_idle_within(10_000).unwrap_err();
    assert!(storm.to_string().contains("loops"), "{storm}");
}

#[test]
fn a_cpu_queue_holds_so_many_packets_and_leaves_the_others_alone() {
    let bed = Bed::new();
    let group = |queue: u32| {
        let queue = attr(hostif_trap_group::QUEUE.id(), Value::U32(queue));
        bed.create(ObjectType::HOSTIF_TRAP_GROUP, &[queue])
    };
    for (ty, queue) in [(hostif_trap::Type::LLDP, 3), (hostif_trap::Type::PTP, 4)] {
        let attrs = [
            attr(hostif_trap::TRAP_TYPE.id(), Value::I32(ty.0)),
            attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
            attr(hostif_trap::TRAP_GROUP.id(), Value::Oid(group(queue))),
        ];
        bed.create(ObjectType::HOSTIF_TRAP, &attrs);
    }
    let of_type = |dst, ethertype: [u8; 2]| {
        let mut f = frame(dst, A);
        f[12..14].copy_from_slice(&ethertype);
        f
    };
    let lldp = of_type([1, 0x80, 0xC2, 0, 0, 0x0E], [0x88, 0xCC]);
    let ptp = of_type([1, 0x1B, 0x19, 0, 0, 0], [0x88, 0xF7]);
    let holds = eight_ports().chip.cpu_queue_packets as usize;
    let vectors = holds / VECTOR + 1;
    // Vectors whose packets nobody takes between them.
    let run = |sw: &mut Switch| {
        let mut engine = Engine::new();
        for n in 0..vectors {
            (0..VECTOR).for_each(|_| engine.receive(index(bed.ports[0]), &lldp));
            engine.run(sw, 1, &mut NoTrace, &mut Sent::default());
            if n == 0 {
                engine.receive(index(bed.ports[0]), &ptp);
                engine.run(sw, 1, &mut NoTrace, &mut Sent::default());
            }
        }
        assert!(sw.plane.balance.holds());
    };
    bed.sim.with_switch(bed.switch, run).unwrap();
    bed.send(1, &ptp);
    let count = |queue: usize, stat: queue::Stat| bed.stat(ObjectType::QUEUE, bed.cpu_queue(queue), stat.0);
    let lost = (vectors * VECTOR - holds) as u64;
    assert_eq!(count(3, queue::Stat::PACKETS), holds as u64);
    assert_eq!(count(3, queue::Stat::DROPPED_PACKETS), lost);
    assert_eq!((count(4, queue::Stat::PACKETS), count(4, queue::Stat::DROPPED_PACKETS)), (2, 0));
}
