//! The Rust types of C struct fields and function parameters.

use anyhow::{Result, bail};

use super::interface::Interface;
use super::names;

/// The Rust type of a field that is no pointer, with paths from the crate's root.
pub fn rust_type(interface: &Interface<'_>, c_type: &str) -> Result<String> {
    let known = match c_type {
        "sai_object_id_t" => "ObjectId",
        "sai_mac_t" => "MacAddr",
        "sai_ip_address_t" => "IpAddr",
        "sai_ip_prefix_t" => "IpNet",
        "sai_ip4_t" => "Ipv4Addr",
        "sai_ip6_t" => "Ipv6Addr",
        "sai_u32_range_t" => "Range<u32>",
        "sai_u16_range_t" => "Range<u16>",
        "sai_u8_list_t" => "Vec<u8>",
        "sai_timespec_t" => "Timespec",
        _ => "",
    };
    if !known.is_empty() {
        return Ok(known.to_owned());
    }
    if let Some(info) = interface.find_enum(c_type) {
        return Ok(interface.enum_path(info));
    }
    if interface.find_struct(c_type).is_some() {
        return Ok(names::camel(super::interface::stem_of(c_type)?));
    }
    Ok(match interface.resolve(c_type) {
        "_Bool" | "bool" => "bool",
        "uint8_t" | "sai_uint8_t" => "u8",
        "uint16_t" | "sai_uint16_t" => "u16",
        "uint32_t" | "sai_uint32_t" => "u32",
        "uint64_t" | "sai_uint64_t" => "u64",
        "int8_t" | "sai_int8_t" => "i8",
        "int16_t" | "sai_int16_t" => "i16",
        "int32_t" | "sai_int32_t" => "i32",
        "int64_t" | "sai_int64_t" => "i64",
        other => bail!("no Rust type for {c_type} ({other})"),
    }
    .to_owned())
}
