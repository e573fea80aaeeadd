use std::sync::Mutex;

use axum::body::Body;
use axum::http::Request;
use countersign::{EarlyResponse, Signer, Verified, schemes};
use tokio::time::sleep;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_example";

#[tokio::test(start_paused = true)]
async fn a_delivery_is_answered_at_once_and_handled_by_the_worker() {
    let (app, jobs) = app(SECRET, 1).unwrap();
    assert_eq!(deliver(&app, "1").await, (202, None));
    // The event waits for the worker, and a duplicate is not passed to it.
    assert_eq!(deliver(&app, "1").await, (503, Some("in_flight")));

    let handled = Mutex::new(Vec::new());
    let handle = async |verified: Verified| {
        handled.lock().unwrap().push(verified.event_id().to_owned());
        Ok::<_, ()>(())
    };
    let afterwards = async {
        let duplicate = deliver(&app, "1").await;
        drop(app);
        duplicate
    };
    let ((), duplicate) = tokio::join!(work(jobs, handle), afterwards);
    assert_eq!(duplicate, (200, Some("duplicate")));
    assert_eq!(handled.into_inner().unwrap(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_does_not_fit_into_the_queue_is_released_and_redelivered() {
    let (app, mut jobs) = app(SECRET, 1).unwrap();
    assert_eq!(deliver(&app, "1").await, (202, None));
    assert_eq!(deliver(&app, "2").await, (503, None));
    let first = jobs.recv().await.unwrap();
    assert_eq!(deliver(&app, "2").await, (202, None));
    assert_eq!(jobs.recv().await.unwrap().claim.grant().attempt, 2);
    first.claim.complete().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_the_worker_cannot_handle_is_tried_three_times_and_released() {
    let (app, jobs) = app(SECRET, 1).unwrap();
    assert_eq!(deliver(&app, "1").await, (202, None));
    let attempts = Mutex::new(0);
    let handle = async |_| {
        *attempts.lock().unwrap() += 1;
        Err(())
    };
    let again = async {
        sleep(Duration::from_secs(60)).await;
        let again = deliver(&app, "1").await;
        assert_eq!(*attempts.lock().unwrap(), 3);
        drop(app);
        again
    };
    let ((), again) = tokio::join!(work(jobs, handle), again);
    assert_eq!(again, (202, None));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_crashes_releases_its_event() {
    let (app, mut jobs) = app(SECRET, 1).unwrap();
    assert_eq!(deliver(&app, "1").await, (202, None));
    drop(jobs.recv().await.unwrap());
    assert_eq!(deliver(&app, "1").await, (202, None));
    assert_eq!(jobs.recv().await.unwrap().claim.grant().attempt, 2);
}

#[tokio::test]
async fn an_unverified_delivery_reaches_no_worker() {
    let (app, mut jobs) = app(SECRET, 1).unwrap();
    let forged = Request::post("/").header("x-jup-signature", "00".repeat(32));
    let answer = app.oneshot(forged.body(Body::from("{}")).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(jobs.try_recv().is_err());
}

/// Returns the status and the code of the response to the event with this id.
async fn deliver(app: &Router, id: &str) -> (u16, Option<&'static str>) {
    let scheme = schemes::jupiter();
    let signer = Signer::new(scheme, Secret::new(SECRET).unwrap()).unwrap();
    let body = format!(r#"{{"event_id":"{id}"}}"#);
    let mut request = Request::post("/");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    (answer.status().as_u16(), answer.extensions().get::<EarlyResponse>().map(EarlyResponse::code))
}
