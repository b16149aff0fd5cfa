//! C enums as newtypes.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Deserializer, Serializer};

use crate::meta::EnumMeta;

/// A C enum: a number with named constants. A value without a name, from a newer library or a vendor, is
/// legal and kept.
///
/// It prints as its SAI name (`SAI_PORT_OPER_STATUS_UP`), or as `OperStatus(7)` where it has none, and is
/// serialised by name in forms that people read.
pub trait SaiEnum: Copy + Eq + Ord + Hash + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The enum's names and values.
    const META: &'static EnumMeta;
    /// The name of the Rust type.
    const NAME: &'static str;

    /// The enum value of a number.
    fn from_raw(raw: i32) -> Self;

    /// Its number.
    fn raw(self) -> i32;

    /// Its SAI name, where it has one.
    fn name(self) -> Option<&'static str> {
        Self::META.name_of(self.raw())
    }

    /// The value of a SAI name.
    fn from_name(name: &str) -> Option<Self> {
        Self::META.value_of(name).map(Self::from_raw)
    }
}

/// Declares a C enum: the newtype, its constants and what every enum can do.
macro_rules! sai_enum {
    ($rust:ident, $c:literal, $meta:ident { $($(#[$doc:meta])* $name:ident = $value:literal, $c_name:literal;)* }) => {
        #[doc = concat!("`", $c, "`.")]
        #[doc(alias = $c)]
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $rust(pub i32);

        impl $rust {
            $($(#[$doc])* #[doc = concat!("`", $c_name, "`.")] #[doc(alias = $c_name)]
            pub const $name: $rust = $rust($value);)*
        }

        impl crate::enumeration::SaiEnum for $rust {
            const META: &'static crate::meta::EnumMeta = &crate::meta::enums::$meta;
            const NAME: &'static str = stringify!($rust);
            fn from_raw(raw: i32) -> Self {
                $rust(raw)
            }
            fn raw(self) -> i32 {
                self.0
            }
        }

        impl std::fmt::Display for $rust {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::enumeration::print(*self, f)
            }
        }

        impl std::fmt::Debug for $rust {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::enumeration::print(*self, f)
            }
        }

        impl serde::Serialize for $rust {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                crate::enumeration::serialize(*self, s)
            }
        }

        impl<'de> serde::Deserialize<'de> for $rust {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                crate::enumeration::deserialize(d)
            }
        }
    };
}
pub(crate) use sai_enum;

pub(crate) fn print<E: SaiEnum>(value: E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.name() {
        Some(name) => f.pad(name),
        None => write!(f, "{}({})", E::NAME, value.raw()),
    }
}

pub(crate) fn serialize<E: SaiEnum, S: Serializer>(value: E, s: S) -> Result<S::Ok, S::Error> {
    match value.name() {
        Some(name) if s.is_human_readable() => s.serialize_str(name),
        _ => s.serialize_i32(value.raw()),
    }
}

pub(crate) fn deserialize<'de, E: SaiEnum, D: Deserializer<'de>>(d: D) -> Result<E, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NameOrNumber<'a> {
        Number(i32),
        Name(#[serde(borrow)] std::borrow::Cow<'a, str>),
    }
    if !d.is_human_readable() {
        return i32::deserialize(d).map(E::from_raw);
    }
    match NameOrNumber::deserialize(d)? {
        NameOrNumber::Number(raw) => Ok(E::from_raw(raw)),
        NameOrNumber::Name(name) => E::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("{name} is no value of {}", E::META.name))),
    }
}
