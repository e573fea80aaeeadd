//! What is allocated on the way from headers to proof: nothing.

#![expect(clippy::unwrap_used, reason = "a test")]

use allocation_counter::measure;
use bytes::Bytes;
use countersign_benches::{Delivery, verifier};
use countersign_core::VerifyErrorKind;

#[test]
fn verifying_a_venum_delivery_allocates_nothing() {
    verifying_allocates_nothing("venum");
}

#[test]
fn verifying_a_stripe_delivery_allocates_nothing() {
    verifying_allocates_nothing("stripe");
}

#[test]
fn verifying_a_standard_webhooks_delivery_allocates_nothing() {
    verifying_allocates_nothing("standardwebhooks");
}

#[test]
fn verifying_a_github_delivery_allocates_nothing() {
    verifying_allocates_nothing("github");
}

#[test]
fn verifying_a_slack_delivery_allocates_nothing() {
    verifying_allocates_nothing("slack");
}

/// Both ways: in one call, and by the steps that an adapter takes.
fn verifying_allocates_nothing(scheme: &str) {
    let verifier = verifier(scheme);
    for bytes in [64, 512, 1 << 20] {
        let delivery = Delivery::signed(scheme, bytes);

        let body = never_shared(&delivery.body);
        let allocated = measure(|| {
            let verified = verifier.verify(&delivery.headers, body).unwrap();
            assert_eq!(verified.body().len(), bytes);
        });
        assert_eq!(allocated.count_total, 0, "in one call, {bytes} bytes");

        let body = never_shared(&delivery.body);
        let allocated = measure(|| {
            let mut begun = verifier.begin(&delivery.headers).unwrap();
            begun.expect(bytes as u64).unwrap();
            begun.push(body).unwrap();
            begun.verify().unwrap();
        });
        assert_eq!(allocated.count_total, 0, "step by step, {bytes} bytes");
    }
}

#[test]
fn a_refusal_allocates_nothing() {
    use VerifyErrorKind::*;
    let delivery = || Delivery::signed("standardwebhooks", 512);
    let signature = delivery().header("webhook-signature").to_owned();
    let many = [signature.as_str(); 17].join(" ");
    for (kind, delivery) in [
        (SignatureMismatch, delivery().with_header("webhook-id", "msg_another")),
        (MissingSignature, delivery().without_header("webhook-signature")),
        (UnsupportedSignature, delivery().with_header("webhook-signature", "v1a,AAAA")),
        (MalformedSignature, delivery().with_header("webhook-signature", "v1,AAAA")),
        (TooManySignatures, delivery().with_header("webhook-signature", &many)),
        (MissingId, delivery().without_header("webhook-id")),
        (MalformedId, delivery().with_header("webhook-id", "msg.1")),
        (MissingTimestamp, delivery().without_header("webhook-timestamp")),
        (MalformedTimestamp, delivery().with_header("webhook-timestamp", "+1")),
        (TimestampTooOld, delivery().with_header("webhook-timestamp", "1")),
        (TimestampInFuture, delivery().with_header("webhook-timestamp", "99999999999")),
        (UnsupportedEncoding, delivery().with_header("content-encoding", "br")),
    ] {
        let verifier = verifier("standardwebhooks");
        let body = never_shared(&delivery.body);
        let allocated = measure(|| {
            let refused = verifier.verify(&delivery.headers, body).unwrap_err();
            assert_eq!(refused.kind(), kind);
        });
        assert_eq!(allocated.count_total, 0, "{kind:?}");
    }
}

#[test]
fn the_counter_counts() {
    // The first clone of such a body allocates the count of its owners: who clones it is seen.
    let body = never_shared(&Bytes::from_static(b"body"));
    assert_eq!(measure(|| drop(body.clone())).count_total, 1);
}

/// A body whose owners are not counted yet, as a server hands it over.
fn never_shared(body: &Bytes) -> Bytes {
    Bytes::from(body.to_vec())
}
