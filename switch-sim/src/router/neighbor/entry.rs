//! Neighbor entries: their store is the hops that packets go by.

use std::net::IpAddr;

use sai::entry::NeighborEntry;
use sai::meta::AttrMeta;
use sai::types::PacketAction;
use sai::{
    AttrEntry, AttrId, Entry, Error, MacAddr, ObjectId, ObjectRef, ObjectType, Result, Status, Value,
    neighbor_entry as attr,
};

use super::Hop;
use crate::attrs;
use crate::feature::{CompactTable, Owner};
use crate::pipeline::NONE;
use crate::router::adjacency::Adjacency;
use crate::router::vr::Destination;
use crate::router::{counter_slot, family};
use crate::store::id::{Parts, switch_id};
use crate::switch::Switch;

/// Owns `SAI_OBJECT_TYPE_NEIGHBOR_ENTRY`.
#[derive(Debug)]
pub(crate) struct NeighborOwner;

impl Owner for NeighborOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::DST_MAC_ADDRESS.id(),
                attr::PACKET_ACTION.id(),
                attr::NO_HOST_ROUTE.id(),
                attr::META_DATA.id(),
                attr::COUNTER_ID.id(),
                attr::USER_TRAP_ID.id(),
            ]
        }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[attr::IP_ADDR_FAMILY.id()] }
    }

    fn table(&self) -> Option<&'static dyn CompactTable> {
        Some(&NeighborOwner)
    }
}

fn key(object: &ObjectRef) -> Result<(ObjectId, IpAddr)> {
    match object.entry() {
        Some(Entry::Neighbor(entry)) => Ok((entry.rif_id, entry.ip_address)),
        _ => Err(Status::INVALID_OBJECT_TYPE.into()),
    }
}

/// The hop of a neighbor that is there.
fn find(sw: &Switch, rif: ObjectId, ip: IpAddr) -> Option<u32> {
    let slot = Parts::of(rif).slot as u16;
    sw.router.rifs.get(usize::from(slot)).filter(|r| r.id == rif)?;
    sw.router.hops.find(slot, ip).filter(|hop| sw.router.hops.get(*hop).known)
}

fn existing(sw: &Switch, object: &ObjectRef) -> Result<u32> {
    let (rif, ip) = key(object)?;
    find(sw, rif, ip)
        .ok_or_else(|| Error::because(Status::ITEM_NOT_FOUND, "there is no such neighbor").on_object(object))
}

/// Writes an attribute of a neighbor, into its record where it has a place there; answers the value before, of one
/// that has none.
fn apply(sw: &mut Switch, hop: u32, given: &AttrEntry) -> Option<Value> {
    let trap = match given.value {
        Value::Oid(id) if given.id == attr::USER_TRAP_ID.id() && !id.is_null() => {
            crate::hostif::slot_of(sw, id)
        }
        _ => NONE,
    };
    let hops = &mut sw.router.hops;
    let record = &mut hops.records[hop as usize];
    match (given.id, &given.value) {
        (id, Value::Mac(mac)) if id == attr::DST_MAC_ADDRESS.id() => record.mac = mac.0,
        (id, Value::I32(action)) if id == attr::PACKET_ACTION.id() => record.action = PacketAction(*action),
        (id, Value::U32(meta)) if id == attr::META_DATA.id() => record.meta = *meta,
        (id, Value::Bool(no)) if id == attr::NO_HOST_ROUTE.id() => record.no_host_route = *no,
        (id, value) => {
            match value {
                Value::Oid(counter) if id == attr::COUNTER_ID.id() => record.counter = counter_slot(*counter),
                Value::Oid(_) if id == attr::USER_TRAP_ID.id() => record.trap = trap,
                _ => {}
            }
            return attrs::put(hops.rest.entry(hop).or_default(), given);
        }
    }
    None
}

fn reference(sw: &mut Switch, rif: ObjectId, attrs: &[AttrEntry], by: i32) {
    sw.store.reference(rif, by);
    attrs.iter().for_each(|a| a.value.for_each_oid(|to| sw.store.reference(to, by)));
}

impl CompactTable for NeighborOwner {
    fn create(&self, sw: &mut Switch, object: &ObjectRef, given: &[AttrEntry]) -> Result<ObjectId> {
        let (rif, ip) = key(object)?;
        let hops = &mut sw.router.hops;
        let hop = hops.place(Parts::of(rif).slot as u16, ip);
        hops.records[hop as usize].known = true;
        hops.known += 1;
        given.iter().for_each(|a| drop(apply(sw, hop, a)));
        reference(sw, rif, given, 1);
        let wanted = !sw.router.hops.get(hop).no_host_route;
        set_host_route(sw, rif, ip, hop, wanted);
        Ok(ObjectId::NULL)
    }

    fn remove(&self, sw: &mut Switch, object: &ObjectRef) -> Result<()> {
        let (rif, ip) = key(object)?;
        let hop = existing(sw, object)?;
        set_host_route(sw, rif, ip, hop, false);
        let rest = sw.router.hops.rest.remove(&hop).unwrap_or_default();
        reference(sw, rif, &rest, -1);
        let hops = &mut sw.router.hops;
        let Hop { rif, users, .. } = hops.records[hop as usize];
        hops.records[hop as usize] = Hop { users, ..Hop::new(rif) };
        hops.known -= 1;
        hops.tidy(hop);
        Ok(())
    }

    fn set(&self, sw: &mut Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        let (rif, ip) = key(object)?;
        let hop = existing(sw, object)?;
        let before = apply(sw, hop, given);
        given.value.for_each_oid(|to| sw.store.reference(to, 1));
        if let Some(before) = before {
            before.for_each_oid(|to| sw.store.reference(to, -1));
        }
        if given.id == attr::NO_HOST_ROUTE.id() {
            let wanted = !sw.router.hops.get(hop).no_host_route;
            set_host_route(sw, rif, ip, hop, wanted);
        }
        Ok(())
    }

    fn value(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Result<Option<Value>> {
        let hop = existing(sw, object)?;
        let record = sw.router.hops.get(hop);
        Ok(Some(match asked.id {
            id if id == attr::DST_MAC_ADDRESS.id() => Value::Mac(MacAddr(record.mac)),
            id if id == attr::PACKET_ACTION.id() => Value::I32(record.action.0),
            id if id == attr::META_DATA.id() => Value::U32(record.meta),
            id if id == attr::NO_HOST_ROUTE.id() => Value::Bool(record.no_host_route),
            id if id == attr::IP_ADDR_FAMILY.id() => family(sw.router.hops.address(hop).is_ipv6()),
            id => {
                let rest = sw.router.hops.rest.get(&hop);
                return Ok(rest.and_then(|all| all.iter().find(|a| a.id == id)).map(|a| a.value.clone()));
            }
        }))
    }

    fn contains(&self, sw: &Switch, object: &ObjectRef) -> bool {
        key(object).is_ok_and(|(rif, ip)| find(sw, rif, ip).is_some())
    }

    fn contains_entry(&self, sw: &Switch, entry: &Entry) -> bool {
        matches!(entry, Entry::Neighbor(e) if find(sw, e.rif_id, e.ip_address).is_some())
    }

    fn count(&self, sw: &Switch, _: ObjectType) -> usize {
        sw.router.hops.known
    }

    fn for_each(&self, sw: &Switch, _: ObjectType, f: &mut dyn FnMut(ObjectRef)) {
        let hops = &sw.router.hops;
        let known = hops.records.iter().zip(&hops.keys).filter(|(record, _)| record.known);
        let mut keys: Vec<_> = known.map(|(_, key)| *key).collect();
        keys.sort_unstable();
        let switch_id = switch_id(sw.store.switch_number());
        for (rif, ip_address) in keys {
            let rif_id = sw.router.rifs[usize::from(rif)].id;
            f(ObjectRef::Entry(Entry::Neighbor(NeighborEntry { switch_id, rif_id, ip_address })));
        }
    }
}

/// Gives a neighbor its host route, or takes it away. A route that a client made for the same host stays in
/// force; of several neighbors with the same address that of the lowest interface has the route.
fn set_host_route(sw: &mut Switch, rif: ObjectId, ip: IpAddr, hop: u32, wanted: bool) {
    let router = &mut sw.router;
    let Some(vr) = router.rifs.get(Parts::of(rif).slot as usize).map(|r| usize::from(r.vr)) else { return };
    let Some(vr) = router.vrs.get_mut(vr) else { return };
    let waiting = vr.hosts.entry(ip).or_default();
    let before = waiting.first().copied();
    let interface = |hop: u32| router.hops.get(hop).rif;
    match waiting.iter().position(|h| *h == hop) {
        None if wanted => {
            let at = waiting.partition_point(|h| interface(*h) < interface(hop));
            waiting.insert(at, hop);
        }
        Some(at) if !wanted => drop(waiting.remove(at)),
        _ => {}
    }
    let after = waiting.first().copied();
    if after.is_none() {
        vr.hosts.remove(&ip);
    }
    let to = Destination::host(ip);
    let explicit = vr.get(to).is_some_and(|a| !router.adjacencies.get(a).is_host());
    if before == after || explicit {
        return;
    }
    let old = match after {
        Some(hop) => vr.put(to, router.adjacencies.take(Adjacency::host(hop))),
        None => vr.take(to),
    };
    if let Some(old) = old {
        router.adjacencies.give(old);
    }
}
