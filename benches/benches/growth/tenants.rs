//! Cost by the number of tenants whose secrets are cached.

use std::time::Instant;

use countersign_benches::{Delivery, SECRET};
use countersign_core::{Secret, TenantId, Tenants, Verifier};
use countersign_schemes as schemes;
use tokio::runtime;

use crate::{grouped, memory};

pub(crate) fn print(is_full: bool) {
    println!("Verification of 512 bytes by the number of tenants that are known:\n");
    println!(
        "| tenants | first delivery of each, ns | next delivery of each, ns | bytes for each |"
    );
    println!("| ---: | ---: | ---: | ---: |");
    let most = if is_full { 1_000_000 } else { 100 };
    for count in [1, 100, 10_000, 1_000_000].into_iter().filter(|count| *count <= most) {
        let before = memory::resident();
        let verifier = verifier(count);
        let first = each(&verifier, count);
        let bytes = memory::resident().saturating_sub(before) / count as u64;
        let next = (0..3).map(|_| each(&verifier, count)).fold(f64::INFINITY, f64::min);
        let bytes = if count < 10_000 { String::new() } else { grouped(bytes) };
        println!("| {} | {first:.0} | {next:.0} | {bytes} |", grouped(count as u64));
    }
}

fn verifier(count: usize) -> Verifier {
    let tenants = Tenants::new(TenantId::header("x-tenant").unwrap(), async |_: String| {
        Ok(Some(Secret::new(SECRET)?.into()))
    });
    // The size is approximate: a tenant could be evicted from a cache that just fits them.
    let tenants = tenants.with_capacity(count + count / 4 + 16);
    Verifier::for_tenants(schemes::venum(), tenants).unwrap()
}

/// Nanoseconds for each delivery, one from each tenant; at least 1,000 of them.
fn each(verifier: &Verifier, tenants: usize) -> f64 {
    let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut delivery = Delivery::signed("venum", 512);
    let deliveries = tenants.max(1_000);
    let mut nanoseconds = 0;
    for number in 0..deliveries {
        // In another order than that of the first round: neighbours would be in the processor's cache.
        let tenant = number.wrapping_mul(7919) % tenants;
        let name = format!("tenant-{tenant}");
        delivery.headers.insert("x-tenant", name.parse().unwrap());
        let began = Instant::now();
        runtime.block_on(async {
            let resolved = verifier.resolve(&delivery.headers).await.unwrap();
            resolved.verify(&delivery.headers, delivery.body.clone()).unwrap();
        });
        nanoseconds += began.elapsed().as_nanos();
    }
    nanoseconds as f64 / deliveries as f64
}
