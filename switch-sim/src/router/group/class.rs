//! Class-based groups: the forwarding class of a packet chooses the member.

use sai::{
    AttrId, ObjectId, ObjectRef, ObjectType, Value, next_hop_group, next_hop_group_map as attr, port,
    qos_map, switch,
};

use super::{CLASSES, derive};
use crate::feature::Owner;
use crate::pipeline::Packet;
use crate::router::read;
use crate::switch::Switch;

/// Owns `SAI_OBJECT_TYPE_NEXT_HOP_GROUP_MAP`.
#[derive(Debug)]
pub(crate) struct MapOwner;

impl Owner for MapOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[attr::TYPE.id(), attr::MAP_TO_VALUE_LIST.id()] }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let Some(map) = object.oid() else { return };
        let named = |g: &ObjectId| sw.store.oid(*g, next_hop_group::SELECTION_MAP.id()) == map;
        let groups: Vec<_> = sw.store.ids(ObjectType::NEXT_HOP_GROUP).filter(named).collect();
        groups.into_iter().for_each(|g| derive(sw, g));
    }
}

/// The bucket of each forwarding class, as a group's selection map says: 0 for one that the map leaves out.
pub(super) fn buckets(sw: &Switch, group: &ObjectRef) -> Box<[u32; CLASSES as usize]> {
    let mut buckets = Box::new([0; CLASSES as usize]);
    let map = read::oid(sw, group, next_hop_group::SELECTION_MAP.id());
    if let Some(Value::MapList(entries)) =
        sw.store.get(map).and_then(|o| o.value(attr::MAP_TO_VALUE_LIST.id()))
    {
        for entry in entries {
            if let Some(bucket) = buckets.get_mut(entry.key as usize) {
                *bucket = entry.value as u32;
            }
        }
    }
    buckets
}

/// The forwarding class of an IP packet: what an ACL chose, else what the port's map makes of its DSCP, else the
/// switch's; 0 without a map. Looked up where a class-based group asks, in the objects themselves: such groups are few.
#[cold]
pub(crate) fn of_packet(sw: &Switch, p: &Packet) -> u8 {
    if p.forwarding_class != u8::MAX {
        return p.forwarding_class;
    }
    let of_port = sw.ports.get(p.port).map(|port| port.id).unwrap_or_default();
    let of_port = sw.store.oid(of_port, port::QOS_DSCP_TO_FORWARDING_CLASS_MAP.id());
    let map = if of_port.is_null() {
        sw.store.oid(sw.id, switch::QOS_DSCP_TO_FORWARDING_CLASS_MAP.id())
    } else {
        of_port
    };
    let Some(object) = sw.store.get(map) else { return 0 };
    if sw.store.number(map, qos_map::TYPE.id()) != i64::from(qos_map::Type::DSCP_TO_FORWARDING_CLASS.0) {
        return 0;
    }
    match object.value(qos_map::MAP_TO_VALUE_LIST.id()) {
        Some(Value::QosMapList(entries)) => {
            let dscp = p.headers.dscp();
            entries.iter().find(|e| e.key.dscp == dscp).map_or(0, |e| e.value.fc)
        }
        _ => 0,
    }
}
