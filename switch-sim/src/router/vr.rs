//! Virtual routers: the forwarding tables of each, and its way with odd packets.

use std::net::IpAddr;

use hashbrown::HashMap;
use ipnet::IpNet;
use sai::types::PacketAction;
use sai::{AttrId, ObjectId, ObjectRef, ObjectType, virtual_router as attr};
use smallvec::SmallVec;

use super::{read, rif};
use crate::feature::Owner;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::table::prefix::{Prefix, RouteTable};

/// The key of a route within its virtual router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// IPv4.
    V4(Prefix<u32>),
    /// IPv6.
    V6(Prefix<u128>),
}

impl Destination {
    /// Of a prefix; host bits do not matter.
    pub(super) fn of(net: &IpNet) -> Destination {
        let long = "ipnet keeps lengths within the address";
        match net {
            IpNet::V4(net) => Destination::V4(Prefix::new(net.addr().into(), net.prefix_len()).expect(long)),
            IpNet::V6(net) => Destination::V6(Prefix::new(net.addr().into(), net.prefix_len()).expect(long)),
        }
    }

    /// Of a host.
    pub(super) fn host(ip: IpAddr) -> Destination {
        match ip {
            IpAddr::V4(ip) => Destination::V4(Prefix::host(ip.into())),
            IpAddr::V6(ip) => Destination::V6(Prefix::host(ip.into())),
        }
    }

    /// The host, of a prefix of full length.
    pub(super) fn as_host(self) -> Option<IpAddr> {
        match self {
            Destination::V4(p) => (p.len() == 32).then(|| IpAddr::V4(p.address().into())),
            Destination::V6(p) => (p.len() == 128).then(|| IpAddr::V6(p.address().into())),
        }
    }
}

/// A virtual router as packets see it.
#[derive(Debug, Default)]
pub struct Vr {
    /// The object; null where there is none.
    pub id: ObjectId,
    /// Its MAC address.
    pub mac: [u8; 6],
    /// Routes IPv4, IPv6.
    pub admin: [bool; 2],
    /// What happens to packets with a TTL of 1 or 0.
    pub ttl1: PacketAction,
    /// What happens to packets with IP options.
    pub options: PacketAction,
    /// What happens to IP multicast without an entry.
    pub unknown_multicast: PacketAction,
    /// IPv4 routes.
    pub v4: RouteTable<u32, ()>,
    /// IPv6 routes.
    pub v6: RouteTable<u128, ()>,
    /// The neighbors that have a host route or wait for one, in the order of their interfaces.
    pub(super) hosts: HashMap<IpAddr, SmallVec<[u32; 2]>>,
    /// Routes that clients made: IPv4, IPv6.
    pub(super) routes: [u32; 2],
}

impl Vr {
    /// The adjacency of exactly this prefix.
    pub(super) fn get(&self, to: Destination) -> Option<u32> {
        match to {
            Destination::V4(p) => self.v4.get(p).map(|r| r.adjacency()),
            Destination::V6(p) => self.v6.get(p).map(|r| r.adjacency()),
        }
    }

    /// Brings near what a change of this prefix reads and writes.
    #[inline]
    pub(super) fn prefetch(&self, to: Destination) {
        match to {
            Destination::V4(p) => self.v4.prefetch_route(p),
            Destination::V6(p) => self.v6.prefetch_route(p),
        }
    }

    /// Puts an adjacency in place and answers the one before.
    pub(super) fn put(&mut self, to: Destination, adjacency: u32) -> Option<u32> {
        match to {
            Destination::V4(p) => self.v4.insert(p, adjacency, ()).map(|r| r.adjacency()),
            Destination::V6(p) => self.v6.insert(p, adjacency, ()).map(|r| r.adjacency()),
        }
    }

    /// Takes a prefix out.
    pub(super) fn take(&mut self, to: Destination) -> Option<u32> {
        match to {
            Destination::V4(p) => self.v4.remove(p).map(|r| r.adjacency()),
            Destination::V6(p) => self.v6.remove(p).map(|r| r.adjacency()),
        }
    }

    pub(super) fn count(&mut self, to: Destination, by: i32) {
        let n = &mut self.routes[usize::from(matches!(to, Destination::V6(_)))];
        *n = n.wrapping_add_signed(by);
    }
}

/// Owns `SAI_OBJECT_TYPE_VIRTUAL_ROUTER`.
#[derive(Debug)]
pub(crate) struct VrOwner;

impl Owner for VrOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::ADMIN_V4_STATE.id(),
                attr::ADMIN_V6_STATE.id(),
                attr::SRC_MAC_ADDRESS.id(),
                attr::VIOLATION_TTL1_PACKET_ACTION.id(),
                attr::VIOLATION_IP_OPTIONS_PACKET_ACTION.id(),
                attr::UNKNOWN_L3_MULTICAST_PACKET_ACTION.id(),
            ]
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        if sw.router.vrs.len() <= slot {
            sw.router.vrs.resize_with(slot + 1, Vr::default);
        }
        sw.router.vrs[slot] = Vr { id, ..Vr::default() };
        derive(sw, id);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, changed: AttrId) {
        let Some(id) = object.oid() else { return };
        derive(sw, id);
        if changed == attr::SRC_MAC_ADDRESS.id() {
            rif::derive_all(sw);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some(id) = object.oid() else { return };
        sw.router.vrs[Parts::of(id).slot as usize] = Vr::default();
    }
}

/// Derives the record of a virtual router; its routes stay.
pub(super) fn derive(sw: &mut Switch, id: ObjectId) {
    let object = ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, id);
    let mac = read::mac(sw, &object, attr::SRC_MAC_ADDRESS.id());
    let admin = [attr::ADMIN_V4_STATE.id(), attr::ADMIN_V6_STATE.id()].map(|a| read::flag(sw, &object, a));
    let ttl1 = read::action(sw, &object, attr::VIOLATION_TTL1_PACKET_ACTION.id());
    let options = read::action(sw, &object, attr::VIOLATION_IP_OPTIONS_PACKET_ACTION.id());
    let unknown_multicast = read::action(sw, &object, attr::UNKNOWN_L3_MULTICAST_PACKET_ACTION.id());
    let vr = &mut sw.router.vrs[Parts::of(id).slot as usize];
    vr.mac = mac;
    vr.admin = admin;
    vr.ttl1 = ttl1;
    vr.options = options;
    vr.unknown_multicast = unknown_multicast;
}
