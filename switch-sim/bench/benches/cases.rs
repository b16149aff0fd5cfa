//! The same cases under criterion, which keeps what it measured and tells what changed since:
//! `cargo bench -p switch-sim-bench --bench cases -- FILTER`.
#![allow(missing_docs)]

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use switch_sim_bench::{Options, cases};

/// Seconds of one thing, from a figure of a case; `None` for what is no time.
fn seconds(unit: &str, figure: f64) -> Option<f64> {
    Some(match unit {
        "Mpps" | "M/s" => 1e-6 / figure,
        "ms" => figure * 1e-3,
        "ns" => figure * 1e-9,
        _ => return None,
    })
}

fn all(c: &mut Criterion) {
    let options = Options { runs: 1, library: Options::own_library(), ..Options::default() };
    for case in cases().iter().filter(|case| seconds(case.unit, 1.0).is_some()) {
        if case.name.starts_with("control/c/") && options.library.is_none() {
            continue;
        }
        let mut group = c.benchmark_group(case.name);
        // A case prepares its tables each time it is run, so few and equal samples.
        group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(1));
        group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(500));
        group.bench_function(BenchmarkId::from_parameter(case.unit), |b| {
            b.iter_custom(|times| {
                // One run does a great number of the thing: it stands for the times asked for.
                let figures = (case.run)(&options);
                let each = figures.first().and_then(|figure| seconds(case.unit, *figure));
                Duration::from_secs_f64(each.unwrap_or_default() * times as f64)
            });
        });
        group.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
