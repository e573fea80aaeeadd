//! The path from headers to proof allocates nothing, whether it ends in a proof
//! or in a refusal.

use std::hint::black_box;

use allocation_counter::measure;
use countersign_benches::{Delivery, verifier};
use countersign_core::{ManualClock, VerifyErrorKind};

/// Those whose deliveries need neither a JSON body's own time nor a type from a
/// header that is not signed.
const SCHEMES: [&str; 5] = ["venum", "stripe", "slack", "standardwebhooks", "svix"];

#[test]
fn verifying_a_delivery_allocates_nothing() {
    for scheme in SCHEMES.into_iter().chain(["github", "shopify", "jupiter"]) {
        let verifier = verifier(scheme);
        let Delivery { headers, body } = Delivery::signed(scheme, 512);
        let mut verified = None;
        let counted = measure(|| {
            verified = Some(black_box(verifier.verify(&headers, body.clone())));
        });
        verified.unwrap().unwrap();
        assert_eq!(counted.count_total, 0, "{scheme}");
    }
}

#[test]
fn refusing_a_delivery_allocates_nothing() {
    use VerifyErrorKind::{
        MissingSignature, SignatureMismatch, TimestampInFuture, TimestampTooOld,
    };
    for scheme in SCHEMES {
        let stale = verifier(scheme).with_clock(ManualClock::at_unix_ms(i64::MAX));
        let early = verifier(scheme).with_clock(ManualClock::at_unix_ms(0));
        let genuine = Delivery::signed(scheme, 512);
        let mut tampered = genuine.clone();
        tampered.body = Delivery::signed(scheme, 513).body;
        let header = verifier(scheme).scheme().headers().next().unwrap().to_owned();
        let unsigned = genuine.clone().without_header(&header);
        for (verifier, delivery, kind) in [
            (verifier(scheme), tampered, SignatureMismatch),
            (verifier(scheme), unsigned, MissingSignature),
            (stale, genuine.clone(), TimestampTooOld),
            (early, genuine, TimestampInFuture),
        ] {
            let mut refused = None;
            let counted = measure(|| {
                let verdict = verifier.verify(&delivery.headers, delivery.body.clone());
                refused = Some(black_box(verdict.map(drop)));
            });
            assert_eq!(refused.unwrap().unwrap_err().kind(), kind, "{scheme}");
            assert_eq!(counted.count_total, 0, "{scheme}: {kind:?}");
        }
    }
}

#[test]
fn an_allocation_is_counted() {
    let counted = measure(|| drop(black_box(vec![0_u8; 512])));
    assert_eq!(counted.count_total, 1);
}
