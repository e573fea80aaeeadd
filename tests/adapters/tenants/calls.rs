//! The resolver is called once for all waiting deliveries, and with limited
//! concurrency.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::VerifyErrorKind;
use tokio::task::JoinSet;

use super::{Asked, clocked, of_header, of_tenant, verifier, verify};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_simultaneous_requests_call_the_resolver_once() {
    let (resolver, asked, gate) = Asked::gated();
    let verifier = verifier(of_header(resolver));
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let verifier = verifier.clone();
        requests.spawn(async move { verify(&verifier, &of_tenant("acme", 1)).await });
    }
    gate.add_permits(1);
    while let Some(verified) = requests.join_next().await {
        assert_eq!(verified.unwrap().unwrap().tenant(), Some("acme"));
    }
    assert_eq!(asked.times(), 1);
}

#[test]
fn a_cancelled_request_does_not_cancel_the_shared_lookup() {
    let (resolver, asked, gate) = Asked::gated();
    let verifier = verifier(of_header(resolver));
    let delivery = of_tenant("acme", 1);
    let mut first = Box::pin(verifier.resolve(&delivery.headers));
    assert!(is_pending(first.as_mut()));
    let mut second = pin!(verifier.resolve(&delivery.headers));
    assert!(is_pending(second.as_mut()));
    drop(first);
    gate.add_permits(1);
    let Poll::Ready(resolved) = poll(second) else { panic!("it waits for the cancelled one") };
    delivery.verify(&resolved.unwrap()).unwrap();
    assert_eq!(asked.times(), 1);
}

#[tokio::test]
async fn a_waiting_request_is_woken_when_the_one_that_started_the_lookup_is_dropped() {
    let (resolver, asked, gate) = Asked::gated();
    let verifier = verifier(of_header(resolver));
    let delivery = of_tenant("acme", 1);
    let mut first = Box::pin(verifier.resolve(&delivery.headers));
    assert!(is_pending(first.as_mut()));
    let second = tokio::spawn(verifier.resolve(&delivery.headers));
    tokio::task::yield_now().await;
    drop(first);
    gate.add_permits(1);
    delivery.verify(&second.await.unwrap().unwrap()).unwrap();
    assert_eq!(asked.times(), 1);
}

#[test]
fn a_lookup_that_no_request_waits_for_is_continued_by_the_next_request() {
    let (resolver, asked, gate) = Asked::gated();
    let reported = Asked::default();
    let counted = reported.clone();
    let tenants = of_header(resolver).with_observer(
        move |tenant: &str, error: &(dyn std::error::Error + 'static)| {
            assert_eq!(tenant, "acme");
            assert!(error.to_string().contains("did not respond"), "{error}");
            counted.count();
        },
    );
    let verifier = verifier(tenants.with_max_concurrent_lookups(1));
    let delivery = of_tenant("acme", 1);
    for _ in 0..3 {
        let mut given_up = pin!(verifier.resolve(&delivery.headers));
        assert!(is_pending(given_up.as_mut()));
        assert_eq!(given_up.use_stale().unwrap_err().kind(), VerifyErrorKind::SecretsUnavailable);
    }
    gate.add_permits(1);
    assert!(matches!(poll(pin!(verifier.resolve(&delivery.headers))), Poll::Ready(Ok(_))));
    assert_eq!((asked.times(), reported.times()), (1, 1), "reported once for the call");
}

#[test]
fn the_result_of_a_lookup_that_no_request_waits_for_is_used_later() {
    for (after_s, times) in [(1, 1), (60, 1), (300, 2)] {
        let (resolver, asked, gate) = Asked::gated();
        let (verifier, clock) = clocked(of_header(resolver));
        let delivery = of_tenant("acme", 1);
        assert!(is_pending(pin!(verifier.resolve(&delivery.headers))));
        gate.add_permits(1);
        clock.advance(Duration::from_secs(after_s));
        assert!(matches!(poll(pin!(verifier.resolve(&delivery.headers))), Poll::Ready(Ok(_))));
        // It counts as old as the call, and is not fresh after 300 s.
        assert_eq!(asked.times(), times, "after {after_s} s");
    }
}

#[test]
fn a_lookup_that_no_request_waits_for_is_replaced_by_another() {
    let (resolver, asked, gate) = Asked::gated();
    let verifier = verifier(of_header(resolver).with_max_concurrent_lookups(1));
    let headers = |tenant| of_tenant(tenant, 1).headers;
    for times in 1..=3 {
        assert!(is_pending(pin!(verifier.resolve(&headers("acme")))));
        let mut other = pin!(verifier.resolve(&headers("globex")));
        assert!(is_pending(other.as_mut()));
        assert_eq!(asked.times(), 2 * times);
        let Poll::Ready(rejected) = poll(pin!(verifier.resolve(&headers("acme")))) else {
            panic!("two calls are running")
        };
        assert_eq!(rejected.unwrap_err().kind(), VerifyErrorKind::SecretsUnavailable);
        // So that it is not joined in the next round.
        verifier.invalidate_tenants();
    }
    gate.add_permits(1);
    assert!(matches!(poll(pin!(verifier.resolve(&headers("acme")))), Poll::Ready(Ok(_))));
}

#[test]
fn a_lookup_that_no_request_waits_for_is_dropped_with_its_verifier() {
    let held = Arc::new(());
    let kept = Arc::clone(&held);
    let verifier = verifier(of_header(move |_| {
        let kept = Arc::clone(&kept);
        async move {
            std::future::pending::<()>().await;
            drop(kept);
            Ok(None)
        }
    }));
    assert!(is_pending(pin!(verifier.resolve(&of_tenant("acme", 1).headers))));
    assert_eq!(Arc::strong_count(&held), 3);
    drop(verifier);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_lookup_that_takes_too_long_is_not_joined_forever() {
    let (resolver, asked, _gate) = Asked::gated();
    let (verifier, clock) = clocked(of_header(resolver));
    let delivery = of_tenant("acme", 1);
    let mut waiting = Vec::new();
    for (at_ms, times) in [(0, 1), (9_999, 1), (10_000, 2), (10_001, 2), (20_000, 3)] {
        clock.set_unix_ms(super::NOW_MS + at_ms);
        let mut resolving = Box::pin(verifier.resolve(&delivery.headers));
        assert!(is_pending(resolving.as_mut()));
        waiting.push(resolving);
        assert_eq!(asked.times(), times, "after {at_ms} ms");
    }
}

#[test]
fn a_flood_of_names_stays_within_the_maximum_of_concurrent_lookups() {
    let (resolver, asked, gate) = Asked::gated();
    let (verifier, clock) = clocked(of_header(resolver).with_max_concurrent_lookups(8));
    let known = of_tenant("acme", 1);
    gate.add_permits(1);
    assert!(matches!(poll(pin!(verifier.resolve(&known.headers))), Poll::Ready(Ok(_))));
    gate.forget_permits(1);

    let mut flood = Vec::new();
    for number in 0..1000 {
        let made_up = of_tenant(&format!("tenant-{number}"), 1);
        let mut resolving = Box::pin(verifier.resolve(&made_up.headers));
        match poll(resolving.as_mut()) {
            Poll::Pending => flood.push(resolving),
            Poll::Ready(ended) => {
                assert_eq!(ended.unwrap_err().kind(), VerifyErrorKind::SecretsUnavailable);
            }
        }
    }
    assert_eq!((flood.len(), asked.times()), (8, 9));

    // A tenant whose secrets must be refreshed has a separate limit.
    clock.advance(Duration::from_secs(300));
    let mut again = pin!(verifier.resolve(&known.headers));
    assert!(is_pending(again.as_mut()));
    assert_eq!(asked.times(), 10);
    // A call that has ended frees its slot for others.
    drop(flood);
    assert!(is_pending(pin!(verifier.resolve(&of_tenant("globex", 2).headers))));
}

#[test]
fn a_flood_of_names_does_not_block_lookups_of_an_idle_tenant() {
    let (resolver, asked, gate) = Asked::gated();
    let (verifier, clock) = clocked(of_header(resolver).with_max_concurrent_lookups(8));
    let known = of_tenant("acme", 1);
    gate.add_permits(1);
    assert!(matches!(poll(pin!(verifier.resolve(&known.headers))), Poll::Ready(Ok(_))));
    gate.forget_permits(1);
    // Its secrets are too old to be used without a refresh.
    clock.advance(Duration::from_secs(2 * 86_400));

    let mut flood = Vec::new();
    for number in 0..1000 {
        let made_up = of_tenant(&format!("tenant-{number}"), 1);
        let mut resolving = Box::pin(verifier.resolve(&made_up.headers));
        if is_pending(resolving.as_mut()) {
            flood.push(resolving);
        }
    }
    assert_eq!(flood.len(), 8);
    assert!(is_pending(pin!(verifier.resolve(&known.headers))));
    assert_eq!(asked.times(), 10);
}

#[tokio::test]
async fn a_resolver_that_panics_has_failed_and_is_called_again() {
    let asked = Asked::default();
    let counted = asked.clone();
    let tenants = of_header(move |tenant: String| {
        counted.count();
        let times = counted.times();
        async move {
            assert!(times > 2, "intended panic");
            Ok(super::secrets_of(&tenant))
        }
    });
    let reported = Asked::default();
    let counted = reported.clone();
    let tenants =
        tenants.with_observer(move |tenant: &str, error: &(dyn std::error::Error + 'static)| {
            assert_eq!((tenant, &*error.to_string()), ("acme", "the resolver panicked"));
            counted.count();
        });
    let verifier = verifier(tenants);
    let delivery = of_tenant("acme", 1);
    for _ in 0..2 {
        let rejected = verify(&verifier, &delivery).await.unwrap_err();
        assert_eq!(rejected, VerifyErrorKind::SecretsUnavailable);
    }
    verify(&verifier, &delivery).await.unwrap();
    assert_eq!(reported.times(), 2);
}

#[test]
fn a_lookup_result_is_not_cached_if_the_tenant_was_invalidated_meanwhile() {
    let (resolver, asked, gate) = Asked::gated();
    let verifier = verifier(of_header(resolver));
    let delivery = of_tenant("acme", 1);
    let forget: [&dyn Fn(); 2] =
        [&|| verifier.invalidate_tenant("acme"), &|| verifier.invalidate_tenants()];
    for (forget, times) in forget.into_iter().zip([1, 3]) {
        let mut old = pin!(verifier.resolve(&delivery.headers));
        assert!(is_pending(old.as_mut()));
        assert_eq!(asked.times(), times);
        forget();
        gate.add_permits(1);
        assert!(matches!(poll(old), Poll::Ready(Ok(_))));
        assert!(matches!(poll(pin!(verifier.resolve(&delivery.headers))), Poll::Ready(Ok(_))));
        assert_eq!(asked.times(), times + 1);
        gate.forget_permits(1);
        forget();
    }
}

#[test]
fn a_waiting_request_can_move_between_threads() {
    fn is_sent<T: Send + Sync + 'static>(_: &T) {}
    let (resolver, _, _gate) = Asked::gated();
    let verifier = Arc::new(verifier(of_header(resolver)));
    is_sent(&verifier.resolve(&of_tenant("acme", 1).headers));
}

fn is_pending(future: Pin<&mut impl Future>) -> bool {
    poll(future).is_pending()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
