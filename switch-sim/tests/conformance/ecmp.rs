//! Next-hop groups of every type.

use super::bed::routed::*;
use super::bed::*;
use sai::next_hop_group::Type;
use sai::next_hop_group_member::{self as member, ConfiguredRole, ObservedRole};
use sai::types::AclStage;
use sai::{
    AclAction, Answer, AttrEntry, MapEntry, ObjectId, ObjectRef, ObjectType, QosMap, QosMapParams, Query,
    Status, Value, acl_entry, acl_table, counter, lag_member, next_hop, next_hop_group as group_attr,
    next_hop_group_map as map, port, qos_map, router_interface as rif, switch,
};
use switch_sim::warm::Keys;

const DST: &str = "20.0.0.1";

fn member_ref(id: ObjectId) -> ObjectRef {
    ObjectRef::Object(ObjectType::NEXT_HOP_GROUP_MEMBER, id)
}

/// Leads 20.0.0.0/8 somewhere else.
fn lead(net: &Net, to: ObjectId) {
    net.set_entry(net.route_key("20.0.0.0/8"), sai::route_entry::NEXT_HOP_ID.id(), Value::Oid(to));
}

fn ports(flows: &[Vec<usize>]) -> Vec<usize> {
    let mut all: Vec<_> = flows.iter().map(|f| f.first().copied().unwrap_or(0)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Acts: SAI_NEXT_HOP_GROUP_MEMBER_ATTR_WEIGHT, SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_GROUP_ID,
/// SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_ID.
#[test]
fn members_share_flows_by_weight_and_change_between_two_packets() {
    let net = Net::new();
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    net.route("20.0.0.0/8", group);
    assert!(net.flows(DST).iter().all(Vec::is_empty), "an empty group drops");
    let one = net.join(group, 1, &[attr(member::WEIGHT.id(), Value::U32(1))]);
    assert_eq!(ports(&net.flows(DST)), [1]);
    assert_eq!(get(&net, &member_ref(one), member::NEXT_HOP_GROUP_ID.id()), Ok(Value::Oid(group)));
    let two = net.join(group, 2, &[attr(member::WEIGHT.id(), Value::U32(3))]);
    let share = |port| net.flows(DST).iter().filter(|f| **f == [port]).count();
    assert!((6..26).contains(&share(1)) && share(1) + share(2) == 64, "a quarter: {}", share(1));
    set(&net, &member_ref(two), attr(member::WEIGHT.id(), Value::U32(0))).unwrap();
    assert_eq!(share(1), 64);
    set(&net, &member_ref(one), attr(member::NEXT_HOP_ID.id(), Value::Oid(net.hops[3]))).unwrap();
    assert_eq!(share(3), 64);
    net.remove(ObjectType::NEXT_HOP_GROUP_MEMBER, one);
    assert!(net.flows(DST).iter().all(Vec::is_empty), "weight 0 takes nothing");
    let busy = net.backend().remove(&ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, group));
    assert_eq!(busy.unwrap_err().status(), Status::OBJECT_IN_USE);
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_TYPE, SAI_NEXT_HOP_GROUP_MEMBER_ATTR_SEQUENCE_ID.
#[test]
fn an_ordered_group_goes_by_sequence_not_by_creation() {
    let net = Net::new();
    net.route("20.0.0.0/8", net.hops[1]);
    let sequence = |n: usize| [attr(member::SEQUENCE_ID.id(), Value::U32(10 * n as u32))];
    let flows = [[1, 2, 3], [3, 1, 2]].map(|order| {
        let group = net.group(Type::DYNAMIC_ORDERED_ECMP, &[]);
        let members = order.map(|n| net.join(group, n, &sequence(n)));
        lead(&net, group);
        (net.flows(DST), members)
    });
    assert_eq!(flows[0].0, flows[1].0);
    assert_eq!(ports(&flows[0].0), [1, 2, 3]);
    // The one at the front goes to the end.
    set(&net, &member_ref(flows[1].1[1]), attr(member::SEQUENCE_ID.id(), Value::U32(99))).unwrap();
    let turned: Vec<Vec<usize>> = flows[0].0.iter().map(|f| vec![f[0] % 3 + 1]).collect();
    assert_eq!(net.flows(DST), turned);
    // An unordered group goes by creation.
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    for n in [3, 1, 2] {
        net.join(group, n, &sequence(n));
    }
    lead(&net, group);
    assert_ne!(net.flows(DST), flows[0].0);
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_CONFIGURED_SIZE, SAI_NEXT_HOP_GROUP_MEMBER_ATTR_INDEX.
#[test]
fn a_fine_grained_group_has_a_bucket_by_index_and_moves_one_alone() {
    let net = Net::new();
    let group = net.group(Type::FINE_GRAIN_ECMP, &[attr(group_attr::CONFIGURED_SIZE.id(), Value::U32(4))]);
    let index = |n: u32| [attr(member::INDEX.id(), Value::U32(n))];
    let members: Vec<_> =
        [1, 2, 1, 2].iter().zip(0..).map(|(way, n)| net.join(group, *way, &index(n))).collect();
    assert_eq!(net.bed.get(ObjectType::NEXT_HOP_GROUP, group, group_attr::REAL_SIZE.id()), Value::U32(4));
    let again = |n: u32| {
        let attrs = net.member_attrs(group, net.hops[3], &index(n));
        create(&net, net.switch, ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs).unwrap_err().status()
    };
    assert_eq!(again(4), Status::INVALID_ATTR_VALUE_0.nth(2));
    assert_eq!(again(3), Status::ITEM_ALREADY_EXISTS);
    net.route("20.0.0.0/8", group);
    let before = net.flows(DST);
    set(&net, &member_ref(members[1]), attr(member::NEXT_HOP_ID.id(), Value::Oid(net.hops[3]))).unwrap();
    let after = net.flows(DST);
    let moved: Vec<_> = before.iter().zip(&after).filter(|(b, a)| a != b).collect();
    assert!(!moved.is_empty() && moved.iter().all(|(b, a)| **b == [2] && **a == [3]), "{moved:?}");
    assert!(after.contains(&vec![2]), "the other bucket of the way stays");
    net.remove(ObjectType::NEXT_HOP_GROUP_MEMBER, members[1]);
    for (was, is) in after.iter().zip(&net.flows(DST)) {
        assert_eq!(is, if *was == [3] { &[][..] } else { was }, "only the empty bucket loses its flows");
    }
    let none = [attr(group_attr::TYPE.id(), Value::I32(Type::FINE_GRAIN_ECMP.0))];
    let refused = create(&net, net.switch, ObjectType::NEXT_HOP_GROUP, &none);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
}

fn role(role: ConfiguredRole) -> AttrEntry {
    attr(member::CONFIGURED_ROLE.id(), Value::I32(role.0))
}

fn observed(net: &Net, id: ObjectId) -> ObservedRole {
    match net.bed.get(ObjectType::NEXT_HOP_GROUP_MEMBER, id, member::OBSERVED_ROLE.id()) {
        Value::I32(role) => ObservedRole(role),
        other => panic!("{other:?}"),
    }
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_SET_SWITCHOVER, SAI_NEXT_HOP_GROUP_MEMBER_ATTR_CONFIGURED_ROLE.
#[test]
fn a_protection_group_switches_over_when_told_to() {
    let net = Net::new();
    let group = net.group(Type::PROTECTION, &[]);
    let primary = net.join(group, 1, &[role(ConfiguredRole::PRIMARY)]);
    let standby = net.join(group, 2, &[role(ConfiguredRole::STANDBY)]);
    net.route("20.0.0.0/8", group);
    for (over, port, active, inactive) in [(false, 1, primary, standby), (true, 2, standby, primary)] {
        net.set(ObjectType::NEXT_HOP_GROUP, group, group_attr::SET_SWITCHOVER.id(), Value::Bool(over));
        assert_eq!(ports(&net.flows(DST)), [port]);
        assert_eq!(observed(&net, active), ObservedRole::ACTIVE);
        assert_eq!(observed(&net, inactive), ObservedRole::INACTIVE);
    }
}

/// Acts: SAI_NEXT_HOP_GROUP_MEMBER_ATTR_MONITORED_OBJECT.
#[test]
fn a_member_whose_monitored_object_is_down_takes_no_traffic() {
    let net = Net::new();
    let group = net.group(Type::PROTECTION, &[]);
    let watch = |id| attr(member::MONITORED_OBJECT.id(), Value::Oid(id));
    let primary = net.join(group, 1, &[role(ConfiguredRole::PRIMARY), watch(net.ports[5])]);
    let standby = net.join(group, 2, &[role(ConfiguredRole::STANDBY)]);
    net.route("20.0.0.0/8", group);
    let enable = |ty, id, what, on| net.set(ty, id, what, Value::Bool(on));
    let port = |n: usize, on| enable(ObjectType::PORT, net.ports[n], port::ADMIN_STATE.id(), on);
    let way = || ports(&net.flows(DST));
    assert_eq!(way(), [1]);
    port(5, false);
    assert_eq!(way(), [2]);
    assert_eq!([primary, standby].map(|m| observed(&net, m)), [ObservedRole::INACTIVE, ObservedRole::ACTIVE]);
    port(5, true);
    assert_eq!(way(), [1]);
    // A router interface, by its port and by itself.
    set(&net, &member_ref(primary), watch(net.rifs[1])).unwrap();
    port(1, false);
    assert_eq!(way(), [2]);
    port(1, true);
    for on in [false, true] {
        enable(ObjectType::ROUTER_INTERFACE, net.rifs[1], rif::ADMIN_V4_STATE.id(), on);
        enable(ObjectType::ROUTER_INTERFACE, net.rifs[1], rif::ADMIN_V6_STATE.id(), on);
        assert_eq!(way(), if on { [1] } else { [2] });
    }
    // A bridge port, a member of a VLAN, a LAG.
    set(&net, &member_ref(primary), watch(net.bridge_ports[6])).unwrap();
    enable(ObjectType::BRIDGE_PORT, net.bridge_ports[6], sai::bridge_port::ADMIN_STATE.id(), false);
    assert_eq!(way(), [2]);
    enable(ObjectType::BRIDGE_PORT, net.bridge_ports[6], sai::bridge_port::ADMIN_STATE.id(), true);
    set(&net, &member_ref(primary), watch(net.members_of(6)[0])).unwrap();
    port(6, false);
    assert_eq!(way(), [2]);
    port(6, true);
    assert_eq!(way(), [1]);
    let lag = net.create(ObjectType::LAG, &[]);
    set(&net, &member_ref(primary), watch(lag)).unwrap();
    assert_eq!(way(), [2], "a LAG without members");
    net.free_port(7);
    let of = attr(lag_member::LAG_ID.id(), Value::Oid(lag));
    net.create(ObjectType::LAG_MEMBER, &[of, attr(lag_member::PORT_ID.id(), Value::Oid(net.ports[7]))]);
    assert_eq!(way(), [1]);
    // With nobody left to stand in, what is there goes on.
    net.remove(ObjectType::NEXT_HOP_GROUP_MEMBER, standby);
    port(7, false);
    assert_eq!(way(), [0], "nobody left");
    port(7, true);
    set(&net, &member_ref(primary), watch(ObjectId::NULL)).unwrap();
    port(7, false);
    assert_eq!(way(), [1]);
}

#[test]
fn a_group_of_primaries_is_backed_by_another_group() {
    let net = Net::new();
    let watch = |n: usize| attr(member::MONITORED_OBJECT.id(), Value::Oid(net.ports[n]));
    let backup = net.group(Type::HW_PROTECTION, &[]);
    for n in [2, 3] {
        net.join(backup, n, &[watch(n)]);
    }
    let group = net.group(Type::PROTECTION, &[]);
    net.join(group, 1, &[watch(1)]);
    let attrs = net.member_attrs(group, backup, &[role(ConfiguredRole::STANDBY)]);
    net.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
    net.route("20.0.0.0/8", group);
    assert_eq!(ports(&net.flows(DST)), [1]);
    let down = |n: usize| net.set(ObjectType::PORT, net.ports[n], port::ADMIN_STATE.id(), Value::Bool(false));
    down(1);
    assert_eq!(ports(&net.flows(DST)), [2, 3]);
    down(3);
    assert_eq!(ports(&net.flows(DST)), [2]);
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_LIST, SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_MEMBER_WEIGHT_LIST,
/// SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_MEMBER_COUNTER_LIST.
#[test]
fn a_group_may_list_its_ways_itself() {
    let net = Net::new();
    let ways = |ways: &[usize]| Value::OidList(ways.iter().map(|n| net.hops[*n]).collect());
    let [other, tally] = [0, 1].map(|_| net.create(ObjectType::COUNTER, &[]));
    let lists = [
        attr(group_attr::NEXT_HOP_LIST.id(), ways(&[1, 2])),
        attr(group_attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id(), Value::U32List(vec![3, 1])),
        attr(group_attr::NEXT_HOP_MEMBER_COUNTER_LIST.id(), Value::OidList(vec![other, tally])),
    ];
    let group = net.group(Type::ECMP_WITH_MEMBERS, &lists);
    net.route("20.0.0.0/8", group);
    let flows = net.flows(DST);
    let second = flows.iter().filter(|f| **f == [2]).count();
    assert!((6..26).contains(&second) && ports(&flows) == [1, 2], "a quarter: {second}");
    assert_eq!(net.stat(ObjectType::COUNTER, tally, counter::Stat::PACKETS.0), second as u64);
    let object = ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, group);
    let short = attr(group_attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id(), Value::U32List(vec![1]));
    assert_eq!(set(&net, &object, short).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    set(&net, &object, attr(group_attr::NEXT_HOP_MEMBER_WEIGHT_LIST.id(), Value::U32List(vec![0, 1])))
        .unwrap();
    assert_eq!(ports(&net.flows(DST)), [2]);
    set(&net, &object, attr(group_attr::NEXT_HOP_LIST.id(), ways(&[1, 3]))).unwrap();
    assert_eq!(ports(&net.flows(DST)), [3]);
    assert_eq!(
        net.bed.get(ObjectType::NEXT_HOP_GROUP, group, group_attr::NEXT_HOP_COUNT.id()),
        Value::U32(2)
    );
    let attrs = net.member_attrs(group, net.hops[2], &[]);
    let refused = create(&net, net.switch, ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0, "members are for other types");
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_SELECTION_MAP, SAI_NEXT_HOP_GROUP_MAP_ATTR_TYPE,
/// SAI_NEXT_HOP_GROUP_MAP_ATTR_MAP_TO_VALUE_LIST, SAI_SWITCH_ATTR_QOS_DSCP_TO_FORWARDING_CLASS_MAP,
/// SAI_PORT_ATTR_QOS_DSCP_TO_FORWARDING_CLASS_MAP, SAI_ACL_ENTRY_ATTR_ACTION_SET_FORWARDING_CLASS.
#[test]
fn a_class_based_group_goes_by_the_forwarding_class() {
    let net = Net::new();
    let entries = |pairs: &[(u32, i32)]| {
        Value::MapList(pairs.iter().map(|&(key, value)| MapEntry { key, value }).collect())
    };
    let kind = map::Type::FORWARDING_CLASS_TO_INDEX.0;
    let by_class = net.create(
        ObjectType::NEXT_HOP_GROUP_MAP,
        &[
            attr(map::TYPE.id(), Value::I32(kind)),
            attr(map::MAP_TO_VALUE_LIST.id(), entries(&[(5, 1), (6, 2)])),
        ],
    );
    let group = net.group(
        Type::CLASS_BASED,
        &[
            attr(group_attr::CONFIGURED_SIZE.id(), Value::U32(4)),
            attr(group_attr::SELECTION_MAP.id(), Value::Oid(by_class)),
        ],
    );
    let index = |n: u32| [attr(member::INDEX.id(), Value::U32(n))];
    net.join(group, 1, &index(0));
    // The second bucket holds a group: all flows of the class share its ways.
    let inner = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    for n in [2, 3] {
        net.join(inner, n, &[]);
    }
    net.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &net.member_attrs(group, inner, &index(1)));
    net.route("20.0.0.0/8", group);
    let dscp_map = |pairs: &[(u8, u8)]| {
        let entry = |&(dscp, fc): &(u8, u8)| QosMap {
            key: QosMapParams { dscp, ..QosMapParams::default() },
            value: QosMapParams { fc, ..QosMapParams::default() },
        };
        let list = Value::QosMapList(pairs.iter().map(entry).collect());
        let kind = qos_map::Type::DSCP_TO_FORWARDING_CLASS.0;
        let attrs = [attr(qos_map::TYPE.id(), Value::I32(kind)), attr(qos_map::MAP_TO_VALUE_LIST.id(), list)];
        net.create(ObjectType::QOS_MAP, &attrs)
    };
    let ways = |dscp: u8| {
        let frame = |n| with_dscp(packet(net.mac, HOST, "192.0.2.1", DST, 64, n), dscp);
        ports(&(0..32).map(|n| net.to(0, &frame(n))).collect::<Vec<_>>())
    };
    assert_eq!(ways(46), [1], "without a map the class is 0");
    let id = switch::QOS_DSCP_TO_FORWARDING_CLASS_MAP.id();
    net.set(ObjectType::SWITCH, net.switch, id, Value::Oid(dscp_map(&[(46, 5), (10, 6)])));
    assert_eq!([ways(46), ways(0)], [vec![2, 3], vec![1]]);
    assert_eq!(ways(10), [0], "nobody has the third bucket");
    let id = port::QOS_DSCP_TO_FORWARDING_CLASS_MAP.id();
    net.set(ObjectType::PORT, net.ports[0], id, Value::Oid(dscp_map(&[(10, 5)])));
    assert_eq!([ways(46), ways(10)], [vec![1], vec![2, 3]], "the port's map stands before the switch's");
    // An ACL may choose the class before look-up.
    let stage = attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::PRE_INGRESS.0));
    let table = net.create(ObjectType::ACL_TABLE, &[stage]);
    let to_class = |class| {
        [
            attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
            attr(acl_entry::ACTION_SET_FORWARDING_CLASS.id(), Value::AclAction(AclAction::U8(class))),
        ]
    };
    let refused = create(&net, net.switch, ObjectType::ACL_ENTRY, &to_class(255)).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    net.create(ObjectType::ACL_ENTRY, &to_class(5));
    net.set(ObjectType::SWITCH, net.switch, switch::PRE_INGRESS_ACL.id(), Value::Oid(table));
    assert_eq!([ways(46), ways(0)], [[2, 3]; 2]);
    net.set(ObjectType::SWITCH, net.switch, switch::PRE_INGRESS_ACL.id(), Value::Oid(ObjectId::NULL));
    net.set(ObjectType::NEXT_HOP_GROUP_MAP, by_class, map::MAP_TO_VALUE_LIST.id(), entries(&[]));
    assert_eq!(ways(10), [1]);
    let selection = group_attr::SELECTION_MAP.id();
    net.set(ObjectType::NEXT_HOP_GROUP_MAP, by_class, map::MAP_TO_VALUE_LIST.id(), entries(&[(5, 1)]));
    net.set(ObjectType::NEXT_HOP_GROUP, group, selection, Value::Oid(ObjectId::NULL));
    assert_eq!(ways(10), [1]);
    // Only this type of map is there.
    let other = [attr(map::TYPE.id(), Value::I32(kind + 1))];
    let refused = create(&net, net.switch, ObjectType::NEXT_HOP_GROUP_MAP, &other);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
}

/// An IPv4 frame with this DSCP.
fn with_dscp(mut frame: Vec<u8>, dscp: u8) -> Vec<u8> {
    frame[15] = dscp << 2;
    frame[24..26].fill(0);
    let sum = switch_sim::wire::checksum::checksum(&frame[14..34]);
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame
}

#[test]
fn a_group_within_a_group_spreads_flows_again() {
    let net = Net::new();
    let inner = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    for n in [2, 3] {
        net.join(inner, n, &[]);
    }
    let outer = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    net.join(outer, 1, &[]);
    net.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &net.member_attrs(outer, inner, &[]));
    net.route("20.0.0.0/8", outer);
    let flows = net.flows(DST);
    let count = |port| flows.iter().filter(|f| **f == [port]).count();
    assert!((20..44).contains(&count(1)), "half: {}", count(1));
    assert!((8..24).contains(&count(2)) && (8..24).contains(&count(3)), "a quarter each");
    let nested =
        create(&net, net.switch, ObjectType::NEXT_HOP_GROUP_MEMBER, &net.member_attrs(inner, outer, &[]));
    assert_eq!(nested.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1), "no way comes back");
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_COUNTER_ID, SAI_NEXT_HOP_GROUP_MEMBER_ATTR_COUNTER_ID,
/// SAI_NEXT_HOP_ATTR_COUNTER_ID.
#[test]
fn group_member_and_next_hop_count_what_takes_them() {
    let net = Net::new();
    let tallies: Vec<_> = (0..3).map(|_| net.create(ObjectType::COUNTER, &[])).collect();
    let group = net.ecmp(&[attr(group_attr::COUNTER_ID.id(), Value::Oid(tallies[0]))]);
    let list = oids(
        &net,
        &ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, group),
        group_attr::NEXT_HOP_MEMBER_LIST.id(),
    );
    set(&net, &member_ref(list[0]), attr(member::COUNTER_ID.id(), Value::Oid(tallies[1]))).unwrap();
    net.set(ObjectType::NEXT_HOP, net.hops[2], next_hop::COUNTER_ID.id(), Value::Oid(tallies[2]));
    let flows = net.flows(DST);
    let of = |port| flows.iter().filter(|f| **f == [port]).count() as u64;
    let count = |n: usize, stat: counter::Stat| net.stat(ObjectType::COUNTER, tallies[n], stat.0);
    let packets = [0, 1, 2].map(|n| count(n, counter::Stat::PACKETS));
    assert_eq!(packets, [64, of(1), of(2)]);
    assert_eq!(count(0, counter::Stat::BYTES), 64 * 64);
}

#[test]
fn a_resilient_group_moves_only_the_flows_of_who_goes() {
    needs!(Profile);
    let mut profile = eight_ports();
    profile.resilient.ecmp = 64;
    let net = Net::over(Bed::with(profile, Keys::default()));
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    net.route("20.0.0.0/8", group);
    let members = [1, 2, 3].map(|n| net.join(group, n, &[]));
    let before = net.flows(DST);
    net.remove(ObjectType::NEXT_HOP_GROUP_MEMBER, members[1]);
    let without = net.flows(DST);
    for (was, is) in before.iter().zip(&without) {
        assert!(*was == [2] || is == was, "{was:?} went to {is:?}");
    }
    assert_eq!(ports(&without), [1, 3]);
    net.join(group, 2, &[]);
    for (was, is) in without.iter().zip(&net.flows(DST)) {
        assert!(*is == [2] || is == was, "{was:?} went to {is:?}");
    }
    assert_eq!(net.bed.get(ObjectType::NEXT_HOP_GROUP, group, group_attr::REAL_SIZE.id()), Value::U32(64));
}

#[test]
fn types_and_widths_that_the_chip_lacks_are_refused() {
    let net = Net::new();
    let query = Query::EnumValues(ObjectType::NEXT_HOP_GROUP, group_attr::TYPE.id());
    let Ok(Answer::EnumValues(types)) = net.backend().query(net.switch, query) else { panic!("an answer") };
    assert!(types.contains(&Type::CLASS_BASED.0) && !types.contains(&Type::BRIDGE_PORT.0));
    let kind = [attr(group_attr::TYPE.id(), Value::I32(Type::BRIDGE_PORT.0))];
    let refused = create(&net, net.switch, ObjectType::NEXT_HOP_GROUP, &kind);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    needs!(Profile);
    drop(net);
    let mut profile = eight_ports();
    (profile.limits.ecmp_width, profile.limits.next_hop_groups) = (2, 1);
    let net = Net::over(Bed::with(profile, Keys::default()));
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    let available =
        || net.bed.get(ObjectType::SWITCH, net.switch, switch::AVAILABLE_NEXT_HOP_GROUP_ENTRY.id());
    assert_eq!(available(), Value::U32(0));
    for n in [1, 2] {
        net.join(group, n, &[]);
    }
    let attrs = net.member_attrs(group, net.hops[3], &[]);
    let full = create(&net, net.switch, ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
    assert_eq!(full.unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    let kind = [attr(group_attr::TYPE.id(), Value::I32(Type::PROTECTION.0))];
    let full = create(&net, net.switch, ObjectType::NEXT_HOP_GROUP, &kind);
    assert_eq!(full.unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
}

#[test]
fn updates_between_packets_lose_and_misroute_nothing() {
    let net = Net::new();
    let group = net.ecmp(&[]);
    let object = ObjectRef::Object(ObjectType::NEXT_HOP_GROUP, group);
    let members = oids(&net, &object, group_attr::NEXT_HOP_MEMBER_LIST.id());
    let frame = |n: u16| packet(net.mac, HOST, "192.0.2.1", DST, 64, n);
    let mut comes = ObjectId::NULL;
    for round in 0..120u16 {
        let allowed: &[usize] = match round % 6 {
            0 => {
                set(&net, &member_ref(members[0]), attr(member::WEIGHT.id(), Value::U32(0))).unwrap();
                &[2, 3]
            }
            1 => {
                comes = net.join(group, 1, &[]);
                &[1, 2, 3]
            }
            2 => {
                net.route("20.0.0.0/16", net.hops[1]);
                &[1]
            }
            3 => {
                net.remove(ObjectType::NEXT_HOP_GROUP_MEMBER, comes);
                &[1]
            }
            4 => {
                net.remove_entry(net.route_key("20.0.0.0/16"));
                &[2, 3]
            }
            _ => {
                set(&net, &member_ref(members[0]), attr(member::WEIGHT.id(), Value::U32(2))).unwrap();
                &[1, 2, 3]
            }
        };
        for n in 0..4 {
            let way = net.way(&frame(4 * round + n));
            assert!(allowed.contains(&way), "round {round}: left by {way}, not {allowed:?}");
        }
    }
}
