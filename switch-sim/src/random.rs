//! Chance that repeats: SplitMix64.

/// A sequence of numbers that its seed decides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Random(pub u64);

impl Random {
    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number, from 0 to below 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True once in so many times, on average; always for 0 and 1.
    pub(crate) fn one_in(&mut self, times: u32) -> bool {
        times <= 1 || self.number().is_multiple_of(u64::from(times))
    }
}
