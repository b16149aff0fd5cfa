//! Object ids.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::attr::Object;

/// `sai_object_id_t` as the C interface has it: any value, null included. The dynamic core uses it;
/// typed code uses [`Oid`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct ObjectId(pub u64);

impl ObjectId {
    /// `SAI_NULL_OBJECT_ID`.
    #[doc(alias = "SAI_NULL_OBJECT_ID")]
    pub const NULL: ObjectId = ObjectId(0);

    /// Whether this is the null id.
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The id as one of any type; `None` for null.
    pub const fn any(self) -> Option<AnyOid> {
        match NonZeroU64::new(self.0) {
            Some(id) => Some(Oid::new(id)),
            None => None,
        }
    }

    /// The id as one of an object of type `T`, on the caller's word; `None` for null.
    pub const fn typed<T>(self) -> Option<Oid<T>> {
        match NonZeroU64::new(self.0) {
            Some(id) => Some(Oid::new(id)),
            None => None,
        }
    }
}

/// Prints as the recording format has it: `oid:0x1000000000001`.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oid:{:#x}", self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no object id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no object id: expected oid:0x and hexadecimal digits")]
pub struct ParseObjectIdError(String);

impl FromStr for ObjectId {
    type Err = ParseObjectIdError;
    fn from_str(s: &str) -> Result<ObjectId, ParseObjectIdError> {
        s.strip_prefix("oid:0x")
            .filter(|hex| !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .map(ObjectId)
            .ok_or_else(|| ParseObjectIdError(s.to_owned()))
    }
}

impl Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<ObjectId, D::Error> {
        if d.is_human_readable() {
            let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
            s.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(d).map(ObjectId)
        }
    }
}

/// The id of an object of type `T`, never null: `Oid<Port>`. `Option<Oid<T>>` stands where SAI allows
/// `SAI_NULL_OBJECT_ID`, and costs no more than the bare number.
#[doc(alias = "sai_object_id_t")]
#[repr(transparent)]
pub struct Oid<T> {
    id: NonZeroU64,
    object: PhantomData<fn() -> T>,
}

/// The marker of [`AnyOid`].
#[derive(Clone, Copy, Debug)]
pub enum Any {}

/// The id of an object whose type is not known at compile time, for attributes that take several.
pub type AnyOid = Oid<Any>;

impl<T> Oid<T> {
    /// An id from its number.
    pub const fn new(id: NonZeroU64) -> Oid<T> {
        Oid { id, object: PhantomData }
    }

    /// The number.
    pub const fn get(self) -> NonZeroU64 {
        self.id
    }

    /// The id as the dynamic core has it.
    pub const fn raw(self) -> ObjectId {
        ObjectId(self.id.get())
    }

    /// Forgets the type.
    pub const fn any(self) -> AnyOid {
        Oid::new(self.id)
    }

    /// The same id as one of another type, on the caller's word.
    pub const fn cast<U>(self) -> Oid<U> {
        Oid::new(self.id)
    }
}

impl<T> Clone for Oid<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Oid<T> {}
impl<T> PartialEq for Oid<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
impl<T> Eq for Oid<T> {}
impl<T> PartialOrd for Oid<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Oid<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.id.cmp(&other.id)
    }
}
impl<T> Hash for Oid<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}
impl<T> fmt::Display for Oid<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw().fmt(f)
    }
}
impl<T> fmt::Debug for Oid<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw().fmt(f)
    }
}
impl<T> From<Oid<T>> for ObjectId {
    fn from(oid: Oid<T>) -> ObjectId {
        oid.raw()
    }
}
impl<T> From<Option<Oid<T>>> for ObjectId {
    fn from(oid: Option<Oid<T>>) -> ObjectId {
        oid.map_or(ObjectId::NULL, Oid::raw)
    }
}
impl<T: Object> From<Oid<T>> for AnyOid {
    fn from(oid: Oid<T>) -> AnyOid {
        oid.any()
    }
}
