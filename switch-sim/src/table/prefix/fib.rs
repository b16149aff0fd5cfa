//! Addresses to adjacencies, by longest prefix: a trie of wide nodes, filled lazily.
//!
//! The first 11 bits select a root entry, which holds the best prefix of up to 11 bits and names a chunk; the
//! next 13 select a slot of the chunk; below 24 bits, nodes of 16 slots (a cache line) take 4 bits each. Most
//! IPv4 look-ups thus read the root, which stays in the first-level cache, and one slot. A default route writes
//! 2048 root entries and no slot; chunks and nodes exist only where longer prefixes do.
//!
//! A slot is a number of 32 bits:
//!
//! ```text
//! 15 in bits 31..28: a child node, its index in bits 27..0
//! else              : a leaf. Bits 31..28: by how many bits its prefix reaches into this level, 0 if the prefix
//!                     ends above it; bits 27..0: the adjacency, 0 if none but the root's
//! ```
//!
//! The reach lets an insertion leave slots of longer prefixes alone and a removal find the slots of its own
//! prefix, without asking the route store. A node remembers the leaf whose place it took.

use std::num::NonZeroU32;

use super::{Address, Prefix};
use crate::memory;

/// The largest adjacency: 28 bits.
pub const MAX_ADJACENCY: u32 = VALUE;

const VALUE: u32 = (1 << REACH_SHIFT) - 1;
const REACH_SHIFT: u32 = 28;
const CHILD: u32 = 15 << REACH_SHIFT;

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

#[derive(Clone, Debug)]
#[repr(align(64))]
struct Node([u32; NODE_SLOTS]);

#[derive(Clone, Copy, Debug)]
struct NodeInfo {
    /// The leaf that stood in the parent's slot.
    displaced: u32,
    /// Prefixes that end in this node, and children.
    used: u32,
}

#[derive(Clone, Debug, Default)]
struct Nodes {
    slots: Vec<Node>,
    info: Vec<NodeInfo>,
    free: Vec<u32>,
}

/// Which slots a change may write, by the reach of what they hold.
#[derive(Clone, Copy)]
enum Over {
    /// An insertion: shorter prefixes give way, longer ones stay.
    UpTo(u32),
    /// A removal or an update: the prefix's own.
    Just(u32),
}

impl Over {
    #[inline(always)]
    fn admits(self, slot: u32) -> bool {
        match self {
            Over::UpTo(limit) => reach(slot) <= limit,
            Over::Just(own) => reach(slot) == own,
        }
    }
}

impl Nodes {
    /// Makes a node whose slots all inherit `displaced`.
    fn add(&mut self, displaced: u32) -> u32 {
        let node = Node([displaced & VALUE; NODE_SLOTS]);
        let info = NodeInfo { displaced, used: 0 };
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = node;
            self.info[index as usize] = info;
            return index;
        }
        let index = self.slots.len() as u32;
        assert!(index < VALUE, "the table is full: {index} nodes");
        if self.slots.len() == self.slots.capacity() {
            let room = (2 * self.slots.len()).max(4);
            memory::grow(&mut self.slots, room);
        }
        self.slots.push(node);
        self.info.push(info);
        index
    }

    /// Writes `new` to `slot`, or behind it if it has children.
    #[inline(always)]
    fn paint(&mut self, slot: &mut u32, new: u32, over: Over) {
        if *slot >= CHILD {
            self.paint_displaced(*slot & VALUE, new, over);
        } else if over.admits(*slot) {
            *slot = new;
        }
    }

    fn paint_displaced(&mut self, node: u32, new: u32, over: Over) {
        let info = &mut self.info[node as usize];
        if !over.admits(info.displaced) {
            return;
        }
        info.displaced = new;
        for i in 0..NODE_SLOTS {
            let slot = self.slots[node as usize].0[i];
            if slot >= CHILD {
                self.paint_displaced(slot & VALUE, new & VALUE, Over::Just(0));
            } else if reach(slot) == 0 {
                self.slots[node as usize].0[i] = new & VALUE;
            }
        }
    }

    /// Paints the slots of a prefix that ends in `node`, `len` bits into it, 1 to 4.
    fn paint_range(&mut self, node: u32, first: u32, len: u32, new: u32, over: Over) {
        let first = first as usize;
        for i in first..first + (NODE_SLOTS >> len) {
            let mut slot = self.slots[node as usize].0[i];
            self.paint(&mut slot, new, over);
            self.slots[node as usize].0[i] = slot;
        }
    }
}

/// The forwarding table of one virtual router and address family.
#[derive(Clone, Debug)]
pub struct Fib<A> {
    /// Empty or one entry for each value of the first 11 bits.
    root: Vec<Root>,
    chunks: Vec<u32>,
    /// By chunk: prefixes of 12 to 24 bits, and nodes.
    chunk_used: Vec<u32>,
    free_chunks: Vec<u32>,
    nodes: Nodes,
    address: std::marker::PhantomData<fn() -> A>,
}

impl<A: Address> Default for Fib<A> {
    fn default() -> Self {
        Fib {
            root: Vec::new(),
            chunks: Vec::new(),
            chunk_used: Vec::new(),
            free_chunks: Vec::new(),
            nodes: Nodes::default(),
            address: std::marker::PhantomData,
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
        let root = self.root_of(address);
        let mut slot = self.slot_of(root, address);
        let mut depth = UPPER_BITS;
        while slot >= CHILD {
            slot = self.step(slot, address, depth);
            depth += NODE_BITS;
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
            if slot >= CHILD {
                *out = slot;
                memory::prefetch(&self.nodes.slots[(slot & VALUE) as usize]);
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
                if slot >= CHILD {
                    memory::prefetch(&self.nodes.slots[(slot & VALUE) as usize]);
                    pending[left % LANES] = i;
                    left += 1;
                } else {
                    *out = answer(self.root_of(address), slot);
                }
            }
            count = left;
            depth += NODE_BITS;
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

    #[inline(always)]
    fn step(&self, slot: u32, address: A, depth: u32) -> u32 {
        let index = address.bits(depth, NODE_BITS) as usize;
        self.nodes.slots[(slot & VALUE) as usize].0[index]
    }

    /// Adds a prefix that the table does not hold.
    ///
    /// # Panics
    /// If `adjacency` is 0 or above [`MAX_ADJACENCY`].
    pub fn insert(&mut self, prefix: Prefix<A>, adjacency: u32) {
        check_adjacency(adjacency);
        let len = u32::from(prefix.len());
        if len > UPPER_BITS {
            let (node, depth) = self.node_for(prefix);
            self.nodes.info[node as usize].used += 1;
            self.paint_node(node, depth, prefix, adjacency, Over::UpTo(len - depth));
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

    /// Points a prefix that the table holds elsewhere.
    ///
    /// # Panics
    /// If `adjacency` is 0 or above [`MAX_ADJACENCY`].
    pub fn update(&mut self, prefix: Prefix<A>, adjacency: u32) {
        check_adjacency(adjacency);
        let len = u32::from(prefix.len());
        if len > UPPER_BITS {
            let (node, depth) = self.node_for(prefix);
            self.paint_node(node, depth, prefix, adjacency, Over::Just(len - depth));
        } else {
            self.paint_upper(prefix, adjacency, Over::Just);
        }
    }

    /// Removes a prefix that the table holds. `parent` is the longest other prefix that covers it: its length
    /// and adjacency.
    pub fn remove(&mut self, prefix: Prefix<A>, parent: Option<(u8, u32)>) {
        let len = u32::from(prefix.len());
        let (parent_len, parent) = parent.map_or((0, 0), |(len, adjacency)| (u32::from(len), adjacency));
        if len <= ROOT_BITS {
            self.paint_root(prefix, leaf(parent_len, parent), Over::Just(len));
            return;
        }
        // Below the root, prefixes of the root count as none.
        let parent = if parent_len > ROOT_BITS { parent } else { 0 };
        let fallback = |level: u32| leaf(parent_len.saturating_sub(level), parent);
        if len <= UPPER_BITS {
            self.paint_chunk(prefix, fallback(ROOT_BITS), Over::Just(len - ROOT_BITS));
            self.release_chunk(prefix.address());
        } else {
            let (node, depth) = self.node_for(prefix);
            let first = prefix.address().bits(depth, NODE_BITS);
            self.nodes.paint_range(node, first, len - depth, fallback(depth), Over::Just(len - depth));
            self.release_path(prefix, depth);
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        self.root.capacity() * size_of::<Root>()
            + (self.chunks.capacity() + self.chunk_used.capacity() + self.free_chunks.capacity())
                * size_of::<u32>()
            + self.nodes.slots.capacity() * size_of::<Node>()
            + self.nodes.info.capacity() * size_of::<NodeInfo>()
            + self.nodes.free.capacity() * size_of::<u32>()
    }

    /// Whether no chunk or node is in use.
    #[cfg(test)]
    pub(super) fn is_vacant(&self) -> bool {
        self.free_chunks.len() == self.chunk_used.len()
            && self.nodes.free.len() == self.nodes.slots.len()
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

    /// The node in which `prefix`, longer than 24 bits, ends, and the bits above it; made if need be.
    fn node_for(&mut self, prefix: Prefix<A>) -> (u32, u32) {
        let (address, len) = (prefix.address(), u32::from(prefix.len()));
        let chunk = self.chunk_for(address);
        let index = self.slot_index(address);
        let mut slot = self.chunks[index];
        if slot < CHILD {
            slot = CHILD | self.nodes.add(slot);
            self.chunks[index] = slot;
            self.chunk_used[chunk] += 1;
        }
        let (mut node, mut depth) = (slot & VALUE, UPPER_BITS);
        while len > depth + NODE_BITS {
            let index = address.bits(depth, NODE_BITS) as usize;
            let mut slot = self.nodes.slots[node as usize].0[index];
            if slot < CHILD {
                slot = CHILD | self.nodes.add(slot);
                self.nodes.slots[node as usize].0[index] = slot;
                self.nodes.info[node as usize].used += 1;
            }
            (node, depth) = (slot & VALUE, depth + NODE_BITS);
        }
        (node, depth)
    }

    /// Drops one use of the node at `depth` on the way to `prefix`, and frees what is then unused, upwards.
    fn release_path(&mut self, prefix: Prefix<A>, depth: u32) {
        const LEVELS: usize = (128 - UPPER_BITS as usize) / NODE_BITS as usize;
        let address = prefix.address();
        let mut path = [0u32; LEVELS];
        let levels = ((depth - UPPER_BITS) / NODE_BITS) as usize;
        let top = self.slot_index(address);
        path[0] = self.chunks[top] & VALUE;
        for level in 0..levels {
            let above = UPPER_BITS + NODE_BITS * level as u32;
            path[level + 1] = self.step(path[level], address, above) & VALUE;
        }
        for level in (0..=levels).rev() {
            let node = path[level];
            let info = &mut self.nodes.info[node as usize];
            info.used -= 1;
            if info.used > 0 {
                return;
            }
            let displaced = info.displaced;
            self.nodes.free.push(node);
            if level == 0 {
                self.chunks[top] = displaced;
                self.release_chunk(address);
            } else {
                let above = UPPER_BITS + NODE_BITS * (level as u32 - 1);
                let index = address.bits(above, NODE_BITS) as usize;
                self.nodes.slots[path[level - 1] as usize].0[index] = displaced;
            }
        }
    }
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
