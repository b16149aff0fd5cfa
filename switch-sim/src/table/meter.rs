//! Meters: the token buckets behind policers and storm control.
//!
//! Time is a count of nanoseconds that the caller owns. A meter does nothing between packets: a bucket is
//! filled when it is next looked at, for the time that has passed. All arithmetic is on integers and
//! exact: at time `t` since the meter began, a bucket of rate `r` has been offered `floor(r * t / 10^9)`
//! tokens, which is the RFCs' "incremented by one `r` times per second", after any number of looks, after
//! any time idle, and at any rate and size of 64 bits. A clock that steps back adds nothing until it has
//! caught up.
//!
//! A token is a byte or a packet, as the caller counts: it passes the packet's length, or 1.

/// Drop precedence. Later is worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Color {
    /// Conforms.
    #[default]
    Green,
    /// Exceeds.
    Yellow,
    /// Violates.
    Red,
}

/// Which meter, with its rates in tokens a second and burst sizes in tokens.
///
/// Any numbers are accepted. A rate of 0 never refills: what the burst holds is all there is. A burst of 0
/// lets no packet pass that has a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Single rate three color marker, RFC 2697. The bucket of EBS tokens gets what the one of CBS tokens
    /// has no room for.
    SingleRate {
        /// Committed information rate.
        cir: u64,
        /// Committed burst size.
        cbs: u64,
        /// Excess burst size.
        ebs: u64,
    },
    /// Two rate three color marker, RFC 2698. The RFC has PIR at least CIR; where it is less, it limits
    /// green packets as well, as a green packet takes tokens of both buckets.
    TwoRate {
        /// Committed information rate.
        cir: u64,
        /// Committed burst size.
        cbs: u64,
        /// Peak information rate.
        pir: u64,
        /// Peak burst size.
        pbs: u64,
    },
    /// Storm control: green while there are tokens, else red.
    Storm {
        /// The rate allowed.
        cir: u64,
        /// The burst allowed.
        cbs: u64,
    },
}

impl Scheme {
    /// Sizes of the committed bucket and of the second one, 0 where there is none.
    fn sizes(self) -> [u64; 2] {
        match self {
            Self::SingleRate { cbs, ebs, .. } => [cbs, ebs],
            Self::TwoRate { cbs, pbs, .. } => [cbs, pbs],
            Self::Storm { cbs, .. } => [cbs, 0],
        }
    }
}

const SECOND: u64 = 1_000_000_000;

/// Turns time into tokens without losing the part of one.
#[derive(Clone, Copy, Debug, Default)]
struct Drip {
    /// The part of a token not yet given, in billionths.
    part: u32,
}

impl Drip {
    /// The tokens that `nanoseconds` more make. They can be more than 64 bits count, which two buckets in a
    /// row may still have room for.
    #[inline]
    fn advance(&mut self, rate: u64, nanoseconds: u64) -> u128 {
        let part = u64::from(self.part);
        match rate.checked_mul(nanoseconds).and_then(|p| p.checked_add(part)) {
            Some(billionths) => {
                self.part = (billionths % SECOND) as u32;
                u128::from(billionths / SECOND)
            }
            None => {
                let billionths = u128::from(rate) * u128::from(nanoseconds) + u128::from(part);
                self.part = (billionths % u128::from(SECOND)) as u32;
                billionths / u128::from(SECOND)
            }
        }
    }
}

/// A meter with its state. See the [module](self).
#[derive(Clone, Debug)]
pub struct Meter {
    scheme: Scheme,
    color_aware: bool,
    /// The time up to which the buckets are filled.
    now: u64,
    /// Tokens in the committed bucket, and in the excess or peak bucket.
    tokens: [u64; 2],
    drips: [Drip; 2],
}

impl Meter {
    /// A meter that begins at `now` with full buckets. One that is color-aware never makes a packet's
    /// color better.
    pub fn new(scheme: Scheme, color_aware: bool, now: u64) -> Self {
        Self { scheme, color_aware, now, tokens: scheme.sizes(), drips: Default::default() }
    }

    /// Continues from `now` by another scheme or mode. Buckets keep what they have gained so far by the
    /// old rates, down to their new size; they do not become full by being made larger.
    pub fn configure(&mut self, scheme: Scheme, color_aware: bool, now: u64) {
        self.advance(now);
        (self.scheme, self.color_aware) = (scheme, color_aware);
        for (tokens, size) in self.tokens.iter_mut().zip(scheme.sizes()) {
            *tokens = (*tokens).min(size);
        }
    }

    /// The scheme in force.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the color of a packet that arrives counts.
    pub fn is_color_aware(&self) -> bool {
        self.color_aware
    }

    /// Tokens at `now`: of the committed bucket, and of the excess or peak bucket.
    pub fn tokens(&mut self, now: u64) -> [u64; 2] {
        self.advance(now);
        self.tokens
    }

    /// Meters a packet of `size` tokens that arrives at `now` with the color `before`: its color from here
    /// on. A color-blind meter ignores `before`. A red packet takes no tokens.
    #[inline]
    pub fn mark(&mut self, now: u64, size: u64, before: Color) -> Color {
        self.advance(now);
        let before = if self.color_aware { before } else { Color::Green };
        let [first, second] = &mut self.tokens;
        match self.scheme {
            Scheme::SingleRate { .. } => {
                if before == Color::Green && take(first, size) {
                    Color::Green
                } else if before <= Color::Yellow && take(second, size) {
                    Color::Yellow
                } else {
                    Color::Red
                }
            }
            Scheme::TwoRate { .. } => {
                if before == Color::Red || !take(second, size) {
                    Color::Red
                } else if before == Color::Yellow || !take(first, size) {
                    Color::Yellow
                } else {
                    Color::Green
                }
            }
            Scheme::Storm { .. } => {
                if before < Color::Red && take(first, size) {
                    Color::Green
                } else {
                    Color::Red
                }
            }
        }
    }

    #[inline]
    fn advance(&mut self, now: u64) {
        let passed = now.saturating_sub(self.now);
        if passed == 0 {
            return;
        }
        self.now = now;
        let [first, second] = &mut self.tokens;
        match self.scheme {
            Scheme::SingleRate { cir, cbs, ebs } => {
                let spilt = fill(first, cbs, self.drips[0].advance(cir, passed));
                fill(second, ebs, spilt);
            }
            Scheme::TwoRate { cir, cbs, pir, pbs } => {
                fill(first, cbs, self.drips[0].advance(cir, passed));
                fill(second, pbs, self.drips[1].advance(pir, passed));
            }
            Scheme::Storm { cir, cbs } => {
                fill(first, cbs, self.drips[0].advance(cir, passed));
            }
        }
    }
}

/// Fills a bucket and returns what it has no room for.
#[inline]
fn fill(tokens: &mut u64, size: u64, more: u128) -> u128 {
    let gained = more.min(u128::from(size - *tokens));
    *tokens += gained as u64;
    more - gained
}

/// Takes tokens if there are as many.
#[inline]
fn take(tokens: &mut u64, size: u64) -> bool {
    let enough = *tokens >= size;
    if enough {
        *tokens -= size;
    }
    enough
}

#[cfg(test)]
mod tests;
