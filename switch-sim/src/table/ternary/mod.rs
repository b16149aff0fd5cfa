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
//! - A *tuple* is a hash table over the bits that many rules have in common: rules are of the *class* of their
//!   mask cut down to whole bytes, or whole nibbles where too many rules agree in those, or of their exact
//!   mask, and a tuple serves all classes whose common bits still tell their rules apart. Its rules are
//!   verified in full. A tuple is made once enough rules would use it, so that there are few of them
//!   however many masks there are.
//! - All other rules lie in *blocks* of 256, ordered by priority, as bits: a look-up takes away the rules
//!   that each nibble of the key rejects, until none or the matching ones are left. This does not care how
//!   masks differ, so that thousands of distinct masks cost a few instructions for each 256 rules.
//!
//! Tuples and blocks are searched in falling order of the best rule that each may hold; a look-up ends when
//! none left can beat the match found. No look-up allocates.

mod block;
mod class;
mod layout;
mod probe;
mod rule;
#[cfg(test)]
mod tests;
mod tuple;

use block::Blocks;
use class::Classes;
pub use layout::{Field, KeyLayout, MAX_WORDS};
use probe::{Best, Observer};
pub use probe::{Explanation, Index, Match, Mismatch, Search};
use rule::{NONE, Place, Rank, Rules};
pub use rule::{Range, Rule, RuleError, RuleId};
use tuple::Tuple;

/// Keys that are carried through the indexes together.
const BATCH: usize = 32;

/// A set of rules, and the look-up of the one that wins for a key. See the [module](self).
pub struct Classifier {
    rules: Rules,
    classes: Classes,
    tuples: Vec<Tuple>,
    /// Tuples in falling order of `top`.
    order: Vec<(Rank, u32)>,
    blocks: Blocks,
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
            classes: Classes::default(),
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
                    self.classes.leave(&mut self.rules, class, id);
                }
            }
            Place::Tuple { class } => {
                self.leave_tuple(class, id);
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
                let number = self.classes.tuple(class);
                let tuple = &mut self.tuples[number as usize];
                tuple.remove(&mut self.rules, id);
                self.rules.set_priority(id, priority);
                // Its chain has room: it has just left it.
                tuple.insert(&mut self.rules, id, class);
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
        let memory = self.rules.memory()
            + self.blocks.memory()
            + self.tuples.iter().map(Tuple::memory).sum::<usize>()
            + self.classes.memory()
            + size_of_val(&*self.order);
        Shape {
            rules: self.len(),
            tuples: self.tuples.len(),
            in_tuples: self.tuples.iter().map(|t| t.len).sum(),
            blocks: self.blocks.count(),
            memory,
        }
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
}
