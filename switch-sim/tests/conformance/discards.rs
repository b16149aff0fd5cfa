//! What counts as a discard, and what was to become of a packet.

use super::bed::routed::*;
use super::bed::*;
use sai::object::router_interface::Type;
use sai::types::{InDropReason as In, OutDropReason as Out, PacketAction};
use sai::{
    ObjectId, ObjectType, Value, debug_counter as counter, hostif_trap as trap, isolation_group as isolation,
    isolation_group_member as member, port, router_interface as rif, stp_port,
};
use switch_sim::wire::text;

fn eth(text: &str) -> Vec<u8> {
    text::parse(&format!("eth src=02:00:00:00:00:0a {text} pad=60")).unwrap()
}

fn discards(bed: &Bed, port: usize) -> [u64; 2] {
    [port::Stat::IF_IN_DISCARDS, port::Stat::IF_OUT_DISCARDS]
        .map(|s| bed.stat(ObjectType::PORT, bed.ports[port], s.0))
}

fn trap_of(bed: &Bed, ty: trap::Type, action: PacketAction) -> ObjectId {
    let attrs =
        [attr(trap::TRAP_TYPE.id(), Value::I32(ty.0)), attr(trap::PACKET_ACTION.id(), Value::I32(action.0))];
    bed.create(ObjectType::HOSTIF_TRAP, &attrs)
}

/// A debug counter of ports; what it has counted on each of these two.
fn counter_of(bed: &Bed, kind: counter::Type, reason: i32) -> impl Fn(&Bed) -> [u64; 2] {
    let (list, base) = match kind {
        counter::Type::PORT_IN_DROP_REASONS => {
            (counter::IN_DROP_REASON_LIST.id(), port::Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS)
        }
        _ => (counter::OUT_DROP_REASON_LIST.id(), port::Stat::OUT_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS),
    };
    let attrs = [attr(counter::TYPE.id(), Value::I32(kind.0)), attr(list, Value::I32List(vec![reason]))];
    let id = bed.create(ObjectType::DEBUG_COUNTER, &attrs);
    let Value::U32(index) = bed.get(ObjectType::DEBUG_COUNTER, id, counter::INDEX.id()) else { panic!() };
    move |bed| [0, 1].map(|n| bed.stat(ObjectType::PORT, bed.ports[n], base.0 + index as i32))
}

/// Packets of protocols between neighbors that come in by a routed port, or are an answer of ARP to the router: only
/// the host can take them, so a trap that copies them leaves nothing to discard.
#[test]
fn what_a_trap_copies_and_nobody_else_can_take_is_no_discard() {
    let r = Routed::new();
    let interface = r.port_rif(0);
    let me = sai::MacAddr(r.mac).to_string();
    let packets = [
        (trap::Type::ARP_REQUEST, "dst=ff:ff:ff:ff:ff:ff/arp".to_string()),
        (trap::Type::ARP_RESPONSE, format!("dst={me}/arp op=2")),
        (trap::Type::LLDP, "dst=01:80:c2:00:00:0e/lldp".into()),
        (trap::Type::OSPF, "dst=01:00:5e:00:00:05/ipv4 src=10.0.0.9 dst=224.0.0.5 proto=89".into()),
        (
            trap::Type::IPV6_NEIGHBOR_SOLICITATION,
            "dst=33:33:ff:00:00:01/ipv6 src=fe80::1 dst=ff02::1:ff00:1/icmpv6 type=135".into(),
        ),
    ];
    for (n, (ty, packet)) in packets.iter().enumerate() {
        let f = eth(packet);
        assert!(r.to(0, &f).is_empty());
        assert_eq!(discards(&r, 0), [2 * n as u64 + 1, 0], "{ty}: without a trap nobody takes it");
        assert_eq!(r.punted(), 0);
        for action in [PacketAction::COPY, PacketAction::LOG, PacketAction::TRAP] {
            let id = trap_of(&r, *ty, action);
            assert!(r.to(0, &f).is_empty());
            assert_eq!(r.punted(), 1, "{ty} {action}");
            r.remove(ObjectType::HOSTIF_TRAP, id);
        }
        let id = trap_of(&r, *ty, PacketAction::DROP);
        assert!(r.to(0, &f).is_empty());
        r.remove(ObjectType::HOSTIF_TRAP, id);
        assert_eq!(discards(&r, 0), [2 * n as u64 + 2, 0], "{ty}: what the trap drops is one");
    }
    let errors = r.stat(ObjectType::ROUTER_INTERFACE, interface, rif::Stat::IN_ERROR_PACKETS.0);
    assert_eq!(errors, 0, "the router had nothing to do with them");
    // A trap of what the router discards copies a discard.
    trap_of(&r, trap::Type::PIPELINE_DISCARD_ROUTER, PacketAction::COPY);
    assert!(r.to(0, &r.ip("1.1.1.1", "99.0.0.1")).is_empty());
    assert_eq!((r.punted(), discards(&r, 0)), (1, [11, 0]));
}

/// A router that routes multicast is no receiver of what neighbors say on the link.
#[test]
fn groups_of_a_link_are_no_errors_of_an_interface() {
    let n = Net::new();
    for id in [rif::V4_MCAST_ENABLE.id(), rif::V6_MCAST_ENABLE.id()] {
        n.set(ObjectType::ROUTER_INTERFACE, n.rifs[0], id, Value::Bool(true));
    }
    for ty in [trap::Type::OSPF, trap::Type::OSPFV6] {
        trap_of(&n, ty, PacketAction::TRAP);
    }
    for packet in [
        "dst=01:00:5e:00:00:05/ipv4 src=10.0.0.9 dst=224.0.0.5 proto=89",
        "dst=33:33:00:00:00:05/ipv6 src=fe80::1 dst=ff02::5 proto=89",
    ] {
        assert!(n.to(0, &eth(packet)).is_empty());
        assert_eq!(n.punted(), 1, "{packet}");
    }
    let counts = [rif::Stat::IN_PACKETS, rif::Stat::IN_ERROR_PACKETS]
        .map(|s| n.stat(ObjectType::ROUTER_INTERFACE, n.rifs[0], s.0));
    assert_eq!((counts, discards(&n, 0)), ([2, 0], [0, 0]));
}

#[test]
fn what_the_mac_takes_is_no_discard() {
    let bed = Bed::new();
    assert!(bed.to(0, &eth("/pause")).is_empty());
    assert_eq!(discards(&bed, 0), [0, 0]);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[0], port::Stat::PAUSE_RX_PKTS.0), 1);
}

/// Floods go to the ports that are up. What one port alone was to get is a discard of it.
#[test]
fn a_port_that_is_down_is_in_no_flood() {
    let bed = Bed::new();
    bed.send(1, &frame(ALL, B));
    let lag = bed.lag(&[6, 7]);
    let lag_bp = bed.bridge_port(lag);
    bed.member(bed.vlan1, lag_bp, sai::vlan::TaggingMode::UNTAGGED);
    for n in [1, 6, 7] {
        bed.set(ObjectType::PORT, bed.ports[n], port::ADMIN_STATE.id(), Value::Bool(false));
    }
    assert_eq!(bed.to(0, &frame(ALL, A)), [2, 3, 4, 5]);
    for n in 0..8 {
        assert_eq!(discards(&bed, n), [0, 0], "port {n}");
    }
    assert!(bed.to(0, &frame(B, A)).is_empty());
    assert_eq!([discards(&bed, 0), discards(&bed, 1)], [[0, 0], [0, 1]]);
}

/// A routed packet whose neighbor is behind a link that is down has a reason of its own, on both sides; by a LAG
/// without members there is no port that it could count on.
#[test]
fn a_link_that_is_down_on_the_way_to_a_neighbor_has_a_reason() {
    let n = Net::new();
    let counted_in = counter_of(&n, counter::Type::PORT_IN_DROP_REASONS, In::L3_EGRESS_LINK_DOWN.0);
    let counted_out = counter_of(&n, counter::Type::PORT_OUT_DROP_REASONS, Out::L3_EGRESS_LINK_DOWN.0);
    let any_out = counter_of(&n, counter::Type::PORT_OUT_DROP_REASONS, Out::L3_ANY.0);
    n.route("20.0.0.0/8", n.hops[1]);
    let f = n.ip("1.1.1.1", "20.0.0.1");
    n.set(ObjectType::PORT, n.ports[1], port::ADMIN_STATE.id(), Value::Bool(false));
    assert!(n.to(0, &f).is_empty());
    assert_eq!([counted_in(&n), counted_out(&n), any_out(&n)], [[1, 0], [0, 1], [0, 1]]);
    assert_eq!([discards(&n, 0), discards(&n, 1)], [[0, 0], [0, 1]], "one packet, one discard");
    let errors = |rif| n.stat(ObjectType::ROUTER_INTERFACE, rif, rif::Stat::OUT_ERROR_PACKETS.0);
    assert_eq!(errors(n.rifs[1]), 1);
    // What is bridged has none.
    n.send(4, &frame(ALL, A));
    n.set(ObjectType::PORT, n.ports[4], port::ADMIN_STATE.id(), Value::Bool(false));
    n.send(5, &frame(A, B));
    assert_eq!(discards(&n, 4), [0, 1]);
    assert_eq!([counted_in(&n), counted_out(&n)], [[1, 0], [0, 1]]);

    let lag = n.lag(&[6]);
    let out = n.rif_with(Type::PORT, &[attr(rif::PORT_ID.id(), Value::Oid(lag))]);
    n.neighbor(out, "10.9.0.2", neighbor_mac(9));
    let hop = n.next_hop(out, "10.9.0.2");
    n.route("30.0.0.0/8", hop);
    n.set(ObjectType::PORT, n.ports[6], port::ADMIN_STATE.id(), Value::Bool(false));
    assert!(n.to(0, &n.ip("1.1.1.1", "30.0.0.1")).is_empty());
    assert_eq!((counted_in(&n), discards(&n, 0)), ([2, 0], [1, 0]));
    assert_eq!(errors(out), 1);
}

/// A spanning tree that blocks a port does not keep its own messages, and those of its neighbors, from the host.
#[test]
fn a_blocked_port_still_hears_its_neighbors() {
    let bed = Bed::new();
    let stp = bed.create(ObjectType::STP, &[]);
    let attrs = [
        attr(stp_port::STP.id(), Value::Oid(stp)),
        attr(stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[0])),
        attr(stp_port::STATE.id(), Value::I32(stp_port::State::BLOCKING.0)),
    ];
    bed.create(ObjectType::STP_PORT, &attrs);
    bed.set(ObjectType::VLAN, bed.vlan1, sai::vlan::STP_INSTANCE.id(), Value::Oid(stp));
    let packets = [
        (trap::Type::STP, "dst=01:80:c2:00:00:00/llc/payload zeros=35"),
        (trap::Type::PVRST, "dst=01:00:0c:cc:cc:cd type=0x32/payload hex=aaaa0300000c010b"),
        (trap::Type::UDLD, "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c0111"),
        (trap::Type::CDP, "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c2000"),
    ];
    let punted = || bed.read_and_clear(ObjectType::QUEUE, bed.cpu_queue(0), sai::queue::Stat::PACKETS.0);
    for (ty, packet) in packets {
        assert!(bed.to(0, &eth(packet)).is_empty());
        assert_eq!(punted(), 0, "{ty} without a trap");
        for action in [PacketAction::COPY, PacketAction::TRAP] {
            let id = trap_of(&bed, ty, action);
            assert!(bed.to(0, &eth(packet)).is_empty());
            assert_eq!(punted(), 1, "{ty}, {action}");
            bed.remove(ObjectType::HOSTIF_TRAP, id);
        }
    }
    // Nor does a VLAN that is not there.
    trap_of(&bed, trap::Type::LLDP, PacketAction::COPY);
    bed.set(ObjectType::PORT, bed.ports[1], port::PORT_VLAN_ID.id(), Value::U16(99));
    assert!(bed.to(1, &eth("dst=01:80:c2:00:00:0e/lldp")).is_empty());
    assert_eq!(punted(), 1);
    trap_of(&bed, trap::Type::ARP_REQUEST, PacketAction::TRAP);
    assert!(bed.to(0, &eth("dst=ff:ff:ff:ff:ff:ff/arp")).is_empty());
    assert_eq!(punted(), 0, "what stations say is blocked");
}

/// A group of ports keeps apart what is routed too, and members of LAGs.
/// Acts: SAI_PORT_ATTR_ISOLATION_GROUP, SAI_PORT_ATTR_EGRESS_BLOCK_PORT_LIST.
#[test]
fn ports_are_kept_apart_for_routed_packets_and_in_lags() {
    let n = Net::new();
    n.route("20.0.0.0/8", n.hops[1]);
    let f = n.ip("1.1.1.1", "20.0.0.1");
    assert_eq!(n.to(0, &f), [1]);
    let kind = attr(isolation::TYPE.id(), Value::I32(isolation::Type::PORT.0));
    let group = n.create(ObjectType::ISOLATION_GROUP, &[kind]);
    let join = |port: usize| {
        let attrs = [
            attr(member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(member::ISOLATION_OBJECT.id(), Value::Oid(n.ports[port])),
        ];
        n.create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs)
    };
    join(1);
    n.set(ObjectType::PORT, n.ports[0], port::ISOLATION_GROUP.id(), Value::Oid(group));
    assert!(n.to(0, &f).is_empty(), "a routed packet is kept from a member");
    assert_eq!(discards(&n, 1), [0, 1]);
    assert_eq!(n.to(2, &f), [1], "others are not");
    n.set(ObjectType::PORT, n.ports[0], port::ISOLATION_GROUP.id(), Value::Oid(ObjectId::NULL));

    let list = |ports: &[usize]| Value::OidList(ports.iter().map(|p| n.ports[*p]).collect());
    n.set(ObjectType::PORT, n.ports[0], port::EGRESS_BLOCK_PORT_LIST.id(), list(&[1]));
    assert!(n.to(0, &f).is_empty(), "a list says the same");
    n.set(ObjectType::PORT, n.ports[0], port::EGRESS_BLOCK_PORT_LIST.id(), list(&[]));
    assert_eq!(n.to(0, &f), [1]);

    // A LAG's members, for what is bridged: port 4 to the LAG of 6 and 7.
    let lag = n.lag(&[6, 7]);
    let bp = n.bridge_port(lag);
    n.member(n.vlan1, bp, sai::vlan::TaggingMode::UNTAGGED);
    n.send(6, &frame(ALL, B));
    let flows = || -> Vec<usize> {
        (0..64).flat_map(|port| n.to(4, &packet(B, A, "1.1.1.1", "2.2.2.2", 64, port))).collect()
    };
    let both = flows();
    assert!(both.len() == 64 && both.contains(&6) && both.contains(&7));
    n.set(ObjectType::PORT, n.ports[4], port::EGRESS_BLOCK_PORT_LIST.id(), list(&[6]));
    let left = flows();
    assert_eq!(left.len(), both.iter().filter(|p| **p == 7).count());
    assert!(left.iter().all(|p| *p == 7));
}

/// A packet to a neighbor whose entry says to trap it is no miss of a neighbor.
#[test]
fn a_neighbors_own_action_is_no_miss() {
    let n = Net::new();
    n.route("20.0.0.0/8", n.hops[1]);
    let trap_action = Value::I32(PacketAction::TRAP.0);
    n.set_entry(n.neighbor_key(n.rifs[1], "10.0.1.2"), sai::neighbor_entry::PACKET_ACTION.id(), trap_action);
    let id = trap_of(&n, trap::Type::NEIGHBOR_MISS, PacketAction::DENY);
    assert!(n.to(0, &n.ip("1.1.1.1", "20.0.0.1")).is_empty());
    assert_eq!(n.punted(), 1, "the trap of misses has nothing to say");
    n.route("10.0.2.0/24", n.rifs[2]);
    assert!(n.to(0, &n.ip("1.1.1.1", "10.0.2.77")).is_empty());
    assert_eq!(n.punted(), 0, "it has of a miss");
    n.remove(ObjectType::HOSTIF_TRAP, id);
    assert!(n.to(0, &n.ip("1.1.1.1", "10.0.2.77")).is_empty());
    assert_eq!(n.punted(), 1);
}

/// A tag that a routed port takes for no interface of its own is of a VLAN that is not there.
#[test]
fn a_tagged_frame_into_a_routed_port_is_filtered_by_vlan() {
    let r = Routed::new();
    r.port_rif(0);
    let filtered = counter_of(&r, counter::Type::PORT_IN_DROP_REASONS, In::INGRESS_VLAN_FILTER.0);
    let mut f = r.ip("1.1.1.1", "2.2.2.2");
    f.splice(12..12, [0x81, 0, 0, 77]);
    assert!(r.to(0, &f).is_empty());
    assert_eq!(filtered(&r), [1, 0]);
    assert_eq!(r.stat(ObjectType::PORT, r.ports[0], port::Stat::IF_IN_VLAN_DISCARDS.0), 1);
    // Nor does it reach a trap, as on a port of a bridge.
    trap_of(&r, trap::Type::ARP_REQUEST, PacketAction::COPY);
    let arp = eth("dst=ff:ff:ff:ff:ff:ff/arp");
    let mut stray = arp.clone();
    stray.splice(12..12, [0x81, 0, 0, 77]);
    for (port, frame, punted) in [(0, &arp, 1), (0, &stray, 0), (4, &stray, 0)] {
        r.to(port, frame);
        assert_eq!(r.punted(), punted, "port {port}");
    }
}
