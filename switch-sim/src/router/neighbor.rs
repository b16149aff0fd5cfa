//! Neighbors: the last step of a route, out of an interface to a MAC address.
//!
//! A *hop* is the place of one neighbor, resolved or awaited: next hops name hops by index, so that a
//! neighbor that comes, changes or goes touches one record and no route.

use std::hash::BuildHasher;
use std::net::IpAddr;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use sai::AttrEntry;
use sai::types::PacketAction;

use crate::pipeline::NONE;

mod entry;

pub(crate) use entry::NeighborOwner;

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
    /// `NO_HOST_ROUTE`.
    pub(super) no_host_route: bool,
    /// Next hops that name it.
    pub(super) users: u32,
}

const _: () = assert!(size_of::<Hop>() == 32);

impl Hop {
    /// A place without a neighbor.
    fn new(rif: u16) -> Hop {
        Hop {
            rif,
            mac: [0; 6],
            known: false,
            action: PacketAction::FORWARD,
            meta: 0,
            counter: u32::MAX,
            trap: NONE,
            no_host_route: false,
            users: 0,
        }
    }
}

/// The hops of a switch.
#[derive(Debug, Default)]
pub struct Hops {
    records: Vec<Hop>,
    keys: Vec<Key>,
    /// Hops by their keys.
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    free: Vec<u32>,
    /// The attributes of a neighbor that have no place in its record, where it has any.
    rest: HashMap<u32, Vec<AttrEntry>>,
    /// How many neighbors there are.
    known: usize,
}

/// The slot of an interface, and an address out of it.
type Key = (u16, IpAddr);

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
        let hash = self.hasher.hash_one((rif, ip));
        self.index.find(hash, |hop| self.keys[*hop as usize] == (rif, ip)).copied()
    }

    /// The place of a neighbor, made where there is none.
    fn place(&mut self, rif: u16, ip: IpAddr) -> u32 {
        if let Some(hop) = self.find(rif, ip) {
            return hop;
        }
        let record = Hop::new(rif);
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
        let (keys, hasher) = (&self.keys, &self.hasher);
        let hash = |hop: &u32| hasher.hash_one(keys[*hop as usize]);
        self.index.insert_unique(hash(&hop), hop, hash);
        hop
    }

    /// Forgets a place that nobody needs any more.
    fn tidy(&mut self, hop: u32) {
        let record = &self.records[hop as usize];
        if !record.known && record.users == 0 {
            let hash = self.hasher.hash_one(self.keys[hop as usize]);
            if let Ok(found) = self.index.find_entry(hash, |h| *h == hop) {
                found.remove();
            }
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
