//! The exact-prefix store: one small hash table a prefix length.
//!
//! An entry holds the address and the value, not the length: a million IPv4 routes of an adjacency alone take 8
//! bytes a slot. A longest match tries the lengths present, longest first: good for control and traces,
//! while packets use the [`Fib`](super::Fib).

use super::{Address, Prefix};
use crate::table::exact::ExactTable;

/// Scatters the addresses of a table.
const SEED: u64 = 0x2545_F491_4F6C_DD1D;

/// A map from prefixes to values.
#[derive(Clone, Debug)]
pub struct PrefixMap<A, V> {
    /// By prefix length; shorter than 33 or 129 as long as the long lengths are unused.
    tables: Vec<ExactTable<A, V>>,
    len: usize,
}

impl<A, V> Default for PrefixMap<A, V> {
    fn default() -> Self {
        PrefixMap { tables: Vec::new(), len: 0 }
    }
}

impl<A: Address, V> PrefixMap<A, V> {
    /// An empty map; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of prefixes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no prefix.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn table(&self, len: u8) -> Option<&ExactTable<A, V>> {
        self.tables.get(usize::from(len))
    }

    /// Brings near the memory that a look-up or change of this prefix reads.
    #[inline(always)]
    pub fn prefetch(&self, prefix: Prefix<A>) {
        if let Some(table) = self.table(prefix.len()) {
            table.prefetch(prefix.address());
        }
    }

    /// The value of exactly this prefix.
    #[inline]
    pub fn get(&self, prefix: Prefix<A>) -> Option<&V> {
        self.table(prefix.len())?.get(prefix.address())
    }

    /// The value of exactly this prefix, to change.
    #[inline]
    pub fn get_mut(&mut self, prefix: Prefix<A>) -> Option<&mut V> {
        self.tables.get_mut(usize::from(prefix.len()))?.get_mut(prefix.address())
    }

    /// Stores `value` and returns the one it replaces.
    pub fn insert(&mut self, prefix: Prefix<A>, value: V) -> Option<V> {
        let index = usize::from(prefix.len());
        if self.tables.len() <= index {
            self.tables.resize_with(index + 1, || ExactTable::new(SEED));
        }
        let old = self.tables[index].insert(prefix.address(), value);
        self.len += usize::from(old.is_none());
        old
    }

    /// Removes exactly this prefix and returns its value.
    pub fn remove(&mut self, prefix: Prefix<A>) -> Option<V> {
        let old = self.tables.get_mut(usize::from(prefix.len()))?.remove(prefix.address())?;
        self.len -= 1;
        Some(old)
    }

    /// Removes all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The longest prefix that holds `address`, with its value.
    pub fn longest_match(&self, address: A) -> Option<(Prefix<A>, &V)> {
        self.longest_up_to(address, A::BITS)
    }

    /// The prefix that `prefix` would fall back to if it were gone: the longest that properly covers it.
    pub fn parent(&self, prefix: Prefix<A>) -> Option<(Prefix<A>, &V)> {
        self.longest_up_to(prefix.address(), prefix.len().checked_sub(1)?)
    }

    fn longest_up_to(&self, address: A, longest: u8) -> Option<(Prefix<A>, &V)> {
        let used = || (0..=longest).rev().filter_map(|len| Some((len, self.table(len)?)));
        let used = || used().filter(|(_, table)| !table.is_empty());
        // The lengths in use are few; their memory is waited for together.
        used().for_each(|(len, table)| table.prefetch(address.masked(len)));
        used().find_map(|(len, table)| {
            let prefix = Prefix { address: address.masked(len), len };
            Some((prefix, table.get(prefix.address)?))
        })
    }

    /// All prefixes with their values, in no order that can be relied on.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (Prefix<A>, &V)> {
        self.tables.iter().enumerate().flat_map(|(len, table)| {
            table.iter().map(move |(address, value)| (Prefix { address, len: len as u8 }, value))
        })
    }

    /// All prefixes with their values, ordered by address, then length. Sorts at each call.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix<A>, &V)> {
        let mut all: Vec<_> = self.iter_unordered().collect();
        all.sort_unstable_by_key(|(prefix, _)| *prefix);
        all.into_iter()
    }

    /// The prefixes covered by `within`, itself included, ordered.
    pub fn iter_within(&self, within: Prefix<A>) -> impl Iterator<Item = (Prefix<A>, &V)> {
        let mut all: Vec<_> = self.iter_unordered().filter(|(p, _)| within.covers(*p)).collect();
        all.sort_unstable_by_key(|(prefix, _)| *prefix);
        all.into_iter()
    }

    /// Bytes on the heap, not counting what the values own.
    pub fn memory(&self) -> usize {
        self.tables.iter().map(ExactTable::memory).sum::<usize>()
            + self.tables.capacity() * size_of::<ExactTable<A, V>>()
    }
}
