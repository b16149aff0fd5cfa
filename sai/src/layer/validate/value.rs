//! The rules about single values.

use crate::meta::{AttrFlags, AttrMeta, DefaultValue, ValueType};
use crate::value::{AclAction, AclField, AclMask, Range, ValueKind};
use crate::{Error, ObjectId, ObjectType, Result, Status, Value};

use super::rules::{Level, Place, Presence, View, check_oid, refuse};

/// The longest list that sairedis takes.
const STRICT_LIST: usize = 0x1000;
/// The highest VLAN id, IEEE 802.1Q.
const MAX_VLAN: u16 = 4094;

/// Checks the value of the n-th attribute of a call.
pub(super) fn check<V: View + ?Sized>(
    at: &Place<'_, V>,
    attr: &'static AttrMeta,
    n: usize,
    value: &Value,
) -> Result<()> {
    match (attr.ty, value) {
        (ValueType::Plain(kind), v) if v.kind() == kind => {}
        (ValueType::AclField(_), Value::AclField(AclField::Disabled)) => return Ok(()),
        (ValueType::AclAction(_), Value::AclAction(AclAction::Disabled)) => return Ok(()),
        (ValueType::AclField(kind), Value::AclField(field)) if field_kind(field) == Some(kind) => {}
        (ValueType::AclAction(kind), Value::AclAction(action)) if action_kind(action) == Some(kind) => {}
        (ValueType::AclMask(kind), Value::AclMask(mask)) if mask_kind(mask) == kind => {}
        _ => return Err(mismatch(attr, n, value)),
    }
    match value {
        Value::Oid(id) | Value::AclField(AclField::Oid(id)) | Value::AclAction(AclAction::Oid(id)) => {
            return check_one(at, attr, *id);
        }
        Value::OidList(ids)
        | Value::AclField(AclField::OidList(ids))
        | Value::AclAction(AclAction::OidList(ids)) => return check_ids(at, attr, n, ids),
        Value::I32(v)
        | Value::AclField(AclField::I32 { data: v, .. })
        | Value::AclAction(AclAction::I32(v)) => check_enum(attr, n, *v)?,
        Value::I32List(list) => list.iter().try_for_each(|v| check_enum(attr, n, *v))?,
        Value::U16(v) if is_vlan(attr) => check_vlan(attr, n, *v)?,
        Value::AclField(AclField::U16 { data, .. }) if is_vlan(attr) && *data > 0xfff => {
            return Err(bad(attr, n, format!("is {data}; a VLAN id has 12 bits")));
        }
        Value::AclAction(AclAction::U16(v)) if is_vlan(attr) && *v > MAX_VLAN => {
            return Err(bad(attr, n, format!("is {v}; VLAN ids go to {MAX_VLAN}")));
        }
        Value::VlanList(list) => {
            if let Some(v) = list.iter().find(|v| !(1..=MAX_VLAN).contains(*v)) {
                return Err(bad(attr, n, format!("holds {v}; VLAN ids go from 1 to {MAX_VLAN}")));
            }
        }
        Value::U16Range(r) => check_range(attr, n, r)?,
        Value::U32Range(r) => check_range(attr, n, r)?,
        Value::I32Range(r) => check_range(attr, n, r)?,
        Value::U64Range(r) => check_range(attr, n, r)?,
        Value::U16RangeList(list) => list.iter().try_for_each(|r| check_range(attr, n, r))?,
        Value::U64RangeList(list) => list.iter().try_for_each(|r| check_range(attr, n, r))?,
        Value::Timespec(t) if t.tv_nsec >= 1_000_000_000 => {
            return Err(bad(attr, n, format!("has {} nanoseconds; a second has 1,000,000,000", t.tv_nsec)));
        }
        Value::CharData(text) if at.level == Level::Strict => {
            let bytes = text.as_bytes();
            if bytes.is_empty() || bytes.len() == 32 || !bytes.iter().all(|b| (0x20..=0x7e).contains(b)) {
                return Err(bad(
                    attr,
                    n,
                    format!("is {text:?}; it must be 1 to 31 printable ASCII characters"),
                ));
            }
        }
        _ => {}
    }
    match list_len(value) {
        Some(len) if len > STRICT_LIST && at.level == Level::Strict => {
            Err(bad(attr, n, format!("has {len} elements; at most {STRICT_LIST} are taken")))
        }
        _ => Ok(()),
    }
}

fn check_one<V: View + ?Sized>(at: &Place<'_, V>, attr: &'static AttrMeta, id: ObjectId) -> Result<()> {
    if id.is_null() && allows_null(attr) {
        return Ok(());
    }
    // An attribute that names no types takes an object of any.
    if attr.objects.is_empty() {
        return Ok(());
    }
    check_oid(at.view, at.home, attr.objects, id)
        .map_err(|fault| fault.of("the attribute").on_attr(attr.name))
}

fn check_ids<V: View + ?Sized>(
    at: &Place<'_, V>,
    attr: &'static AttrMeta,
    n: usize,
    ids: &[ObjectId],
) -> Result<()> {
    if at.level == Level::Strict {
        if ids.len() > STRICT_LIST {
            return Err(bad(attr, n, format!("has {} elements; at most {STRICT_LIST} are taken", ids.len())));
        }
        check_uniform(at, attr, n, ids)?;
    }
    ids.iter().try_for_each(|id| check_one(at, attr, *id))
}

/// As sairedis has it: no object twice in a list, all of one type.
fn check_uniform<V: View + ?Sized>(
    at: &Place<'_, V>,
    attr: &'static AttrMeta,
    n: usize,
    ids: &[ObjectId],
) -> Result<()> {
    let mut seen = hashbrown::HashSet::with_capacity(ids.len());
    let mut first: Option<ObjectType> = None;
    for id in ids.iter().filter(|id| !id.is_null()) {
        if !seen.insert(id) {
            return Err(bad(attr, n, format!("holds {id} twice")));
        }
        let Presence::Live(object_type) = at.view.presence(*id) else { continue };
        if *first.get_or_insert(object_type) != object_type {
            return Err(bad(attr, n, format!("holds objects of several types, {id} is {object_type}")));
        }
    }
    Ok(())
}

/// Null is legal where the metadata says so or where it is the default.
fn allows_null(attr: &AttrMeta) -> bool {
    attr.flags.contains(AttrFlags::ALLOW_NULL) || attr.default == DefaultValue::Null
}

fn check_enum(attr: &'static AttrMeta, n: usize, v: i32) -> Result<()> {
    match attr.enumeration {
        Some(e) if !e.free_form && e.name_of(v).is_none() => {
            Err(bad(attr, n, format!("is {v}, which is no value of {}", e.name)))
        }
        _ => Ok(()),
    }
}

/// Whether the value is a VLAN id. The experimental APIs carry the mark on UDP ports too, so it counts
/// only outside of them.
fn is_vlan(attr: &AttrMeta) -> bool {
    const FIRST_EXTENSION: i32 = 0x2000_0000;
    attr.flags.contains(AttrFlags::VLAN) && attr.object_type.0 < FIRST_EXTENSION
}

/// 1 to 4094, the attribute's own default, and 0 for the VLAN of untagged frames: clients take it away
/// so.
fn check_vlan(attr: &'static AttrMeta, n: usize, v: u16) -> Result<()> {
    let untagged = (attr.object_type == ObjectType::PORT && attr.id == sai_sys::SAI_PORT_ATTR_PORT_VLAN_ID.0)
        || (attr.object_type == ObjectType::LAG && attr.id == sai_sys::SAI_LAG_ATTR_PORT_VLAN_ID.0);
    if (1..=MAX_VLAN).contains(&v) || attr.default == DefaultValue::Int(v.into()) || (v == 0 && untagged) {
        return Ok(());
    }
    Err(bad(attr, n, format!("is {v}; VLAN ids go from 1 to {MAX_VLAN}")))
}

fn check_range<T: PartialOrd + std::fmt::Display>(
    attr: &'static AttrMeta,
    n: usize,
    r: &Range<T>,
) -> Result<()> {
    if r.min > r.max {
        return Err(bad(
            attr,
            n,
            format!("is the range {}..{}, whose minimum is above its maximum", r.min, r.max),
        ));
    }
    Ok(())
}

#[cold]
fn bad(attr: &'static AttrMeta, n: usize, rule: String) -> Error {
    refuse(attr, Status::INVALID_ATTR_VALUE_0.nth(n), rule)
}

#[cold]
fn mismatch(attr: &'static AttrMeta, n: usize, value: &Value) -> Error {
    let wanted = match attr.ty {
        ValueType::Plain(kind) => kind.c_member().to_owned(),
        ValueType::AclField(kind) => format!("an ACL field of {}", kind.c_member()),
        ValueType::AclAction(kind) => format!("an ACL action of {}", kind.c_member()),
        ValueType::AclMask(kind) => format!("an ACL mask of {}", kind.c_member()),
    };
    bad(attr, n, format!("takes {wanted}, not {value:?}"))
}

/// The value as a number, as conditions and keys compare it.
pub(super) fn as_int(value: &Value) -> Option<i64> {
    Some(match value {
        Value::Bool(v) => (*v).into(),
        Value::U8(v) => (*v).into(),
        Value::I8(v) => (*v).into(),
        Value::U16(v) => (*v).into(),
        Value::I16(v) => (*v).into(),
        Value::U32(v) => (*v).into(),
        Value::I32(v) => (*v).into(),
        Value::U64(v) => *v as i64,
        Value::I64(v) => *v,
        _ => return None,
    })
}

fn list_len(value: &Value) -> Option<usize> {
    Some(match value {
        Value::U8List(l) => l.len(),
        Value::I8List(l) => l.len(),
        Value::U16List(l) => l.len(),
        Value::I16List(l) => l.len(),
        Value::U32List(l) => l.len(),
        Value::I32List(l) => l.len(),
        Value::VlanList(l) => l.len(),
        Value::QosMapList(l) => l.len(),
        Value::MapList(l) => l.len(),
        Value::U16RangeList(l) => l.len(),
        Value::U64RangeList(l) => l.len(),
        Value::IpAddressList(l) => l.len(),
        Value::IpPrefixList(l) => l.len(),
        Value::SegmentList(l) => l.len(),
        Value::SystemPortConfigList(l) => l.len(),
        Value::Json(text) => text.len(),
        _ => return None,
    })
}

fn field_kind(field: &AclField) -> Option<ValueKind> {
    Some(match field {
        AclField::Disabled => return None,
        AclField::Bool(_) => ValueKind::Bool,
        AclField::U8 { .. } => ValueKind::U8,
        AclField::I8 { .. } => ValueKind::I8,
        AclField::U16 { .. } => ValueKind::U16,
        AclField::I16 { .. } => ValueKind::I16,
        AclField::U32 { .. } => ValueKind::U32,
        AclField::I32 { .. } => ValueKind::I32,
        AclField::U64 { .. } => ValueKind::U64,
        AclField::Mac { .. } => ValueKind::Mac,
        AclField::Ipv4 { .. } => ValueKind::Ipv4,
        AclField::Ipv6 { .. } => ValueKind::Ipv6,
        AclField::Oid(_) => ValueKind::Oid,
        AclField::OidList(_) => ValueKind::OidList,
        AclField::U8List(_) => ValueKind::U8List,
    })
}

fn action_kind(action: &AclAction) -> Option<ValueKind> {
    Some(match action {
        AclAction::Disabled => return None,
        AclAction::Bool(_) => ValueKind::Bool,
        AclAction::U8(_) => ValueKind::U8,
        AclAction::I8(_) => ValueKind::I8,
        AclAction::U16(_) => ValueKind::U16,
        AclAction::I16(_) => ValueKind::I16,
        AclAction::U32(_) => ValueKind::U32,
        AclAction::I32(_) => ValueKind::I32,
        AclAction::Mac(_) => ValueKind::Mac,
        AclAction::Ipv4(_) => ValueKind::Ipv4,
        AclAction::Ipv6(_) => ValueKind::Ipv6,
        AclAction::Oid(_) => ValueKind::Oid,
        AclAction::OidList(_) => ValueKind::OidList,
        AclAction::IpAddress(_) => ValueKind::IpAddress,
    })
}

fn mask_kind(mask: &AclMask) -> ValueKind {
    match mask {
        AclMask::U8(_) => ValueKind::U8,
        AclMask::I8(_) => ValueKind::I8,
        AclMask::U16(_) => ValueKind::U16,
        AclMask::I16(_) => ValueKind::I16,
        AclMask::U32(_) => ValueKind::U32,
        AclMask::I32(_) => ValueKind::I32,
        AclMask::U64(_) => ValueKind::U64,
        AclMask::Mac(_) => ValueKind::Mac,
        AclMask::Ipv4(_) => ValueKind::Ipv4,
        AclMask::Ipv6(_) => ValueKind::Ipv6,
        AclMask::U8List(_) => ValueKind::U8List,
    }
}
