//! The ternary classifier: which of many rules, each a value, a mask and ranges, wins for a key.
//!
//! Keys are a fixed number of 64-bit words, laid out by the table that owns the classifier ([`KeyLayout`]
//! helps). A rule that matches one of a set of small numbers, such as a list of ports, needs no special
//! kind of match: let the key have one bit a number, with the packet's own bit set, and let the rule demand
//! zero of all bits outside the set.
//!
//! **Which rule wins** is written here and depends on nothing else: of the rules that match, the one with
//! the highest priority; among those, the one inserted first. A change of priority keeps a rule's place in
//! the order of insertion.
//!
//! Two indexes share the work, and how is invisible in the result:
//! - A *tuple* is a hash table over the bits that many rules have in common: a rule joins the tuple of its
//!   mask cut down to whole bytes, or whole nibbles where too many rules agree in those, or of its exact
//!   mask. Its rules are verified in full. A tuple is made once enough rules would use it, so that there
//!   are few of them however many masks there are.
//! - All other rules lie in *blocks* of 256, ordered by priority, as bits: a look-up takes away the rules
//!   that each nibble of the key rejects, until none or the matching ones are left. This does not care how
//!   masks differ, so that thousands of distinct masks cost a few instructions for each 256 rules.
//!
//! Tuples and blocks are searched in falling order of the best rule that each may hold; a look-up ends when
//! none left can beat the match found. No look-up allocates.

mod block;
mod layout;
mod probe;
mod rule;
#[cfg(test)]
mod tests;
mod tuple;

use hashbrown::HashTable;

use block::Blocks;
pub use layout::{Field, KeyLayout, MAX_WORDS};
use probe::{Best, Observer};
pub use probe::{Explanation, Index, Match, Mismatch, Search};
use rule::{NONE, Place, Rank, Rules};
pub use rule::{Range, Rule, RuleError, RuleId};
use tuple::Tuple;

/// So many rules in blocks that could share a tuple get one.
const PROMOTE: u32 = 128;
/// A tuple of fewer rules goes back to blocks.
const DEMOTE: usize = 16;
/// Keys that are carried through the indexes together.
const BATCH: usize = 32;

/// How much of a mask is hashed, in the order in which it is tried: cut down to whole units of so many bits.
const GRAINS: [u32; 3] = [8, 4, 1];

fn cut(mask: u64, grain: u32) -> u64 {
    match grain {
        8 => {
            let pairs = mask & mask >> 1;
            let nibbles = pairs & pairs >> 2;
            (nibbles & nibbles >> 4 & 0x0101_0101_0101_0101) * 0xff
        }
        4 => {
            let pairs = mask & mask >> 1;
            (pairs & pairs >> 2 & 0x1111_1111_1111_1111) * 0xf
        }
        _ => mask,
    }
}

/// The rules that could share a tuple of some mask.
struct Class {
    mask: Box<[u64]>,
    state: State,
}

enum State {
    /// Not in use.
    Free,
    /// They are in blocks, and linked.
    Waiting { head: u32, len: u32 },
    /// They have a tuple.
    Tuple(u32),
}

/// A set of rules, and the look-up of the one that wins for a key. See the [module](self).
pub struct Classifier {
    rules: Rules,
    classes: Vec<Class>,
    free_classes: Vec<u32>,
    /// Classes by mask.
    by_mask: HashTable<u32>,
    tuples: Vec<Tuple>,
    /// Tuples in falling order of `top`.
    order: Vec<(Rank, u32)>,
    blocks: Blocks,
}

fn hash_mask(mask: &[u64]) -> u64 {
    let spread = |h: u64, w: &u64| (h ^ w).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    mask.iter().fold(0x51_7c_c1, spread).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// How many of what a classifier is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rules in all.
    pub rules: usize,
    /// Hash tables, and the rules in them.
    pub tuples: usize,
    /// Rules that tuples hold.
    pub in_tuples: usize,
    /// Blocks of up to 256 rules.
    pub blocks: usize,
    /// Bytes of memory, all told.
    pub memory: usize,
}

impl Classifier {
    /// An empty classifier for keys of `words` words.
    ///
    /// # Panics
    /// When `words` is not 1 to [`MAX_WORDS`].
    pub fn new(words: usize) -> Self {
        assert!((1..=MAX_WORDS).contains(&words), "a key has 1 to {MAX_WORDS} words, not {words}");
        Self {
            rules: Rules::new(words),
            classes: Vec::new(),
            free_classes: Vec::new(),
            by_mask: HashTable::new(),
            tuples: Vec::new(),
            order: Vec::new(),
            blocks: Blocks::default(),
        }
    }

    /// Words of a key.
    pub fn words(&self) -> usize {
        self.rules.width()
    }

    /// The number of rules.
    pub fn len(&self) -> usize {
        self.rules.len
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a rule, as the youngest.
    ///
    /// # Errors
    /// When value or mask are not as long as a key, or a range is empty or outside it.
    pub fn insert(&mut self, rule: &Rule<'_>) -> Result<RuleId, RuleError> {
        let id = self.rules.insert(rule)?;
        self.place(id);
        Ok(RuleId(id))
    }

    /// Removes a rule and returns its handle; `None` when there is no such rule.
    pub fn remove(&mut self, rule: RuleId) -> Option<u32> {
        let RuleId(id) = rule;
        let handle = self.get(rule)?.handle;
        match self.rules.meta[id as usize].place {
            Place::Block { class, bit } => {
                self.blocks.remove(&mut self.rules, id, bit);
                if let Some(class) = class {
                    self.leave(class, id);
                }
            }
            Place::Tuple { class } => {
                let number = self.tuple_of(class);
                self.tuples[number as usize].remove(&mut self.rules, id);
                if self.tuples[number as usize].len < DEMOTE {
                    self.demote(number);
                } else {
                    self.reorder(number);
                }
            }
            Place::Free => return None,
        }
        self.rules.release(id);
        Some(handle)
    }

    /// Gives a rule another priority; its place in the order of insertion stays. `false` when there is no
    /// such rule.
    pub fn set_priority(&mut self, rule: RuleId, priority: u32) -> bool {
        let RuleId(id) = rule;
        if !self.rules.exists(id) {
            return false;
        }
        match self.rules.meta[id as usize].place {
            Place::Block { bit, .. } => {
                self.blocks.remove(&mut self.rules, id, bit);
                self.rules.set_priority(id, priority);
                self.blocks.insert(&mut self.rules, id);
            }
            Place::Tuple { class } => {
                let number = self.tuple_of(class);
                let tuple = &mut self.tuples[number as usize];
                tuple.remove(&mut self.rules, id);
                self.rules.set_priority(id, priority);
                tuple.insert(&mut self.rules, id);
                self.reorder(number);
            }
            Place::Free => return false,
        }
        true
    }

    /// A rule's handle and priority.
    pub fn get(&self, rule: RuleId) -> Option<Match> {
        let RuleId(id) = rule;
        self.rules.exists(id).then(|| self.found(id))
    }

    fn found(&self, id: u32) -> Match {
        let meta = &self.rules.meta[id as usize];
        Match { rule: RuleId(id), handle: meta.handle, priority: meta.rank.priority() }
    }

    /// The winner for a key.
    ///
    /// # Panics
    /// When `key` has fewer than [`words`](Self::words) words.
    #[inline]
    pub fn lookup(&self, key: &[u64]) -> Option<Match> {
        let mut best = [Best { rank: Rank::LOWEST, id: NONE }];
        self.walk(&key[..self.words()], &mut best, &mut ());
        self.result(best[0])
    }

    /// The winners for many keys that lie one after the other: `out[i]` for the words from
    /// `i * self.words()`. Each index is searched for all keys before the next, which pays when the rules
    /// outgrow the caches.
    ///
    /// # Panics
    /// When `keys` is not [`words`](Self::words) times as long as `out`.
    pub fn lookup_batch(&self, keys: &[u64], out: &mut [Option<Match>]) {
        assert_eq!(keys.len(), out.len() * self.words(), "words of keys for {} results", out.len());
        for (keys, out) in keys.chunks(BATCH * self.words()).zip(out.chunks_mut(BATCH)) {
            let mut best = [Best { rank: Rank::LOWEST, id: NONE }; BATCH];
            self.walk(keys, &mut best[..out.len()], &mut ());
            for (out, best) in out.iter_mut().zip(best) {
                *out = self.result(best);
            }
        }
    }

    /// The winner for a key, and how it was found.
    ///
    /// # Panics
    /// When `key` has fewer than [`words`](Self::words) words.
    pub fn explain(&self, key: &[u64]) -> Explanation {
        let mut best = [Best { rank: Rank::LOWEST, id: NONE }];
        let mut searched = Vec::new();
        self.walk(&key[..self.words()], &mut best, &mut searched);
        let skipped = self.tuples.len() + self.blocks.count() - searched.len();
        Explanation { winner: self.result(best[0]), searched, skipped }
    }

    /// Why a rule does not match a key: `None` when it does, or when there is no such rule.
    ///
    /// # Panics
    /// When `key` has fewer than [`words`](Self::words) words.
    pub fn mismatch(&self, rule: RuleId, key: &[u64]) -> Option<Mismatch> {
        let RuleId(id) = rule;
        if !self.rules.exists(id) {
            return None;
        }
        let failed = self.rules.meta[id as usize].ranges.iter().find(|r| !r.contains(key));
        let (value, mask) = self.rules.words(id);
        failed.map(|r| Mismatch::Range(*r)).or_else(|| {
            let bits = (0..value.len()).map(|w| (w, (value[w] ^ key[w]) & mask[w]));
            bits.into_iter().find(|b| b.1 != 0).map(|(word, bits)| Mismatch::Bits { word, bits })
        })
    }

    /// What the classifier is made of.
    pub fn shape(&self) -> Shape {
        let class = |c: &Class| size_of::<Class>() + size_of_val(&*c.mask);
        let memory = self.rules.memory()
            + self.blocks.memory()
            + self.tuples.iter().map(Tuple::memory).sum::<usize>()
            + self.classes.iter().map(class).sum::<usize>()
            + self.by_mask.allocation_size()
            + size_of_val(&*self.order);
        Shape {
            rules: self.len(),
            tuples: self.tuples.len(),
            in_tuples: self.tuples.iter().map(|t| t.len).sum(),
            blocks: self.blocks.count(),
            memory,
        }
    }

    fn tuple_of(&self, class: u32) -> u32 {
        let State::Tuple(number) = self.classes[class as usize].state else {
            unreachable!("a rule in a tuple names its class");
        };
        number
    }

    fn result(&self, best: Best) -> Option<Match> {
        (best.id != NONE).then(|| self.found(best.id))
    }

    /// Carries keys through tuples and blocks, the one that may hold the highest rank first.
    #[inline]
    fn walk(&self, keys: &[u64], best: &mut [Best], observer: &mut impl Observer) {
        let width = self.words();
        let (mut t, mut b) = (0, 0);
        loop {
            let tuple = self.order.get(t);
            let block = self.blocks.top(b);
            let top = tuple.map(|t| t.0).max(block);
            let Some(top) = top else { return };
            let open = best.iter_mut().zip(keys.chunks_exact(width)).filter(|(best, _)| best.rank < top);
            let mut any = false;
            match tuple {
                Some(&(rank, number)) if rank == top => {
                    t += 1;
                    let tuple = &self.tuples[number as usize];
                    for (best, key) in open {
                        any = true;
                        tuple.probe(&self.rules, key, best, observer);
                    }
                }
                _ => {
                    for (best, key) in open {
                        any = true;
                        self.blocks.probe(b, &self.rules, key, best, observer);
                    }
                    b += 1;
                }
            }
            if !any {
                return;
            }
        }
    }

    /// Finds a rule its index: the first tuple with room by growing parts of its mask, else the blocks,
    /// where it counts for the first tuple that there could be.
    fn place(&mut self, id: u32) {
        let mut last = [0; MAX_WORDS];
        let last = &mut last[..self.rules.width()];
        for grain in GRAINS {
            let mut mask = [0; MAX_WORDS];
            let mask = &mut mask[..self.rules.width()];
            for (cut_down, whole) in mask.iter_mut().zip(self.rules.words(id).1) {
                *cut_down = cut(*whole, grain);
            }
            if mask == last {
                continue;
            }
            last.copy_from_slice(mask);
            let class = self.class(mask);
            if let State::Tuple(number) = self.classes[class as usize].state {
                if self.tuples[number as usize].insert(&mut self.rules, id) {
                    self.reorder(number);
                    return;
                }
            } else {
                self.rules.meta[id as usize].place = Place::Block { class: Some(class), bit: 0 };
                self.blocks.insert(&mut self.rules, id);
                if self.join(class, id) >= PROMOTE {
                    self.promote(class);
                }
                return;
            }
        }
        self.rules.meta[id as usize].place = Place::Block { class: None, bit: 0 };
        self.blocks.insert(&mut self.rules, id);
    }

    /// The class of a mask, made when new.
    fn class(&mut self, mask: &[u64]) -> u32 {
        let hash = hash_mask(mask);
        let classes = &mut self.classes;
        if let Some(&class) = self.by_mask.find(hash, |&c| *classes[c as usize].mask == *mask) {
            return class;
        }
        let new = Class { mask: mask.into(), state: State::Waiting { head: NONE, len: 0 } };
        let class = match self.free_classes.pop() {
            Some(class) => {
                classes[class as usize] = new;
                class
            }
            None => {
                classes.push(new);
                classes.len() as u32 - 1
            }
        };
        self.by_mask.insert_unique(hash, class, |&c| hash_mask(&classes[c as usize].mask));
        class
    }

    fn forget(&mut self, class: u32) {
        let mask = std::mem::take(&mut self.classes[class as usize].mask);
        if let Ok(entry) = self.by_mask.find_entry(hash_mask(&mask), |&c| c == class) {
            entry.remove();
        }
        self.classes[class as usize].state = State::Free;
        self.free_classes.push(class);
    }

    /// Links a rule in a block to its class; returns how many there are.
    fn join(&mut self, class: u32, id: u32) -> u32 {
        let State::Waiting { head, len } = &mut self.classes[class as usize].state else {
            unreachable!("only rules in blocks wait");
        };
        let next = std::mem::replace(head, id);
        *len += 1;
        let meta = &mut self.rules.meta[id as usize];
        (meta.next, meta.prev) = (next, NONE);
        if next != NONE {
            self.rules.meta[next as usize].prev = id;
        }
        *len
    }

    fn leave(&mut self, class: u32, id: u32) {
        let State::Waiting { head, len } = &mut self.classes[class as usize].state else {
            unreachable!("only rules in blocks wait");
        };
        let (next, prev) = (self.rules.meta[id as usize].next, self.rules.meta[id as usize].prev);
        *len -= 1;
        let empty = *len == 0;
        if prev == NONE {
            *head = next;
        } else {
            self.rules.meta[prev as usize].next = next;
        }
        if next != NONE {
            self.rules.meta[next as usize].prev = prev;
        }
        if empty {
            self.forget(class);
        }
    }

    /// Gives a class a tuple.
    fn promote(&mut self, class: u32) {
        let number = self.tuples.len() as u32;
        let Class { mask, state } = &mut self.classes[class as usize];
        let mut tuple = Tuple::new(mask, class);
        let State::Waiting { head, .. } = std::mem::replace(state, State::Tuple(number)) else {
            unreachable!("a class gets one tuple");
        };
        let (mut at, mut left) = (head, Vec::new());
        while at != NONE {
            let (id, meta) = (at, &self.rules.meta[at as usize]);
            let Place::Block { bit, .. } = meta.place else { unreachable!("only rules in blocks wait") };
            at = meta.next;
            self.blocks.remove(&mut self.rules, id, bit);
            if !tuple.insert(&mut self.rules, id) {
                left.push(id);
            }
        }
        self.order.push((Rank::LOWEST, number));
        self.tuples.push(tuple);
        self.reorder(number);
        for id in left {
            self.place(id);
        }
    }

    /// Moves the rules of a tuple back to blocks.
    fn demote(&mut self, number: u32) {
        let tuple = self.tuples.swap_remove(number as usize);
        self.order.retain(|o| o.1 != number);
        let moved = self.tuples.len() as u32;
        if let Some(last) = self.tuples.get(number as usize) {
            self.classes[last.class as usize].state = State::Tuple(number);
            for (_, n) in &mut self.order {
                if *n == moved {
                    *n = number;
                }
            }
        }
        self.classes[tuple.class as usize].state = State::Waiting { head: NONE, len: 0 };
        for id in tuple.rules(&self.rules) {
            self.rules.meta[id as usize].place = Place::Block { class: Some(tuple.class), bit: 0 };
            self.blocks.insert(&mut self.rules, id);
            self.join(tuple.class, id);
        }
        if tuple.len == 0 {
            self.forget(tuple.class);
        }
    }

    /// Moves a tuple to where its `top` belongs.
    fn reorder(&mut self, number: u32) {
        let top = self.tuples[number as usize].top;
        let Some(from) = self.order.iter().position(|o| o.1 == number) else { return };
        if self.order[from].0 == top {
            return;
        }
        self.order[from].0 = top;
        let before = self.order[..from].partition_point(|o| o.0 > top);
        let to =
            if before < from { before } else { from + self.order[from + 1..].partition_point(|o| o.0 > top) };
        if to < from {
            self.order[to..=from].rotate_right(1);
        } else {
            self.order[from..=to].rotate_left(1);
        }
    }
}
