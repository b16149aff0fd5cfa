//! A route store and its forwarding table, kept in step.

use std::num::NonZeroU32;

use super::fib::check_adjacency;
use super::{Address, Fib, Prefix, PrefixMap};

/// A route as stored: where packets go, and what else its owner keeps with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<V> {
    /// Never 0, so that an empty slot of the store takes no room of its own.
    adjacency: NonZeroU32,
    /// The owner's data.
    pub value: V,
}

impl<V> Route<V> {
    /// What look-ups answer, 1 to [`MAX_ADJACENCY`](super::MAX_ADJACENCY).
    #[inline(always)]
    pub const fn adjacency(&self) -> u32 {
        self.adjacency.get()
    }
}

/// The routes of one virtual router and address family: an exact store with a value each, and look-ups by
/// longest prefix at the speed of the [`Fib`].
#[derive(Clone, Debug)]
pub struct RouteTable<A, V> {
    map: PrefixMap<A, Route<V>>,
    fib: Fib<A>,
}

impl<A: Address, V> Default for RouteTable<A, V> {
    fn default() -> Self {
        RouteTable { map: PrefixMap::new(), fib: Fib::new() }
    }
}

impl<A: Address, V> RouteTable<A, V> {
    /// An empty table; allocates nothing until the first route.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of routes.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is no route.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Adds a route, or replaces the one of the same prefix and returns it.
    ///
    /// # Panics
    /// If `adjacency` is 0 or above [`MAX_ADJACENCY`](super::MAX_ADJACENCY).
    pub fn insert(&mut self, prefix: Prefix<A>, adjacency: u32, value: V) -> Option<Route<V>> {
        let old = self.map.insert(prefix, Route { adjacency: check_adjacency(adjacency), value });
        match &old {
            None => self.fib.insert(prefix, adjacency),
            Some(old) if old.adjacency() != adjacency => self.fib.update(prefix, adjacency),
            Some(_) => {}
        }
        old
    }

    /// Points an existing route elsewhere; `false` if there is none of this prefix.
    ///
    /// # Panics
    /// If `adjacency` is 0 or above [`MAX_ADJACENCY`](super::MAX_ADJACENCY).
    pub fn set_adjacency(&mut self, prefix: Prefix<A>, adjacency: u32) -> bool {
        let nonzero = check_adjacency(adjacency);
        let Some(route) = self.map.get_mut(prefix) else { return false };
        if route.adjacency != nonzero {
            route.adjacency = nonzero;
            self.fib.update(prefix, adjacency);
        }
        true
    }

    /// Removes the route of exactly this prefix; its addresses fall back to the next shorter one.
    pub fn remove(&mut self, prefix: Prefix<A>) -> Option<Route<V>> {
        let old = self.map.remove(prefix)?;
        let parent = self.map.parent(prefix).map(|(p, r)| (p.len(), r.adjacency()));
        self.fib.remove(prefix, parent);
        Some(old)
    }

    /// Removes all routes and gives their memory back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The route of exactly this prefix.
    #[inline]
    pub fn get(&self, prefix: Prefix<A>) -> Option<&Route<V>> {
        self.map.get(prefix)
    }

    /// The value of the route of exactly this prefix, to change.
    #[inline]
    pub fn value_mut(&mut self, prefix: Prefix<A>) -> Option<&mut V> {
        self.map.get_mut(prefix).map(|r| &mut r.value)
    }

    /// Where packets to `address` go: the adjacency of its longest prefix, 0 if none.
    #[inline(always)]
    pub fn lookup(&self, address: A) -> u32 {
        self.fib.lookup(address)
    }

    /// Brings near the memory that [`lookup`](Self::lookup) of `address` will read first.
    #[inline(always)]
    pub fn prefetch(&self, address: A) {
        self.fib.prefetch(address);
    }

    /// Brings near the memory that a change of the route of this prefix reads and writes.
    #[inline(always)]
    pub fn prefetch_route(&self, prefix: Prefix<A>) {
        self.map.prefetch(prefix);
        self.fib.prefetch(prefix.address());
    }

    /// [`lookup`](Self::lookup) for many addresses, waiting for memory together.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn lookup_batch(&self, addresses: &[A], adjacencies: &mut [u32]) {
        self.fib.lookup_batch(addresses, adjacencies);
    }

    /// The route that [`lookup`](Self::lookup) of `address` uses, with its prefix: for traces and control.
    pub fn longest_match(&self, address: A) -> Option<(Prefix<A>, &Route<V>)> {
        self.map.longest_match(address)
    }

    /// The route that would take over the addresses of `prefix` if it were gone.
    pub fn parent(&self, prefix: Prefix<A>) -> Option<(Prefix<A>, &Route<V>)> {
        self.map.parent(prefix)
    }

    /// All routes, ordered by address, then length. Sorts at each call.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix<A>, &Route<V>)> {
        self.map.iter()
    }

    /// All routes, in no order that can be relied on.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (Prefix<A>, &Route<V>)> {
        self.map.iter_unordered()
    }

    /// The forwarding half, to look up without the store.
    #[inline(always)]
    pub fn fib(&self) -> &Fib<A> {
        &self.fib
    }

    /// Bytes on the heap, not counting what the values own.
    pub fn memory(&self) -> usize {
        self.map.memory() + self.fib.memory()
    }
}
