//! Measures absolute times of verification, with criterion.
//!
//! The groups run one after another, so on a noisy machine the ratios between
//! them are not reliable. `ratios.rs` measures the ratios.

use countersign_benches_libraries::{Contender, forged, standard_webhooks, venum};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

criterion_group!(benches, venum_delivery, standard_webhooks_delivery, forged_request);
criterion_main!(benches);

fn venum_delivery(criterion: &mut Criterion) {
    // Signed right before the measurement: a whole run takes longer than the tolerance.
    for bytes in [64, 512, 4 << 10, 64 << 10, 1 << 20] {
        group(criterion, "venum", bytes, &venum(bytes));
    }
}

fn standard_webhooks_delivery(criterion: &mut Criterion) {
    for bytes in [64, 300, 512, 4 << 10, 64 << 10, 1 << 20] {
        group(criterion, "standardwebhooks", bytes, &standard_webhooks(bytes));
    }
}

fn forged_request(criterion: &mut Criterion) {
    group(criterion, "forged signatures", 64, &forged(64));
}

fn group(criterion: &mut Criterion, name: &str, bytes: usize, contenders: &[Contender]) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes as u64));
    for contender in contenders {
        group.bench_function(BenchmarkId::new(contender.name(), bytes), |bencher| {
            bencher.iter_custom(|calls| contender.time(calls));
        });
    }
    group.finish();
}
