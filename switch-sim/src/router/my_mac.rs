//! MAC addresses of the router beside those of its interfaces.

use sai::{
    AttrEntry, AttrId, Error, MacAddr, ObjectId, ObjectRef, ObjectType, Result, Status, Value,
    my_mac as attr, switch,
};

use crate::feature::{Owner, Request};
use crate::pipeline::{NONE, Packet};
use crate::port::index;
use crate::store::Object;
use crate::store::id::type_of;
use crate::switch::Switch;

/// Who a packet is for that the router takes, on an interface that it came in by.
#[derive(Clone, Debug)]
pub(super) struct MyMac {
    id: ObjectId,
    mac: [u8; 6],
    mask: [u8; 6],
    /// VLAN id; 0 for any.
    vid: u16,
    /// Port and LAG; [`NONE`] for any.
    port: u16,
    lag: u16,
}

impl MyMac {
    fn takes(&self, p: &Packet, mac: &[u8]) -> bool {
        (self.port == NONE || self.port == p.port)
            && (self.lag == NONE || self.lag == p.lag)
            && (self.vid == 0 || self.vid == p.vid)
            && mac.len() == 6
            && (0..6).all(|i| (mac[i] ^ self.mac[i]) & self.mask[i] == 0)
    }
}

/// Whether an entry takes a packet.
#[inline(always)]
pub(super) fn any(entries: &[MyMac], p: &Packet, mac: &[u8]) -> bool {
    !entries.is_empty() && entries.iter().any(|e| e.takes(p, mac))
}

/// Owns `SAI_OBJECT_TYPE_MY_MAC`. All entries do the same, so that which of several is first does not show.
#[derive(Debug)]
pub(crate) struct MyMacOwner;

/// The highest priority of an entry; the lowest is 0.
pub(crate) const MAX_PRIORITY: u32 = u16::MAX as u32;

fn check(n: usize, given: &AttrEntry) -> Result<()> {
    match given.value {
        Value::U32(priority) if given.id == attr::PRIORITY.id() && priority > MAX_PRIORITY => {
            let why = format!("{priority}: priorities are 0 to {MAX_PRIORITY}");
            Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr("SAI_MY_MAC_ATTR_PRIORITY"))
        }
        _ => Ok(()),
    }
}

impl Owner for MyMacOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::PRIORITY.id(),
                attr::PORT_ID.id(),
                attr::VLAN_ID.id(),
                attr::MAC_ADDRESS.id(),
                attr::MAC_ADDRESS_MASK.id(),
            ]
        }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, given)| check(n, given))
    }

    fn check_set(&self, _: &Switch, _: &ObjectRef, given: &AttrEntry) -> Result<()> {
        check(0, given)
    }

    /// Without an address the switch's, without a mask all of it.
    fn get(
        &self,
        sw: &Switch,
        object: &ObjectRef,
        asked: &'static sai::meta::AttrMeta,
    ) -> Option<Result<Value>> {
        let stored = sw.store.get(object.oid()?)?;
        if stored.value(asked.id).is_some() {
            return None;
        }
        match asked.id {
            a if a == attr::MAC_ADDRESS.id() => {
                let this = ObjectRef::Object(ObjectType::SWITCH, sw.id);
                Some(sw.value(&this, switch::SRC_MAC_ADDRESS.id()))
            }
            a if a == attr::MAC_ADDRESS_MASK.id() => Some(Ok(Value::Mac(MacAddr([0xff; 6])))),
            _ => None,
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let port = sw.store.oid(id, attr::PORT_ID.id());
        let on = |ty| if type_of(port) == Some(ty) { index(port) } else { NONE };
        let entry = MyMac {
            id,
            mac: super::read::mac(sw, object, attr::MAC_ADDRESS.id()),
            mask: super::read::mac(sw, object, attr::MAC_ADDRESS_MASK.id()),
            vid: sw.store.number(id, attr::VLAN_ID.id()) as u16,
            port: on(ObjectType::PORT),
            lag: on(ObjectType::LAG),
        };
        sw.router.my_macs.retain(|e| e.id != id);
        sw.router.my_macs.push(entry);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        sw.router.my_macs.retain(|e| Some(e.id) != object.oid());
    }
}
