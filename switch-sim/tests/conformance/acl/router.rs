//! Entries and the router: what they do to its packets, and it to theirs.

use sai::{ObjectId, hostif_trap, port, router_interface, switch, virtual_router};

use super::*;
use crate::suite::bed::routed::{HOST, Net, neighbor_mac, packet};

/// Binds a table to a port whose one entry takes IPv4.
fn bind(net: &Net, stage: AclStage, port: usize, actions: &[AttrEntry]) -> ObjectId {
    let kind = acl_table::FIELD_ETHER_TYPE.id();
    let attrs = [attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0)), attr(kind, Value::Bool(true))];
    let table = net.create(ObjectType::ACL_TABLE, &attrs);
    let ipv4 = field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x0800));
    net.create(
        ObjectType::ACL_ENTRY,
        &[&[attr(acl_entry::TABLE_ID.id(), Value::Oid(table)), ipv4], actions].concat(),
    );
    let id = if stage == AclStage::EGRESS { port::EGRESS_ACL.id() } else { port::INGRESS_ACL.id() };
    net.set(ObjectType::PORT, net.ports[port], id, Value::Oid(table));
    table
}

fn redirect(to: ObjectId) -> AttrEntry {
    action(acl_entry::ACTION_REDIRECT.id(), AclAction::Oid(to))
}

/// Makes 10.9.9.9 an address of the switch.
fn to_me(net: &Net) -> Vec<u8> {
    let this = ObjectRef::Object(ObjectType::SWITCH, net.switch);
    net.route("10.9.9.9/32", net.get(&this, switch::CPU_PORT.id()).as_oid().unwrap());
    net.ip("1.1.1.1", "10.9.9.9")
}

fn discards(net: &Net, port: usize) -> u64 {
    net.stat(ObjectType::PORT, net.ports[port], port::Stat::IF_IN_DISCARDS.0)
}

fn trap(net: &Net, ty: hostif_trap::Type) {
    let attrs = [
        attr(hostif_trap::TRAP_TYPE.id(), Value::I32(ty.0)),
        attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
    ];
    net.create(ObjectType::HOSTIF_TRAP, &attrs);
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_REDIRECT.
#[test]
fn a_redirect_takes_the_place_of_a_way_to_the_cpu() {
    let net = Net::new();
    let mine = to_me(&net);
    net.route("10.0.2.0/24", net.rifs[2]);
    let missing = net.ip("1.1.1.1", "10.0.2.77");
    assert!(net.to(0, &missing).is_empty());
    assert_eq!(net.punted(), 1, "a neighbor that is missing");
    for to in [net.ports[3], net.hops[3]] {
        bind(&net, AclStage::INGRESS, 0, &[redirect(to)]);
        for frame in [&mine, &missing] {
            assert_eq!((net.to(0, frame), net.punted()), (vec![3], 0));
        }
    }
    // An entry that copies besides copies, and a trap for what is the switch's own still takes it.
    let copies = [redirect(net.ports[3]), packet_action(PacketAction::COPY)];
    bind(&net, AclStage::INGRESS, 0, &copies);
    assert_eq!((net.to(0, &mine), net.punted()), (vec![3], 1));
    bind(&net, AclStage::INGRESS, 0, &[redirect(net.ports[3])]);
    trap(&net, hostif_trap::Type::IP2ME);
    assert_eq!((net.to(0, &mine), net.punted()), (vec![], 1));
}

/// What an entry sends to a next hop loses a hop as what is routed there: with none left it is the router's to say.
#[test]
fn a_redirect_to_a_next_hop_lets_no_packet_out_without_a_ttl() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    for port in [0, 4] {
        bind(&net, AclStage::INGRESS, port, &[redirect(net.hops[3])]);
        let frame = |ttl| packet(net.mac, HOST, "1.1.1.1", "20.0.0.1", ttl, 9);
        assert_eq!(
            net.send(port, &frame(2)),
            [(3, packet(neighbor_mac(3), net.mac, "1.1.1.1", "20.0.0.1", 1, 9))]
        );
        assert_eq!(net.punted(), 0);
        for ttl in [0, 1] {
            assert_eq!((net.to(port, &frame(ttl)), net.punted()), (vec![], 1), "TTL {ttl} by port {port}");
        }
    }
    let drop = Value::I32(PacketAction::DROP.0);
    net.set(ObjectType::VIRTUAL_ROUTER, net.vr, virtual_router::VIOLATION_TTL1_PACKET_ACTION.id(), drop);
    let old = packet(net.mac, HOST, "1.1.1.1", "20.0.0.1", 1, 9);
    assert_eq!((net.to(0, &old), net.punted(), discards(&net, 0)), (vec![], 0, 1));
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_FLOOD.
#[test]
fn a_packet_of_no_bridge_is_not_flooded() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    bind(&net, AclStage::INGRESS, 0, &[action(acl_entry::ACTION_FLOOD.id(), AclAction::I32(1))]);
    assert_eq!(net.to(0, &net.ip("1.1.1.1", "20.0.0.1")), [1], "its way stays");
    assert!(net.to(0, &net.ip("1.1.1.1", "99.0.0.1")).is_empty());
    assert_eq!(discards(&net, 0), 1, "and so does its drop");
}

/// What an entry of the egress stage gives to the CPU in place of its port is no discard, as at the other stages.
#[test]
fn what_leaves_for_the_cpu_is_no_discard() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let errors = || {
        let stat = router_interface::Stat::OUT_ERROR_PACKETS.0;
        net.stat(ObjectType::ROUTER_INTERFACE, net.rifs[1], stat)
    };
    let frame = net.ip("1.1.1.1", "20.0.0.1");
    for (action, punted, discarded) in
        [(PacketAction::TRAP, 1, 0), (PacketAction::DROP, 0, 1), (PacketAction::DENY, 0, 2)]
    {
        bind(&net, AclStage::EGRESS, 1, &[packet_action(action)]);
        assert_eq!((net.to(0, &frame), net.punted()), (vec![], punted), "{action}");
        assert_eq!((discards(&net, 0), errors()), (discarded, discarded), "{action}");
    }
}
