//! The exact-match table: keys of up to 16 bytes to small values, for forwarding databases and neighbors.
//!
//! Open addressing with linear probing over a power of two of entries, at most three quarters full, the hash
//! seeded; an entry is one place in memory, so that a look-up is one prefetch and, nearly always, one cache line.
//! Removal moves entries back instead of leaving marks, so that a table that churns for days stays as fast as a
//! new one.

use std::fmt;

/// A key of an [`ExactTable`]: a number or two, hashed as a whole.
pub trait Key: Copy + Eq + fmt::Debug {
    /// A hash in which each bit depends on all of the key and the seed.
    fn hash(self, seed: u64) -> u64;
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ (wide >> 64) as u64
}

impl Key for u64 {
    #[inline(always)]
    fn hash(self, seed: u64) -> u64 {
        fold(self ^ seed, MIX)
    }
}

impl Key for u32 {
    #[inline(always)]
    fn hash(self, seed: u64) -> u64 {
        u64::from(self).hash(seed)
    }
}

impl Key for u128 {
    #[inline(always)]
    fn hash(self, seed: u64) -> u64 {
        ((self >> 64) as u64, self as u64).hash(seed)
    }
}

impl Key for (u64, u64) {
    #[inline(always)]
    fn hash(self, seed: u64) -> u64 {
        fold(fold(self.0 ^ seed, MIX) ^ self.1, MIX)
    }
}

impl Key for (u64, u32) {
    #[inline(always)]
    fn hash(self, seed: u64) -> u64 {
        (self.0, u64::from(self.1)).hash(seed)
    }
}

impl Key for (u128, u32) {
    #[inline(always)]
    fn hash(self, seed: u64) -> u64 {
        ((self.0 >> 64) as u64, fold(self.0 as u64 ^ u64::from(self.1), MIX)).hash(seed)
    }
}

/// The key of a forwarding database: MAC address and VLAN or bridge number, in one number.
#[inline(always)]
pub fn mac_key(bvid: u16, mac: [u8; 6]) -> u64 {
    let [a, b, c, d, e, f] = mac;
    let [g, h] = bvid.to_be_bytes();
    u64::from_be_bytes([g, h, a, b, c, d, e, f])
}

/// As [`mac_key`], of an address that is a number of 48 bits.
#[inline(always)]
pub const fn station_key(bvid: u16, mac: u64) -> u64 {
    (bvid as u64) << 48 | mac
}

/// The parts of a [`mac_key`].
#[inline(always)]
pub fn split_mac_key(key: u64) -> (u16, [u8; 6]) {
    let [g, h, a, b, c, d, e, f] = key.to_be_bytes();
    (u16::from_be_bytes([g, h]), [a, b, c, d, e, f])
}

/// Where an entry stands until the next insertion or removal; spares a second look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

/// A table from keys to values.
#[derive(Clone, Debug)]
pub struct ExactTable<K, V> {
    /// None or a power of two.
    slots: Vec<Option<(K, V)>>,
    /// 64 less the logarithm of the number of slots: the hash's high bits are the home.
    shift: u32,
    len: usize,
    seed: u64,
}

const MIN_SLOTS: usize = 16;

impl<K: Key, V> ExactTable<K, V> {
    /// An empty table, which allocates nothing; the seed scatters the entries.
    pub fn new(seed: u64) -> Self {
        ExactTable { slots: Vec::new(), shift: 63, len: 0, seed }
    }

    /// The number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    fn home(&self, key: K) -> usize {
        (key.hash(self.seed) >> self.shift) as usize
    }

    /// Brings near the memory that a look-up of `key` reads.
    #[inline(always)]
    pub fn prefetch(&self, key: K) {
        if let Some(slot) = self.slots.get(self.home(key)) {
            crate::memory::prefetch(slot);
        }
    }

    /// Where the entry of `key` stands.
    #[inline(always)]
    pub fn find(&self, key: K) -> Option<Place> {
        let mut index = self.home(key);
        loop {
            // The table is never full, so that an empty slot ends the search; an unallocated one has no slot.
            let (found, _) = self.slots.get(index)?.as_ref()?;
            if *found == key {
                return Some(Place(index as u32));
            }
            index = (index + 1) & (self.slots.len() - 1);
        }
    }

    /// The value of `key`.
    #[inline(always)]
    pub fn get(&self, key: K) -> Option<&V> {
        let mut index = self.home(key);
        loop {
            let (found, value) = self.slots.get(index)?.as_ref()?;
            if *found == key {
                return Some(value);
            }
            index = (index + 1) & (self.slots.len() - 1);
        }
    }

    /// The value of `key`, to change: to refresh its age, say.
    #[inline(always)]
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let place = self.find(key)?;
        self.slots[place.0 as usize].as_mut().map(|(_, value)| value)
    }

    /// The entry at a place that [`find`](Self::find) gave; another one or none if the table changed since.
    #[inline(always)]
    pub fn at(&self, place: Place) -> Option<(K, &V)> {
        self.slots.get(place.0 as usize)?.as_ref().map(|(key, value)| (*key, value))
    }

    /// As [`at`](Self::at), the value to change.
    #[inline(always)]
    pub fn at_mut(&mut self, place: Place) -> Option<(K, &mut V)> {
        self.slots.get_mut(place.0 as usize)?.as_mut().map(|(key, value)| (*key, value))
    }

    /// Looks many keys up, waiting for memory together; `each` is called in order.
    #[inline]
    pub fn get_batch<'a>(&'a self, keys: &[K], mut each: impl FnMut(usize, Option<&'a V>)) {
        const LANES: usize = 64;
        for (chunk, keys) in keys.chunks(LANES).enumerate() {
            for key in keys {
                self.prefetch(*key);
            }
            for (i, key) in keys.iter().enumerate() {
                each(chunk * LANES + i, self.get(*key));
            }
        }
    }

    /// Stores `value` and returns the one it replaces.
    ///
    /// # Panics
    /// With more than three thousand million entries.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(old) = self.get_mut(key) {
            return Some(std::mem::replace(old, value));
        }
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.resize((self.slots.len() * 2).max(MIN_SLOTS));
        }
        self.put(key, value);
        self.len += 1;
        None
    }

    /// Makes room for `more` entries in all at once.
    pub fn reserve(&mut self, more: usize) {
        let slots = ((self.len + more) * 4 / 3 + 1).next_power_of_two().max(MIN_SLOTS);
        if slots > self.slots.len() {
            self.resize(slots);
        }
    }

    /// Removes the entry of `key` and returns its value.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let Place(index) = self.find(key)?;
        let (_, value) = self.take(index as usize)?;
        self.shrink();
        Some(value)
    }

    /// Keeps the entries for which `keep` holds: flushing and aging. `keep` may change the
    /// values it keeps; it may be asked twice about an entry that it keeps.
    pub fn retain(&mut self, mut keep: impl FnMut(K, &mut V) -> bool) {
        let mut index = 0;
        // Removal may bring an entry from further on, or at the end of the table one seen before from its start.
        while index < self.slots.len() {
            if self.slots[index].as_mut().is_none_or(|(key, value)| keep(*key, value)) {
                index += 1;
            } else {
                self.take(index);
            }
        }
        self.shrink();
    }

    /// Removes all and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::new(self.seed);
    }

    /// All entries, in the order of the slots: the same after the same calls with the same seed.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.slots.iter().flatten().map(|(key, value)| (*key, value))
    }

    /// All entries, the values to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut V)> {
        self.slots.iter_mut().flatten().map(|(key, value)| (*key, value))
    }

    /// The number of slots, for [`range`](Self::range).
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The entries of some slots: to walk a big table in steps, as aging does. An entry may be met twice or not
    /// at all if the table changes in between.
    pub fn range(&self, slots: std::ops::Range<usize>) -> impl Iterator<Item = (K, &V)> {
        let end = slots.end.min(self.slots.len());
        self.slots[slots.start.min(end)..end].iter().flatten().map(|(key, value)| (*key, value))
    }

    /// Bytes on the heap, not counting what the values own.
    pub fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Option<(K, V)>>()
    }

    /// Puts a key that is not there into a table with room.
    fn put(&mut self, key: K, value: V) {
        let mut index = self.home(key);
        while self.slots[index].is_some() {
            index = (index + 1) & (self.slots.len() - 1);
        }
        self.slots[index] = Some((key, value));
    }

    /// Empties a slot, then moves back what probing would no longer find.
    fn take(&mut self, mut hole: usize) -> Option<(K, V)> {
        let taken = self.slots[hole].take()?;
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut index = hole;
        loop {
            index = (index + 1) & mask;
            let Some((key, _)) = &self.slots[index] else { return Some(taken) };
            let home = self.home(*key);
            if (index.wrapping_sub(home) & mask) >= (index.wrapping_sub(hole) & mask) {
                self.slots.swap(index, hole);
                hole = index;
            }
        }
    }

    fn shrink(&mut self) {
        if self.len == 0 {
            self.clear();
        } else if self.slots.len() > MIN_SLOTS && self.len * 8 < self.slots.len() {
            self.resize((self.len * 2).next_power_of_two());
        }
    }

    fn resize(&mut self, slots: usize) {
        let slots = slots.max(MIN_SLOTS);
        assert!(u32::try_from(slots - 1).is_ok(), "the table is full: {} entries", self.len);
        let mut empty = Vec::new();
        crate::memory::grow(&mut empty, slots);
        empty.resize_with(slots, || None);
        let old = std::mem::replace(&mut self.slots, empty);
        self.shift = 64 - slots.trailing_zeros();
        for (key, value) in old.into_iter().flatten() {
            self.put(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Insert(u64, u32),
        Remove(u64),
        Refresh(u64),
        Flush(u32),
    }

    fn op() -> impl Strategy<Value = Op> {
        let key = 0..60u64;
        prop_oneof![
            6 => (key.clone(), 0..9u32).prop_map(|(k, v)| Op::Insert(k, v)),
            4 => key.clone().prop_map(Op::Remove),
            1 => key.prop_map(Op::Refresh),
            1 => (0..9u32).prop_map(Op::Flush),
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_a_map(ops in prop::collection::vec(op(), 0..300), seed: u64) {
            let mut table = ExactTable::<u64, u32>::new(seed);
            let mut model = BTreeMap::new();
            for op in ops {
                match op {
                    Op::Insert(k, v) => prop_assert_eq!(table.insert(k, v), model.insert(k, v)),
                    Op::Remove(k) => prop_assert_eq!(table.remove(k), model.remove(&k)),
                    Op::Refresh(k) => {
                        let place = table.find(k);
                        prop_assert_eq!(place.is_some(), model.contains_key(&k));
                        if let Some((key, value)) = place.and_then(|p| table.at_mut(p)) {
                            prop_assert_eq!(key, k);
                            *value += 1;
                        }
                        model.entry(k).and_modify(|v| *v += 1);
                    }
                    Op::Flush(limit) => {
                        table.retain(|_, v| *v < limit);
                        model.retain(|_, v| *v < limit);
                    }
                }
                prop_assert_eq!(table.len(), model.len());
            }
            for k in 0..60 {
                prop_assert_eq!(table.get(k), model.get(&k));
            }
            let keys: Vec<u64> = (0..200).collect();
            let mut batch = Vec::new();
            table.get_batch(&keys, |i, v| batch.push((i, v.copied())));
            prop_assert!(batch.iter().enumerate().all(|(k, b)| *b == (k, model.get(&(k as u64)).copied())));
            let mut all: Vec<_> = table.iter().map(|(k, v)| (k, *v)).collect();
            let half = table.slots() / 2;
            let stepped: Vec<_> =
                table.range(0..half).chain(table.range(half..usize::MAX)).map(|(k, v)| (k, *v)).collect();
            prop_assert_eq!(&all, &stepped);
            all.sort_unstable();
            prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn memory_follows_the_number_of_entries() {
        let mut table = ExactTable::<u64, u32>::new(1);
        assert_eq!(table.memory(), 0);
        for key in 0..10_000 {
            table.insert(key, 0);
        }
        let full = table.memory();
        assert!(full <= 10_000 * 8 / 3 * size_of::<Option<(u64, u32)>>());
        table.retain(|key, _| key < 100);
        assert!(table.memory() < full / 8);
        table.retain(|_, _| false);
        assert_eq!(table.memory(), 0);
    }

    #[test]
    fn mac_keys_come_apart_again() {
        let key = mac_key(4094, [2, 0, 0, 0, 0xab, 1]);
        assert_eq!(split_mac_key(key), (4094, [2, 0, 0, 0, 0xab, 1]));
        assert_ne!(key, mac_key(4094, [2, 0, 0, 0, 1, 0xab]));
    }
}
