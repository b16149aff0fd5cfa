//! Warm restart by the SAI attributes and profile keys.

use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Status, Target, Value, port, switch, vlan};
use switch_sim::warm::{self, Keys};
use switch_sim::{Profile, Simulator};

const INIT: AttrEntry = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));

#[test]
fn a_warm_restart_brings_back_ids_references_and_counters() {
    let dir = std::env::temp_dir().join(format!("switch-sim-warm-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("state").display().to_string();
    let start = |boot: &str| {
        let keys: Keys = [
            (warm::BOOT_TYPE, boot),
            (warm::WARM_BOOT_WRITE_FILE, &file),
            (warm::WARM_BOOT_READ_FILE, &file),
        ]
        .into_iter()
        .collect();
        Simulator::with_keys(Profile::with_ports(4), keys)
    };
    let make = |sim: &Simulator| sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[INIT]);

    let sim = start("0");
    let id = make(&sim).unwrap();
    let this = ObjectRef::Object(ObjectType::SWITCH, id);
    let vlan_id = AttrEntry::new(vlan::VLAN_ID.id(), Value::U16(20));
    let vlan = ObjectRef::Object(
        ObjectType::VLAN,
        sim.create(id, Target::Object(ObjectType::VLAN), &[vlan_id]).unwrap(),
    );
    let mut ports = [AttrEntry::ask(switch::PORT_LIST.id())];
    sim.get(&this, &mut ports).unwrap();
    let Value::OidList(list) = &ports[0].value else { panic!() };
    let port = ObjectRef::Object(ObjectType::PORT, list[1]);
    sim.set(&port, &AttrEntry::new(port::ADMIN_STATE.id(), Value::Bool(true))).unwrap();
    sim.set_stat(&port, 0, 77).unwrap();
    let before = sim.with_switch(id, |sw| sw.snapshot()).unwrap();
    sim.set(&this, &AttrEntry::new(switch::RESTART_WARM.id(), Value::Bool(true))).unwrap();
    sim.remove(&this).unwrap();

    let sim = start("1");
    assert_eq!(make(&sim).unwrap(), id);
    let mut after = [AttrEntry::ask(port::OPER_STATUS.id())];
    sim.get(&port, &mut after).unwrap();
    assert_eq!(after[0].value, Value::I32(port::OperStatus::UP.0));
    let mut count = [0];
    sim.stats(&port, &[0], sai::StatsOp::Read, &mut count).unwrap();
    assert_eq!(count, [77]);
    let diff = sim.with_switch(id, |sw| before.diff(&sw.snapshot())).unwrap();
    assert!(diff.iter().all(|l| l.contains("RESTART_WARM") || l.contains("PRE_SHUTDOWN")), "{diff:?}");
    sim.remove(&vlan).unwrap();

    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = make(&start("1")).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_NV_STORAGE);
    assert!(error.to_string().contains("checksum"), "{error}");
    std::fs::remove_dir_all(&dir).unwrap();
}

/// A state file, and simulators that begin with it.
struct Restarts {
    _dir: tempfile::TempDir,
    file: String,
}

impl Restarts {
    fn new() -> Restarts {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state").display().to_string();
        Restarts { _dir: dir, file }
    }

    fn start(&self, boot: &str, more: &[(&str, &str)]) -> Simulator {
        let own = [
            (warm::BOOT_TYPE, boot),
            (warm::WARM_BOOT_WRITE_FILE, &self.file),
            (warm::WARM_BOOT_READ_FILE, &self.file),
        ];
        let keys: Keys = own.into_iter().chain(more.iter().copied()).collect();
        Simulator::with_keys(Profile::with_ports(4), keys)
    }
}

fn make(sim: &Simulator, attrs: &[AttrEntry]) -> sai::Result<ObjectRef> {
    let attrs = [&[INIT], attrs].concat();
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &attrs)?;
    Ok(ObjectRef::Object(ObjectType::SWITCH, id))
}

fn get(sim: &Simulator, object: &ObjectRef, id: sai::AttrId) -> Value {
    let mut asked = [AttrEntry::ask(id)];
    sim.get(object, &mut asked).unwrap();
    asked[0].value.clone()
}

fn stop(sim: &Simulator, this: &ObjectRef) {
    sim.set(this, &AttrEntry::new(switch::RESTART_WARM.id(), Value::Bool(true))).unwrap();
    sim.remove(this).unwrap();
}

#[test]
fn a_warm_boot_takes_attributes_over_as_a_set_does_and_refuses_what_cannot_be() {
    use sai::{MacAddr, next_hop, next_hop_group, next_hop_group_member, router_interface, virtual_router};
    let restarts = Restarts::new();
    let sim = restarts.start("0", &[]);
    let aging = |seconds| AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(seconds));
    let profile_id = |id| AttrEntry::new(switch::SWITCH_PROFILE_ID.id(), Value::U32(id));
    let members = |n| AttrEntry::new(switch::ECMP_MEMBER_COUNT.id(), Value::U32(n));
    let mac =
        |last| AttrEntry::new(switch::SRC_MAC_ADDRESS.id(), Value::Mac(MacAddr::new(2, 0, 0, 0, 0, last)));
    let told = AttrEntry::new(switch::FDB_EVENT_NOTIFY.id(), Value::Pointer(0x1000));
    let this = make(&sim, &[profile_id(7), told]).unwrap();
    let sw = this.oid().unwrap();
    let create = |ty, attrs: &[AttrEntry]| sim.create(sw, Target::Object(ty), attrs).unwrap();
    let vr = get(&sim, &this, switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let attrs = [
        AttrEntry::new(router_interface::TYPE.id(), Value::I32(router_interface::Type::LOOPBACK.0)),
        AttrEntry::new(router_interface::VIRTUAL_ROUTER_ID.id(), vr.clone()),
    ];
    let rif = create(ObjectType::ROUTER_INTERFACE, &attrs);
    let kind = next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0;
    let group =
        create(ObjectType::NEXT_HOP_GROUP, &[AttrEntry::new(next_hop_group::TYPE.id(), Value::I32(kind))]);
    for n in 1..=3 {
        let attrs = [
            AttrEntry::new(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
            AttrEntry::new(next_hop::IP.id(), Value::IpAddress([10, 0, 0, n].into())),
            AttrEntry::new(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif)),
        ];
        let hop = create(ObjectType::NEXT_HOP, &attrs);
        let attrs = [
            AttrEntry::new(next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
            AttrEntry::new(next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(hop)),
        ];
        create(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
    }
    stop(&sim, &this);

    // Refused whole: the file stays good for the next attempt.
    let sim = restarts.start("1", &[]);
    let error = make(&sim, &[members(2)]).unwrap_err();
    assert!(error.to_string().contains("has 3 members"), "{error}");
    assert_eq!(error.attr(), Some("SAI_SWITCH_ATTR_ECMP_MEMBER_COUNT"));
    let error = make(&sim, &[aging(1), profile_id(8)]).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(2), "{error}");
    assert_eq!(error.attr(), Some("SAI_SWITCH_ATTR_SWITCH_PROFILE_ID"));
    assert!(sim.switches().is_empty());

    let this = make(&sim, &[aging(30), profile_id(7), members(3), mac(9)]).unwrap();
    assert_eq!(get(&sim, &this, switch::FDB_AGING_TIME.id()), Value::U32(30));
    let pointer = get(&sim, &this, switch::FDB_EVENT_NOTIFY.id());
    assert_eq!(pointer, Value::Pointer(0), "the function of a process that is gone");
    let Value::Oid(vr) = vr else { panic!("a virtual router") };
    let vr = ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, vr);
    assert_eq!(get(&sim, &vr, virtual_router::SRC_MAC_ADDRESS.id()), mac(9).value);
}

#[test]
fn sais_key_of_group_members_is_what_the_attribute_begins_with() {
    let restarts = Restarts::new();
    let sim = restarts.start("0", &[("SAI_NUM_ECMP_MEMBERS", "64")]);
    let this = make(&sim, &[]).unwrap();
    let count = |sim: &Simulator, this: &ObjectRef| get(sim, this, switch::ECMP_MEMBER_COUNT.id());
    assert_eq!(count(&sim, &this), Value::U32(64));
    let members = |n| AttrEntry::new(switch::ECMP_MEMBER_COUNT.id(), Value::U32(n));
    sim.set(&this, &members(128)).unwrap();
    stop(&sim, &this);
    let sim = restarts.start("1", &[("SAI_NUM_ECMP_MEMBERS", "64")]);
    let this = make(&sim, &[]).unwrap();
    assert_eq!(count(&sim, &this), Value::U32(128), "it comes back as it went");
    sim.remove(&this).unwrap();

    let sim = restarts.start("0", &[("SAI_NUM_ECMP_MEMBERS", "64")]);
    let this = make(&sim, &[members(256)]).unwrap();
    assert_eq!(count(&sim, &this), Value::U32(256), "the attribute takes precedence");
}

#[test]
fn a_dynamic_address_with_a_trap_of_its_own_comes_back() {
    use sai::entry::FdbEntry;
    use sai::{MacAddr, Session, bridge, fdb_entry, hostif_user_defined_trap as trap};
    use std::sync::Arc;

    let sim = Simulator::new(Profile::with_ports(4));
    let session = Session::new(Arc::new(sim.clone()));
    let sw = session.create_switch(switch::Required { init_switch: true }).unwrap();
    let user = sw.create(trap::Required { r#type: trap::Type::FDB }).unwrap();
    let (vlan, bridge) = sw.read((switch::DEFAULT_VLAN_ID, switch::DEFAULT_1Q_BRIDGE_ID)).unwrap();
    let port = *sw.get(bridge, bridge::PORT_LIST).unwrap().last().unwrap();
    let entry =
        FdbEntry { switch_id: sw.id().raw(), mac_address: MacAddr::new(2, 0, 0, 0, 0, 1), bv_id: vlan.raw() };
    let address = fdb_entry::Required { entry, r#type: fdb_entry::Type::DYNAMIC };
    sw.create(address.with(fdb_entry::BRIDGE_PORT_ID, Some(port)).with(fdb_entry::USER_TRAP_ID, Some(user)))
        .unwrap();

    let saved = sim.with_switch(sw.id().raw(), |sw| sw.snapshot()).unwrap();
    let again = switch_sim::Switch::restore(&saved).unwrap();
    assert!(saved.diff(&again.snapshot()).is_empty());
}
