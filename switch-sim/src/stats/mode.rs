//! Which statistics of an object count: `STATS_COUNT_MODE` chooses packets, bytes, both or none of them, and
//! `SELECTIVE_COUNTER_LIST`, where it is not empty, those that its counters list.
//!
//! A statistic that does not count stands still: packets move the owner's count on, and what it was when it was
//! stopped is answered until it counts again, from there.

use sai::meta::{self, ObjectMeta};
use sai::types::StatsCountMode;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value, bridge,
    bridge_port, buffer_pool, counter, ingress_priority_group as group, port, queue, router_interface as rif,
    switch, vlan,
};

use crate::feature::owner;
use crate::switch::{Switch, known};

/// The types with statistics that packets move, with their two attributes. Policers have their own way.
const MODES: &[(ObjectType, AttrId, AttrId)] = &[
    (ObjectType::SWITCH, switch::STATS_COUNT_MODE.id(), switch::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::PORT, port::STATS_COUNT_MODE.id(), port::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::VLAN, vlan::STATS_COUNT_MODE.id(), vlan::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::BRIDGE, bridge::STATS_COUNT_MODE.id(), bridge::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::BRIDGE_PORT, bridge_port::STATS_COUNT_MODE.id(), bridge_port::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::ROUTER_INTERFACE, rif::STATS_COUNT_MODE.id(), rif::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::QUEUE, queue::STATS_COUNT_MODE.id(), queue::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::BUFFER_POOL, buffer_pool::STATS_COUNT_MODE.id(), buffer_pool::SELECTIVE_COUNTER_LIST.id()),
    (ObjectType::INGRESS_PRIORITY_GROUP, group::STATS_COUNT_MODE.id(), group::SELECTIVE_COUNTER_LIST.id()),
];

fn of_type(object_type: ObjectType) -> Option<(AttrId, AttrId)> {
    MODES.iter().find(|(of, ..)| *of == object_type).map(|(_, mode, list)| (*mode, *list))
}

/// Whether an attribute says what counts.
pub(crate) fn acts(object_type: ObjectType, attr: AttrId) -> bool {
    of_type(object_type).is_some_and(|(mode, list)| attr == mode || attr == list)
}

/// Refuses a list with a counter that is not selective, or of the statistics of another type.
pub(crate) fn check(sw: &Switch, meta: &ObjectMeta, attrs: &[AttrEntry]) -> Result<()> {
    let Some((_, list)) = of_type(meta.object_type) else { return Ok(()) };
    for (n, given) in attrs.iter().enumerate().filter(|(_, a)| a.id == list) {
        let Value::OidList(counters) = &given.value else { continue };
        for id in counters {
            let of = sw.store.number(*id, counter::OBJECT_TYPE.id());
            let why = match is_selective(sw, *id) {
                false => format!("{id} is no selective counter"),
                true if of != i64::from(meta.object_type.0) => format!("{id} is not of {}", meta.name),
                true => continue,
            };
            let error = Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why);
            return Err(error.on_attr(meta.attr(list).map_or("", |a| a.name)));
        }
    }
    Ok(())
}

/// Whether a counter chooses statistics, instead of counting packets itself.
pub(crate) fn is_selective(sw: &Switch, id: ObjectId) -> bool {
    sw.store.number(id, counter::TYPE.id()) == i64::from(counter::Type::SELECTIVE.0)
}

/// Stops or starts statistics of an object after attributes of it were given or set; of a counter, those of the
/// objects that list it.
pub(crate) fn changed(sw: &mut Switch, object: &ObjectRef, attrs: &[AttrEntry]) {
    let object_type = object.object_type();
    if attrs.iter().any(|a| acts(object_type, a.id)) {
        derive(sw, object);
    } else if object_type == ObjectType::COUNTER && attrs.iter().any(|a| a.id == counter::STAT_ID_LIST.id()) {
        let Some(id) = object.oid() else { return };
        let Some(of) = selected_type(sw, id) else { return };
        let Some((_, list)) = of_type(of) else { return };
        for user in sw.store.ids(of).filter(|o| sw.store.oids(*o, list).contains(&id)).collect::<Vec<_>>() {
            derive(sw, &ObjectRef::Object(of, user));
        }
    }
}

/// The type whose statistics a selective counter lists.
pub(crate) fn selected_type(sw: &Switch, id: ObjectId) -> Option<ObjectType> {
    let of = ObjectType(sw.store.number(id, counter::OBJECT_TYPE.id()) as i32);
    is_selective(sw, id).then_some(of)
}

fn derive(sw: &mut Switch, object: &ObjectRef) {
    let Ok(meta) = known(object.object_type()) else { return };
    let (Some(owner), Some(id)) = (owner(meta), object.oid()) else { return };
    let chosen = Chosen::of(sw, meta, id);
    for stat in owner.counted().iter().filter(|s| !owner.levels().contains(s)) {
        let now = owner.stat(sw, object, *stat).unwrap_or(0);
        sw.stats.count(object, *stat, chosen.counts(meta, *stat), now);
    }
}

/// The statistics of an object that count.
struct Chosen {
    mode: StatsCountMode,
    /// None for all.
    listed: Option<Vec<i32>>,
}

impl Chosen {
    fn of(sw: &Switch, meta: &ObjectMeta, id: ObjectId) -> Chosen {
        let Some((mode, list)) = of_type(meta.object_type) else {
            return Chosen { mode: StatsCountMode::PACKET_AND_BYTE, listed: None };
        };
        let counters = sw.store.oids(id, list);
        let stats = |c: &ObjectId| match sw.store.get(*c).and_then(|o| o.value(counter::STAT_ID_LIST.id())) {
            Some(Value::I32List(stats)) => stats.clone(),
            _ => Vec::new(),
        };
        let listed = (!counters.is_empty()).then(|| counters.iter().flat_map(stats).collect());
        Chosen { mode: StatsCountMode(sw.store.number(id, mode) as i32), listed }
    }

    fn counts(&self, meta: &ObjectMeta, stat: StatId) -> bool {
        let bytes = meta.stat(stat).is_some_and(|s| is_of_bytes(s.name));
        let unit = match self.mode {
            StatsCountMode::PACKET => !bytes,
            StatsCountMode::BYTE => bytes,
            StatsCountMode::NONE => false,
            _ => true,
        };
        unit && self.listed.as_ref().is_none_or(|l| l.contains(&(stat as i32)))
    }
}

/// Whether a statistic counts bytes; those that do not count packets.
fn is_of_bytes(name: &str) -> bool {
    // The packets of a size are named by it: SAI_PORT_STAT_ETHER_STATS_PKTS_64_OCTETS.
    !name.contains("PKTS") && (name.contains("OCTETS") || name.contains("BYTES"))
}

/// Refuses a selective counter of statistics that its type does not have.
pub(crate) fn check_counter(of: Option<ObjectType>, n: usize, given: &AttrEntry) -> Result<()> {
    let (Some(of), Value::I32List(stats)) = (of.and_then(meta::object), &given.value) else { return Ok(()) };
    match stats.iter().find(|s| of.stat(**s as StatId).is_none()) {
        Some(stat) => {
            let why = format!("{} has no statistic {stat}", of.name);
            let error = Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why);
            Err(error.on_attr("SAI_COUNTER_ATTR_STAT_ID_LIST"))
        }
        None => Ok(()),
    }
}
