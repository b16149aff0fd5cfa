//! Several chips in one simulator.

use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Status, Target, Value, switch};
use switch_sim::{Profile, Simulator};

#[test]
fn a_switch_chooses_its_profile_by_hardware_info_or_profile_id() {
    let chip = |ports: u32, info: &str, id: u32| Profile {
        hardware_info: vec![info.into()],
        profile_id: vec![id],
        ..Profile::with_ports(ports)
    };
    let sim = Simulator::with_profiles(vec![chip(4, "leaf", 1), chip(8, "spine", 2)], Default::default());
    let info = |text: &str| {
        let text = text.bytes().map(|b| b as i8).collect();
        AttrEntry::new(switch::SWITCH_HARDWARE_INFO.id(), Value::I8List(text))
    };
    let id = |id| AttrEntry::new(switch::SWITCH_PROFILE_ID.id(), Value::U32(id));
    let ports = |attrs: &[AttrEntry]| {
        let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
        let attrs = [&[init], attrs].concat();
        let made = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &attrs).unwrap();
        {
            let mut asked = [AttrEntry::ask(switch::NUMBER_OF_ACTIVE_PORTS.id())];
            sim.get(&ObjectRef::Object(ObjectType::SWITCH, made), &mut asked).unwrap();
            asked[0].value.clone()
        }
    };
    assert_eq!(ports(&[]), Value::U32(4));
    assert_eq!(ports(&[info("spine")]), Value::U32(8));
    assert_eq!(ports(&[id(2)]), Value::U32(8));
    assert_eq!(ports(&[info("leaf"), id(2)]), Value::U32(4), "the hardware decides");
    assert_eq!(ports(&[info("another"), id(9)]), Value::U32(4), "what no profile lists gets the first");
}

#[test]
fn a_switch_is_created_without_what_its_profile_refuses() {
    let mut profile = Profile::with_ports(4);
    profile.refuse.attributes = vec!["SAI_SWITCH_ATTR_FDB_AGING_TIME".into()];
    let sim = Simulator::new(profile);
    let attrs = [
        AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true)),
        AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(10)),
    ];
    let refused = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &attrs).unwrap_err();
    assert_eq!(refused.status(), Status::ATTR_NOT_SUPPORTED_0.nth(1), "{refused}");
    assert!(sim.switches().is_empty());
}
