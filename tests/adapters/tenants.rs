//! Secrets of several tenants: looked up by the request's head, fetched once,
//! cached for a while, and isolated from other tenants.

mod adapters;
mod calls;
mod keeping;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::tenants::{SecretResolver, TenantId, Tenants};
use countersign::{
    ConfigError, Endpoint, EventKey, ManualClock, MemoryStore, PublicUrl, Receiver, RequestHead,
    Scheme, Secrets, Signer, TokioRuntime, Verified, Verifier, VerifyErrorKind,
};
use tokio::sync::Semaphore;

use fixtures::delivery::{self, BODY, Delivery, NOW_MS, scheme, secret, secret_text};

#[tokio::test]
async fn a_delivery_is_verified_with_the_secrets_of_its_tenant() {
    let verifier = verifier(of_header(Asked::new().0));
    let verified = verify(&verifier, &of_tenant("acme", 1)).await.unwrap();
    assert_eq!(verified.tenant(), Some("acme"));
    assert_eq!(verify(&verifier, &of_tenant("globex", 2)).await.unwrap().tenant(), Some("globex"));
    for (tenant, number) in [("acme", 2), ("globex", 1)] {
        let rejected = verify(&verifier, &of_tenant(tenant, number)).await;
        assert_eq!(rejected.unwrap_err(), VerifyErrorKind::SignatureMismatch, "{tenant}");
    }
}

#[tokio::test]
async fn a_request_without_a_tenant_is_rejected_before_its_signature_is_checked() {
    let (resolver, asked) = Asked::new();
    let verifier = verifier(of_header(resolver));
    let nameless = of_tenant("acme", 1).without_header("X-Webhook-ID");
    assert_eq!(verify(&verifier, &nameless).await.unwrap_err(), VerifyErrorKind::UnknownTenant);
    let long = of_tenant(&"a".repeat(129), 1);
    assert_eq!(verify(&verifier, &long).await.unwrap_err(), VerifyErrorKind::UnknownTenant);
    let mut twice = of_tenant("acme", 1);
    twice.headers.push(("x-webhook-id".to_owned(), b"globex".to_vec()));
    assert_eq!(verify(&verifier, &twice).await.unwrap_err(), VerifyErrorKind::RepeatedHeader);
    assert_eq!(asked.times(), 0);
}

#[tokio::test]
async fn a_scheme_that_signs_the_url_takes_the_tenant_from_it() {
    let scheme = Scheme::builder("acme")
        .signature_header("X-Acme-Signature")
        .signed_payload("{url}{body}")
        .build()
        .unwrap();
    let from = || TenantId::path("/hooks/{tenant}").unwrap();
    let rejected = Verifier::for_tenants(scheme.clone(), Tenants::new(from(), Asked::new().0));
    assert!(matches!(rejected, Err(ConfigError::UrlRequired { .. })));

    let origin = PublicUrl::origin("https://receiver.example").unwrap();
    let tenants = Tenants::new(from(), Asked::new().0);
    let verifier = Verifier::for_tenants_with_public_url(origin, scheme.clone(), tenants).unwrap();
    let url = PublicUrl::new("https://receiver.example/hooks/acme").unwrap();
    let signer = Signer::new(scheme, secret(1)).unwrap().with_url(url);
    let headers = signer.sign(b"{}").unwrap();
    let tenant_of = async |target| {
        let head = RequestHead::new("POST", target, &headers);
        verifier
            .resolve(head)
            .await?
            .verify(head, "{}")
            .map(|verified| verified.tenant().map(str::to_owned))
    };
    assert_eq!(tenant_of("/hooks/acme").await.unwrap().as_deref(), Some("acme"));
    assert_eq!(tenant_of("/hooks/globex").await.unwrap_err().code(), "signature_mismatch");
    assert_eq!(tenant_of("/hooks/initech").await.unwrap_err().code(), "unknown_tenant");
    assert_eq!(tenant_of("/other").await.unwrap_err().code(), "unknown_tenant");
}

#[tokio::test]
async fn a_function_can_read_the_tenant_from_the_request_head() {
    let from = TenantId::head(|head| {
        let name = head.headers().unique("x-account").ok()??;
        let name = str::from_utf8(name).ok()?.strip_prefix("account/")?;
        Some(name.to_owned())
    });
    let verifier = verifier(Tenants::new(from, Asked::new().0));
    let delivery = of_tenant("nobody", 1).with_header("X-Account", "account/acme");
    assert_eq!(verify(&verifier, &delivery).await.unwrap().tenant(), Some("acme"));
    let delivery = delivery.with_header("X-Account", "acme");
    assert_eq!(verify(&verifier, &delivery).await.unwrap_err(), VerifyErrorKind::UnknownTenant);
}

#[tokio::test]
async fn a_verifier_of_tenants_cannot_verify_without_resolving_the_tenant() {
    let verifier = verifier(of_header(Asked::new().0));
    let delivery = of_tenant("acme", 1);
    verify(&verifier, &delivery).await.unwrap();
    assert_eq!(delivery.rejected(&verifier), Some(VerifyErrorKind::Misconfigured));
    assert!(verifier.handshake(&delivery.headers).is_none());
    assert!(matches!(verifier.with_secrets_handle(), Err(ConfigError::Tenants { .. })));
}

#[tokio::test]
async fn equal_event_ids_of_two_tenants_are_two_events() {
    let verifier = verifier(of_header(Asked::new().0));
    let key = async |tenant, number| {
        let verified = verify(&verifier, &of_tenant(tenant, number)).await.unwrap();
        EventKey::of(&verified, &Endpoint::new("hooks"))
    };
    let (acme, globex) = (key("acme", 1).await, key("globex", 2).await);
    assert_ne!(acme, globex);
    assert_eq!(acme, key("acme", 1).await);
    let single = Delivery::of(&scheme("github"));
    let verified = single.verify(&delivery::verifier(&scheme("github"))).unwrap();
    assert_eq!(verified.tenant(), None);
    assert_ne!(EventKey::of(&verified, &Endpoint::new("hooks")), acme);
}

#[test]
fn the_key_of_an_event_without_a_tenant_is_stable() {
    let scheme = scheme("jupiter");
    let delivery = Delivery::with_body(&scheme, r#"{"event_id":"evt_1"}"#);
    let verified = delivery.verify(&delivery::verifier(&scheme)).unwrap();
    let key = EventKey::of(&verified, &Endpoint::new("/hooks/jupiter"));
    let mut written = Vec::new();
    for field in ["jupiter", "/hooks/jupiter", "body:/event_id", "evt_1"] {
        written.extend((field.len() as u64).to_be_bytes());
        written.extend(field.as_bytes());
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, &written);
    assert_eq!(key.digest().as_slice(), digest.as_ref());
}

#[tokio::test]
async fn receiving_can_be_spawned() {
    let receiver =
        |verifier: Verifier| Receiver::new(verifier.with_endpoint("hooks"), MemoryStore::new());
    let of_tenants = receiver(verifier(of_header(Asked::new().0)));
    let of_one = receiver(delivery::verifier(&scheme("github")));
    for receiver in [of_tenants, of_one] {
        let begun = tokio::spawn(async move {
            let mut headers = http::HeaderMap::new();
            for (name, value) in of_tenant("acme", 1).headers {
                let name = http::HeaderName::try_from(name).unwrap();
                headers.insert(name, http::HeaderValue::from_bytes(&value).unwrap());
            }
            let head = RequestHead::from(&headers);
            let body = BODY.as_bytes().to_vec();
            receiver.receive(head, body, TokioRuntime).await.unwrap().1
        });
        assert_eq!(begun.await.unwrap().verified.body(), BODY);
    }
}

#[tokio::test]
async fn neither_a_tenants_name_nor_its_secret_is_in_any_text() {
    let from = TenantId::path("/{tenant}").unwrap();
    let tenants = of_header(async |tenant: String| match tenant.as_str() {
        "canary" => Ok(Some(secret(1).into())),
        _ => Err(tenant.into()),
    });
    let mut texts = vec![format!("{tenants:?} {from:?}")];
    let verifier = verifier(tenants);
    let mut say = |text: String| texts.push(text);
    let known = of_tenant("canary", 1);
    let mut resolving = verifier.resolve(&known.headers);
    say(format!("{resolving:?}"));
    let resolved = (&mut resolving).await.unwrap();
    say(format!("{resolving:?} {resolved:?} {verifier:?}"));
    let verified = known.verify(&resolved).unwrap();
    say(format!("{verified:?} {:?}", EventKey::of(&verified, &Endpoint::new("hooks"))));
    for rejected in [of_tenant("canary", 2), of_tenant("canary-fails", 1), of_tenant("canary ", 1)]
    {
        let error = match verifier.resolve(&rejected.headers).await {
            Ok(resolved) => rejected.verify(&resolved).unwrap_err(),
            Err(error) => error,
        };
        say(format!("{error} {error:?} {}", countersign::EarlyResponse::from(error.clone())));
    }
    let bad = of_header(async |_| Ok(Some(countersign::Secret::new("whsec_canary!")?.into())));
    let bad = bad.with_observer(|_: &str, error: &(dyn Error + 'static)| {
        assert!(!error.to_string().contains("canary"), "{error}");
    });
    let bad = Verifier::for_tenants(scheme("standardwebhooks"), bad).unwrap();
    let error = bad.resolve(&of_tenant("canary", 1).headers).await.unwrap_err();
    say(format!("{error} {error:?}"));
    for text in texts {
        assert!(!text.contains("canary") && !text.contains(&secret_text(1)), "{text}");
    }
}

/// A resolver with the first secret for `acme` and the second for `globex`.
/// Counts its calls.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn new() -> (impl SecretResolver, Self) {
        let asked = Self::default();
        let counted = asked.clone();
        let resolver = move |tenant: String| {
            counted.count();
            async move { Ok(secrets_of(&tenant)) }
        };
        (resolver, asked)
    }

    /// Answers once the gate is opened.
    fn gated() -> (impl SecretResolver, Self, Arc<Semaphore>) {
        let (asked, gate) = (Self::default(), Arc::new(Semaphore::new(0)));
        let (counted, closed) = (asked.clone(), Arc::clone(&gate));
        let resolver = move |tenant: String| {
            counted.count();
            let closed = Arc::clone(&closed);
            async move {
                let _open = closed.acquire().await?;
                Ok(secrets_of(&tenant))
            }
        };
        (resolver, asked, gate)
    }

    fn count(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn secrets_of(tenant: &str) -> Option<Secrets> {
    let number = match tenant {
        "acme" => 1,
        "globex" => 2,
        _ => return None,
    };
    Some(secret(number).into())
}

fn of_header(resolver: impl SecretResolver) -> Tenants {
    Tenants::new(TenantId::header("X-Webhook-ID").unwrap(), resolver)
}

fn verifier(tenants: Tenants) -> Verifier {
    Verifier::for_tenants(scheme("github"), tenants).unwrap()
}

/// With a clock that changes only when it is advanced.
fn clocked(tenants: Tenants) -> (Verifier, ManualClock) {
    let clock = ManualClock::at_unix_ms(NOW_MS);
    (verifier(tenants).with_clock(clock.clone()), clock)
}

/// A delivery of this tenant, signed with the secret of this number.
fn of_tenant(tenant: &str, number: u8) -> Delivery {
    let delivery = Delivery::signed(&scheme("github"), secret(number), NOW_MS, BODY);
    delivery.with_header("X-Webhook-ID", tenant)
}

async fn verify(verifier: &Verifier, delivery: &Delivery) -> Result<Verified, VerifyErrorKind> {
    let resolved = verifier.resolve(&delivery.headers).await.map_err(|error| error.kind())?;
    delivery.verify(&resolved).map_err(|error| error.kind())
}
