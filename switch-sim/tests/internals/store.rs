//! Random operations: what the store keeps incrementally equals what is computed from scratch, and a
//! refused operation changes nothing.

use proptest::prelude::*;
use sai::Backend;
use sai::entry::RouteEntry;
use sai::{
    AttrEntry, Entry, ObjectId, ObjectRef, ObjectType, Target, Value, bridge_port, lag_member, next_hop,
    next_hop_group, next_hop_group_member, port, route_entry, router_interface, switch, vlan, vlan_member,
};
use switch_sim::snapshot::Snapshot;
use switch_sim::{Profile, Simulator, Switch};

#[derive(Clone, Debug)]
enum Op {
    Create(u8, u16, u16),
    Remove(u16),
    Set(u16, u8, u16),
    Route(u8, u16),
    Unroute(u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..9u8, any::<u16>(), any::<u16>()).prop_map(|(t, a, b)| Op::Create(t, a, b)),
        3 => any::<u16>().prop_map(Op::Remove),
        2 => (any::<u16>(), 0..3u8, any::<u16>()).prop_map(|(o, a, v)| Op::Set(o, a, v)),
        2 => (0..8u8, any::<u16>()).prop_map(|(p, v)| Op::Route(p, v)),
        1 => (0..8u8).prop_map(Op::Unroute),
    ]
}

fn pick(sw: &Switch, object_type: ObjectType, n: u16) -> ObjectId {
    let ids: Vec<_> = sw.store.ids(object_type).collect();
    ids.get(n as usize % (ids.len() + 1)).copied().unwrap_or(ObjectId(u64::from(n)))
}

fn route(p: u8) -> Entry {
    let destination = format!("10.{p}.0.0/16").parse().unwrap();
    Entry::Route(RouteEntry { switch_id: ObjectId::NULL, vr_id: ObjectId::NULL, destination })
}

fn apply(sw: &mut Switch, op: &Op) -> sai::Result<()> {
    use ObjectType as T;
    let oid = |id: u32, value: ObjectId| AttrEntry::new(id, Value::Oid(value));
    match *op {
        Op::Create(kind, a, b) => {
            let (t, attrs) = match kind {
                0 => (T::VLAN, vec![AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(a % 6))]),
                1 => (
                    T::VLAN_MEMBER,
                    vec![
                        oid(vlan_member::VLAN_ID.id(), pick(sw, T::VLAN, a)),
                        oid(vlan_member::BRIDGE_PORT_ID.id(), pick(sw, T::BRIDGE_PORT, b)),
                    ],
                ),
                2 => (
                    T::BRIDGE_PORT,
                    vec![
                        AttrEntry::new(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
                        oid(bridge_port::PORT_ID.id(), pick(sw, T::PORT, a)),
                        oid(bridge_port::BRIDGE_ID.id(), pick(sw, T::BRIDGE, 0)),
                    ],
                ),
                3 => (T::LAG, vec![]),
                4 => (
                    T::LAG_MEMBER,
                    vec![
                        oid(lag_member::LAG_ID.id(), pick(sw, T::LAG, a)),
                        oid(lag_member::PORT_ID.id(), pick(sw, T::PORT, b)),
                    ],
                ),
                5 => (
                    T::ROUTER_INTERFACE,
                    vec![
                        oid(router_interface::VIRTUAL_ROUTER_ID.id(), pick(sw, T::VIRTUAL_ROUTER, 0)),
                        AttrEntry::new(
                            router_interface::TYPE.id(),
                            Value::I32(router_interface::Type::PORT.0),
                        ),
                        oid(router_interface::PORT_ID.id(), pick(sw, T::PORT, a)),
                    ],
                ),
                6 => (
                    T::NEXT_HOP,
                    vec![
                        AttrEntry::new(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
                        AttrEntry::new(
                            next_hop::IP.id(),
                            Value::IpAddress(if b % 2 == 0 { [10, 0, 0, 1].into() } else { [0; 16].into() }),
                        ),
                        oid(next_hop::ROUTER_INTERFACE_ID.id(), pick(sw, T::ROUTER_INTERFACE, a)),
                    ],
                ),
                7 => (
                    T::NEXT_HOP_GROUP,
                    vec![AttrEntry::new(
                        next_hop_group::TYPE.id(),
                        Value::I32(next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0),
                    )],
                ),
                _ => (
                    T::NEXT_HOP_GROUP_MEMBER,
                    vec![
                        oid(next_hop_group_member::NEXT_HOP_GROUP_ID.id(), pick(sw, T::NEXT_HOP_GROUP, a)),
                        oid(next_hop_group_member::NEXT_HOP_ID.id(), pick(sw, T::NEXT_HOP, b)),
                    ],
                ),
            };
            sw.create(Target::Object(t), &attrs).map(drop)
        }
        Op::Remove(n) => {
            use ObjectType as T;
            let types = [
                T::VLAN,
                T::VLAN_MEMBER,
                T::BRIDGE_PORT,
                T::LAG,
                T::LAG_MEMBER,
                T::PORT,
                T::ROUTER_INTERFACE,
                T::NEXT_HOP,
                T::NEXT_HOP_GROUP,
                T::NEXT_HOP_GROUP_MEMBER,
            ];
            let t = types[n as usize % types.len()];
            sw.remove(&ObjectRef::Object(t, pick(sw, t, n / types.len() as u16)))
        }
        Op::Set(n, what, v) => {
            let (t, attr) = match what {
                0 => (
                    T::SCHEDULER_GROUP,
                    oid(sai::scheduler_group::PARENT_NODE.id(), pick(sw, T::SCHEDULER_GROUP, v)),
                ),
                1 => (
                    T::NEXT_HOP_GROUP_MEMBER,
                    oid(next_hop_group_member::NEXT_HOP_ID.id(), pick(sw, T::NEXT_HOP, v)),
                ),
                _ => (T::PORT, AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(v % 2 == 0))),
            };
            sw.set(&ObjectRef::Object(t, pick(sw, t, n)), &attr)
        }
        Op::Route(p, v) => {
            let mut entry = route(p);
            if let Entry::Route(e) = &mut entry {
                e.vr_id = pick(sw, T::VIRTUAL_ROUTER, 0);
            }
            let via = oid(route_entry::NEXT_HOP_ID.id(), pick(sw, T::NEXT_HOP, v));
            sw.create(Target::Entry(&entry), &[via]).map(drop)
        }
        Op::Unroute(p) => {
            let mut entry = route(p);
            if let Entry::Route(e) = &mut entry {
                e.vr_id = pick(sw, T::VIRTUAL_ROUTER, 0);
            }
            sw.remove(&entry.into())
        }
    }
}

/// All that a client can see.
fn everything(sw: &Switch) -> Vec<(ObjectRef, u32, sai::Result<Value>)> {
    let mut all = Vec::new();
    for m in sai::meta::OBJECTS {
        for object in sw.objects(m.object_type).unwrap() {
            all.extend(m.attrs.iter().map(|a| (object.clone(), a.id, sw.value(&object, a.id))));
        }
    }
    all
}

fn small() -> Profile {
    let mut profile = Profile::with_ports(3);
    profile.chip.unicast_queues = 1;
    profile.chip.multicast_queues = 1;
    profile.chip.cpu_queues = 1;
    profile.chip.priority_groups = 1;
    profile.limits.next_hop_groups = 3;
    profile.limits.ipv4_routes = 4;
    profile
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn what_is_kept_equals_what_is_computed(ops in proptest::collection::vec(op(), 1..60)) {
        let sim = Simulator::new(small());
        let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
        let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
        sim.with_switch(id, |sw| {
            for op in &ops {
                let before = everything(sw);
                if apply(sw, op).is_err() {
                    prop_assert!(everything(sw) == before, "{op:?} failed and changed something");
                }
                prop_assert_eq!(sw.audit(), Ok(()), "after {:?}", op);
            }
            let snapshot = sw.snapshot();
            let bytes = snapshot.to_bytes().unwrap();
            let loaded = Snapshot::from_bytes(&bytes).unwrap();
            prop_assert!(loaded == snapshot);
            let mut twin = Switch::restore(&loaded).unwrap();
            prop_assert!(everything(&twin) == everything(sw));
            prop_assert!(twin.snapshot() == snapshot);
            for op in &ops {
                prop_assert_eq!(apply(&mut twin, op).is_ok(), apply(sw, op).is_ok(), "{:?}", op);
            }
            prop_assert_eq!(sw.snapshot().diff(&twin.snapshot()), Vec::<String>::new());
            Ok(())
        }).unwrap()?;
    }
}

#[test]
fn a_snapshot_of_members_that_cannot_be_is_refused() {
    let sim = Simulator::new(small());
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    let make = |ty, attrs: &[AttrEntry]| sim.create(id, Target::Object(ty), attrs).unwrap();
    let ecmp = Value::I32(next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0);
    let [outer, inner] = [0, 1].map(|_| {
        make(ObjectType::NEXT_HOP_GROUP, &[AttrEntry::new(next_hop_group::TYPE.id(), ecmp.clone())])
    });
    let attrs = [
        AttrEntry::new(next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(outer)),
        AttrEntry::new(next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(inner)),
    ];
    let member = make(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
    let json = sim.with_switch(id, |sw| sw.snapshot().to_json().unwrap()).unwrap();
    let said = serde_json::to_string(&member).unwrap();
    let load = |member: ObjectId| {
        let text = json.replace(&said, &serde_json::to_string(&member).unwrap());
        Switch::restore(&serde_json::from_str(&text).unwrap())
    };
    assert!(load(member).is_ok());
    for wrong in [ObjectId(member.0 + 1), ObjectId(member.0 | 0xffff_ffff), outer, inner, id, ObjectId::NULL]
    {
        assert!(load(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_damaged_snapshot_is_refused_whole() {
    let sim = Simulator::new(small());
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    let bytes = sim.with_switch(id, |sw| sw.snapshot().to_bytes().unwrap()).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(Snapshot::from_bytes(&damaged).is_err(), "byte {at}");
        assert!(Snapshot::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
}
