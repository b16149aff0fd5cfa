//! Objects and entries of every type, made, set and removed at random.
//!
//! What the switch keeps incrementally (references, derived lists, unique keys, the use of the tables)
//! equals what is computed from scratch; a refused call changes nothing; a switch that a snapshot brought
//! back, its tables derived anew, answers and forwards as the one whose tables grew call by call.

use proptest::prelude::*;
use sai::entry::{FdbEntry, InsegEntry, NeighborEntry, RouteEntry};
use sai::meta::{self, AttrFlags, AttrMeta, ObjectMeta, ValueType, Verbs};
use sai::{
    AclAction, AclField, AttrEntry, Backend, Entry, MacAddr, ObjectId, ObjectRef, ObjectType, Result, Target,
    Value, ValueKind, switch,
};
use switch_sim::snapshot::Snapshot;
use switch_sim::warm::{self, Keys};
use switch_sim::{Profile, Simulator, Switch, World};

/// What a test case does: the numbers choose among what there is.
#[derive(Clone, Debug)]
enum Op {
    Create(u16, u64),
    Set(u16, u64),
    Remove(u16, u64),
    Frame(u8, u64),
}

fn op() -> impl Strategy<Value = Op> {
    let any = || (proptest::num::u16::ANY, proptest::num::u64::ANY);
    prop_oneof![
        8 => any().prop_map(|(t, seed)| Op::Create(t, seed)),
        3 => any().prop_map(|(t, seed)| Op::Set(t, seed)),
        3 => any().prop_map(|(t, seed)| Op::Remove(t, seed)),
        3 => (0..4u8, proptest::num::u64::ANY).prop_map(|(port, seed)| Op::Frame(port, seed)),
    ]
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.next(of.len()))
    }
}

const HOT: &[ObjectType] = &[
    ObjectType::VLAN,
    ObjectType::VLAN_MEMBER,
    ObjectType::BRIDGE_PORT,
    ObjectType::LAG,
    ObjectType::LAG_MEMBER,
    ObjectType::ROUTER_INTERFACE,
    ObjectType::NEIGHBOR_ENTRY,
    ObjectType::NEXT_HOP,
    ObjectType::NEXT_HOP_GROUP,
    ObjectType::NEXT_HOP_GROUP_MEMBER,
    ObjectType::ROUTE_ENTRY,
    ObjectType::FDB_ENTRY,
    ObjectType::ACL_TABLE,
    ObjectType::ACL_ENTRY,
    ObjectType::PORT,
];

const ENTRIES: &[ObjectType] =
    &[ObjectType::ROUTE_ENTRY, ObjectType::NEIGHBOR_ENTRY, ObjectType::FDB_ENTRY, ObjectType::INSEG_ENTRY];

/// A type that clients can make: one that packets meet, or any.
fn type_of(n: u16) -> &'static ObjectMeta {
    if n.is_multiple_of(2) {
        return meta::object(HOT[usize::from(n / 2) % HOT.len()]).unwrap();
    }
    let all: Vec<_> = meta::OBJECTS
        .iter()
        .filter(|m| m.verbs.contains(Verbs::CREATE) && m.object_type != ObjectType::SWITCH)
        .filter(|m| !m.is_entry() || ENTRIES.contains(&m.object_type))
        .collect();
    all[usize::from(n) % all.len()]
}

fn live(sw: &Switch, types: &[ObjectType]) -> Vec<ObjectId> {
    types.iter().flat_map(|t| sw.objects(*t).unwrap()).filter_map(|o| o.oid()).collect()
}

/// One of these objects: mostly a live one, sometimes null or what was never there.
fn an_id(sw: &Switch, types: &[ObjectType], r: &mut Random) -> ObjectId {
    let all = live(sw, types);
    match r.next(16) {
        0 => ObjectId::NULL,
        1 => ObjectId(r.next(99) as u64),
        _ => r.pick(&all).copied().unwrap_or_default(),
    }
}

fn value(sw: &Switch, attr: &AttrMeta, r: &mut Random) -> Value {
    let small = r.next(6);
    let ip = |n: usize| std::net::Ipv4Addr::new(10, 0, (n / 3) as u8, n as u8);
    match attr.ty {
        ValueType::AclField(ValueKind::Ipv4) => {
            return Value::AclField(AclField::Ipv4 { data: ip(small), mask: [255, 255, 255, 0].into() });
        }
        ValueType::AclField(ValueKind::U8) => {
            return Value::AclField(AclField::U8 { data: small as u8, mask: 0xff });
        }
        ValueType::AclField(_) => return Value::AclField(AclField::Disabled),
        ValueType::AclAction(ValueKind::I32) => return Value::AclAction(AclAction::I32(small as i32)),
        ValueType::AclAction(_) => return Value::AclAction(AclAction::Disabled),
        _ => {}
    }
    match attr.ty.value_kind() {
        ValueKind::Bool => Value::Bool(small.is_multiple_of(2)),
        ValueKind::U8 => Value::U8(small as u8),
        ValueKind::U16 => Value::U16(small as u16),
        ValueKind::U32 if attr.name.ends_with("_SPEED") => Value::U32(100_000),
        ValueKind::U32 => Value::U32(small as u32),
        ValueKind::U64 => Value::U64(small as u64),
        ValueKind::I32 => match attr.enumeration.and_then(|e| r.pick(e.values)) {
            Some(v) => Value::I32(v.value),
            None => Value::I32(small as i32),
        },
        ValueKind::I32List => {
            let one = attr.enumeration.and_then(|e| r.pick(e.values)).map(|v| v.value);
            Value::I32List(one.into_iter().collect())
        }
        ValueKind::U32List => Value::U32List(vec![1 + small as u32]),
        ValueKind::Mac => Value::Mac(MacAddr::new(2, 0, 0, 0, 0, small as u8)),
        ValueKind::Ipv4 => Value::Ipv4(ip(small)),
        ValueKind::IpAddress => Value::IpAddress(ip(small).into()),
        ValueKind::Oid => Value::Oid(an_id(sw, attr.objects, r)),
        ValueKind::OidList => {
            let all = live(sw, attr.objects);
            Value::OidList(r.pick(&all).copied().into_iter().collect())
        }
        kind => Value::empty(kind).unwrap_or(Value::Bool(true)),
    }
}

/// What is mandatory and a few more.
fn attrs(sw: &Switch, meta: &'static ObjectMeta, r: &mut Random) -> Vec<AttrEntry> {
    let mut attrs: Vec<AttrEntry> = Vec::new();
    for attr in meta.attrs.iter().filter(|a| a.can_create()) {
        let needed = attr.flags.contains(AttrFlags::MANDATORY_ON_CREATE)
            && attr.condition.is_none_or(|c| sai::layer::validate::rules::condition_holds(c, meta, &attrs));
        if needed || r.next(12) == 0 {
            attrs.push(AttrEntry::new(attr.id, value(sw, attr, r)));
        }
    }
    attrs
}

fn entry(sw: &Switch, meta: &'static ObjectMeta, r: &mut Random) -> Entry {
    let (switch_id, n) = (sw.id, r.next(5) as u8);
    match meta.object_type {
        ObjectType::ROUTE_ENTRY => {
            let vr_id = an_id(sw, &[ObjectType::VIRTUAL_ROUTER], r);
            let net: ipnet::Ipv4Net = format!("10.0.{n}.0/{}", 20 + r.next(13)).parse().unwrap();
            RouteEntry { switch_id, vr_id, destination: net.trunc().into() }.into()
        }
        ObjectType::NEIGHBOR_ENTRY => {
            let rif_id = an_id(sw, &[ObjectType::ROUTER_INTERFACE], r);
            NeighborEntry { switch_id, rif_id, ip_address: [10, 0, 0, n].into() }.into()
        }
        ObjectType::FDB_ENTRY => {
            let bv_id = an_id(sw, &[ObjectType::VLAN, ObjectType::BRIDGE], r);
            FdbEntry { switch_id, bv_id, mac_address: MacAddr::new(2, 0, 0, 0, 0, n) }.into()
        }
        _ => InsegEntry { switch_id, label: n.into() }.into(),
    }
}

fn apply(sw: &mut Switch, op: &Op) -> Result<()> {
    match *op {
        Op::Create(t, seed) => {
            let (meta, mut r) = (type_of(t), Random(seed));
            let attrs = attrs(sw, meta, &mut r);
            if meta.is_entry() {
                let entry = entry(sw, meta, &mut r);
                sw.create(Target::Entry(&entry), &attrs).map(drop)
            } else {
                sw.create(Target::Object(meta.object_type), &attrs).map(drop)
            }
        }
        Op::Set(t, seed) => {
            let (meta, mut r) = (type_of(t), Random(seed));
            let all = sw.objects(meta.object_type)?;
            let settable: Vec<_> = meta.attrs.iter().filter(|a| a.can_set()).collect();
            let (Some(object), Some(attr)) = (r.pick(&all), r.pick(&settable)) else { return Ok(()) };
            let given = AttrEntry::new(attr.id, value(sw, attr, &mut r));
            sw.set(object, &given)
        }
        Op::Remove(t, seed) => {
            let (meta, mut r) = (type_of(t), Random(seed));
            let all = sw.objects(meta.object_type)?;
            r.pick(&all).map_or(Ok(()), |object| sw.remove(object))
        }
        Op::Frame(..) => Ok(()),
    }
}

/// All that a client can see.
fn everything(sw: &Switch) -> Vec<(ObjectRef, u32, Result<Value>)> {
    let objects = meta::OBJECTS.iter().flat_map(|m| sw.objects(m.object_type).unwrap());
    objects
        .flat_map(|o| {
            let attrs = meta::object(o.object_type()).unwrap().attrs;
            attrs.iter().map(move |a| (o.clone(), a.id)).collect::<Vec<_>>()
        })
        .map(|(o, a)| (o.clone(), a, sw.value(&o, a)))
        .collect()
}

fn small() -> Profile {
    let mut profile = Profile::with_ports(4);
    let chip = &mut profile.chip;
    chip.lanes = 6;
    (chip.unicast_queues, chip.multicast_queues, chip.cpu_queues, chip.priority_groups) = (1, 1, 1, 1);
    (profile.boot.ports_up, profile.boot.link_up) = (true, true);
    (profile.limits.ipv4_routes, profile.limits.acl_entries, profile.limits.fdb) = (6, 6, 6);
    profile
}

/// A frame to or from a station or a router: IPv4 to 10.0.0.0/16, tagged or not.
fn frame(sw: &Switch, seed: u64) -> Vec<u8> {
    let mut r = Random(seed);
    let this = ObjectRef::Object(ObjectType::SWITCH, sw.id);
    let Ok(Value::Mac(own)) = sw.value(&this, switch::SRC_MAC_ADDRESS.id()) else { panic!("an address") };
    let dst = match r.next(3) {
        0 => [0xff; 6],
        1 => own.0,
        _ => [2, 0, 0, 0, 0, r.next(5) as u8],
    };
    let mut frame = [&dst[..], &[2, 0, 0, 0, 0, r.next(5) as u8]].concat();
    if r.next(2) == 0 {
        frame.extend([0x81, 0, 0, r.next(5) as u8]);
    }
    frame.extend([8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1]);
    frame.extend([10, 0, r.next(5) as u8, r.next(8) as u8]);
    let ip = frame.len() - 20;
    let sum = switch_sim::wire::checksum::checksum(&frame[ip..]);
    frame[ip + 10..ip + 12].copy_from_slice(&sum.to_be_bytes());
    frame.resize(ip + 60, 0);
    frame
}

fn front_ports(sw: &Switch) -> Vec<ObjectId> {
    sw.store.ids(ObjectType::PORT).filter(|p| !sw.is_cpu_port(*p)).collect()
}

/// Injects a frame and answers what left each port.
fn forward(
    world: &World,
    sim: &Simulator,
    ports: &[ObjectId],
    at: u8,
    frame: &[u8],
) -> Vec<(ObjectId, Vec<u8>)> {
    let Some(port) = ports.get(usize::from(at) % ports.len().max(1)) else { return Vec::new() };
    world.inject(sim, *port, frame).unwrap();
    let mut sent = Vec::new();
    for port in ports {
        while let Some(frame) = world.receive(sim, *port).unwrap() {
            sent.push((*port, frame));
        }
    }
    sent
}

fn boot(keys: Keys) -> (World, Simulator, ObjectId) {
    let world = World::new(1);
    let sim = world.simulator_with_keys(small(), keys);
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    (world, sim, id)
}

/// Runs the operations, holding each to the invariants, and answers how many were done and how many of 200
/// frames left the switch then.
fn run(ops: &[Op], name: &str) -> (usize, usize) {
    let (world, sim, id) = boot(Keys::default());
    let (mut done, mut left) = (0, 0);
    for op in ops {
        if let Op::Frame(port, seed) = *op {
            let (ports, frame) = sim.with_switch(id, |sw| (front_ports(sw), frame(sw, seed))).unwrap();
            forward(&world, &sim, &ports, port, &frame);
            continue;
        }
        sim.with_switch(id, |sw| {
            let before = sw.snapshot();
            match apply(sw, op) {
                Ok(()) => done += 1,
                Err(e) => assert!(sw.snapshot() == before, "{op:?} failed ({e}) and changed something"),
            }
            assert_eq!(sw.audit(), Ok(()), "after {op:?}");
        })
        .unwrap();
    }
    let file = std::env::temp_dir().join(format!("switch-sim-random-{}-{name}", std::process::id()));
    let (snapshot, seen) = sim.with_switch(id, |sw| (sw.snapshot(), everything(sw))).unwrap();
    let bytes = snapshot.to_bytes().unwrap();
    assert!(Snapshot::from_bytes(&bytes).unwrap() == snapshot);
    std::fs::write(&file, &bytes).unwrap();
    let path = file.display().to_string();
    let keys: Keys = [(warm::BOOT_TYPE, "1"), (warm::WARM_BOOT_READ_FILE, &path)].into_iter().collect();
    let (other_world, twin, twin_id) = boot(keys);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(twin_id, id);
    let answers = twin.with_switch(id, |sw| everything(sw)).unwrap();
    for (mine, theirs) in seen.iter().zip(&answers) {
        assert_eq!(mine, theirs);
    }
    assert_eq!(seen.len(), answers.len());
    let ports = sim.with_switch(id, |sw| front_ports(sw)).unwrap();
    for seed in 0..200 {
        let frame = sim.with_switch(id, |sw| frame(sw, seed)).unwrap();
        let at = (seed % 7) as u8;
        let sent = forward(&world, &sim, &ports, at, &frame);
        left += usize::from(!sent.is_empty());
        assert_eq!(sent, forward(&other_world, &twin, &ports, at, &frame), "frame {seed}");
    }
    (done, left)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn what_is_kept_equals_what_is_computed(ops in proptest::collection::vec(op(), 1..80)) {
        run(&ops, "proptest");
    }
}

/// Enough of what is tried must succeed, or the test above says little.
#[test]
fn random_calls_make_objects_of_many_types() {
    let mut r = Random(7);
    let ops: Vec<_> = (0..600).map(|n| Op::Create(n, r.next(usize::MAX) as u64)).collect();
    let (done, _) = run(&ops, "many");
    assert!(done > 150, "{done} of {} calls succeed", ops.len());
    let (_, left) = run(&ops[..40], "few");
    assert!(left > 20, "{left} of 200 frames leave");
}

/// A snapshot that somebody made up, its checksum right: it is refused, or it is a switch like any other.
#[test]
fn a_snapshot_with_wrong_bytes_is_refused_or_makes_a_whole_switch() {
    let (_, sim, id) = boot(Keys::default());
    let mut r = Random(11);
    let bytes = sim.with_switch(id, |sw| {
        for n in 0..400 {
            let _ = apply(sw, &Op::Create(n, r.next(usize::MAX) as u64));
        }
        sw.snapshot().to_bytes().unwrap()
    });
    let bytes = bytes.unwrap();
    let header = 24;
    let mut refused = 0;
    for _ in 0..300 {
        let mut wrong = bytes.clone();
        for _ in 0..=r.next(3) {
            let at = header + r.next(bytes.len() - header);
            wrong[at] = match r.next(3) {
                0 => r.next(256) as u8,
                1 => wrong[at].wrapping_add(1),
                _ => wrong[at] ^ (1 << r.next(8)),
            };
        }
        let sum = crc32fast::hash(&wrong[header..]);
        wrong[12..16].copy_from_slice(&sum.to_le_bytes());
        let restored = Snapshot::from_bytes(&wrong).and_then(|snapshot| Switch::restore(&snapshot));
        match restored {
            Ok(sw) => assert_eq!(sw.audit(), Ok(())),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 30, "{refused} of 300 are refused");
}

/// One that lacks an object, or has one twice, is refused, whoever the object is.
#[test]
fn a_snapshot_without_one_of_its_objects_is_refused() {
    let (_, sim, id) = boot(Keys::default());
    let mut r = Random(13);
    let snapshot = sim.with_switch(id, |sw| {
        for n in 0..60 {
            let _ = apply(sw, &Op::Create(n, r.next(usize::MAX) as u64));
        }
        sw.snapshot()
    });
    let whole: serde_json::Value = serde_json::from_str(&snapshot.unwrap().to_json().unwrap()).unwrap();
    let restore = |json| Switch::restore(&serde_json::from_value(json).unwrap()).map(drop);
    restore(whole.clone()).unwrap();
    for n in 0..whole["objects"].as_array().unwrap().len() {
        let (mut without, mut twice) = (whole.clone(), whole.clone());
        let gone = without["objects"].as_array_mut().unwrap().remove(n);
        let error = restore(without).unwrap_err().to_string();
        assert!(error.contains("slots in use"), "{gone}: {error}");
        twice["objects"].as_array_mut().unwrap().push(gone);
        assert!(restore(twice).unwrap_err().to_string().contains("there twice"));
    }
}
