//! Paystack.

use super::{UNDATED, describe};
use crate::scheme::{Algorithm, Cell, Evidence, SchemeBuilder};

pub(super) fn scheme() -> SchemeBuilder {
    describe("paystack", "Paystack", "third-party code or documentation")
        .signature_header("x-paystack-signature")
        .algorithm(Algorithm::HmacSha512)
        .signed("{body}")
        .event_type("body:/event")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
        .evidence(Evidence::Secondary)
        .note("The secret is the API's secret key (`sk_…`), used as text: webhooks have none of their own.")
        .note("`/data/id` in the body is the id of a transaction, not of an event: the event's id is the digest of the body.")
        .note(UNDATED)
}
