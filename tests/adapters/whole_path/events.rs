//! A receiver, and events for it.

use std::fmt;

use countersign::store::IdempotencyStore;
use countersign::{Claim, EarlyResponse, Receiver, TokioRuntime, Verifier};

use fixtures::delivery::{Delivery, scheme, verifier};

/// A receiver of Jupiter, which waits 5 s for a response, and retries.
pub(crate) fn receiver<S: IdempotencyStore>(store: S) -> Receiver<S> {
    receiver_with(verifier(&scheme("jupiter")), store)
}

pub(crate) fn receiver_with<S: IdempotencyStore>(verifier: Verifier, store: S) -> Receiver<S> {
    Receiver::new(verifier.with_endpoint("test"), store)
}

/// Jupiter's delivery of the event with this id.
pub(crate) fn event(id: impl fmt::Display) -> Delivery {
    Delivery::with_body(&scheme("jupiter"), format!(r#"{{"event_id":"{id}"}}"#))
}

/// Claims an event without an adapter.
pub(crate) async fn claim<S: IdempotencyStore>(
    receiver: &Receiver<S>,
    delivery: &Delivery,
) -> Result<Claim<S>, EarlyResponse> {
    receiver.claim(&delivery.verify(receiver.verifier()).unwrap(), &TokioRuntime).await
}
