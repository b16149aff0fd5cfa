//! Look-ups and updates of the prefix and exact tables at the size of a full BGP table, and their memory.
//!
//! `cargo bench -p switch-sim --bench tables`

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hashbrown::HashMap;
use switch_sim::table::exact::{ExactTable, mac_key};
use switch_sim::table::prefix::{Prefix, RouteTable};

/// A vector of the packet path.
const BATCH: usize = 64;
const QUERIES: usize = 1 << 18;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A value by shares out of 1,000.
    fn share(&mut self, shares: &[(u8, usize)]) -> u8 {
        let mut left = self.below(1000);
        for &(value, share) in shares {
            if left < share {
                return value;
            }
            left -= share;
        }
        shares[0].0
    }
}

/// Lengths as in today's IPv4 table: over half are /24, few are longer.
const V4: &[(u8, usize)] =
    &[(24, 600), (23, 100), (22, 110), (21, 50), (20, 45), (19, 28), (18, 15), (17, 10), (16, 32), (32, 10)];
/// Lengths as in today's IPv6 table: nearly half are /48.
const V6: &[(u8, usize)] =
    &[(48, 460), (32, 130), (44, 120), (40, 90), (36, 50), (29, 40), (46, 40), (47, 30), (64, 40)];

fn routes_v4(count: usize, random: &mut Random) -> RouteTable<u32, u64> {
    let mut table = RouteTable::new();
    while table.len() < count {
        let address = ((1 + random.below(222)) as u32) << 24 | random.next() as u32 & 0xff_ffff;
        let prefix = Prefix::new(address, random.share(V4)).expect("a length of IPv4");
        table.insert(prefix, 1 + random.below(4096) as u32, 0);
    }
    table
}

fn routes_v6(count: usize, random: &mut Random) -> RouteTable<u128, u64> {
    let mut table = RouteTable::new();
    while table.len() < count {
        // Registries give out few parts of 2000::/3, so that addresses share their first bits.
        let high = 0x2000_0000_0000_0000 | (random.below(1 << 14) as u64) << 45 | random.next() >> 19;
        let prefix = Prefix::new(u128::from(high) << 64, random.share(V6)).expect("a length of IPv6");
        table.insert(prefix, 1 + random.below(4096) as u32, 0);
    }
    table
}

macro_rules! lookups {
    ($c:expr, $name:expr, $table:expr, $queries:expr) => {{
        let mut group = $c.benchmark_group($name);
        group.throughput(Throughput::Elements(QUERIES as u64)).sample_size(10);
        group.bench_function("single", |b| {
            b.iter(|| $queries.iter().fold(0u32, |sum, &address| sum.wrapping_add($table.lookup(address))))
        });
        group.bench_function("batch of 64", |b| {
            let mut found = [0; BATCH];
            b.iter(|| {
                for queries in $queries.chunks_exact(BATCH) {
                    $table.lookup_batch(queries, &mut found);
                    black_box(&found);
                }
            })
        });
        group.finish();
    }};
}

fn prefixes(c: &mut Criterion) {
    let mut random = Random(1);
    let v4 = routes_v4(1_000_000, &mut random);
    println!("1M IPv4: FIB {} bytes, with routes {} bytes", v4.fib().memory(), v4.memory());
    let known: Vec<_> = v4.iter_unordered().map(|(prefix, _)| prefix).collect();
    // Any unicast address, and addresses that some route covers.
    let any: Vec<u32> = (0..QUERIES)
        .map(|_| ((1 + random.below(222)) as u32) << 24 | random.next() as u32 & 0xff_ffff)
        .collect();
    let covered: Vec<u32> = (0..QUERIES)
        .map(|_| {
            let prefix = known[random.below(known.len())];
            prefix.address() | (random.next() as u32).checked_shr(prefix.len().into()).unwrap_or(0)
        })
        .collect();
    lookups!(c, "1M IPv4 prefixes, random", v4, any);
    lookups!(c, "1M IPv4 prefixes, covered", v4, covered);

    let mut group = c.benchmark_group("1M IPv4 prefixes, updates");
    let churn: Vec<_> = (0..100_000).map(|_| known[random.below(known.len())]).collect();
    group.throughput(Throughput::Elements(2 * churn.len() as u64)).sample_size(10);
    let mut table = v4;
    group.bench_function("remove and insert", |b| {
        b.iter(|| {
            for &prefix in &churn {
                table.remove(prefix);
                table.insert(prefix, 7, 0);
            }
        })
    });
    group.finish();
    drop(table);

    let v6 = routes_v6(200_000, &mut random);
    println!("200k IPv6: FIB {} bytes, with routes {} bytes", v6.fib().memory(), v6.memory());
    let known: Vec<_> = v6.iter_unordered().map(|(prefix, _)| prefix).collect();
    let covered: Vec<u128> = (0..QUERIES)
        .map(|_| known[random.below(known.len())].address() | u128::from(random.next()))
        .collect();
    lookups!(c, "200k IPv6 prefixes, covered", v6, covered);
}

fn exact(c: &mut Criterion) {
    let mut random = Random(2);
    let keys: Vec<u64> = (0..200_000u32)
        .map(|i| {
            let [a, b, c, d] = i.to_be_bytes();
            mac_key((i % 4094 + 1) as u16, [2, 0, a, b, c, d])
        })
        .collect();
    let mut ours = ExactTable::new(1);
    let mut theirs = HashMap::new();
    for (value, &key) in keys.iter().enumerate() {
        ours.insert(key, value as u32);
        theirs.insert(key, value as u32);
    }
    println!("200k MAC entries: {} bytes", ours.memory());
    let queries: Vec<u64> = (0..QUERIES).map(|_| keys[random.below(keys.len())]).collect();
    let mut group = c.benchmark_group("200k MAC entries");
    group.throughput(Throughput::Elements(QUERIES as u64)).sample_size(10);
    group.bench_function("single", |b| {
        b.iter(|| queries.iter().filter_map(|&key| ours.get(key)).fold(0u32, |sum, v| sum.wrapping_add(*v)))
    });
    group.bench_function("hashbrown, single", |b| {
        b.iter(|| queries.iter().filter_map(|key| theirs.get(key)).fold(0u32, |sum, v| sum.wrapping_add(*v)))
    });
    group.bench_function("batch of 64", |b| {
        b.iter(|| {
            let mut sum = 0u32;
            for keys in queries.chunks_exact(BATCH) {
                ours.get_batch(keys, |_, value| sum = sum.wrapping_add(value.copied().unwrap_or(0)));
            }
            sum
        })
    });
    group.throughput(Throughput::Elements(keys.len() as u64));
    group.bench_function("insert into an empty table", |b| {
        b.iter_batched_ref(
            || ExactTable::new(1),
            |table| {
                for &key in &keys {
                    table.insert(key, 0u32);
                }
            },
            BatchSize::PerIteration,
        )
    });
    group.finish();
}

criterion_group!(benches, prefixes, exact);
criterion_main!(benches);
