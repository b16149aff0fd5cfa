//! QoS maps as objects, and as packets look them up.

use std::sync::Arc;

use sai::qos_map::{self as attr, Type};
use sai::{AttrEntry, AttrId, Error, ObjectRef, Result, Status, Value};
use sai::{QosMap, QosMapParams};

use crate::feature::{Owner, Request};
use crate::store::Object;
use crate::switch::Switch;

/// What a remarking map says of classes that it does not list.
pub(super) const AS_IT_IS: u8 = u8::MAX;

/// What a map of PFC priorities says of those that it does not list.
pub(super) const NOWHERE: u8 = u8::MAX;

const COLORS: u8 = 3;

/// A map as packets look it up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Map {
    pub id: sai::ObjectId,
    /// The values by key.
    values: Box<[u8]>,
    other: u8,
}

impl Map {
    /// What a key becomes.
    pub(super) fn get(&self, key: impl Into<usize>) -> u8 {
        self.values.get(key.into()).copied().unwrap_or(self.other)
    }
}

/// The key of a class and color.
pub(super) fn of_class(tc: u8, color: u8) -> u16 {
    u16::from(tc) * u16::from(COLORS) + u16::from(color)
}

/// One side of an entry: what it is called, its value, and the first that is too large.
type SideOf = (&'static str, u16, u32);

/// The types that maps of MPLS have, which the switch has not.
const WITHOUT_EFFECT: &[i32] = &[
    Type::MPLS_EXP_TO_TC.0,
    Type::MPLS_EXP_TO_COLOR.0,
    Type::TC_AND_COLOR_TO_MPLS_EXP.0,
    Type::MPLS_EXP_TO_FORWARDING_CLASS.0,
];

/// Key and value of an entry of this type; `None` for a type of no effect.
fn sides(sw: &Switch, ty: Type, e: &QosMap) -> Option<(SideOf, SideOf)> {
    let chip = &sw.profile.chip;
    let color = |p: &QosMapParams| ("color", u16::try_from(p.color.0).unwrap_or(u16::MAX), COLORS.into());
    let tc = |p: &QosMapParams| ("traffic class", p.tc.into(), chip.traffic_classes.into());
    let (dot1p, dscp) = (("802.1p priority", e.key.dot1p.into(), 8), ("DSCP", e.key.dscp.into(), 64));
    let class = || match (tc(&e.key), color(&e.key)) {
        (_, color) if u32::from(color.1) >= color.2 => color,
        (tc, _) if u32::from(tc.1) >= tc.2 => tc,
        (_, color) => ("traffic class and color", of_class(e.key.tc, color.1 as u8), u32::MAX),
    };
    let queue = ("queue index", e.value.queue_index.into(), chip.unicast_queues + chip.multicast_queues);
    let group = ("priority group", e.value.pg.into(), chip.priority_groups);
    let pfc = ("PFC priority", e.key.prio.into(), 8);
    Some(match ty {
        Type::DOT1P_TO_TC => (dot1p, tc(&e.value)),
        Type::DOT1P_TO_COLOR => (dot1p, color(&e.value)),
        Type::DSCP_TO_TC => (dscp, tc(&e.value)),
        Type::DSCP_TO_COLOR => (dscp, color(&e.value)),
        Type::TC_TO_QUEUE => (tc(&e.key), queue),
        Type::TC_TO_PRIORITY_GROUP => (tc(&e.key), group),
        Type::PFC_PRIORITY_TO_QUEUE => (pfc, queue),
        Type::PFC_PRIORITY_TO_PRIORITY_GROUP => (pfc, group),
        Type::TC_AND_COLOR_TO_DSCP => (class(), ("DSCP", e.value.dscp.into(), 64)),
        Type::TC_AND_COLOR_TO_DOT1P => (class(), ("802.1p priority", e.value.dot1p.into(), 8)),
        Type::DSCP_TO_FORWARDING_CLASS => (dscp, ("forwarding class", e.value.fc.into(), 256)),
        _ => return None,
    })
}

/// Refuses a list with a side out of range, or with a key twice.
fn check(sw: &Switch, ty: Type, n: usize, value: &Value) -> Result<()> {
    let Value::QosMapList(entries) = value else { return Ok(()) };
    let refuse = |why: String| {
        let error = Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why);
        Err(error.on_attr("SAI_QOS_MAP_ATTR_MAP_TO_VALUE_LIST"))
    };
    let mut seen = std::collections::BTreeSet::new();
    for entry in entries {
        let Some((key, value)) = sides(sw, ty, entry) else { return Ok(()) };
        for (name, side, end) in [key, value] {
            if u32::from(side) >= end {
                return refuse(format!("{name} {side}; there are {end}"));
            }
        }
        if !seen.insert(key.1) {
            return refuse(format!("{} {} is listed twice", key.0, key.1));
        }
    }
    Ok(())
}

/// Derives a map.
fn derive(sw: &mut Switch, object: &ObjectRef) {
    let Some(id) = object.oid() else { return };
    let ty = Type(sw.store.number(id, attr::TYPE.id()) as i32);
    let other = match ty {
        Type::TC_AND_COLOR_TO_DSCP | Type::TC_AND_COLOR_TO_DOT1P => AS_IT_IS,
        Type::PFC_PRIORITY_TO_QUEUE | Type::PFC_PRIORITY_TO_PRIORITY_GROUP => NOWHERE,
        _ => 0,
    };
    let mut values = Vec::new();
    if let Some(Value::QosMapList(entries)) =
        sw.store.get(id).and_then(|o| o.value(attr::MAP_TO_VALUE_LIST.id()))
    {
        for ((_, key, _), (_, value, _)) in entries.iter().filter_map(|e| sides(sw, ty, e)) {
            let at = usize::from(key);
            if values.len() <= at {
                values.resize(at + 1, other);
            }
            values[at] = value as u8;
        }
    }
    sw.qos.maps.insert(id, Arc::new(Map { id, values: values.into(), other }));
}

/// Owns `SAI_OBJECT_TYPE_QOS_MAP`.
#[derive(Debug)]
pub(crate) struct MapOwner;

impl Owner for MapOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[attr::TYPE.id(), attr::MAP_TO_VALUE_LIST.id()] }
    }

    fn stored_values(&self, asked: AttrId) -> &'static [i32] {
        if asked == attr::TYPE.id() { WITHOUT_EFFECT } else { &[] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        match (request.given(attr::TYPE.id()), request.given(attr::MAP_TO_VALUE_LIST.id())) {
            (Some((_, Value::I32(ty))), Some((n, list))) => check(sw, Type(*ty), n, list),
            _ => Ok(()),
        }
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, set: &AttrEntry) -> Result<()> {
        let ty = object.oid().map_or(-1, |id| sw.store.number(id, attr::TYPE.id()));
        check(sw, Type(ty as i32), 0, &set.value)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        derive(sw, object);
    }

    fn restored(&self, sw: &mut Switch, object: &ObjectRef) {
        self.changed(sw, object, attr::MAP_TO_VALUE_LIST.id());
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        derive(sw, object);
        crate::port::derive_all(sw);
        crate::router::rif::derive_all(sw);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.qos.maps.remove(&id);
        }
    }
}
