//! Rust types as attribute values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::value::*;
use crate::{ObjectId, Oid, SaiEnum};

/// A Rust type that is the value of attributes.
pub trait AttrValue: Sized {
    /// As the dynamic core has it.
    fn into_value(self) -> Value;
    /// From the dynamic core; `None` for a value of another kind, or a null id where `Self` has no null.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! plain {
    ($($ty:ty => $variant:ident,)*) => {
        $(impl AttrValue for $ty {
            fn into_value(self) -> Value {
                Value::$variant(self.into())
            }
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(v) => Some(unbox(v)),
                    _ => None,
                }
            }
        })*
    };
}

/// Takes a value out of its box, or lets a bare one through.
fn unbox<T, B: Unbox<T>>(value: B) -> T {
    value.unbox()
}
trait Unbox<T> {
    fn unbox(self) -> T;
}
impl<T> Unbox<T> for T {
    fn unbox(self) -> T {
        self
    }
}
impl Unbox<AclCapability> for Box<AclCapability> {
    fn unbox(self) -> AclCapability {
        *self
    }
}

plain! {
    bool => Bool,
    CharData => CharData,
    u8 => U8,
    i8 => I8,
    u16 => U16,
    i16 => I16,
    u32 => U32,
    i32 => I32,
    u64 => U64,
    i64 => I64,
    MacAddr => Mac,
    Ipv4Addr => Ipv4,
    Ipv6Addr => Ipv6,
    IpAddr => IpAddress,
    IpNet => IpPrefix,
    PrbsRxState => PrbsRxState,
    ObjectId => Oid,
    Vec<ObjectId> => OidList,
    Vec<u8> => U8List,
    Vec<i8> => I8List,
    Vec<u16> => U16List,
    Vec<i16> => I16List,
    Vec<u32> => U32List,
    Vec<i32> => I32List,
    Range<u32> => U32Range,
    Range<i32> => I32Range,
    Range<u16> => U16Range,
    Range<u64> => U64Range,
    Vec<Range<u16>> => U16RangeList,
    Vec<Range<u64>> => U64RangeList,
    Vec<QosMap> => QosMapList,
    Vec<MapEntry> => MapList,
    AclCapability => AclCapability,
    Vec<AclResource> => AclResourceList,
    Vec<Tlv> => TlvList,
    Vec<Ipv6Addr> => SegmentList,
    Vec<IpAddr> => IpAddressList,
    Vec<IpNet> => IpPrefixList,
    Vec<PortLaneEyeValues> => PortEyeValuesList,
    Timespec => Timespec,
    SystemPortConfig => SystemPortConfig,
    Vec<SystemPortConfig> => SystemPortConfigList,
    FabricPortReachability => FabricPortReachability,
    Vec<PortLaneLatchStatus> => PortLaneLatchStatusList,
    LatchStatus => LatchStatus,
    Vec<AclChain> => AclChainList,
    Vec<PortFrequencyOffsetPpm> => PortFrequencyOffsetPpmList,
    Vec<PortSnr> => PortSnrList,
    PoePortPowerConsumption => PoePortPowerConsumption,
    Vec<PortPam4LaneEyeValues> => PortPam4EyeValuesList,
    Vec<Vec<i32>> => TapsList,
    Vec<PrbsLaneRxStatus> => PrbsLaneRxStatusList,
    Vec<PrbsLaneRxState> => PrbsLaneRxStateList,
    PrbsBitErrorRate => PrbsBitErrorRate,
    Vec<PrbsLaneBitErrorRate> => PrbsLaneBitErrorRateList,
}

/// Types of their own for union members whose content has the same Rust type as another's.
macro_rules! wrappers {
    ($($(#[$doc:meta])* $name:ident($inner:ty),)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub struct $name(pub $inner);

            impl From<$inner> for $name {
                fn from(inner: $inner) -> $name {
                    $name(inner)
                }
            }

            impl AttrValue for $name {
                fn into_value(self) -> Value {
                    Value::$name(self.0)
                }
                fn from_value(value: Value) -> Option<$name> {
                    match value {
                        Value::$name(inner) => Some($name(inner)),
                        _ => None,
                    }
                }
            }
        )*
    };
}

wrappers! {
    /// A list of VLAN ids, `sai_vlan_list_t`.
    VlanList(Vec<u16>),
    /// A pointer, `sai_pointer_t`: an address that only the C layers give meaning.
    Pointer(usize),
    /// An encryption key, `sai_encrypt_key_t`.
    EncryptKey([u8; 32]),
    /// An authentication key, `sai_auth_key_t`.
    AuthKey([u8; 16]),
    /// A MACsec secure association key, `sai_macsec_sak_t`.
    MacsecSak([u8; 32]),
    /// A MACsec authentication key, `sai_macsec_auth_key_t`.
    MacsecAuthKey([u8; 16]),
    /// A MACsec salt, `sai_macsec_salt_t`.
    MacsecSalt([u8; 12]),
    /// Port errors, `sai_port_err_status_list_t`.
    PortErrStatusList(Vec<crate::port::ErrStatus>),
    /// JSON text, `sai_json_t`.
    Json(String),
}

impl<E: SaiEnum> AttrValue for E {
    fn into_value(self) -> Value {
        Value::I32(self.raw())
    }
    fn from_value(value: Value) -> Option<E> {
        i32::from_value(value).map(E::from_raw)
    }
}

impl<E: SaiEnum> AttrValue for Vec<E> {
    fn into_value(self) -> Value {
        Value::I32List(self.into_iter().map(E::raw).collect())
    }
    fn from_value(value: Value) -> Option<Vec<E>> {
        Some(Vec::<i32>::from_value(value)?.into_iter().map(E::from_raw).collect())
    }
}

impl<T> AttrValue for Oid<T> {
    fn into_value(self) -> Value {
        Value::Oid(self.raw())
    }
    fn from_value(value: Value) -> Option<Oid<T>> {
        value.as_oid()?.typed()
    }
}

impl<T> AttrValue for Option<Oid<T>> {
    fn into_value(self) -> Value {
        Value::Oid(self.into())
    }
    fn from_value(value: Value) -> Option<Option<Oid<T>>> {
        value.as_oid().map(ObjectId::typed)
    }
}

impl<T> AttrValue for Vec<Oid<T>> {
    fn into_value(self) -> Value {
        Value::OidList(self.into_iter().map(Oid::raw).collect())
    }
    fn from_value(value: Value) -> Option<Vec<Oid<T>>> {
        Vec::<ObjectId>::from_value(value)?.into_iter().map(ObjectId::typed).collect()
    }
}

/// What an ACL entry matches in a field of type `E`: `sai_acl_field_data_t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclMatch<E: AclElement> {
    /// The field is not looked at.
    Disabled,
    /// The packet matches if its field equals `data` in the bits of `mask`.
    Enabled {
        /// What is compared.
        data: E,
        /// Which bits count; `()` where the element has no mask.
        mask: E::Mask,
    },
}

impl<E: AclElement> AclMatch<E> {
    /// Matches this value alone.
    pub fn exact(data: E) -> AclMatch<E> {
        let mask = data.full_mask();
        AclMatch::Enabled { data, mask }
    }

    /// Matches in the bits of a mask.
    pub fn masked(data: E, mask: E::Mask) -> AclMatch<E> {
        AclMatch::Enabled { data, mask }
    }
}

impl<E: AclElement> From<E> for AclMatch<E> {
    fn from(data: E) -> AclMatch<E> {
        AclMatch::exact(data)
    }
}

impl<E: AclElement> AttrValue for AclMatch<E> {
    fn into_value(self) -> Value {
        Value::AclField(match self {
            AclMatch::Disabled => AclField::Disabled,
            AclMatch::Enabled { data, mask } => data.into_field(mask),
        })
    }
    fn from_value(value: Value) -> Option<AclMatch<E>> {
        match value {
            Value::AclField(AclField::Disabled) => Some(AclMatch::Disabled),
            Value::AclField(field) => {
                E::from_field(field).map(|(data, mask)| AclMatch::Enabled { data, mask })
            }
            _ => None,
        }
    }
}

/// The type of an ACL field.
pub trait AclElement: Sized {
    /// The type of its mask; `()` where it has none.
    type Mask;
    /// The mask in which every bit counts.
    fn full_mask(&self) -> Self::Mask;
    /// As the dynamic core has it.
    fn into_field(self, mask: Self::Mask) -> AclField;
    /// From the dynamic core.
    fn from_field(field: AclField) -> Option<(Self, Self::Mask)>;
}

macro_rules! masked {
    ($($ty:ty => $variant:ident, $full:expr;)*) => {
        $(impl AclElement for $ty {
            type Mask = $ty;
            fn full_mask(&self) -> $ty {
                $full
            }
            fn into_field(self, mask: $ty) -> AclField {
                AclField::$variant { data: self, mask }
            }
            fn from_field(field: AclField) -> Option<($ty, $ty)> {
                match field {
                    AclField::$variant { data, mask } => Some((data, mask)),
                    _ => None,
                }
            }
        })*
    };
}
masked! {
    u8 => U8, u8::MAX;
    i8 => I8, -1;
    u16 => U16, u16::MAX;
    i16 => I16, -1;
    u32 => U32, u32::MAX;
    i32 => I32, -1;
    u64 => U64, u64::MAX;
    MacAddr => Mac, MacAddr::BROADCAST;
    Ipv4Addr => Ipv4, Ipv4Addr::BROADCAST;
    Ipv6Addr => Ipv6, Ipv6Addr::from_bits(u128::MAX);
}

macro_rules! unmasked {
    ($([$($t:ident)?] $ty:ty => $variant:ident, $to:expr, $from:expr;)*) => {
        $(impl$(<$t>)? AclElement for $ty {
            type Mask = ();
            fn full_mask(&self) {}
            fn into_field(self, (): ()) -> AclField {
                let to: fn($ty) -> _ = $to;
                AclField::$variant(to(self))
            }
            fn from_field(field: AclField) -> Option<($ty, ())> {
                let from: fn(_) -> Option<$ty> = $from;
                match field {
                    AclField::$variant(v) => from(v).map(|v| (v, ())),
                    _ => None,
                }
            }
        })*
    };
}
unmasked! {
    [] bool => Bool, |b| b, Some;
    [T] Oid<T> => Oid, Oid::raw, ObjectId::typed;
    [T] Vec<Oid<T>> => OidList, |l| l.into_iter().map(Oid::raw).collect(),
        |l: Vec<ObjectId>| l.into_iter().map(ObjectId::typed).collect();
}

impl AclElement for Vec<u8> {
    type Mask = Vec<u8>;
    fn full_mask(&self) -> Vec<u8> {
        vec![0xff; self.len()]
    }
    fn into_field(self, mask: Vec<u8>) -> AclField {
        AclField::U8List(Box::new(ByteMatch { data: self, mask }))
    }
    fn from_field(field: AclField) -> Option<(Vec<u8>, Vec<u8>)> {
        match field {
            AclField::U8List(m) => Some((m.data, m.mask)),
            _ => None,
        }
    }
}

impl<E: SaiEnum> AclElement for E {
    type Mask = i32;
    fn full_mask(&self) -> i32 {
        -1
    }
    fn into_field(self, mask: i32) -> AclField {
        AclField::I32 { data: self.raw(), mask }
    }
    fn from_field(field: AclField) -> Option<(E, i32)> {
        i32::from_field(field).map(|(data, mask)| (E::from_raw(data), mask))
    }
}

/// The parameter of an ACL action of type `E`: `sai_acl_action_data_t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclParameter<E> {
    /// The action is not taken.
    Disabled,
    /// The action is taken with this parameter.
    Enabled(E),
}

impl<E> From<E> for AclParameter<E> {
    fn from(parameter: E) -> AclParameter<E> {
        AclParameter::Enabled(parameter)
    }
}

impl<E: AttrValue> AttrValue for AclParameter<E> {
    fn into_value(self) -> Value {
        macro_rules! wrap {
            ($value:expr, $($variant:ident)*) => {
                match $value {
                    $(Value::$variant(v) => AclAction::$variant(v),)*
                    // No attribute has an action of another type.
                    _ => AclAction::Disabled,
                }
            };
        }
        Value::AclAction(match self {
            AclParameter::Disabled => AclAction::Disabled,
            AclParameter::Enabled(e) => {
                wrap!(e.into_value(), Bool U8 I8 U16 I16 U32 I32 Mac Ipv4 Ipv6 Oid OidList IpAddress)
            }
        })
    }
    fn from_value(value: Value) -> Option<AclParameter<E>> {
        macro_rules! unwrap {
            ($action:expr, $($variant:ident)*) => {
                match $action {
                    AclAction::Disabled => return Some(AclParameter::Disabled),
                    $(AclAction::$variant(v) => Value::$variant(v),)*
                }
            };
        }
        let Value::AclAction(action) = value else { return None };
        let value = unwrap!(action, Bool U8 I8 U16 I16 U32 I32 Mac Ipv4 Ipv6 Oid OidList IpAddress);
        E::from_value(value).map(AclParameter::Enabled)
    }
}

/// Which bits of an ACL field count: `sai_acl_field_data_mask_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclMaskOf<E>(pub E);

impl AttrValue for AclMaskOf<Ipv6Addr> {
    fn into_value(self) -> Value {
        Value::AclMask(AclMask::Ipv6(self.0))
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::AclMask(AclMask::Ipv6(mask)) => Some(AclMaskOf(mask)),
            _ => None,
        }
    }
}
