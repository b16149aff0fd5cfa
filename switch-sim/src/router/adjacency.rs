//! Adjacencies: what the leaves of the forwarding tables name.
//!
//! Routes that say the same share one record, so that a million routes to a few next hops keep a few
//! records, and a route itself is no more than its prefix and a number.

use hashbrown::HashMap;
use sai::types::PacketAction;
use sai::{ObjectId, ObjectType};

use crate::store::id::{self, Parts};

/// Where an adjacency leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum To {
    /// Nowhere: packets are dropped.
    Null,
    /// To this switch: IP2ME.
    Cpu,
    /// To a directly connected subnet: the neighbor is looked up by the destination. Slot of the interface.
    Interface(u16),
    /// To a next hop, by slot.
    NextHop(u32),
    /// To a group of next hops, by slot.
    Group(u32),
    /// To a neighbor, by the host route that comes with its entry. Index of the hop.
    Host(u32),
}

impl To {
    /// Where a route or group member with this `NEXT_HOP_ID` leads; `None` for an object that leads nowhere.
    pub fn of(next_hop: ObjectId) -> Option<To> {
        if next_hop.is_null() {
            return Some(To::Null);
        }
        let slot = Parts::of(next_hop).slot;
        Some(match id::type_of(next_hop)? {
            ObjectType::NEXT_HOP => To::NextHop(slot),
            ObjectType::NEXT_HOP_GROUP => To::Group(slot),
            ObjectType::ROUTER_INTERFACE => To::Interface(slot as u16),
            ObjectType::PORT => To::Cpu,
            _ => return None,
        })
    }
}

/// What a route says of its packets: all attributes of a route entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Adjacency {
    /// Where it leads.
    pub to: To,
    /// `PACKET_ACTION`.
    pub action: PacketAction,
    /// `META_DATA`.
    pub meta: u32,
    /// `PREFIX_AGG_ID`.
    pub prefix_agg: u32,
    /// `NEXT_HOP_ID`.
    pub next_hop: ObjectId,
    /// `COUNTER_ID`.
    pub counter: ObjectId,
    /// `USER_TRAP_ID`.
    pub user_trap: ObjectId,
}

impl Adjacency {
    /// A route of which nothing was given.
    pub const NEW: Adjacency = Adjacency {
        to: To::Null,
        action: PacketAction::FORWARD,
        meta: 0,
        prefix_agg: 0,
        next_hop: ObjectId::NULL,
        counter: ObjectId::NULL,
        user_trap: ObjectId::NULL,
    };

    /// The host route of a neighbor.
    pub const fn host(hop: u32) -> Adjacency {
        Adjacency { to: To::Host(hop), ..Adjacency::NEW }
    }

    /// Whether it comes with a neighbor: no client made it.
    pub const fn is_host(&self) -> bool {
        matches!(self.to, To::Host(_))
    }
}

/// The adjacencies in use, each with the number of routes that name it. Index 0 stays free: in a forwarding
/// table it means "no route".
#[derive(Debug)]
pub struct Adjacencies {
    records: Vec<(Adjacency, u32)>,
    free: Vec<u32>,
    index: HashMap<Adjacency, u32>,
    /// What was taken last.
    last: u32,
}

impl Default for Adjacencies {
    fn default() -> Adjacencies {
        Adjacencies { records: vec![(Adjacency::NEW, 0)], free: Vec::new(), index: HashMap::new(), last: 0 }
    }
}

impl Adjacencies {
    /// The record of an index that a forwarding table answered.
    #[inline(always)]
    pub fn get(&self, index: u32) -> &Adjacency {
        &self.records[index as usize].0
    }

    /// Takes a use of an adjacency and answers its index.
    pub fn take(&mut self, adjacency: Adjacency) -> u32 {
        // Routes come in runs that say the same.
        if let Some((last, uses)) = self.records.get_mut(self.last as usize)
            && *uses > 0
            && *last == adjacency
        {
            *uses += 1;
            return self.last;
        }
        let (records, free) = (&mut self.records, &mut self.free);
        let index = *self.index.entry(adjacency).or_insert_with(|| match free.pop() {
            Some(index) => {
                records[index as usize] = (adjacency, 0);
                index
            }
            None => {
                records.push((adjacency, 0));
                records.len() as u32 - 1
            }
        });
        self.records[index as usize].1 += 1;
        self.last = index;
        index
    }

    /// Gives a use back.
    pub fn give(&mut self, index: u32) {
        let (adjacency, uses) = &mut self.records[index as usize];
        *uses -= 1;
        if *uses == 0 {
            self.index.remove(adjacency);
            self.free.push(index);
        }
    }

    /// How many different adjacencies are in use.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no route is there.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        self.records.capacity() * size_of::<(Adjacency, u32)>()
            + self.index.capacity() * size_of::<(Adjacency, u32)>()
    }
}
