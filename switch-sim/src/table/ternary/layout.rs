//! Where the fields of a table lie in its keys.

/// The most 64-bit words a key can have.
pub const MAX_WORDS: usize = 16;

/// Assigns the fields of one table to the words of its keys, so that a table pays only for the fields its
/// rules can name.
///
/// Fields are placed in the order in which they are asked for, each in the first word with room. A field of
/// eight bits or more begins at a byte, a shorter one at a nibble or below, so that prefix masks fall on
/// the boundaries along which a [`Classifier`](super::Classifier) groups rules. A field longer than 64 bits
/// (an IPv6 address) is asked for in parts.
///
/// ```
/// use switch_sim::table::ternary::KeyLayout;
/// let mut layout = KeyLayout::new();
/// let dst_ip = layout.field(32).unwrap();
/// let protocol = layout.field(8).unwrap();
/// let mut key = vec![0; layout.words()];
/// dst_ip.set(&mut key, 0x0a00_0001);
/// protocol.set(&mut key, 17);
/// assert_eq!((layout.words(), dst_ip.get(&key), protocol.get(&key)), (1, 0x0a00_0001, 17));
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyLayout {
    taken: Vec<u64>,
}

/// The place of one field of a key: up to 64 bits within one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The word of the key.
    pub word: u8,
    /// The bit of that word at which the field's least significant bit lies.
    pub shift: u8,
    /// Its length in bits, 1 to 64.
    pub width: u8,
}

impl KeyLayout {
    /// A layout without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Places a field of `width` bits. `None` when `width` is not 1 to 64 or [`MAX_WORDS`] words are full.
    pub fn field(&mut self, width: u8) -> Option<Field> {
        if !(1..=64).contains(&width) {
            return None;
        }
        let step = if width >= 8 { 8 } else { usize::from(width).next_power_of_two() };
        let ones = u64::MAX >> (64 - width);
        for word in 0..MAX_WORDS {
            if word == self.taken.len() {
                self.taken.push(0);
            }
            let free = (0..=64 - width).step_by(step).find(|&shift| self.taken[word] & (ones << shift) == 0);
            if let Some(shift) = free {
                self.taken[word] |= ones << shift;
                return Some(Field { word: word as u8, shift, width });
            }
        }
        None
    }

    /// The number of 64-bit words of a key, at least 1.
    pub fn words(&self) -> usize {
        self.taken.len().max(1)
    }
}

impl Field {
    /// All bits of the field, at the place they have in its word.
    pub const fn mask(self) -> u64 {
        (u64::MAX >> (64 - self.width)) << self.shift
    }

    /// Writes the field; bits of `value` beyond its width are dropped.
    ///
    /// # Panics
    /// When `words` is shorter than the layout's keys.
    #[inline]
    pub fn set(self, words: &mut [u64], value: u64) {
        let word = &mut words[usize::from(self.word)];
        *word = (*word & !self.mask()) | ((value << self.shift) & self.mask());
    }

    /// Reads the field.
    ///
    /// # Panics
    /// When `words` is shorter than the layout's keys.
    #[inline]
    pub fn get(self, words: &[u64]) -> u64 {
        (words[usize::from(self.word)] & self.mask()) >> self.shift
    }
}
