//! Link aggregation: packets in, packets out.

use std::collections::BTreeSet;

use super::bed::routed::*;
use super::bed::*;
use sai::vlan::TaggingMode;
use sai::{
    AttrEntry, ObjectId, ObjectRef, ObjectType, Status, Target, Value, bridge_port, lag, lag_member, port,
    router_interface as rif,
};
use switch_sim::warm::Keys;

/// A LAG over ports 4 to 7, bridged in VLAN 1 like ports 0 to 3.
fn with_lag() -> (Bed, ObjectId, Vec<ObjectId>) {
    let bed = Bed::new();
    (4..8).for_each(|n| bed.free_port(n));
    let lag = bed.create(ObjectType::LAG, &[]);
    let members = (4..8).map(|n| bed.create(ObjectType::LAG_MEMBER, &member(lag, bed.ports[n]))).collect();
    let bp = bed.create(
        ObjectType::BRIDGE_PORT,
        &[
            attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
            attr(bridge_port::PORT_ID.id(), Value::Oid(lag)),
            attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
        ],
    );
    bed.member(bed.vlan1, bp, TaggingMode::UNTAGGED);
    (bed, lag, members)
}

fn member(lag: ObjectId, port: ObjectId) -> [sai::AttrEntry; 2] {
    [attr(lag_member::LAG_ID.id(), Value::Oid(lag)), attr(lag_member::PORT_ID.id(), Value::Oid(port))]
}

/// The members by which the flows of 200 stations leave.
fn spread(bed: &Bed) -> BTreeSet<usize> {
    let sent = bed.send_all(0, (0..200).map(|n| frame([2, 9, 9, 9, 9, n], A)));
    sent.into_iter().map(|(port, _)| port).filter(|port| *port >= 4).collect()
}

#[test]
fn a_flood_leaves_a_lag_once_and_flows_spread() {
    let (bed, ..) = with_lag();
    let out = bed.to(0, &frame(ALL, A));
    assert_eq!(out.len(), 4);
    assert_eq!(out[..3], [1, 2, 3]);
    assert_eq!(spread(&bed), BTreeSet::from([4, 5, 6, 7]));
    // What a member took in does not go back by another, and the station stands at the LAG.
    assert_eq!(bed.to(5, &frame(ALL, B)), [0, 1, 2, 3]);
    assert_eq!(bed.to(6, &frame(ALL, B)), [0, 1, 2, 3]);
    assert_eq!(bed.fdb_events().concat().len(), 2, "no move between members");
}

/// Acts: SAI_LAG_MEMBER_ATTR_EGRESS_DISABLE, SAI_LAG_MEMBER_ATTR_INGRESS_DISABLE,
/// SAI_LAG_MEMBER_ATTR_WEIGHT.
#[test]
fn disabled_and_dead_members_carry_nothing() {
    needs!(Hands);
    let (bed, _, members) = with_lag();
    bed.set(ObjectType::LAG_MEMBER, members[0], lag_member::EGRESS_DISABLE.id(), Value::Bool(true));
    bed.set_link(5, false);
    assert_eq!(spread(&bed), BTreeSet::from([6, 7]));
    bed.set(ObjectType::LAG_MEMBER, members[2], lag_member::WEIGHT.id(), Value::U32(0));
    assert_eq!(spread(&bed), BTreeSet::from([7]));
    bed.set(ObjectType::LAG_MEMBER, members[0], lag_member::INGRESS_DISABLE.id(), Value::Bool(true));
    assert!(bed.to(4, &frame(ALL, B)).is_empty());
    bed.remove(ObjectType::LAG_MEMBER, members[3]);
    assert!(spread(&bed).is_empty());
}

#[test]
fn a_port_is_in_one_lag() {
    let (bed, lag, _) = with_lag();
    let again =
        bed.backend().create(bed.switch, Target::Object(ObjectType::LAG_MEMBER), &member(lag, bed.ports[4]));
    says(&again.unwrap_err(), "is a member of");
}

#[test]
fn a_port_that_routes_is_in_no_lag_and_a_member_does_not_route() {
    let r = Net::new();
    let lag = r.create(ObjectType::LAG, &[]);
    let join = |port: usize| {
        let joined = create(&r, r.switch, ObjectType::LAG_MEMBER, &member(lag, r.ports[port]));
        joined.map_err(|e| e.status())
    };
    assert_eq!(join(1), Err(Status::OBJECT_IN_USE));
    // What the switch made for itself at boot yields.
    let joined = join(5).unwrap();
    let on = |kind: rif::Type, more: &[AttrEntry]| {
        let attrs = [
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(r.vr)),
            attr(rif::TYPE.id(), Value::I32(kind.0)),
            attr(rif::PORT_ID.id(), Value::Oid(r.ports[5])),
        ];
        let made = create(&r, r.switch, ObjectType::ROUTER_INTERFACE, &[&attrs, more].concat());
        made.map_err(|e| e.status())
    };
    let vid = [attr(rif::OUTER_VLAN_ID.id(), Value::U16(9))];
    assert_eq!(on(rif::Type::PORT, &[]), Err(Status::OBJECT_IN_USE));
    assert_eq!(on(rif::Type::SUB_PORT, &vid), Err(Status::OBJECT_IN_USE));
    r.remove(ObjectType::LAG_MEMBER, joined);
    let sub = on(rif::Type::SUB_PORT, &vid).unwrap();
    assert_eq!(join(5), Err(Status::OBJECT_IN_USE), "an interface of one VLAN of the port");
    r.remove(ObjectType::ROUTER_INTERFACE, sub);
    join(5).unwrap();
}

/// A LAG over some of ports 4 to 7, bridged in VLAN 1 like ports 0 to 3, with its members and bridge port.
fn over(bed: &Bed, ports: &[usize]) -> (ObjectId, Vec<ObjectId>, ObjectId) {
    (4..8).for_each(|n| bed.free_port(n));
    let lag = bed.create(ObjectType::LAG, &[]);
    let members = ports.iter().map(|n| bed.create(ObjectType::LAG_MEMBER, &member(lag, bed.ports[*n])));
    let members = members.collect();
    let bp = bed.bridge_port(lag);
    bed.member(bed.vlan1, bp, TaggingMode::UNTAGGED);
    (lag, members, bp)
}

/// The member by which each of 60 flows leaves; 0 for none.
fn flows(bed: &Bed) -> Vec<usize> {
    let mut ways = vec![0; 60];
    for (port, frame) in bed.send_all(0, (0..60).map(|n| frame([2, 9, 9, 9, 9, n], A))) {
        if port >= 4 {
            ways[usize::from(frame[5])] = port;
        }
    }
    ways
}

fn used(bed: &Bed) -> Vec<usize> {
    flows(bed).into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Acts: SAI_LAG_MEMBER_ATTR_LAG_ID, SAI_LAG_MEMBER_ATTR_PORT_ID, SAI_LAG_MEMBER_ATTR_EGRESS_DISABLE,
/// SAI_LAG_MEMBER_ATTR_INGRESS_DISABLE, SAI_LAG_MEMBER_ATTR_WEIGHT.
#[test]
fn members_share_flows_by_weight_unless_disabled() {
    let bed = Bed::new();
    let (lag, members, _) = over(&bed, &[4, 5]);
    assert_eq!(used(&bed), [4, 5]);
    bed.set(ObjectType::LAG_MEMBER, members[1], lag_member::WEIGHT.id(), Value::U32(3));
    let heavy = flows(&bed).iter().filter(|port| **port == 5).count();
    assert!((36..55).contains(&heavy), "three quarters of 60: {heavy}");
    bed.set(ObjectType::LAG_MEMBER, members[0], lag_member::EGRESS_DISABLE.id(), Value::Bool(true));
    assert_eq!(used(&bed), [5]);
    assert!(!bed.to(4, &frame(ALL, B)).is_empty(), "still takes in");
    bed.set(ObjectType::LAG_MEMBER, members[0], lag_member::INGRESS_DISABLE.id(), Value::Bool(true));
    assert!(bed.to(4, &frame(ALL, B)).is_empty());
    let again = bed.create(ObjectType::LAG_MEMBER, &member(lag, bed.ports[6]));
    assert_eq!(used(&bed), [5, 6]);
    bed.remove(ObjectType::LAG_MEMBER, again);
    assert_eq!(used(&bed), [5]);
}

/// Acts: SAI_LAG_ATTR_PORT_VLAN_ID, SAI_LAG_ATTR_DROP_UNTAGGED, SAI_LAG_ATTR_DROP_TAGGED,
/// SAI_LAG_ATTR_DEFAULT_VLAN_PRIORITY, SAI_LAG_ATTR_TPID.
#[test]
fn a_lags_attributes_stand_for_those_of_its_members() {
    let bed = Bed::new();
    let (lag, _, bp) = over(&bed, &[4, 5]);
    let set_lag = |id, value| bed.set(ObjectType::LAG, lag, id, value);
    let vlan = bed.vlan(20, &[(0, TaggingMode::TAGGED)]);
    bed.member(vlan, bp, TaggingMode::UNTAGGED);
    assert_eq!(bed.to(4, &frame(ALL, B)), [0, 1, 2, 3]);
    set_lag(lag::PORT_VLAN_ID.id(), Value::U16(20));
    set_lag(lag::DEFAULT_VLAN_PRIORITY.id(), Value::U8(5));
    assert_eq!(bed.send(4, &frame(ALL, B)), [(0, tagged(ALL, B, 5 << 13 | 20))]);
    set_lag(lag::DROP_UNTAGGED.id(), Value::Bool(true));
    assert!(bed.to(5, &frame(ALL, B)).is_empty());
    assert_eq!(bed.to(5, &tagged(ALL, B, 20)), [0]);
    set_lag(lag::DROP_TAGGED.id(), Value::Bool(true));
    assert!(bed.to(5, &tagged(ALL, B, 20)).is_empty());
    set_lag(lag::DROP_TAGGED.id(), Value::Bool(false));
    set_lag(lag::TPID.id(), Value::U16(0x9100));
    let mut other = tagged(ALL, B, 20);
    other[12..14].copy_from_slice(&[0x91, 0]);
    assert_eq!(bed.to(5, &other), [0]);
    let held = attr(port::PORT_VLAN_ID.id(), Value::U16(7));
    let refused = set(&bed, &ObjectRef::Object(ObjectType::PORT, bed.ports[4]), held);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
}

#[test]
fn a_resilient_lag_moves_only_the_flows_of_who_goes() {
    needs!(Profile);
    let mut profile = eight_ports();
    profile.resilient.lag = 60;
    let bed = Bed::with(profile, Keys::default());
    let (_, members, _) = over(&bed, &[4, 5, 6]);
    let before = flows(&bed);
    bed.set_link(5, false);
    let without = flows(&bed);
    for (was, is) in before.iter().zip(&without) {
        assert!(*was == 5 || was == is, "{was} went to {is}");
    }
    assert_eq!(used(&bed), [4, 6]);
    bed.set_link(5, true);
    bed.remove(ObjectType::LAG_MEMBER, members[2]);
    assert_eq!(used(&bed), [4, 5]);
}

#[test]
fn a_group_of_lags_uses_all_members_of_each() {
    let r = Routed::new();
    r.port_rif(0);
    r.free_port(4);
    let kind = sai::next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0;
    let group =
        r.create(ObjectType::NEXT_HOP_GROUP, &[attr(sai::next_hop_group::TYPE.id(), Value::I32(kind))]);
    // The route comes first, then the interfaces, the next hops, the neighbors, and at last members for the LAGs.
    r.route("20.0.0.0/8", group);
    for (n, ports) in [(1, [1, 2]), (2, [3, 4])] {
        let lag = r.create(ObjectType::LAG, &[]);
        let on = attr(sai::router_interface::PORT_ID.id(), Value::Oid(lag));
        let rif = r.rif_with(sai::router_interface::Type::PORT, &[on]);
        let ip = format!("10.0.{n}.2");
        let attrs = [
            attr(sai::next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(r.next_hop(rif, &ip))),
        ];
        r.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
        r.neighbor(rif, &ip, neighbor_mac(n));
        for port in ports {
            r.create(ObjectType::LAG_MEMBER, &member(lag, r.ports[port]));
        }
    }
    let mut flows = [0; 8];
    let frames = (0..800).map(|n| packet(r.mac, HOST, "1.1.1.1", "20.0.0.9", 64, n));
    r.send_all(0, frames).iter().for_each(|(port, _)| flows[*port] += 1);
    assert_eq!(flows.iter().sum::<usize>(), 800);
    assert!(flows[1..5].iter().all(|n| (150..250).contains(n)), "{flows:?}");
}

#[test]
fn a_lag_takes_no_more_members_than_the_chip_has_room_for() {
    needs!(Profile);
    let mut profile = eight_ports();
    profile.limits.lag_members = 2;
    let bed = Bed::with(profile, Keys::default());
    let (lag, ..) = over(&bed, &[4, 5]);
    let full = create(&bed, bed.switch, ObjectType::LAG_MEMBER, &member(lag, bed.ports[6]));
    assert_eq!(full.unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    assert_eq!(used(&bed), [4, 5]);
}
