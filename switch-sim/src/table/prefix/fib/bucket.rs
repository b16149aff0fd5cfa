//! The prefixes of a part of the table where few are.

use super::{VALUE, leaf};

/// The most prefixes of a bucket.
const ROOM: usize = 5;

/// A prefix of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Its address, most significant half first.
    pub address: [u64; 2],
    pub len: u32,
    pub adjacency: u32,
}

const NOTHING: Entry = Entry { address: [0; 2], len: u32::MAX, adjacency: 0 };

/// Up to five prefixes, the longest first: two cache lines, of which the first has two prefixes.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub(super) struct Bucket {
    /// The leaf that stood in its slot: what is found where no prefix is.
    pub displaced: u32,
    count: u32,
    entries: [Entry; ROOM],
}

const _: () = assert!(size_of::<Bucket>() == 128);

/// How many bits two addresses have in common, from the first on.
#[inline(always)]
fn shared(a: [u64; 2], b: [u64; 2]) -> u32 {
    match a[0] ^ b[0] {
        0 => 64 + (a[1] ^ b[1]).leading_zeros(),
        differ => differ.leading_zeros(),
    }
}

impl Bucket {
    pub fn new(displaced: u32) -> Bucket {
        Bucket { displaced, count: 0, entries: [NOTHING; ROOM] }
    }

    pub fn is_full(&self) -> bool {
        self.entries().len() == ROOM
    }

    /// Its prefixes, the longest first.
    #[inline(always)]
    pub fn entries(&self) -> &[Entry] {
        self.entries.get(..self.count as usize).unwrap_or_default()
    }

    /// The leaf of an address.
    #[inline(always)]
    pub fn lookup(&self, address: [u64; 2]) -> u32 {
        let found = self.entries().iter().find(|e| shared(e.address, address) >= e.len);
        found.map_or(self.displaced & VALUE, |e| leaf(0, e.adjacency))
    }

    /// Puts in a prefix that it does not hold.
    ///
    /// # Panics
    /// If it is full.
    pub fn insert(&mut self, entry: Entry) {
        let at = self.entries().partition_point(|e| e.len > entry.len);
        self.entries[at..].rotate_right(1);
        self.entries[at] = entry;
        self.count += 1;
    }

    fn position(&self, address: [u64; 2], len: u32) -> Option<usize> {
        self.entries().iter().position(|e| e.len == len && e.address == address)
    }

    /// Points a prefix that it holds elsewhere.
    pub fn update(&mut self, address: [u64; 2], len: u32, adjacency: u32) {
        if let Some(at) = self.position(address, len) {
            self.entries[at].adjacency = adjacency;
        }
    }

    /// Takes a prefix that it holds out. Answers whether that was its last.
    pub fn remove(&mut self, address: [u64; 2], len: u32) -> bool {
        if let Some(at) = self.position(address, len) {
            self.entries[at] = NOTHING;
            self.entries[at..].rotate_left(1);
            self.count -= 1;
        }
        self.count == 0
    }
}
