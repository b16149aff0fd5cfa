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
