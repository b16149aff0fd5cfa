//! Packets of a vector that meet one ACL table are looked up together, others alone; nobody can tell.

use proptest::prelude::*;
use sai::types::{AclStage, PacketAction};
use sai::{
    AclAction, AclField, ObjectId, ObjectType, Value, acl_counter, acl_entry, acl_table, mirror_session,
    port, switch,
};
use switch_sim::pipeline::{Engine, NoTrace};
use switch_sim::port::index;
use switch_sim::wire::PacketBuilder;

use crate::bed::*;

/// What leaves, and what each entry counts. An entry is the last byte of a source address under a mask, and what
/// becomes of the packet; every other one is bound to port 2 instead of the switch.
fn run(
    rules: &[(u8, u8, u8)],
    packets: &[(u8, usize)],
    one_by_one: bool,
) -> (Vec<(u16, Vec<u8>)>, Vec<Value>) {
    let bed = Bed::new();
    let tables = [(); 2].map(|()| {
        let stage = attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0));
        bed.create(ObjectType::ACL_TABLE, &[stage, attr(acl_table::FIELD_SRC_IP.id(), Value::Bool(true))])
    });
    let mut counters: Vec<ObjectId> = Vec::new();
    for (n, (byte, mask, what)) in rules.iter().enumerate() {
        let table = attr(acl_counter::TABLE_ID.id(), Value::Oid(tables[n % 2]));
        let counts = attr(acl_counter::ENABLE_PACKET_COUNT.id(), Value::Bool(true));
        counters.push(bed.create(ObjectType::ACL_COUNTER, &[table.clone(), counts]));
        let (data, mask) = ([10, 0, 0, *byte].into(), [255, 255, 255, *mask].into());
        let (id, does) = match what {
            0 => (acl_entry::ACTION_PACKET_ACTION.id(), AclAction::I32(PacketAction::DROP.0)),
            1 => (acl_entry::ACTION_SET_DSCP.id(), AclAction::U8(n as u8)),
            _ => (acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(bed.ports[6])),
        };
        bed.create(
            ObjectType::ACL_ENTRY,
            &[
                attr(acl_entry::TABLE_ID.id(), Value::Oid(tables[n % 2])),
                attr(acl_entry::FIELD_SRC_IP.id(), Value::AclField(AclField::Ipv4 { data, mask })),
                attr(acl_entry::ACTION_COUNTER.id(), Value::AclAction(AclAction::Oid(counters[n]))),
                attr(id, Value::AclAction(does)),
            ],
        );
    }
    bed.set(ObjectType::SWITCH, bed.switch, switch::INGRESS_ACL.id(), Value::Oid(tables[0]));
    bed.set(ObjectType::PORT, bed.ports[2], port::INGRESS_ACL.id(), Value::Oid(tables[1]));
    let mut sent = Sent::default();
    let forward = |sw: &mut switch_sim::Switch| {
        let mut engine = Engine::new();
        for (byte, from) in packets {
            let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
            let frame = frame.ipv4([10, 0, 0, *byte], [10, 0, 0, 99]).udp(1, 2).build();
            engine.receive(index(bed.ports[*from]), &frame);
            if one_by_one {
                engine.run(sw, 1, &mut NoTrace, &mut sent);
            }
        }
        engine.run(sw, 1, &mut NoTrace, &mut sent);
    };
    bed.sim.with_switch(bed.switch, forward).unwrap();
    let count = |c: &ObjectId| bed.get(ObjectType::ACL_COUNTER, *c, acl_counter::PACKETS.id());
    (sent.0, counters.iter().map(count).collect())
}

/// Copies of mirror sessions leave among the packets that egress ACLs look at, in the order of both.
#[test]
fn copies_leave_in_turn_with_what_egress_acls_look_at() {
    let run = |size: usize| {
        let bed = Bed::new();
        let attrs = [
            attr(mirror_session::TYPE.id(), Value::I32(mirror_session::Type::LOCAL.0)),
            attr(mirror_session::MONITOR_PORT.id(), Value::Oid(bed.ports[3])),
        ];
        let session = bed.create(ObjectType::MIRROR_SESSION, &attrs);
        let sessions = Value::OidList(vec![session]);
        bed.set(ObjectType::PORT, bed.ports[0], port::INGRESS_MIRROR_SESSION.id(), sessions);
        let stage = attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::EGRESS.0));
        let fields = attr(acl_table::FIELD_SRC_IP.id(), Value::Bool(true));
        let table = bed.create(ObjectType::ACL_TABLE, &[stage, fields]);
        bed.set(ObjectType::SWITCH, bed.switch, switch::EGRESS_ACL.id(), Value::Oid(table));
        let frames: Vec<_> = (0..5).map(|n| (0, frame(ALL, [2, 0, 0, 0, 0, n]))).collect();
        super::bed::run(&bed, &frames, size).0
    };
    let one = run(1);
    assert_eq!(one.by(one.0[0].0).len(), 10, "each frame and its copy");
    assert_eq!(one, run(5));
}

/// An entry before look-up that copies leaves the way of packets alone, also of those that wait for one to be learned.
#[test]
fn what_is_copied_before_look_up_is_forwarded_whatever_it_waits_for() {
    let run = |size: usize| {
        let bed = Bed::new();
        let stage = attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::PRE_INGRESS.0));
        let fields = attr(acl_table::FIELD_SRC_IP.id(), Value::Bool(true));
        let table = bed.create(ObjectType::ACL_TABLE, &[stage, fields]);
        let copy = Value::AclAction(AclAction::I32(PacketAction::COPY.0));
        let attrs = [
            attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
            attr(acl_entry::ACTION_PACKET_ACTION.id(), copy),
        ];
        bed.create(ObjectType::ACL_ENTRY, &attrs);
        bed.set(ObjectType::SWITCH, bed.switch, switch::PRE_INGRESS_ACL.id(), Value::Oid(table));
        // The second is learned where the first may still look it up.
        let frames = vec![(0, frame(B, A)), (1, frame(A, B)), (0, frame(B, A)), (2, frame(ALL, A))];
        super::bed::run(&bed, &frames, size)
    };
    assert_eq!(run(1), run(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_vector_does_what_its_packets_do_one_by_one(
        rules in prop::collection::vec((0u8..8, 0u8..8, 0u8..3), 1..20),
        packets in prop::collection::vec((0u8..8, 0usize..4), 1..64),
    ) {
        prop_assert_eq!(run(&rules, &packets, true), run(&rules, &packets, false));
    }
}
