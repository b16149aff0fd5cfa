//! Rules as they are given, and the arena that keeps them.

use super::MAX_WORDS;

/// The end of a list of rules.
pub(super) const NONE: u32 = u32::MAX;

/// A range over up to 16 bits of a key, both ends included: an L4 port range, a packet length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The word of the key that holds the field.
    pub word: u8,
    /// The bit at which the 16-bit field begins, 0 to 48.
    pub shift: u8,
    /// The smallest value that matches.
    pub low: u16,
    /// The greatest value that matches.
    pub high: u16,
}

impl Range {
    pub(super) fn contains(&self, key: &[u64]) -> bool {
        (self.low..=self.high).contains(&((key[usize::from(self.word)] >> self.shift) as u16))
    }
}

/// A rule to insert: it matches a key when every bit set in `mask` has its value in `value`, and every
/// range holds.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// The values of the bits that `mask` selects; the others are ignored.
    pub value: &'a [u64],
    /// The bits that must be as in `value`.
    pub mask: &'a [u64],
    /// Ranges that must hold too.
    pub ranges: &'a [Range],
    /// The higher wins.
    pub priority: u32,
    /// The caller's own number for the rule, returned by each look-up.
    pub handle: u32,
}

/// A rule within its classifier. An id is used again after its rule is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub(super) u32);

/// Why a rule is refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Value or mask is not as long as the classifier's keys.
    #[error("value has {value} words and mask {mask}, where keys have {words}")]
    Words {
        /// Words of the value given.
        value: usize,
        /// Words of the mask given.
        mask: usize,
        /// Words of a key.
        words: usize,
    },
    /// A range lies outside the key.
    #[error("a range at word {word}, bit {shift} does not lie within keys of {words} words")]
    RangePlace {
        /// The word given.
        word: u8,
        /// The first bit given.
        shift: u8,
        /// Words of a key.
        words: usize,
    },
    /// A range that no value is in.
    #[error("the range {low}-{high} is empty")]
    RangeEmpty {
        /// The lower end given.
        low: u16,
        /// The upper end given.
        high: u16,
    },
    /// The classifier holds as many rules as ids can tell apart.
    #[error("the classifier is full")]
    Full,
}

/// What decides between matching rules: priority, then seniority. No two rules of a classifier share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u128);

impl Rank {
    /// Below the rank of every rule.
    pub const LOWEST: Self = Self(0);

    fn new(priority: u32, age: u64) -> Self {
        Self(u128::from(priority) << 64 | u128::from(u64::MAX - age))
    }

    pub fn priority(self) -> u32 {
        (self.0 >> 64) as u32
    }

    fn with_priority(self, priority: u32) -> Self {
        Self(u128::from(priority) << 64 | u128::from(self.0 as u64))
    }
}

/// Which index finds a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// No rule has this id.
    Free,
    /// A bit of the block that covers the rule's rank; `class` counts it among those that may become a
    /// tuple.
    Block { class: Option<u32>, bit: u8 },
    /// A chain of the tuple of a class.
    Tuple { class: u32 },
}

/// What a rule has besides its words.
pub(super) struct Meta {
    pub rank: Rank,
    pub handle: u32,
    pub place: Place,
    /// The neighbours in the list that the rule is in: a class's members, a tuple's chain (which has only
    /// `next`), or the free ids.
    pub next: u32,
    pub prev: u32,
    pub ranges: Box<[Range]>,
}

/// All rules of a classifier. Words lie apart from the rest, `2 * width` a rule: value, then mask.
pub(super) struct Rules {
    width: usize,
    words: Vec<u64>,
    pub meta: Vec<Meta>,
    free: u32,
    age: u64,
    pub len: usize,
}

impl Rules {
    pub fn new(width: usize) -> Self {
        Self { width, words: Vec::new(), meta: Vec::new(), free: NONE, age: 0, len: 0 }
    }

    /// Words of a key.
    pub fn width(&self) -> usize {
        self.width
    }

    fn check(&self, rule: &Rule<'_>) -> Result<(), RuleError> {
        let words = self.width;
        if rule.value.len() != words || rule.mask.len() != words {
            return Err(RuleError::Words { value: rule.value.len(), mask: rule.mask.len(), words });
        }
        for &Range { word, shift, low, high } in rule.ranges {
            if usize::from(word) >= words || shift > 48 {
                return Err(RuleError::RangePlace { word, shift, words });
            }
            if low > high {
                return Err(RuleError::RangeEmpty { low, high });
            }
        }
        if self.free == NONE && self.meta.len() >= NONE as usize {
            return Err(RuleError::Full);
        }
        Ok(())
    }

    /// Keeps a rule. The bits that a range fixes join its mask, so that the indexes can use them.
    pub fn insert(&mut self, rule: &Rule<'_>) -> Result<u32, RuleError> {
        self.check(rule)?;
        let mut words = [0; 2 * MAX_WORDS];
        let words = &mut words[..2 * self.width];
        let (value, mask) = words.split_at_mut(self.width);
        for (w, (v, m)) in value.iter_mut().zip(mask.iter_mut()).enumerate() {
            (*v, *m) = (rule.value[w] & rule.mask[w], rule.mask[w]);
        }
        for range in rule.ranges {
            let fixed = !(u16::MAX.checked_shr((range.low ^ range.high).leading_zeros()).unwrap_or(0));
            let w = usize::from(range.word);
            let added = u64::from(fixed) << range.shift & !rule.mask[w];
            mask[w] |= added;
            value[w] |= u64::from(range.low) << range.shift & added;
        }
        let meta = Meta {
            rank: Rank::new(rule.priority, self.age),
            handle: rule.handle,
            place: Place::Block { class: None, bit: 0 },
            next: NONE,
            prev: NONE,
            ranges: rule.ranges.into(),
        };
        self.age += 1;
        self.len += 1;
        if self.free == NONE {
            self.words.extend_from_slice(words);
            self.meta.push(meta);
            return Ok(self.meta.len() as u32 - 1);
        }
        let id = self.free;
        self.free = self.meta[id as usize].next;
        self.words[id as usize * words.len()..][..words.len()].copy_from_slice(words);
        self.meta[id as usize] = meta;
        Ok(id)
    }

    /// Forgets a rule that no index holds any more.
    pub fn release(&mut self, id: u32) {
        let free = self.free;
        let meta = &mut self.meta[id as usize];
        (meta.place, meta.next, meta.ranges) = (Place::Free, free, Box::default());
        self.free = id;
        self.len -= 1;
    }

    pub fn exists(&self, id: u32) -> bool {
        self.meta.get(id as usize).is_some_and(|m| m.place != Place::Free)
    }

    #[inline]
    pub fn rank(&self, id: u32) -> Rank {
        self.meta[id as usize].rank
    }

    /// Changes a rule's priority and leaves its seniority.
    pub fn set_priority(&mut self, id: u32, priority: u32) {
        let meta = &mut self.meta[id as usize];
        meta.rank = meta.rank.with_priority(priority);
    }

    /// Value and mask.
    #[inline]
    pub fn words(&self, id: u32) -> (&[u64], &[u64]) {
        self.words[id as usize * 2 * self.width..][..2 * self.width].split_at(self.width)
    }

    #[inline]
    pub fn in_ranges(&self, id: u32, key: &[u64]) -> bool {
        self.meta[id as usize].ranges.iter().all(|r| r.contains(key))
    }

    #[inline]
    pub fn matches(&self, id: u32, key: &[u64]) -> bool {
        let (value, mask) = self.words(id);
        let differ = value.iter().zip(mask).zip(key).fold(0, |d, ((v, m), k)| d | ((v ^ k) & m));
        differ == 0 && self.in_ranges(id, key)
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        let ranges: usize = self.meta.iter().map(|m| size_of_val(&*m.ranges)).sum();
        self.words.capacity() * 8 + self.meta.capacity() * size_of::<Meta>() + ranges
    }
}
