//! How enums, references and notifications print, and their serialised forms.

use sai::entry::{FdbEntry, RouteEntry};
use sai::notify::{FdbEventNotificationData, Notification, NotificationKind};
use sai::{AttrEntry, MacAddr, ObjectId, ObjectRef, ObjectType, Value, fdb_entry, next_hop_group, port};

#[test]
fn enums_print_and_serialise_by_name_and_keep_what_they_do_not_know() {
    assert_eq!(port::OperStatus::UP.to_string(), "SAI_PORT_OPER_STATUS_UP");
    assert_eq!(format!("{:?}", port::FecMode(7)), "FecMode(7)");
    assert_eq!(serde_json::to_string(&port::FecMode::RS).unwrap(), "\"SAI_PORT_FEC_MODE_RS\"");
    for mode in [port::FecMode::RS, port::FecMode(7)] {
        let text = serde_json::to_string(&mode).unwrap();
        assert_eq!(serde_json::from_str::<port::FecMode>(&text).unwrap(), mode);
    }
    let old: next_hop_group::Type = serde_json::from_str("\"SAI_NEXT_HOP_GROUP_TYPE_ECMP\"").unwrap();
    assert_eq!(old, next_hop_group::Type::DYNAMIC_UNORDERED_ECMP);
    let wrong = serde_json::from_str::<port::FecMode>("\"SAI_PORT_OPER_STATUS_UP\"").unwrap_err();
    assert!(wrong.to_string().contains("is no value of sai_port_fec_mode_t"), "{wrong}");
}

#[test]
fn a_reference_prints_its_type_and_key_and_reads_back_from_json() {
    let port = ObjectRef::Object(ObjectType::PORT, ObjectId(0x1000000000001));
    assert_eq!(port.to_string(), "SAI_OBJECT_TYPE_PORT oid:0x1000000000001");
    let route: ObjectRef = RouteEntry {
        switch_id: ObjectId(1),
        vr_id: ObjectId(3),
        destination: "2001:db8::/32".parse().unwrap(),
    }
    .into();
    let text = route.to_string();
    assert!(text.contains("SAI_OBJECT_TYPE_ROUTE_ENTRY") && text.contains("2001:db8::/32"), "{text}");
    let json = serde_json::to_string(&route).unwrap();
    assert_eq!(serde_json::from_str::<ObjectRef>(&json).unwrap(), route);
}

#[test]
fn every_object_id_of_a_notification_can_be_replaced() {
    let entry = FdbEntry { switch_id: ObjectId(1), mac_address: MacAddr::ZERO, bv_id: ObjectId(2) };
    let mut event = Notification::FdbEvent {
        data: vec![FdbEventNotificationData {
            event_type: sai::types::FdbEvent::LEARNED,
            fdb_entry: entry,
            attr: vec![AttrEntry::new(fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(ObjectId(3)))],
        }],
    };
    let mut seen = Vec::new();
    event.for_each_oid_mut(|id, _| {
        seen.push(id.0);
        id.0 += 100;
    });
    assert_eq!(seen, [1, 2, 3]);
    let Notification::FdbEvent { data } = &event else { unreachable!() };
    assert_eq!(data[0].fdb_entry.bv_id, ObjectId(102));
    assert_eq!(data[0].attr[0].value, Value::Oid(ObjectId(103)));
}

#[test]
fn notifications_have_the_names_of_recordings() {
    for name in ["port_state_change", "fdb_event", "switch_state_change", "queue_pfc_deadlock", "nat_event"] {
        assert_eq!(NotificationKind::from_name(name).unwrap().name(), name);
    }
    assert_eq!(NotificationKind::ALL.len(), 23);
    assert_eq!(NotificationKind::from_name("port"), None);
}
