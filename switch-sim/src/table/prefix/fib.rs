//! Addresses to adjacencies, by longest prefix: a trie of wide nodes, filled lazily.
//!
//! The first 11 bits select a root entry, which holds the best prefix of up to 11 bits and names a chunk; the
//! next 13 select a slot of the chunk; below 24 bits, nodes of 16 slots (a cache line) take 4 bits each. Most
//! IPv4 look-ups thus read the root, which stays in the first-level cache, and one slot. A default route writes
//! 2048 root entries and no slot; chunks and nodes exist only where longer prefixes do.
//!
//! IPv6 prefixes stand far apart, and a node for every 4 bits on the way to each would be many reads, one after the
//! other. So a slot may name a bucket instead, a short list of all prefixes below it, which becomes a node when it
//! overflows; and whole addresses, most of them neighbors', stand in a hash table.
//!
//! A slot is a number of 32 bits:
//!
//! ```text
//! 15 in bits 31..28: a child node, its index in bits 27..0
//! 14                : a bucket, its index in bits 27..0
//! else              : a leaf. Bits 31..28: by how many bits its prefix reaches into this level, 0 if the prefix
//!                     ends above it; bits 27..0: the adjacency, 0 if none but the root's
//! ```
//!
//! The reach lets an insertion leave slots of longer prefixes alone and a removal find the slots of its own
//! prefix, without asking the route store. A node or bucket remembers the leaf whose place it took.

use std::num::NonZeroU32;

use super::{Address, Prefix};
use crate::memory;
use crate::table::exact::ExactTable;

mod bucket;
mod nodes;

use bucket::Entry;
use nodes::{Nodes, Over};

/// The largest adjacency: 28 bits.
pub const MAX_ADJACENCY: u32 = VALUE;

const VALUE: u32 = (1 << REACH_SHIFT) - 1;
const REACH_SHIFT: u32 = 28;
const CHILD: u32 = 15 << REACH_SHIFT;
/// From here on, a slot names what stands below it.
const BUCKET: u32 = 14 << REACH_SHIFT;

const ROOT_BITS: u32 = 11;
const CHUNK_BITS: u32 = 13;
const NODE_BITS: u32 = 4;
const UPPER_BITS: u32 = ROOT_BITS + CHUNK_BITS;
const CHUNK_SLOTS: usize = 1 << CHUNK_BITS;
const NODE_SLOTS: usize = 1 << NODE_BITS;
const MAX_CHUNKS: usize = 1 << ROOT_BITS;
/// First slot of a chunk that does not exist: beyond all that do.
const NO_CHUNK: u32 = u32::MAX - (CHUNK_SLOTS as u32 - 1);
/// Look-ups in flight at once in a batch.
const LANES: usize = 64;

const fn leaf(reach: u32, adjacency: u32) -> u32 {
    (reach << REACH_SHIFT) | adjacency
}

const fn reach(slot: u32) -> u32 {
    slot >> REACH_SHIFT
}

/// What covers the addresses of a root entry by prefixes of up to 11 bits, and where longer ones are.
#[derive(Clone, Copy, Debug)]
struct Root {
    short: u32,
    chunk: u32,
}

/// The forwarding table of one virtual router and address family.
#[derive(Clone, Debug)]
pub struct Fib<A> {
    /// Empty or one entry for each value of the first 11 bits.
    root: Vec<Root>,
    chunks: Vec<u32>,
    /// By chunk: prefixes of 12 to 24 bits, nodes and buckets.
    chunk_used: Vec<u32>,
    free_chunks: Vec<u32>,
    nodes: Nodes,
    /// Whole addresses, where they are [sparse](Address::SPARSE).
    hosts: ExactTable<A, NonZeroU32>,
}

/// Where a slot is.
#[derive(Clone, Copy)]
enum Place {
    Chunk(usize),
    Node(u32, usize),
}

impl<A: Address> Default for Fib<A> {
    fn default() -> Self {
        Fib {
            root: Vec::new(),
            chunks: Vec::new(),
            chunk_used: Vec::new(),
            free_chunks: Vec::new(),
            nodes: Nodes::default(),
            hosts: ExactTable::new(0),
        }
    }
}

impl<A: Address> Fib<A> {
    /// An empty table; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where packets to `address` go: the adjacency of its longest prefix, 0 if none.
    #[inline(always)]
    pub fn lookup(&self, address: A) -> u32 {
        if let Some(adjacency) = self.host(address) {
            return adjacency;
        }
        let root = self.root_of(address);
        let mut slot = self.slot_of(root, address);
        let mut depth = UPPER_BITS;
        while slot >= CHILD {
            slot = self.step(slot, address, depth);
            depth += NODE_BITS;
        }
        if A::SPARSE && slot >= BUCKET {
            slot = self.step(slot, address, depth);
        }
        answer(root, slot)
    }

    /// Brings near the memory that [`lookup`](Self::lookup) of `address` will read first.
    #[inline(always)]
    pub fn prefetch(&self, address: A) {
        let root = self.root_of(address);
        if let Some(slot) = self.chunks.get((root.chunk | address.bits(ROOT_BITS, CHUNK_BITS)) as usize) {
            memory::prefetch(slot);
        }
        if A::SPARSE {
            self.hosts.prefetch(address);
        }
    }

    /// [`lookup`](Self::lookup) for many addresses, waiting for memory together.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn lookup_batch(&self, addresses: &[A], adjacencies: &mut [u32]) {
        assert_eq!(addresses.len(), adjacencies.len(), "as many answers as addresses");
        for (addresses, out) in addresses.chunks(LANES).zip(adjacencies.chunks_mut(LANES)) {
            self.lookup_lanes(addresses, out);
        }
    }

    /// Level by level, so that all lanes wait for the same level's memory at once.
    #[inline(always)]
    fn lookup_lanes(&self, addresses: &[A], out: &mut [u32]) {
        for &address in addresses {
            self.prefetch(address);
        }
        let mut pending = [0u8; LANES];
        let mut count = 0;
        for (i, (&address, out)) in addresses.iter().zip(out.iter_mut()).enumerate() {
            let root = self.root_of(address);
            let slot = self.slot_of(root, address);
            *out = answer(root, slot);
            if slot >= BUCKET {
                *out = slot;
                self.prefetch_below(slot);
                pending[count % LANES] = i as u8;
                count += 1;
            }
        }
        let mut depth = UPPER_BITS;
        while count > 0 {
            let mut left = 0;
            for k in 0..count {
                let i = pending[k % LANES];
                let (address, out) = (addresses[usize::from(i)], &mut out[usize::from(i)]);
                let slot = self.step(*out, address, depth);
                *out = slot;
                if slot >= BUCKET {
                    self.prefetch_below(slot);
                    pending[left % LANES] = i;
                    left += 1;
                } else {
                    *out = answer(self.root_of(address), slot);
                }
            }
            count = left;
            depth += NODE_BITS;
        }
        for (&address, out) in addresses.iter().zip(out) {
            if let Some(adjacency) = self.host(address) {
                *out = adjacency;
            }
        }
    }

    /// The adjacency of a route to this address alone.
    #[inline(always)]
    fn host(&self, address: A) -> Option<u32> {
        if !A::SPARSE || self.hosts.is_empty() {
            return None;
        }
        self.hosts.get(address).map(|adjacency| adjacency.get())
    }

    #[inline(always)]
    fn prefetch_below(&self, slot: u32) {
        let index = (slot & VALUE) as usize;
        if slot >= CHILD {
            memory::prefetch(&self.nodes.slots.all[index]);
        } else {
            memory::prefetch(&self.nodes.buckets.all[index]);
        }
    }

    #[inline(always)]
    fn root_of(&self, address: A) -> Root {
        let index = address.bits(0, ROOT_BITS) as usize;
        self.root.get(index).copied().unwrap_or(Root { short: 0, chunk: NO_CHUNK })
    }

    #[inline(always)]
    fn slot_of(&self, root: Root, address: A) -> u32 {
        let index = root.chunk | address.bits(ROOT_BITS, CHUNK_BITS);
        self.chunks.get(index as usize).copied().unwrap_or(0)
    }

    /// What a slot that names a node or bucket says of an address; `depth` bits of it led here.
    #[inline(always)]
    fn step(&self, slot: u32, address: A, depth: u32) -> u32 {
        let below = (slot & VALUE) as usize;
        if A::SPARSE && slot < CHILD {
            return self.nodes.buckets.all[below].lookup(address.halves());
        }
        self.nodes.slots.all[below].0[address.bits(depth, NODE_BITS) as usize]
    }

    /// Adds a prefix that the table does not hold.
    ///
    /// # Panics
    /// If `adjacency` is 0 or above [`MAX_ADJACENCY`].
    pub fn insert(&mut self, prefix: Prefix<A>, adjacency: u32) {
        let checked = check_adjacency(adjacency);
        let len = u32::from(prefix.len());
        if is_host(prefix) {
            self.hosts.insert(prefix.address(), checked);
        } else if len > UPPER_BITS {
            self.chunk_for(prefix.address());
            self.insert_below(prefix, adjacency);
        } else {
            if len > ROOT_BITS {
                let chunk = self.chunk_for(prefix.address());
                self.chunk_used[chunk] += 1;
            } else if self.root.is_empty() {
                self.make_root();
            }
            self.paint_upper(prefix, adjacency, Over::UpTo);
        }
    }

    /// Adds a prefix of more than 24 bits, whose chunk exists.
    fn insert_below(&mut self, prefix: Prefix<A>, adjacency: u32) {
        let len = u32::from(prefix.len());
        loop {
            let (place, depth) = self.descend(prefix);
            let slot = self.slot(place);
            if slot >= CHILD {
                self.nodes.info[(slot & VALUE) as usize].used += 1;
                self.paint_node(slot & VALUE, depth, prefix, adjacency, Over::UpTo(len - depth));
                return;
            }
            if slot >= BUCKET {
                let bucket = &mut self.nodes.buckets.all[(slot & VALUE) as usize];
                if !bucket.is_full() {
                    return bucket.insert(Entry { address: prefix.address().halves(), len, adjacency });
                }
                self.split(place, slot & VALUE);
                continue;
            }
            let below = match A::SPARSE {
                true => BUCKET | self.nodes.add_bucket(slot),
                false => CHILD | self.nodes.add(slot),
            };
            self.set_slot(place, below);
            match place {
                Place::Chunk(slot) => self.chunk_used[slot / CHUNK_SLOTS] += 1,
                Place::Node(node, _) => self.nodes.info[node as usize].used += 1,
            }
        }
    }

    /// Puts a node in the place of a bucket.
    fn split(&mut self, place: Place, bucket: u32) {
        let full = self.nodes.buckets.all[bucket as usize].clone();
        self.nodes.buckets.free.push(bucket);
        let node = self.nodes.add(full.displaced);
        self.set_slot(place, CHILD | node);
        for entry in full.entries() {
            if let Some(prefix) = Prefix::new(A::from_halves(entry.address), entry.len as u8) {
                self.insert_below(prefix, entry.adjacency);
            }
        }
    }

    /// Points a prefix that the table holds elsewhere.
    ///
    /// # Panics
    /// If `adjacency` is 0 or above [`MAX_ADJACENCY`].
    pub fn update(&mut self, prefix: Prefix<A>, adjacency: u32) {
        let checked = check_adjacency(adjacency);
        let (address, len) = (prefix.address(), u32::from(prefix.len()));
        if is_host(prefix) {
            self.hosts.insert(address, checked);
        } else if len > UPPER_BITS {
            let (place, depth) = self.descend(prefix);
            let slot = self.slot(place);
            if slot >= CHILD {
                self.paint_node(slot & VALUE, depth, prefix, adjacency, Over::Just(len - depth));
            } else {
                let bucket = &mut self.nodes.buckets.all[(slot & VALUE) as usize];
                bucket.update(address.halves(), len, adjacency);
            }
        } else {
            self.paint_upper(prefix, adjacency, Over::Just);
        }
    }

    /// Removes a prefix that the table holds. `parent` is the longest other prefix that covers it: its length
    /// and adjacency.
    pub fn remove(&mut self, prefix: Prefix<A>, parent: Option<(u8, u32)>) {
        let (address, len) = (prefix.address(), u32::from(prefix.len()));
        let (parent_len, parent) = parent.map_or((0, 0), |(len, adjacency)| (u32::from(len), adjacency));
        if is_host(prefix) {
            self.hosts.remove(address);
            return;
        }
        if len <= ROOT_BITS {
            self.paint_root(prefix, leaf(parent_len, parent), Over::Just(len));
            return;
        }
        // Below the root, prefixes of the root count as none.
        let parent = if parent_len > ROOT_BITS { parent } else { 0 };
        let fallback = |level: u32| leaf(parent_len.saturating_sub(level), parent);
        if len <= UPPER_BITS {
            self.paint_chunk(prefix, fallback(ROOT_BITS), Over::Just(len - ROOT_BITS));
            self.release_chunk(address);
            return;
        }
        let (place, depth) = self.descend(prefix);
        let slot = self.slot(place);
        if slot >= CHILD {
            let (node, first) = (slot & VALUE, address.bits(depth, NODE_BITS));
            self.nodes.paint_range(node, first, len - depth, fallback(depth), Over::Just(len - depth));
            self.release(address, Place::Node(node, 0));
            return;
        }
        let bucket = &mut self.nodes.buckets.all[(slot & VALUE) as usize];
        if bucket.remove(address.halves(), len) {
            let displaced = bucket.displaced;
            self.nodes.buckets.free.push(slot & VALUE);
            self.set_slot(place, displaced);
            self.release(address, place);
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        self.root.capacity() * size_of::<Root>()
            + (self.chunks.capacity() + self.chunk_used.capacity() + self.free_chunks.capacity())
                * size_of::<u32>()
            + self.nodes.memory()
            + self.hosts.memory()
    }

    /// Whether no chunk, node or bucket is in use.
    #[cfg(test)]
    pub(super) fn is_vacant(&self) -> bool {
        self.free_chunks.len() == self.chunk_used.len()
            && self.nodes.is_vacant()
            && self.hosts.is_empty()
            && self.chunks.iter().all(|slot| *slot == 0)
    }

    fn make_root(&mut self) {
        self.root = vec![Root { short: 0, chunk: NO_CHUNK }; 1 << ROOT_BITS];
    }

    fn paint_upper(&mut self, prefix: Prefix<A>, adjacency: u32, over: impl Fn(u32) -> Over) {
        let len = u32::from(prefix.len());
        if len <= ROOT_BITS {
            self.paint_root(prefix, leaf(len, adjacency), over(len));
        } else {
            let reach = len - ROOT_BITS;
            self.paint_chunk(prefix, leaf(reach, adjacency), over(reach));
        }
    }

    fn paint_root(&mut self, prefix: Prefix<A>, new: u32, over: Over) {
        let first = prefix.address().bits(0, ROOT_BITS) as usize;
        for root in &mut self.root[first..first + (MAX_CHUNKS >> prefix.len())] {
            if over.admits(root.short) {
                root.short = new;
            }
        }
    }

    fn paint_chunk(&mut self, prefix: Prefix<A>, new: u32, over: Over) {
        let first = self.slot_index(prefix.address());
        let count = 1usize << (UPPER_BITS - u32::from(prefix.len()));
        for slot in &mut self.chunks[first..first + count] {
            self.nodes.paint(slot, new, over);
        }
    }

    fn paint_node(&mut self, node: u32, depth: u32, prefix: Prefix<A>, adjacency: u32, over: Over) {
        let reach = u32::from(prefix.len()) - depth;
        let first = prefix.address().bits(depth, NODE_BITS);
        self.nodes.paint_range(node, first, reach, leaf(reach, adjacency), over);
    }

    /// Index of the slot of the first 24 bits of `address`, whose chunk exists.
    fn slot_index(&self, address: A) -> usize {
        let root = self.root[address.bits(0, ROOT_BITS) as usize];
        (root.chunk | address.bits(ROOT_BITS, CHUNK_BITS)) as usize
    }

    /// The chunk of `address`, made if there is none.
    fn chunk_for(&mut self, address: A) -> usize {
        if self.root.is_empty() {
            self.make_root();
        }
        let root = &mut self.root[address.bits(0, ROOT_BITS) as usize];
        if root.chunk == NO_CHUNK {
            let chunk = self.free_chunks.pop().unwrap_or_else(|| {
                let len = self.chunks.len();
                if len == self.chunks.capacity() {
                    let more = len.clamp(CHUNK_SLOTS, MAX_CHUNKS * CHUNK_SLOTS - len);
                    memory::grow(&mut self.chunks, len + more);
                }
                self.chunks.resize(len + CHUNK_SLOTS, 0);
                self.chunk_used.push(0);
                (len / CHUNK_SLOTS) as u32
            });
            root.chunk = chunk << CHUNK_BITS;
        }
        root.chunk as usize / CHUNK_SLOTS
    }

    /// Drops one use of the chunk of `address`; an unused one is kept, all zero, for the next to need one.
    fn release_chunk(&mut self, address: A) {
        let root = &mut self.root[address.bits(0, ROOT_BITS) as usize];
        let chunk = root.chunk >> CHUNK_BITS;
        let used = &mut self.chunk_used[chunk as usize];
        *used -= 1;
        if *used == 0 {
            root.chunk = NO_CHUNK;
            self.free_chunks.push(chunk);
        }
    }

    #[inline(always)]
    fn slot(&self, place: Place) -> u32 {
        match place {
            Place::Chunk(slot) => self.chunks[slot],
            Place::Node(node, slot) => self.nodes.slots.all[node as usize].0[slot],
        }
    }

    #[inline(always)]
    fn set_slot(&mut self, place: Place, new: u32) {
        match place {
            Place::Chunk(slot) => self.chunks[slot] = new,
            Place::Node(node, slot) => self.nodes.slots.all[node as usize].0[slot] = new,
        }
    }

    /// The slot of what `prefix`, longer than 24 bits, ends in: the node, or bucket, or the leaf in whose place one has
    /// to come. And how many bits lead there.
    fn descend(&self, prefix: Prefix<A>) -> (Place, u32) {
        let (address, len) = (prefix.address(), u32::from(prefix.len()));
        let (mut place, mut depth) = (Place::Chunk(self.slot_index(address)), UPPER_BITS);
        loop {
            let slot = self.slot(place);
            if slot < CHILD || len <= depth + NODE_BITS {
                return (place, depth);
            }
            place = Place::Node(slot & VALUE, address.bits(depth, NODE_BITS) as usize);
            depth += NODE_BITS;
        }
    }

    /// Drops one use of the chunk or node of a slot on the way to `address`, and frees what is then unused, upwards.
    fn release(&mut self, address: A, mut place: Place) {
        while let Place::Node(node, _) = place {
            let info = &mut self.nodes.info[node as usize];
            info.used -= 1;
            if info.used > 0 {
                return;
            }
            let displaced = info.displaced;
            self.nodes.slots.free.push(node);
            place = self.place_of(address, node);
            self.set_slot(place, displaced);
        }
        self.release_chunk(address);
    }

    /// The slot that names a node on the way to `address`.
    fn place_of(&self, address: A, node: u32) -> Place {
        let (mut place, mut depth) = (Place::Chunk(self.slot_index(address)), UPPER_BITS);
        while self.slot(place) != CHILD | node {
            place = Place::Node(self.slot(place) & VALUE, address.bits(depth, NODE_BITS) as usize);
            depth += NODE_BITS;
        }
        place
    }
}

/// Whether a prefix is one whole address, which stands in the table of hosts.
#[inline(always)]
fn is_host<A: Address>(prefix: Prefix<A>) -> bool {
    A::SPARSE && prefix.len() == A::BITS
}

/// What a leaf means: its own adjacency, else that of the root.
#[inline(always)]
fn answer(root: Root, slot: u32) -> u32 {
    let own = slot & VALUE;
    if own == 0 { root.short & VALUE } else { own }
}

/// The adjacency of a route, which is within its limits.
#[track_caller]
#[inline]
pub(super) fn check_adjacency(adjacency: u32) -> NonZeroU32 {
    match NonZeroU32::new(adjacency) {
        Some(adjacency) if adjacency.get() <= MAX_ADJACENCY => adjacency,
        _ => panic!("adjacency {adjacency} is not in 1..={MAX_ADJACENCY}"),
    }
}
