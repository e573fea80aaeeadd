use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use countersign::store::{Attempt, ClaimOutcome, Fingerprint, IdempotencyStore};
use countersign::testing::SampleDelivery;
use countersign::{EarlyResponse, ManualClock, Signer, schemes};
use countersign_conformance::{StoreUnderTest, store_cases};
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_example";

/// Creates stores that use this clock.
struct Map(ManualClock);

impl StoreUnderTest for Map {
    type Store = MapStore;

    async fn fresh(&self) -> MapStore {
        MapStore::new(20_000, self.0.clone())
    }

    async fn advance(&self, _: &MapStore, by: Duration) {
        self.0.advance(by);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_passes_the_suite() {
    let map = Map(ManualClock::at_unix_ms(1_760_000_000_000));
    for case in store_cases() {
        case.run(&map).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[tokio::test]
async fn a_full_store_accepts_no_new_event_until_an_old_one_may_be_evicted() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let store = MapStore::new(1, clock.clone());
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let attempt = || Attempt::new(Fingerprint::from_u64(1), minute, hour).unwrap();
    let claim = async |id: &str| {
        store.claim(&SampleDelivery::of(id).event_key(), &attempt()).await.unwrap()
    };
    let granted = ClaimOutcome::Granted { attempt: 1, reclaimed: false };
    assert_eq!(claim("1").await, granted);
    assert_eq!(claim("2").await, ClaimOutcome::AtCapacity);
    clock.advance(hour);
    assert_eq!(claim("2").await, granted);
}

#[tokio::test]
async fn an_event_is_handled_once() {
    let (app, layer) = app(SECRET).unwrap();
    assert_eq!(deliver(&app).await, (204, None));
    assert_eq!(deliver(&app).await, (200, Some("duplicate")));
    layer.drain().await;
}

/// Returns the status and the code of the response.
async fn deliver(app: &Router) -> (u16, Option<&'static str>) {
    let scheme = schemes::jupiter();
    let signer = Signer::new(scheme, Secret::new(SECRET).unwrap()).unwrap();
    let body = r#"{"event_id":"evt_1"}"#;
    let mut request = Request::post("/");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    (answer.status().as_u16(), answer.extensions().get::<EarlyResponse>().map(EarlyResponse::code))
}
