//! The Internet checksum (RFC 1071), whole and incremental (RFC 1624).

/// A running one's-complement sum over pieces of even length; only the last may be odd.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// The empty sum.
    pub const fn new() -> Self {
        Sum(0)
    }

    /// Adds bytes; a missing last byte counts as 0.
    #[inline]
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        // The sum does not depend on byte order but for a final swap (RFC 1071, 2 (B)), so that 32 bits are
        // added at a time; 64 bits of accumulator hold 2^32 of them.
        let (words, rest) = bytes.as_chunks::<4>();
        self.0 += words.iter().map(|w| u64::from(u32::from_ne_bytes(*w))).sum::<u64>();
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        self.0 += u64::from(u32::from_ne_bytes(last));
        self.0 = (self.0 & 0xffff_ffff) + (self.0 >> 32);
        self
    }

    /// Adds a 16-bit number.
    #[inline]
    #[must_use]
    pub fn word(self, word: u16) -> Self {
        Sum(self.0 + u64::from(word.to_be()))
    }

    /// Adds the IPv4 pseudo-header (RFC 9293, 3.1).
    #[inline]
    #[must_use]
    pub fn pseudo_v4(self, src: [u8; 4], dst: [u8; 4], protocol: u8, len: u16) -> Self {
        self.bytes(&src).bytes(&dst).word(u16::from(protocol)).word(len)
    }

    /// Adds the IPv6 pseudo-header (RFC 8200, 8.1).
    #[inline]
    #[must_use]
    pub fn pseudo_v6(self, src: &[u8; 16], dst: &[u8; 16], next_header: u8, len: u32) -> Self {
        self.bytes(src).bytes(dst).word(u16::from(next_header)).word(len as u16).word((len >> 16) as u16)
    }

    /// The sum folded to 16 bits: `0xffff` over data with a right checksum.
    #[inline]
    pub fn folded(self) -> u16 {
        let mut sum = (self.0 & 0xffff_ffff) + (self.0 >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        u16::from_be(sum as u16)
    }

    /// The checksum to store: the complement of the sum.
    #[inline]
    pub fn checksum(self) -> u16 {
        !self.folded()
    }

    /// Whether data that includes its checksum sums up right.
    #[inline]
    pub fn is_right(self) -> bool {
        self.folded() == 0xffff
    }
}

/// The checksum of `bytes`, whose checksum field is 0.
#[inline]
pub fn checksum(bytes: &[u8]) -> u16 {
    Sum::new().bytes(bytes).checksum()
}

/// Whether the 20 bytes of an IPv4 header without options sum up right.
#[inline(always)]
pub fn ipv4_is_right(header: &[u8; 20]) -> bool {
    let (words, _) = header.as_chunks::<4>();
    let sum: u64 = words.iter().map(|w| u64::from(u32::from_ne_bytes(*w))).sum();
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    (sum & 0xffff) + (sum >> 16) == 0xffff
}

/// `checksum` after a 16-bit word that it covers changed from `old` to `new` (RFC 1624, equation 3).
#[inline(always)]
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    !((sum + (sum >> 16)) as u16)
}

/// [`update`] for changed bytes at an even offset, of equal and even length.
pub fn update_bytes(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    debug_assert!(old.len() == new.len() && old.len().is_multiple_of(2));
    let words = |bytes: &[u8]| Sum::new().bytes(bytes).folded();
    update(checksum, words(old), words(new))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 1071 to the letter: 16 bits at a time with end-around carry.
    fn naive(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    proptest! {
        #[test]
        fn equals_the_definition(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(checksum(&bytes), naive(&bytes));
        }

        #[test]
        fn an_updated_checksum_is_right(mut bytes in prop::array::uniform20(any::<u8>()), at in 0..4usize, new: [u8; 4]) {
            // The last two bytes are the checksum; an all-zero packet has two right checksums, so is left out.
            bytes[8] |= 1;
            let check = checksum(&bytes[..18]);
            let old = bytes;
            bytes[at * 2..at * 2 + 2].copy_from_slice(&new[..2]);
            let old_word = u16::from_be_bytes([old[at * 2], old[at * 2 + 1]]);
            let new_word = u16::from_be_bytes([new[0], new[1]]);
            prop_assert_eq!(update(check, old_word, new_word), naive(&bytes[..18]));
            bytes[at * 2..at * 2 + 4].copy_from_slice(&new);
            bytes[8] |= 1;
            let check = update_bytes(check, &old[..18], &bytes[..18]);
            prop_assert_eq!(check, naive(&bytes[..18]));
            bytes[18..].copy_from_slice(&check.to_be_bytes());
            prop_assert!(ipv4_is_right(&bytes));
            bytes[0] ^= 4;
            prop_assert!(!ipv4_is_right(&bytes));
        }
    }

    #[test]
    fn pieces_add_up() {
        let all = [10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 9, 1, 2, 3];
        let pieces = Sum::new().pseudo_v4([10, 0, 0, 1], [10, 0, 0, 2], 17, 9).bytes(&[1, 2, 3]);
        assert_eq!(pieces.checksum(), naive(&all));
    }
}
