//! The sairedis text of attribute values.
//!
//! | value | text |
//! |---|---|
//! | enum | its full name; a number where it has no name |
//! | `bool` | `true`, `false` |
//! | object id | `oid:0x1000000000001` |
//! | MAC address | `02:11:22:AA:BB:CC`; read in either case, with `:` or `-` |
//! | prefix | `10.0.0.0/8` |
//! | list | `2:a,b`; an empty one `0:null` |
//! | range | `1,5` |
//! | ACL field | `value&mask:mask`, or `disabled` |
//! | ACL action | its parameter, or `disabled` |
//! | pointer | `0x417890` |
//! | key material | hexadecimal digits |
//! | QoS map and other structures | JSON |
//!
//! Structures that sairedis has no text for are written as JSON in the same manner.

use std::fmt::{Display, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::names::{read_enum, write_enum};
use super::{TextError, item, number, structs};
use crate::meta::{AttrMeta, EnumMeta, ValueType};
use crate::value::{
    AclAction, AclCapability, AclField, AclMask, ByteMatch, CharData, LatchStatus, MacAddr, Range,
};
use crate::{ObjectId, SaiEnum, Value, ValueKind};

/// The text of a value of this attribute.
pub fn print(value: &Value, meta: &AttrMeta) -> String {
    let mut out = String::new();
    write(&mut out, value, meta.enumeration);
    out
}

/// Appends the text of a value; `enumeration` names enum values.
pub fn write(out: &mut String, value: &Value, enumeration: Option<&EnumMeta>) {
    match value {
        Value::Bool(v) => put(out, v),
        Value::CharData(v) => chars(out, v.as_bytes()),
        Value::U8(v) => put(out, v),
        Value::I8(v) => put(out, v),
        Value::U16(v) => put(out, v),
        Value::I16(v) => put(out, v),
        Value::U32(v) => put(out, v),
        Value::I32(v) => write_enum(out, enumeration, *v),
        Value::U64(v) => put(out, v),
        Value::I64(v) => put(out, v),
        Value::Pointer(v) => put(out, format_args!("{v:#x}")),
        Value::Mac(v) => mac(out, v),
        Value::Ipv4(v) => put(out, v),
        Value::Ipv6(v) => put(out, v),
        Value::IpAddress(v) => put(out, v),
        Value::IpPrefix(v) => put(out, v),
        Value::Oid(v) => put(out, v),
        Value::OidList(v) => list(out, v, put),
        Value::U8List(v) => list(out, v, put),
        Value::I8List(v) => list(out, v, put),
        Value::U16List(v) | Value::VlanList(v) => list(out, v, put),
        Value::I16List(v) => list(out, v, put),
        Value::U32List(v) => list(out, v, put),
        Value::I32List(v) => list(out, v, |out, v| write_enum(out, enumeration, *v)),
        Value::PortErrStatusList(v) => list(out, v, named),
        Value::U16Range(v) => range(out, v),
        Value::U32Range(v) => range(out, v),
        Value::I32Range(v) => range(out, v),
        Value::U64Range(v) => range(out, v),
        Value::U16RangeList(v) => list(out, v, range),
        Value::U64RangeList(v) => list(out, v, range),
        Value::SegmentList(v) => list(out, v, put),
        Value::IpAddressList(v) => list(out, v, put),
        Value::IpPrefixList(v) => list(out, v, put),
        Value::EncryptKey(v) => hex(out, v),
        Value::AuthKey(v) => hex(out, v),
        Value::MacsecSak(v) => hex(out, v),
        Value::MacsecAuthKey(v) => hex(out, v),
        Value::MacsecSalt(v) => hex(out, v),
        Value::LatchStatus(v) => put(out, format_args!("{}:{}", v.changed, v.current_status)),
        Value::AclField(v) => acl_field(out, v, enumeration),
        Value::AclAction(v) => acl_action(out, v, enumeration),
        Value::AclMask(v) => acl_mask(out, v),
        Value::AclCapability(v) => capability(out, v),
        other => structs::write(out, other),
    }
}

/// Reads a value of this attribute.
///
/// # Errors
/// The text is no such value; the reason says what was expected.
pub fn parse(text: &str, meta: &AttrMeta) -> Result<Value, TextError> {
    let e = meta.enumeration;
    match meta.ty {
        ValueType::AclField(kind) => read_acl_field(text, kind, e).map(Value::AclField),
        ValueType::AclAction(kind) => read_acl_action(text, kind, e).map(Value::AclAction),
        ValueType::AclMask(kind) => read_acl_mask(text, kind).map(Value::AclMask),
        ValueType::Plain(kind) => parse_kind(text, kind, e),
    }
}

/// Reads a value of a kind that is no ACL field, action or mask.
pub(crate) fn parse_kind(
    text: &str,
    kind: ValueKind,
    e: Option<&'static EnumMeta>,
) -> Result<Value, TextError> {
    use ValueKind as K;
    Ok(match kind {
        K::Bool => Value::Bool(item(text)?),
        K::CharData => Value::CharData(read_chars(text)?),
        K::U8 => Value::U8(number(text)?),
        K::I8 => Value::I8(number(text)?),
        K::U16 => Value::U16(number(text)?),
        K::I16 => Value::I16(number(text)?),
        K::U32 => Value::U32(number(text)?),
        K::I32 => Value::I32(read_enum(e, text)?),
        K::U64 => Value::U64(number(text)?),
        K::I64 => Value::I64(number(text)?),
        K::Pointer => Value::Pointer(number(text)?),
        K::Mac => Value::Mac(item(text)?),
        K::Ipv4 => Value::Ipv4(item(text)?),
        K::Ipv6 => Value::Ipv6(item(text)?),
        K::IpAddress => Value::IpAddress(item(text)?),
        K::IpPrefix => Value::IpPrefix(item(text)?),
        K::Oid => Value::Oid(item(text)?),
        K::OidList => Value::OidList(read_list(text, item)?),
        K::U8List => Value::U8List(read_list(text, number)?),
        K::I8List => Value::I8List(read_list(text, number)?),
        K::U16List => Value::U16List(read_list(text, number)?),
        K::I16List => Value::I16List(read_list(text, number)?),
        K::U32List => Value::U32List(read_list(text, number)?),
        K::I32List => Value::I32List(read_list(text, |t| read_enum(e, t))?),
        K::U16Range => Value::U16Range(read_range(text)?),
        K::U32Range => Value::U32Range(read_range(text)?),
        K::I32Range => Value::I32Range(read_range(text)?),
        K::U64Range => Value::U64Range(read_range(text)?),
        K::U16RangeList => Value::U16RangeList(read_ranges(text)?),
        K::U64RangeList => Value::U64RangeList(read_ranges(text)?),
        K::VlanList => Value::VlanList(read_list(text, number)?),
        K::PortErrStatusList => Value::PortErrStatusList(read_list(text, read_named)?),
        K::SegmentList => Value::SegmentList(read_list(text, item)?),
        K::IpAddressList => Value::IpAddressList(read_list(text, item)?),
        K::IpPrefixList => Value::IpPrefixList(read_list(text, item)?),
        K::EncryptKey => Value::EncryptKey(read_hex(text)?),
        K::AuthKey => Value::AuthKey(read_hex(text)?),
        K::MacsecSak => Value::MacsecSak(read_hex(text)?),
        K::MacsecAuthKey => Value::MacsecAuthKey(read_hex(text)?),
        K::MacsecSalt => Value::MacsecSalt(read_hex(text)?),
        K::LatchStatus => {
            let (changed, now) = split(text, ':', "changed:current")?;
            Value::LatchStatus(LatchStatus { changed: item(changed)?, current_status: item(now)? })
        }
        K::AclCapability => Value::AclCapability(Box::new(read_capability(text)?)),
        K::AclField | K::AclAction | K::AclMask => {
            return Err(TextError::new("an ACL value needs the type of its element"));
        }
        other => structs::parse(text, other)?,
    })
}

/// The zero of a type: what stands in a get for a value that is asked for.
pub(crate) fn zero(ty: ValueType) -> Value {
    use ValueKind as K;
    let kind = match ty {
        ValueType::AclField(_) => return Value::AclField(AclField::Disabled),
        ValueType::AclAction(_) => return Value::AclAction(AclAction::Disabled),
        ValueType::AclMask(kind) => {
            let plain = zero(ValueType::Plain(kind));
            let mut text = String::new();
            write(&mut text, &plain, None);
            return read_acl_mask(&text, kind).map_or(plain, Value::AclMask);
        }
        ValueType::Plain(kind) => kind,
    };
    match kind {
        K::Bool => Value::Bool(false),
        K::U8 => Value::U8(0),
        K::I8 => Value::I8(0),
        K::U16 => Value::U16(0),
        K::I16 => Value::I16(0),
        K::U32 => Value::U32(0),
        K::I32 => Value::I32(0),
        K::U64 => Value::U64(0),
        K::I64 => Value::I64(0),
        K::Pointer => Value::Pointer(0),
        K::Mac => Value::Mac(MacAddr::ZERO),
        K::Ipv4 => Value::Ipv4(Ipv4Addr::UNSPECIFIED),
        K::Ipv6 => Value::Ipv6(Ipv6Addr::UNSPECIFIED),
        K::IpAddress => Value::IpAddress(Ipv4Addr::UNSPECIFIED.into()),
        K::IpPrefix => Value::IpPrefix(Default::default()),
        K::PrbsRxState => Value::PrbsRxState(Default::default()),
        K::U32Range => Value::U32Range(Range::default()),
        K::I32Range => Value::I32Range(Range::default()),
        K::U16Range => Value::U16Range(Range::default()),
        K::U64Range => Value::U64Range(Range::default()),
        K::AclCapability => Value::AclCapability(Default::default()),
        K::Timespec => Value::Timespec(Default::default()),
        K::EncryptKey => Value::EncryptKey([0; 32]),
        K::AuthKey => Value::AuthKey([0; 16]),
        K::MacsecSak => Value::MacsecSak([0; 32]),
        K::MacsecAuthKey => Value::MacsecAuthKey([0; 16]),
        K::MacsecSalt => Value::MacsecSalt([0; 12]),
        K::SystemPortConfig => Value::SystemPortConfig(Default::default()),
        K::FabricPortReachability => Value::FabricPortReachability(Default::default()),
        K::LatchStatus => Value::LatchStatus(LatchStatus::default()),
        K::PoePortPowerConsumption => Value::PoePortPowerConsumption(Default::default()),
        K::PrbsBitErrorRate => Value::PrbsBitErrorRate(Default::default()),
        kind => Value::empty(kind).unwrap_or(Value::Oid(ObjectId::NULL)),
    }
}

/// The count alone of a list of which only the length is told: `32`. sairedis writes it on
/// `SAI_STATUS_BUFFER_OVERFLOW`.
pub fn parse_count(text: &str, meta: &AttrMeta) -> Option<u32> {
    let ValueType::Plain(kind) = meta.ty else { return None };
    let is_list = matches!(
        kind,
        ValueKind::OidList
            | ValueKind::U8List
            | ValueKind::I8List
            | ValueKind::U16List
            | ValueKind::I16List
            | ValueKind::U32List
            | ValueKind::I32List
            | ValueKind::U16RangeList
            | ValueKind::U64RangeList
            | ValueKind::VlanList
            | ValueKind::SegmentList
            | ValueKind::IpAddressList
            | ValueKind::IpPrefixList
            | ValueKind::TapsList
    );
    (is_list && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

pub(crate) fn put(out: &mut String, v: impl Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{v}");
}

pub(crate) fn mac(out: &mut String, v: &MacAddr) {
    let [a, b, c, d, e, f] = v.0;
    put(out, format_args!("{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{f:02X}"));
}

fn chars(out: &mut String, bytes: &[u8]) {
    for &b in bytes {
        match b {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => out.push(char::from(b)),
            b'\\' => out.push_str("\\\\"),
            _ => put(out, format_args!("\\x{b:02X}")),
        }
    }
}

fn read_chars(text: &str) -> Result<CharData, TextError> {
    let bad = || TextError::new(format!("'{text}' does not fit char[32] with \\xHH and \\\\ escapes"));
    let mut data = [0; 32];
    let mut len = 0;
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let byte;
        (byte, rest) = match (first, tail) {
            (b'\\', [b'\\', tail @ ..]) => (b'\\', tail),
            (b'\\', [b'x', h, l, tail @ ..]) => match (nibble(*h), nibble(*l)) {
                (Some(h), Some(l)) => (h << 4 | l, tail),
                _ => return Err(bad()),
            },
            (b'\\', _) => return Err(bad()),
            _ => (first, tail),
        };
        *data.get_mut(len).ok_or_else(bad)? = byte;
        len += 1;
    }
    if data[..len].contains(&0) { Err(bad()) } else { Ok(CharData(data)) }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

fn hex(out: &mut String, bytes: &[u8]) {
    bytes.iter().for_each(|b| put(out, format_args!("{b:02X}")));
}

fn read_hex<const N: usize>(text: &str) -> Result<[u8; N], TextError> {
    let mut key = [0; N];
    let digits = text.as_bytes();
    let whole = digits.len() == 2 * N
        && key.iter_mut().zip(digits.chunks_exact(2)).all(|(byte, pair)| {
            match (nibble(pair[0]), nibble(pair[1])) {
                (Some(h), Some(l)) => {
                    *byte = h << 4 | l;
                    true
                }
                _ => false,
            }
        });
    // The text is not repeated: it may be a key.
    if whole { Ok(key) } else { Err(TextError::new(format!("expected {} hexadecimal digits", 2 * N))) }
}

fn list<'a, T>(out: &mut String, items: &'a [T], mut one: impl FnMut(&mut String, &'a T)) {
    put(out, items.len());
    if items.is_empty() {
        return out.push_str(":null");
    }
    for (i, v) in items.iter().enumerate() {
        out.push(if i == 0 { ':' } else { ',' });
        one(out, v);
    }
}

fn read_list<T>(text: &str, one: impl Fn(&str) -> Result<T, TextError>) -> Result<Vec<T>, TextError> {
    let (count, items) = split(text, ':', "count:item,item")?;
    let count: usize = number(count)?;
    let items: Vec<T> = match items {
        "null" | "" => Vec::new(),
        items => items.split(',').map(one).collect::<Result<_, _>>()?,
    };
    counted(count, items.len())?;
    Ok(items)
}

fn counted(told: usize, found: usize) -> Result<(), TextError> {
    if told == found {
        return Ok(());
    }
    Err(TextError::new(format!("the list says {told} items and has {found}")))
}

fn range<T: Display>(out: &mut String, v: &Range<T>) {
    put(out, format_args!("{},{}", v.min, v.max));
}

fn read_range<T: FromStr + TryFrom<u64>>(text: &str) -> Result<Range<T>, TextError> {
    let (min, max) = split(text, ',', "min,max")?;
    Ok(Range { min: number(min)?, max: number(max)? })
}

fn read_ranges<T: FromStr + TryFrom<u64>>(text: &str) -> Result<Vec<Range<T>>, TextError> {
    let (count, items) = split(text, ':', "count:min,max,min,max")?;
    let mut ranges = Vec::new();
    if items != "null" {
        let mut bounds = items.split(',').map(number);
        while let Some(min) = bounds.next() {
            let max = bounds.next().ok_or_else(|| TextError::new("a range without its maximum"))?;
            ranges.push(Range { min: min?, max: max? });
        }
    }
    counted(number(count)?, ranges.len())?;
    Ok(ranges)
}

fn split<'a>(text: &'a str, at: char, form: &str) -> Result<(&'a str, &'a str), TextError> {
    text.split_once(at).ok_or_else(|| TextError::new(format!("'{text}' is not of the form {form}")))
}

fn masked(out: &mut String, data: impl Display, mask: impl std::fmt::LowerHex) {
    put(out, format_args!("{data}&mask:{mask:#x}"));
}

fn acl_field(out: &mut String, field: &AclField, e: Option<&EnumMeta>) {
    match field {
        AclField::Disabled => out.push_str("disabled"),
        AclField::Bool(v) => put(out, v),
        AclField::U8 { data, mask } => masked(out, data, mask),
        AclField::I8 { data, mask } => masked(out, data, mask),
        AclField::U16 { data, mask } => masked(out, data, mask),
        AclField::I16 { data, mask } => masked(out, data, mask),
        AclField::U32 { data, mask } => masked(out, data, mask),
        AclField::I32 { data, mask } => {
            write_enum(out, e, *data);
            put(out, format_args!("&mask:{mask:#x}"));
        }
        AclField::U64 { data, mask } => masked(out, data, mask),
        AclField::Mac { data, mask } => {
            mac(out, data);
            out.push_str("&mask:");
            mac(out, mask);
        }
        AclField::Ipv4 { data, mask } => put(out, format_args!("{data}&mask:{mask}")),
        AclField::Ipv6 { data, mask } => put(out, format_args!("{data}&mask:{mask}")),
        AclField::Oid(v) => put(out, v),
        AclField::OidList(v) => list(out, v, put),
        AclField::U8List(v) => {
            list(out, &v.data, put);
            out.push_str("&mask:");
            hex_list(out, &v.mask);
        }
    }
}

fn hex_list(out: &mut String, bytes: &[u8]) {
    list(out, bytes, |out, b| put(out, format_args!("{b:#x}")));
}

fn read_acl_field(text: &str, kind: ValueKind, e: Option<&'static EnumMeta>) -> Result<AclField, TextError> {
    use ValueKind as K;
    if text == "disabled" {
        return Ok(AclField::Disabled);
    }
    match kind {
        K::Bool => return Ok(AclField::Bool(item(text)?)),
        K::Oid => return Ok(AclField::Oid(item(text)?)),
        K::OidList => return Ok(AclField::OidList(read_list(text, item)?)),
        _ => {}
    }
    let (data, mask) = text
        .split_once("&mask:")
        .ok_or_else(|| TextError::new(format!("'{text}' is not of the form value&mask:mask")))?;
    Ok(match kind {
        K::U8 => AclField::U8 { data: number(data)?, mask: number(mask)? },
        K::I8 => AclField::I8 { data: number(data)?, mask: bits::<u8>(mask)? as i8 },
        K::U16 => AclField::U16 { data: number(data)?, mask: number(mask)? },
        K::I16 => AclField::I16 { data: number(data)?, mask: bits::<u16>(mask)? as i16 },
        K::U32 => AclField::U32 { data: number(data)?, mask: number(mask)? },
        K::I32 => AclField::I32 { data: read_enum(e, data)?, mask: wide_mask(mask)? },
        K::U64 => AclField::U64 { data: number(data)?, mask: number(mask)? },
        K::Mac => AclField::Mac { data: item(data)?, mask: item(mask)? },
        K::Ipv4 => AclField::Ipv4 { data: item(data)?, mask: item(mask)? },
        K::Ipv6 => AclField::Ipv6 { data: item(data)?, mask: item(mask)? },
        K::U8List => AclField::U8List(Box::new(ByteMatch {
            data: read_list(data, number)?,
            mask: read_list(mask, number)?,
        })),
        other => return Err(TextError::new(format!("no ACL field is of type {}", other.c_member()))),
    })
}

fn bits<T: FromStr + TryFrom<u64>>(text: &str) -> Result<T, TextError> {
    number(text)
}

/// A 32-bit mask; sairedis writes a negative one sign-extended to 64 bits.
fn wide_mask(text: &str) -> Result<i32, TextError> {
    let wide: u64 = number(text)?;
    let fits = wide <= u64::from(u32::MAX) || wide >> 31 == (1 << 33) - 1;
    if fits { Ok(wide as i32) } else { Err(TextError::new(format!("mask '{text}' exceeds 32 bits"))) }
}

fn acl_mask(out: &mut String, mask: &AclMask) {
    match mask {
        AclMask::U8(v) => put(out, format_args!("{v:#x}")),
        AclMask::I8(v) => put(out, format_args!("{v:#x}")),
        AclMask::U16(v) => put(out, format_args!("{v:#x}")),
        AclMask::I16(v) => put(out, format_args!("{v:#x}")),
        AclMask::U32(v) => put(out, format_args!("{v:#x}")),
        AclMask::I32(v) => put(out, format_args!("{v:#x}")),
        AclMask::U64(v) => put(out, format_args!("{v:#x}")),
        AclMask::Mac(v) => mac(out, v),
        AclMask::Ipv4(v) => put(out, v),
        AclMask::Ipv6(v) => put(out, v),
        AclMask::U8List(v) => hex_list(out, v),
    }
}

fn read_acl_mask(text: &str, kind: ValueKind) -> Result<AclMask, TextError> {
    use ValueKind as K;
    Ok(match kind {
        K::U8 => AclMask::U8(number(text)?),
        K::I8 => AclMask::I8(bits::<u8>(text)? as i8),
        K::U16 => AclMask::U16(number(text)?),
        K::I16 => AclMask::I16(bits::<u16>(text)? as i16),
        K::U32 => AclMask::U32(number(text)?),
        K::I32 => AclMask::I32(wide_mask(text)?),
        K::U64 => AclMask::U64(number(text)?),
        K::Mac => AclMask::Mac(item(text)?),
        K::Ipv4 => AclMask::Ipv4(item(text)?),
        K::Ipv6 => AclMask::Ipv6(item(text)?),
        K::U8List => AclMask::U8List(read_list(text, number)?),
        other => return Err(TextError::new(format!("no ACL mask is of type {}", other.c_member()))),
    })
}

fn acl_action(out: &mut String, action: &AclAction, e: Option<&EnumMeta>) {
    match action {
        AclAction::Disabled => out.push_str("disabled"),
        AclAction::Bool(v) => put(out, v),
        AclAction::U8(v) => put(out, v),
        AclAction::I8(v) => put(out, v),
        AclAction::U16(v) => put(out, v),
        AclAction::I16(v) => put(out, v),
        AclAction::U32(v) => put(out, v),
        AclAction::I32(v) => write_enum(out, e, *v),
        AclAction::Mac(v) => mac(out, v),
        AclAction::Ipv4(v) => put(out, v),
        AclAction::Ipv6(v) => put(out, v),
        AclAction::Oid(v) => put(out, v),
        AclAction::OidList(v) => list(out, v, put),
        AclAction::IpAddress(v) => put(out, v),
    }
}

fn read_acl_action(
    text: &str,
    kind: ValueKind,
    e: Option<&'static EnumMeta>,
) -> Result<AclAction, TextError> {
    use ValueKind as K;
    if text == "disabled" {
        return Ok(AclAction::Disabled);
    }
    Ok(match kind {
        K::Bool => AclAction::Bool(item(text)?),
        K::U8 => AclAction::U8(number(text)?),
        K::I8 => AclAction::I8(number(text)?),
        K::U16 => AclAction::U16(number(text)?),
        K::I16 => AclAction::I16(number(text)?),
        K::U32 => AclAction::U32(number(text)?),
        K::I32 => AclAction::I32(read_enum(e, text)?),
        K::Mac => AclAction::Mac(item(text)?),
        K::Ipv4 => AclAction::Ipv4(item(text)?),
        K::Ipv6 => AclAction::Ipv6(item(text)?),
        K::Oid => AclAction::Oid(item::<ObjectId>(text)?),
        K::OidList => AclAction::OidList(read_list(text, item)?),
        K::IpAddress => AclAction::IpAddress(item(text)?),
        other => return Err(TextError::new(format!("no ACL action is of type {}", other.c_member()))),
    })
}

/// Writes an enum by its name, or its number where it has none.
pub(crate) fn named<E: SaiEnum>(out: &mut String, v: &E) {
    write_enum(out, Some(E::META), v.raw());
}

pub(crate) fn read_named<E: SaiEnum>(text: &str) -> Result<E, TextError> {
    read_enum(Some(E::META), text).map(E::from_raw)
}

/// sairedis writes `mandatory:list` and drops the two newer fields; they follow when they are set.
fn capability(out: &mut String, v: &AclCapability) {
    put(out, format_args!("{}:", v.is_action_list_mandatory));
    list(out, &v.action_list, named);
    if v.supported_match_type.0 != 0 || v.is_non_contiguous_bits_exact_match_supported {
        out.push(':');
        named(out, &v.supported_match_type);
        put(out, format_args!(":{}", v.is_non_contiguous_bits_exact_match_supported));
    }
}

fn read_capability(text: &str) -> Result<AclCapability, TextError> {
    let (mandatory, list) = split(text, ':', "bool:count:actions")?;
    let mut v = AclCapability { is_action_list_mandatory: item(mandatory)?, ..Default::default() };
    let mut list = list;
    if list.matches(':').count() == 3 {
        let (rest, holes) = list.rsplit_once(':').unwrap_or_default();
        let (rest, matches) = rest.rsplit_once(':').unwrap_or_default();
        v.supported_match_type = read_named(matches)?;
        v.is_non_contiguous_bits_exact_match_supported = item(holes)?;
        list = rest;
    }
    v.action_list = read_list(list, read_named)?;
    Ok(v)
}
