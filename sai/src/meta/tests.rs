use super::*;
use crate::types::ObjectType;
use crate::value::{AclField, AclMask, Value};

#[test]
fn every_object_and_attribute_is_found_by_number_and_by_name() {
    assert_eq!(OBJECTS.len(), 147);
    let mut attrs = 0;
    for (i, o) in OBJECTS.iter().enumerate() {
        assert_eq!(usize::from(o.dense), i);
        assert!(std::ptr::eq(object(o.object_type).unwrap(), o));
        assert!(std::ptr::eq(object_by_name(o.name).unwrap(), o));
        for a in o.attrs {
            assert!(std::ptr::eq(o.attr(a.id).unwrap(), a), "{}", a.name);
            assert!(std::ptr::eq(attr_by_name(a.name).unwrap(), a), "{}", a.name);
            assert_eq!(a.object_type, o.object_type);
            attrs += 1;
        }
        assert!(o.attr(u32::MAX).is_none());
    }
    assert_eq!(attrs, 2102);
    for ty in [ObjectType::NULL, ObjectType(116), ObjectType(0x1fff_ffff), ObjectType(-1)] {
        assert!(object(ty).is_none());
    }
}

#[test]
fn every_enum_value_is_found_by_number_and_by_name() {
    for e in ENUMS {
        assert!(std::ptr::eq(enum_by_name(e.name).unwrap(), *e));
        for v in e.values {
            assert_eq!(e.name_of(v.value), Some(v.name));
            assert_eq!(e.value_of(v.name), Some(v.value));
        }
        for v in e.aliases {
            assert_eq!(e.value_of(v.name), Some(v.value));
            assert_ne!(e.name_of(v.value), None, "{}", v.name);
        }
        assert_eq!(e.name_of(i32::MAX), None);
    }
    let bind = enum_by_name("sai_acl_bind_point_type_t").unwrap();
    assert_eq!(bind.value_of("SAI_ACL_BIND_POINT_TYPE_ROUTER_INTF"), Some(3));
    assert_eq!(bind.name_of(3), Some("SAI_ACL_BIND_POINT_TYPE_ROUTER_INTERFACE"));
    assert_eq!(bind.value_of("SAI_PORT_OPER_STATUS_UP"), None);
}

#[test]
fn second_names_of_attributes_read() {
    let new = attr_by_name("SAI_SWITCH_ATTR_NUMBER_OF_ACTIVE_PORTS").unwrap();
    assert!(std::ptr::eq(attr_by_name("SAI_SWITCH_ATTR_PORT_NUMBER").unwrap(), new));
}

#[test]
fn a_block_of_ids_finds_its_first_attribute() {
    let min = attr_by_name("SAI_ACL_ENTRY_ATTR_USER_DEFINED_FIELD_GROUP_MIN").unwrap();
    assert_eq!(min.block, 256);
    let meta = object(ObjectType::ACL_ENTRY).unwrap();
    assert!(std::ptr::eq(meta.attr(min.id + 7).unwrap(), min));
    assert_eq!(min.name_of(min.id + 7), "SAI_ACL_ENTRY_ATTR_USER_DEFINED_FIELD_GROUP_MIN + 7");
    assert_eq!(meta.attr(min.id + 255).unwrap().name, "SAI_ACL_ENTRY_ATTR_USER_DEFINED_FIELD_GROUP_MAX");
}

#[test]
fn defaults_are_values_of_their_attributes_type() {
    for a in OBJECTS.iter().flat_map(|o| o.attrs) {
        let none = matches!(
            a.default,
            DefaultValue::None
                | DefaultValue::Internal
                | DefaultValue::Const
                | DefaultValue::Vendor
                | DefaultValue::AttrValue(..)
        );
        match a.default_value() {
            Some(v) => assert_eq!(v.kind(), a.ty.value_kind(), "{}", a.name),
            None => assert!(none, "{}: {:?}", a.name, a.default),
        }
    }
    let of = |name| attr_by_name(name).unwrap().default_value();
    assert_eq!(of("SAI_PORT_ATTR_MTU"), Some(Value::U32(1514)));
    assert_eq!(of("SAI_PORT_ATTR_ADMIN_STATE"), Some(Value::Bool(false)));
    assert_eq!(of("SAI_FDB_ENTRY_ATTR_ENDPOINT_IP"), Some(Value::IpAddress([0, 0, 0, 0].into())));
    assert_eq!(of("SAI_ACL_ENTRY_ATTR_FIELD_SRC_IP"), Some(Value::AclField(AclField::Disabled)));
    let mask = OBJECTS.iter().flat_map(|o| o.attrs).find(|a| matches!(a.ty, ValueType::AclMask(_)));
    assert_eq!(mask.unwrap().default_value(), Some(Value::AclMask(AclMask::Ipv6([0xff; 16].into()))));
}

#[test]
fn conditions_hold_as_written() {
    let a = attr_by_name("SAI_ROUTER_INTERFACE_ATTR_PORT_ID").unwrap();
    let kind = attr_by_name("SAI_ROUTER_INTERFACE_ATTR_TYPE").unwrap().id;
    let holds = |v: i64| a.condition.unwrap().holds(&mut |id| (id == kind).then_some(v));
    assert!(holds(i64::from(crate::router_interface::Type::PORT.0)));
    assert!(!holds(i64::from(crate::router_interface::Type::LOOPBACK.0)));
    assert!(!a.is_mandatory());
}

#[test]
fn verbs_and_apis_are_those_of_the_function_tables() {
    let route = object(ObjectType::ROUTE_ENTRY).unwrap();
    assert!(
        route.verbs.contains(Verbs::all() - Verbs::GET_STATS - Verbs::GET_STATS_EXT - Verbs::CLEAR_STATS)
    );
    assert_eq!(route.api, Api::ROUTE);
    assert_eq!(object(ObjectType::QUEUE).unwrap().stat(0).unwrap().name, "SAI_QUEUE_STAT_PACKETS");
    assert_eq!(object(ObjectType::FDB_FLUSH).unwrap().api, Api::FDB);
    assert!(object(ObjectType::FDB_FLUSH).unwrap().verbs.is_empty());
}
