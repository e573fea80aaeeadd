//! Secrets that are replaced while deliveries arrive, and secrets with a
//! limited validity.

use std::thread::{self, ScopedJoinHandle};

use countersign::secrets::SecretProblem;
use countersign::tenants::{TenantId, Tenants};
use countersign::{ConfigError, ManualClock, Secret, Secrets, Verifier, VerifyErrorKind};

use fixtures::delivery::{
    BODY, Delivery, NOW_MS, scheme, schemes, secret, secret_of, several, verifier_of,
};
use fixtures::receiving::begin;

#[test]
fn replaced_secrets_apply_to_every_clone_even_if_configured_later() {
    let scheme = scheme("github");
    let (verifier, secrets) = verifier_of(&scheme, secret(1)).with_secrets_handle().unwrap();
    let clone = verifier.clone();
    let limited = verifier.clone().with_body_limit(1000);
    let (again, same) = verifier.clone().with_secrets_handle().unwrap();
    let all = [verifier, clone, limited, again];
    let (by_old, by_new) = (signed(1), signed(2));
    for verifier in &all {
        by_old.verify(verifier).unwrap();
        assert_eq!(by_new.rejected(verifier), Some(VerifyErrorKind::SignatureMismatch));
    }
    secrets.replace(several([2, 1])).unwrap();
    for verifier in &all {
        assert_eq!(by_new.verify(verifier).unwrap().secret_index(), 0);
        assert_eq!(by_old.verify(verifier).unwrap().secret_index(), 1);
    }
    same.replace(secret(2).named("2026-11")).unwrap();
    for verifier in &all {
        assert_eq!(by_new.verify(verifier).unwrap().secret_name(), Some("2026-11"));
        assert_eq!(by_old.rejected(verifier), Some(VerifyErrorKind::SignatureMismatch));
    }
}

#[test]
fn a_clone_made_before_the_secrets_handle_keeps_its_secrets() {
    let before = verifier_of(&scheme("github"), secret(1));
    let (_, secrets) = before.clone().with_secrets_handle().unwrap();
    secrets.replace(secret(2)).unwrap();
    signed(1).verify(&before).unwrap();
}

#[test]
fn a_delivery_in_flight_keeps_its_initial_secrets() {
    let (verifier, secrets) =
        verifier_of(&scheme("github"), secret(1).named("old")).with_secrets_handle().unwrap();
    let delivery = signed(1);
    let (first, rest) = delivery.body.split_at(10);
    let mut begun = begin(&verifier, &delivery.headers).unwrap();
    begun.update(first.to_vec()).unwrap();
    secrets.replace(secret(2).named("new")).unwrap();
    begun.update(rest.to_vec()).unwrap();
    let verified = begun.verify().unwrap();
    assert_eq!((verified.body(), verified.secret_name()), (&BODY.into(), Some("old")));
    assert_eq!(delivery.rejected(&verifier), Some(VerifyErrorKind::SignatureMismatch));
}

#[test]
fn an_unusable_secret_does_not_replace_the_others() {
    let scheme = scheme("standardwebhooks");
    let verifier = verifier_of(&scheme, secret(1)).with_clock(|| NOW_MS);
    let (verifier, secrets) = verifier.with_secrets_handle().unwrap();
    let bad = Secrets::new(secret(2)).with_previous(Secret::new("not base64!").unwrap());
    let rejected = secrets.replace(bad).unwrap_err();
    assert!(matches!(
        rejected,
        ConfigError::Secret { problem: SecretProblem::NotBase64, index: Some(1), .. }
    ));
    Delivery::of(&scheme).verify(&verifier).unwrap();
    let by_new = Delivery::signed(&scheme, secret(2), NOW_MS, BODY);
    assert_eq!(by_new.rejected(&verifier), Some(VerifyErrorKind::SignatureMismatch));
}

#[test]
fn secrets_replaced_under_load_reject_no_delivery_signed_by_either() {
    let (verifier, secrets) =
        verifier_of(&scheme("github"), several([1, 2])).with_secrets_handle().unwrap();
    thread::scope(|scope| {
        let verifying = [1, 2].map(|number| {
            let verifier = verifier.clone();
            scope.spawn(move || {
                let delivery = signed(number);
                for _ in 0..2000 {
                    delivery.verify(&verifier).unwrap();
                }
            })
        });
        for order in [[2, 1], [1, 2]].into_iter().cycle() {
            secrets.replace(several(order)).unwrap();
            if verifying.iter().all(ScopedJoinHandle::is_finished) {
                break;
            }
        }
    });
}

#[test]
fn a_secret_is_accepted_from_its_first_to_its_last_millisecond() {
    // Includes one scheme whose signing is code.
    for scheme in schemes().chain([scheme("moralis")]) {
        let clock = ManualClock::at_unix_ms(NOW_MS);
        let limited = || secret_of(&scheme, 1);
        let limited = limited().valid_from_unix_ms(NOW_MS - 5).valid_until_unix_ms(NOW_MS + 5);
        let verifier = verifier_of(&scheme, limited).with_clock(clock.clone());
        let delivery = Delivery::of(&scheme);
        for (off, rejected) in [
            (-6, Some(VerifyErrorKind::Misconfigured)),
            (-5, None),
            (0, None),
            (5, None),
            (6, Some(VerifyErrorKind::Misconfigured)),
        ] {
            clock.set_unix_ms(NOW_MS + off);
            assert_eq!(delivery.rejected(&verifier), rejected, "{} at {off}", scheme.name());
        }
    }
}

#[test]
fn without_any_valid_secret_a_delivery_is_rejected_as_misconfigured_before_its_body() {
    for scheme in schemes().chain([scheme("moralis")]) {
        let delivery = Delivery::of(&scheme);
        let unsigned = delivery.clone().without_header(delivery.signature_header());
        let expired = || secret_of(&scheme, 1).valid_until_unix_ms(NOW_MS - 1);
        let early = || secret_of(&scheme, 1).valid_from_unix_ms(NOW_MS + 1);
        for secrets in [
            Secrets::new(expired()),
            Secrets::new(early()),
            Secrets::new(early()).with_previous(expired()),
        ] {
            let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
            for delivery in [&delivery, &unsigned] {
                let misconfigured = Some(VerifyErrorKind::Misconfigured);
                assert_eq!(
                    delivery.rejected_at_once(&verifier),
                    misconfigured,
                    "{}",
                    scheme.name()
                );
                assert_eq!(delivery.rejected(&verifier), misconfigured, "{}", scheme.name());
            }
        }
        // With one that is valid, the rejection is the sender's fault.
        let secrets = Secrets::new(expired()).with_previous(secret_of(&scheme, 2));
        let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
        assert_eq!(delivery.rejected(&verifier), Some(VerifyErrorKind::SignatureMismatch));
    }
    assert_eq!(VerifyErrorKind::Misconfigured.status(), 503);
}

#[tokio::test]
async fn a_tenant_without_any_valid_secret_is_misconfigured() {
    let scheme = scheme("github");
    let tenants = Tenants::new(TenantId::header("X-Tenant").unwrap(), async |tenant: String| {
        let secret = match &*tenant {
            "live" => secret(1),
            _ => secret(1).valid_until_unix_ms(NOW_MS - 1),
        };
        Ok(Some(Secrets::new(secret)))
    });
    let verifier = Verifier::for_tenants(scheme.clone(), tenants).unwrap().with_clock(|| NOW_MS);
    for (tenant, rejected) in [("live", None), ("expired", Some(VerifyErrorKind::Misconfigured))] {
        let delivery = Delivery::of(&scheme).with_header("X-Tenant", tenant);
        let verifier = verifier.resolve(&delivery.headers).await.unwrap();
        assert_eq!(delivery.rejected_at_once(&verifier), rejected, "{tenant}");
        assert_eq!(delivery.rejected(&verifier), rejected, "{tenant}");
    }
}

#[test]
fn a_secret_that_expires_while_the_body_arrives_does_not_match() {
    let clock = ManualClock::at_unix_ms(NOW_MS);
    let only = secret(1).valid_until_unix_ms(NOW_MS);
    let verifier = verifier_of(&scheme("github"), only).with_clock(clock.clone());
    let delivery = signed(1);
    let mut begun = begin(&verifier, &delivery.headers).unwrap();
    clock.set_unix_ms(NOW_MS + 1);
    begun.update(delivery.body.clone()).unwrap();
    assert_eq!(begun.verify().unwrap_err().kind(), VerifyErrorKind::SignatureMismatch);
    assert_eq!(delivery.rejected_at_once(&verifier), Some(VerifyErrorKind::Misconfigured));
}

#[test]
fn secrets_that_have_all_expired_do_not_replace_others() {
    let verifier = verifier_of(&scheme("github"), secret(1)).with_clock(|| NOW_MS);
    let (verifier, secrets) = verifier.with_secrets_handle().unwrap();
    let expired = |number| secret(number).valid_until_unix_ms(NOW_MS - 1);
    for all in [Secrets::new(expired(2)), Secrets::new(expired(2)).with_previous(expired(3))] {
        let rejected = secrets.replace(all).unwrap_err();
        assert!(
            matches!(rejected, ConfigError::Secret { problem: SecretProblem::Expired, .. }),
            "{rejected}"
        );
        signed(1).verify(&verifier).unwrap();
    }
    // Nor do those of a later time.
    let later = || {
        let later = secret(2).valid_from_unix_ms(NOW_MS + 1);
        Secrets::new(later).with_previous(expired(3))
    };
    let rejected = secrets.replace(later()).unwrap_err();
    assert!(
        matches!(rejected, ConfigError::Secret { problem: SecretProblem::NotValidNow, .. }),
        "{rejected}"
    );
    signed(1).verify(&verifier).unwrap();
    // Unless that is requested.
    secrets.replace_even_if_none_is_valid(later()).unwrap();
    assert_eq!(signed(1).rejected(&verifier), Some(VerifyErrorKind::Misconfigured));
    secrets.replace(Secrets::new(expired(3)).with_previous(secret(2))).unwrap();
    assert_eq!(signed(2).verify(&verifier).unwrap().secret_index(), 1);
}

#[test]
fn a_planned_rotation_happens_by_the_clock_alone() {
    let clock = ManualClock::at_unix_ms(NOW_MS);
    let secrets = Secrets::new(secret(2).named("new").valid_from_unix_ms(NOW_MS + 10))
        .with_previous(secret(1).named("old").valid_until_unix_ms(NOW_MS + 20));
    let verifier = verifier_of(&scheme("github"), secrets).with_clock(clock.clone());
    let by = |number| signed(number).verify(&verifier).ok()?.secret_name().map(str::to_owned);
    for (at, new, old) in [
        (0, None, Some("old")),
        (10, Some("new"), Some("old")),
        (20, Some("new"), Some("old")),
        (21, Some("new"), None),
    ] {
        clock.set_unix_ms(NOW_MS + at);
        assert_eq!((by(2).as_deref(), by(1).as_deref()), (new, old), "at {at}");
    }
}

#[test]
fn a_body_in_pieces_verifies_with_a_second_secret_if_the_first_is_not_valid_yet() {
    for scheme in schemes() {
        let secrets = Secrets::new(secret_of(&scheme, 2).valid_from_unix_ms(NOW_MS + 1))
            .with_previous(secret_of(&scheme, 1));
        let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
        let delivery = Delivery::of(&scheme);
        let mut begun = begin(&verifier, &delivery.headers).unwrap();
        for piece in delivery.body.chunks(7) {
            begun.update(piece.to_vec()).unwrap();
        }
        assert_eq!(begun.verify().unwrap().secret_index(), 1, "{}", scheme.name());
    }
}

#[test]
fn a_secret_that_would_never_be_accepted_is_rejected() {
    let never = secret(2).valid_from_unix_ms(NOW_MS + 1).valid_until_unix_ms(NOW_MS);
    let secrets = Secrets::new(secret(1)).with_previous(never);
    let rejected = Verifier::new(scheme("github"), secrets).unwrap_err();
    assert!(matches!(
        rejected,
        ConfigError::Secret { problem: SecretProblem::NeverValid, index: Some(1), .. }
    ));
    let once = secret(1).valid_from_unix_ms(NOW_MS).valid_until_unix_ms(NOW_MS);
    signed(1).verify(&verifier_of(&scheme("github"), once).with_clock(|| NOW_MS)).unwrap();
}

fn signed(number: u8) -> Delivery {
    Delivery::signed(&scheme("github"), secret(number), NOW_MS, BODY)
}
