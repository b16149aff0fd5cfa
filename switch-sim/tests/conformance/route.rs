//! Routes, neighbors and next hops: each of their attributes.

use super::bed::routed::*;
use super::bed::*;
use sai::types::{AclActionType, AclBindPointType, AclStage, PacketAction};
use sai::{
    AclAction, AclField, Answer, AttrEntry, AttrId, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Status,
    Target, Value, acl_entry, acl_table, counter, hostif_trap_group, hostif_user_defined_trap,
    neighbor_entry, next_hop, queue, route_entry, router_interface as rif, switch,
};

const DST: &str = "20.0.0.1";

fn frame_to(net: &Net, dst: &str) -> Vec<u8> {
    net.ip("192.0.2.1", dst)
}

/// Acts: SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION, SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID.
#[test]
fn a_route_leads_where_and_does_what_it_says() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let key = || net.route_key("20.0.0.0/8");
    let seen = || (net.to(0, &frame_to(&net, DST)), net.punted());
    for (action, expected) in [
        (PacketAction::FORWARD, (vec![1], 0)),
        (PacketAction::DROP, (vec![], 0)),
        (PacketAction::TRAP, (vec![], 1)),
        (PacketAction::COPY, (vec![1], 1)),
        (PacketAction::LOG, (vec![1], 1)),
        (PacketAction::DENY, (vec![], 0)),
        (PacketAction::TRANSIT, (vec![1], 0)),
    ] {
        net.set_entry(key(), route_entry::PACKET_ACTION.id(), Value::I32(action.0));
        assert_eq!(seen(), expected, "{action}");
    }
    net.set_entry(key(), route_entry::NEXT_HOP_ID.id(), Value::Oid(net.hops[2]));
    assert_eq!(seen(), (vec![2], 0));
    net.set_entry(key(), route_entry::NEXT_HOP_ID.id(), Value::Oid(ObjectId::NULL));
    assert_eq!(seen(), (vec![], 0));
    // The longest prefix wins, a default route takes the rest, a drop route cuts a hole.
    net.route("0.0.0.0/0", net.hops[3]);
    net.route("20.0.0.0/24", net.hops[1]);
    let drop = attr(route_entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0));
    net.entry(net.route_key("20.0.0.9/32"), &[drop]);
    let way = |dst| net.to(0, &frame_to(&net, dst));
    assert_eq!(
        [way("9.9.9.9"), way(DST), way("20.0.0.9"), way("20.1.0.1")],
        [vec![3], vec![1], vec![], vec![]]
    );
}

#[test]
fn host_bits_of_a_destination_mean_nothing() {
    let net = Net::new();
    let there = |net: &Net| match net.backend().query(net.switch, Query::ObjectKeys(ObjectType::ROUTE_ENTRY))
    {
        Ok(Answer::ObjectKeys(keys)) => keys,
        other => panic!("{other:?}"),
    };
    for (given, plain, dst) in
        [("20.1.2.3/8", "20.0.0.0/8", DST), ("2001:db8:1::7/32", "2001:db8::/32", "2001:db8::1")]
    {
        let before = there(&net);
        net.route(given, net.hops[1]);
        let new: Vec<_> = there(&net).into_iter().filter(|key| !before.contains(key)).collect();
        assert_eq!(new, [ObjectRef::Entry(net.route_key(plain))], "it is listed by its prefix");
        let frame = net.ip(if dst == DST { "192.0.2.1" } else { "2001:db8:9::1" }, dst);
        assert_eq!(net.to(0, &frame), [1]);
        let again = net.backend().create(net.switch, Target::Entry(&net.route_key(plain)), &[]);
        assert_eq!(again.unwrap_err().status(), Status::ITEM_ALREADY_EXISTS);
        net.set_entry(net.route_key(plain), route_entry::NEXT_HOP_ID.id(), Value::Oid(net.hops[2]));
        let key = ObjectRef::Entry(net.route_key(given));
        assert_eq!(get(&net, &key, route_entry::NEXT_HOP_ID.id()), Ok(Value::Oid(net.hops[2])));
        assert_eq!(net.to(0, &frame), [2]);
        net.remove_entry(net.route_key(given));
        assert!(net.to(0, &frame).is_empty());
    }
}

/// Acts: SAI_NEIGHBOR_ENTRY_ATTR_DST_MAC_ADDRESS, SAI_NEIGHBOR_ENTRY_ATTR_PACKET_ACTION,
/// SAI_NEIGHBOR_ENTRY_ATTR_NO_HOST_ROUTE.
#[test]
fn a_neighbor_has_a_mac_address_an_action_and_a_host_route() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let key = || net.neighbor_key(net.rifs[1], "10.0.1.2");
    let seen = |dst| (net.to(0, &frame_to(&net, dst)), net.punted());
    for (action, expected) in [
        (PacketAction::DROP, (vec![], 0)),
        (PacketAction::TRAP, (vec![], 1)),
        (PacketAction::COPY, (vec![1], 1)),
        (PacketAction::FORWARD, (vec![1], 0)),
    ] {
        net.set_entry(key(), neighbor_entry::PACKET_ACTION.id(), Value::I32(action.0));
        assert_eq!(seen(DST), expected, "{action}");
    }
    assert_eq!(seen("10.0.1.2"), (vec![], 0), "no host route");
    net.set_entry(key(), neighbor_entry::NO_HOST_ROUTE.id(), Value::Bool(false));
    assert_eq!(seen("10.0.1.2"), (vec![1], 0));
    net.set_entry(key(), neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(B)));
    assert_eq!(net.send(0, &frame_to(&net, DST))[0].1[..6], B);
}

/// Acts: SAI_NEXT_HOP_ATTR_TYPE, SAI_NEXT_HOP_ATTR_IP, SAI_NEXT_HOP_ATTR_ROUTER_INTERFACE_ID.
#[test]
fn a_next_hop_is_an_address_out_of_an_interface() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    net.neighbor(net.rifs[1], "10.0.1.3", A);
    net.neighbor(net.rifs[2], "10.0.1.3", B);
    for (rif, ip, port, mac) in
        [(1, "10.0.1.2", 1, neighbor_mac(1)), (1, "10.0.1.3", 1, A), (2, "10.0.1.3", 2, B)]
    {
        let hop = net.next_hop(net.rifs[rif], ip);
        net.set_entry(net.route_key("20.0.0.0/8"), route_entry::NEXT_HOP_ID.id(), Value::Oid(hop));
        let object = ObjectRef::Object(ObjectType::NEXT_HOP, hop);
        assert_eq!(oid(&net, &object, next_hop::ROUTER_INTERFACE_ID.id()), net.rifs[rif]);
        let out = net.send(0, &frame_to(&net, DST));
        assert_eq!((out[0].0, &out[0].1[..6]), (port, &mac[..]));
    }
    let wrong = [
        attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::TUNNEL_ENCAP.0)),
        attr(next_hop::IP.id(), Value::IpAddress("10.0.1.2".parse().unwrap())),
    ];
    let refused = create(&net, net.switch, ObjectType::NEXT_HOP, &wrong);
    assert!(refused.is_err());
}

/// Acts: SAI_NEXT_HOP_ATTR_DISABLE_DECREMENT_TTL, SAI_NEXT_HOP_ATTR_DISABLE_SRC_MAC_REWRITE,
/// SAI_NEXT_HOP_ATTR_DISABLE_DST_MAC_REWRITE, SAI_NEXT_HOP_ATTR_DISABLE_VLAN_REWRITE.
#[test]
fn a_next_hop_may_leave_what_the_rewrite_would_change() {
    let net = Net::new();
    // In by VLAN 30 of port 0.
    let sub =
        [attr(rif::PORT_ID.id(), Value::Oid(net.ports[0])), attr(rif::OUTER_VLAN_ID.id(), Value::U16(30))];
    net.rif_with(rif::Type::SUB_PORT, &sub);
    net.route("20.0.0.0/8", net.hops[1]);
    let frame = |to, from, ttl| packet(to, from, "192.0.2.1", DST, ttl, 1000);
    let tag = |mut f: Vec<u8>| {
        f.splice(12..12, [0x81, 0, 0, 30]);
        f
    };
    let came = tag(frame(net.mac, HOST, 64));
    let keep = |id: AttrId| net.set(ObjectType::NEXT_HOP, net.hops[1], id, Value::Bool(true));
    assert_eq!(net.send(0, &came), [(1, frame(neighbor_mac(1), net.mac, 63))]);
    keep(next_hop::DISABLE_DECREMENT_TTL.id());
    assert_eq!(net.send(0, &came), [(1, frame(neighbor_mac(1), net.mac, 64))]);
    keep(next_hop::DISABLE_SRC_MAC_REWRITE.id());
    assert_eq!(net.send(0, &came), [(1, frame(neighbor_mac(1), HOST, 64))]);
    keep(next_hop::DISABLE_DST_MAC_REWRITE.id());
    assert_eq!(net.send(0, &came), [(1, frame(net.mac, HOST, 64))]);
    keep(next_hop::DISABLE_VLAN_REWRITE.id());
    assert_eq!(net.send(0, &came), [(1, came)]);
}

/// Acts: SAI_ROUTE_ENTRY_ATTR_COUNTER_ID, SAI_NEIGHBOR_ENTRY_ATTR_COUNTER_ID.
#[test]
fn routes_and_neighbors_count_what_takes_them() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let [of_route, of_neighbor] = [0, 1].map(|_| net.create(ObjectType::COUNTER, &[]));
    net.set_entry(net.route_key("20.0.0.0/8"), route_entry::COUNTER_ID.id(), Value::Oid(of_route));
    let key = net.neighbor_key(net.rifs[1], "10.0.1.2");
    net.set_entry(key.clone(), neighbor_entry::COUNTER_ID.id(), Value::Oid(of_neighbor));
    (0..3).for_each(|_| drop(net.to(0, &frame_to(&net, DST))));
    let count = |id, stat: counter::Stat| net.stat(ObjectType::COUNTER, id, stat.0);
    for id in [of_route, of_neighbor] {
        assert_eq!([count(id, counter::Stat::PACKETS), count(id, counter::Stat::BYTES)], [3, 192]);
    }
    net.set_entry(key, neighbor_entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0));
    net.to(0, &frame_to(&net, DST));
    assert_eq!([of_route, of_neighbor].map(|id| count(id, counter::Stat::PACKETS)), [4, 3]);
    let busy = net.backend().remove(&ObjectRef::Object(ObjectType::COUNTER, of_route));
    assert_eq!(busy.unwrap_err().status(), Status::OBJECT_IN_USE);
}

/// Acts: SAI_ROUTE_ENTRY_ATTR_USER_TRAP_ID, SAI_NEIGHBOR_ENTRY_ATTR_USER_TRAP_ID.
#[test]
fn trapped_packets_go_by_the_user_defined_trap() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let trap = |queue: u32, kind: hostif_user_defined_trap::Type| {
        let group = [attr(hostif_trap_group::QUEUE.id(), Value::U32(queue))];
        let group = net.create(ObjectType::HOSTIF_TRAP_GROUP, &group);
        let attrs = [
            attr(hostif_user_defined_trap::TYPE.id(), Value::I32(kind.0)),
            attr(hostif_user_defined_trap::TRAP_GROUP.id(), Value::Oid(group)),
        ];
        net.create(ObjectType::HOSTIF_USER_DEFINED_TRAP, &attrs)
    };
    let of_route = trap(3, hostif_user_defined_trap::Type::ROUTER);
    let of_neighbor = trap(4, hostif_user_defined_trap::Type::NEIGHBOR);
    let queues = || {
        let read = |n| net.read_and_clear(ObjectType::QUEUE, net.cpu_queue(n), queue::Stat::PACKETS.0);
        [0, 3, 4].map(read)
    };
    let send = || {
        net.to(0, &frame_to(&net, DST));
        queues()
    };
    let route = || net.route_key("20.0.0.0/8");
    let neighbor = || net.neighbor_key(net.rifs[1], "10.0.1.2");
    let copy = Value::I32(PacketAction::COPY.0);
    net.set_entry(route(), route_entry::PACKET_ACTION.id(), copy.clone());
    assert_eq!(send(), [1, 0, 0]);
    net.set_entry(route(), route_entry::USER_TRAP_ID.id(), Value::Oid(of_route));
    assert_eq!(send(), [0, 1, 0]);
    net.set_entry(route(), route_entry::PACKET_ACTION.id(), Value::I32(PacketAction::FORWARD.0));
    net.set_entry(neighbor(), neighbor_entry::PACKET_ACTION.id(), copy);
    net.set_entry(neighbor(), neighbor_entry::USER_TRAP_ID.id(), Value::Oid(of_neighbor));
    assert_eq!(send(), [0, 0, 1]);
}

/// Acts: SAI_ROUTE_ENTRY_ATTR_META_DATA, SAI_NEIGHBOR_ENTRY_ATTR_META_DATA.
#[test]
fn access_lists_see_the_meta_data_of_route_and_neighbor() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    net.set_entry(net.route_key("20.0.0.0/8"), route_entry::META_DATA.id(), Value::U32(5));
    let key = net.neighbor_key(net.rifs[1], "10.0.1.2");
    net.set_entry(key, neighbor_entry::META_DATA.id(), Value::U32(6));
    let table = |field: AttrId, entry_field: AttrId, value: u32| {
        let attrs = [
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(acl_table::ACL_BIND_POINT_TYPE_LIST.id(), Value::I32List(vec![AclBindPointType::SWITCH.0])),
            attr(acl_table::ACL_ACTION_TYPE_LIST.id(), Value::I32List(vec![AclActionType::PACKET_ACTION.0])),
            attr(field, Value::Bool(true)),
        ];
        let table = net.create(ObjectType::ACL_TABLE, &attrs);
        let matches = AclField::U32 { data: value, mask: u32::MAX };
        let attrs: [AttrEntry; 4] = [
            attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
            attr(acl_entry::PRIORITY.id(), Value::U32(10)),
            attr(entry_field, Value::AclField(matches)),
            attr(
                acl_entry::ACTION_PACKET_ACTION.id(),
                Value::AclAction(AclAction::I32(PacketAction::DROP.0)),
            ),
        ];
        net.create(ObjectType::ACL_ENTRY, &attrs);
        net.set(ObjectType::SWITCH, net.switch, switch::INGRESS_ACL.id(), Value::Oid(table));
        net.to(0, &frame_to(&net, DST)).len()
    };
    let route = (acl_table::FIELD_ROUTE_DST_USER_META.id(), acl_entry::FIELD_ROUTE_DST_USER_META.id());
    let neighbor =
        (acl_table::FIELD_NEIGHBOR_DST_USER_META.id(), acl_entry::FIELD_NEIGHBOR_DST_USER_META.id());
    assert_eq!([table(route.0, route.1, 5), table(route.0, route.1, 6)], [0, 1]);
    assert_eq!([table(neighbor.0, neighbor.1, 6), table(neighbor.0, neighbor.1, 5)], [0, 1]);
}

#[test]
fn a_directed_broadcast_floods_as_broadcast_where_a_neighbor_says_so() {
    let r = Routed::new();
    r.port_rif(0);
    let vlan = r.rif_with(rif::Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(r.vlan1))]);
    r.route("10.0.9.0/24", vlan);
    assert!(r.to(0, &r.ip("192.0.2.1", "10.0.9.255")).is_empty(), "nobody has resolved it");
    r.neighbor(vlan, "10.0.9.255", ALL);
    let routed = packet(ALL, r.mac, "192.0.2.1", "10.0.9.255", 63, 1000);
    let all: Vec<_> = (4..8).map(|port| (port, routed.clone())).collect();
    assert_eq!(r.send(0, &r.ip("192.0.2.1", "10.0.9.255")), all);
    let control = sai::vlan::BROADCAST_FLOOD_CONTROL_TYPE.id();
    r.set(ObjectType::VLAN, r.vlan1, control, Value::I32(sai::vlan::FloodControlType::NONE.0));
    assert!(r.to(0, &r.ip("192.0.2.1", "10.0.9.255")).is_empty());
}
