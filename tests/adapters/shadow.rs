//! Shadow mode: everything is counted as if it were enforced, and every request reaches the service
//! as it arrived.

mod actix;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::routing::post;
use countersign::tower::VerifyLayer;
use countersign::{EarlyResponse, Verified, Verifier};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use crate::adapters::scripted::{Step, scripted};
use crate::harness::request;
use crate::telemetry::logged::Logged;
use crate::telemetry::recorded::Recorded;
use fixtures::delivery::{Delivery, NOW_MS, scheme, secret, verifier};

const DELIVERIES: usize = 100_000;
/// So many are signed, each with an id of its own. Then they are sent again.
const SIGNED: usize = 1000;

#[tokio::test]
async fn shadow_mode_counts_a_hundred_thousand_deliveries_like_enforcing_mode() {
    let venum = scheme("venum");
    let verify = || VerifyLayer::new(verifier(&venum).with_clock(|| NOW_MS).with_body_limit(4096));
    let handled = async |verified: Option<Verified>, body: Bytes| {
        if verified.is_some_and(|verified| verified.body() != &body) {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        if body.ends_with(b"5\"}") { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
    };
    let route = || Router::new().route("/", post(handled));
    let deliveries: Vec<_> = (0..SIGNED / MIX).flat_map(mixed).collect();
    assert_eq!(deliveries.len(), SIGNED);

    let mut counts = Vec::new();
    for is_shadow in [false, true] {
        let app = match is_shadow {
            false => route().layer(verify()),
            true => route().layer(verify().shadow()),
        };
        let recorded = Recorded::default();
        let _here = recorded.here();
        let mut rejected = 0;
        for (delivery, body) in deliveries.iter().cycle().take(DELIVERIES) {
            let response = app.clone().oneshot(request(delivery, body.clone())).await.unwrap();
            match response.status().as_u16() {
                200 | 502 => {}
                500 => panic!("another body: {body:?}"),
                _ => rejected += 1,
            }
        }
        assert_eq!(rejected, if is_shadow { 0 } else { DELIVERIES / MIX * REJECTED });
        counts.push(recorded.counts_of("venum", "venum"));
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0].len() >= 9, "{:#?}", counts[0]);
}

/// Each kind of delivery once.
fn mixed(number: usize) -> [(Delivery, Bytes); MIX] {
    let venum = scheme("venum");
    let body = format!(r#"{{"id":"evt_{number}"}}"#);
    let at = |ms| Delivery::signed(&venum, secret(1), ms, &body);
    let good = at(NOW_MS);
    let name = good.signature_header().to_owned();
    let unsigned = good.clone().without_header(&name);
    let malformed = good.clone().with_header(&name, "nonsense");
    let body = Bytes::from(body.clone());
    [
        (good.clone(), body.clone()),
        (good.clone(), body.clone()),
        (at(NOW_MS - 60_000), body.clone()),
        (at(NOW_MS + 1000), body.clone()),
        (at(NOW_MS - 3_600_000), body.clone()),
        (at(NOW_MS + 3_600_000), body.clone()),
        (good.clone(), Bytes::from_static(br#"{"id":"forged"}"#)),
        (good, Bytes::from(vec![b'x'; 5000])),
        (unsigned, body.clone()),
        (malformed, body),
    ]
}

const MIX: usize = 10;
const REJECTED: usize = 6;

#[tokio::test(start_paused = true)]
async fn in_shadow_mode_the_service_gets_every_request_unchanged() {
    let seen = Seen::default();
    let jupiter = scheme("jupiter");
    let small = verifier(&jupiter).with_body_limit(8);
    let app = seen.app(&small);
    let delivery = Delivery::of(&jupiter);

    // The limit is reached within the second piece. The third is not read yet.
    let pieces = || [b"0123".to_vec(), b"456789".to_vec(), b"rest".to_vec()];
    let steps = pieces().map(Step::Data);
    assert_eq!(deliver(&app, request(&delivery, scripted(steps).0)).await, 202);
    assert_eq!(seen.take(), ("body_too_large".to_owned(), b"0123456789rest".to_vec(), true));

    // The deadline passes, and the service still gets what comes later.
    let late = [
        Step::Data(b"01".to_vec()),
        Step::Wait(Duration::from_secs(60)),
        Step::Data(b"23".to_vec()),
    ];
    assert_eq!(deliver(&app, request(&delivery, scripted(late).0)).await, 202);
    assert_eq!(seen.take(), ("body_timeout".to_owned(), b"0123".to_vec(), true));

    // An error of the connection is passed on after what was read.
    let broken = [Step::Data(b"01".to_vec()), Step::Fail];
    assert_eq!(deliver(&app, request(&delivery, scripted(broken).0)).await, 202);
    assert_eq!(seen.take(), ("body_incomplete".to_owned(), b"01".to_vec(), false));

    // Nothing of the body is read for headers that are rejected.
    let unsigned = delivery.clone().without_header("x-jup-signature");
    assert_eq!(deliver(&app, request(&unsigned, "the body")).await, 202);
    assert_eq!(seen.take(), ("missing_signature".to_owned(), b"the body".to_vec(), true));

    let app = seen.app(&verifier(&jupiter));
    assert_eq!(deliver(&app, request(&delivery, delivery.body.clone())).await, 202);
    assert_eq!(seen.take(), ("verified evt_1".to_owned(), delivery.body, true));
}

#[tokio::test]
async fn trailers_are_passed_on() {
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]);
    let body = Full::new(Bytes::from("{}")).with_trailers(async { Some(Ok(trailers)) });
    let service = tower::service_fn(async |request: Request<_>| {
        let body: countersign::tower::ShadowBody<UnsyncBoxBody<Bytes, Infallible>> =
            request.into_body();
        let whole = body.collect().await.unwrap();
        assert_eq!(whole.trailers().unwrap()["x-sum"], "1");
        assert_eq!(whole.to_bytes(), "{}");
        Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
    });
    let layer = VerifyLayer::new(verifier(&scheme("jupiter"))).shadow();
    let service = tower::ServiceBuilder::new().layer(layer).service(service);
    let request = Request::post("/").body(UnsyncBoxBody::new(body)).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_handshake_is_left_to_the_service() {
    let zoom = scheme("zoom");
    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#;
    let seen = Seen::default();
    let asked = request(&Delivery::with_body(&zoom, body), body);
    assert_eq!(deliver(&seen.app(&verifier(&zoom)), asked).await, 202);
    assert_eq!(seen.take(), ("handshake".to_owned(), body.as_bytes().to_vec(), true));
}

#[tokio::test]
async fn the_log_says_that_a_request_was_passed_on() {
    let logged = Logged::default();
    let _here = logged.here();
    let app = Seen::default().app(&verifier(&scheme("jupiter")));
    deliver(&app, request(&Delivery::of(&scheme("jupiter")), "{}")).await;
    let events = logged.events();
    let says = |text: &str| events.iter().any(|event| event.contains(text));
    assert!(says("would be rejected, passed on reason=the signature"), "{events:#?}");
    assert!(says("mode=\"shadow\""), "{events:#?}");
    assert!(!says("countersign: rejected"), "{events:#?}");
}

/// What the service was called with: the result, the body, and whether it ended well.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<Call>>>);

type Call = (String, Vec<u8>, bool);

impl Seen {
    fn app(&self, verifier: &Verifier) -> Router {
        let seen = self.clone();
        let handler = async move |request: Request<Body>| {
            let extensions = request.extensions();
            let early = extensions.get::<EarlyResponse>().map(|early| early.code().to_owned());
            let verified = extensions.get::<Verified>();
            let verified = verified.map(|it| format!("verified {}", it.event_id()));
            let (mut body, mut bytes, mut is_whole) = (request.into_body(), Vec::new(), true);
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
                    Err(_) => is_whole = false,
                }
            }
            *seen.0.lock().unwrap() = Some((early.or(verified).unwrap(), bytes, is_whole));
            StatusCode::ACCEPTED
        };
        let layer = VerifyLayer::new(verifier.clone()).shadow();
        Router::new().route("/", post(handler)).layer(layer)
    }

    fn take(&self) -> (String, Vec<u8>, bool) {
        self.0.lock().unwrap().take().unwrap()
    }
}

async fn deliver(app: &Router, request: Request<Body>) -> u16 {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    assert!(to_bytes(response.into_body(), 100).await.unwrap().is_empty());
    status
}
