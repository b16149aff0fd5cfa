//! Control plane policing: what trap groups let through to the CPU, and by which queue.

use super::bed::*;
use sai::object::policer::{Mode, Stat};
use sai::types::{MeterType, PacketAction};
use sai::{
    ObjectId, ObjectType, Value, counter, hostif_trap as trap, hostif_trap_group as group, policer, port,
    queue, switch,
};
use switch_sim::pipeline::DropReason;

const GROUP: ObjectType = ObjectType::HOSTIF_TRAP_GROUP;

fn lldp() -> Vec<u8> {
    let mut f = frame([1, 0x80, 0xC2, 0, 0, 0x0E], A);
    f[12..14].copy_from_slice(&[0x88, 0xCC]);
    f
}

fn arp_request() -> Vec<u8> {
    let mut f = [&ALL[..], &A, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &A].concat();
    f.extend([10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    f.resize(60, 0);
    f
}

/// A policer of packets that drops what is not green.
fn policer_of(bed: &Bed, cir: u64, cbs: u64) -> ObjectId {
    bed.create(
        ObjectType::POLICER,
        &[
            attr(policer::MODE.id(), Value::I32(Mode::SR_TCM.0)),
            attr(policer::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
            attr(policer::CIR.id(), Value::U64(cir)),
            attr(policer::CBS.id(), Value::U64(cbs)),
            attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
        ],
    )
}

fn group_of(bed: &Bed, queue: u32, policer: ObjectId) -> ObjectId {
    let policer = attr(group::POLICER.id(), Value::Oid(policer));
    bed.create(GROUP, &[attr(group::QUEUE.id(), Value::U32(queue)), policer])
}

fn trap_in(bed: &Bed, ty: trap::Type, action: PacketAction, group: ObjectId) -> ObjectId {
    bed.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(trap::TRAP_TYPE.id(), Value::I32(ty.0)),
            attr(trap::PACKET_ACTION.id(), Value::I32(action.0)),
            attr(trap::TRAP_GROUP.id(), Value::Oid(group)),
        ],
    )
}

/// What a CPU queue has sent.
fn punted(bed: &Bed, queue: usize) -> u64 {
    bed.stat(ObjectType::QUEUE, bed.cpu_queue(queue), queue::Stat::PACKETS.0)
}

/// Acts: SAI_HOSTIF_TRAP_GROUP_ATTR_POLICER, SAI_HOSTIF_TRAP_GROUP_ATTR_QUEUE.
#[test]
fn the_traps_of_a_group_share_its_policer_and_queue() {
    needs!(Trace, Clock);
    let bed = Bed::new();
    let policer = policer_of(&bed, 10, 4);
    let group = group_of(&bed, 3, policer);
    trap_in(&bed, trap::Type::LLDP, PacketAction::TRAP, group);
    trap_in(&bed, trap::Type::ARP_REQUEST, PacketAction::COPY, group);
    (0..3).for_each(|_| drop(bed.send(0, &lldp())));
    for _ in 0..3 {
        assert_eq!(bed.to(0, &arp_request()).len(), 7, "the copy alone is policed");
    }
    assert_eq!(punted(&bed, 3), 4);
    let counts =
        [Stat::GREEN_PACKETS, Stat::RED_PACKETS].map(|s| bed.stat(ObjectType::POLICER, policer, s.0));
    assert_eq!(counts, [4, 2]);
    let trace = bed.trace(0, &lldp());
    assert_eq!(trace.drop_reason(), Some(DropReason::Policer));
    bed.wait(std::time::Duration::from_millis(100));
    (0..3).for_each(|_| drop(bed.send(0, &lldp())));
    assert_eq!(punted(&bed, 3), 5, "ten a second");
    // Another group is not touched; what is policed no longer passes freely.
    trap_in(&bed, trap::Type::PTP, PacketAction::TRAP, group_of(&bed, 4, ObjectId::NULL));
    let mut ptp = frame([1, 0x1B, 0x19, 0, 0, 0], A);
    ptp[12..14].copy_from_slice(&[0x88, 0xF7]);
    (0..9).for_each(|_| drop(bed.send(0, &ptp)));
    assert_eq!(punted(&bed, 4), 9);
    bed.set(GROUP, group, group::POLICER.id(), Value::Oid(ObjectId::NULL));
    (0..9).for_each(|_| drop(bed.send(0, &lldp())));
    assert_eq!(punted(&bed, 3), 14);
    bed.remove(ObjectType::POLICER, policer);
}

/// Acts: SAI_HOSTIF_TRAP_ATTR_COUNTER_ID.
#[test]
fn a_trap_counts_what_it_gives_to_the_cpu_before_its_group_polices_it() {
    let bed = Bed::new();
    let group = group_of(&bed, 3, policer_of(&bed, 0, 2));
    let trap = trap_in(&bed, trap::Type::LLDP, PacketAction::TRAP, group);
    let counter = bed.create(ObjectType::COUNTER, &[]);
    let counts = || {
        [counter::Stat::PACKETS, counter::Stat::BYTES].map(|s| bed.stat(ObjectType::COUNTER, counter, s.0))
    };
    bed.send(0, &lldp());
    bed.set(ObjectType::HOSTIF_TRAP, trap, trap::COUNTER_ID.id(), Value::Oid(counter));
    (0..3).for_each(|_| drop(bed.send(0, &lldp())));
    bed.send(0, &frame(B, A));
    assert_eq!((counts(), punted(&bed, 3)), ([3, 3 * 64], 2));
    bed.set(ObjectType::HOSTIF_TRAP, trap, trap::COUNTER_ID.id(), Value::Oid(ObjectId::NULL));
    bed.send(0, &lldp());
    assert_eq!(counts(), [3, 3 * 64]);
}

/// Acts: SAI_HOSTIF_TRAP_GROUP_ATTR_ADMIN_STATE.
#[test]
fn the_traps_of_a_disabled_group_do_nothing() {
    let bed = Bed::new();
    let group = group_of(&bed, 1, ObjectId::NULL);
    trap_in(&bed, trap::Type::ARP_REQUEST, PacketAction::TRAP, group);
    assert!(bed.to(0, &arp_request()).is_empty());
    bed.set(GROUP, group, group::ADMIN_STATE.id(), Value::Bool(false));
    assert_eq!(bed.to(0, &arp_request()).len(), 7, "ARP is forwarded by default");
    assert_eq!(punted(&bed, 1), 1);
}

/// What is for the CPU without a trap object: here a port's policer traps all that it colors green.
#[test]
fn the_default_group_polices_and_queues_what_no_trap_object_names() {
    let bed = Bed::new();
    let all = policer_of(&bed, 0, 100);
    bed.set(ObjectType::POLICER, all, policer::GREEN_PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0));
    bed.set(ObjectType::PORT, bed.ports[0], port::POLICER_ID.id(), Value::Oid(all));
    let default = bed.get(ObjectType::SWITCH, bed.switch, switch::DEFAULT_TRAP_GROUP.id()).as_oid().unwrap();
    bed.send(0, &frame(B, A));
    assert_eq!(punted(&bed, 0), 1);
    bed.set(GROUP, default, group::QUEUE.id(), Value::U32(6));
    let policer = policer_of(&bed, 0, 2);
    bed.set(GROUP, default, group::POLICER.id(), Value::Oid(policer));
    (0..5).for_each(|_| drop(bed.send(0, &frame(B, A))));
    assert_eq!((punted(&bed, 0), punted(&bed, 6)), (1, 2));
}

/// A LAG is negotiated, and a spanning tree kept, over ports that carry no data yet.
#[test]
fn ports_that_carry_no_data_give_their_control_packets_to_the_cpu() {
    let bed = Bed::new();
    let group = group_of(&bed, 5, ObjectId::NULL);
    trap_in(&bed, trap::Type::LACP, PacketAction::TRAP, group);
    trap_in(&bed, trap::Type::STP, PacketAction::TRAP, group);
    let mut lacp = frame([1, 0x80, 0xC2, 0, 0, 2], A);
    lacp[12..15].copy_from_slice(&[0x88, 0x09, 1]);
    let mut bpdu = frame([1, 0x80, 0xC2, 0, 0, 0], A);
    bpdu[12..17].copy_from_slice(&[0, 38, 0x42, 0x42, 3]);
    let gives = |port: usize, frame: &[u8]| {
        let before = punted(&bed, 5);
        (bed.to(port, frame), punted(&bed, 5) - before)
    };

    bed.free_port(4);
    bed.create(
        ObjectType::LAG_MEMBER,
        &[
            attr(sai::lag_member::LAG_ID.id(), Value::Oid(bed.create(ObjectType::LAG, &[]))),
            attr(sai::lag_member::PORT_ID.id(), Value::Oid(bed.ports[4])),
            attr(sai::lag_member::INGRESS_DISABLE.id(), Value::Bool(true)),
            attr(sai::lag_member::EGRESS_DISABLE.id(), Value::Bool(true)),
        ],
    );
    let stp = bed.get(ObjectType::SWITCH, bed.switch, switch::DEFAULT_STP_INST_ID.id());
    bed.create(
        ObjectType::STP_PORT,
        &[
            attr(sai::stp_port::STP.id(), stp),
            attr(sai::stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[0])),
            attr(sai::stp_port::STATE.id(), Value::I32(sai::stp_port::State::BLOCKING.0)),
        ],
    );
    bed.set(ObjectType::PORT, bed.ports[1], port::PORT_VLAN_ID.id(), Value::U16(77));
    bed.free_port(5);
    for (port, what) in [(4, "a disabled member"), (0, "blocked"), (1, "in no VLAN"), (5, "in no bridge")] {
        assert_eq!(gives(port, &frame(ALL, B)), (vec![], 0), "{what}");
        assert_eq!(gives(port, &lacp), (vec![], 1), "{what}");
        assert_eq!(gives(port, &bpdu), (vec![], 1), "{what}");
    }
}
