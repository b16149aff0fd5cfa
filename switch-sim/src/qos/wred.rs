//! WRED profiles: `SAI_OBJECT_TYPE_WRED`, which queues and buffer pools name.

use std::sync::Arc;

use sai::types::EcnMarkMode;
use sai::wred::*;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value, buffer_pool, queue,
    switch,
};

use crate::feature::{Owner, Request};
use crate::port::server::{Curve, Red};
use crate::switch::Switch;

/// The attributes of one color: those for all its packets, and those for its ECN-capable ones where the switch
/// tells these apart. A threshold has two attributes, of 32 and of 64 bits.
struct Color {
    enable: AttrId,
    min: [AttrId; 2],
    max: [AttrId; 2],
    percent: AttrId,
    ecn_min: [AttrId; 2],
    ecn_max: [AttrId; 2],
    ecn_percent: AttrId,
}

/// In the order of `sai_packet_color_t`.
const COLORS: [Color; 3] = [
    Color {
        enable: GREEN_ENABLE.id(),
        min: [GREEN_MIN_THRESHOLD_64.id(), GREEN_MIN_THRESHOLD.id()],
        max: [GREEN_MAX_THRESHOLD_64.id(), GREEN_MAX_THRESHOLD.id()],
        percent: GREEN_DROP_PROBABILITY.id(),
        ecn_min: [ECN_GREEN_MIN_THRESHOLD_64.id(), ECN_GREEN_MIN_THRESHOLD.id()],
        ecn_max: [ECN_GREEN_MAX_THRESHOLD_64.id(), ECN_GREEN_MAX_THRESHOLD.id()],
        ecn_percent: ECN_GREEN_MARK_PROBABILITY.id(),
    },
    Color {
        enable: YELLOW_ENABLE.id(),
        min: [YELLOW_MIN_THRESHOLD_64.id(), YELLOW_MIN_THRESHOLD.id()],
        max: [YELLOW_MAX_THRESHOLD_64.id(), YELLOW_MAX_THRESHOLD.id()],
        percent: YELLOW_DROP_PROBABILITY.id(),
        ecn_min: [ECN_YELLOW_MIN_THRESHOLD_64.id(), ECN_YELLOW_MIN_THRESHOLD.id()],
        ecn_max: [ECN_YELLOW_MAX_THRESHOLD_64.id(), ECN_YELLOW_MAX_THRESHOLD.id()],
        ecn_percent: ECN_YELLOW_MARK_PROBABILITY.id(),
    },
    Color {
        enable: RED_ENABLE.id(),
        min: [RED_MIN_THRESHOLD_64.id(), RED_MIN_THRESHOLD.id()],
        max: [RED_MAX_THRESHOLD_64.id(), RED_MAX_THRESHOLD.id()],
        percent: RED_DROP_PROBABILITY.id(),
        ecn_min: [ECN_RED_MIN_THRESHOLD_64.id(), ECN_RED_MIN_THRESHOLD.id()],
        ecn_max: [ECN_RED_MAX_THRESHOLD_64.id(), ECN_RED_MAX_THRESHOLD.id()],
        ecn_percent: ECN_RED_MARK_PROBABILITY.id(),
    },
];

/// Whether packets of a color that are capable of ECN are marked.
fn marks(mode: EcnMarkMode, color: usize) -> bool {
    use EcnMarkMode as Mode;
    match mode {
        Mode::GREEN => color == 0,
        Mode::YELLOW => color == 1,
        Mode::RED => color == 2,
        Mode::GREEN_YELLOW => color != 2,
        Mode::GREEN_RED => color != 1,
        Mode::YELLOW_RED => color != 0,
        Mode::ALL => true,
        _ => false,
    }
}

/// What a WRED profile does; nothing without one.
pub(crate) fn red(sw: &Switch, id: ObjectId) -> Option<Arc<Red>> {
    sw.store.get(id)?;
    let number = |attr: AttrId| sw.store.number(id, attr) as u64;
    // A threshold of 0 is SAI's word for the whole buffer.
    let given = |of: [AttrId; 2]| of.into_iter().map(number).find(|bytes| *bytes != 0);
    let whole = sw.profile.chip.buffer_size;
    let mode = EcnMarkMode(sw.store.number(id, ECN_MARK_MODE.id()) as i32);
    let apart = sw.store.flag(sw.id, switch::ECN_ECT_THRESHOLD_ENABLE.id());
    let curves = COLORS.map(|of| {
        let [min, max] = [of.min, of.max].map(|of| given(of).unwrap_or(whole));
        let all = Curve { min, max, percent: number(of.percent) };
        let own = sw.store.get(id).and_then(|o| o.value(of.ecn_percent)).is_some();
        let capable = Curve {
            min: given(of.ecn_min).unwrap_or(min),
            max: given(of.ecn_max).unwrap_or(max),
            percent: number(if own { of.ecn_percent } else { of.percent }),
        };
        (sw.store.flag(id, of.enable).then_some(all), if apart { capable } else { all })
    });
    let marks = std::array::from_fn(|color| marks(mode, color).then_some(curves[color].1));
    Some(Arc::new(Red { weight: number(WEIGHT.id()) as u8, drops: curves.map(|c| c.0), marks }))
}

/// Derives the queues and pools that name one of these profiles.
fn derive_all(sw: &mut Switch, named: impl Fn(ObjectId) -> bool) {
    let attrs = [
        (ObjectType::QUEUE, queue::WRED_PROFILE_ID.id()),
        (ObjectType::BUFFER_POOL, buffer_pool::WRED_PROFILE_ID.id()),
    ];
    for (ty, by) in attrs {
        let naming = sw.store.ids(ty).filter(|id| named(sw.store.oid(*id, by)));
        for id in naming.collect::<Vec<_>>() {
            let object = ObjectRef::Object(ty, id);
            if ty == ObjectType::QUEUE {
                crate::port::queue::derive(sw, &object);
            } else {
                super::buffer::PoolOwner::derive(sw, &object);
            }
        }
    }
}

/// Derives all again where an attribute of the switch matters to them.
pub(crate) fn switch_changed(sw: &mut Switch, attr: AttrId) {
    if attr == switch::ECN_ECT_THRESHOLD_ENABLE.id() {
        derive_all(sw, |by| !by.is_null());
    }
}

/// Owns `SAI_OBJECT_TYPE_WRED`.
#[derive(Debug)]
pub(crate) struct WredOwner;

impl WredOwner {
    fn check(n: usize, given: &AttrEntry) -> Result<()> {
        let percent = COLORS.iter().any(|c| c.percent == given.id || c.ecn_percent == given.id);
        let why = match given.value {
            Value::U32(value) if percent && value > 100 => format!("{value} percent"),
            Value::U8(weight) if given.id == WEIGHT.id() && weight > 15 => {
                format!("weight {weight}; weights are 0 to 15")
            }
            _ => return Ok(()),
        };
        let name = sai::meta::attr(ObjectType::WRED, given.id).map_or("", |a| a.name);
        Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name))
    }
}

impl Owner for WredOwner {
    fn enforced(&self) -> &'static [AttrId] {
        static ALL: std::sync::LazyLock<Vec<AttrId>> = std::sync::LazyLock::new(|| {
            let of = |c: &Color| {
                let thresholds = [c.min, c.max, c.ecn_min, c.ecn_max].concat();
                [vec![c.enable, c.percent, c.ecn_percent], thresholds].concat()
            };
            let colors = COLORS.iter().flat_map(of);
            [WEIGHT.id(), ECN_MARK_MODE.id()].into_iter().chain(colors).collect()
        });
        &ALL
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, given)| Self::check(n, given))
    }

    fn check_set(&self, _: &Switch, _: &ObjectRef, given: &AttrEntry) -> Result<()> {
        Self::check(0, given)
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let this = object.oid().unwrap_or_default();
        derive_all(sw, |by| by == this);
    }
}
