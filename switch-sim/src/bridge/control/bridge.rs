//! 802.1D bridges.

use super::*;

/// Owns `SAI_OBJECT_TYPE_BRIDGE`.
#[derive(Debug)]
pub struct BridgeOwner;

fn derive_bridge(sw: &mut Switch, id: ObjectId) {
    let at = FIRST_1D + index(id);
    let control = [
        bridge_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
        bridge_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
        bridge_attr::BROADCAST_FLOOD_CONTROL_TYPE,
    ];
    let group = [
        bridge_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
        bridge_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
        bridge_attr::BROADCAST_FLOOD_GROUP,
    ];
    derive_flood(sw, id, at, control, group);
    let max = sw.store.number(id, bridge_attr::MAX_LEARNED_ADDRESSES) as u32;
    let learn_disable = sw.store.flag(id, bridge_attr::LEARN_DISABLE);
    if let Some(d) = sw.bridge.domain_mut(at) {
        (d.max_learned, d.learn_disable) = (max, learn_disable);
    }
}

impl Owner for BridgeOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            bridge_attr::TYPE,
            bridge_attr::MAX_LEARNED_ADDRESSES,
            bridge_attr::LEARN_DISABLE,
            bridge_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
            bridge_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
            bridge_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
            bridge_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
            bridge_attr::BROADCAST_FLOOD_CONTROL_TYPE,
            bridge_attr::BROADCAST_FLOOD_GROUP,
        ]
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        if sai::bridge::Type(sw.store.number(id, bridge_attr::TYPE) as i32) == sai::bridge::Type::TYPE_1D {
            put_domain(sw, FIRST_1D + index(id), Domain { id, ..Domain::default() });
            derive_bridge(sw, id);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive_bridge(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            drop_domain(sw, FIRST_1D + index(id));
        }
    }

    fn counted(&self) -> &'static [StatId] {
        &[0, 1, 2, 3]
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let at = FIRST_1D + index(object.oid()?);
        counts(ObjectType::BRIDGE, stat, sw.bridge.domain(at)?.counts)
    }
}
