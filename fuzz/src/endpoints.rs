//! The receivers of the test vectors, and all deliveries that were signed for them.

use std::sync::LazyLock;

use bytes::Bytes;
use countersign::custom::SignatureCoverage;
use countersign::scheme::Algorithm;
use countersign::{Scheme, Secret, Secrets, Tolerance, Verified, Verifier, schemes};
use countersign_conformance::{Expect, Vector, vectors};
use serde_json::Value;

use super::input::Input;
use super::parties::{NOW_MS, PARTIES, Party, URL};
use super::request::Request;
use super::sign_then_verify::BODY;

/// One endpoint for each vector that verifies, and one for each built-in scheme without such a
/// vector.
pub static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let valid = vectors().iter().filter(|vector| vector.expect == Expect::Valid);
    let has_vector = |party: &&Party| valid.clone().any(|it| it.provider == party.scheme.name());
    let others = PARTIES.iter().filter(|party| !has_vector(party)).map(Endpoint::of_party);
    let endpoints: Vec<Endpoint> = valid.clone().map(Endpoint::of_vector).chain(others).collect();
    assert!(endpoints.len() <= 256, "one byte of an input chooses an endpoint");
    endpoints
});

pub struct Endpoint {
    pub name: String,
    pub verifier: Verifier,
    /// The public URL, if the scheme signs it.
    pub url: Option<String>,
    /// The secrets, as a user would paste them.
    pub secret_texts: Vec<String>,
    pub now_unix_ms: i64,
    /// A request that verifies.
    pub genuine: Request,
    vector: Option<&'static Vector>,
    /// The contents of every delivery that was signed with this secret, at any time.
    proofs: Vec<Proof>,
}

impl Endpoint {
    fn of_vector(vector: &'static Vector) -> Self {
        let scheme = schemes::named(&vector.provider).expect("the vector is of a built-in");
        let endpoint = Self {
            name: vector.to_string(),
            verifier: vector.verifier(&scheme).expect("the vector verifies"),
            url: vector.url.clone(),
            secret_texts: vector.secret_texts(),
            now_unix_ms: vector.now_unix_ms,
            genuine: Request::of(vector),
            vector: Some(vector),
            proofs: Vec::new(),
        };
        let deliveries = vectors().iter().filter(|other| is_for(other, vector));
        endpoint.knowing(deliveries.map(Request::of))
    }

    fn of_party(party: &Party) -> Self {
        let genuine = party.delivery(BODY).expect("every scheme signs this");
        let secret = party.keys.receivers();
        let endpoint = Self {
            name: party.scheme.name().to_owned(),
            verifier: party.verifier.clone().with_clock(|| NOW_MS),
            url: party.scheme.signs_url().then(|| URL.to_owned()),
            secret_texts: vec![String::from_utf8_lossy(secret.dangerous_reveal()).into_owned()],
            now_unix_ms: NOW_MS,
            genuine: genuine.clone(),
            vector: None,
            proofs: Vec::new(),
        };
        endpoint.knowing([genuine].into_iter())
    }

    fn knowing(mut self, deliveries: impl Iterator<Item = Request>) -> Self {
        let token = Secret::new("token").expect("it is not empty");
        self.verifier = self.verifier.with_verify_token(&token);
        let at_any_time = self.verifier.clone().with_tolerance(
            Tolerance::symmetric(std::time::Duration::ZERO)
                .dangerous_without_past_limit()
                .dangerous_without_future_limit(),
        );
        let proofs = deliveries.filter_map(|request| {
            let verified = at_any_time.verify(request.head(), request.body.clone()).ok()?;
            Some(Proof::of(&request, &verified))
        });
        self.proofs = proofs.collect();
        let Self { verifier, genuine, .. } = &self;
        let verdict = verifier.verify(genuine.head(), genuine.body.clone());
        assert!(verdict.is_ok(), "{}: {verdict:?}", self.name);
        self
    }

    pub fn scheme(&self) -> &Scheme {
        self.verifier.scheme()
    }

    pub fn secrets(&self) -> Secrets {
        let secrets = self.secret_texts.iter().map(|text| Secret::new(text.as_str()));
        let mut secrets = secrets.map(|secret| secret.expect("it is not empty"));
        let current = Secrets::new(secrets.next().expect("every endpoint has one"));
        secrets.fold(current, Secrets::with_previous)
    }

    /// Whether it has the key of [`PARTIES`], and not the key of a vector.
    pub fn is_of_party(&self) -> bool {
        self.vector.is_none()
    }

    /// Reads an input: the first byte chooses the endpoint, and the rest is a request.
    pub fn read(mut input: Input<'_>) -> (&'static Self, Request) {
        let endpoint = input.one_of(&ENDPOINTS);
        (endpoint, Request::read(input))
    }

    /// A genuine request for each endpoint, after the number of the endpoint; and every forged
    /// request of the vectors, after the number of an endpoint with its secret.
    pub fn inputs() -> Vec<Vec<u8>> {
        let genuine =
            (0_u8..).zip(ENDPOINTS.iter()).map(|(number, it)| (number, it.genuine.clone()));
        let forged = vectors().iter().filter(|vector| vector.expect != Expect::Valid);
        let forged = forged.filter_map(|vector| {
            let known = |it: &Self| it.vector.is_some_and(|other| is_for(vector, other));
            Some((ENDPOINTS.iter().position(known)? as u8, Request::of(vector)))
        });
        let written = |(number, request): (u8, Request)| [&[number], &*request.written()].concat();
        genuine.chain(forged).map(written).collect()
    }

    /// Whether a delivery with the same contents was signed.
    pub fn has_signed(&self, request: &Request, verified: &Verified) -> bool {
        if self.scheme().algorithm() == Algorithm::Token {
            // A token only shows that the sender knows it.
            return self.shows_token(request);
        }
        let proof = Proof::of(request, verified);
        self.proofs.iter().any(|signed| signed.is_same(&proof, self.scheme()))
    }

    fn shows_token(&self, request: &Request) -> bool {
        let shown = |request: &Request| {
            let named = |(name, _): &&(String, Vec<u8>)| {
                self.scheme().headers().any(|header| header.eq_ignore_ascii_case(name))
            };
            let value = request.headers.iter().find(named).map(|(_, value)| value.clone());
            let in_body = || {
                serde_json::from_slice::<Value>(&request.body).ok()?.pointer("/passcode").cloned()
            };
            (value, if self.scheme().headers().next().is_none() { in_body() } else { None })
        };
        shown(&self.genuine) == shown(request)
    }
}

/// Whether two vectors have the same provider, secret and URL.
fn is_for(one: &Vector, other: &Vector) -> bool {
    one.provider == other.provider && one.secret == other.secret && one.url == other.url
}

/// The verified contents of a delivery.
struct Proof {
    body: Bytes,
    id: String,
    kind: Option<String>,
    signed_at_ms: Option<i64>,
    method: String,
    headers: Vec<Vec<u8>>,
}

impl Proof {
    fn of(request: &Request, verified: &Verified) -> Self {
        let scheme = verified.scheme();
        let kind = verified.event_type().filter(|kind| kind.is_signed());
        let signs_method = scheme.is_data() && scheme.signed().contains("{method}");
        Self {
            body: verified.body().clone(),
            id: verified.event_id().to_owned(),
            kind: kind.map(|kind| kind.name.to_owned()),
            signed_at_ms: verified.signed_at_unix_ms(),
            method: if signs_method { request.method.clone() } else { String::new() },
            headers: request.signed_headers(scheme),
        }
    }

    fn is_same(&self, other: &Self, scheme: &Scheme) -> bool {
        let head = |proof: &Self| {
            let Self { id, kind, signed_at_ms, method, headers, .. } = proof;
            (id.clone(), kind.clone(), *signed_at_ms, method.clone(), headers.clone())
        };
        is_same_body(scheme, &self.body, &other.body) && head(self) == head(other)
    }
}

/// Whether two bodies have the same contents in the parts that the scheme signs.
pub fn is_same_body(scheme: &Scheme, one: &[u8], other: &[u8]) -> bool {
    let parsed = |body| serde_json::from_slice::<Value>(body).ok();
    match scheme.covers() {
        // The decoded contents of the form are signed, in any escaping, and the id is their digest.
        SignatureCoverage::Body if FORMS.contains(&scheme.name()) => true,
        SignatureCoverage::Body => one == other,
        SignatureCoverage::Fields(fields) => {
            let (one, other) = (parsed(one), parsed(other));
            let at = |body: &Option<Value>, field: &String| body.as_ref()?.pointer(field).cloned();
            fields.iter().all(|field| at(&one, field) == at(&other, field))
        }
        _ => true,
    }
}

const FORMS: [&str; 3] = ["mandrill", "twilio", "twilio-sharedkey"];
