//! Next hops of type IP.

use sai::object::next_hop::Type;
use sai::{AttrId, ObjectId, ObjectRef, Value, next_hop as attr};

use super::{counter_slot, read};
use crate::feature::Owner;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;

/// A next hop as packets see it.
#[derive(Clone, Debug, Default)]
pub struct NextHop {
    /// The object; null where there is none.
    pub id: ObjectId,
    /// The neighbor that it leads to.
    pub hop: u32,
    /// Slot of its counter; `u32::MAX` for none.
    pub counter: u32,
    /// Bits of [`keep`].
    pub keep: u8,
    /// Meta data that ACLs match.
    pub meta: u32,
}

/// What the rewrite leaves as it is.
pub mod keep {
    /// The TTL.
    pub const TTL: u8 = 1;
    /// The source MAC address.
    pub const SRC_MAC: u8 = 2;
    /// The destination MAC address.
    pub const DST_MAC: u8 = 4;
    /// The VLAN tag.
    pub const VLAN: u8 = 8;
}

/// Owns `SAI_OBJECT_TYPE_NEXT_HOP`.
#[derive(Debug)]
pub(crate) struct NextHopOwner;

impl Owner for NextHopOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::TYPE.id(),
                attr::IP.id(),
                attr::ROUTER_INTERFACE_ID.id(),
                attr::COUNTER_ID.id(),
                attr::DISABLE_DECREMENT_TTL.id(),
                attr::DISABLE_SRC_MAC_REWRITE.id(),
                attr::DISABLE_DST_MAC_REWRITE.id(),
                attr::DISABLE_VLAN_REWRITE.id(),
                attr::META_DATA.id(),
            ]
        }
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        (asked == attr::TYPE.id()).then_some(&[Type::IP.0])
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let rif = Parts::of(read::oid(sw, object, attr::ROUTER_INTERFACE_ID.id())).slot as u16;
        let Ok(Value::IpAddress(ip)) = sw.value(object, attr::IP.id()) else { return };
        let slot = Parts::of(id).slot as usize;
        if sw.router.next_hops.len() <= slot {
            sw.router.next_hops.resize_with(slot + 1, NextHop::default);
        }
        sw.router.next_hops[slot] = NextHop { id, hop: sw.router.hops.hold(rif, ip), ..NextHop::default() };
        derive(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some(id) = object.oid() else { return };
        let gone = std::mem::take(&mut sw.router.next_hops[Parts::of(id).slot as usize]);
        sw.router.hops.let_go(gone.hop);
    }
}

fn derive(sw: &mut Switch, object: &ObjectRef) {
    let Some(id) = object.oid() else { return };
    let counter = counter_slot(read::oid(sw, object, attr::COUNTER_ID.id()));
    let bit = |a, bit| if read::flag(sw, object, a) { bit } else { 0 };
    let keep = bit(attr::DISABLE_DECREMENT_TTL.id(), keep::TTL)
        | bit(attr::DISABLE_SRC_MAC_REWRITE.id(), keep::SRC_MAC)
        | bit(attr::DISABLE_DST_MAC_REWRITE.id(), keep::DST_MAC)
        | bit(attr::DISABLE_VLAN_REWRITE.id(), keep::VLAN);
    let meta = read::number(sw, object, attr::META_DATA.id());
    let record = &mut sw.router.next_hops[Parts::of(id).slot as usize];
    record.counter = counter;
    record.keep = keep;
    record.meta = meta;
}
