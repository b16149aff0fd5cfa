//! Members of next-hop groups: how many there may be, what is kept of them, in what order.

use super::bed::routed::*;
use super::bed::*;
use sai::next_hop_group::Type;
use sai::next_hop_group_member::{self as member, ConfiguredRole};
use sai::{
    Answer, AttrEntry, Bulk, BulkCreate, BulkErrorMode, ObjectId, ObjectRef, ObjectType, Query, Status,
    Target, Value, next_hop_group as group_attr, switch,
};
use switch_sim::warm::Keys;

const GROUP: ObjectType = ObjectType::NEXT_HOP_GROUP;
const MEMBER: ObjectType = ObjectType::NEXT_HOP_GROUP_MEMBER;

fn member_ref(id: ObjectId) -> ObjectRef {
    ObjectRef::Object(MEMBER, id)
}

fn members(net: &Net, group: ObjectId) -> Vec<ObjectId> {
    oids(net, &ObjectRef::Object(GROUP, group), group_attr::NEXT_HOP_MEMBER_LIST.id())
}

/// How many more members there can be, of a group or of all.
fn left(net: &Net, of: &[AttrEntry]) -> u64 {
    match net.backend().query(net.switch, Query::Availability(MEMBER, of)) {
        Ok(Answer::Count(left)) => left,
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_keep_their_attributes_and_the_order_of_their_creation() {
    let net = Net::new();
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    let first = net.join(group, 1, &[]);
    let second = net.join(group, 2, &[]);
    net.remove(MEMBER, first);
    let counter = net.create(ObjectType::COUNTER, &[]);
    let given = [
        attr(member::WEIGHT.id(), Value::U32(7)),
        attr(member::CONFIGURED_ROLE.id(), Value::I32(ConfiguredRole::STANDBY.0)),
        attr(member::MONITORED_OBJECT.id(), Value::Oid(net.ports[4])),
        attr(member::INDEX.id(), Value::U32(3)),
        attr(member::SEQUENCE_ID.id(), Value::U32(9)),
        attr(member::COUNTER_ID.id(), Value::Oid(counter)),
        attr(member::ARS_ALTERNATE_PATH.id(), Value::Bool(true)),
    ];
    let third = net.join(group, 3, &given);
    let fine = net.group(Type::FINE_GRAIN_ECMP, &[attr(group_attr::CONFIGURED_SIZE.id(), Value::U32(4))]);
    let bucket = net.join(fine, 1, &given[3..5]);
    let check = |net: &Net| {
        assert_eq!(members(net, group), [second, third]);
        for a in &given {
            assert_eq!(get(net, &member_ref(third), a.id), Ok(a.value.clone()));
        }
        for a in &given[3..5] {
            assert_eq!(get(net, &member_ref(bucket), a.id), Ok(a.value.clone()));
        }
        assert_eq!(get(net, &member_ref(third), member::NEXT_HOP_ID.id()), Ok(Value::Oid(net.hops[3])));
        assert_eq!(get(net, &member_ref(second), member::WEIGHT.id()), Ok(Value::U32(1)));
        assert_eq!(get(net, &member_ref(second), member::COUNTER_ID.id()), Ok(Value::Oid(ObjectId::NULL)));
        let gone = get(net, &member_ref(first), member::WEIGHT.id());
        assert_eq!(gone.unwrap_err().status(), Status::ITEM_NOT_FOUND);
        let keys = net.backend().query(net.switch, Query::ObjectKeys(MEMBER));
        assert_eq!(keys, Ok(Answer::ObjectKeys([second, third, bucket].map(member_ref).to_vec())));
    };
    check(&net);
    if provides(Need::Hands) {
        net.bed.reload();
        check(&net);
    }
    // What a member names is in use for as long as it names it.
    let busy = |ty, id| net.backend().remove(&ObjectRef::Object(ty, id)).map_err(|e| e.status());
    assert_eq!(busy(ObjectType::NEXT_HOP, net.hops[3]), Err(Status::OBJECT_IN_USE));
    assert_eq!(busy(ObjectType::COUNTER, counter), Err(Status::OBJECT_IN_USE));
    for a in [
        attr(member::NEXT_HOP_ID.id(), Value::Oid(net.hops[2])),
        attr(member::COUNTER_ID.id(), Value::Oid(ObjectId::NULL)),
    ] {
        set(&net, &member_ref(third), a).unwrap();
    }
    assert_eq!(busy(ObjectType::COUNTER, counter), Ok(()));
    assert_eq!(busy(ObjectType::NEXT_HOP, net.hops[3]), Ok(()));
}

#[test]
fn a_member_that_is_refused_in_bulk_leaves_the_others_alone() {
    let net = Net::new();
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    net.route("20.0.0.0/8", group);
    let attrs = [net.hops[1], group, net.hops[2]].map(|way| net.member_attrs(group, way, &[]));
    let target = Target::Object(MEMBER);
    let items: Vec<_> = attrs.iter().map(|attrs| BulkCreate { target, attrs }).collect();
    let before = left(&net, &[]);
    let made =
        net.backend().bulk(Bulk::Create { switch: net.switch, items: &items }, BulkErrorMode::IgnoreError);
    assert_eq!(made[1].as_ref().unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    let made: Vec<ObjectId> = made.into_iter().filter_map(Result::ok).collect();
    assert_eq!(members(&net, group), made);
    assert_eq!(left(&net, &[]), before - 2);
    let mut ways: Vec<_> = net.flows("20.0.0.1").into_iter().flatten().collect();
    ways.sort_unstable();
    ways.dedup();
    assert_eq!(ways, [1, 2]);
}

/// Acts: SAI_SWITCH_ATTR_ECMP_MEMBER_COUNT.
#[test]
fn the_switch_s_member_count_bounds_each_group() {
    let net = Net::new();
    let of_switch = |id| get(&net, &this(net.switch), id);
    let count = |n| {
        let count = attr(switch::ECMP_MEMBER_COUNT.id(), Value::U32(n));
        set(&net, &this(net.switch), count).map_err(|e| e.status())
    };
    let Ok(Value::U32(width)) = of_switch(switch::ECMP_MEMBERS.id()) else { panic!("a number") };
    assert_eq!(of_switch(switch::ECMP_MEMBER_COUNT.id()), Ok(Value::U32(width)));
    let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
    let of = [attr(member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group))];
    assert_eq!(left(&net, &of), u64::from(width));
    for n in 1..3 {
        net.join(group, n, &[]);
    }
    assert_eq!(count(2), Ok(()));
    assert_eq!(left(&net, &of), 0);
    let third = || create(&net, net.switch, MEMBER, &net.member_attrs(group, net.hops[3], &[]));
    assert_eq!(third().unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    let ways = attr(group_attr::NEXT_HOP_LIST.id(), Value::OidList(net.hops[1..4].to_vec()));
    let size = attr(group_attr::CONFIGURED_SIZE.id(), Value::U32(3));
    for (kind, three) in [(Type::ECMP_WITH_MEMBERS, ways), (Type::FINE_GRAIN_ECMP, size)] {
        let attrs = [attr(group_attr::TYPE.id(), Value::I32(kind.0)), three];
        let refused = create(&net, net.switch, GROUP, &attrs);
        assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    }
    for wrong in [0, width + 1] {
        assert_eq!(count(wrong), Err(Status::INVALID_ATTR_VALUE_0));
    }
    assert_eq!(count(1), Err(Status::NOT_IMPLEMENTED), "nobody says which member is to go");
    assert_eq!(of_switch(switch::ECMP_MEMBER_COUNT.id()), Ok(Value::U32(2)));
    assert_eq!(count(3), Ok(()));
    third().unwrap();
}

#[test]
fn the_members_of_all_groups_share_one_table() {
    needs!(Profile);
    let mut profile = eight_ports();
    profile.limits.next_hop_group_members = 3;
    let net = Net::over(Bed::with(profile, Keys::default()));
    let of_switch = |id| get(&net, &this(net.switch), id);
    assert_eq!(of_switch(switch::MAX_ECMP_MEMBER_COUNT.id()), Ok(Value::U32(3)));
    let groups = [0, 1].map(|_| net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]));
    for n in 1..3 {
        net.join(groups[0], n, &[]);
    }
    let last = net.join(groups[1], 1, &[]);
    assert_eq!(of_switch(switch::AVAILABLE_NEXT_HOP_GROUP_MEMBER_ENTRY.id()), Ok(Value::U32(0)));
    let of = [attr(member::NEXT_HOP_GROUP_ID.id(), Value::Oid(groups[1]))];
    assert_eq!(left(&net, &of), 0);
    let more = || create(&net, net.switch, MEMBER, &net.member_attrs(groups[0], net.hops[3], &[]));
    assert_eq!(more().unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    // Those that a group lists itself are members too.
    let list = |ways: &[usize]| {
        attr(group_attr::NEXT_HOP_LIST.id(), Value::OidList(ways.iter().map(|n| net.hops[*n]).collect()))
    };
    let kind = attr(group_attr::TYPE.id(), Value::I32(Type::ECMP_WITH_MEMBERS.0));
    let listing = |ways: &[usize]| create(&net, net.switch, GROUP, &[kind.clone(), list(ways)]);
    net.remove(MEMBER, last);
    assert_eq!(listing(&[1, 2]).unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    let listed = listing(&[1]).unwrap();
    assert_eq!(left(&net, &[]), 0);
    let set =
        |ways: &[usize]| set(&net, &ObjectRef::Object(GROUP, listed), list(ways)).map_err(|e| e.status());
    assert_eq!(set(&[1, 2]), Err(Status::INSUFFICIENT_RESOURCES));
    assert_eq!(more().unwrap_err().status(), Status::INSUFFICIENT_RESOURCES);
    assert_eq!(set(&[]), Ok(()));
    let member = more().unwrap();
    assert_eq!(set(&[3]), Err(Status::INSUFFICIENT_RESOURCES));
    net.remove(MEMBER, member);
    assert_eq!(set(&[3]), Ok(()));
    net.remove(GROUP, listed);
    more().unwrap();
}
