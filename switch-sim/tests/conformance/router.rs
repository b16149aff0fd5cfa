//! Routing: packets in, packets out.

use super::bed::routed::*;
use super::bed::*;
use sai::entry::FdbEntry;
use sai::object::router_interface::Type;
use sai::types::PacketAction;
use sai::{
    Answer, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Status, Target, Value, bridge_port, fdb_entry,
    hostif_trap, neighbor_entry, route_entry, router_interface as rif, switch, virtual_router,
};
use switch_sim::pipeline::DropReason;

fn two_ports() -> (Routed, ObjectId, ObjectId) {
    let r = Routed::new();
    let (left, right) = (r.port_rif(0), r.port_rif(1));
    (r, left, right)
}

#[test]
fn a_packet_is_routed_by_its_longest_prefix() {
    needs!(Trace);
    let (r, _, right) = two_ports();
    let other = r.port_rif(2);
    for (rif, ip, n) in [(right, "10.0.1.2", 1), (other, "10.0.2.2", 2)] {
        r.neighbor(rif, ip, neighbor_mac(n));
        let hop = r.next_hop(rif, ip);
        r.route(if n == 1 { "20.0.0.0/8" } else { "20.1.0.0/16" }, hop);
    }
    let out = |n, dst: &str| packet(neighbor_mac(n), r.mac, "1.1.1.1", dst, 63, 1000);
    assert_eq!(r.send(0, &r.ip("1.1.1.1", "20.2.0.1")), [(1, out(1, "20.2.0.1"))]);
    assert_eq!(r.send(0, &r.ip("1.1.1.1", "20.1.0.1")), [(2, out(2, "20.1.0.1"))]);
    assert_eq!(r.reason(0, &r.ip("1.1.1.1", "21.0.0.1")), Some(DropReason::Lpm4Miss));
    r.remove_entry(r.route_key("20.1.0.0/16"));
    assert_eq!(r.send(0, &r.ip("1.1.1.1", "20.1.0.1")), [(1, out(1, "20.1.0.1"))]);
    use sai::router_interface::Stat;
    assert_eq!(r.stat(ObjectType::ROUTER_INTERFACE, right, Stat::OUT_PACKETS.0), 2);
    assert_eq!(r.stat(ObjectType::ROUTER_INTERFACE, other, Stat::OUT_OCTETS.0), 64);
}

#[test]
fn ipv6_is_routed_and_admin_states_hold_by_family() {
    needs!(Trace);
    let (r, left, right) = two_ports();
    r.neighbor(right, "2001:db8:1::2", neighbor_mac(1));
    let hop = r.next_hop(right, "2001:db8:1::2");
    r.route("2001:db8:2::/48", hop);
    let frame = r.ip("2001:db8::1", "2001:db8:2::1");
    let routed = packet(neighbor_mac(1), r.mac, "2001:db8::1", "2001:db8:2::1", 63, 1000);
    assert_eq!(r.send(0, &frame), [(1, routed)]);
    assert_eq!(r.reason(0, &r.ip("2001:db8::1", "2001:db8:3::1")), Some(DropReason::Lpm6Miss));
    r.set(ObjectType::ROUTER_INTERFACE, right, rif::ADMIN_V6_STATE.id(), Value::Bool(false));
    assert_eq!(r.reason(0, &frame), Some(DropReason::ErifDisabled));
    r.set(ObjectType::ROUTER_INTERFACE, left, rif::ADMIN_V6_STATE.id(), Value::Bool(false));
    assert_eq!(r.reason(0, &frame), Some(DropReason::IrifDisabled));
}

#[test]
fn a_connected_host_is_reached_by_its_neighbor_and_missed_to_the_cpu() {
    needs!(Trace);
    let (r, _, right) = two_ports();
    r.route("10.0.1.0/24", right);
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    assert_eq!(r.to(0, &r.ip("1.1.1.1", "10.0.1.2")), [1]);
    assert!(r.to(0, &r.ip("1.1.1.1", "10.0.1.3")).is_empty());
    assert_eq!(r.punted(), 1, "the CPU is to resolve it");
    let action = Value::I32(PacketAction::DROP.0);
    r.set(ObjectType::ROUTER_INTERFACE, right, rif::NEIGHBOR_MISS_PACKET_ACTION.id(), action);
    assert_eq!(r.reason(0, &r.ip("1.1.1.1", "10.0.1.3")), Some(DropReason::UnresolvedNextHop));
}

#[test]
fn a_route_to_a_host_stands_before_its_neighbor_and_uncovers_it() {
    needs!(Trace);
    let (r, _, right) = two_ports();
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    let frame = r.ip("1.1.1.1", "10.0.1.2");
    assert_eq!(r.to(0, &frame), [1]);
    let count = |r: &Routed| r.backend().query(r.switch, Query::ObjectCount(ObjectType::ROUTE_ENTRY));
    assert_eq!(count(&r), Ok(Answer::Count(0)), "a host route of a neighbor is no route entry");
    let drop = attr(route_entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0));
    r.entry(r.route_key("10.0.1.2/32"), &[drop]);
    assert_eq!(count(&r), Ok(Answer::Count(1)));
    assert_eq!(r.reason(0, &frame), Some(DropReason::BlackholeRoute));
    r.remove_entry(r.route_key("10.0.1.2/32"));
    assert_eq!(r.to(0, &frame), [1]);
    r.set_entry(r.neighbor_key(right, "10.0.1.2"), neighbor_entry::NO_HOST_ROUTE.id(), Value::Bool(true));
    assert_eq!(r.reason(0, &frame), Some(DropReason::Lpm4Miss));
    r.set_entry(r.neighbor_key(right, "10.0.1.2"), neighbor_entry::NO_HOST_ROUTE.id(), Value::Bool(false));
    r.remove_entry(r.neighbor_key(right, "10.0.1.2"));
    assert_eq!(r.reason(0, &frame), Some(DropReason::Lpm4Miss));
}

#[test]
fn a_neighbor_that_comes_moves_and_goes_needs_no_change_of_routes() {
    needs!(Trace);
    let (r, _, right) = two_ports();
    let hop = r.next_hop(right, "10.0.1.2");
    r.route("0.0.0.0/0", hop);
    let frame = r.ip("1.1.1.1", "8.8.8.8");
    assert_eq!(r.reason(0, &frame), Some(DropReason::UnresolvedNextHop));
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    assert_eq!(r.send(0, &frame)[0].1[..6], neighbor_mac(1));
    let key = r.neighbor_key(right, "10.0.1.2");
    let mac = Value::Mac(MacAddr(neighbor_mac(2)));
    r.set_entry(key.clone(), neighbor_entry::DST_MAC_ADDRESS.id(), mac);
    assert_eq!(r.send(0, &frame)[0].1[..6], neighbor_mac(2));
    let drop = Value::I32(PacketAction::DROP.0);
    r.set_entry(key.clone(), neighbor_entry::PACKET_ACTION.id(), drop);
    assert_eq!(r.reason(0, &frame), Some(DropReason::BlackholeArp));
    r.remove_entry(key);
    assert_eq!(r.reason(0, &frame), Some(DropReason::UnresolvedNextHop));
}

#[test]
fn what_is_for_the_switch_itself_goes_to_the_cpu() {
    needs!(Trace);
    let (r, _, _) = two_ports();
    let this = ObjectRef::Object(ObjectType::SWITCH, r.switch);
    let cpu = r.get(&this, switch::CPU_PORT.id()).as_oid().unwrap();
    r.route("10.0.0.1/32", cpu);
    assert_eq!(r.reason(0, &r.ip("1.1.1.1", "10.0.0.1")), Some(DropReason::TrapAction), "without a trap");
    r.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::IP2ME.0)),
            attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ],
    );
    // Its TTL does not matter, nor that it comes from a link-local address.
    for (src, ttl) in [("1.1.1.1", 64), ("1.1.1.1", 1), ("169.254.1.1", 255)] {
        assert!(r.to(0, &packet(r.mac, HOST, src, "10.0.0.1", ttl, 9)).is_empty());
        assert_eq!(r.punted(), 1);
    }
    let port = attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(r.ports[0]));
    let refused = r.backend().create(r.switch, Target::Entry(&r.route_key("10.0.0.2/32")), &[port]);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
}

#[test]
fn odd_packets_are_dropped_for_their_reason() {
    needs!(Trace);
    let (r, left, right) = two_ports();
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    let hop = r.next_hop(right, "10.0.1.2");
    r.route("0.0.0.0/0", hop);
    use DropReason::*;
    for (src, dst, reason) in [
        ("224.0.0.1", "8.8.8.8", SipMc),
        ("240.0.0.1", "8.8.8.8", SipClassE),
        ("255.255.255.255", "8.8.8.8", SipBc),
        ("127.0.0.1", "8.8.8.8", SipLoopback),
        ("0.0.0.0", "8.8.8.8", SipUnspecified),
        ("8.8.8.8", "8.8.8.8", SipEqualsDip),
        ("1.1.1.1", "127.0.0.1", DipLoopback),
        ("1.1.1.1", "224.1.1.1", McDmacMismatch),
        ("1.1.1.1", "169.254.3.3", DipLinkLocal),
        ("169.254.3.3", "8.8.8.8", SipLinkLocal),
    ] {
        assert_eq!(r.reason(0, &r.ip(src, dst)), Some(reason), "{src} to {dst}");
    }
    let good = r.ip("1.1.1.1", "8.8.8.8");
    let mut bad = good.clone();
    bad[24] ^= 1;
    assert_eq!(r.reason(0, &bad), Some(IpHeaderError));
    let elsewhere = packet([2, 7, 7, 7, 7, 7], HOST, "1.1.1.1", "8.8.8.8", 64, 9);
    assert_eq!(r.reason(0, &elsewhere), Some(NonRoutable));
    let mut no_ip = good.clone();
    no_ip[12..14].copy_from_slice(&[0x88, 0xB5]);
    assert_eq!(r.reason(0, &no_ip), Some(NoL3Header));
    // TTL 1 goes to the CPU by default.
    let old = packet(r.mac, HOST, "1.1.1.1", "8.8.8.8", 1, 9);
    assert!(r.to(0, &old).is_empty());
    assert_eq!(r.punted(), 1);
    let drop = Value::I32(PacketAction::DROP.0);
    r.set(ObjectType::VIRTUAL_ROUTER, r.vr, virtual_router::VIOLATION_TTL1_PACKET_ACTION.id(), drop.clone());
    assert_eq!(r.reason(0, &old), Some(Ttl));
    r.set(ObjectType::ROUTER_INTERFACE, right, rif::MTU.id(), Value::U32(31));
    assert_eq!(r.reason(0, &good), Some(ExceedsL3Mtu));
    r.set(ObjectType::ROUTER_INTERFACE, right, rif::MTU.id(), Value::U32(32));
    assert_eq!(r.to(0, &good), [1]);
    assert_eq!(r.to(1, &good), [1], "a packet may leave where it came in");
    r.set(ObjectType::ROUTER_INTERFACE, right, rif::LOOPBACK_PACKET_ACTION.id(), drop);
    assert_eq!(r.reason(1, &good), Some(L3LoopbackFilter));
    use sai::router_interface::Stat;
    assert_eq!(r.stat(ObjectType::ROUTER_INTERFACE, left, Stat::IN_ERROR_PACKETS.0), 13);
}

#[test]
fn a_vlan_interface_sends_by_the_fdb_and_floods_what_it_misses() {
    let r = Routed::new();
    let _in = r.port_rif(0);
    let vlan = r.rif_with(Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(r.vlan1))]);
    r.neighbor(vlan, "10.0.1.2", B);
    let frame = r.ip("1.1.1.1", "10.0.1.2");
    assert_eq!(r.to(0, &frame), [4, 5, 6, 7]);
    use sai::router_interface::Stat;
    assert_eq!(r.stat(ObjectType::ROUTER_INTERFACE, vlan, Stat::OUT_PACKETS.0), 4, "each copy counts");
    r.to(6, &self::frame(ALL, B));
    assert_eq!(r.to(0, &frame), [6]);
    // What is not for the router is bridged, from the same interface.
    assert_eq!(r.to(4, &self::frame(B, A)), [6]);
    // Routed back into the VLAN, even by the port where it came in.
    assert_eq!(r.to(6, &frame), [6]);
}

/// The entry of a neighbor's station holds for what is routed to it as for what is bridged.
#[test]
fn the_action_of_a_station_holds_for_what_is_routed_to_it() {
    let r = Routed::new();
    r.port_rif(0);
    let vlan = r.rif_with(Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(r.vlan1))]);
    r.neighbor(vlan, "10.0.1.2", B);
    let routed = r.ip("1.1.1.1", "10.0.1.2");
    let key = || FdbEntry { switch_id: r.switch, mac_address: MacAddr(B), bv_id: r.vlan1 }.into();
    use PacketAction as P;
    for (action, left, punted) in [
        (P::FORWARD, &[5][..], 0),
        (P::TRANSIT, &[5], 0),
        (P::COPY, &[5], 1),
        (P::LOG, &[5], 1),
        (P::TRAP, &[], 1),
        (P::DROP, &[], 0),
        (P::DENY, &[], 0),
    ] {
        let attrs = [
            attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0)),
            attr(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(r.bridge_ports[5])),
            attr(fdb_entry::PACKET_ACTION.id(), Value::I32(action.0)),
        ];
        r.entry(key(), &attrs);
        assert_eq!((&r.to(4, &frame(B, A))[..], r.punted()), (left, punted), "{action}, bridged");
        assert_eq!((&r.to(0, &routed)[..], r.punted()), (left, punted), "{action}, routed");
        r.remove_entry(key());
    }
    // Without a bridge port packets are dropped.
    r.entry(key(), &[attr(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::STATIC.0))]);
    assert!(r.to(4, &frame(B, A)).is_empty() && r.to(0, &routed).is_empty());
}

#[test]
fn a_sub_port_takes_its_vlan_before_bridging() {
    let r = Routed::new();
    let base = |vid| {
        [attr(rif::PORT_ID.id(), Value::Oid(r.ports[4])), attr(rif::OUTER_VLAN_ID.id(), Value::U16(vid))]
    };
    let sub = r.rif_with(Type::SUB_PORT, &base(30));
    let out = r.rif_with(Type::SUB_PORT, &base(40));
    r.neighbor(out, "10.0.4.2", B);
    let mut frame = r.ip("1.1.1.1", "10.0.4.2");
    frame.splice(12..12, [0x81, 0, 0x60, 30]);
    let mut routed = packet(B, r.mac, "1.1.1.1", "10.0.4.2", 63, 1000);
    routed.splice(12..12, [0x81, 0, 0x60, 40]);
    assert_eq!(r.send(4, &frame), [(4, routed)]);
    assert_eq!(r.to(4, &self::frame(ALL, A)), [5, 6, 7], "untagged frames are bridged");
    r.remove(ObjectType::ROUTER_INTERFACE, sub);
    assert!(r.to(4, &frame).is_empty());
}

#[test]
fn a_lag_interface_routes_over_its_members() {
    let r = Routed::new();
    let lag = r.create(ObjectType::LAG, &[]);
    for port in [1, 2] {
        let of = attr(sai::lag_member::LAG_ID.id(), Value::Oid(lag));
        let port = attr(sai::lag_member::PORT_ID.id(), Value::Oid(r.ports[port]));
        r.create(ObjectType::LAG_MEMBER, &[of, port]);
    }
    let rif = r.rif_with(Type::PORT, &[attr(rif::PORT_ID.id(), Value::Oid(lag))]);
    let _other = r.port_rif(0);
    r.neighbor(rif, "10.0.1.2", B);
    r.neighbor(_other, "10.0.2.2", A);
    let sent = r.send_all(0, (0..64).map(|n| packet(r.mac, HOST, "1.1.1.1", "10.0.1.2", 64, n)));
    let used: std::collections::BTreeSet<_> = sent.into_iter().map(|(port, _)| port).collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(r.to(2, &r.ip("1.1.1.1", "10.0.2.2")), [0], "its members take packets in");
}

#[test]
fn a_second_interface_on_a_port_is_refused_unless_virtual() {
    let (r, _, right) = two_ports();
    let base = [
        attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(r.vr)),
        attr(rif::TYPE.id(), Value::I32(Type::PORT.0)),
        attr(rif::PORT_ID.id(), Value::Oid(r.ports[0])),
    ];
    let again = r.backend().create(r.switch, Target::Object(ObjectType::ROUTER_INTERFACE), &base);
    assert_eq!(again.unwrap_err().status(), Status::ITEM_ALREADY_EXISTS);
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    let mac = [0, 0, 0x5e, 0, 1, 7];
    let frame = packet(mac, HOST, "1.1.1.1", "10.0.1.2", 64, 9);
    assert!(r.to(0, &frame).is_empty());
    let vrrp = [
        attr(rif::IS_VIRTUAL.id(), Value::Bool(true)),
        attr(rif::SRC_MAC_ADDRESS.id(), Value::Mac(MacAddr(mac))),
    ];
    let all = [&base[..], &vrrp].concat();
    let id = r.create(ObjectType::ROUTER_INTERFACE, &all);
    assert_eq!(r.to(0, &frame), [1]);
    r.remove(ObjectType::ROUTER_INTERFACE, id);
    assert!(r.to(0, &frame).is_empty());
    assert_eq!(r.to(0, &r.ip("1.1.1.1", "10.0.1.2")), [1]);
}

#[test]
fn a_bridge_port_of_the_boot_yields_to_an_interface_and_one_of_a_client_does_not() {
    let r = Routed::new();
    let port_rif = |port: usize| {
        let attrs = [
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(r.vr)),
            attr(rif::TYPE.id(), Value::I32(Type::PORT.0)),
            attr(rif::PORT_ID.id(), Value::Oid(r.ports[port])),
        ];
        r.backend().create(r.switch, Target::Object(ObjectType::ROUTER_INTERFACE), &attrs)
    };
    let bridge = |port: usize| {
        let kind = attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0));
        let on = attr(bridge_port::PORT_ID.id(), Value::Oid(r.ports[port]));
        let up = attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true));
        r.backend().create(r.switch, Target::Object(ObjectType::BRIDGE_PORT), &[kind, on, up])
    };
    assert_eq!(r.to(4, &self::frame(ALL, A)), [5, 6, 7]);
    port_rif(5).unwrap();
    assert_eq!(r.to(4, &self::frame(ALL, A)), [6, 7], "its VLAN member went with the bridge port");
    let gone = ObjectRef::Object(ObjectType::BRIDGE_PORT, r.bridge_ports[5]);
    assert_eq!(r.backend().remove(&gone).unwrap_err().status(), Status::ITEM_NOT_FOUND);

    // A VLAN member of a client holds the boot's bridge port.
    r.vlan(20, &[(6, sai::vlan::TaggingMode::TAGGED)]);
    assert_eq!(port_rif(6).unwrap_err().status(), Status::OBJECT_IN_USE);
    // A bridge port of a client does not yield, and is on the default bridge without saying so.
    let made = ObjectRef::Object(ObjectType::BRIDGE_PORT, bridge(3).unwrap());
    assert_eq!(port_rif(3).unwrap_err().status(), Status::OBJECT_IN_USE);
    let this = ObjectRef::Object(ObjectType::SWITCH, r.switch);
    let default = r.get(&this, switch::DEFAULT_1Q_BRIDGE_ID.id());
    assert_eq!(r.get(&made, bridge_port::BRIDGE_ID.id()), default);
    let ports =
        r.get(&ObjectRef::Object(ObjectType::BRIDGE, default.as_oid().unwrap()), sai::bridge::PORT_LIST.id());
    assert!(matches!(ports, Value::OidList(ids) if ids.contains(&made.oid().unwrap())));
}
