use countersign::{Signer, VerifyError};

use super::*;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Verifies a delivery that is signed with `secret`.
fn deliver(verifier: &Verifier, secret: &str) -> Result<Verified, VerifyError> {
    let signer = Signer::new(verifier.scheme().clone(), Secret::new(secret).unwrap()).unwrap();
    let headers = signer.sign_with(&[("Content-Type", "application/json")], b"{}").unwrap();
    verifier.verify(&headers, "{}")
}

#[test]
fn either_secret_is_accepted_and_the_result_names_it() {
    let verifier = verifier("whsec_new", "whsec_old").unwrap();
    let by_new = deliver(&verifier, "whsec_new").unwrap();
    assert_eq!((by_new.secret_index(), by_new.secret_name()), (0, Some(NEW)));
    let by_old = deliver(&verifier, "whsec_old").unwrap();
    assert_eq!((by_old.secret_index(), by_old.secret_name()), (1, Some(OLD)));
}

#[test]
fn any_other_secret_is_rejected() {
    let verifier = verifier("whsec_new", "whsec_old").unwrap();
    assert_eq!(deliver(&verifier, "whsec_guessed").unwrap_err().status(), 401);
}

#[test]
fn the_old_secret_can_be_removed_one_retention_after_its_last_use() {
    let verifier = verifier("whsec_new", "whsec_old").unwrap();
    let scheme = verifier.scheme();
    let by_old = deliver(&verifier, "whsec_old").unwrap();
    let by_new = deliver(&verifier, "whsec_new").unwrap();

    let mut rotation = Rotation::begun_at_unix_ms(0);
    rotation.note(&by_old, HOUR_MS);
    rotation.note(&by_new, 2 * HOUR_MS);
    // Events of this scheme are remembered for a day.
    assert!(!rotation.old_may_go(scheme, 25 * HOUR_MS - 1));
    assert!(rotation.old_may_go(scheme, 25 * HOUR_MS));
}

#[test]
fn the_old_secret_is_kept_until_the_new_one_is_used() {
    let verifier = verifier("whsec_new", "whsec_old").unwrap();
    let rotation = Rotation::begun_at_unix_ms(0);
    assert!(!rotation.old_may_go(verifier.scheme(), 1000 * HOUR_MS));
}
