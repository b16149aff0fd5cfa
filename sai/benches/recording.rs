//! Reading and printing of recordings, in lines a second.
//!
//! `SAI_RECORDING=full.rec cargo bench -p switch-sai --bench recording` measures a recording of your own.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sai::text::recording::Recording;

const SESSION: &str = include_str!("../tests/recordings/session.rec");

fn recordings(c: &mut Criterion) {
    let text = match std::env::var_os("SAI_RECORDING") {
        Some(path) => std::fs::read_to_string(path).expect("a readable recording"),
        None => SESSION.repeat(100),
    };
    let recording = Recording::parse(&text);
    let mut group = c.benchmark_group("recording");
    group.throughput(Throughput::Elements(recording.lines().len() as u64));
    group.bench_function("parse", |b| b.iter(|| Recording::parse(&text)));
    group.bench_function("print", |b| b.iter(|| recording.to_string()));
    group.finish();
}

criterion_group!(benches, recordings);
criterion_main!(benches);
