//! The C form of attribute values: the member of the union is chosen by the attribute's type alone.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ptr::{addr_of, addr_of_mut};

use sai_sys as sys;

use super::foreign::Foreign;
use super::memory::{Arena, Lists};
use crate::meta::ValueType;
use crate::value::{AclAction, AclField, AclMask, ByteMatch, MacAddr, Value, ValueKind};

/// The C union.
type Union = sys::sai_attribute_value_t;

/// Hands the kinds whose member is the plain C form of what the variant holds to a macro.
macro_rules! plain_kinds {
    ($then:ident! { $($with:tt)* }) => {
        $then! { { $($with)* }
            Bool, CharData, U8, I8, U16, I16,
            U32, I32, U64, I64, Pointer, Mac,
            Ipv4, Ipv6, IpAddress, IpPrefix, PrbsRxState, Oid,
            OidList, U8List, I8List, U16List, I16List, U32List,
            I32List, U32Range, I32Range, U16RangeList, VlanList, QosMapList,
            MapList, AclCapability, AclResourceList, TlvList, SegmentList, IpAddressList,
            PortEyeValuesList, Timespec, EncryptKey, AuthKey, MacsecSak, MacsecAuthKey,
            MacsecSalt, SystemPortConfig, SystemPortConfigList, FabricPortReachability, PortErrStatusList, PortLaneLatchStatusList,
            LatchStatus, Json, IpPrefixList, AclChainList, PortFrequencyOffsetPpmList, PortSnrList,
            PoePortPowerConsumption, PortPam4EyeValuesList, TapsList, U16Range, PrbsLaneRxStatusList, PrbsLaneRxStateList,
            PrbsBitErrorRate, PrbsLaneBitErrorRateList, U64Range, U64RangeList,
        }
    };
}

/// Reads a value of type `ty`; `None` where the C form has no meaning.
///
/// # Safety
/// `c` can be read, and the lists of the member that `ty` names have as many elements as their counts
/// say, or are null.
pub unsafe fn read_value(ty: ValueType, c: *const Union) -> Option<Value> {
    macro_rules! read {
        ({} $($kind:ident,)*) => {
            match ty {
                // SAFETY: every member lies at the union's start, and the caller promises the rest.
                $(ValueType::Plain(ValueKind::$kind) => Value::$kind(unsafe { Foreign::read(c.cast()) }?),)*
                // SAFETY: as above.
                ValueType::AclField(kind) => Value::AclField(unsafe { read_field(kind, c.cast()) }?),
                // SAFETY: as above.
                ValueType::AclAction(kind) => Value::AclAction(unsafe { read_action(kind, c.cast()) }?),
                // SAFETY: as above.
                ValueType::AclMask(kind) => Value::AclMask(unsafe { read_mask(kind, c.cast()) }?),
                // The tables give an ACL type its element.
                ValueType::Plain(ValueKind::AclField | ValueKind::AclAction | ValueKind::AclMask) => return None,
            }
        };
    }
    Some(plain_kinds!(read! {}))
}

/// Writes a value into the member of its kind.
///
/// # Safety
/// `c` can be written. With [`Lists::Caller`] the member of the value's kind holds the caller's lists.
pub unsafe fn write_value(value: &Value, c: *mut Union, lists: &mut Lists<'_>) {
    macro_rules! write {
        ({} $($kind:ident,)*) => {
            match value {
                // SAFETY: every member lies at the union's start, and the caller promises the rest.
                $(Value::$kind(v) => unsafe { v.write(c.cast(), lists) },)*
                // SAFETY: as above.
                Value::AclField(v) => unsafe { write_field(v, c.cast(), lists) },
                // SAFETY: as above.
                Value::AclAction(v) => unsafe { write_action(v, c.cast(), lists) },
                // SAFETY: as above.
                Value::AclMask(v) => unsafe { write_mask(v, c.cast(), lists) },
            }
        };
    }
    plain_kinds!(write! {})
}

/// Sets every byte to zero and makes room for `n` elements in each list of the member that `ty` names.
///
/// # Safety
/// `c` can be written.
pub unsafe fn make_room(ty: ValueType, c: *mut Union, n: usize, arena: &mut Arena) {
    // SAFETY: the caller promises that `c` can be written.
    unsafe { c.write_bytes(0, 1) };
    macro_rules! room {
        ({} $($kind:ident,)*) => {
            match ty {
                // SAFETY: every member lies at the union's start.
                $(ValueType::Plain(ValueKind::$kind) => unsafe {
                    room_of(|v| { let Value::$kind(v) = v else { unreachable!() }; v }, c, n, arena)
                },)*
                // SAFETY: the fields can be written.
                ValueType::AclField(ValueKind::OidList) => unsafe {
                    Vec::<u64>::make_room(addr_of_mut!((*c).aclfield.data).cast(), n, arena);
                },
                // SAFETY: the fields can be written.
                ValueType::AclField(ValueKind::U8List) => unsafe {
                    Vec::<u8>::make_room(addr_of_mut!((*c).aclfield.data).cast(), n, arena);
                    Vec::<u8>::make_room(addr_of_mut!((*c).aclfield.mask).cast(), n, arena);
                },
                // SAFETY: the fields can be written.
                ValueType::AclAction(ValueKind::OidList) => unsafe {
                    Vec::<u64>::make_room(addr_of_mut!((*c).aclaction.parameter).cast(), n, arena);
                },
                // SAFETY: the fields can be written.
                ValueType::AclMask(ValueKind::U8List) => unsafe {
                    Vec::<u8>::make_room(c.cast(), n, arena);
                },
                _ => {}
            }
        };
    }
    plain_kinds!(room! {})
}

/// The greatest count of the lists in the member that `ty` names.
///
/// # Safety
/// `c` was made by [`make_room`] with the same type and `n`, and since then written by a library at most.
pub unsafe fn needed(ty: ValueType, c: *const Union, n: usize) -> usize {
    macro_rules! need {
        ({} $($kind:ident,)*) => {
            match ty {
                // SAFETY: every member lies at the union's start, and the caller promises the rest.
                $(ValueType::Plain(ValueKind::$kind) => unsafe {
                    need_of(|v| { let Value::$kind(v) = v else { unreachable!() }; v }, c, n)
                },)*
                // SAFETY: the field can be read.
                ValueType::AclField(ValueKind::OidList) => unsafe {
                    addr_of!((*c).aclfield.data).cast::<u32>().read() as usize
                },
                // SAFETY: both fields can be read.
                ValueType::AclField(ValueKind::U8List) => unsafe {
                    let data = addr_of!((*c).aclfield.data).cast::<u32>().read();
                    data.max(addr_of!((*c).aclfield.mask).cast::<u32>().read()) as usize
                },
                // SAFETY: the field can be read.
                ValueType::AclAction(ValueKind::OidList) => unsafe {
                    addr_of!((*c).aclaction.parameter).cast::<u32>().read() as usize
                },
                // SAFETY: the field can be read.
                ValueType::AclMask(ValueKind::U8List) => unsafe { c.cast::<u32>().read() as usize },
                _ => 0,
            }
        };
    }
    plain_kinds!(need! {})
}

/// [`Foreign::make_room`] of what `inner` would take out of a value.
///
/// # Safety
/// As of [`make_room`].
unsafe fn room_of<T: Foreign>(_inner: fn(Value) -> T, c: *mut Union, n: usize, arena: &mut Arena) {
    // SAFETY: every member lies at the union's start.
    unsafe { T::make_room(c.cast(), n, arena) }
}

/// [`Foreign::needed`] of what `inner` would take out of a value.
///
/// # Safety
/// As of [`needed`].
unsafe fn need_of<T: Foreign>(_inner: fn(Value) -> T, c: *const Union, n: usize) -> usize {
    // SAFETY: every member lies at the union's start.
    unsafe { T::needed(c.cast(), n) }
}

/// Hands the kinds of element that an ACL field has with data and mask alike to a macro.
macro_rules! masked_kinds {
    ($then:ident!) => {
        $then! { U8(u8), I8(i8), U16(u16), I16(i16), U32(u32), I32(i32), U64(u64), Mac(MacAddr),
        Ipv4(Ipv4Addr), Ipv6(Ipv6Addr), }
    };
}

unsafe fn read_field(kind: ValueKind, c: *const sys::sai_acl_field_data_t) -> Option<AclField> {
    // SAFETY: the caller's promise for `read_value`; every member lies at its union's start.
    unsafe {
        if !bool::read(addr_of!((*c).enable).cast())? {
            return Some(AclField::Disabled);
        }
        let (data, mask) = (addr_of!((*c).data), addr_of!((*c).mask));
        macro_rules! read {
            ($($kind:ident($ty:ty),)*) => {
                match kind {
                    $(ValueKind::$kind => AclField::$kind {
                        data: <$ty>::read(data.cast())?, mask: <$ty>::read(mask.cast())?,
                    },)*
                    ValueKind::Bool => AclField::Bool(bool::read(data.cast())?),
                    ValueKind::Oid => AclField::Oid(Foreign::read(data.cast())?),
                    ValueKind::OidList => AclField::OidList(Foreign::read(data.cast())?),
                    ValueKind::U8List => AclField::U8List(Box::new(ByteMatch {
                        data: Foreign::read(data.cast())?, mask: Foreign::read(mask.cast())?,
                    })),
                    _ => return None,
                }
            };
        }
        Some(masked_kinds!(read!))
    }
}

unsafe fn write_field(value: &AclField, c: *mut sys::sai_acl_field_data_t, lists: &mut Lists<'_>) {
    // SAFETY: the caller's promise for `write_value`; every member lies at its union's start.
    unsafe {
        let (data, mask) = (addr_of_mut!((*c).data), addr_of_mut!((*c).mask));
        (*c).enable = !matches!(value, AclField::Disabled);
        macro_rules! write {
            ($($kind:ident($ty:ty),)*) => {
                match value {
                    AclField::Disabled => {}
                    $(AclField::$kind { data: d, mask: m } => {
                        d.write(data.cast(), lists);
                        m.write(mask.cast(), lists);
                    })*
                    AclField::Bool(v) => v.write(data.cast(), lists),
                    AclField::Oid(v) => v.write(data.cast(), lists),
                    AclField::OidList(v) => v.write(data.cast(), lists),
                    AclField::U8List(v) => {
                        v.data.write(data.cast(), lists);
                        v.mask.write(mask.cast(), lists);
                    }
                }
            };
        }
        masked_kinds!(write!)
    }
}

unsafe fn read_mask(kind: ValueKind, c: *const sys::sai_acl_field_data_mask_t) -> Option<AclMask> {
    macro_rules! read {
        ($($kind:ident($ty:ty),)*) => {
            match kind {
                // SAFETY: the caller's promise for `read_value`; every member lies at the union's start.
                $(ValueKind::$kind => AclMask::$kind(unsafe { <$ty>::read(c.cast()) }?),)*
                // SAFETY: as above.
                ValueKind::U8List => AclMask::U8List(unsafe { Foreign::read(c.cast()) }?),
                _ => return None,
            }
        };
    }
    Some(masked_kinds!(read!))
}

unsafe fn write_mask(value: &AclMask, c: *mut sys::sai_acl_field_data_mask_t, lists: &mut Lists<'_>) {
    macro_rules! write {
        ($($kind:ident($ty:ty),)*) => {
            match value {
                // SAFETY: the caller's promise for `write_value`; every member lies at the union's start.
                $(AclMask::$kind(v) => unsafe { v.write(c.cast(), lists) },)*
                // SAFETY: as above.
                AclMask::U8List(v) => unsafe { v.write(c.cast(), lists) },
            }
        };
    }
    masked_kinds!(write!)
}

/// Hands the kinds of parameter that an ACL action has to a macro.
macro_rules! action_kinds {
    ($then:ident!) => {
        $then! { Bool, U8, I8, U16, I16, U32, I32, Mac, Ipv4, Ipv6, Oid, OidList, IpAddress, }
    };
}

unsafe fn read_action(kind: ValueKind, c: *const sys::sai_acl_action_data_t) -> Option<AclAction> {
    // SAFETY: the caller's promise for `read_value`; every member lies at its union's start.
    unsafe {
        if !bool::read(addr_of!((*c).enable).cast())? {
            return Some(AclAction::Disabled);
        }
        let parameter = addr_of!((*c).parameter);
        macro_rules! read {
            ($($kind:ident,)*) => {
                match kind {
                    $(ValueKind::$kind => AclAction::$kind(Foreign::read(parameter.cast())?),)*
                    _ => return None,
                }
            };
        }
        Some(action_kinds!(read!))
    }
}

unsafe fn write_action(value: &AclAction, c: *mut sys::sai_acl_action_data_t, lists: &mut Lists<'_>) {
    // SAFETY: the caller's promise for `write_value`; every member lies at its union's start.
    unsafe {
        let parameter = addr_of_mut!((*c).parameter);
        (*c).enable = !matches!(value, AclAction::Disabled);
        macro_rules! write {
            ($($kind:ident,)*) => {
                match value {
                    AclAction::Disabled => {}
                    $(AclAction::$kind(v) => v.write(parameter.cast(), lists),)*
                }
            };
        }
        action_kinds!(write!)
    }
}
