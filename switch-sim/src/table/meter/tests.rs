use proptest::prelude::*;

use super::*;

/// The RFCs' equations on totals since the beginning: nothing is carried from packet to packet but whole
/// tokens, and the tokens offered up to a time come from that time alone.
struct Rfc {
    scheme: Scheme,
    start: u64,
    now: u64,
    committed: i128,
    second: i128,
}

impl Rfc {
    fn new(scheme: Scheme, start: u64) -> Self {
        let (committed, second) = match scheme {
            Scheme::SingleRate { cbs, ebs, .. } => (cbs, ebs),
            Scheme::TwoRate { cbs, pbs, .. } => (cbs, pbs),
            Scheme::Storm { cbs, .. } => (cbs, 0),
        };
        Self { scheme, start, now: start, committed: committed.into(), second: second.into() }
    }

    /// Tokens offered at `rate` since the last packet.
    fn offered(&self, rate: u64, now: u64) -> i128 {
        let total = |t: u64| i128::from(rate) * i128::from(t - self.start) / 1_000_000_000;
        total(now) - total(self.now)
    }

    fn mark(&mut self, now: u64, size: u64, before: Color) -> Color {
        let now = now.max(self.now);
        let b = i128::from(size);
        let color = match self.scheme {
            Scheme::SingleRate { cir, cbs, ebs } => {
                let offered = self.offered(cir, now);
                let to_c = offered.min(i128::from(cbs) - self.committed);
                self.committed += to_c;
                self.second = (self.second + offered - to_c).min(ebs.into());
                match before {
                    Color::Green if self.committed - b >= 0 => {
                        self.committed -= b;
                        Color::Green
                    }
                    Color::Green | Color::Yellow if self.second - b >= 0 => {
                        self.second -= b;
                        Color::Yellow
                    }
                    _ => Color::Red,
                }
            }
            Scheme::TwoRate { cir, cbs, pir, pbs } => {
                self.committed = (self.committed + self.offered(cir, now)).min(cbs.into());
                self.second = (self.second + self.offered(pir, now)).min(pbs.into());
                if before == Color::Red || self.second - b < 0 {
                    Color::Red
                } else if before == Color::Yellow || self.committed - b < 0 {
                    self.second -= b;
                    Color::Yellow
                } else {
                    self.second -= b;
                    self.committed -= b;
                    Color::Green
                }
            }
            Scheme::Storm { cir, cbs } => {
                self.committed = (self.committed + self.offered(cir, now)).min(cbs.into());
                if before == Color::Red || self.committed - b < 0 {
                    Color::Red
                } else {
                    self.committed -= b;
                    Color::Green
                }
            }
        };
        self.now = now;
        color
    }
}

fn rate() -> impl Strategy<Value = u64> {
    prop_oneof![0..20u64, 1_000..2_000_000_000u64, Just(100_000_000_000), any::<u64>()]
}

fn burst() -> impl Strategy<Value = u64> {
    prop_oneof![0..20u64, 64..100_000u64, any::<u64>()]
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop_oneof![
        (rate(), burst(), burst()).prop_map(|(cir, cbs, ebs)| Scheme::SingleRate { cir, cbs, ebs }),
        (rate(), burst(), rate(), burst()).prop_map(|(cir, cbs, pir, pbs)| Scheme::TwoRate {
            cir,
            cbs,
            pir,
            pbs
        }),
        (rate(), burst()).prop_map(|(cir, cbs)| Scheme::Storm { cir, cbs }),
    ]
}

fn color() -> impl Strategy<Value = Color> {
    prop_oneof![Just(Color::Green), Just(Color::Yellow), Just(Color::Red)]
}

/// Nanoseconds between packets: none, line rate, fractions of tokens, seconds, years.
fn gap() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 1..200u64, 1..2_000_000_000u64, 0..200_000_000_000_000_000u64]
}

proptest! {
    #[test]
    fn colors_and_tokens_are_those_of_the_rfcs(
        scheme in scheme(),
        aware: bool,
        start in 0..u64::MAX / 4,
        packets in prop::collection::vec((gap(), prop_oneof![0..3u64, 64..9217u64], color()), 1..60),
    ) {
        let mut meter = Meter::new(scheme, aware, start);
        let mut rfc = Rfc::new(scheme, start);
        let mut now = start;
        for (gap, size, before) in packets {
            now = now.saturating_add(gap);
            let expected = rfc.mark(now, size, if aware { before } else { Color::Green });
            prop_assert_eq!(meter.mark(now, size, before), expected);
            prop_assert_eq!(meter.tokens(now).map(i128::from), [rfc.committed, rfc.second]);
        }
    }

    #[test]
    fn how_often_one_looks_makes_no_difference(scheme in scheme(), looks in prop::collection::vec(gap(), 1..60)) {
        let (mut often, mut once) = (Meter::new(scheme, false, 0), Meter::new(scheme, false, 0));
        for meter in [&mut often, &mut once] {
            let [first, second] = meter.tokens(0);
            for size in [first, second] {
                meter.mark(0, size, Color::Green);
            }
        }
        let mut now = 0u64;
        for gap in looks {
            now = now.saturating_add(gap);
            often.tokens(now);
        }
        prop_assert_eq!(often.tokens(now), once.tokens(now));
    }
}

fn pass(meter: &mut Meter, from: u64, every: u64, count: u64, size: u64) -> [u64; 3] {
    let mut colors = [0; 3];
    for n in 0..count {
        colors[meter.mark(from + n * every, size, Color::Green) as usize] += 1;
    }
    colors
}

#[test]
fn single_rate_marks_the_burst_the_excess_and_the_rest() {
    let mut meter = Meter::new(Scheme::SingleRate { cir: 1000, cbs: 3000, ebs: 2000 }, false, 0);
    assert_eq!(pass(&mut meter, 0, 0, 7, 1000), [3, 2, 2]);
    // A second's tokens: the committed bucket gets them all before the excess gets any.
    assert_eq!(meter.tokens(1_000_000_000), [1000, 0]);
    assert_eq!(meter.tokens(4_000_000_000), [3000, 1000]);
}

#[test]
fn two_rates_mark_what_is_between_them_yellow() {
    // 100 packets of 100 bytes within 0.99 s. The peak bucket is offered 200 + 4950 bytes and passes 51,
    // the committed one 200 + 1980 and passes 21 of them as green.
    let scheme = Scheme::TwoRate { cir: 2000, cbs: 200, pir: 5000, pbs: 200 };
    let mut meter = Meter::new(scheme, false, 0);
    assert_eq!(pass(&mut meter, 0, 10_000_000, 100, 100), [21, 30, 49]);
}

#[test]
fn color_aware_meters_never_improve_a_color() {
    let single = Scheme::SingleRate { cir: 0, cbs: 10, ebs: 2 };
    let mut meter = Meter::new(single, true, 0);
    assert_eq!(meter.mark(0, 1, Color::Red), Color::Red);
    assert_eq!(meter.mark(0, 1, Color::Yellow), Color::Yellow);
    assert_eq!(meter.tokens(0), [10, 1]);
    let mut meter = Meter::new(Scheme::TwoRate { cir: 0, cbs: 10, pir: 0, pbs: 10 }, true, 0);
    assert_eq!(meter.mark(0, 1, Color::Yellow), Color::Yellow);
    assert_eq!(meter.mark(0, 1, Color::Red), Color::Red);
    assert_eq!(meter.tokens(0), [10, 9]);
    let mut blind = Meter::new(single, false, 0);
    assert_eq!(blind.mark(0, 1, Color::Red), Color::Green);
}

#[test]
fn storm_control_passes_its_rate_to_the_packet_over_an_hour() {
    // 3 packets a second do not divide a nanosecond clock: no packet may be lost or gained.
    let mut meter = Meter::new(Scheme::Storm { cir: 3, cbs: 1 }, false, 0);
    let [green, yellow, red] = pass(&mut meter, 0, 100_000_000, 36_001, 1);
    assert_eq!((green, yellow, red), (1 + 3 * 3600, 0, 25_200));
}

#[test]
fn the_fastest_port_and_centuries_idle_do_not_overflow() {
    let scheme = Scheme::TwoRate { cir: u64::MAX, cbs: u64::MAX, pir: 100_000_000_000, pbs: u64::MAX };
    let mut meter = Meter::new(scheme, false, 0);
    assert_eq!(meter.mark(0, u64::MAX, Color::Green), Color::Green);
    assert_eq!(meter.tokens(0), [0, 0]);
    // 800 Gbit/s are 100 bytes a nanosecond.
    assert_eq!(meter.tokens(1_000_000_007)[1], 100_000_000_700);
    assert_eq!(meter.tokens(u64::MAX), [u64::MAX, u64::MAX]);
    // What one bucket spills fills the other, though the sum is beyond 64 bits.
    let scheme = Scheme::SingleRate { cir: u64::MAX, cbs: u64::MAX, ebs: u64::MAX };
    let mut meter = Meter::new(scheme, false, 0);
    assert_eq!(meter.mark(0, u64::MAX, Color::Green), Color::Green);
    assert_eq!(meter.mark(0, u64::MAX, Color::Green), Color::Yellow);
    assert_eq!(meter.tokens(1_500_000_000), [u64::MAX, u64::MAX / 2]);
}

#[test]
fn a_clock_that_steps_back_adds_nothing_twice() {
    let mut meter = Meter::new(Scheme::Storm { cir: 1_000_000_000, cbs: 1000 }, false, 1000);
    assert_eq!(meter.mark(1000, 1000, Color::Green), Color::Green);
    assert_eq!(meter.tokens(1010), [10, 0]);
    assert_eq!(meter.tokens(900), [10, 0]);
    assert_eq!(meter.tokens(1020), [20, 0]);
}

#[test]
fn a_change_of_rates_keeps_what_was_gained_and_fits_it_to_the_new_size() {
    let mut meter = Meter::new(Scheme::Storm { cir: 1000, cbs: 1000 }, false, 0);
    meter.mark(0, 1000, Color::Green);
    meter.configure(Scheme::Storm { cir: 0, cbs: 5000 }, false, 500_000_000);
    assert_eq!(meter.tokens(9_000_000_000), [500, 0]);
    meter.configure(Scheme::SingleRate { cir: 10, cbs: 100, ebs: 50 }, true, 9_000_000_000);
    assert_eq!(meter.tokens(9_000_000_000), [100, 0]);
    assert_eq!(meter.tokens(10_000_000_000), [100, 10]);
    assert_eq!(
        (meter.is_color_aware(), meter.scheme()),
        (true, Scheme::SingleRate { cir: 10, cbs: 100, ebs: 50 })
    );
}
