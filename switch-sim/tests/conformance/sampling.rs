//! Samplepackets: what reaches the host or mirror sessions, and how often.

use super::bed::*;
use sai::hostif_table_entry::{self as entry, ChannelType};
use sai::object::samplepacket::{Mode, Type};
use sai::types::PacketAction;
use sai::{
    AttrEntry, AttrId, ObjectId, ObjectType, Special, SpecialAnswer, Value, hostif, hostif_packet,
    hostif_trap as trap, mirror_session as session, port, samplepacket,
};

const IN: AttrId = port::INGRESS_SAMPLEPACKET_ENABLE.id();
const OUT: AttrId = port::EGRESS_SAMPLEPACKET_ENABLE.id();

/// A netlink channel for the samples, as psample is.
fn channel(bed: &Bed) -> ObjectId {
    let psample = bed.create(
        ObjectType::HOSTIF,
        &[
            attr(hostif::TYPE.id(), Value::I32(hostif::Type::GENETLINK.0)),
            attr(hostif::NAME.id(), Value::CharData("psample".try_into().unwrap())),
            attr(hostif::GENETLINK_MCGRP_NAME.id(), Value::CharData("packets".try_into().unwrap())),
        ],
    );
    let trap = bed.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(trap::TRAP_TYPE.id(), Value::I32(trap::Type::SAMPLEPACKET.0)),
            attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ],
    );
    bed.create(
        ObjectType::HOSTIF_TABLE_ENTRY,
        &[
            attr(entry::TYPE.id(), Value::I32(entry::Type::TRAP_ID.0)),
            attr(entry::TRAP_ID.id(), Value::Oid(trap)),
            attr(entry::CHANNEL_TYPE.id(), Value::I32(ChannelType::GENETLINK.0)),
            attr(entry::HOST_IF.id(), Value::Oid(psample)),
        ],
    );
    psample
}

fn sampler(bed: &Bed, rate: u32, more: &[(AttrId, Value)]) -> ObjectId {
    let mut attrs = vec![attr(samplepacket::SAMPLE_RATE.id(), Value::U32(rate))];
    attrs.extend(more.iter().map(|(id, value)| attr(*id, value.clone())));
    bed.create(ObjectType::SAMPLEPACKET, &attrs)
}

fn bind(bed: &Bed, port: usize, by: AttrId, sampler: ObjectId) {
    bed.set(ObjectType::PORT, bed.ports[port], by, Value::Oid(sampler));
}

/// The next sample on the channel.
fn recv(bed: &Bed, hostif: ObjectId) -> Option<(Vec<u8>, Vec<AttrEntry>)> {
    match bed.backend().special(bed.switch, Special::RecvHostifPacket { hostif }).ok()? {
        SpecialAnswer::Packet { frame, attrs } => Some((frame, attrs)),
        other => panic!("{other:?} is no packet"),
    }
}

fn oid(attrs: &[AttrEntry], id: AttrId) -> Option<ObjectId> {
    attrs.iter().find(|a| a.id == id).and_then(|a| a.value.as_oid())
}

/// Acts: SAI_PORT_ATTR_INGRESS_SAMPLEPACKET_ENABLE, SAI_PORT_ATTR_EGRESS_SAMPLEPACKET_ENABLE,
/// SAI_SAMPLEPACKET_ATTR_TRUNCATE_ENABLE, SAI_SAMPLEPACKET_ATTR_TRUNCATE_SIZE.
#[test]
fn a_sample_reaches_the_host_with_where_it_came_in_and_where_it_leaves() {
    let bed = Bed::new();
    bed.send(3, &frame(ALL, B));
    let id = sampler(&bed, 1, &[]);
    bind(&bed, 0, IN, id);
    assert_eq!(bed.to(0, &frame(B, A)), [3], "without a trap samples are dropped");
    let channel = channel(&bed);
    assert_eq!(recv(&bed, channel), None);
    assert_eq!(bed.to(0, &frame(B, A)), [3], "the packet goes its way");
    let (f, attrs) = recv(&bed, channel).unwrap();
    assert_eq!(f, frame(B, A));
    assert_eq!(oid(&attrs, hostif_packet::INGRESS_PORT.id()), Some(bed.ports[0]));
    assert_eq!(oid(&attrs, hostif_packet::EGRESS_PORT_OR_LAG.id()), Some(bed.ports[3]));
    assert!(oid(&attrs, hostif_packet::HOSTIF_TRAP_ID.id()).is_some());
    assert_eq!(recv(&bed, channel), None);
    // A flooded packet leaves by many ports: none is told.
    bed.send(0, &frame(ALL, A));
    let (_, attrs) = recv(&bed, channel).unwrap();
    assert_eq!(oid(&attrs, hostif_packet::EGRESS_PORT_OR_LAG.id()), None);
    bed.set(ObjectType::SAMPLEPACKET, id, samplepacket::TRUNCATE_SIZE.id(), Value::U32(20));
    bed.send(0, &frame(B, A));
    assert_eq!(recv(&bed, channel).unwrap().0.len(), 60);
    bed.set(ObjectType::SAMPLEPACKET, id, samplepacket::TRUNCATE_ENABLE.id(), Value::Bool(true));
    bed.send(0, &frame(B, A));
    assert_eq!(recv(&bed, channel).unwrap().0, frame(B, A)[..20]);
    // What a port sends.
    bind(&bed, 0, IN, ObjectId::NULL);
    bind(&bed, 3, OUT, id);
    bed.send(0, &frame(B, A));
    let (_, attrs) = recv(&bed, channel).unwrap();
    assert_eq!(oid(&attrs, hostif_packet::INGRESS_PORT.id()), Some(bed.ports[0]));
    assert_eq!(oid(&attrs, hostif_packet::EGRESS_PORT_OR_LAG.id()), Some(bed.ports[3]));
    bed.send(3, &frame(A, B));
    assert_eq!(recv(&bed, channel), None, "it leaves by another port");
}

/// Which of so many packets are taken, sent to the ports in turn.
fn taken(bed: &Bed, channel: ObjectId, ports: &[usize], packets: usize) -> Vec<bool> {
    let one = |n: usize| {
        bed.send(ports[n % ports.len()], &frame(ALL, A));
        recv(bed, channel).is_some()
    };
    (0..packets).map(one).collect()
}

/// Acts: SAI_SAMPLEPACKET_ATTR_SAMPLE_RATE, SAI_SAMPLEPACKET_ATTR_MODE.
#[test]
fn chance_is_fair_repeats_and_is_shared_where_asked() {
    // It repeats by the simulator's seed.
    needs!(Profile);
    let with = |mode: Mode, ports: &[usize], packets: usize| {
        let bed = Bed::new();
        let channel = channel(&bed);
        let id = sampler(&bed, 8, &[(samplepacket::MODE.id(), Value::I32(mode.0))]);
        [0, 1].iter().for_each(|port| bind(&bed, *port, IN, id));
        taken(&bed, channel, ports, packets)
    };
    let alone = with(Mode::EXCLUSIVE, &[0], 800);
    let some = alone.iter().filter(|t| **t).count();
    assert!((60..140).contains(&some), "{some} of 800 are one in 8");
    assert_eq!(alone, with(Mode::EXCLUSIVE, &[0], 800));
    // What comes in by port 1 does not change what port 0 takes; of a shared sampler it does.
    let every_other = |all: Vec<bool>| all.into_iter().step_by(2).collect::<Vec<_>>();
    assert_eq!(every_other(with(Mode::EXCLUSIVE, &[0, 1], 400)), alone[..200]);
    let shared = with(Mode::SHARED, &[0], 400);
    assert_eq!(with(Mode::SHARED, &[0, 1], 400), shared, "whoever takes the packet in");
    assert_ne!(every_other(with(Mode::SHARED, &[0, 1], 400)), shared[..200]);
    // The rate may change.
    let bed = Bed::new();
    let channel = channel(&bed);
    let id = sampler(&bed, 1_000_000, &[]);
    bind(&bed, 0, IN, id);
    assert_eq!(taken(&bed, channel, &[0], 50), [false; 50]);
    bed.set(ObjectType::SAMPLEPACKET, id, samplepacket::SAMPLE_RATE.id(), Value::U32(1));
    assert_eq!(taken(&bed, channel, &[0], 50), [true; 50]);
}

/// Acts: SAI_SAMPLEPACKET_ATTR_TYPE, SAI_PORT_ATTR_INGRESS_SAMPLE_MIRROR_SESSION,
/// SAI_PORT_ATTR_EGRESS_SAMPLE_MIRROR_SESSION.
#[test]
fn samples_may_go_to_mirror_sessions() {
    let bed = Bed::new();
    let channel = channel(&bed);
    bed.free_port(7);
    let monitor = bed.create(
        ObjectType::MIRROR_SESSION,
        &[
            attr(session::TYPE.id(), Value::I32(session::Type::LOCAL.0)),
            attr(session::MONITOR_PORT.id(), Value::Oid(bed.ports[7])),
        ],
    );
    let id = sampler(&bed, 4, &[(samplepacket::TYPE.id(), Value::I32(Type::MIRROR_SESSION.0))]);
    let copied = || {
        let sent = bed.send_all(0, (0..200).map(|_| frame(ALL, A)));
        sent.iter().filter(|(port, _)| *port == 7).count()
    };
    for (port, by, sessions) in
        [(0, IN, port::INGRESS_SAMPLE_MIRROR_SESSION.id()), (1, OUT, port::EGRESS_SAMPLE_MIRROR_SESSION.id())]
    {
        bind(&bed, port, by, id);
        assert_eq!(copied(), 0, "no session");
        bed.set(ObjectType::PORT, bed.ports[port], sessions, Value::OidList(vec![monitor]));
        let some = copied();
        assert!((25..85).contains(&some), "{some} of 200 are one in 4");
        bind(&bed, port, by, ObjectId::NULL);
        assert_eq!(copied(), 0);
    }
    assert_eq!(recv(&bed, channel), None);
}
