//! Hashes of packet fields: the arithmetic of the algorithms that switch chips offer.
//!
//! The input is the fields that take part, one after the other as they stand in the packet; the result is 32
//! bits, of which the 16-bit algorithms fill the low half. Seeds start the CRC registers, and are mixed into XOR.

/// How a [`FlowHash`] makes a number of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// CRC-32 (IEEE 802.3), all 32 bits.
    #[default]
    Crc,
    /// The exclusive or of all 16-bit words.
    Xor,
    /// Another number for each packet, from the seed and a count; the fields do not matter.
    Random,
    /// The low 16 bits of CRC-32.
    Crc32Lo,
    /// The high 16 bits of CRC-32.
    Crc32Hi,
    /// CRC-16 of CCITT (polynomial 0x1021, most significant bit first).
    CrcCcitt,
    /// CRC-16 of CCITT, exclusive or the 16-bit words.
    CrcXor,
    /// The count itself: one member after the other; the fields do not matter.
    RoundRobin,
    /// The first result of Jenkins' lookup3.
    JenkinsLo,
    /// The second result of Jenkins' lookup3.
    JenkinsHi,
}

impl Algorithm {
    /// Whether the fields of a packet matter.
    pub const fn reads_fields(self) -> bool {
        !matches!(self, Algorithm::Random | Algorithm::RoundRobin)
    }
}

/// An algorithm with its seed and offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlowHash {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The seed.
    pub seed: u32,
    /// By how many bits the result is rotated right, within the 16 or 32 bits that the algorithm gives.
    pub offset: u8,
}

impl FlowHash {
    /// This way, by another algorithm if one is named.
    #[inline(always)]
    pub fn by(self, algorithm: Option<Algorithm>) -> FlowHash {
        FlowHash { algorithm: algorithm.unwrap_or(self.algorithm), ..self }
    }

    /// The hash of the fields of a packet; `count` numbers the packets for [`Algorithm::Random`] and
    /// [`Algorithm::RoundRobin`].
    #[inline(always)]
    pub fn hash(&self, fields: &[u8], count: u64) -> u32 {
        match self.algorithm {
            Algorithm::Crc => crc32(self.seed, fields).rotate_right(self.offset.into()),
            _ => self.hash_otherwise(fields, count),
        }
    }

    /// As [`hash`](Self::hash), which has the most common way at hand.
    #[inline(never)]
    fn hash_otherwise(&self, fields: &[u8], count: u64) -> u32 {
        let (seed, turn) = (self.seed, u32::from(self.offset));
        let narrow = |h: u16| u32::from(h.rotate_right(turn));
        match self.algorithm {
            Algorithm::Crc => crc32(seed, fields).rotate_right(turn),
            Algorithm::Xor => narrow(xor(seed, fields)),
            Algorithm::Random => random(seed, count).rotate_right(turn),
            Algorithm::Crc32Lo => narrow(crc32(seed, fields) as u16),
            Algorithm::Crc32Hi => narrow((crc32(seed, fields) >> 16) as u16),
            Algorithm::CrcCcitt => narrow(crc_ccitt(seed as u16, fields)),
            Algorithm::CrcXor => narrow(crc_ccitt(seed as u16, fields) ^ xor(0, fields)),
            Algorithm::RoundRobin => count as u32,
            Algorithm::JenkinsLo => jenkins(seed, fields).0.rotate_right(turn),
            Algorithm::JenkinsHi => jenkins(seed, fields).1.rotate_right(turn),
        }
    }
}

/// Another number from a hash, for a choice after a choice by it: the remainders of the two have nothing in common.
#[inline]
pub fn again(hash: u32) -> u32 {
    let mixed = hash.wrapping_mul(0x9E37_79B1);
    mixed ^ mixed >> 15
}

/// Another number from a hash, for a choice by another group: it has nothing in common with the hash, nor with
/// what [`again`] makes of it.
#[inline]
pub fn mixed(hash: u32) -> u32 {
    let hash = (hash ^ hash >> 16).wrapping_mul(0x85EB_CA6B);
    let hash = (hash ^ hash >> 13).wrapping_mul(0xC2B2_AE35);
    hash ^ hash >> 16
}

/// CRC-32 (reflected 0x04C11DB7) as zlib has it: `crc32(0, b"123456789") == 0xCBF43926`, and the CRC of two
/// pieces is that of the second seeded with that of the first.
#[inline]
pub fn crc32(seed: u32, bytes: &[u8]) -> u32 {
    let at = |row: usize, byte: u8| CRC32[row][usize::from(byte)];
    let mut crc = !seed;
    let (blocks, rest) = bytes.as_chunks::<8>();
    for block in blocks {
        let [a, b, c, d, e, f, g, h] = *block;
        let [i, j, k, l] = (crc ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
        crc = at(7, i) ^ at(6, j) ^ at(5, k) ^ at(4, l) ^ at(3, e) ^ at(2, f) ^ at(1, g) ^ at(0, h);
    }
    let (words, rest) = rest.as_chunks::<4>();
    for word in words {
        let [i, j, k, l] = (crc ^ u32::from_le_bytes(*word)).to_le_bytes();
        crc = at(3, i) ^ at(2, j) ^ at(1, k) ^ at(0, l);
    }
    for byte in rest {
        crc = (crc >> 8) ^ CRC32[0][usize::from(crc as u8 ^ byte)];
    }
    !crc
}

/// CRC-16 of CCITT, not reflected: `crc_ccitt(0xffff, b"123456789") == 0x29B1`.
#[inline]
pub fn crc_ccitt(seed: u16, bytes: &[u8]) -> u16 {
    let mut crc = seed;
    let (blocks, rest) = bytes.as_chunks::<8>();
    for block in blocks {
        let [a, b, c, d, e, f, g, h] = *block;
        let [i, j] = (crc ^ u16::from_be_bytes([a, b])).to_be_bytes();
        let at = |row: usize, byte: u8| CCITT[row][usize::from(byte)];
        crc = at(7, i) ^ at(6, j) ^ at(5, c) ^ at(4, d) ^ at(3, e) ^ at(2, f) ^ at(1, g) ^ at(0, h);
    }
    for byte in rest {
        crc = (crc << 8) ^ CCITT[0][usize::from((crc >> 8) as u8 ^ byte)];
    }
    crc
}

/// The exclusive or of the seed's and the input's 16-bit words, most significant byte first; a missing last byte
/// counts as 0.
#[inline]
pub fn xor(seed: u32, bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks::<2>();
    let mut sum = (seed >> 16) as u16 ^ seed as u16;
    for word in words {
        sum ^= u16::from_be_bytes(*word);
    }
    sum ^ rest.first().map_or(0, |last| u16::from(*last) << 8)
}

/// Bob Jenkins' lookup3 over bytes, words little endian: its first and second result (`c` and `b`). The seed
/// starts the first, 0 the second.
#[inline]
pub fn jenkins(seed: u32, bytes: &[u8]) -> (u32, u32) {
    let start = 0xDEAD_BEEF_u32.wrapping_add(bytes.len() as u32).wrapping_add(seed);
    let (mut a, mut b, mut c) = (start, start, start);
    // The last block, whole or not, is mixed in another way than those before it.
    let whole = bytes.len().saturating_sub(1) / 12 * 12;
    let (blocks, last) = bytes.split_at(whole);
    let words = |block: &[u8]| -> [u32; 3] {
        std::array::from_fn(|w| {
            (0..4).fold(0, |n, i| n | u32::from(block.get(4 * w + i).copied().unwrap_or(0)) << (8 * i))
        })
    };
    for block in blocks.chunks_exact(12) {
        let [x, y, z] = words(block);
        (a, b, c) = (a.wrapping_add(x), b.wrapping_add(y), c.wrapping_add(z));
        for [r, s, t] in [[4, 6, 8], [16, 19, 4]] {
            a = a.wrapping_sub(c) ^ c.rotate_left(r);
            c = c.wrapping_add(b);
            b = b.wrapping_sub(a) ^ a.rotate_left(s);
            a = a.wrapping_add(c);
            c = c.wrapping_sub(b) ^ b.rotate_left(t);
            b = b.wrapping_add(a);
        }
    }
    if last.is_empty() {
        return (c, b);
    }
    let [x, y, z] = words(last);
    (a, b, c) = (a.wrapping_add(x), b.wrapping_add(y), c.wrapping_add(z));
    let mix = |to: u32, by: u32, r: u32| (to ^ by).wrapping_sub(by.rotate_left(r));
    c = mix(c, b, 14);
    a = mix(a, c, 11);
    b = mix(b, a, 25);
    c = mix(c, b, 16);
    a = mix(a, c, 4);
    b = mix(b, a, 14);
    c = mix(c, b, 24);
    (c, b)
}

/// The `count`-th number of the sequence that `seed` starts (SplitMix64).
#[inline]
pub fn random(seed: u32, count: u64) -> u32 {
    let mut z =
        (u64::from(seed) << 32).wrapping_add(count.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 32) as u32
}

/// Row k: the effect of a byte that k more follow, so that eight bytes are eight independent look-ups.
static CRC32: [[u32; 256]; 8] = {
    let mut rows = [[0u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 != 0 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        rows[0][byte] = crc;
        byte += 1;
    }
    let mut row = 1;
    while row < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = rows[row - 1][byte];
            rows[row][byte] = (before >> 8) ^ rows[0][(before & 0xff) as usize];
            byte += 1;
        }
        row += 1;
    }
    rows
};

/// As [`CRC32`], for CRC-16.
static CCITT: [[u16; 256]; 8] = {
    let mut rows = [[0u16; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { (crc << 1) ^ 0x1021 } else { crc << 1 };
            bit += 1;
        }
        rows[0][byte] = crc;
        byte += 1;
    }
    let mut row = 1;
    while row < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = rows[row - 1][byte];
            rows[row][byte] = (before << 8) ^ rows[0][(before >> 8) as usize];
            byte += 1;
        }
        row += 1;
    }
    rows
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One bit at a time.
    fn naive_crc32(seed: u32, bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!seed, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ (0xEDB8_8320 * (c & 1)))
        })
    }

    fn naive_ccitt(seed: u16, bytes: &[u8]) -> u16 {
        bytes.iter().fold(seed, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |c, _| (c << 1) ^ (0x1021 * (c >> 15)))
        })
    }

    proptest! {
        #[test]
        fn equal_their_definitions(seed: u32, bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(crc32(seed, &bytes), naive_crc32(seed, &bytes));
            prop_assert_eq!(crc_ccitt(seed as u16, &bytes), naive_ccitt(seed as u16, &bytes));
            let of = |algorithm| FlowHash { algorithm, seed, offset: 0 }.hash(&bytes, 0);
            prop_assert_eq!(of(Algorithm::Crc32Hi) << 16 | of(Algorithm::Crc32Lo), of(Algorithm::Crc));
            prop_assert_eq!(of(Algorithm::CrcXor), of(Algorithm::CrcCcitt) ^ u32::from(xor(0, &bytes)));
        }
    }

    #[test]
    fn known_values() {
        assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(crc32(0, b"1234"), b"56789"), 0xCBF4_3926);
        assert_eq!(crc_ccitt(0xffff, b"123456789"), 0x29B1);
        assert_eq!(crc_ccitt(0, b"123456789"), 0x31C3);
        assert_eq!(xor(0, &[0x12, 0x34, 0x11, 0x11, 0xff]), 0xfc25);
        assert_eq!(xor(0x0001_0002, &[]), 3);
        // As Jenkins' own driver prints them.
        let text = b"Four score and seven years ago";
        assert_eq!(jenkins(0, b""), (0xDEAD_BEEF, 0xDEAD_BEEF));
        assert_eq!(jenkins(0, text), (0x1777_0551, 0xCE72_26E6));
        assert_eq!(jenkins(1, text).0, 0xCD62_8161);
    }

    #[test]
    fn the_offset_rotates_within_the_width_of_the_algorithm() {
        let of = |algorithm, offset| FlowHash { algorithm, seed: 0, offset }.hash(b"123456789", 0);
        assert_eq!(of(Algorithm::Crc, 8), 0x26CB_F439);
        assert_eq!(of(Algorithm::Crc32Lo, 8), 0x2639);
        assert_eq!(of(Algorithm::Crc32Lo, 16), 0x3926);
    }

    #[test]
    fn random_spreads_whatever_the_fields() {
        let hash = FlowHash { algorithm: Algorithm::Random, seed: 5, offset: 0 };
        let mut used = [0; 8];
        (0..8000).for_each(|count| used[hash.hash(b"same", count) as usize % 8] += 1);
        assert!(used.iter().all(|n| (800..1200).contains(n)), "{used:?}");
        assert_eq!(hash.hash(b"a", 3), hash.hash(b"b", 3));
    }
}
