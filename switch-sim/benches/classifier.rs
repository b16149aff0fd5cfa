//! The ternary classifier on rule sets shaped as access lists, firewalls and chains of IP filters are.
//!
//! Prints the shape and memory of each set, insertions and removals a second, then look-ups a second for
//! keys one by one and in vectors. Everything is seeded.

use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use switch_sim::table::ternary::{Classifier, Field, KeyLayout, Range, Rule};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A five-tuple in two words, at the places that a layout gives it.
struct FiveTuple {
    layout: KeyLayout,
    addresses: [Field; 2],
    ports: [Field; 2],
    protocol: Field,
}

impl FiveTuple {
    fn new() -> Self {
        let mut layout = KeyLayout::new();
        let mut field = |width| layout.field(width).expect("room");
        let addresses = [field(32), field(32)];
        let ports = [field(16), field(16)];
        let protocol = field(8);
        Self { layout, addresses, ports, protocol }
    }
}

struct Owned {
    value: Vec<u64>,
    mask: Vec<u64>,
    ranges: Vec<Range>,
    priority: u32,
}

impl Owned {
    fn rule(&self, handle: u32) -> Rule<'_> {
        Rule { value: &self.value, mask: &self.mask, ranges: &self.ranges, priority: self.priority, handle }
    }
}

/// How the rules of a kind of filter are distributed.
struct Kind {
    /// Prefix lengths of source and destination, as often as they come.
    lengths: [&'static [u64]; 2],
    /// Distinct networks that the addresses cluster in.
    networks: u64,
    /// Per cent of source and destination ports that are: any, one, from 1024 on. The others are other ranges.
    ports: [[u64; 3]; 2],
    any_protocol: u64,
}

const ACCESS_LIST: Kind = Kind {
    lengths: [
        &[0, 16, 19, 21, 22, 23, 24, 24, 24, 25, 26, 27, 28, 30, 32, 32],
        &[20, 24, 26, 27, 28, 29, 30, 31, 32, 32, 32, 32],
    ],
    networks: 60,
    ports: [[97, 1, 1], [8, 72, 8]],
    any_protocol: 4,
};
const FIREWALL: Kind = Kind {
    lengths: [
        &[0, 0, 0, 0, 0, 8, 14, 16, 20, 24, 26, 28, 32, 32],
        &[0, 0, 0, 8, 16, 18, 22, 24, 27, 29, 30, 32, 32, 32],
    ],
    networks: 25,
    ports: [[50, 22, 20], [33, 43, 12]],
    any_protocol: 14,
};
const FILTER_CHAIN: Kind = Kind {
    lengths: [
        &[0, 8, 12, 16, 20, 22, 24, 26, 28, 29, 32, 32, 32, 32],
        &[0, 10, 16, 18, 20, 21, 23, 24, 25, 27, 28, 32, 32, 32],
    ],
    networks: 40,
    ports: [[70, 18, 5], [55, 32, 5]],
    any_protocol: 22,
};

fn generate(kind: &Kind, five: &FiveTuple, count: usize, seed: u64) -> Vec<Owned> {
    let mut random = Random(seed);
    let networks: Vec<u64> =
        (0..kind.networks + count as u64 / 50).map(|_| random.next() & 0xffff_ff00).collect();
    (0..count)
        .map(|n| {
            let words = five.layout.words();
            let (mut value, mut mask, mut ranges) = (vec![0; words], vec![0; words], Vec::new());
            for (field, lengths) in five.addresses.into_iter().zip(kind.lengths) {
                let length = random.pick(lengths);
                let address = random.pick(&networks) ^ random.below(1 << 12);
                field.set(&mut mask, !(0xffff_ffff >> length));
                field.set(&mut value, address & !(0xffff_ffff >> length));
            }
            for (field, [any, one, high]) in five.ports.into_iter().zip(kind.ports) {
                let dice = random.below(100);
                let (word, shift) = (field.word, field.shift);
                if dice >= any && dice < any + one {
                    field.set(&mut mask, 0xffff);
                    field.set(
                        &mut value,
                        random.pick(&[22, 25, 53, 80, 110, 123, 161, 443, 1521, 3306, 5060, 8080]),
                    );
                } else if dice >= any + one && dice < any + one + high {
                    ranges.push(Range { word, shift, low: 1024, high: 65535 });
                } else if dice >= any + one + high {
                    let low = random.below(60000) as u16;
                    ranges.push(Range { word, shift, low, high: low + random.below(2000) as u16 });
                }
            }
            if !random.chance(kind.any_protocol) {
                five.protocol.set(&mut mask, 0xff);
                five.protocol.set(&mut value, random.pick(&[6, 6, 6, 6, 17, 17, 1, 47]));
            }
            Owned { value, mask, ranges, priority: (count - n) as u32 }
        })
        .collect()
}

/// Rules of exactly `masks` masks over prefixes, with ports or without.
fn few_masks(five: &FiveTuple, count: usize, masks: u64, seed: u64) -> Vec<Owned> {
    let mut random = Random(seed);
    (0..count)
        .map(|n| {
            let words = five.layout.words();
            let (mut value, mut mask) = (vec![0; words], vec![0; words]);
            let which = random.below(masks);
            for (field, length) in five
                .addresses
                .into_iter()
                .zip([[16, 24, 28, 32][(which & 3) as usize], [20, 32][(which >> 2 & 1) as usize]])
            {
                field.set(&mut mask, !(0xffff_ffff >> length));
            }
            five.protocol.set(&mut mask, 0xff);
            if which & 8 != 0 {
                five.ports[1].set(&mut mask, 0xffff);
            }
            for (value, mask) in value.iter_mut().zip(&mask) {
                *value = random.next() & mask;
            }
            Owned { value, mask, ranges: Vec::new(), priority: (count - n) as u32 }
        })
        .collect()
}

/// Rules each of its own mask, of bits at random: what no hashing helps with.
fn own_masks(five: &FiveTuple, count: usize, seed: u64) -> Vec<Owned> {
    let mut random = Random(seed);
    let mut all = vec![0; five.layout.words()];
    for field in five.addresses.into_iter().chain(five.ports).chain([five.protocol]) {
        field.set(&mut all, u64::MAX);
    }
    (0..count)
        .map(|n| {
            let mask: Vec<u64> = all.iter().map(|a| random.next() & a).collect();
            let value = mask.iter().map(|m| random.next() & m).collect();
            Owned { value, mask, ranges: Vec::new(), priority: (count - n) as u32 }
        })
        .collect()
}

/// Keys, nine of ten from a rule with its open bits at random, the others wholly at random.
fn keys(rules: &[Owned], count: usize, seed: u64) -> Vec<u64> {
    let mut random = Random(seed);
    let mut keys = Vec::new();
    for _ in 0..count {
        let rule = &rules[random.below(rules.len() as u64) as usize];
        let hit = random.chance(90);
        let start = keys.len();
        for (value, mask) in rule.value.iter().zip(&rule.mask) {
            let open = random.next();
            keys.push(if hit { value | open & !mask } else { open });
        }
        if hit {
            for r in &rule.ranges {
                let port = u64::from(r.low) + random.below(u64::from(r.high - r.low) + 1);
                let word = &mut keys[start + usize::from(r.word)];
                *word = *word & !(0xffff << r.shift) | port << r.shift;
            }
        }
    }
    keys
}

fn classifier(c: &mut Criterion) {
    let five = FiveTuple::new();
    let mut sets = Vec::new();
    for (name, kind) in
        [("access list", &ACCESS_LIST), ("firewall", &FIREWALL), ("filter chain", &FILTER_CHAIN)]
    {
        for count in [1_000, 10_000, 100_000] {
            sets.push((format!("{name} {count}"), generate(kind, &five, count, 1)));
        }
    }
    for count in [1_000, 100_000] {
        sets.push((format!("16 masks {count}"), few_masks(&five, count, 16, 2)));
    }
    for count in [1_000, 4_000, 100_000] {
        sets.push((format!("own masks {count}"), own_masks(&five, count, 3)));
    }
    let mut group = c.benchmark_group("classifier");
    group.sample_size(20).warm_up_time(std::time::Duration::from_millis(200));
    group.measurement_time(std::time::Duration::from_millis(800));
    for (name, rules) in &sets {
        let words = five.layout.words();
        let mut table = Classifier::new(words);
        let start = Instant::now();
        let ids: Vec<_> =
            (0..).zip(rules).map(|(n, r)| table.insert(&r.rule(n)).expect("a good rule")).collect();
        let inserted = rules.len() as f64 / start.elapsed().as_secs_f64();
        let shape = table.shape();
        println!(
            "{name}: {} tuples with {} rules, {} blocks, {} bytes a rule, {:.0}k insertions/s",
            shape.tuples,
            shape.in_tuples,
            shape.blocks,
            shape.memory / shape.rules,
            inserted / 1e3
        );
        let keys = keys(rules, 4096, 4);
        group.throughput(Throughput::Elements(4096));
        group.bench_function(BenchmarkId::new("one", name), |b| {
            b.iter(|| {
                for key in keys.chunks_exact(words) {
                    black_box(table.lookup(key));
                }
            });
        });
        let mut out = vec![None; 4096];
        group.bench_function(BenchmarkId::new("vector", name), |b| {
            b.iter(|| table.lookup_batch(black_box(&keys), black_box(&mut out)));
        });
        let mut random = Random(5);
        let start = Instant::now();
        for &id in &ids {
            table.set_priority(id, random.below(ids.len() as u64) as u32);
        }
        let moved = rules.len() as f64 / start.elapsed().as_secs_f64();
        let start = Instant::now();
        for id in ids {
            table.remove(id);
        }
        let removed = rules.len() as f64 / start.elapsed().as_secs_f64();
        println!("{name}: {:.0}k priority changes/s, {:.0}k removals/s", moved / 1e3, removed / 1e3);
    }
    group.finish();
}

criterion_group!(benches, classifier);
criterion_main!(benches);
