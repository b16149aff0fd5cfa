//! Route entries: the store of routes is the forwarding table itself.

use sai::meta::AttrMeta;
use sai::types::PacketAction;
use sai::{
    AttrEntry, AttrId, Entry, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value,
    route_entry as attr,
};

use super::adjacency::{Adjacency, To};
use super::vr::{Destination, Vr};
use super::{Router, family};
use crate::feature::{CompactTable, Owner};
use crate::store::id::{Parts, switch_id};
use crate::switch::Switch;

/// Owns `SAI_OBJECT_TYPE_ROUTE_ENTRY`.
#[derive(Debug)]
pub(crate) struct RouteOwner;

impl Owner for RouteOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::PACKET_ACTION.id(),
                attr::NEXT_HOP_ID.id(),
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
        Some(&RouteOwner)
    }
}

fn key(object: &ObjectRef) -> Result<(ObjectId, Destination)> {
    object.entry().and_then(key_of).ok_or_else(|| Status::INVALID_OBJECT_TYPE.into())
}

fn key_of(entry: &Entry) -> Option<(ObjectId, Destination)> {
    match entry {
        Entry::Route(entry) => Some((entry.vr_id, Destination::of(&entry.destination))),
        _ => None,
    }
}

/// Writes one attribute into a route in the making.
fn apply(sw: &Switch, route: &mut Adjacency, n: usize, given: &AttrEntry) -> Result<()> {
    match (given.id, &given.value) {
        (id, Value::I32(action)) if id == attr::PACKET_ACTION.id() => route.action = PacketAction(*action),
        (id, Value::U32(meta)) if id == attr::META_DATA.id() => route.meta = *meta,
        (id, Value::U32(group)) if id == attr::PREFIX_AGG_ID.id() => route.prefix_agg = *group,
        (id, Value::Oid(counter)) if id == attr::COUNTER_ID.id() => route.counter = *counter,
        (id, Value::Oid(trap)) if id == attr::USER_TRAP_ID.id() => route.user_trap = *trap,
        (id, Value::Oid(next_hop)) if id == attr::NEXT_HOP_ID.id() => {
            let refuse = |why: String| {
                let status = Status::INVALID_ATTR_VALUE_0.nth(n);
                Err(Error::because(status, why).on_attr("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID"))
            };
            route.next_hop = *next_hop;
            route.to = match To::of(*next_hop) {
                Some(To::Cpu) if !sw.is_cpu_port(*next_hop) => {
                    return refuse(format!("{next_hop} is a port, but not the CPU port"));
                }
                Some(to) => to,
                None => return refuse(format!("this switch cannot route to {next_hop}")),
            };
        }
        _ => return Err(Status::UNKNOWN_ATTRIBUTE_0.nth(n).into()),
    }
    Ok(())
}

fn reference(sw: &mut Switch, route: &Adjacency, by: i32) {
    for id in [route.next_hop, route.counter, route.user_trap] {
        if !id.is_null() {
            sw.store.reference(id, by);
        }
    }
}

impl Router {
    /// The virtual router, where it is there.
    fn vr_mut(&mut self, id: ObjectId) -> Option<&mut Vr> {
        self.vrs.get_mut(Parts::of(id).slot as usize).filter(|vr| vr.id == id)
    }

    /// A route that a client made.
    fn route(&self, vr: ObjectId, to: Destination) -> Option<&Adjacency> {
        let vr = self.vrs.get(Parts::of(vr).slot as usize).filter(|r| r.id == vr)?;
        Some(self.adjacencies.get(vr.get(to)?)).filter(|a| !a.is_host())
    }

    /// Puts a route in place of what was there, in one step: a look-up sees the one or the other.
    fn put(&mut self, vr: ObjectId, to: Destination, route: Adjacency) {
        let index = self.adjacencies.take(route);
        let old = self.vr_mut(vr).and_then(|vr| vr.put(to, index));
        if let Some(old) = old {
            self.adjacencies.give(old);
        }
    }
}

fn missing(object: &ObjectRef) -> Error {
    Error::because(Status::ITEM_NOT_FOUND, "there is no such route").on_object(object)
}

impl CompactTable for RouteOwner {
    fn create(&self, sw: &mut Switch, object: &ObjectRef, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let (vr, to) = key(object)?;
        let mut route = Adjacency::NEW;
        for (n, given) in attrs.iter().enumerate() {
            apply(sw, &mut route, n, given).map_err(|e| e.on_object(object))?;
        }
        sw.router.put(vr, to, route);
        if let Some(vr) = sw.router.vr_mut(vr) {
            vr.count(to, 1);
        }
        sw.store.reference(vr, 1);
        reference(sw, &route, 1);
        Ok(ObjectId::NULL)
    }

    fn remove(&self, sw: &mut Switch, object: &ObjectRef) -> Result<()> {
        let (vr, to) = key(object)?;
        let route = *sw.router.route(vr, to).ok_or_else(|| missing(object))?;
        let router = &mut sw.router;
        let Some(table) = router.vrs.get_mut(Parts::of(vr).slot as usize) else {
            return Err(missing(object));
        };
        table.count(to, -1);
        // The host route of a neighbor comes to light again.
        let host = to.as_host().and_then(|ip| table.hosts.get(&ip)?.first().copied());
        let old = match host {
            Some(hop) => table.put(to, router.adjacencies.take(Adjacency::host(hop))),
            None => table.take(to),
        };
        if let Some(old) = old {
            router.adjacencies.give(old);
        }
        sw.store.reference(vr, -1);
        reference(sw, &route, -1);
        Ok(())
    }

    fn set(&self, sw: &mut Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        let (vr, to) = key(object)?;
        let old = *sw.router.route(vr, to).ok_or_else(|| missing(object))?;
        let mut route = old;
        apply(sw, &mut route, 0, given).map_err(|e| e.on_object(object))?;
        if route != old {
            sw.router.put(vr, to, route);
            reference(sw, &route, 1);
            reference(sw, &old, -1);
        }
        Ok(())
    }

    fn value(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Result<Option<Value>> {
        let (vr, to) = key(object)?;
        let route = sw.router.route(vr, to).ok_or_else(|| missing(object))?;
        Ok(Some(match asked.id {
            id if id == attr::PACKET_ACTION.id() => Value::I32(route.action.0),
            id if id == attr::META_DATA.id() => Value::U32(route.meta),
            id if id == attr::PREFIX_AGG_ID.id() => Value::U32(route.prefix_agg),
            id if id == attr::COUNTER_ID.id() => Value::Oid(route.counter),
            id if id == attr::USER_TRAP_ID.id() => Value::Oid(route.user_trap),
            id if id == attr::NEXT_HOP_ID.id() => Value::Oid(route.next_hop),
            id if id == attr::IP_ADDR_FAMILY.id() => family(matches!(to, Destination::V6(_))),
            _ => return Ok(None),
        }))
    }

    fn given(&self, sw: &Switch, object: &ObjectRef, attrs: &mut Vec<AttrEntry>) {
        let Ok((vr, to)) = key(object) else { return };
        let Some(route) = sw.router.route(vr, to) else { return };
        let mut add = |id, value, is_default: bool| {
            if !is_default {
                attrs.push(AttrEntry::new(id, value));
            }
        };
        add(attr::PACKET_ACTION.id(), Value::I32(route.action.0), route.action == Adjacency::NEW.action);
        add(attr::USER_TRAP_ID.id(), Value::Oid(route.user_trap), route.user_trap.is_null());
        add(attr::NEXT_HOP_ID.id(), Value::Oid(route.next_hop), route.next_hop.is_null());
        add(attr::META_DATA.id(), Value::U32(route.meta), route.meta == 0);
        add(attr::COUNTER_ID.id(), Value::Oid(route.counter), route.counter.is_null());
        add(attr::PREFIX_AGG_ID.id(), Value::U32(route.prefix_agg), route.prefix_agg == 0);
    }

    fn contains(&self, sw: &Switch, object: &ObjectRef) -> bool {
        key(object).is_ok_and(|(vr, to)| sw.router.route(vr, to).is_some())
    }

    fn contains_entry(&self, sw: &Switch, entry: &Entry) -> bool {
        key_of(entry).is_some_and(|(vr, to)| sw.router.route(vr, to).is_some())
    }

    fn prefetch(&self, sw: &Switch, entry: &Entry) {
        if let Some((vr, to)) = key_of(entry)
            && let Some(vr) = sw.router.vrs.get(Parts::of(vr).slot as usize)
        {
            vr.prefetch(to);
        }
    }

    fn count(&self, sw: &Switch, _: ObjectType) -> usize {
        sw.router.vrs.iter().flat_map(|vr| vr.routes).map(|n| n as usize).sum()
    }

    fn for_each(&self, sw: &Switch, _: ObjectType, f: &mut dyn FnMut(ObjectRef)) {
        let long = "a prefix is no longer than its address";
        let switch_id = switch_id(sw.store.switch_number());
        let made = |adjacency: u32| !sw.router.adjacencies.get(adjacency).is_host();
        for vr in sw.router.vrs.iter().filter(|vr| !vr.id.is_null()) {
            let mut tell = |destination| {
                let entry = sai::entry::RouteEntry { switch_id, vr_id: vr.id, destination };
                f(ObjectRef::Entry(Entry::Route(entry)));
            };
            for (p, _) in vr.v4.iter().filter(|(_, r)| made(r.adjacency())) {
                tell(ipnet::Ipv4Net::new(p.address().into(), p.len()).expect(long).into());
            }
            for (p, _) in vr.v6.iter().filter(|(_, r)| made(r.adjacency())) {
                tell(ipnet::Ipv6Net::new(p.address().into(), p.len()).expect(long).into());
            }
        }
    }
}
