//! Entries, the objects that have a key instead of an id, and references to objects of either sort.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ObjectId;
use crate::types::ObjectType;

pub(crate) mod keys;

pub use keys::*;

/// Declares [`Entry`] over the keys: the variant, the object type, the C name, and the object ids of the
/// key beside `switch_id` with the types that they may name.
macro_rules! entries {
    ($($variant:ident($key:ident), $ty:ident, $c:literal { $($oid:ident: [$($allowed:expr),*]),* })*) => {
        /// The key of an entry of any type.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Entry {
            $(#[doc = concat!("`", $c, "`.")] $variant($key),)*
        }

        impl Entry {
            /// Its object type.
            pub const fn object_type(&self) -> ObjectType {
                match self { $(Entry::$variant(_) => ObjectType::$ty,)* }
            }

            /// The switch that it belongs to; null means the only one.
            pub const fn switch_id(&self) -> ObjectId {
                match self { $(Entry::$variant(key) => key.switch_id,)* }
            }

            /// The switch that it belongs to, to be changed.
            pub const fn switch_id_mut(&mut self) -> &mut ObjectId {
                match self { $(Entry::$variant(key) => &mut key.switch_id,)* }
            }

            /// Calls `f` with every object id of the key, `switch_id` first, and the object types that it
            /// may name.
            pub fn for_each_oid(&self, mut f: impl FnMut(ObjectId, &'static [ObjectType])) {
                match self { $(Entry::$variant(key) => key.visit_oids(&mut f),)* }
            }

            /// Calls `f` with every object id of the key, so that it can be replaced.
            pub fn for_each_oid_mut(&mut self, mut f: impl FnMut(&mut ObjectId, &'static [ObjectType])) {
                match self { $(Entry::$variant(key) => key.visit_oids_mut(&mut f),)* }
            }
        }

        /// Prints the type and the key's fields.
        impl std::fmt::Display for Entry {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} ", self.object_type())?;
                match self { $(Entry::$variant(key) => std::fmt::Debug::fmt(key, f),)* }
            }
        }

        $(
            impl $key {
                pub(crate) fn visit_oids(&self, f: &mut dyn FnMut(ObjectId, &'static [ObjectType])) {
                    f(self.switch_id, &[ObjectType::SWITCH]);
                    $(f(self.$oid, &[$($allowed),*]);)*
                }

                pub(crate) fn visit_oids_mut(&mut self, f: &mut dyn FnMut(&mut ObjectId, &'static [ObjectType])) {
                    f(&mut self.switch_id, &[ObjectType::SWITCH]);
                    $(f(&mut self.$oid, &[$($allowed),*]);)*
                }
            }

            impl From<$key> for Entry {
                fn from(key: $key) -> Entry {
                    Entry::$variant(key)
                }
            }

            impl From<$key> for crate::ObjectRef {
                fn from(key: $key) -> crate::ObjectRef {
                    crate::ObjectRef::Entry(Entry::$variant(key))
                }
            }
        )*
    };
}
use entries;

/// An object: by type and id, or by its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectRef {
    /// An object with an id.
    Object(ObjectType, ObjectId),
    /// An entry.
    Entry(Entry),
}

impl ObjectRef {
    /// The type.
    pub const fn object_type(&self) -> ObjectType {
        match self {
            ObjectRef::Object(ty, _) => *ty,
            ObjectRef::Entry(entry) => entry.object_type(),
        }
    }

    /// The id; `None` for an entry.
    pub const fn oid(&self) -> Option<ObjectId> {
        match self {
            ObjectRef::Object(_, id) => Some(*id),
            ObjectRef::Entry(_) => None,
        }
    }

    /// The key; `None` for an object with an id.
    pub const fn entry(&self) -> Option<&Entry> {
        match self {
            ObjectRef::Object(..) => None,
            ObjectRef::Entry(entry) => Some(entry),
        }
    }
}

impl From<Entry> for ObjectRef {
    fn from(entry: Entry) -> ObjectRef {
        ObjectRef::Entry(entry)
    }
}

/// Prints the type and the id, `SAI_OBJECT_TYPE_PORT oid:0x1000000000001`, or the key's fields,
/// `SAI_OBJECT_TYPE_ROUTE_ENTRY RouteEntry { switch_id: oid:0x1, vr_id: oid:0x3, destination: 10.0.0.0/8 }`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObjectRef::Object(ty, id) => write!(f, "{ty} {id}"),
            ObjectRef::Entry(entry) => fmt::Display::fmt(entry, f),
        }
    }
}
