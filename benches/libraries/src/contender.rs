//! Countersign, the libraries it is compared with, and the timing of a call.
//!
//! Everything that an API can prepare in advance is prepared outside the timed
//! loop. The work for each delivery is inside the loop. Every result is unwrapped
//! there, so that a library is never timed for a rejection.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign_benches::{Delivery, SECRET, verifier};
use countersign_core::VerifyErrorKind;
use ring::hmac;

/// One way of verifying one delivery.
pub struct Contender {
    name: &'static str,
    time: Box<dyn Fn(u64) -> Duration>,
}

impl Contender {
    fn new<T>(name: &'static str, call: impl Fn() -> T + 'static) -> Self {
        let time = move |calls| {
            let started = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            started.elapsed()
        };
        Self { name, time: Box::new(time) }
    }

    /// The name of the contender.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the duration of `calls` consecutive verifications.
    #[must_use]
    pub fn time(&self, calls: u64) -> Duration {
        (self.time)(calls)
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Contenders for a Venum delivery: `ring` first, which is the bare
/// cryptography, then Countersign.
#[must_use]
pub fn venum(body_bytes: usize) -> [Contender; 2] {
    let delivery = Delivery::signed("venum", body_bytes);
    let timestamp = delivery.header("x-venum-signature").strip_prefix("t=").unwrap();
    let timestamp = timestamp.split_once(',').unwrap().0;
    let signed = [timestamp.as_bytes(), b".", &delivery.body].concat();
    [ring(SECRET.as_bytes(), signed), countersign("venum", delivery)]
}

/// Contenders for a Standard Webhooks delivery: Countersign first, then the
/// others.
#[must_use]
pub fn standard_webhooks(body_bytes: usize) -> [Contender; 4] {
    let delivery = Delivery::signed("standardwebhooks", body_bytes);
    [
        countersign("standardwebhooks", delivery.clone()),
        standardwebhooks_crate(delivery.clone()),
        // The same signature, in the headers that this library looks up first.
        svix_crate(Delivery::signed("svix", body_bytes)),
        webhook_verify_crate(delivery),
    ]
}

/// Forged Stripe requests: with one signature, with the maximum number of
/// signatures, with 5,000, and with one after 5,000 of another kind.
///
/// The body is small, so that the time for hashing it hides as little as
/// possible.
#[must_use]
pub fn forged(body_bytes: usize) -> [Contender; 4] {
    use VerifyErrorKind::{SignatureMismatch, TooManySignatures};
    let wrong = format!(",v1={}", "a5".repeat(32));
    let unknown = format!(",v0={}", "a5".repeat(32));
    [
        rejected("1", body_bytes, &wrong, SignatureMismatch),
        rejected("16", body_bytes, &wrong.repeat(16), SignatureMismatch),
        rejected("5,000", body_bytes, &wrong.repeat(5_000), TooManySignatures),
        rejected(
            "1 after 5,000 of another kind",
            body_bytes,
            &(unknown.repeat(5_000) + &wrong),
            TooManySignatures,
        ),
    ]
}

/// The whole verification with the system clock. The result is dropped at the
/// end.
fn countersign(scheme: &str, delivery: Delivery) -> Contender {
    let verifier = verifier(scheme);
    Contender::new("countersign", move || {
        let body = black_box(&delivery.body).clone();
        verifier.verify(black_box(&delivery.headers), body).unwrap()
    })
}

/// The bare cryptography, with a prepared key, one contiguous message and a
/// decoded tag.
fn ring(key: &[u8], signed: Vec<u8>) -> Contender {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, &signed);
    Contender::new("ring::hmac::verify", move || {
        hmac::verify(black_box(&key), black_box(&signed), black_box(tag.as_ref())).unwrap();
    })
}

fn standardwebhooks_crate(delivery: Delivery) -> Contender {
    let webhook = standardwebhooks::Webhook::new(SECRET).unwrap();
    Contender::new("standardwebhooks", move || {
        webhook.verify(black_box(&delivery.body), black_box(&delivery.headers)).unwrap();
    })
}

fn svix_crate(delivery: Delivery) -> Contender {
    let webhook = svix::webhooks::Webhook::new(SECRET).unwrap();
    Contender::new("svix", move || {
        webhook.verify(black_box(&delivery.body), black_box(&delivery.headers)).unwrap();
    })
}

/// The only function of this library decodes the secret at every call. Only the
/// `Secret` that holds the text can be prepared.
fn webhook_verify_crate(delivery: Delivery) -> Contender {
    use webhook_verify::{Provider, Secret, VerifyOptions, verify};
    let secret = Secret::new(SECRET);
    Contender::new("webhook-verify", move || {
        verify(
            Provider::StandardWebhooks,
            black_box(&delivery.headers),
            black_box(&delivery.body),
            black_box(&secret),
            VerifyOptions::default(),
        )
        .unwrap();
    })
}

fn rejected(
    name: &'static str,
    body_bytes: usize,
    signatures: &str,
    kind: VerifyErrorKind,
) -> Contender {
    let delivery = Delivery::signed("stripe", body_bytes);
    let timestamp = delivery.header("stripe-signature").split_once(',').unwrap().0.to_owned();
    let delivery = delivery.with_header("stripe-signature", &(timestamp + signatures));
    let verifier = verifier("stripe");
    Contender::new(name, move || {
        let body = black_box(&delivery.body).clone();
        let error = verifier.verify(black_box(&delivery.headers), body).unwrap_err();
        assert_eq!(error.kind(), kind);
    })
}
