//! What ACL entries match and do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::MacAddr;
use crate::ObjectId;

/// Data and mask of an ACL field of bytes (user-defined fields).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ByteMatch {
    /// What is compared.
    pub data: Vec<u8>,
    /// Which bits count.
    pub mask: Vec<u8>,
}

/// `sai_acl_field_data_t`: what an ACL entry matches in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_acl_field_data_t")]
#[allow(missing_docs)]
pub enum AclField {
    /// The field is not looked at.
    #[default]
    Disabled,
    Bool(bool),
    U8 {
        data: u8,
        mask: u8,
    },
    I8 {
        data: i8,
        mask: i8,
    },
    U16 {
        data: u16,
        mask: u16,
    },
    I16 {
        data: i16,
        mask: i16,
    },
    U32 {
        data: u32,
        mask: u32,
    },
    I32 {
        data: i32,
        mask: i32,
    },
    U64 {
        data: u64,
        mask: u64,
    },
    Mac {
        data: MacAddr,
        mask: MacAddr,
    },
    Ipv4 {
        data: Ipv4Addr,
        mask: Ipv4Addr,
    },
    Ipv6 {
        data: Ipv6Addr,
        mask: Ipv6Addr,
    },
    Oid(ObjectId),
    OidList(Vec<ObjectId>),
    U8List(Box<ByteMatch>),
}

/// `sai_acl_field_data_mask_t` alone: which bits of a field count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_acl_field_data_mask_t")]
#[allow(missing_docs)]
pub enum AclMask {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    Mac(MacAddr),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    U8List(Vec<u8>),
}

/// `sai_acl_action_data_t`: the parameter of an ACL action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_acl_action_data_t")]
#[allow(missing_docs)]
pub enum AclAction {
    /// The action is not taken.
    #[default]
    Disabled,
    Bool(bool),
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    Mac(MacAddr),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Oid(ObjectId),
    OidList(Vec<ObjectId>),
    IpAddress(IpAddr),
}
