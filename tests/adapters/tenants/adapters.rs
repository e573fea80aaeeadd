//! The responses that the sender receives, for every adapter.

use std::time::Duration;

use axum::body::Body;
use countersign::Verifier;
use http::Request;
use tokio::time::{Instant, sleep};

use super::{Asked, clocked, of_header, of_tenant, verifier};
use crate::harness::axum::verifying as adapters;
use crate::harness::request;
use fixtures::delivery::{BODY, Delivery};

#[tokio::test(start_paused = true)]
async fn every_adapter_resolves_the_tenant_and_reports_failures() {
    let tenants = of_header(async |tenant: String| match tenant.as_str() {
        "down" => Err("no database".into()),
        tenant => Ok(super::secrets_of(tenant)),
    });
    let verifier = verifier(tenants);
    for adapter in adapters(&verifier) {
        for (tenant, number, status, code) in [
            ("acme", 1, 200, None),
            ("globex", 2, 200, None),
            ("acme", 2, 401, Some("signature_mismatch")),
            ("initech", 1, 503, Some("unknown_tenant")),
            ("down", 1, 503, Some("secrets_unavailable")),
        ] {
            let answer = adapter.answer(delivery(&of_tenant(tenant, number))).await;
            assert_eq!((answer.status, answer.code), (status, code), "{adapter}: {tenant}");
            let expected = if status == 200 { BODY } else { "" };
            assert_eq!(answer.body, expected, "{adapter}: {tenant}");
        }
        assert_eq!(adapter.handled(), 2, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_does_not_answer_is_waited_for_until_the_deadline() {
    let never = of_header(async |_| std::future::pending().await);
    let verifier = verifier(never).with_body_timeout(Duration::from_secs(1));
    for adapter in adapters(&verifier) {
        let began = Instant::now();
        let answer = adapter.answer(delivery(&of_tenant("acme", 1))).await;
        assert_eq!((answer.status, answer.code), (503, Some("secrets_unavailable")), "{adapter}");
        let waited = began.elapsed().as_millis();
        assert!((1000..1010).contains(&waited), "{adapter}: {waited} ms");
        assert_eq!(adapter.handled(), 0, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_resolver_delays_a_known_tenant_once_and_rejects_no_delivery() {
    for index in 0..2 {
        let (resolver, _asked, gate) = Asked::gated();
        let (verifier, clock) = clocked(of_header(resolver));
        let verifier: Verifier = verifier.with_body_timeout(Duration::from_secs(1));
        let adapter = &adapters(&verifier)[index];
        gate.add_permits(1);
        let waited = async || {
            let began = Instant::now();
            let answer = adapter.answer(delivery(&of_tenant("acme", 1))).await;
            assert_eq!((answer.status, answer.code), (200, None), "{adapter}");
            began.elapsed().as_millis()
        };
        assert_eq!(waited().await, 0, "{adapter}");
        gate.forget_permits(1);
        clock.advance(Duration::from_secs(300));
        assert!((1000..1010).contains(&waited().await), "{adapter}");
        assert_eq!(waited().await, 0, "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_is_slower_than_the_deadline_is_called_once_and_the_retry_succeeds() {
    for index in 0..2 {
        let asked = Asked::default();
        let counted = asked.clone();
        let slow = of_header(move |tenant: String| {
            counted.count();
            async move {
                sleep(Duration::from_millis(1200)).await;
                Ok(super::secrets_of(&tenant))
            }
        });
        let verifier = verifier(slow).with_body_timeout(Duration::from_secs(1));
        let adapter = &adapters(&verifier)[index];
        let answer = adapter.answer(delivery(&of_tenant("acme", 1))).await;
        assert_eq!((answer.status, answer.code), (503, Some("secrets_unavailable")), "{adapter}");
        sleep(Duration::from_millis(500)).await;
        for _ in 0..2 {
            let began = Instant::now();
            let answer = adapter.answer(delivery(&of_tenant("acme", 1))).await;
            assert_eq!((answer.status, answer.code), (200, None), "{adapter}");
            assert_eq!(began.elapsed(), Duration::ZERO, "{adapter}");
        }
        assert_eq!(asked.times(), 1, "{adapter}");
    }
}

fn delivery(delivery: &Delivery) -> Request<Body> {
    request(delivery, delivery.body.clone())
}
