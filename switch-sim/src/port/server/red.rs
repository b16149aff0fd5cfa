//! Random early detection (RED; Floyd and Jacobson, 1993): what a queue drops, or marks by ECN (RFC 3168), before it
//! is full.

use crate::random::Random;

/// How often packets are hit, by the average length of their queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    /// In bytes. Below, none is hit; from here on, a share that grows evenly.
    pub min: u64,
    /// In bytes. From here on all are hit.
    pub max: u64,
    /// The share of packets that are hit just below `max`, in percent.
    pub percent: u64,
}

impl Curve {
    fn hits(self, average: u64, chance: &mut Random) -> bool {
        if average < self.min || average >= self.max {
            return average >= self.max.max(self.min);
        }
        // No average comes near a threshold for which this is not exact.
        let span = u128::from((self.max - self.min).saturating_mul(100));
        let drawn = (u128::from(chance.number()) * span) >> 64;
        drawn < u128::from(self.percent * (average - self.min))
    }
}

/// What a WRED profile does, by color.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Red {
    /// The average follows the length by `1 / 2^weight` with each packet.
    pub weight: u8,
    pub drops: [Option<Curve>; 3],
    /// For packets whose transport is capable of ECN, in place of `drops`.
    pub marks: [Option<Curve>; 3],
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Early {
    Pass,
    Mark,
    Drop,
}

impl Red {
    fn judge(&self, color: u8, ect: bool, average: u64, chance: &mut Random) -> Early {
        let color = usize::from(color).min(2);
        let (curve, hit) = match self.marks[color] {
            Some(curve) if ect => (Some(curve), Early::Mark),
            _ => (self.drops[color], Early::Drop),
        };
        if curve.is_some_and(|c| c.hits(average, chance)) { hit } else { Early::Pass }
    }
}

/// The average length of a queue, over what its packets found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Average {
    /// In bytes, times 2^20.
    scaled: i64,
    /// Since when nothing waits; time that has been counted is not in it.
    pub idle: u64,
}

impl Average {
    /// A packet comes, finds so many bytes and is judged. An idle queue counts as one that the shortest frames, each
    /// of which takes `slot` nanoseconds, would have found empty.
    pub fn judge(
        &mut self,
        red: &Red,
        (color, ect): (u8, bool),
        bytes: u64,
        (now, slot): (u64, u64),
        chance: &mut Random,
    ) -> Early {
        if bytes == 0 {
            let slots = now.saturating_sub(self.idle) / slot.max(1);
            self.idle += slots * slot.max(1);
            self.scaled = decayed(self.scaled, red.weight, slots);
        }
        self.scaled += (((bytes << 20) as i64) - self.scaled) >> red.weight;
        red.judge(color, ect, (self.scaled >> 20) as u64, chance)
    }
}

/// What is left of an average after so many packets that find nothing.
fn decayed(average: i64, weight: u8, mut packets: u64) -> i64 {
    const ONE: u64 = 1 << 32;
    let times = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) >> 32) as u64;
    let (mut left, mut factor) = (average as u64, ONE - (ONE >> weight));
    while packets > 0 && left > 0 {
        if packets & 1 == 1 {
            left = times(left, factor);
        }
        factor = times(factor, factor);
        packets >>= 1;
    }
    left as i64
}
