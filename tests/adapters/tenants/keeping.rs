//! The resolver's results are cached: for a limited time, and without
//! displacing those of other tenants.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::tenants::{SecretResolver, Tenants};
use countersign::{ManualClock, Verifier, VerifyErrorKind as Kind};

use super::{Asked, clocked, of_header, of_tenant, secrets_of, verify};

#[tokio::test]
async fn a_tenants_secrets_are_looked_up_again_after_their_ttl() {
    let (resolver, asked) = Asked::new();
    let (verifier, clock) = clocked(of_header(resolver));
    for (at_s, times) in [(0, 1), (299, 1), (300, 2), (599, 2), (600, 3)] {
        clock.set_unix_ms(super::NOW_MS + at_s * 1000);
        verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
        assert_eq!(asked.times(), times, "after {at_s} s");
    }
    // If the clock is set back, cached results do not last longer.
    clock.set_unix_ms(super::NOW_MS);
    verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
    assert_eq!(asked.times(), 4);
}

#[tokio::test]
async fn an_unknown_tenant_is_looked_up_again_after_the_negative_ttl() {
    let (resolver, asked) = Asked::new();
    let (verifier, clock) = clocked(of_header(resolver));
    for (at_ms, times) in [(0, 1), (9_999, 1), (10_000, 2)] {
        clock.set_unix_ms(super::NOW_MS + at_ms);
        let rejected = verify(&verifier, &of_tenant("initech", 1)).await.unwrap_err();
        assert_eq!(rejected, Kind::UnknownTenant);
        assert_eq!(asked.times(), times, "after {at_ms} ms");
    }
}

#[tokio::test]
async fn a_flood_of_made_up_names_evicts_no_tenant() {
    let (resolver, asked) = Asked::new();
    let (verifier, _clock) = clocked(of_header(resolver).with_capacity(2));
    for (tenant, number) in [("acme", 1), ("globex", 2)] {
        verify(&verifier, &of_tenant(tenant, number)).await.unwrap();
    }
    for number in 0..1000 {
        let rejected = verify(&verifier, &of_tenant(&format!("tenant-{number}"), 1)).await;
        assert_eq!(rejected.unwrap_err(), Kind::UnknownTenant);
    }
    assert_eq!(asked.times(), 1002);
    for (tenant, number) in [("acme", 1), ("globex", 2)] {
        verify(&verifier, &of_tenant(tenant, number)).await.unwrap();
    }
    assert_eq!(asked.times(), 1002);
}

#[tokio::test]
async fn the_cache_has_a_maximum_number_of_tenants() {
    let asked = Asked::default();
    let counted = asked.clone();
    let tenants = of_header(move |_| {
        counted.count();
        async { Ok(secrets_of("acme")) }
    });
    let (verifier, _clock) = clocked(tenants.with_capacity(10));
    let everybody = async || {
        for number in 0..100 {
            verify(&verifier, &of_tenant(&format!("tenant-{number}"), 1)).await.unwrap();
        }
    };
    everybody().await;
    assert_eq!(asked.times(), 100);
    everybody().await;
    assert!(asked.times() >= 100 + 90, "{}", asked.times());
}

#[tokio::test]
async fn while_the_resolver_fails_stale_secrets_are_used_for_a_limited_time() {
    let (tenants, asked, works) = failing();
    let (verifier, clock) = clocked(tenants.with_stale_if_error(Duration::from_secs(100)));
    let delivery = of_tenant("acme", 1);
    verify(&verifier, &delivery).await.unwrap();
    works.store(false, Ordering::SeqCst);
    // A failing resolver is not called for each request.
    for (at_s, times) in [(299, 1), (300, 2), (309, 2), (310, 3), (319, 3), (399, 4)] {
        clock.set_unix_ms(super::NOW_MS + at_s * 1000);
        verify(&verifier, &delivery).await.unwrap();
        assert_eq!(asked.times(), times, "after {at_s} s");
    }
    for times in [5, 6] {
        clock.set_unix_ms(super::NOW_MS + 400_000);
        assert_eq!(verify(&verifier, &delivery).await.unwrap_err(), Kind::SecretsUnavailable);
        assert_eq!(asked.times(), times);
    }
    works.store(true, Ordering::SeqCst);
    verify(&verifier, &delivery).await.unwrap();
}

#[tokio::test]
async fn a_failed_lookup_without_stale_secrets_is_a_rejection_and_is_retried() {
    let (tenants, asked, works) = failing();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let reporting = Arc::clone(&reported);
    let tenants =
        tenants.with_observer(move |tenant: &str, error: &(dyn std::error::Error + 'static)| {
            reporting.lock().unwrap().push(format!("{tenant}: {error}"));
        });
    let (verifier, _clock) = clocked(tenants);
    works.store(false, Ordering::SeqCst);
    for times in [1, 2] {
        let rejected = verify(&verifier, &of_tenant("acme", 1)).await.unwrap_err();
        assert_eq!(rejected, Kind::SecretsUnavailable);
        assert_eq!((rejected.code(), rejected.status()), ("secrets_unavailable", 503));
        assert_eq!(asked.times(), times);
    }
    assert_eq!(*reported.lock().unwrap(), ["acme: no database", "acme: no database"]);
    works.store(true, Ordering::SeqCst);
    verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_the_scheme_cannot_use_is_a_failure() {
    let reported = Asked::default();
    let counted = reported.clone();
    let tenants = of_header(async |_| Ok(Some(countersign::Secret::new("not base64!")?.into())));
    let tenants =
        tenants.with_observer(move |_: &str, error: &(dyn std::error::Error + 'static)| {
            assert!(error.is::<countersign::ConfigError>());
            counted.count();
        });
    let scheme = super::scheme("standardwebhooks");
    let verifier = Verifier::for_tenants(scheme, tenants).unwrap();
    let rejected = verifier.resolve(&of_tenant("acme", 1).headers).await.unwrap_err();
    assert_eq!((rejected.kind(), reported.times()), (Kind::SecretsUnavailable, 1));
}

#[tokio::test]
async fn an_invalidated_tenant_is_looked_up_at_once() {
    let secret = Arc::new(Mutex::new(1));
    let known = Arc::clone(&secret);
    let tenants = of_header(move |_| {
        let number = *known.lock().unwrap();
        async move { Ok(Some(fixtures::delivery::secret(number).into())) }
    });
    let (verifier, _): (Verifier, ManualClock) = clocked(tenants);
    // A change of the settings does not separate a verifier from its clones.
    let handle = verifier.clone();
    let verifier = verifier.with_body_limit(1000);
    verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
    *secret.lock().unwrap() = 2;
    assert_eq!(
        verify(&verifier, &of_tenant("acme", 2)).await.unwrap_err(),
        Kind::SignatureMismatch
    );
    handle.invalidate_tenant("globex");
    assert_eq!(
        verify(&verifier, &of_tenant("acme", 2)).await.unwrap_err(),
        Kind::SignatureMismatch
    );
    handle.invalidate_tenant("acme");
    verify(&verifier, &of_tenant("acme", 2)).await.unwrap();
    assert_eq!(
        verify(&verifier, &of_tenant("acme", 1)).await.unwrap_err(),
        Kind::SignatureMismatch
    );
}

#[tokio::test]
async fn a_removed_tenant_is_unknown_once_the_resolver_reports_it() {
    let (here, asked) = (Arc::new(AtomicBool::new(true)), Asked::default());
    let (is_here, counted) = (Arc::clone(&here), asked.clone());
    let tenants = of_header(move |tenant: String| {
        counted.count();
        let is_here = is_here.load(Ordering::SeqCst);
        async move { Ok(secrets_of(&tenant).filter(|_| is_here)) }
    });
    let (verifier, clock) = clocked(tenants);
    verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
    here.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(300));
    for _ in 0..2 {
        assert_eq!(
            verify(&verifier, &of_tenant("acme", 1)).await.unwrap_err(),
            Kind::UnknownTenant
        );
    }
    assert_eq!(asked.times(), 2);
    here.store(true, Ordering::SeqCst);
    clock.advance(Duration::from_secs(10));
    verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
}

/// Tenants whose resolver works until the flag is cleared.
fn failing() -> (Tenants, Asked, Arc<AtomicBool>) {
    let (asked, works) = (Asked::default(), Arc::new(AtomicBool::new(true)));
    (of_header(resolver(asked.clone(), Arc::clone(&works))), asked, works)
}

fn resolver(asked: Asked, works: Arc<AtomicBool>) -> impl SecretResolver {
    move |tenant: String| {
        asked.count();
        let works = works.load(Ordering::SeqCst);
        async move { if works { Ok(secrets_of(&tenant)) } else { Err("no database".into()) } }
    }
}
