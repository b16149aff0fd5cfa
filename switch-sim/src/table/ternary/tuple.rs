//! A tuple: rules that agree on the bits by which they are hashed.

use hashbrown::HashTable;

use super::probe::{Best, Observer};
use super::rule::{NONE, Place, Rank, Rules};

/// The most rules in a chain. Further rules of the same hashed bits are found by more bits, or in a block,
/// where 256 of them cost no more than one.
const MAX_CHAIN: usize = 8;

/// A hash table over the bits of `mask`, which every one of its rules' masks includes. Rules equal in these
/// bits form a chain, the winner first; each is verified in full.
pub(super) struct Tuple {
    mask: Box<[(u8, u64)]>,
    chains: HashTable<Chain>,
    /// No rule of the tuple ranks higher.
    pub top: Rank,
    pub len: usize,
    /// Removals since `top` was exact.
    removed: usize,
    /// The classes that this tuple serves.
    pub classes: Vec<u32>,
    /// Rules that found their chain full.
    pub refused: usize,
}

struct Chain {
    tag: u32,
    head: u32,
}

fn tag(hash: u64) -> u32 {
    (hash >> 24) as u32
}

/// The words of a mask that are not zero.
pub(super) fn words_of(mask: &[u64]) -> Box<[(u8, u64)]> {
    (0..).zip(mask).filter(|(_, bits)| **bits != 0).map(|(word, bits)| (word, *bits)).collect()
}

/// Hashes the words of a key that a mask selects.
#[inline]
pub(super) fn hash(mask: &[(u8, u64)], key: &[u64]) -> u64 {
    let mut h = 0x9e37_79b9_7f4a_7c15;
    for &(word, bits) in mask {
        let product = u128::from(h ^ (key[usize::from(word)] & bits)) * 0xa076_1d64_78bd_642f;
        h = product as u64 ^ (product >> 64) as u64;
    }
    h
}

/// Whether a rule's value agrees with a key (or another rule's value) in the bits of the mask.
#[inline]
fn agrees(mask: &[(u8, u64)], rules: &Rules, id: u32, key: &[u64]) -> bool {
    let (value, _) = rules.words(id);
    mask.iter().all(|&(word, bits)| (value[usize::from(word)] ^ key[usize::from(word)]) & bits == 0)
}

impl Tuple {
    pub fn new(mask: &[u64]) -> Self {
        Self {
            mask: words_of(mask),
            chains: HashTable::new(),
            top: Rank::LOWEST,
            len: 0,
            removed: 0,
            classes: Vec::new(),
            refused: 0,
        }
    }

    /// The words of the mask that are not zero.
    pub fn mask(&self) -> &[(u8, u64)] {
        &self.mask
    }

    /// Raises `best` to this tuple's winner for a key, if that ranks higher.
    #[inline]
    pub fn probe(&self, rules: &Rules, key: &[u64], best: &mut Best, observer: &mut impl Observer) {
        observer.tuple(self);
        let h = hash(&self.mask, key);
        let found = self.chains.find(h, |c| c.tag == tag(h) && agrees(&self.mask, rules, c.head, key));
        let mut id = found.map_or(NONE, |c| c.head);
        while id != NONE {
            let meta = &rules.meta[id as usize];
            if meta.rank < best.rank {
                break;
            }
            let matched = rules.matches(id, key);
            observer.rule(id, matched);
            if matched {
                *best = Best { rank: meta.rank, id };
                break;
            }
            id = meta.next;
        }
    }

    /// Adds a rule of a class whose mask includes the tuple's. `false`, and no rule has changed, when its chain
    /// is full.
    pub fn insert(&mut self, rules: &mut Rules, id: u32, class: u32) -> bool {
        let Self { mask, chains, .. } = self;
        let rank = rules.rank(id);
        let (value, _) = rules.words(id);
        let h = hash(mask, value);
        match chains.find_mut(h, |c| c.tag == tag(h) && agrees(mask, rules, c.head, value)) {
            None => {
                rules.meta[id as usize].next = NONE;
                let rules = &*rules;
                chains
                    .insert_unique(h, Chain { tag: tag(h), head: id }, |c| hash(mask, rules.words(c.head).0));
            }
            Some(chain) => {
                let (mut before, mut length, mut at) = (NONE, 0, chain.head);
                while at != NONE {
                    let meta = &rules.meta[at as usize];
                    if meta.rank > rank {
                        before = at;
                    }
                    length += 1;
                    at = meta.next;
                }
                if length >= MAX_CHAIN {
                    self.refused += 1;
                    return false;
                }
                let link =
                    if before == NONE { &mut chain.head } else { &mut rules.meta[before as usize].next };
                let next = std::mem::replace(link, id);
                rules.meta[id as usize].next = next;
            }
        }
        rules.meta[id as usize].place = Place::Tuple { class };
        self.len += 1;
        self.top = self.top.max(rank);
        true
    }

    /// Takes a rule of the tuple out of it.
    pub fn remove(&mut self, rules: &mut Rules, id: u32) {
        let Self { mask, chains, .. } = self;
        let (value, _) = rules.words(id);
        let h = hash(mask, value);
        let next = rules.meta[id as usize].next;
        let Ok(mut entry) = chains.find_entry(h, |c| c.tag == tag(h) && agrees(mask, rules, c.head, value))
        else {
            unreachable!("a rule is in the tuple that it names");
        };
        let mut at = entry.get().head;
        if at != id {
            while rules.meta[at as usize].next != id {
                at = rules.meta[at as usize].next;
            }
            rules.meta[at as usize].next = next;
        } else if next != NONE {
            entry.get_mut().head = next;
        } else {
            entry.remove();
        }
        self.len -= 1;
        self.removed += 1;
        if rules.rank(id) == self.top && self.removed * 4 >= self.len {
            self.top = self.chains.iter().map(|c| rules.rank(c.head)).max().unwrap_or(Rank::LOWEST);
            self.removed = 0;
        }
    }

    /// Some rules of the tuple, one of a chain, in no order.
    pub fn sample(&self, most: usize) -> impl Iterator<Item = u32> {
        self.chains.iter().take(most).map(|c| c.head)
    }

    /// The rules of the tuple.
    pub fn rules(&self, rules: &Rules) -> Vec<u32> {
        let mut ids = Vec::with_capacity(self.len);
        for chain in &self.chains {
            let mut at = chain.head;
            while at != NONE {
                ids.push(at);
                at = rules.meta[at as usize].next;
            }
        }
        ids
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.chains.allocation_size() + size_of_val(&*self.mask) + 4 * self.classes.len()
    }
}
