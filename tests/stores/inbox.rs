//! The inboxes: claims in the transactions of an application's own database.

#[macro_use]
mod database;
mod effects;
mod layer;
mod postgres;
mod processes;
mod sqlite;

use std::time::Duration;

use countersign::inbox::{InboxClaim, InboxErrorKind, InboxRun, InboxSettings, Order};
use countersign::scheme::Identity;
use countersign::testing::SampleDelivery;
use countersign::{EarlyResponse, Repeats, Scheme, Secret, Signer, Verified, Verifier};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A delivery of the event with this id.
fn delivery(id: &str) -> Verified {
    SampleDelivery::of(id).verified()
}

/// A verifier for [`delivery`], with these settings' defaults.
fn verifier() -> Verifier {
    Verifier::new(scheme("body:/id"), secret()).unwrap()
}

fn scheme(id: &str) -> Scheme {
    let scheme =
        Scheme::builder("sample").signature_header("X-Sample-Signature").signed_payload("{body}");
    let scheme = if id.is_empty() { scheme } else { scheme.event_id(id) };
    scheme.build().unwrap()
}

fn secret() -> Secret {
    Secret::new("sample secret").unwrap()
}

/// A delivery that no signed field identifies: another one can have equal bytes.
fn unidentified(body: &str) -> (Verifier, Verified) {
    let verifier = Verifier::new(scheme(""), secret()).unwrap();
    let headers = Signer::new(scheme(""), secret()).unwrap().sign(body.as_bytes()).unwrap();
    let verified = verifier.verify(&headers, body.to_owned()).unwrap();
    assert_eq!(verified.identity(), Identity::Unknown);
    (verifier, verified)
}

fn settings() -> InboxSettings {
    InboxSettings::new(&verifier()).dangerous_with_retention(DAY)
}

fn is_duplicate(claim: &InboxClaim) -> bool {
    matches!(claim, InboxClaim::Duplicate { .. })
}

/// How many events the races have: a number that takes a moment, or that of
/// `COUNTERSIGN_INBOX_EVENTS`.
fn race_events() -> usize {
    std::env::var("COUNTERSIGN_INBOX_EVENTS").map_or(25, |events| events.parse().unwrap())
}

/// How many rounds of kill -9 there are for each statement: two, or that of
/// `COUNTERSIGN_INBOX_ROUNDS`.
fn kill_rounds() -> usize {
    std::env::var("COUNTERSIGN_INBOX_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap())
}
