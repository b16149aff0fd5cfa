//! Blocks: up to 256 rules side by side, one bit each, whatever their masks.

use super::probe::{Best, Observer};
use super::rule::{NONE, Place, Rank, Rules};

/// Rules of a block.
pub(super) const BLOCK: usize = 256;
/// A block below this joins a neighbour when both fit in `MERGED`.
const SPARSE: usize = 64;
const MERGED: usize = 192;

/// One bit a rule.
type Lanes = [u64; BLOCK / 64];

/// For each mask of a nibble and each value under it, the set of nibbles that do not match.
const REJECTED: [[u16; 16]; 16] = {
    let mut table = [[0; 16]; 16];
    let mut i = 0;
    while i < 16 * 16 * 16 {
        let (mask, value, nibble) = (i >> 8, (i >> 4) & 15, i & 15);
        if (nibble ^ value) & mask != 0 {
            table[mask][value] |= 1 << nibble;
        }
        i += 1;
    }
    table
};

/// A nibble of the key that some rule of the block looks at.
#[derive(Clone, Copy)]
struct Column {
    word: u8,
    shift: u8,
    /// Where its rows are.
    rows: u16,
}

/// The rules of an interval of ranks. For each nibble and value of it, a row has the bits of the rules that
/// do not match: a rule that leaves a nibble open has none to set, and a nibble that all leave open has no
/// rows.
struct Block {
    /// No rule of the block, and of those after it, ranks higher.
    top: Rank,
    len: usize,
    taken: Lanes,
    rules: Box<[u32; BLOCK]>,
    /// The most used first, which leaves no rule the soonest; the unused are past `active`.
    columns: Vec<Column>,
    active: usize,
    /// By `Column::rows`: the rules that look at the nibble, and what they reject.
    used: Vec<u16>,
    rows: Vec<[Lanes; 16]>,
}

/// What a rule rejects, by nibble of the key.
fn rejections(rules: &Rules, id: u32) -> impl Iterator<Item = (u8, u8, u16)> {
    let (value, mask) = rules.words(id);
    let ranges = &rules.meta[id as usize].ranges;
    (0..).zip(value.iter().zip(mask)).flat_map(move |(word, (&value, &mask))| {
        let any = mask != 0 || ranges.iter().any(|r| r.word == word);
        (0..if any { 64 } else { 0 }).step_by(4).filter_map(move |shift| {
            let nibble = |bits: u64| (bits >> shift) as usize & 15;
            let mut rejected = REJECTED[nibble(mask)][nibble(value)];
            for range in ranges.iter().filter(|r| r.word == word && (r.shift..r.shift + 16).contains(&shift))
            {
                let at = shift - range.shift;
                // The nibble where both ends part; below it the range is left to be verified.
                if at % 4 == 0 && u32::from(range.low) >> (at + 4) == u32::from(range.high) >> (at + 4) {
                    let (low, high) = ((range.low >> at) & 15, (range.high >> at) & 15);
                    rejected |= !((u16::MAX >> (15 - high)) & (u16::MAX << low));
                }
            }
            (rejected != 0).then_some((word, shift, rejected))
        })
    })
}

/// The positions of the bits set.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros() as usize;
        (bits != 0).then(|| {
            bits &= bits - 1;
            bit
        })
    })
}

impl Block {
    fn new(top: Rank) -> Self {
        Self {
            top,
            len: 0,
            taken: Lanes::default(),
            rules: Box::new([NONE; BLOCK]),
            columns: Vec::new(),
            active: 0,
            used: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn with(top: Rank, ids: &[u32], rules: &mut Rules) -> Self {
        let mut block = Self::new(top);
        for &id in ids {
            block.insert(rules, id);
        }
        block
    }

    fn ids(&self) -> impl Iterator<Item = u32> {
        self.taken.iter().zip(self.rules.chunks(64)).flat_map(|(&taken, ids)| ones(taken).map(|bit| ids[bit]))
    }

    #[inline]
    fn probe(&self, rules: &Rules, key: &[u64], best: &mut Best, observer: &mut impl Observer) {
        observer.block(self.len);
        let mut left = self.taken;
        for column in &self.columns[..self.active] {
            let nibble = (key[usize::from(column.word)] >> column.shift) as usize & 15;
            let rejected = &self.rows[usize::from(column.rows)][nibble];
            let mut any = 0;
            for (l, r) in left.iter_mut().zip(rejected) {
                *l &= !r;
                any |= *l;
            }
            if any == 0 {
                return;
            }
        }
        for (&left, ids) in left.iter().zip(self.rules.chunks(64)) {
            for bit in ones(left) {
                let (id, rank) = (ids[bit], rules.rank(ids[bit]));
                if rank > best.rank {
                    let matched = rules.in_ranges(id, key);
                    observer.rule(id, matched);
                    if matched {
                        *best = Best { rank, id };
                    }
                }
            }
        }
    }

    /// Adds a rule; there must be room.
    fn insert(&mut self, rules: &mut Rules, id: u32) {
        let lane = self.taken.iter().position(|&l| l != u64::MAX).expect("a full block is split before");
        let (bit, flag) = (self.taken[lane].trailing_ones() as usize, 1 << self.taken[lane].trailing_ones());
        for (word, shift, rejected) in rejections(rules, id) {
            let rows = self.rows_of(word, shift);
            self.used[rows] += 1;
            for nibble in ones(rejected.into()) {
                self.rows[rows][nibble][lane] |= flag;
            }
        }
        self.order();
        self.taken[lane] |= flag;
        self.rules[lane * 64 + bit] = id;
        self.len += 1;
        let place = &mut rules.meta[id as usize].place;
        let class = if let Place::Block { class, .. } = *place { class } else { None };
        *place = Place::Block { class, bit: (lane * 64 + bit) as u8 };
    }

    fn remove(&mut self, rules: &Rules, id: u32, bit: u8) {
        let (lane, flag) = (usize::from(bit) / 64, 1 << (bit % 64));
        for (word, shift, rejected) in rejections(rules, id) {
            let rows = self.rows_of(word, shift);
            self.used[rows] -= 1;
            for nibble in ones(rejected.into()) {
                self.rows[rows][nibble][lane] &= !flag;
            }
        }
        self.order();
        self.taken[lane] &= !flag;
        self.rules[usize::from(bit)] = NONE;
        self.len -= 1;
    }

    fn rows_of(&mut self, word: u8, shift: u8) -> usize {
        if let Some(column) = self.columns.iter().find(|c| c.word == word && c.shift == shift) {
            return column.rows.into();
        }
        self.columns.push(Column { word, shift, rows: self.rows.len() as u16 });
        self.used.push(0);
        self.rows.push([Lanes::default(); 16]);
        self.rows.len() - 1
    }

    fn order(&mut self) {
        self.columns.sort_by_key(|c| std::cmp::Reverse(self.used[usize::from(c.rows)]));
        self.active = self.columns.partition_point(|c| self.used[usize::from(c.rows)] != 0);
    }
}

/// Blocks in falling order of rank, each for the ranks from its `top` down to the next one's.
#[derive(Default)]
pub(super) struct Blocks {
    list: Vec<Block>,
}

impl Blocks {
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The highest rank that block `n` may hold; none when there is no such block.
    #[inline]
    pub fn top(&self, n: usize) -> Option<Rank> {
        self.list.get(n).map(|b| b.top)
    }

    /// Raises `best` to the winner of block `n` for a key, if that ranks higher.
    #[inline]
    pub fn probe(&self, n: usize, rules: &Rules, key: &[u64], best: &mut Best, observer: &mut impl Observer) {
        self.list[n].probe(rules, key, best, observer);
    }

    /// The block whose interval a rank is in, the first for those above all.
    fn position(&self, rank: Rank) -> usize {
        self.list.partition_point(|b| b.top >= rank).saturating_sub(1)
    }

    /// Adds a rule. Its place keeps its class.
    pub fn insert(&mut self, rules: &mut Rules, id: u32) {
        let rank = rules.rank(id);
        let mut n = self.position(rank);
        let last = n + 1 == self.list.len();
        match self.list.get_mut(n) {
            None => self.list.push(Block::new(rank)),
            Some(block) if block.len < BLOCK => block.top = block.top.max(rank),
            // Rules that come in order of rank fill a block after the other.
            Some(block) if rank > block.top => self.list.insert(0, Block::new(rank)),
            Some(block) if last && block.ids().all(|i| rules.rank(i) > rank) => {
                n += 1;
                self.list.push(Block::new(rank));
            }
            Some(block) => {
                let mut ids: Vec<u32> = block.ids().collect();
                ids.sort_unstable_by_key(|&i| std::cmp::Reverse(rules.rank(i)));
                let (upper, lower) = ids.split_at(BLOCK / 2);
                *block = Block::with(block.top, upper, rules);
                let lower = Block::with(rules.rank(lower[0]), lower, rules);
                self.list.insert(n + 1, lower);
                n = self.position(rank);
            }
        }
        self.list[n].insert(rules, id);
    }

    /// Takes out a rule that has the given bit of its block.
    pub fn remove(&mut self, rules: &mut Rules, id: u32, bit: u8) {
        let n = self.position(rules.rank(id));
        self.list[n].remove(rules, id, bit);
        let len = self.list[n].len;
        if len == 0 {
            self.list.remove(n);
        } else if len < SPARSE {
            let fits =
                |i: usize| i + 1 < self.list.len() && self.list[i].len + self.list[i + 1].len <= MERGED;
            if let Some(first) = [n.checked_sub(1), Some(n)].into_iter().flatten().find(|&i| fits(i)) {
                let lower = self.list.remove(first + 1);
                let upper = &mut self.list[first];
                let ids: Vec<u32> = upper.ids().chain(lower.ids()).collect();
                *upper = Block::with(upper.top, &ids, rules);
            }
        }
    }

    /// The rules of all blocks.
    pub fn ids(&self) -> Vec<u32> {
        self.list.iter().flat_map(Block::ids).collect()
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        let block = |b: &Block| {
            size_of::<Block>()
                + size_of_val(&*b.rules)
                + b.rows.capacity() * size_of::<[Lanes; 16]>()
                + b.columns.capacity() * size_of::<Column>()
                + b.used.capacity() * 2
        };
        self.list.iter().map(block).sum()
    }
}
