//! The C form round trip of every kind of value, and what C may hand over that has no meaning.

use std::collections::HashSet;

use proptest::prelude::*;
use sai_sys as sys;

use super::*;
use crate::meta::{self, Release, ValueType};
use crate::text::tests::{acl, plain};
use crate::types::ObjectType;
use crate::value::*;
use crate::{AttrEntry, ObjectId};

/// Writes a value, reads it back; writes it again into lists of exactly the right size, reads it back.
fn round_trip(ty: ValueType, value: &Value) -> [Option<Value>; 2] {
    let mut arena = Arena::new();
    let mut c = sys::sai_attribute_value_t::default();
    // SAFETY: the union is ours and its lists lie in the arena.
    unsafe {
        write_value(value, &raw mut c, &mut Lists::Own(&mut arena));
        let own = read_value(ty, &raw const c);
        let room = needed(ty, &raw const c, 16);
        let mut caller = sys::sai_attribute_value_t::default();
        make_room(ty, &raw mut caller, room, &mut arena);
        let mut fit = Fit::default();
        write_value(value, &raw mut caller, &mut Lists::Caller(&mut fit));
        assert_eq!(fit, Fit::default(), "{value:?} fits");
        [own, read_value(ty, &raw const caller)]
    }
}

proptest! {
    #[test]
    fn plain_values_round_trip((kind, value) in plain()) {
        for back in round_trip(ValueType::Plain(kind), &value) {
            prop_assert_eq!(back.as_ref(), Some(&value));
        }
    }

    #[test]
    fn acl_values_round_trip((ty, value) in acl()) {
        for back in round_trip(ty, &value) {
            prop_assert_eq!(back.as_ref(), Some(&value));
        }
    }

    #[test]
    fn a_list_too_short_gets_the_count_that_it_needs(ids in prop::collection::vec(any::<u64>(), 1..9), room in 0usize..9) {
        let mut memory = vec![7u64; room];
        let mut c = sys::sai_attribute_value_t::default();
        c.objlist = sys::sai_object_list_t { count: room as u32, list: memory.as_mut_ptr() };
        let value = Value::OidList(ids.iter().map(|i| ObjectId(*i)).collect());
        let mut fit = Fit::default();
        // SAFETY: the list has the room that its count says.
        unsafe { write_value(&value, &raw mut c, &mut Lists::Caller(&mut fit)) };
        // SAFETY: the member was just written.
        prop_assert_eq!(unsafe { c.objlist.count } as usize, ids.len());
        prop_assert_eq!(fit.overflow, room < ids.len());
        if room < ids.len() {
            prop_assert!(memory.iter().all(|m| *m == 7), "nothing is written beside the count");
        } else {
            prop_assert_eq!(&memory[..ids.len()], &ids[..]);
        }
    }
}

#[test]
fn every_type_of_attribute_round_trips() {
    let types: HashSet<String> =
        meta::OBJECTS.iter().flat_map(|o| o.attrs).map(|a| format!("{:?}", a.ty)).collect();
    assert!(types.len() > 60, "{} types", types.len());
    for attr in meta::OBJECTS.iter().flat_map(|o| o.attrs) {
        let mut arena = Arena::new();
        let mut c = sys::sai_attribute_value_t::default();
        // SAFETY: the union is ours, its lists are two zeroed elements long.
        let value = unsafe {
            make_room(attr.ty, &raw mut c, 2, &mut arena);
            read_value(attr.ty, &raw const c)
        };
        let value = value.unwrap_or_else(|| panic!("{} has no zero", attr.name));
        assert_eq!(value.kind(), attr.ty.value_kind(), "{}", attr.name);
        for back in round_trip(attr.ty, &value) {
            assert_eq!(back.as_ref(), Some(&value), "{}", attr.name);
        }
    }
}

#[test]
fn structs_keep_their_fields_apart() {
    let config = SystemPortConfig {
        port_id: 1,
        attached_switch_id: 2,
        attached_core_index: 3,
        attached_core_port_index: 4,
        speed: 5,
        num_voq: 6,
    };
    let eye = PortLaneEyeValues { lane: 1, left: -2, right: 3, up: -4, down: 5 };
    let capability = AclCapability {
        is_action_list_mandatory: true,
        action_list: vec![crate::types::AclActionType(3), crate::types::AclActionType(9)],
        supported_match_type: crate::object::acl_table::SupportedMatchType(1),
        is_non_contiguous_bits_exact_match_supported: true,
    };
    let hmac = Tlv::Hmac { key_id: 7, hmac: [1, 2, 3, 4, 5, 6, 7, 8] };
    let tlvs = vec![hmac, Tlv::Opaque([4, 3, 2, 1]), Tlv::EgressNode("2001:db8::1".parse().unwrap())];
    for value in [
        Value::SystemPortConfigList(vec![config.clone(), SystemPortConfig { port_id: 9, ..config }]),
        Value::PortEyeValuesList(vec![eye]),
        Value::AclCapability(Box::new(capability)),
        Value::TlvList(tlvs),
        Value::FabricPortReachability(FabricPortReachability { switch_id: 5, reachable: true }),
        Value::PrbsBitErrorRate(PrbsBitErrorRate { exponent: 12, mantissa: 1 << 40 }),
    ] {
        for back in round_trip(ValueType::Plain(value.kind()), &value) {
            assert_eq!(back.as_ref(), Some(&value));
        }
    }
}

/// Reads a union as a member.
fn read(kind: ValueKind, c: &sys::sai_attribute_value_t) -> Option<Value> {
    // SAFETY: the tests' lists are null or as long as they say.
    unsafe { read_value(ValueType::Plain(kind), c) }
}

#[test]
fn what_c_may_hand_over_is_not_believed() {
    let mut c = sys::sai_attribute_value_t { u8_: 2 };
    assert_eq!(read(ValueKind::Bool, &c), Some(Value::Bool(true)), "a bool of 2 is true");

    c.chardata = [b'x' as _; 32];
    assert_eq!(read(ValueKind::CharData, &c), Some(Value::CharData(CharData([b'x'; 32]))));

    c.objlist = sys::sai_object_list_t { count: 3, list: std::ptr::null_mut() };
    assert_eq!(read(ValueKind::OidList, &c), None, "a count without a list");
    c.objlist.count = 0;
    assert_eq!(read(ValueKind::OidList, &c), Some(Value::OidList(vec![])));

    c.ipaddr = sys::sai_ip_address_t::default();
    c.ipaddr.addr_family = sys::sai_ip_addr_family_t(9);
    assert_eq!(read(ValueKind::IpAddress, &c), None, "an unknown family");

    c.ipprefix = sys::sai_ip_prefix_t::default();
    c.ipprefix.mask.ip4 = u32::from_ne_bytes([255, 0, 255, 0]);
    assert_eq!(read(ValueKind::IpPrefix, &c), None, "a mask with holes");
    c.ipprefix.mask.ip4 = u32::from_ne_bytes([255, 255, 240, 0]);
    assert_eq!(read(ValueKind::IpPrefix, &c), Some(Value::IpPrefix("0.0.0.0/20".parse().unwrap())));
}

#[test]
fn faults_name_the_position_of_the_attribute() {
    let object = meta::object(ObjectType::PORT).unwrap();
    let known = write_attr(&AttrEntry::new(sys::SAI_PORT_ATTR_MTU.0, Value::U32(9100)), &mut Arena::new());
    let unknown = sys::sai_attribute_t { id: 0x0fff_ffff, ..Default::default() };
    // SAFETY: the lists are as long as the counts say, or null.
    unsafe {
        assert_eq!(read_attrs(object, 1, &known).unwrap().len(), 1);
        let e = read_attrs(object, 2, [known, unknown].as_ptr()).unwrap_err();
        assert_eq!(e.status(), crate::Status::UNKNOWN_ATTRIBUTE_0.nth(1));
        let e = read_attrs(object, 2, std::ptr::null()).unwrap_err();
        assert_eq!(e.status(), crate::Status::INVALID_PARAMETER);
        assert!(read_attrs(object, 0, std::ptr::null()).unwrap().is_empty());
    }
}

#[test]
fn a_port_state_of_an_old_library_reads_no_padding() {
    let mut c = sys::sai_port_oper_status_notification_t { port_id: 5, ..Default::default() };
    c.port_error_status = sys::sai_port_error_status_t(0xdead);
    // SAFETY: one element, fully initialised.
    let (old, new) = unsafe {
        (read_port_states(Release { major: 1, minor: 14 }, 1, &c), read_port_states(Release::CURRENT, 1, &c))
    };
    assert_eq!(old.unwrap()[0].port_error_status.0, 0);
    assert_eq!(new.unwrap()[0].port_error_status.0, 0xdead);
}
