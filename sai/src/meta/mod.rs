//! What SAI says about every object type, attribute, enum and statistic, as static tables generated
//! from the model, and the look-ups over them. Every look-up is O(1).

use bitflags::bitflags;

use crate::types::{Api, ObjectType};
use crate::value::ValueKind;

mod lookup;
mod tables;

pub use lookup::*;
pub(crate) use tables::enums;
pub use tables::{ENUMS, OBJECTS};

/// A SAI release, `1.13`. Items older than 1.13 carry [`Release::OLD`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// Major number.
    pub major: u8,
    /// Minor number.
    pub minor: u8,
}

impl Release {
    /// 1.12 or before.
    pub const OLD: Release = Release { major: 1, minor: 12 };
    /// The release that the tables describe.
    pub const CURRENT: Release = Release { major: 1, minor: 18 };
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// An object type.
#[derive(Debug)]
pub struct ObjectMeta {
    /// The type.
    pub object_type: ObjectType,
    /// `SAI_OBJECT_TYPE_PORT`.
    pub name: &'static str,
    /// The position in [`OBJECTS`]: dense, from 0, the same for every build of one release.
    pub dense: u8,
    /// The API whose table creates it.
    pub api: Api,
    /// Its attributes in ascending order of id.
    pub attrs: &'static [AttrMeta],
    /// Where the runs of consecutive attribute ids begin.
    pub(crate) runs: &'static [Run],
    /// Second names of attributes, kept by SAI for compatibility, with their ids.
    pub aliases: &'static [(&'static str, u32)],
    /// Its statistics.
    pub stats: Option<&'static EnumMeta>,
    /// The key's fields, when it is an entry and has no object id.
    pub key: Option<&'static [KeyField]>,
    /// The function-table stem: `create_{stem}`, `remove_{stem}`, …
    pub stem: &'static str,
    /// The C functions of the API table that deal with it.
    pub verbs: Verbs,
    /// Whether it is one of the experimental types.
    pub experimental: bool,
    /// The release that brought it.
    pub since: Release,
}

/// A run of consecutive numbers in a table: the first number, its position, and how many.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) first: i32,
    pub(crate) index: u16,
    pub(crate) len: u16,
}

bitflags! {
    /// The C functions that an object type has.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Verbs: u16 {
        /// `create_*`.
        const CREATE = 1;
        /// `remove_*`.
        const REMOVE = 2;
        /// `set_*_attribute`.
        const SET = 4;
        /// `get_*_attribute`.
        const GET = 8;
        /// The bulk create.
        const BULK_CREATE = 16;
        /// The bulk remove.
        const BULK_REMOVE = 32;
        /// The bulk set.
        const BULK_SET = 64;
        /// The bulk get.
        const BULK_GET = 128;
        /// `get_*_stats`.
        const GET_STATS = 256;
        /// `get_*_stats_ext`.
        const GET_STATS_EXT = 512;
        /// `clear_*_stats`.
        const CLEAR_STATS = 1024;
    }

    /// How an attribute may be used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AttrFlags: u16 {
        /// Must be given on create (when its condition holds).
        const MANDATORY_ON_CREATE = 1;
        /// May be given on create alone.
        const CREATE_ONLY = 2;
        /// May be given on create and set.
        const CREATE_AND_SET = 4;
        /// May be read alone.
        const READ_ONLY = 8;
        /// Part of the object's key: no two objects have the same.
        const KEY = 16;
        /// `SAI_NULL_OBJECT_ID` is a legal value.
        const ALLOW_NULL = 32;
        /// The value is a VLAN id.
        const VLAN = 64;
        /// Distinguishes resources in availability queries.
        const RESOURCE_TYPE = 128;
        /// The condition is advice.
        const RELAXED = 256;
        /// Replaced by another.
        const DEPRECATED = 512;
    }
}

/// An attribute.
#[derive(Debug)]
pub struct AttrMeta {
    /// Its id.
    pub id: u32,
    /// `SAI_PORT_ATTR_SPEED`.
    pub name: &'static str,
    /// The object type that it belongs to.
    pub object_type: ObjectType,
    /// What its values are.
    pub ty: ValueType,
    /// The enum of the value, of the list's or ACL value's element.
    pub enumeration: Option<&'static EnumMeta>,
    /// How it may be used.
    pub flags: AttrFlags,
    /// What it is when never set.
    pub default: DefaultValue,
    /// The object types that an object id may name.
    pub objects: &'static [ObjectType],
    /// Must be given on create when this holds, and may be given only then.
    pub condition: Option<&'static Condition>,
    /// Has effect only when this holds.
    pub valid_only: Option<&'static Condition>,
    /// The size of the block of ids that begins here; 1 for a single attribute.
    pub block: u16,
    /// The notification function's type, for a pointer.
    pub notification: Option<&'static str>,
    /// The release that brought it.
    pub since: Release,
}

/// The type of an attribute's value: a member of the C union, and for ACL values the element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A member of the union.
    Plain(ValueKind),
    /// `sai_acl_field_data_t` of this element.
    AclField(ValueKind),
    /// `sai_acl_action_data_t` of this element.
    AclAction(ValueKind),
    /// `sai_acl_field_data_mask_t` of this element.
    AclMask(ValueKind),
}

/// What an attribute is when never set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// It has none.
    None,
    /// A truth value.
    Bool(bool),
    /// A number or an enum value.
    Int(i64),
    /// An IPv4 address.
    Ipv4(std::net::Ipv4Addr),
    /// An IPv6 address.
    Ipv6(std::net::Ipv6Addr),
    /// An empty list or empty text.
    Empty,
    /// The null object id or null pointer.
    Null,
    /// The ACL field or action is disabled.
    Disabled,
    /// The switch makes it.
    Internal,
    /// Implementation defined, the same always.
    Const,
    /// Implementation defined.
    Vendor,
    /// The current value of this attribute of another object (or of the same).
    AttrValue(ObjectType, u32),
}

/// A condition over attributes of the same object.
#[derive(Debug)]
pub enum Condition {
    /// The attribute has this value.
    Eq(u32, i64),
    /// The attribute has another value.
    Ne(u32, i64),
    /// All hold.
    All(&'static [Condition]),
    /// At least one holds.
    AnyOf(&'static [Condition]),
}

/// An enum.
#[derive(Debug)]
pub struct EnumMeta {
    /// `sai_port_oper_status_t`.
    pub name: &'static str,
    /// The values without sentinels and aliases, in ascending order.
    pub values: &'static [EnumValue],
    /// The values are flags or open ranges.
    pub free_form: bool,
    /// Where the runs of consecutive values begin.
    pub(crate) runs: &'static [Run],
    /// Second names of values, kept by SAI for compatibility.
    pub aliases: &'static [EnumValue],
}

/// A value of an enum.
#[derive(Debug)]
pub struct EnumValue {
    /// Its number.
    pub value: i32,
    /// `SAI_PORT_OPER_STATUS_UP`.
    pub name: &'static str,
    /// The release that brought it.
    pub since: Release,
}

/// A field of an entry's key.
#[derive(Debug)]
pub struct KeyField {
    /// `vr_id`.
    pub name: &'static str,
    /// The C type, `sai_object_id_t`.
    pub c_type: &'static str,
    /// The object types that an object id may name.
    pub objects: &'static [ObjectType],
}

#[cfg(test)]
mod tests;
