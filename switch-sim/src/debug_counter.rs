//! `SAI_OBJECT_TYPE_DEBUG_COUNTER`: counts of the drops whose reason a client names, by port or of the switch.
//!
//! A counter has an index. A port's drops are its statistic `SAI_PORT_STAT_IN_DROP_REASON_RANGE_BASE + index`
//! or `OUT_…`, the switch's drops the same of `sai_switch_stat_t`. Counting begins when the counter is created;
//! a drop counts when its reason is listed at that time. Outgoing reasons count on the port where the packet
//! was to leave.

use hashbrown::HashMap;
use sai::debug_counter::{self, Type};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value};

use crate::feature::{Owner, Request};
use crate::pipeline::{DropReason, Layer, Sai, Side};
use crate::store::Object;
use crate::switch::Switch;

/// `SAI_PORT_STAT_IN_DROP_REASON_RANGE_BASE`, and the switch's.
const IN_BASE: StatId = 0x1000;
/// `SAI_PORT_STAT_OUT_DROP_REASON_RANGE_BASE`, and the switch's.
const OUT_BASE: StatId = 0x2000;
/// How many counters each type has: as many as all four have statistics for.
const INDICES: u32 = 8;

/// The reasons that SAI names and nothing in the pipeline causes.
const NEVER: &[DropReason] = &[
    DropReason::DecapError,
    DropReason::FdbAndBlackholeDiscards,
    DropReason::MplsMiss,
    DropReason::Srv6LocalSidDrop,
    DropReason::LpmMiss,
    DropReason::TunnelLoopbackPacketDrop,
];

/// A set of [`DropReason`]s, a bit each.
type Reasons = u128;
const _: () = assert!(DropReason::COUNT <= Reasons::BITS as usize);

/// The reasons that a name of SAI's stands for: one, or what an `ANY` sums up.
fn named(side: Side, sai: i32) -> Reasons {
    use DropReason::*;
    let some = |reasons: &[DropReason]| reasons.iter().fold(0, |set, r| set | 1 << *r as u32);
    let layer = |layer: Layer| {
        let of = |r: &&DropReason| r.side() == side && r.layer() == layer;
        DropReason::ALL.iter().filter(of).fold(0, |set, r| set | 1 << *r as u32)
    };
    match (side, sai) {
        (Side::In, 0) | (Side::Out, 0) => layer(Layer::L2),
        (Side::In, 11) | (Side::Out, 2) => layer(Layer::L3),
        (Side::In, 41) => layer(Layer::Acl),
        (Side::In, 52) => some(&[FdbUcDiscard, FdbMcDiscard, BlackholeRoute, BlackholeArp]),
        (Side::In, 57) => some(&[Lpm4Miss, Lpm6Miss]),
        _ => {
            let is = |r: &DropReason| match r.sai() {
                Sai::In(n) => side == Side::In && n == sai,
                Sai::Out(n) => side == Side::Out && n == sai,
                _ => false,
            };
            some(&DropReason::ALL.iter().copied().filter(is).collect::<Vec<_>>())
        }
    }
}

/// The names of SAI's that something in the pipeline causes.
fn caused(side: Side) -> &'static [i32] {
    use std::sync::LazyLock;
    static BOTH: LazyLock<[Vec<i32>; 2]> = LazyLock::new(|| {
        let never = NEVER.iter().fold(0, |set: Reasons, r| set | 1 << *r as u32);
        let of = |side| (0..64).filter(|n| named(side, *n) & !never != 0).collect();
        [of(Side::In), of(Side::Out)]
    });
    &BOTH[usize::from(side == Side::Out)]
}

/// A debug counter.
#[derive(Clone, Debug)]
struct Counter {
    id: ObjectId,
    kind: Type,
    index: u32,
    reasons: Reasons,
    /// By port; the switch's counts stand at [`SWITCH`].
    counts: HashMap<u16, u64>,
}

/// Where a counter of the switch counts.
const SWITCH: u16 = u16::MAX;

const fn side(kind: Type) -> Side {
    match kind {
        Type::PORT_OUT_DROP_REASONS | Type::SWITCH_OUT_DROP_REASONS => Side::Out,
        _ => Side::In,
    }
}

const fn is_ports(kind: Type) -> bool {
    matches!(kind, Type::PORT_IN_DROP_REASONS | Type::PORT_OUT_DROP_REASONS)
}

/// The debug counters of a switch.
#[derive(Debug, Default)]
pub(crate) struct DebugCounters(Vec<Counter>);

impl DebugCounters {
    /// The indices that no counter of the kind has, in order.
    fn free(&self, kind: Type) -> impl Iterator<Item = u32> + '_ {
        (0..INDICES).filter(move |n| self.0.iter().all(|c| c.kind != kind || c.index != *n))
    }

    /// How many more counters can be made, of the type that an attribute names.
    pub(crate) fn left(&self, attrs: &[AttrEntry]) -> u64 {
        let kind = attrs.iter().find(|a| a.id == debug_counter::TYPE.id());
        match kind.map(|a| &a.value) {
            Some(Value::I32(kind)) => self.free(Type(*kind)).count() as u64,
            _ => 4 * u64::from(INDICES) - self.0.len() as u64,
        }
    }

    /// Counts a drop on a port.
    #[inline]
    pub(crate) fn count(&mut self, reason: DropReason, port: u16) {
        for counter in &mut self.0 {
            if counter.reasons & 1 << reason as u32 != 0 {
                let at = if is_ports(counter.kind) { port } else { SWITCH };
                *counter.counts.entry(at).or_default() += 1;
            }
        }
    }

    /// Forgets what was counted on a port that is gone.
    pub(crate) fn forget(&mut self, port: u16) {
        for counter in &mut self.0 {
            counter.counts.remove(&port);
        }
    }

    /// A statistic of a port, or of the switch, that a debug counter could feed; `None` for others.
    pub(crate) fn stat(&self, port: Option<u16>, stat: StatId) -> Option<u64> {
        let (out, index) = match stat {
            _ if (IN_BASE..IN_BASE + INDICES).contains(&stat) => (Side::In, stat - IN_BASE),
            _ if (OUT_BASE..OUT_BASE + INDICES).contains(&stat) => (Side::Out, stat - OUT_BASE),
            _ => return None,
        };
        let is = |c: &&Counter| side(c.kind) == out && is_ports(c.kind) == port.is_some() && c.index == index;
        let counter = self.0.iter().find(is);
        Some(counter.and_then(|c| c.counts.get(&port.unwrap_or(SWITCH))).copied().unwrap_or(0))
    }
}

/// The statistics of ports, and of the switch, that debug counters feed.
pub(crate) const COUNTED: [StatId; 2 * INDICES as usize] = {
    let mut all = [0; 2 * INDICES as usize];
    let mut n = 0;
    while n < INDICES {
        all[n as usize] = IN_BASE + n;
        all[(INDICES + n) as usize] = OUT_BASE + n;
        n += 1;
    }
    all
};

const INDEX: AttrId = debug_counter::INDEX.id();
const IN_LIST: AttrId = debug_counter::IN_DROP_REASON_LIST.id();
const OUT_LIST: AttrId = debug_counter::OUT_DROP_REASON_LIST.id();

/// Owns `SAI_OBJECT_TYPE_DEBUG_COUNTER`.
#[derive(Debug)]
pub(crate) struct DebugCounterOwner;

impl DebugCounterOwner {
    fn kind(sw: &Switch, id: ObjectId) -> Type {
        Type(sw.store.number(id, debug_counter::TYPE.id()) as i32)
    }

    fn reasons(sw: &Switch, id: ObjectId) -> Reasons {
        let side = side(Self::kind(sw, id));
        let list = if side == Side::In { IN_LIST } else { OUT_LIST };
        match sw.store.get(id).and_then(|o| o.value(list)) {
            Some(Value::I32List(names)) => names.iter().fold(0, |set, n| set | named(side, *n)),
            _ => 0,
        }
    }
}

impl Owner for DebugCounterOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use debug_counter::*;
        const { &[TYPE.id(), BIND_METHOD.id(), IN_DROP_REASON_LIST.id(), OUT_DROP_REASON_LIST.id()] }
    }

    fn answered(&self) -> &'static [AttrId] {
        &[INDEX]
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        match attr {
            IN_LIST => Some(caused(Side::In)),
            OUT_LIST => Some(caused(Side::Out)),
            _ => None,
        }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let kind = match request.given(debug_counter::TYPE.id()) {
            Some((_, Value::I32(kind))) => Type(*kind),
            _ => Type::PORT_IN_DROP_REASONS,
        };
        if sw.debug.free(kind).next().is_none() {
            let why = format!("there are {INDICES} counters of {kind}, and all are in use");
            return Err(Error::because(Status::INSUFFICIENT_RESOURCES, why));
        }
        Ok(())
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let kind = Self::kind(sw, id);
        // The index is kept with the object, so that a warm restart keeps it.
        let index = match sw.store.get(id).and_then(|o| o.value(INDEX)) {
            Some(Value::U32(index)) => *index,
            _ => {
                let Some(index) = sw.debug.free(kind).next() else { return };
                sw.store.set(object, AttrEntry::new(INDEX, Value::U32(index)));
                index
            }
        };
        let reasons = Self::reasons(sw, id);
        sw.debug.0.push(Counter { id, kind, index, reasons, counts: HashMap::new() });
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let Some(id) = object.oid() else { return };
        let reasons = Self::reasons(sw, id);
        if let Some(counter) = sw.debug.0.iter_mut().find(|c| c.id == id) {
            counter.reasons = reasons;
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some(at) = sw.debug.0.iter().position(|c| Some(c.id) == object.oid()) else { return };
        let counter = sw.debug.0.remove(at);
        // What was cleared or set of its statistics goes with it: the next counter of the index begins at 0.
        let base = if side(counter.kind) == Side::In { IN_BASE } else { OUT_BASE };
        let stat = base + counter.index;
        if is_ports(counter.kind) {
            for port in sw.store.ids(ObjectType::PORT).collect::<Vec<_>>() {
                sw.stats.forget_stat(&ObjectRef::Object(ObjectType::PORT, port), stat);
            }
        } else {
            sw.stats.forget_stat(&ObjectRef::Object(ObjectType::SWITCH, sw.id), stat);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(dir: &std::path::Path, all: &mut String) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if !path.ends_with("debug_counter.rs") && !path.ends_with("pipeline/drop.rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    /// What the capability query answers is what the pipeline causes.
    #[test]
    fn the_reasons_that_are_never_caused_are_known() {
        let mut all = String::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let words: std::collections::BTreeSet<_> = all.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        for reason in DropReason::ALL {
            let used = words.contains(format!("{reason:?}").as_str());
            assert_eq!(used, !NEVER.contains(reason), "{reason}: bring the list NEVER up to date");
        }
    }
}
