//! Look-ups over the tables, each O(1).

use std::borrow::Cow;
use std::sync::LazyLock;

use hashbrown::HashMap;

use super::{
    AttrFlags, AttrMeta, DefaultValue, ENUMS, EnumMeta, EnumValue, OBJECTS, ObjectMeta, Run, ValueType,
};
use super::{Condition, tables};
use crate::types::ObjectType;
use crate::value::{AclAction, AclField, AclMask, CharData, Timespec, Value, ValueKind};
use crate::{ObjectId, SaiEnum as _};

/// The position of `number` in a table with these runs.
fn position(runs: &[Run], number: i32) -> Option<usize> {
    // Most tables have one run; the others a handful.
    let run = &runs[runs.partition_point(|r| r.first <= number).checked_sub(1)?];
    let offset = number.abs_diff(run.first);
    (offset < u32::from(run.len)).then(|| usize::from(run.index) + offset as usize)
}

/// The metadata of an object type.
pub fn object(ty: ObjectType) -> Option<&'static ObjectMeta> {
    OBJECTS.get(position(tables::OBJECT_RUNS, ty.0)?)
}

/// The object type at a dense position.
pub fn object_by_dense(dense: u8) -> Option<&'static ObjectMeta> {
    OBJECTS.get(usize::from(dense))
}

/// The metadata of an object type by its SAI name, `SAI_OBJECT_TYPE_PORT`.
pub fn object_by_name(name: &str) -> Option<&'static ObjectMeta> {
    object(ObjectType::from_name(name)?)
}

/// An attribute of an object type.
pub fn attr(ty: ObjectType, id: u32) -> Option<&'static AttrMeta> {
    object(ty)?.attr(id)
}

/// An attribute by its SAI name, `SAI_PORT_ATTR_SPEED`. Second names, kept by SAI for compatibility, are
/// known too.
pub fn attr_by_name(name: &str) -> Option<&'static AttrMeta> {
    static NAMES: LazyLock<HashMap<&'static str, &'static AttrMeta>> = LazyLock::new(|| {
        let own = OBJECTS.iter().flat_map(|o| o.attrs.iter().map(|a| (a.name, a)));
        let second = OBJECTS
            .iter()
            .flat_map(|o| o.aliases.iter().filter_map(|(name, id)| o.attr(*id).map(|a| (*name, a))));
        own.chain(second).collect()
    });
    NAMES.get(name).copied()
}

/// An enum by its C name, `sai_port_oper_status_t`.
pub fn enum_by_name(name: &str) -> Option<&'static EnumMeta> {
    static NAMES: LazyLock<HashMap<&'static str, &'static EnumMeta>> =
        LazyLock::new(|| ENUMS.iter().map(|e| (e.name, *e)).collect());
    NAMES.get(name).copied()
}

/// A value of any enum by its SAI name, `SAI_PORT_OPER_STATUS_UP`, with the enum that it belongs to.
/// Second names are known too.
pub fn enum_value_by_name(name: &str) -> Option<(&'static EnumMeta, &'static EnumValue)> {
    static NAMES: LazyLock<HashMap<&'static str, (&'static EnumMeta, &'static EnumValue)>> =
        LazyLock::new(|| {
            ENUMS
                .iter()
                .flat_map(|e| e.values.iter().chain(e.aliases).map(move |v| (v.name, (*e, v))))
                .collect()
        });
    NAMES.get(name).copied()
}

impl ObjectMeta {
    /// An attribute by id. Any id of a block finds the attribute that the block begins with.
    pub fn attr(&self, id: u32) -> Option<&'static AttrMeta> {
        let number = i32::try_from(id).ok()?;
        if let Some(at) = position(self.runs, number) {
            return self.attrs.get(at);
        }
        // Not named: perhaps within a block, which begins with the last attribute before it.
        let before = self.attrs.partition_point(|a| a.id <= id).checked_sub(1)?;
        self.attrs.get(before).filter(|a| a.contains(id))
    }

    /// The attributes that must be given on create, those with a condition among them.
    pub fn mandatory(&self) -> impl Iterator<Item = &'static AttrMeta> + use<> {
        self.attrs.iter().filter(|a| a.flags.contains(AttrFlags::MANDATORY_ON_CREATE))
    }

    /// The attributes that are part of the object's key.
    pub fn key_attrs(&self) -> impl Iterator<Item = &'static AttrMeta> + use<> {
        self.attrs.iter().filter(|a| a.flags.contains(AttrFlags::KEY))
    }

    /// A statistic by its number.
    pub fn stat(&self, id: u32) -> Option<&'static EnumValue> {
        self.stats?.get(i32::try_from(id).ok()?)
    }

    /// Whether it is an entry: it has a key and no object id.
    pub const fn is_entry(&self) -> bool {
        self.key.is_some()
    }
}

impl AttrMeta {
    /// Whether an id is this attribute's, or within the block that begins with it.
    pub const fn contains(&self, id: u32) -> bool {
        id >= self.id && id - self.id < self.block as u32
    }

    /// The name of an id of this attribute: its SAI name, and for an id within a block the name of the
    /// block's first with the distance, `SAI_…_MIN + 3`.
    pub fn name_of(&self, id: u32) -> Cow<'static, str> {
        match id.checked_sub(self.id) {
            None | Some(0) => Cow::Borrowed(self.name),
            Some(n) => Cow::Owned(format!("{} + {n}", self.name)),
        }
    }

    /// Whether it may be given on create.
    pub const fn can_create(&self) -> bool {
        self.flags.intersects(AttrFlags::CREATE_ONLY.union(AttrFlags::CREATE_AND_SET))
    }

    /// Whether it may be set.
    pub const fn can_set(&self) -> bool {
        self.flags.contains(AttrFlags::CREATE_AND_SET)
    }

    /// Whether it must be given on create whatever the other attributes are.
    pub const fn is_mandatory(&self) -> bool {
        self.flags.contains(AttrFlags::MANDATORY_ON_CREATE) && self.condition.is_none()
    }

    /// The value that it has when never set, where the interface states one. What the switch makes, what
    /// is implementation defined and what is taken from another attribute has none here.
    pub fn default_value(&self) -> Option<Value> {
        let kind = self.ty.kind();
        match self.default {
            DefaultValue::Bool(b) => Some(Value::Bool(b)),
            DefaultValue::Int(n) => match self.ty {
                ValueType::Plain(_) => plain_int(kind, n),
                ValueType::AclField(_) => acl_int(kind, n),
                ValueType::AclAction(_) | ValueType::AclMask(_) => None,
            },
            DefaultValue::Ipv4(ip) if kind == ValueKind::IpAddress => Some(Value::IpAddress(ip.into())),
            DefaultValue::Ipv4(ip) => Some(Value::Ipv4(ip)),
            DefaultValue::Ipv6(ip) => Some(match self.ty {
                ValueType::AclMask(_) => Value::AclMask(AclMask::Ipv6(ip)),
                _ => Value::Ipv6(ip),
            }),
            DefaultValue::Empty => Value::empty(kind),
            DefaultValue::Null if kind == ValueKind::Pointer => Some(Value::Pointer(0)),
            DefaultValue::Null => Some(Value::Oid(ObjectId::NULL)),
            DefaultValue::Disabled => Some(match self.ty {
                ValueType::AclAction(_) => Value::AclAction(AclAction::Disabled),
                _ => Value::AclField(AclField::Disabled),
            }),
            DefaultValue::None
            | DefaultValue::Internal
            | DefaultValue::Const
            | DefaultValue::Vendor
            | DefaultValue::AttrValue(..) => None,
        }
    }
}

/// A number as a value of this kind. The generator has checked that a default fits its attribute's type.
fn plain_int(kind: ValueKind, n: i64) -> Option<Value> {
    Some(match kind {
        ValueKind::U8 => Value::U8(n as u8),
        ValueKind::I8 => Value::I8(n as i8),
        ValueKind::U16 => Value::U16(n as u16),
        ValueKind::I16 => Value::I16(n as i16),
        ValueKind::U32 => Value::U32(n as u32),
        ValueKind::I32 => Value::I32(n as i32),
        ValueKind::U64 => Value::U64(n as u64),
        ValueKind::I64 => Value::I64(n),
        ValueKind::Timespec => Value::Timespec(Timespec { tv_sec: n as u64, tv_nsec: 0 }),
        _ => return None,
    })
}

/// A number as data of an ACL field that looks at no bit.
fn acl_int(kind: ValueKind, n: i64) -> Option<Value> {
    Some(Value::AclField(match kind {
        ValueKind::U8 => AclField::U8 { data: n as u8, mask: 0 },
        ValueKind::U16 => AclField::U16 { data: n as u16, mask: 0 },
        ValueKind::U32 => AclField::U32 { data: n as u32, mask: 0 },
        ValueKind::I32 => AclField::I32 { data: n as i32, mask: 0 },
        ValueKind::U64 => AclField::U64 { data: n as u64, mask: 0 },
        _ => return None,
    }))
}

impl Value {
    /// The empty list of this kind, or empty text; `None` for a kind that is neither.
    pub fn empty(kind: ValueKind) -> Option<Value> {
        macro_rules! lists {
            ($($list:ident)*) => {
                match kind {
                    $(ValueKind::$list => Some(Value::$list(Vec::new())),)*
                    ValueKind::CharData => Some(Value::CharData(CharData::default())),
                    ValueKind::Json => Some(Value::Json(String::new())),
                    _ => None,
                }
            };
        }
        lists! {
            OidList U8List I8List U16List I16List U32List I32List U16RangeList VlanList QosMapList MapList
            AclResourceList TlvList SegmentList IpAddressList PortEyeValuesList SystemPortConfigList
            PortErrStatusList PortLaneLatchStatusList IpPrefixList AclChainList PortFrequencyOffsetPpmList
            PortSnrList PortPam4EyeValuesList TapsList PrbsLaneRxStatusList PrbsLaneRxStateList
            PrbsLaneBitErrorRateList U64RangeList
        }
    }
}

impl ValueType {
    /// The member of the C union; for ACL values that of the element.
    pub const fn kind(self) -> ValueKind {
        match self {
            ValueType::Plain(k)
            | ValueType::AclField(k)
            | ValueType::AclAction(k)
            | ValueType::AclMask(k) => k,
        }
    }

    /// The variant of [`Value`] that a value of this type is.
    pub const fn value_kind(self) -> ValueKind {
        match self {
            ValueType::Plain(k) => k,
            ValueType::AclField(_) => ValueKind::AclField,
            ValueType::AclAction(_) => ValueKind::AclAction,
            ValueType::AclMask(_) => ValueKind::AclMask,
        }
    }
}

impl EnumMeta {
    /// A value by its number.
    pub fn get(&self, value: i32) -> Option<&'static EnumValue> {
        self.values.get(position(self.runs, value)?)
    }

    /// The SAI name of a value.
    pub fn name_of(&self, value: i32) -> Option<&'static str> {
        self.get(value).map(|v| v.name)
    }

    /// The value of a SAI name, or of a second name.
    pub fn value_of(&self, name: &str) -> Option<i32> {
        let (e, v) = enum_value_by_name(name)?;
        std::ptr::eq(e, self).then_some(v.value)
    }
}

impl Condition {
    /// Whether it holds, given the attributes' values as numbers (a truth value as 0 or 1). An attribute
    /// without a value equals nothing.
    pub fn holds(&self, value: &mut dyn FnMut(u32) -> Option<i64>) -> bool {
        match self {
            Condition::Eq(id, wanted) => value(*id) == Some(*wanted),
            Condition::Ne(id, other) => value(*id).is_some_and(|v| v != *other),
            Condition::All(list) => list.iter().all(|c| c.holds(value)),
            Condition::AnyOf(list) => list.iter().any(|c| c.holds(value)),
        }
    }

    /// Calls `f` with the id of every attribute that it speaks of.
    pub fn for_each_attr(&self, f: &mut dyn FnMut(u32)) {
        match self {
            Condition::Eq(id, _) | Condition::Ne(id, _) => f(*id),
            Condition::All(list) | Condition::AnyOf(list) => list.iter().for_each(|c| c.for_each_attr(f)),
        }
    }
}
