//! What stands below the slots of 24 bits: nodes, and buckets.

use super::bucket::Bucket;
use super::{BUCKET, CHILD, NODE_SLOTS, VALUE, reach};
use crate::memory;

#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Node(pub [u32; NODE_SLOTS]);

#[derive(Clone, Copy, Debug)]
pub(super) struct NodeInfo {
    /// The leaf that stood in the parent's slot.
    pub displaced: u32,
    /// Prefixes that end in this node, children and buckets.
    pub used: u32,
}

/// Which slots a change may write, by the reach of what they hold.
#[derive(Clone, Copy)]
pub(super) enum Over {
    /// An insertion: shorter prefixes give way, longer ones stay.
    UpTo(u32),
    /// A removal or an update: the prefix's own.
    Just(u32),
}

impl Over {
    #[inline(always)]
    pub fn admits(self, slot: u32) -> bool {
        match self {
            Over::UpTo(limit) => reach(slot) <= limit,
            Over::Just(own) => reach(slot) == own,
        }
    }
}

/// Things with an index that are used again.
#[derive(Clone, Debug)]
pub(super) struct Pool<T> {
    pub all: Vec<T>,
    pub free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { all: Vec::new(), free: Vec::new() }
    }
}

impl<T> Pool<T> {
    fn add(&mut self, one: T) -> u32 {
        if let Some(index) = self.free.pop() {
            self.all[index as usize] = one;
            return index;
        }
        let index = self.all.len() as u32;
        assert!(index < VALUE, "the table is full: {index} nodes");
        if self.all.len() == self.all.capacity() {
            let room = (2 * self.all.len()).max(4);
            memory::grow(&mut self.all, room);
        }
        self.all.push(one);
        index
    }

    fn memory(&self) -> usize {
        self.all.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    pub slots: Pool<Node>,
    /// By node.
    pub info: Vec<NodeInfo>,
    pub buckets: Pool<Bucket>,
}

impl Nodes {
    /// Makes a node whose slots all inherit `displaced`.
    pub fn add(&mut self, displaced: u32) -> u32 {
        let index = self.slots.add(Node([displaced & VALUE; NODE_SLOTS]));
        let info = NodeInfo { displaced, used: 0 };
        match self.info.get_mut(index as usize) {
            Some(place) => *place = info,
            None => self.info.push(info),
        }
        index
    }

    /// Makes an empty bucket in the place of the leaf `displaced`.
    pub fn add_bucket(&mut self, displaced: u32) -> u32 {
        self.buckets.add(Bucket::new(displaced))
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        let info = self.info.capacity() * size_of::<NodeInfo>();
        self.slots.memory() + info + self.buckets.memory()
    }

    #[cfg(test)]
    pub fn is_vacant(&self) -> bool {
        self.slots.free.len() == self.slots.all.len() && self.buckets.free.len() == self.buckets.all.len()
    }

    /// Writes `new` to `slot`, or behind it if it names what stands below.
    #[inline(always)]
    pub fn paint(&mut self, slot: &mut u32, new: u32, over: Over) {
        if *slot >= BUCKET {
            self.paint_displaced(*slot, new, over);
        } else if over.admits(*slot) {
            *slot = new;
        }
    }

    fn paint_displaced(&mut self, slot: u32, new: u32, over: Over) {
        if slot < CHILD {
            let displaced = &mut self.buckets.all[(slot & VALUE) as usize].displaced;
            if over.admits(*displaced) {
                *displaced = new;
            }
            return;
        }
        let node = (slot & VALUE) as usize;
        let info = &mut self.info[node];
        if !over.admits(info.displaced) {
            return;
        }
        info.displaced = new;
        for i in 0..NODE_SLOTS {
            let slot = self.slots.all[node].0[i];
            if slot >= BUCKET {
                self.paint_displaced(slot, new & VALUE, Over::Just(0));
            } else if reach(slot) == 0 {
                self.slots.all[node].0[i] = new & VALUE;
            }
        }
    }

    /// Paints the slots of a prefix that ends in `node`, `len` bits into it, 1 to 4.
    pub fn paint_range(&mut self, node: u32, first: u32, len: u32, new: u32, over: Over) {
        let first = first as usize;
        for i in first..first + (NODE_SLOTS >> len) {
            let mut slot = self.slots.all[node as usize].0[i];
            self.paint(&mut slot, new, over);
            self.slots.all[node as usize].0[i] = slot;
        }
    }
}
