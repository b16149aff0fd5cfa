//! Attributes: an id with a value, and the typed constants.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::meta::{self, AttrMeta};
use crate::types::ObjectType;
use crate::{AttrId, ObjectId, ObjectRef, Oid, SaiEnum, Target, Value};

mod convert;

pub use convert::*;

/// `sai_attribute_t`: the id of an attribute and its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_attribute_t")]
pub struct AttrEntry {
    /// Which attribute.
    pub id: AttrId,
    /// Its value.
    pub value: Value,
}

impl AttrEntry {
    /// An attribute with its value.
    pub const fn new(id: AttrId, value: Value) -> AttrEntry {
        AttrEntry { id, value }
    }

    /// An attribute whose value is asked for.
    pub const fn ask(id: AttrId) -> AttrEntry {
        AttrEntry { id, value: Value::Bool(false) }
    }
}

const _: () = assert!(size_of::<AttrEntry>() <= 48, "an entry is no larger than sai_attribute_t");

/// An object type at compile time: the marker `T` of [`Oid<T>`](crate::Oid), or the key of an entry.
pub trait Object: Sized + 'static {
    /// The object type.
    const TYPE: ObjectType;
    /// What names a new one: nothing yet for an object with an id, the key for an entry.
    type Key: Clone + std::fmt::Debug;
    /// What a creation answers: the id; nothing for an entry.
    type Created: Copy + std::fmt::Debug;

    /// What a backend is asked to create.
    #[doc(hidden)]
    fn entry(key: &Self::Key) -> Option<Entry>;
    /// The answer from the backend's.
    #[doc(hidden)]
    fn created(id: ObjectId) -> Option<Self::Created>;
}

/// An object type that has statistics.
pub trait HasStats: Object {
    /// Their ids.
    type Stat: SaiEnum;
}

/// Something that names an existing object: [`Oid<T>`](crate::Oid) or a reference to an entry's key.
pub trait Handle {
    /// The object type.
    type Object: Object;
    /// The object as the dynamic core names it.
    fn to_ref(&self) -> ObjectRef;
}

impl<T: Object> Handle for Oid<T> {
    type Object = T;
    fn to_ref(&self) -> ObjectRef {
        ObjectRef::Object(T::TYPE, self.raw())
    }
}

/// Declares the marker of an object type that has ids.
macro_rules! id_object {
    ($marker:ident, $ty:ident, $c:literal) => {
        #[doc = concat!("The marker of `", $c, "`, as in [`Oid`].")]
        #[doc(alias = $c)]
        #[derive(Clone, Copy, Debug)]
        pub enum $marker {}

        impl Object for $marker {
            const TYPE: ObjectType = ObjectType::$ty;
            type Key = ();
            type Created = Oid<$marker>;
            fn entry(_: &()) -> Option<crate::Entry> {
                None
            }
            fn created(id: crate::ObjectId) -> Option<Oid<$marker>> {
                id.typed()
            }
        }
    };
}
pub(crate) use id_object;

/// Declares that an entry's key is its marker.
macro_rules! entry_object {
    ($key:ident, $ty:ident) => {
        impl Object for $key {
            const TYPE: ObjectType = ObjectType::$ty;
            type Key = $key;
            type Created = ();
            fn entry(key: &$key) -> Option<crate::Entry> {
                Some(key.clone().into())
            }
            fn created(_: crate::ObjectId) -> Option<()> {
                Some(())
            }
        }

        impl Handle for &$key {
            type Object = $key;
            fn to_ref(&self) -> crate::ObjectRef {
                (*self).clone().into()
            }
        }
    };
}
pub(crate) use entry_object;

/// Declares `Required`.
macro_rules! required {
    ($marker:ident, object { $($field:ident: $ty:ty = $attr:ident, $c:literal;)* }) => {
        /// What must be given to create one. Further attributes follow by [`with`](Required::with).
        #[derive(Clone, Debug)]
        pub struct Required {
            $(#[doc = concat!("`", $c, "`, see [`", stringify!($attr), "`].")] pub $field: $ty,)*
        }

        impl Required {
            /// Adds an attribute.
            pub fn with<V: AttrValue, A: OnCreate>(self, attr: Attr<$marker, V, A>, value: V) -> New<$marker> {
                self.into_new().with(attr, value)
            }
        }

        impl Create for Required {
            type Object = $marker;
            fn into_new(self) -> New<$marker> {
                New::of(())$(.with($attr, self.$field))*
            }
        }
    };
    ($marker:ident, entry { $($field:ident: $ty:ty = $attr:ident, $c:literal;)* }) => {
        /// What must be given to create one. Further attributes follow by [`with`](Required::with).
        #[derive(Clone, Debug)]
        pub struct Required {
            /// The key.
            pub entry: $marker,
            $(#[doc = concat!("`", $c, "`, see [`", stringify!($attr), "`].")] pub $field: $ty,)*
        }

        impl Required {
            /// Adds an attribute.
            pub fn with<V: AttrValue, A: OnCreate>(self, attr: Attr<$marker, V, A>, value: V) -> New<$marker> {
                self.into_new().with(attr, value)
            }
        }

        impl Create for Required {
            type Object = $marker;
            fn into_new(self) -> New<$marker> {
                New::of(self.entry)$(.with($attr, self.$field))*
            }
        }
    };
}
pub(crate) use required;

/// What can be created: a module's `Required`, or what its `with` made of it.
pub trait Create {
    /// The object type.
    type Object: Object;
    /// The attributes collected so far.
    fn into_new(self) -> New<Self::Object>;
}

/// An object to be created, with its attributes.
#[derive(Clone, Debug)]
pub struct New<T: Object> {
    key: T::Key,
    attrs: Vec<AttrEntry>,
}

impl<T: Object> New<T> {
    /// An object without attributes yet. A module's `Required` names what has to be given; this does not.
    pub fn of(key: T::Key) -> New<T> {
        New { key, attrs: Vec::new() }
    }

    /// Adds an attribute.
    pub fn with<V: AttrValue, A: OnCreate>(mut self, attr: Attr<T, V, A>, value: V) -> New<T> {
        self.attrs.push(AttrEntry::new(attr.id(), value.into_value()));
        self
    }

    /// The attributes.
    pub fn attrs(&self) -> &[AttrEntry] {
        &self.attrs
    }

    /// The entry to be created, where it is one.
    pub fn entry(&self) -> Option<Entry> {
        T::entry(&self.key)
    }
}

impl<T: Object> Create for New<T> {
    type Object = T;
    fn into_new(self) -> New<T> {
        self
    }
}

/// What is to be created, as the dynamic core names it.
pub(crate) fn target<T: Object>(entry: Option<&Entry>) -> Target<'_> {
    match entry {
        Some(entry) => Target::Entry(entry),
        None => Target::Object(T::TYPE),
    }
}

/// Access: may be read alone.
#[derive(Clone, Copy, Debug)]
pub enum ReadOnly {}
/// Access: may be given on create, and read.
#[derive(Clone, Copy, Debug)]
pub enum CreateOnly {}
/// Access: may be given on create, set, and read.
#[derive(Clone, Copy, Debug)]
pub enum CreateAndSet {}

mod sealed {
    pub trait Access {}
    impl Access for super::ReadOnly {}
    impl Access for super::CreateOnly {}
    impl Access for super::CreateAndSet {}
}

/// Access that allows an attribute on create.
#[diagnostic::on_unimplemented(message = "this attribute is read-only: it cannot be given on create")]
pub trait OnCreate: sealed::Access {}
impl OnCreate for CreateOnly {}
impl OnCreate for CreateAndSet {}

/// Access that allows an attribute to be set.
#[diagnostic::on_unimplemented(message = "this attribute cannot be set: its access is `{Self}`")]
pub trait OnSet: sealed::Access {}
impl OnSet for CreateAndSet {}

/// An attribute of objects of type `T` with values of type `V` and access `A`:
/// [`port::SPEED`](crate::port::SPEED) is an `Attr<Port, u32, CreateAndSet>`.
pub struct Attr<T, V, A> {
    id: AttrId,
    block: u16,
    #[allow(clippy::type_complexity)]
    marker: PhantomData<fn() -> (T, V, A)>,
}

impl<T, V, A> Clone for Attr<T, V, A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, V, A> Copy for Attr<T, V, A> {}

impl<T: Object, V, A> std::fmt::Debug for Attr<T, V, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.meta() {
            Some(meta) => f.write_str(&meta.name_of(self.id)),
            None => write!(f, "{} attribute {:#x}", T::TYPE, self.id),
        }
    }
}

impl<T, V, A> Attr<T, V, A> {
    pub(crate) const fn new(id: AttrId) -> Attr<T, V, A> {
        Attr::block(id, 1)
    }

    pub(crate) const fn block(id: AttrId, block: u16) -> Attr<T, V, A> {
        Attr { id, block, marker: PhantomData }
    }

    /// An attribute that SAI does not know, of a vendor's own range (from 0x10000000), on the caller's
    /// word that the library has it with values of type `V` and access `A`.
    pub const fn custom(id: AttrId) -> Attr<T, V, A> {
        Attr::new(id)
    }

    /// The number.
    pub const fn id(self) -> AttrId {
        self.id
    }

    /// The `i`-th attribute of a block of ids, from 0. Panics past the block's end.
    pub const fn nth(self, i: u16) -> Attr<T, V, A> {
        assert!(i < self.block, "past the end of the block of attributes");
        Attr::block(self.id + i as u32, self.block - i)
    }
}

impl<T: Object, V, A> Attr<T, V, A> {
    /// What SAI says about it; `None` for a custom attribute.
    pub fn meta(self) -> Option<&'static AttrMeta> {
        meta::attr(T::TYPE, self.id)
    }
}
