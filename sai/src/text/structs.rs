//! The values whose text is JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::{TextError, number};
use crate::types::PacketColor;
use crate::value::{LatchStatus, PortLaneLatchStatus, PortSnr, QosMap, QosMapParams};
use crate::{Value, ValueKind};

/// Appends the text of a value that is a structure.
pub(super) fn write(out: &mut String, value: &Value) {
    let json = match value {
        Value::QosMapList(v) => {
            counted(v.iter().map(|m| json!({"key": qos(&m.key), "value": qos(&m.value)})))
        }
        Value::MapList(v) => counted(v.iter().map(plain)),
        Value::AclResourceList(v) => counted(v.iter().map(|r| text_fields(plain(r)))),
        Value::SystemPortConfigList(v) => counted(v.iter().map(|c| text_fields(plain(c)))),
        Value::SystemPortConfig(v) => text_fields(plain(v)),
        Value::Timespec(v) => text_fields(plain(v)),
        Value::PoePortPowerConsumption(v) => text_fields(plain(v)),
        Value::Json(v) => json!({"json": bytes_text(v.as_bytes())}),
        Value::PortLaneLatchStatusList(v) => lanes(v.iter().map(|s| (s.lane, latch(&s.value)))),
        Value::PortSnrList(v) => lanes(v.iter().map(|s| (s.lane, json!(decibels(s.snr))))),
        Value::TapsList(v) => taps(v),
        Value::TlvList(v) => counted(v.iter().map(plain)),
        Value::PortEyeValuesList(v) => counted(v.iter().map(plain)),
        Value::PortPam4EyeValuesList(v) => counted(v.iter().map(plain)),
        Value::AclChainList(v) => counted(v.iter().map(plain)),
        Value::PortFrequencyOffsetPpmList(v) => counted(v.iter().map(plain)),
        Value::PrbsLaneRxStatusList(v) => counted(v.iter().map(plain)),
        Value::PrbsLaneRxStateList(v) => counted(v.iter().map(plain)),
        Value::PrbsLaneBitErrorRateList(v) => counted(v.iter().map(plain)),
        Value::PrbsRxState(v) => plain(v),
        Value::PrbsBitErrorRate(v) => plain(v),
        Value::FabricPortReachability(v) => plain(v),
        other => unreachable!("{:?} has a text of its own", other.kind()),
    };
    super::value::put(out, json);
}

/// Reads a value of a kind that is a structure.
pub(super) fn parse(text: &str, kind: ValueKind) -> Result<Value, TextError> {
    use ValueKind as K;
    let json: Json = serde_json::from_str(text)?;
    Ok(match kind {
        K::QosMapList => Value::QosMapList(items(json, |j| {
            Ok(QosMap { key: read_qos(j.get("key"))?, value: read_qos(j.get("value"))? })
        })?),
        K::MapList => Value::MapList(items(json, read)?),
        K::AclResourceList => Value::AclResourceList(items(json, |j| read(number_fields(j)))?),
        K::SystemPortConfigList => Value::SystemPortConfigList(items(json, |j| read(number_fields(j)))?),
        K::SystemPortConfig => Value::SystemPortConfig(read(number_fields(json))?),
        K::Timespec => Value::Timespec(read(number_fields(json))?),
        K::PoePortPowerConsumption => Value::PoePortPowerConsumption(read(number_fields(json))?),
        K::Json => Value::Json(read_bytes_text(&json)?),
        K::PortLaneLatchStatusList => Value::PortLaneLatchStatusList(read_lanes(json, |lane, j| {
            Ok(PortLaneLatchStatus { lane, value: read_latch(&j)? })
        })?),
        K::PortSnrList => Value::PortSnrList(read_lanes(json, |lane, j| {
            let db = j.as_f64().map(|db| (db * 256.0).round()).filter(|n| (0.0..=65535.0).contains(n));
            let snr = db.ok_or_else(|| TextError::new(format!("{j} is no ratio in dB")))? as u16;
            Ok(PortSnr { lane, snr })
        })?),
        K::TapsList => Value::TapsList(read_taps(json)?),
        K::TlvList => Value::TlvList(items(json, read)?),
        K::PortEyeValuesList => Value::PortEyeValuesList(items(json, read)?),
        K::PortPam4EyeValuesList => Value::PortPam4EyeValuesList(items(json, read)?),
        K::AclChainList => Value::AclChainList(items(json, read)?),
        K::PortFrequencyOffsetPpmList => Value::PortFrequencyOffsetPpmList(items(json, read)?),
        K::PrbsLaneRxStatusList => Value::PrbsLaneRxStatusList(items(json, read)?),
        K::PrbsLaneRxStateList => Value::PrbsLaneRxStateList(items(json, read)?),
        K::PrbsLaneBitErrorRateList => Value::PrbsLaneBitErrorRateList(items(json, read)?),
        K::PrbsRxState => Value::PrbsRxState(read(json)?),
        K::PrbsBitErrorRate => Value::PrbsBitErrorRate(read(json)?),
        K::FabricPortReachability => Value::FabricPortReachability(read(json)?),
        other => return Err(TextError::new(format!("{} is no structure", other.c_member()))),
    })
}

fn plain<T: Serialize>(v: &T) -> Json {
    // The structures hold numbers, texts and lists alone, which always serialise.
    serde_json::to_value(v).unwrap_or_default()
}

fn read<T: DeserializeOwned>(json: Json) -> Result<T, TextError> {
    Ok(serde_json::from_value(json)?)
}

fn counted(items: impl Iterator<Item = Json>) -> Json {
    let list: Vec<Json> = items.collect();
    json!({"count": list.len(), "list": list})
}

fn items<T>(json: Json, one: impl Fn(Json) -> Result<T, TextError>) -> Result<Vec<T>, TextError> {
    let Json::Object(mut map) = json else { return Err(TextError::new("expected an object with a list")) };
    let list = match map.remove("list") {
        Some(Json::Array(list)) => list,
        Some(Json::Null) | None => Vec::new(),
        Some(_) => return Err(TextError::new("'list' is no array")),
    };
    match map.get("count").and_then(Json::as_u64) {
        Some(n) if n as usize == list.len() => list.into_iter().map(one).collect(),
        Some(n) => Err(TextError::new(format!("the list says {n} items and has {}", list.len()))),
        None => Err(TextError::new("'count' is missing")),
    }
}

/// Numbers become texts, as sairedis has them in most structures.
pub(super) fn text_fields(json: Json) -> Json {
    let Json::Object(map) = json else { return json };
    let text = |(name, v)| match v {
        Json::Number(n) => (name, n.to_string().into()),
        v => (name, text_fields(v)),
    };
    map.into_iter().map(text).collect::<Map<_, _>>().into()
}

/// The inverse of [`text_fields`]; numbers written as such are taken too.
pub(super) fn number_fields(json: Json) -> Json {
    let Json::Object(map) = json else { return json };
    let number = |(name, v)| match v {
        Json::String(s) => match (s.parse::<u64>(), s.parse::<i64>()) {
            (Ok(n), _) => (name, n.into()),
            (_, Ok(n)) => (name, n.into()),
            _ => (name, Json::String(s)),
        },
        v => (name, number_fields(v)),
    };
    map.into_iter().map(number).collect::<Map<_, _>>().into()
}

fn qos(p: &QosMapParams) -> Json {
    json!({
        "tc": p.tc, "dscp": p.dscp, "dot1p": p.dot1p, "prio": p.prio, "pg": p.pg,
        "qidx": p.queue_index, "mpls_exp": p.mpls_exp, "fc": p.fc, "color": p.color,
    })
}

/// Recordings of 2017 have neither `mpls_exp` nor `fc`: what is missing is 0.
fn read_qos(json: Option<&Json>) -> Result<QosMapParams, TextError> {
    let map =
        json.and_then(Json::as_object).ok_or_else(|| TextError::new("a QoS map needs key and value"))?;
    let field = |name: &str| match map.get(name) {
        None => Ok(0),
        Some(v) => v
            .as_u64()
            .and_then(|n| u8::try_from(n).ok())
            .ok_or_else(|| TextError::new(format!("'{name}' is {v}, not a number up to 255"))),
    };
    Ok(QosMapParams {
        tc: field("tc")?,
        dscp: field("dscp")?,
        dot1p: field("dot1p")?,
        prio: field("prio")?,
        pg: field("pg")?,
        queue_index: field("qidx")?,
        mpls_exp: field("mpls_exp")?,
        fc: field("fc")?,
        color: match map.get("color") {
            None => PacketColor::default(),
            Some(v) => read(v.clone())?,
        },
    })
}

fn bytes_text(bytes: &[u8]) -> String {
    let mut out = String::new();
    super::value::write(&mut out, &Value::U8List(bytes.to_vec()), None);
    out
}

fn read_bytes_text(json: &Json) -> Result<String, TextError> {
    let text = json.get("json").and_then(Json::as_str).ok_or_else(|| TextError::new("'json' is missing"))?;
    match super::value::parse_kind(text, ValueKind::U8List, None)? {
        Value::U8List(bytes) => String::from_utf8(bytes).map_err(|e| TextError::new(e.to_string())),
        _ => Err(TextError::new("'json' is no list of bytes")),
    }
}

fn lanes(items: impl Iterator<Item = (u32, Json)>) -> Json {
    items.map(|(lane, v)| (lane.to_string(), v)).collect::<Map<_, _>>().into()
}

fn read_lanes<T>(json: Json, one: impl Fn(u32, Json) -> Result<T, TextError>) -> Result<Vec<T>, TextError> {
    let Json::Object(map) = json else { return Err(TextError::new("expected an object of lanes")) };
    let mut lanes: Vec<(u32, Json)> =
        map.into_iter().map(|(lane, v)| Ok((number(&lane)?, v))).collect::<Result<_, TextError>>()?;
    lanes.sort_by_key(|(lane, _)| *lane);
    lanes.into_iter().map(|(lane, v)| one(lane, v)).collect()
}

/// `T` or `F` for the status, `*` when it changed.
fn latch(v: &LatchStatus) -> Json {
    let now = if v.current_status { "T" } else { "F" };
    format!("{now}{}", if v.changed { "*" } else { "" }).into()
}

fn read_latch(json: &Json) -> Result<LatchStatus, TextError> {
    let (current_status, changed) = match json.as_str() {
        Some("T") => (true, false),
        Some("T*") => (true, true),
        Some("F") => (false, false),
        Some("F*") => (false, true),
        _ => return Err(TextError::new(format!("{json} is none of T, T*, F, F*"))),
    };
    Ok(LatchStatus { current_status, changed })
}

/// Decibels with the two decimals of sairedis, or as many as it takes to read the same value back.
fn decibels(snr: u16) -> f64 {
    let exact = f64::from(snr) / 256.0;
    let short = (exact * 100.0).round() / 100.0;
    if (short * 256.0).round() == f64::from(snr) { short } else { exact }
}

/// By lane, a list of `{"tap0": value}`; a tap that a lane lacks is `{}`.
fn taps(taps: &[Vec<i32>]) -> Json {
    let width = taps.iter().map(Vec::len).max().unwrap_or(0);
    let tap = |lane: usize| {
        let at = |(n, tap): (usize, &Vec<i32>)| match tap.get(lane) {
            Some(v) => json!({ format!("tap{n}"): v }),
            None => json!({}),
        };
        (lane as u32, taps.iter().enumerate().map(at).collect::<Vec<_>>().into())
    };
    lanes((0..width).map(tap))
}

fn read_taps(json: Json) -> Result<Vec<Vec<i32>>, TextError> {
    let lanes = read_lanes(json, |_, j| read::<Vec<Map<String, Json>>>(j))?;
    let mut taps = vec![Vec::new(); lanes.iter().map(Vec::len).max().unwrap_or(0)];
    for lane in lanes {
        for (n, tap) in lane.into_iter().enumerate() {
            if let Some(v) = tap.get(&format!("tap{n}")) {
                taps[n].push(read(v.clone())?);
            }
        }
    }
    Ok(taps)
}
