//! What a look-up finds, and what it tells of its way there.

use super::rule::{Range, Rank, RuleId};
use super::tuple::Tuple;

/// The winner of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The rule.
    pub rule: RuleId,
    /// The caller's number for it.
    pub handle: u32,
    /// Its priority.
    pub priority: u32,
}

/// The winner so far.
#[derive(Clone, Copy)]
pub(super) struct Best {
    pub rank: Rank,
    pub id: u32,
}

/// Is told of each step of a look-up; `()` ignores all and costs nothing.
pub(super) trait Observer {
    fn tuple(&mut self, tuple: &Tuple);
    fn block(&mut self, rules: usize);
    fn rule(&mut self, id: u32, matched: bool);
}

impl Observer for () {
    #[inline]
    fn tuple(&mut self, _: &Tuple) {}
    #[inline]
    fn block(&mut self, _: usize) {}
    #[inline]
    fn rule(&mut self, _: u32, _: bool) {}
}

/// How a look-up came to its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What the look-up returns.
    pub winner: Option<Match>,
    /// The indexes searched, in this order.
    pub searched: Vec<Search>,
    /// Indexes left out because no rule of theirs could beat the winner.
    pub skipped: usize,
}

/// One index that a look-up searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Which kind of index.
    pub index: Index,
    /// How many rules it holds.
    pub rules: usize,
    /// The rules that were looked at one by one, with whether they matched. All others of the index were
    /// ruled out together, or could not beat a match already found.
    pub looked_at: Vec<(RuleId, bool)>,
}

/// A kind of index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Index {
    /// Rules hashed by the bits of a mask: the words of it that are not zero, each with its number.
    Tuple(Vec<(u8, u64)>),
    /// Rules of any masks, side by side as bits.
    Block,
}

impl Observer for Vec<Search> {
    fn tuple(&mut self, tuple: &Tuple) {
        let index = Index::Tuple(tuple.mask().to_vec());
        self.push(Search { index, rules: tuple.len, looked_at: Vec::new() });
    }

    fn block(&mut self, rules: usize) {
        self.push(Search { index: Index::Block, rules, looked_at: Vec::new() });
    }

    fn rule(&mut self, id: u32, matched: bool) {
        if let Some(search) = self.last_mut() {
            search.looked_at.push((RuleId(id), matched));
        }
    }
}

/// The first reason why a rule does not match a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Bits that the mask selects differ.
    Bits {
        /// The word of the key.
        word: usize,
        /// The bits of that word that differ.
        bits: u64,
    },
    /// A value is not within a range.
    Range(Range),
}
