//! Neighbors: the last step of a route, out of an interface to a MAC address.
//!
//! A *hop* is the place of one neighbor, resolved or awaited: next hops name hops by index, so that a
//! neighbor that comes, changes or goes touches one record and no route.

use std::net::IpAddr;

use hashbrown::HashMap;
use sai::types::PacketAction;
use sai::{AttrId, Entry, ObjectId, ObjectRef, Value, neighbor_entry as attr};

use super::adjacency::Adjacency;
use super::vr::Destination;
use super::{counter_slot, read};
use crate::feature::Owner;
use crate::pipeline::NONE;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;

/// The place of a neighbor, as packets see it.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub struct Hop {
    /// Interface.
    pub rif: u16,
    /// MAC address, where there is a neighbor.
    pub mac: [u8; 6],
    /// Whether there is a neighbor.
    pub known: bool,
    /// The neighbor's packet action.
    pub action: PacketAction,
    /// The neighbor's meta data.
    pub meta: u32,
    /// Slot of the neighbor's counter; `u32::MAX` for none.
    pub counter: u32,
    /// `hostif`'s index of the user-defined trap; [`NONE`] for none.
    pub trap: u16,
    /// Next hops that name it.
    pub(super) users: u32,
}

const _: () = assert!(size_of::<Hop>() == 32);

/// The hops of a switch.
#[derive(Debug, Default)]
pub struct Hops {
    records: Vec<Hop>,
    keys: Vec<(u16, IpAddr)>,
    index: HashMap<(u16, IpAddr), u32>,
    free: Vec<u32>,
}

impl Hops {
    /// A hop.
    #[inline(always)]
    pub fn get(&self, hop: u32) -> &Hop {
        &self.records[hop as usize]
    }

    /// The address of a hop.
    pub fn address(&self, hop: u32) -> IpAddr {
        self.keys[hop as usize].1
    }

    /// The hop of a neighbor out of an interface.
    #[inline]
    pub fn find(&self, rif: u16, ip: IpAddr) -> Option<u32> {
        self.index.get(&(rif, ip)).copied()
    }

    /// The place of a neighbor, made where there is none.
    fn place(&mut self, rif: u16, ip: IpAddr) -> u32 {
        if let Some(hop) = self.find(rif, ip) {
            return hop;
        }
        let record = Hop {
            rif,
            mac: [0; 6],
            known: false,
            action: PacketAction::FORWARD,
            meta: 0,
            counter: u32::MAX,
            trap: NONE,
            users: 0,
        };
        let hop = match self.free.pop() {
            Some(hop) => {
                self.records[hop as usize] = record;
                self.keys[hop as usize] = (rif, ip);
                hop
            }
            None => {
                self.records.push(record);
                self.keys.push((rif, ip));
                self.records.len() as u32 - 1
            }
        };
        self.index.insert((rif, ip), hop);
        hop
    }

    /// Forgets a place that nobody needs any more.
    fn tidy(&mut self, hop: u32) {
        let record = &self.records[hop as usize];
        if !record.known && record.users == 0 {
            self.index.remove(&self.keys[hop as usize]);
            self.free.push(hop);
        }
    }

    /// Takes the place that a next hop names.
    pub(super) fn hold(&mut self, rif: u16, ip: IpAddr) -> u32 {
        let hop = self.place(rif, ip);
        self.records[hop as usize].users += 1;
        hop
    }

    /// Gives it back.
    pub(super) fn let_go(&mut self, hop: u32) {
        self.records[hop as usize].users -= 1;
        self.tidy(hop);
    }
}

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

    fn get(
        &self,
        _: &Switch,
        object: &ObjectRef,
        asked: &'static sai::meta::AttrMeta,
    ) -> Option<sai::Result<Value>> {
        let ip = key(object)?.1;
        (asked.id == attr::IP_ADDR_FAMILY.id()).then(|| Ok(super::family(ip.is_ipv6())))
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        self.derive(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some((rif, ip)) = key(object) else { return };
        let Some(hop) = sw.router.hops.find(Parts::of(rif).slot as u16, ip) else { return };
        set_host_route(sw, rif, ip, hop, false);
        sw.router.hops.records[hop as usize].known = false;
        sw.router.hops.tidy(hop);
    }
}

fn key(object: &ObjectRef) -> Option<(ObjectId, IpAddr)> {
    match object.entry()? {
        Entry::Neighbor(entry) => Some((entry.rif_id, entry.ip_address)),
        _ => None,
    }
}

impl NeighborOwner {
    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some((rif, ip)) = key(object) else { return };
        let mac = read::mac(sw, object, attr::DST_MAC_ADDRESS.id());
        let action = read::action(sw, object, attr::PACKET_ACTION.id());
        let meta = read::number(sw, object, attr::META_DATA.id());
        let counter = counter_slot(read::oid(sw, object, attr::COUNTER_ID.id()));
        let trap = match read::oid(sw, object, attr::USER_TRAP_ID.id()) {
            none if none.is_null() => NONE,
            trap => crate::hostif::slot_of(sw, trap),
        };
        let host_route = !read::flag(sw, object, attr::NO_HOST_ROUTE.id());
        let hop = sw.router.hops.place(Parts::of(rif).slot as u16, ip);
        let record = &mut sw.router.hops.records[hop as usize];
        *record = Hop { rif: record.rif, mac, known: true, action, meta, counter, trap, users: record.users };
        set_host_route(sw, rif, ip, hop, host_route);
    }
}

/// Gives a neighbor its host route, or takes it away. A route that a client made for the same host stays in
/// force; of several neighbors with the same address the first has the route.
fn set_host_route(sw: &mut Switch, rif: ObjectId, ip: IpAddr, hop: u32, wanted: bool) {
    let router = &mut sw.router;
    let Some(vr) = router.rifs.get(Parts::of(rif).slot as usize).map(|r| usize::from(r.vr)) else { return };
    let Some(vr) = router.vrs.get_mut(vr) else { return };
    let waiting = vr.hosts.entry(ip).or_default();
    let before = waiting.first().copied();
    match waiting.iter().position(|h| *h == hop) {
        None if wanted => waiting.push(hop),
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
