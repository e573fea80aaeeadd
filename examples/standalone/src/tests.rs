use countersign::{Signer, Verifier};

use super::*;

const SECRET: &str = "whsec_example";

fn delivery(verifier: &Verifier) -> Request {
    let body = br#"{"id":"evt_1","type":"invoice.paid"}"#.to_vec();
    let signer = Signer::new(verifier.scheme().clone(), Secret::new(SECRET).unwrap()).unwrap();
    let headers = signer.sign_with(&[("Content-Type", "application/json")], &body).unwrap();
    Request { headers, body }
}

#[test]
fn a_genuine_delivery_is_handled() {
    let verifier = verifier(SECRET).unwrap();
    let request = delivery(&verifier);
    assert_eq!(handle(&verifier, request), 200);
}

#[test]
fn an_altered_unsigned_or_doubly_signed_delivery_is_rejected() {
    let verifier = verifier(SECRET).unwrap();
    let genuine = delivery(&verifier);

    let mut altered = genuine.clone();
    altered.body.push(b' ');
    assert_eq!(handle(&verifier, altered), 401);

    let unsigned = Request { headers: Vec::new(), ..genuine.clone() };
    assert_eq!(handle(&verifier, unsigned), 401);

    let mut twice = genuine;
    twice.headers.extend(twice.headers.clone());
    assert_eq!(handle(&verifier, twice), 400);
}

#[test]
fn without_a_secret_there_is_no_verifier() {
    assert!(verifier("").is_err());
}
