use proptest::prelude::*;

use super::*;
use crate::entry::{FdbEntry, NeighborEntry, RouteEntry};
use crate::layer::testing::{Fake, SWITCH};
use crate::notify::FdbEventNotificationData;
use crate::types::FdbEvent;
use crate::value::{AclField, MacAddr, Range as ValueRange};
use crate::{BulkCreate, Value};

const VR: ObjectId = Fake::id(ObjectType::VIRTUAL_ROUTER, 1);
const PORT: ObjectId = Fake::id(ObjectType::PORT, 1);
const BRIDGE: ObjectId = Fake::id(ObjectType::BRIDGE, 1);

fn layer(level: Level) -> (Arc<Fake>, Validate) {
    let fake = Arc::new(Fake::default());
    (fake.clone(), Validate::new(fake, level))
}

/// An attribute by its SAI name.
fn attr(name: &str, value: Value) -> AttrEntry {
    AttrEntry::new(meta::attr_by_name(name).unwrap_or_else(|| panic!("no attribute {name}")).id, value)
}

fn oid(name: &str, id: ObjectId) -> AttrEntry {
    attr(name, Value::Oid(id))
}

fn int(name: &str, v: i32) -> AttrEntry {
    attr(name, Value::I32(v))
}

fn create(v: &Validate, object_type: ObjectType, attrs: &[AttrEntry]) -> Result<ObjectId> {
    v.create(SWITCH, Target::Object(object_type), attrs)
}

fn status<T: std::fmt::Debug>(result: Result<T>) -> Status {
    result.expect_err("refused").status()
}

fn route(net: &str) -> Entry {
    RouteEntry { switch_id: SWITCH, vr_id: VR, destination: net.parse().unwrap() }.into()
}

fn rif(kind: i32, port: ObjectId) -> Vec<AttrEntry> {
    vec![
        oid("SAI_ROUTER_INTERFACE_ATTR_VIRTUAL_ROUTER_ID", VR),
        int("SAI_ROUTER_INTERFACE_ATTR_TYPE", kind),
        oid("SAI_ROUTER_INTERFACE_ATTR_PORT_ID", port),
    ]
}

#[test]
fn attributes_are_refused_with_their_position_and_reason() {
    let (fake, v) = layer(Level::Sai);
    let vlan = |attrs: &[AttrEntry]| create(&v, ObjectType::VLAN, attrs);
    let id = attr("SAI_VLAN_ATTR_VLAN_ID", Value::U16(10));
    let e = vlan(&[id.clone(), AttrEntry::new(0x7777, Value::Bool(true))]).unwrap_err();
    assert_eq!(e.status(), Status::UNKNOWN_ATTRIBUTE_0.nth(1));
    assert!(e.to_string().contains("SAI_OBJECT_TYPE_VLAN has no attribute 0x7777"), "{e}");
    assert_eq!(status(vlan(&[id.clone(), id.clone()])), Status::INVALID_ATTRIBUTE_0.nth(1));
    let members = attr("SAI_VLAN_ATTR_MEMBER_LIST", Value::OidList(vec![]));
    let e = vlan(&[id.clone(), members]).unwrap_err();
    assert_eq!(e.status(), Status::INVALID_ATTRIBUTE_0.nth(1));
    assert_eq!(e.attr(), Some("SAI_VLAN_ATTR_MEMBER_LIST"));
    assert!(e.to_string().contains("is read-only"), "{e}");
    assert_eq!(status(vlan(&[])), Status::MANDATORY_ATTRIBUTE_MISSING);
    for bad in [0, 4095] {
        let e = vlan(&[attr("SAI_VLAN_ATTR_VLAN_ID", Value::U16(bad))]).unwrap_err();
        assert_eq!(e.status(), Status::INVALID_ATTR_VALUE_0);
        assert!(e.to_string().contains("1 to 4094"), "{e}");
    }
    let e = vlan(&[attr("SAI_VLAN_ATTR_VLAN_ID", Value::U32(10))]).unwrap_err();
    assert_eq!(e.status(), Status::INVALID_ATTR_VALUE_0);
    assert!(e.to_string().contains("takes u16"), "{e}");
    let mode = int("SAI_VLAN_ATTR_IPV4_MCAST_LOOKUP_KEY_TYPE", 99);
    assert_eq!(status(vlan(&[id.clone(), mode])), Status::INVALID_ATTR_VALUE_0.nth(1));
    assert_eq!(fake.take_calls(), Vec::<String>::new());

    let made = vlan(std::slice::from_ref(&id)).unwrap();
    let made = ObjectRef::Object(ObjectType::VLAN, made);
    assert_eq!(status(v.set(&made, &id)), Status::INVALID_ATTRIBUTE_0);
    assert_eq!(
        status(v.get(&made, &mut [AttrEntry::ask(1), AttrEntry::ask(0x7777)])),
        Status::UNKNOWN_ATTRIBUTE_0.nth(1)
    );
    let port = ObjectRef::Object(ObjectType::PORT, PORT);
    v.set(&port, &attr("SAI_PORT_ATTR_PORT_VLAN_ID", Value::U16(0))).unwrap();
    assert_eq!(
        status(v.set(&port, &attr("SAI_PORT_ATTR_PORT_VLAN_ID", Value::U16(4095)))),
        Status::INVALID_ATTR_VALUE_0
    );
}

#[test]
fn object_ids_are_checked_by_null_issue_type_existence_and_switch() {
    let (_, v) = layer(Level::Sai);
    let on = |port| status(create(&v, ObjectType::ROUTER_INTERFACE, &rif(0, port)));
    assert_eq!(on(ObjectId::NULL), Status::INVALID_OBJECT_ID);
    assert_eq!(on(ObjectId(77)), Status::INVALID_OBJECT_ID);
    assert_eq!(on(VR), Status::INVALID_OBJECT_TYPE);
    let lag = create(&v, ObjectType::LAG, &[]).unwrap();
    v.remove(&ObjectRef::Object(ObjectType::LAG, lag)).unwrap();
    assert_eq!(on(lag), Status::ITEM_NOT_FOUND);
    assert_eq!(status(v.remove(&ObjectRef::Object(ObjectType::LAG, lag))), Status::ITEM_NOT_FOUND);
    assert_eq!(status(v.remove(&ObjectRef::Object(ObjectType::PORT, VR))), Status::INVALID_OBJECT_TYPE);
    let other = v
        .create(
            ObjectId::NULL,
            Target::Object(ObjectType::SWITCH),
            &[attr("SAI_SWITCH_ATTR_INIT_SWITCH", Value::Bool(true))],
        )
        .unwrap();
    let e = v.create(other, Target::Object(ObjectType::ROUTER_INTERFACE), &rif(0, PORT)).unwrap_err();
    assert_eq!(e.status(), Status::INVALID_OBJECT_ID);
    assert!(e.to_string().contains("of switch"), "{e}");
}

#[test]
fn conditions_count_for_mandatory_attributes_and_leniency_is_a_matter_of_level() {
    let (_, v) = layer(Level::Sai);
    let e = create(&v, ObjectType::ROUTER_INTERFACE, &rif(0, PORT)[..2]).unwrap_err();
    assert_eq!(e.status(), Status::MANDATORY_ATTRIBUTE_MISSING);
    assert_eq!(e.attr(), Some("SAI_ROUTER_INTERFACE_ATTR_PORT_ID"));
    assert!(
        e.to_string().contains("when SAI_ROUTER_INTERFACE_ATTR_TYPE == SAI_ROUTER_INTERFACE_TYPE_PORT"),
        "{e}"
    );
    let loopback = rif(2, PORT);
    create(&v, ObjectType::ROUTER_INTERFACE, &loopback).unwrap();
    let (_, strict) = layer(Level::Strict);
    let e = create(&strict, ObjectType::ROUTER_INTERFACE, &loopback).unwrap_err();
    assert_eq!(e.status(), Status::INVALID_ATTRIBUTE_0.nth(2));
    // A condition over a default: a mirror session's port list is not valid unless said so.
    let erspan = [int("SAI_MIRROR_SESSION_ATTR_TYPE", 0)];
    assert_eq!(
        create(&v, ObjectType::MIRROR_SESSION, &erspan).unwrap_err().attr(),
        Some("SAI_MIRROR_SESSION_ATTR_MONITOR_PORT")
    );
}

#[test]
fn ranges_and_acl_elements_are_checked() {
    let (_, v) = layer(Level::Sai);
    let range = |min, max| {
        let limit = Value::U32Range(ValueRange { min, max });
        create(
            &v,
            ObjectType::ACL_RANGE,
            &[int("SAI_ACL_RANGE_ATTR_TYPE", 0), attr("SAI_ACL_RANGE_ATTR_LIMIT", limit)],
        )
    };
    range(5, 5).unwrap();
    assert_eq!(status(range(6, 5)), Status::INVALID_ATTR_VALUE_0.nth(1));
    let entry = ObjectRef::Object(ObjectType::ACL_ENTRY, Fake::id(ObjectType::ACL_ENTRY, 1));
    let set = |name, field| v.set(&entry, &attr(name, Value::AclField(field)));
    set("SAI_ACL_ENTRY_ATTR_FIELD_OUTER_VLAN_ID", AclField::U16 { data: 0, mask: 0xfff }).unwrap();
    set("SAI_ACL_ENTRY_ATTR_FIELD_OUTER_VLAN_ID", AclField::Disabled).unwrap();
    for bad in [AclField::U8 { data: 1, mask: 1 }, AclField::U16 { data: 0x1000, mask: 0xffff }] {
        assert_eq!(status(set("SAI_ACL_ENTRY_ATTR_FIELD_OUTER_VLAN_ID", bad)), Status::INVALID_ATTR_VALUE_0);
    }
    let ports = |ids| set("SAI_ACL_ENTRY_ATTR_FIELD_IN_PORTS", AclField::OidList(ids));
    ports(vec![PORT]).unwrap();
    assert_eq!(status(ports(vec![PORT, VR])), Status::INVALID_OBJECT_TYPE);
}

#[test]
fn keys_are_unique_and_free_again_after_removal() {
    let (_, v) = layer(Level::Sai);
    let vlan = |n| create(&v, ObjectType::VLAN, &[attr("SAI_VLAN_ATTR_VLAN_ID", Value::U16(n))]);
    let first = vlan(7).unwrap();
    vlan(8).unwrap();
    let e = vlan(7).unwrap_err();
    assert_eq!(e.status(), Status::ITEM_ALREADY_EXISTS);
    assert!(e.to_string().contains(&first.to_string()), "{e}");
    v.remove(&ObjectRef::Object(ObjectType::VLAN, first)).unwrap();
    vlan(7).unwrap();

    create(&v, ObjectType::ROUTER_INTERFACE, &rif(0, PORT)).unwrap();
    assert_eq!(status(create(&v, ObjectType::ROUTER_INTERFACE, &rif(0, PORT))), Status::ITEM_ALREADY_EXISTS);
    let mut sub = rif(4, PORT);
    sub.push(attr("SAI_ROUTER_INTERFACE_ATTR_OUTER_VLAN_ID", Value::U16(9)));
    create(&v, ObjectType::ROUTER_INTERFACE, &sub).unwrap();
    assert_eq!(status(create(&v, ObjectType::ROUTER_INTERFACE, &sub)), Status::ITEM_ALREADY_EXISTS);
    let mut r#virtual = rif(0, PORT);
    r#virtual.push(attr("SAI_ROUTER_INTERFACE_ATTR_IS_VIRTUAL", Value::Bool(true)));
    create(&v, ObjectType::ROUTER_INTERFACE, &r#virtual).unwrap();

    let port = |lanes: &[u32]| {
        let lanes = attr("SAI_PORT_ATTR_HW_LANE_LIST", Value::U32List(lanes.to_vec()));
        create(&v, ObjectType::PORT, &[lanes, attr("SAI_PORT_ATTR_SPEED", Value::U32(10_000))])
    };
    port(&[0, 1]).unwrap();
    assert_eq!(status(port(&[1, 2])), Status::ITEM_ALREADY_EXISTS);
}

#[test]
fn what_is_used_is_not_removed_and_the_user_is_named() {
    let (_, v) = layer(Level::Sai);
    let vr = create(&v, ObjectType::VIRTUAL_ROUTER, &[]).unwrap();
    let vr_ref = ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, vr);
    let entry =
        Entry::from(RouteEntry { switch_id: SWITCH, vr_id: vr, destination: "10.0.0.0/8".parse().unwrap() });
    v.create(SWITCH, Target::Entry(&entry), &[]).unwrap();
    let e = v.remove(&vr_ref).unwrap_err();
    assert_eq!(e.status(), Status::OBJECT_IN_USE);
    assert!(e.to_string().contains("10.0.0.0/8"), "{e}");
    v.remove(&entry.into()).unwrap();
    v.remove(&vr_ref).unwrap();

    // A reference moves with a set.
    let hop = |n| Fake::id(ObjectType::NEXT_HOP, n);
    let default: ObjectRef = route("0.0.0.0/0").into();
    let to = |n| oid("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", hop(n));
    v.create(SWITCH, Target::Entry(default.entry().unwrap()), &[to(1)]).unwrap();
    v.set(&default, &to(2)).unwrap();
    v.remove(&ObjectRef::Object(ObjectType::NEXT_HOP, hop(1))).unwrap();
    assert_eq!(status(v.remove(&ObjectRef::Object(ObjectType::NEXT_HOP, hop(2)))), Status::OBJECT_IN_USE);
}

#[test]
fn dynamic_fdb_entries_never_block_and_flushed_ones_are_forgotten() {
    let (fake, v) = layer(Level::Sai);
    let bridge_port = Fake::id(ObjectType::BRIDGE_PORT, 1);
    let remove = || v.remove(&ObjectRef::Object(ObjectType::BRIDGE_PORT, bridge_port));
    let key = |n| FdbEntry { switch_id: SWITCH, mac_address: MacAddr::new(2, 0, 0, 0, 0, n), bv_id: BRIDGE };
    let entry = |n| Entry::from(key(n));
    let attrs =
        |kind| [int("SAI_FDB_ENTRY_ATTR_TYPE", kind), oid("SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID", bridge_port)];
    v.create(SWITCH, Target::Entry(&entry(1)), &attrs(0)).unwrap();
    fake.send(&Notification::FdbEvent {
        data: vec![FdbEventNotificationData {
            event_type: FdbEvent::LEARNED,
            fdb_entry: key(2),
            attr: attrs(0).to_vec(),
        }],
    });
    v.create(SWITCH, Target::Entry(&entry(3)), &attrs(1)).unwrap();
    assert_eq!(status(remove()), Status::OBJECT_IN_USE);
    assert_eq!(status(v.create(SWITCH, Target::Entry(&entry(3)), &attrs(1))), Status::ITEM_ALREADY_EXISTS);
    let of = [attr("SAI_FDB_FLUSH_ATTR_ENTRY_TYPE", Value::I32(1))];
    v.special(SWITCH, Special::FlushFdb(&of)).unwrap();
    remove().unwrap();
}

#[test]
fn keys_of_entries_are_checked_and_a_null_switch_is_lenient() {
    let (_, v) = layer(Level::Sai);
    let (_, strict) = layer(Level::Strict);
    let to = |switch_id, vr_id| {
        Entry::from(RouteEntry { switch_id, vr_id, destination: "10.0.0.0/8".parse().unwrap() })
    };
    let create = |v: &Validate, e: Entry| v.create(SWITCH, Target::Entry(&e), &[]);
    create(&v, to(ObjectId::NULL, VR)).unwrap();
    assert_eq!(status(create(&strict, to(ObjectId::NULL, VR))), Status::INVALID_OBJECT_ID);
    let e = create(&v, to(SWITCH, PORT)).unwrap_err();
    assert_eq!(e.status(), Status::INVALID_OBJECT_TYPE);
    assert!(e.to_string().contains("the key's vr_id"), "{e}");
    assert_eq!(status(create(&v, to(SWITCH, ObjectId::NULL))), Status::INVALID_OBJECT_ID);
}

#[test]
fn bulk_calls_go_down_in_runs_and_each_object_has_its_result() {
    let (_, v) = layer(Level::Sai);
    let (a, b) = (route("10.0.0.0/8"), route("11.0.0.0/8"));
    let bad = [AttrEntry::new(999, Value::Bool(true))];
    let item = |e, attrs| BulkCreate { target: Target::Entry(e), attrs };
    let items = [item(&a, &[][..]), item(&b, &bad), item(&a, &[]), item(&b, &[])];
    let call = Bulk::Create { switch: SWITCH, items: &items };
    let statuses: Vec<_> = v
        .bulk(call, BulkErrorMode::IgnoreError)
        .into_iter()
        .map(|r| r.map_or_else(|e| e.status(), |_| Status::SUCCESS))
        .collect();
    assert_eq!(
        statuses,
        [Status::SUCCESS, Status::UNKNOWN_ATTRIBUTE_0, Status::ITEM_ALREADY_EXISTS, Status::SUCCESS]
    );
    let refs: Vec<ObjectRef> = vec![a.clone().into(), a.into(), b.into()];
    let statuses: Vec<_> = v
        .bulk(Bulk::Remove(&refs), BulkErrorMode::StopOnError)
        .into_iter()
        .map(|r| r.map_or_else(|e| e.status(), |_| Status::SUCCESS))
        .collect();
    assert_eq!(statuses, [Status::SUCCESS, Status::ITEM_NOT_FOUND, Status::NOT_EXECUTED]);
}

/// A call of the property test, over positions in pools of ids.
#[derive(Clone, Debug)]
enum Op {
    Vr,
    Rif { kind: i32, vr: usize, port: Option<usize> },
    Hop { rif: usize, with_ip: bool },
    Route { net: u8, vr: usize, hop: Option<usize> },
    Neighbor { ip: u8, rif: usize, with_mac: bool },
    SetHop { net: u8, vr: usize, hop: usize },
    RemoveObject { pool: usize, n: usize },
    RemoveRoute { net: u8, vr: usize },
    RemoveNeighbor { ip: u8, rif: usize },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let n = || 0..4_usize;
    let op = prop_oneof![
        Just(Op::Vr),
        (0..4_i32, n(), proptest::option::of(n())).prop_map(|(kind, vr, port)| Op::Rif { kind, vr, port }),
        (n(), any::<bool>()).prop_map(|(rif, with_ip)| Op::Hop { rif, with_ip }),
        (0..4_u8, n(), proptest::option::of(n())).prop_map(|(net, vr, hop)| Op::Route { net, vr, hop }),
        (0..4_u8, n(), any::<bool>()).prop_map(|(ip, rif, with_mac)| Op::Neighbor { ip, rif, with_mac }),
        (0..4_u8, n(), n()).prop_map(|(net, vr, hop)| Op::SetHop { net, vr, hop }),
        (0..3_usize, n()).prop_map(|(pool, n)| Op::RemoveObject { pool, n }),
        (0..4_u8, n()).prop_map(|(net, vr)| Op::RemoveRoute { net, vr }),
        (0..4_u8, n()).prop_map(|(ip, rif)| Op::RemoveNeighbor { ip, rif }),
    ];
    proptest::collection::vec(op, 1..60)
}

/// An object: whether it lives, what it names, and for an interface the port that it takes.
type Slot = (ObjectId, bool, Vec<ObjectId>, Option<usize>);

/// The naive model: everything that was ever made, in lists, searched from end to end.
#[derive(Debug, Default)]
struct Naive {
    /// Virtual routers, router interfaces, next hops.
    pools: [Vec<Slot>; 3],
    routes: Vec<(u8, ObjectId, Option<ObjectId>)>,
    neighbors: Vec<(u8, ObjectId)>,
    /// Entries that the layer has seen to be removed.
    removed: Vec<ObjectRef>,
}

impl Naive {
    /// The `n`-th of a pool and whether it lives; without one, an id that nothing issued.
    fn pick(&self, pool: usize, n: usize) -> (ObjectId, bool) {
        self.pools[pool].iter().rev().nth(n).map_or((ObjectId(99), false), |(id, live, ..)| (*id, *live))
    }

    fn used(&self, id: ObjectId) -> bool {
        self.pools.iter().flatten().any(|(_, live, names, _)| *live && names.contains(&id))
            || self.routes.iter().any(|(_, vr, hop)| *vr == id || *hop == Some(id))
            || self.neighbors.iter().any(|(_, rif)| *rif == id)
    }
}

fn net(n: u8, vr: ObjectId) -> Entry {
    let destination = format!("10.{n}.0.0/16").parse().unwrap();
    RouteEntry { switch_id: SWITCH, vr_id: vr, destination }.into()
}

fn neighbor(n: u8, rif: ObjectId) -> Entry {
    NeighborEntry { switch_id: SWITCH, rif_id: rif, ip_address: [10, 9, 9, n].into() }.into()
}

proptest! {
    /// What breaks a rule never reaches the backend, and what breaks none always does.
    #[test]
    fn only_what_keeps_the_rules_reaches_the_backend(ops in ops()) {
        let (fake, v) = layer(Level::Sai);
        let mut model = Naive::default();
        for op in ops {
            let ports = |n| Fake::id(ObjectType::PORT, n as u64);
            let (allowed, result) = match op.clone() {
                Op::Vr => {
                    let result = create(&v, ObjectType::VIRTUAL_ROUTER, &[]);
                    if let Ok(id) = result {
                        model.pools[0].push((id, true, vec![], None));
                    }
                    (true, result.map(drop))
                }
                Op::Rif { kind, vr, port } => {
                    let (vr, live) = model.pick(0, vr);
                    let mut attrs = vec![
                        oid("SAI_ROUTER_INTERFACE_ATTR_VIRTUAL_ROUTER_ID", vr),
                        int("SAI_ROUTER_INTERFACE_ATTR_TYPE", kind),
                    ];
                    attrs.extend(port.map(|p| oid("SAI_ROUTER_INTERFACE_ATTR_PORT_ID", ports(p))));
                    let taken = model.pools[1].iter().any(|(_, live, _, p)| *live && port.is_some() && *p == port);
                    // 0 port, 1 VLAN (its VLAN is never given), 2 loopback, 3 MPLS.
                    let allowed = live
                        && match kind {
                            0 => port.is_some() && !taken,
                            1 => false,
                            _ => true,
                        };
                    let result = create(&v, ObjectType::ROUTER_INTERFACE, &attrs);
                    if let Ok(id) = result {
                        let names = port.map(ports).into_iter().chain([vr]).collect();
                        model.pools[1].push((id, true, names, if kind == 0 { port } else { None }));
                    }
                    (allowed, result.map(drop))
                }
                Op::Hop { rif, with_ip } => {
                    let (rif, live) = model.pick(1, rif);
                    let mut attrs = vec![
                        int("SAI_NEXT_HOP_ATTR_TYPE", 0),
                        oid("SAI_NEXT_HOP_ATTR_ROUTER_INTERFACE_ID", rif),
                    ];
                    if with_ip {
                        attrs.push(attr("SAI_NEXT_HOP_ATTR_IP", Value::IpAddress([10, 0, 0, 1].into())));
                    }
                    let result = create(&v, ObjectType::NEXT_HOP, &attrs);
                    if let Ok(id) = result {
                        model.pools[2].push((id, true, vec![rif], None));
                    }
                    (live && with_ip, result.map(drop))
                }
                Op::Route { net: n, vr, hop } => {
                    let (vr, vr_live) = model.pick(0, vr);
                    let hop = hop.map(|h| model.pick(2, h));
                    let attrs: Vec<_> =
                        hop.iter().map(|(h, _)| oid("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", *h)).collect();
                    let there = model.routes.iter().any(|(m, r, _)| (*m, *r) == (n, vr));
                    let result = v.create(SWITCH, Target::Entry(&net(n, vr)), &attrs);
                    if result.is_ok() {
                        model.routes.push((n, vr, hop.map(|h| h.0)));
                        model.removed.retain(|e| *e != net(n, vr).into());
                    }
                    (vr_live && hop.is_none_or(|(_, live)| live) && !there, result.map(drop))
                }
                Op::Neighbor { ip, rif, with_mac } => {
                    let (rif, live) = model.pick(1, rif);
                    let mac = attr("SAI_NEIGHBOR_ENTRY_ATTR_DST_MAC_ADDRESS", Value::Mac(MacAddr::new(2, 0, 0, 0, 0, 1)));
                    let attrs = if with_mac { vec![mac] } else { vec![] };
                    let there = model.neighbors.contains(&(ip, rif));
                    let result = v.create(SWITCH, Target::Entry(&neighbor(ip, rif)), &attrs);
                    if result.is_ok() {
                        model.neighbors.push((ip, rif));
                        model.removed.retain(|e| *e != neighbor(ip, rif).into());
                    }
                    let required = meta::attr_by_name("SAI_NEIGHBOR_ENTRY_ATTR_DST_MAC_ADDRESS").unwrap().is_mandatory();
                    (live && !there && (with_mac || !required), result.map(drop))
                }
                Op::SetHop { net: n, vr, hop } => {
                    let (vr, _) = model.pick(0, vr);
                    let (hop, live) = model.pick(2, hop);
                    let object: ObjectRef = net(n, vr).into();
                    let result = v.set(&object, &oid("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", hop));
                    let gone = model.removed.contains(&object);
                    if result.is_ok() {
                        model.routes.iter_mut().filter(|r| (r.0, r.1) == (n, vr)).for_each(|r| r.2 = Some(hop));
                    }
                    (live && !gone, result)
                }
                Op::RemoveObject { pool, n } => {
                    let (id, live) = model.pick(pool, n);
                    let kinds = [ObjectType::VIRTUAL_ROUTER, ObjectType::ROUTER_INTERFACE, ObjectType::NEXT_HOP];
                    let allowed = live && !model.used(id);
                    let result = v.remove(&ObjectRef::Object(kinds[pool], id));
                    if result.is_ok() {
                        model.pools[pool].iter_mut().filter(|o| o.0 == id).for_each(|o| o.1 = false);
                    }
                    (allowed, result)
                }
                Op::RemoveRoute { net: n, vr } => {
                    let (vr, _) = model.pick(0, vr);
                    let object: ObjectRef = net(n, vr).into();
                    let allowed = !model.removed.contains(&object);
                    let result = v.remove(&object);
                    model.routes.retain(|r| (r.0, r.1) != (n, vr));
                    model.removed.push(object);
                    (allowed, result)
                }
                Op::RemoveNeighbor { ip, rif } => {
                    let (rif, _) = model.pick(1, rif);
                    let object: ObjectRef = neighbor(ip, rif).into();
                    let allowed = !model.removed.contains(&object);
                    let result = v.remove(&object);
                    model.neighbors.retain(|r| *r != (ip, rif));
                    model.removed.push(object);
                    (allowed, result)
                }
            };
            let reached = fake.take_calls().len();
            prop_assert_eq!(reached, usize::from(allowed), "{:?}: {:?}", op, result);
            prop_assert_eq!(result.is_ok(), allowed);
        }
    }
}
