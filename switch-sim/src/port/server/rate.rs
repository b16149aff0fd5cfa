//! Rates: the most, or the least, that somebody sends in a time.

/// What is sent in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Bytes or packets a second; 0 for no rate.
    pub rate: u64,
    /// How many may be sent at once beyond one frame.
    pub burst: u64,
    /// Packets count, not bytes.
    pub packets: bool,
}

impl Rate {
    /// The nanoseconds that so many bytes or packets take.
    fn time(self, units: u64) -> u64 {
        let time = u128::from(units) * 1_000_000_000 / u128::from(self.rate.max(1));
        time.try_into().unwrap_or(u64::MAX)
    }
}

/// A rate, and how far it is used up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    rate: Rate,
    /// From when on the rate has room for the next frame.
    pub from: u64,
}

impl Meter {
    pub fn set(&mut self, rate: Rate) {
        if self.rate != rate {
            *self = Meter { rate, from: 0 };
        }
    }

    /// Whether there is a rate, with room for a frame.
    pub fn has_room(&self, now: u64) -> bool {
        self.rate.rate != 0 && self.from <= now
    }

    /// Counts a frame of this size.
    pub fn count(&mut self, now: u64, size: u64) {
        if self.rate.rate != 0 {
            let saved = now.saturating_sub(self.rate.time(self.rate.burst));
            let cost = self.rate.time(if self.rate.packets { 1 } else { size });
            self.from = self.from.max(saved).saturating_add(cost);
        }
    }
}
