//! Virtual routers, router interfaces, and whose packets they take.

use super::bed::routed::*;
use super::bed::*;
use sai::object::router_interface::Type;
use sai::types::PacketAction;
use sai::{
    AttrEntry, AttrId, MacAddr, ObjectId, ObjectRef, ObjectType, Status, Value, bridge, bridge_port,
    hostif_trap as trap, hostif_trap_group as trap_group, lag_member, my_mac, router_interface as rif,
    switch, virtual_router as vr,
};

/// A router with an interface on ports 0 and 1, and the neighbor 10.0.1.2 on the second.
fn two() -> (Routed, ObjectId, ObjectId) {
    let r = Routed::new();
    let (left, right) = (r.port_rif(0), r.port_rif(1));
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    r.neighbor(right, "2001:db8:1::2", neighbor_mac(1));
    (r, left, right)
}

fn v4(r: &Routed) -> Vec<u8> {
    r.ip("192.0.2.1", "10.0.1.2")
}

fn v6(r: &Routed) -> Vec<u8> {
    r.ip("2001:db8::1", "2001:db8:1::2")
}

fn mac(bytes: [u8; 6]) -> Value {
    Value::Mac(MacAddr(bytes))
}

/// Acts: SAI_VIRTUAL_ROUTER_ATTR_ADMIN_V4_STATE, SAI_VIRTUAL_ROUTER_ATTR_ADMIN_V6_STATE,
/// SAI_ROUTER_INTERFACE_ATTR_ADMIN_V4_STATE, SAI_ROUTER_INTERFACE_ATTR_ADMIN_V6_STATE.
#[test]
fn each_family_can_be_disabled_on_its_own() {
    let (r, left, right) = two();
    let ways = || [r.to(0, &v4(&r)).len(), r.to(0, &v6(&r)).len()];
    assert_eq!(ways(), [1, 1]);
    let router = ObjectType::VIRTUAL_ROUTER;
    let interface = ObjectType::ROUTER_INTERFACE;
    for (ty, id, v4, v6) in [
        (router, r.vr, vr::ADMIN_V4_STATE.id(), vr::ADMIN_V6_STATE.id()),
        (interface, left, rif::ADMIN_V4_STATE.id(), rif::ADMIN_V6_STATE.id()),
        (interface, right, rif::ADMIN_V4_STATE.id(), rif::ADMIN_V6_STATE.id()),
    ] {
        for (attr, left) in [(v4, [0, 1]), (v6, [1, 0])] {
            r.set(ty, id, attr, Value::Bool(false));
            assert_eq!(ways(), left, "{ty} attribute {attr}");
            r.set(ty, id, attr, Value::Bool(true));
        }
    }
}

/// Acts: SAI_SWITCH_ATTR_SRC_MAC_ADDRESS, SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS,
/// SAI_ROUTER_INTERFACE_ATTR_SRC_MAC_ADDRESS.
#[test]
fn an_interface_has_its_routers_mac_address_and_that_the_switchs_until_they_get_their_own() {
    let (r, left, right) = two();
    let sent = |to: [u8; 6]| {
        let out = r.send(0, &packet(to, HOST, "192.0.2.1", "10.0.1.2", 64, 1));
        out.first().map(|(_, f)| <[u8; 6]>::try_from(&f[6..12]).unwrap())
    };
    let [a, b, c, d] = [1, 2, 3, 4].map(|n| [2, 0, 0, 0, 5, n]);
    assert_eq!(sent(r.mac), Some(r.mac));
    r.set(ObjectType::SWITCH, r.switch, switch::SRC_MAC_ADDRESS.id(), mac(a));
    assert_eq!([sent(r.mac), sent(a)], [None, Some(a)]);
    r.set(ObjectType::VIRTUAL_ROUTER, r.vr, vr::SRC_MAC_ADDRESS.id(), mac(b));
    assert_eq!([sent(a), sent(b)], [None, Some(b)]);
    r.set(ObjectType::ROUTER_INTERFACE, left, rif::SRC_MAC_ADDRESS.id(), mac(c));
    assert_eq!([sent(b), sent(c)], [None, Some(b)]);
    r.set(ObjectType::ROUTER_INTERFACE, right, rif::SRC_MAC_ADDRESS.id(), mac(d));
    assert_eq!(sent(c), Some(d));
}

/// Acts: SAI_VIRTUAL_ROUTER_ATTR_VIOLATION_TTL1_PACKET_ACTION,
/// SAI_VIRTUAL_ROUTER_ATTR_VIOLATION_IP_OPTIONS_PACKET_ACTION.
#[test]
fn old_packets_and_those_with_options_are_treated_as_the_router_says() {
    let (r, ..) = two();
    let old = packet(r.mac, HOST, "192.0.2.1", "10.0.1.2", 1, 1);
    let mut options = v4(&r);
    options[14] = 0x46;
    options.splice(34..34, [1, 1, 1, 1]);
    options[16..18].copy_from_slice(&36u16.to_be_bytes());
    options[24..26].fill(0);
    let sum = switch_sim::wire::checksum::checksum(&options[14..38]);
    options[24..26].copy_from_slice(&sum.to_be_bytes());
    for (id, frame) in
        [(vr::VIOLATION_TTL1_PACKET_ACTION.id(), old), (vr::VIOLATION_IP_OPTIONS_PACKET_ACTION.id(), options)]
    {
        let seen = || (r.to(0, &frame).len(), r.punted());
        assert_eq!(seen(), (0, 1), "to the CPU unless told otherwise");
        for (action, expected) in [
            (PacketAction::DROP, (0, 0)),
            (PacketAction::FORWARD, (1, 0)),
            (PacketAction::COPY, (1, 1)),
            (PacketAction::TRAP, (0, 1)),
        ] {
            r.set(ObjectType::VIRTUAL_ROUTER, r.vr, id, Value::I32(action.0));
            assert_eq!(seen(), expected, "{action}");
        }
    }
}

/// Acts: SAI_HOSTIF_TRAP_ATTR_PACKET_ACTION, SAI_VIRTUAL_ROUTER_ATTR_VIOLATION_TTL1_PACKET_ACTION.
#[test]
fn the_trap_for_old_packets_adds_its_action_to_the_router_s() {
    let (r, ..) = two();
    let old = packet(r.mac, HOST, "192.0.2.1", "10.0.1.2", 1, 1);
    let group = r.create(ObjectType::HOSTIF_TRAP_GROUP, &[attr(trap_group::QUEUE.id(), Value::U32(5))]);
    let action = |a: PacketAction| Value::I32(a.0);
    let attrs = [
        attr(trap::TRAP_TYPE.id(), Value::I32(trap::Type::TTL_ERROR.0)),
        attr(trap::PACKET_ACTION.id(), action(PacketAction::DROP)),
        attr(trap::TRAP_GROUP.id(), Value::Oid(group)),
    ];
    let ttl = r.create(ObjectType::HOSTIF_TRAP, &attrs);
    let queue = |n| r.stat(ObjectType::QUEUE, r.cpu_queue(n), sai::queue::Stat::PACKETS.0);
    let mut before = [0, 0];
    let mut seen = || {
        let left = r.to(0, &old).len();
        let now = [0, 5].map(queue);
        let more = [now[0] - before[0], now[1] - before[1]];
        before = now;
        (left, more)
    };
    use PacketAction as A;
    for (router, trapped, expected) in [
        // DROP speaks of the data plane alone: the copy that is part of the router's TRAP goes by the trap's queue.
        (A::TRAP, A::DROP, (0, [0, 1])),
        (A::TRAP, A::TRAP, (0, [0, 1])),
        (A::TRAP, A::DENY, (0, [0, 0])),
        (A::TRAP, A::TRANSIT, (0, [0, 0])),
        (A::DROP, A::DROP, (0, [0, 0])),
        (A::DROP, A::TRAP, (0, [0, 1])),
        (A::DROP, A::COPY, (0, [0, 1])),
        // What the router lets on is no error.
        (A::FORWARD, A::TRAP, (1, [0, 0])),
        (A::COPY, A::DENY, (1, [1, 0])),
    ] {
        let id = vr::VIOLATION_TTL1_PACKET_ACTION.id();
        r.set(ObjectType::VIRTUAL_ROUTER, r.vr, id, action(router));
        r.set(ObjectType::HOSTIF_TRAP, ttl, trap::PACKET_ACTION.id(), action(trapped));
        assert_eq!(seen(), expected, "router {router}, trap {trapped}");
    }
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_VIRTUAL_ROUTER_ID.
#[test]
fn virtual_routers_do_not_see_each_others_routes() {
    let r = Routed::new();
    let other = r.create(ObjectType::VIRTUAL_ROUTER, &[]);
    let [a, b] = [0, 1].map(|n| r.port_rif(n));
    let on = |port: usize| {
        let attrs = [
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(other)),
            attr(rif::TYPE.id(), Value::I32(Type::PORT.0)),
            attr(rif::PORT_ID.id(), Value::Oid(r.ports[port])),
        ];
        r.create(ObjectType::ROUTER_INTERFACE, &attrs)
    };
    let [c, d] = [on(2), on(3)];
    for (rif, n) in [(b, 1), (d, 3)] {
        r.neighbor(rif, "10.0.1.2", neighbor_mac(n));
    }
    assert_eq!([r.to(0, &v4(&r)), r.to(2, &v4(&r))], [[1], [3]]);
    let busy = r.backend().remove(&ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, other));
    assert_eq!(busy.unwrap_err().status(), Status::OBJECT_IN_USE);
    let _ = (a, c);
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_MTU, SAI_ROUTER_INTERFACE_ATTR_LOOPBACK_PACKET_ACTION,
/// SAI_ROUTER_INTERFACE_ATTR_DISABLE_DECREMENT_TTL, SAI_ROUTER_INTERFACE_ATTR_NEIGHBOR_MISS_PACKET_ACTION.
#[test]
fn an_interface_says_what_leaves_it_and_how() {
    let (r, _, right) = two();
    let set_right = |id: AttrId, value: Value| r.set(ObjectType::ROUTER_INTERFACE, right, id, value);
    set_right(rif::MTU.id(), Value::U32(31));
    assert!(r.to(0, &v4(&r)).is_empty());
    set_right(rif::MTU.id(), Value::U32(32));
    assert_eq!(r.send(0, &v4(&r))[0].1[22], 63);
    set_right(rif::DISABLE_DECREMENT_TTL.id(), Value::Bool(true));
    assert_eq!(r.send(0, &v4(&r))[0].1[22], 64);
    // Back out of where it came in.
    let back = |action: PacketAction| {
        set_right(rif::LOOPBACK_PACKET_ACTION.id(), Value::I32(action.0));
        (r.to(1, &v4(&r)).len(), r.punted())
    };
    assert_eq!(back(PacketAction::FORWARD), (1, 0));
    assert_eq!(back(PacketAction::DROP), (0, 0));
    assert_eq!(back(PacketAction::TRAP), (0, 1));
    // To a host of the subnet that nobody has resolved.
    r.route("10.0.1.0/24", right);
    let missed = |action: PacketAction| {
        set_right(rif::NEIGHBOR_MISS_PACKET_ACTION.id(), Value::I32(action.0));
        (r.to(0, &r.ip("192.0.2.1", "10.0.1.9")).len(), r.punted())
    };
    assert_eq!(missed(PacketAction::TRAP), (0, 1));
    assert_eq!(missed(PacketAction::DROP), (0, 0));
}

/// Acts: SAI_PORT_ATTR_DISABLE_DECREMENT_TTL.
#[test]
fn a_port_keeps_the_ttl_of_what_comes_in_by_it() {
    let (r, left, _) = two();
    r.neighbor(left, "10.0.0.2", neighbor_mac(0));
    let keep = |port: usize, on| {
        r.set(ObjectType::PORT, r.ports[port], sai::port::DISABLE_DECREMENT_TTL.id(), Value::Bool(on));
        let back = r.ip("192.0.2.1", "10.0.0.2");
        [(0, v4(&r), 22), (0, v6(&r), 21), (1, back, 22)].map(|(from, f, at)| r.send(from, &f)[0].1[at])
    };
    assert_eq!(keep(0, true), [64, 64, 63]);
    assert_eq!(keep(1, true), [64, 64, 64]);
    assert_eq!(keep(0, false), [63, 63, 64]);
    let last = packet(r.mac, HOST, "192.0.2.1", "10.0.0.2", 1, 1000);
    assert!(r.to(1, &last).is_empty(), "it is still no packet to be routed");
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_TYPE, SAI_ROUTER_INTERFACE_ATTR_PORT_ID,
/// SAI_ROUTER_INTERFACE_ATTR_OUTER_VLAN_ID, SAI_ROUTER_INTERFACE_ATTR_VLAN_ID.
#[test]
fn interfaces_stand_on_ports_lags_single_vlans_of_them_and_vlans() {
    let r = Routed::new();
    let _in = r.port_rif(0);
    let lag = r.create(ObjectType::LAG, &[]);
    let of = attr(lag_member::LAG_ID.id(), Value::Oid(lag));
    r.create(ObjectType::LAG_MEMBER, &[of, attr(lag_member::PORT_ID.id(), Value::Oid(r.ports[1]))]);
    let port = |id| attr(rif::PORT_ID.id(), Value::Oid(id));
    let vid = |vid| attr(rif::OUTER_VLAN_ID.id(), Value::U16(vid));
    let vlan = r.vlan(50, &[(6, sai::vlan::TaggingMode::TAGGED)]);
    let loopback = r.rif_with(Type::LOOPBACK, &[]);
    for (n, rif, out, tag) in [
        (1, r.rif_with(Type::PORT, &[port(lag)]), 1, None),
        (2, r.rif_with(Type::SUB_PORT, &[port(lag), vid(30)]), 1, Some(30)),
        (3, r.rif_with(Type::SUB_PORT, &[port(r.ports[2]), vid(40)]), 2, Some(40)),
        (4, r.rif_with(Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(vlan))]), 6, Some(50)),
    ] {
        let ip = format!("10.0.{n}.2");
        r.neighbor(rif, &ip, neighbor_mac(n));
        let mut routed = packet(neighbor_mac(n), r.mac, "192.0.2.1", &ip, 63, 1000);
        if let Some(vid) = tag {
            routed.splice(12..12, [0x81, 0, 0, vid]);
        }
        assert_eq!(r.send(0, &r.ip("192.0.2.1", &ip)), [(out, routed)]);
    }
    r.neighbor(loopback, "10.0.9.2", neighbor_mac(9));
    assert!(r.to(0, &r.ip("192.0.2.1", "10.0.9.2")).is_empty(), "nothing leaves a loopback interface");
    let wrong = [
        attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(r.vr)),
        attr(rif::TYPE.id(), Value::I32(Type::MPLS_ROUTER.0)),
    ];
    let refused = create(&r, r.switch, ObjectType::ROUTER_INTERFACE, &wrong);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1));
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_BRIDGE_ID, SAI_BRIDGE_PORT_ATTR_RIF_ID.
#[test]
fn an_interface_stands_in_a_bridge_by_its_bridge_port() {
    let r = Routed::new();
    let outside = r.port_rif(0);
    r.neighbor(outside, "10.0.0.2", neighbor_mac(7));
    let bridge =
        r.create(ObjectType::BRIDGE, &[attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0))]);
    let on = attr(bridge_port::BRIDGE_ID.id(), Value::Oid(bridge));
    let up = attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true));
    let kind = |t: bridge_port::Type| attr(bridge_port::TYPE.id(), Value::I32(t.0));
    for port in [4, 5] {
        let attrs = [
            kind(bridge_port::Type::SUB_PORT),
            attr(bridge_port::PORT_ID.id(), Value::Oid(r.ports[port])),
            attr(bridge_port::VLAN_ID.id(), Value::U16(30)),
            on.clone(),
            up.clone(),
        ];
        r.create(ObjectType::BRIDGE_PORT, &attrs);
    }
    let inside = r.rif_with(Type::BRIDGE, &[attr(rif::BRIDGE_ID.id(), Value::Oid(bridge))]);
    r.neighbor(inside, "10.0.30.2", B);
    let router = kind(bridge_port::Type::TYPE_1D_ROUTER);
    let wrong = [router.clone(), on.clone(), attr(bridge_port::RIF_ID.id(), Value::Oid(outside))];
    let refused = create(&r, r.switch, ObjectType::BRIDGE_PORT, &wrong);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(2));
    let attrs = [router, on, attr(bridge_port::RIF_ID.id(), Value::Oid(inside)), up];
    let stands = r.create(ObjectType::BRIDGE_PORT, &attrs);
    let tag = |mut f: Vec<u8>| {
        f.splice(12..12, [0x81, 0, 0, 30]);
        f
    };
    let down = r.ip("192.0.2.1", "10.0.30.2");
    let up = tag(packet(r.mac, B, "10.0.30.2", "10.0.0.2", 64, 1000));
    assert_eq!(r.to(0, &down), [4, 5], "flooded");
    assert_eq!(r.send(4, &up), [(0, packet(neighbor_mac(7), r.mac, "10.0.30.2", "10.0.0.2", 63, 1000))]);
    let routed = tag(packet(B, r.mac, "192.0.2.1", "10.0.30.2", 63, 1000));
    assert_eq!(r.send(0, &down), [(4, routed)], "the station is known");
    let count = |stat: bridge_port::Stat| r.stat(ObjectType::BRIDGE_PORT, stands, stat.0);
    assert_eq!([count(bridge_port::Stat::IN_PACKETS), count(bridge_port::Stat::OUT_PACKETS)], [3, 1]);
    r.set(ObjectType::BRIDGE_PORT, stands, bridge_port::ADMIN_STATE.id(), Value::Bool(false));
    assert!(r.to(0, &down).is_empty());
    assert!(!r.to(4, &up).contains(&0), "the bridge knows no router");
    r.set(ObjectType::BRIDGE_PORT, stands, bridge_port::ADMIN_STATE.id(), Value::Bool(true));
    assert_eq!([r.to(0, &down), r.to(4, &up)], [[4], [0]]);
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_IS_VIRTUAL.
#[test]
fn a_virtual_interface_adds_a_mac_address_and_nothing_else() {
    let (r, ..) = two();
    let vrrp = [0, 0, 0x5E, 0, 1, 7];
    let frame = packet(vrrp, HOST, "192.0.2.1", "10.0.1.2", 64, 1000);
    assert!(r.to(0, &frame).is_empty());
    let attrs = [
        attr(rif::PORT_ID.id(), Value::Oid(r.ports[0])),
        attr(rif::SRC_MAC_ADDRESS.id(), mac(vrrp)),
        attr(rif::IS_VIRTUAL.id(), Value::Bool(true)),
    ];
    let id = r.rif_with(Type::PORT, &attrs);
    assert_eq!([r.to(0, &frame), r.to(0, &v4(&r))], [[1], [1]]);
    r.remove(ObjectType::ROUTER_INTERFACE, id);
    assert!(r.to(0, &frame).is_empty());
}

fn entry(r: &Routed, attrs: &[AttrEntry]) -> ObjectId {
    r.create(ObjectType::MY_MAC, attrs)
}

/// Acts: SAI_MY_MAC_ATTR_MAC_ADDRESS, SAI_MY_MAC_ATTR_MAC_ADDRESS_MASK, SAI_MY_MAC_ATTR_PORT_ID,
/// SAI_MY_MAC_ATTR_VLAN_ID, SAI_MY_MAC_ATTR_PRIORITY.
#[test]
fn my_mac_entries_take_packets_by_address_port_and_vlan() {
    let (r, ..) = two();
    r.neighbor(r.port_rif(2), "10.0.2.2", neighbor_mac(2));
    let sub =
        [attr(rif::PORT_ID.id(), Value::Oid(r.ports[0])), attr(rif::OUTER_VLAN_ID.id(), Value::U16(30))];
    r.rif_with(Type::SUB_PORT, &sub);
    let other = [2, 9, 9, 9, 9, 0];
    let to =
        |mac: [u8; 6], port: usize, dst: &str| r.to(port, &packet(mac, HOST, "192.0.2.1", dst, 64, 1)).len();
    let address = attr(my_mac::MAC_ADDRESS.id(), mac(other));
    assert_eq!(to(other, 0, "10.0.1.2"), 0);
    let id = entry(&r, std::slice::from_ref(&address));
    assert_eq!(
        [to(other, 0, "10.0.1.2"), to(other, 1, "10.0.2.2"), to([2, 9, 9, 9, 9, 1], 0, "10.0.1.2")],
        [1, 1, 0]
    );
    r.remove(ObjectType::MY_MAC, id);
    let id = entry(&r, &[address.clone(), attr(my_mac::PORT_ID.id(), Value::Oid(r.ports[0]))]);
    assert_eq!([to(other, 0, "10.0.1.2"), to(other, 1, "10.0.2.2")], [1, 0]);
    r.remove(ObjectType::MY_MAC, id);
    let id = entry(
        &r,
        &[address.clone(), attr(my_mac::MAC_ADDRESS_MASK.id(), mac([0xff, 0xff, 0xff, 0xff, 0xff, 0]))],
    );
    assert_eq!(to([2, 9, 9, 9, 9, 77], 0, "10.0.1.2"), 1);
    r.remove(ObjectType::MY_MAC, id);
    entry(&r, &[address, attr(my_mac::VLAN_ID.id(), Value::U16(30))]);
    let mut tagged = packet(other, HOST, "192.0.2.1", "10.0.1.2", 64, 1);
    tagged.splice(12..12, [0x81, 0, 0, 30]);
    assert_eq!([to(other, 0, "10.0.1.2"), r.to(0, &tagged).len()], [0, 1]);
    let high = r.get(&this(r.switch), switch::MY_MAC_TABLE_MAXIMUM_PRIORITY.id());
    let Value::U32(high) = high else { panic!() };
    let wrong = [attr(my_mac::PRIORITY.id(), Value::U32(high + 1))];
    let refused = create(&r, r.switch, ObjectType::MY_MAC, &wrong);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(r.get(&this(r.switch), switch::INSTALLED_MY_MAC_ENTRIES.id()), Value::U32(1));
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_MY_MAC.
#[test]
fn a_my_mac_entry_may_stand_in_for_an_interfaces_own_address() {
    let r = Routed::new();
    r.neighbor(r.port_rif(1), "10.0.1.2", neighbor_mac(1));
    let other = [2, 9, 9, 9, 9, 0];
    let id = entry(&r, &[attr(my_mac::MAC_ADDRESS.id(), mac(other))]);
    let base = attr(rif::PORT_ID.id(), Value::Oid(r.ports[0]));
    let left = r.rif_with(Type::PORT, &[base, attr(rif::MY_MAC.id(), Value::Oid(id))]);
    r.neighbor(left, "10.0.0.2", neighbor_mac(0));
    assert!(r.to(0, &v4(&r)).is_empty());
    assert_eq!(r.to(0, &packet(other, HOST, "192.0.2.1", "10.0.1.2", 64, 1)), [1]);
    let out = r.send(1, &r.ip("192.0.2.1", "10.0.0.2"));
    assert_eq!(out[0].1[6..12], r.mac, "it sends from its own");
    let busy = r.backend().remove(&ObjectRef::Object(ObjectType::MY_MAC, id));
    assert_eq!(busy.unwrap_err().status(), Status::OBJECT_IN_USE);
}
