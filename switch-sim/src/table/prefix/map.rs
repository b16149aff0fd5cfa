//! The exact-prefix store: one small hash table a prefix length.
//!
//! An entry holds the address and the value, not the length: a million IPv4 routes with an adjacency and 8 bytes of
//! value take 39 MB. A longest match tries the lengths present, longest first: good for control and traces,
//! while packets use the [`Fib`](super::Fib).

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::{Address, Prefix};

/// A map from prefixes to values.
#[derive(Clone, Debug)]
pub struct PrefixMap<A, V> {
    /// By prefix length; shorter than 33 or 129 as long as the long lengths are unused.
    tables: Vec<HashTable<(A, V)>>,
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
    fn table(&self, len: u8) -> Option<&HashTable<(A, V)>> {
        self.tables.get(usize::from(len)).filter(|t| !t.is_empty())
    }

    /// The value of exactly this prefix.
    #[inline]
    pub fn get(&self, prefix: Prefix<A>) -> Option<&V> {
        let address = prefix.address();
        self.table(prefix.len())?.find(address.mix(), |e| e.0 == address).map(|e| &e.1)
    }

    /// The value of exactly this prefix, to change.
    #[inline]
    pub fn get_mut(&mut self, prefix: Prefix<A>) -> Option<&mut V> {
        let address = prefix.address();
        let table = self.tables.get_mut(usize::from(prefix.len()))?;
        table.find_mut(address.mix(), |e| e.0 == address).map(|e| &mut e.1)
    }

    /// Stores `value` and returns the one it replaces.
    pub fn insert(&mut self, prefix: Prefix<A>, value: V) -> Option<V> {
        let (address, index) = (prefix.address(), usize::from(prefix.len()));
        if self.tables.len() <= index {
            self.tables.resize_with(index + 1, HashTable::new);
        }
        match self.tables[index].entry(address.mix(), |e| e.0 == address, |e| e.0.mix()) {
            Entry::Occupied(mut e) => Some(std::mem::replace(&mut e.get_mut().1, value)),
            Entry::Vacant(e) => {
                e.insert((address, value));
                self.len += 1;
                None
            }
        }
    }

    /// Removes exactly this prefix and returns its value.
    pub fn remove(&mut self, prefix: Prefix<A>) -> Option<V> {
        let address = prefix.address();
        let table = self.tables.get_mut(usize::from(prefix.len()))?;
        let (entry, _) = table.find_entry(address.mix(), |e| e.0 == address).ok()?.remove();
        if table.is_empty() {
            *table = HashTable::new();
        } else if table.capacity() > 1024 && table.len() < table.capacity() / 8 {
            table.shrink_to(table.len() * 2, |e| e.0.mix());
        }
        self.len -= 1;
        Some(entry.1)
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
        (0..=longest).rev().find_map(|len| {
            let table = self.table(len)?;
            let prefix = Prefix { address: address.masked(len), len };
            let entry = table.find(prefix.address.mix(), |e| e.0 == prefix.address)?;
            Some((prefix, &entry.1))
        })
    }

    /// All prefixes with their values, in no order that can be relied on.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (Prefix<A>, &V)> {
        self.tables.iter().enumerate().flat_map(|(len, table)| {
            table.iter().map(move |e| (Prefix { address: e.0, len: len as u8 }, &e.1))
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
        self.tables.iter().map(HashTable::allocation_size).sum::<usize>()
            + self.tables.capacity() * size_of::<HashTable<(A, V)>>()
    }
}
