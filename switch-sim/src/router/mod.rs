//! Routing: virtual routers, router interfaces, routes, next hops and their groups, neighbors.
//!
//! | file | what |
//! |---|---|
//! | `vr` | virtual routers and their forwarding tables |
//! | `rif`, `attach` | router interfaces, and how they get at packets |
//! | `route`, `adjacency` | route entries: prefixes to shared records of where they lead |
//! | `next_hop`, `group` | next hops of type IP, and groups of them |
//! | `neighbor` | neighbors: the hops at the end of each way |
//! | `my_mac` | MAC addresses of the router beside those of its interfaces |
//! | `ipmc`, `multicast` | IP multicast: entries, groups, RPF groups; what packets do with them |
//! | `input`, `forward`, `martian`, `output` | the packet half: my-MAC, look-up, checks, rewrite |
//!
//! A packet's way is prefix, adjacency, (group,) next hop, hop, interface; each step is an index into a
//! `Vec`, the slot of the object's id where it has one. What changes at one step changes one record: a
//! neighbor that moves touches no route, a group that grows no prefix. The tables are the store of routes,
//! neighbors and members of next-hop groups; all else is derived from the objects of the store.

use sai::object::counter::{self, Stat};
use sai::types::IpAddrFamily;
use sai::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Result, StatId, Value};

use crate::feature::{Owner, Request};
use crate::stats::mode;
use crate::store::id::Parts;
use crate::switch::Switch;

pub mod adjacency;
mod attach;
pub(crate) mod express;
mod forward;
pub mod group;
mod host;
mod input;
pub mod ipmc;
mod martian;
mod multicast;
mod my_mac;
pub mod neighbor;
pub mod next_hop;
mod output;
mod read;
pub mod rif;
pub(crate) mod route;
pub mod vr;

pub(crate) use forward::{count, route, steer};
pub(crate) use host::from_host;
pub(crate) use input::my_mac;
pub(crate) use multicast::replicate;
pub(crate) use my_mac::{MAX_PRIORITY as MAX_MY_MAC_PRIORITY, MyMacOwner};
pub(crate) use output::{inner_tags, keeps_tag, rewrite, tag};

/// The tables of the router.
#[derive(Debug, Default)]
pub struct Router {
    /// By slot of the virtual router.
    pub vrs: Vec<vr::Vr>,
    /// By slot of the router interface.
    pub rifs: Vec<rif::Rif>,
    /// What each interface counted.
    pub rif_counts: Vec<rif::Counts>,
    /// What the leaves of the forwarding tables name.
    pub adjacencies: adjacency::Adjacencies,
    /// Neighbors, resolved and awaited.
    pub hops: neighbor::Hops,
    /// By slot of the next hop.
    pub next_hops: Vec<next_hop::NextHop>,
    /// By slot of the next-hop group.
    pub groups: Vec<group::NextHopGroup>,
    /// What those do not say of their members.
    members: group::Members,
    /// IP multicast.
    pub ipmc: ipmc::Ipmc,
    /// MAC addresses of the router beside those of its interfaces.
    my_macs: Vec<my_mac::MyMac>,
    /// Packets and octets by slot of the counter object.
    pub counters: Vec<[u64; 2]>,
    /// Whether any interface has two tags.
    pub(crate) doubles: bool,
    /// Groups with members that monitor something.
    monitoring: Vec<ObjectId>,
}

/// The slot of a counter object; `u32::MAX` for none.
pub(crate) const fn counter_slot(id: ObjectId) -> u32 {
    if id.is_null() { u32::MAX } else { Parts::of(id).slot }
}

fn family(v6: bool) -> Value {
    Value::I32(if v6 { IpAddrFamily::IPV6.0 } else { IpAddrFamily::IPV4.0 })
}

/// Derives what depends on the switch's MAC address.
pub(crate) fn derive_switch(sw: &mut Switch) {
    for id in sw.store.ids(ObjectType::VIRTUAL_ROUTER).collect::<Vec<_>>() {
        vr::derive(sw, id);
    }
    rif::derive_all(sw);
}

/// Owns `SAI_OBJECT_TYPE_COUNTER`.
#[derive(Debug)]
pub(crate) struct CounterOwner;

impl Owner for CounterOwner {
    fn counted(&self) -> &'static [StatId] {
        const { &[Stat::PACKETS.0 as StatId, Stat::BYTES.0 as StatId] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        let counters = &mut sw.router.counters;
        if counters.len() <= slot {
            counters.resize(slot + 1, [0; 2]);
        }
        counters[slot] = [0; 2];
    }

    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                counter::TYPE.id(),
                counter::ENABLE_PACKET_COUNT.id(),
                counter::ENABLE_BYTE_COUNT.id(),
                counter::OBJECT_TYPE.id(),
                counter::STAT_ID_LIST.id(),
            ]
        }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        let of = match request.given(counter::OBJECT_TYPE.id()) {
            Some((_, Value::I32(of))) => Some(ObjectType(*of)),
            _ => None,
        };
        request.attrs.iter().enumerate().try_for_each(|(n, given)| mode::check_counter(of, n, given))
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        let of = object.oid().and_then(|id| mode::selected_type(sw, id));
        mode::check_counter(of, 0, given)
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let id = object.oid()?;
        let unit = if stat == Stat::BYTES.0 as StatId {
            counter::ENABLE_BYTE_COUNT
        } else {
            counter::ENABLE_PACKET_COUNT
        };
        // A selective counter chooses what others count.
        if mode::is_selective(sw, id) || !sw.store.flag(id, unit.id()) {
            return None;
        }
        sw.router.counters.get(Parts::of(object.oid()?).slot as usize)?.get(stat as usize).copied()
    }
}
