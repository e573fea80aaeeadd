//! A canary test: no text that core produces contains a secret, a body, a signature, or any other
//! text of a request.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, SchemeBuilder, SecretFormat};
use countersign::{
    ConfigError, MemoryStore, PublicUrl, RequestHead, Scheme, Secret, Secrets, Signer, Verifier,
    VerifyError, VerifyErrorKind as Kind,
};
use metrics::set_default_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::harness::Handler;
use crate::harness::axum::webhook_layer;
use crate::telemetry::logged::Logged;
use crate::whole_path::events::receiver_with;
use fixtures::delivery::{self, Delivery, NOW_MS, schemes, verifier_of};
use fixtures::receiving::begin;

#[test]
fn debug_output_along_the_path_of_a_delivery_shows_nothing_of_it() {
    for scheme in schemes() {
        let mut canary = Canary::default();
        let secret = || secret_of(&scheme);
        canary.debug(&secret());
        let secrets = Secrets::new(secret().named("current")).with_previous(secret());
        canary.debug(&secrets);
        canary.debug(&Signer::new(scheme.clone(), secret()).unwrap().with_id(TEXT));

        let delivery = signed(&scheme).with_header("Authorization", TEXT);
        canary.debug(&RequestHead::new("POST", TEXT, &delivery.headers));
        canary.debug(&RequestHead::from(&delivery.headers));
        let verifier = verifier_of(&scheme, secrets).with_clock(|| NOW_MS);
        canary.debug(&verifier);
        canary.debug(verifier.scheme());
        let mut begun = begin(&verifier, &delivery.headers).unwrap();
        canary.debug(&begun);
        begun.update(body()).unwrap();
        canary.debug(&begun);
        let verified = begun.verify().unwrap();
        canary.debug(&verified);
        let _ = (verified.event_id(), verified.event_type());
        canary.debug(&verified);
        canary.debug(verified.event_id_from());
        canary.has_shown_nothing_of(&delivery);
    }
}

#[test]
fn every_kind_of_rejection_shows_nothing_of_the_request() {
    let mut reached = BTreeSet::new();
    for scheme in schemes() {
        let mut canary = Canary::default();
        let verifier = |now_unix_ms| {
            let verifier = verifier_of(&scheme, secret_of(&scheme));
            verifier.with_clock(move || now_unix_ms).with_body_limit(body().len())
        };
        let good = signed(&scheme);
        let mut rejected = altered(&scheme)
            .iter()
            .filter_map(|delivery| delivery.verify(&verifier(NOW_MS)).err())
            .collect::<Vec<_>>();
        rejected.extend([0, 2 * NOW_MS].map(verifier).iter().filter_map(|v| good.verify(v).err()));
        for error in rejected {
            reached.insert(error.code());
            canary.error(&error);
            canary.debug(&error.kind());
        }
        canary.has_shown_nothing_of(&good);
    }

    let mut canary = Canary::default();
    let headers = [("X-Signature", "0".repeat(64)), ("X-Other", TEXT.to_owned())];
    for (template, url) in [("{header:X-Nonce:36}{body}", None), ("{url}{body}", Some(origin()))] {
        let scheme = over_body().signed_payload(template).build().unwrap();
        let verifier = match url {
            Some(url) => Verifier::with_public_url(url, scheme, secret()),
            None => Verifier::new(scheme, secret()),
        };
        let error = begin(&verifier.unwrap(), &headers).unwrap_err();
        reached.insert(error.code());
        canary.error(&error);
    }
    for kind in [Kind::BodyTimeout, Kind::BodyIncomplete] {
        let of_an_adapter = VerifyError::from(kind);
        reached.insert(of_an_adapter.code());
        canary.error(&of_an_adapter);
    }
    canary.has_shown(&[]);
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), ALL_CODES);
}

#[tokio::test]
async fn logs_and_metrics_of_deliveries_show_nothing_of_them() {
    for (scheme, is_private) in
        schemes().flat_map(|scheme| [(scheme.clone(), false), (scheme, true)])
    {
        let (log, recorder) = (Logged::default(), PrometheusBuilder::new().build_recorder());
        let (_log, _recorder) = (log.here(), set_default_local_recorder(&recorder));
        let verifier = verifier_of(&scheme, secret_of(&scheme)).with_clock(|| NOW_MS);
        let verifier = if is_private { verifier.with_private_event_ids() } else { verifier };
        let adapter =
            webhook_layer(&receiver_with(verifier, MemoryStore::new()), &Handler::answering(()));
        let good = signed(&scheme);
        for delivery in [good.clone(), good.clone()].iter().chain(&altered(&scheme)) {
            adapter.deliver(delivery).await;
        }
        let (log, scrape) = (log.text(), recorder.handle().render());
        // The id of an event that is not private is in one field, and nowhere else.
        let log = if is_private { log } else { without_event_ids(&log) };
        assert!(log.contains("code=\"handled\"") && log.contains("rejected"), "{log}");
        assert!(scrape.contains("countersign_claims_total"), "{scrape}");
        Canary(vec![log, scrape]).has_shown_nothing_of(&good);
    }
}

fn without_event_ids(log: &str) -> String {
    let mut parts = log.split(" event=\"");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').unwrap().1)
}

/// The same delivery with every fault that a scheme distinguishes.
fn altered(scheme: &Scheme) -> Vec<Delivery> {
    let good = signed(scheme);
    let secret = || secret_of(scheme);
    let with_body = |body: &str| Delivery::signed(scheme, secret(), NOW_MS, body);
    let seventeen = (1..17).fold(Secrets::new(secret()), |all, _| all.with_previous(secret()));
    let mut all = vec![
        Delivery { body: TEXT.into(), ..good.clone() },
        with_body(&body().replace("1760000000", TEXT).replace("2025", TEXT)),
        with_body(&body().replace("created", "made").replace("webhookTimestamp", "made")),
        with_body(&body().replace(EVENT, &EVENT.repeat(30))),
        Delivery::signed(scheme, seventeen, NOW_MS, body()),
        good.clone().with_header("Content-Encoding", TEXT),
    ];
    for (name, value) in &good.headers {
        all.push(good.clone().without_header(name));
        let mut repeated = good.clone();
        repeated.headers.push((name.clone(), TEXT.into()));
        all.push(repeated);
        let value = String::from_utf8(value.clone()).unwrap();
        let swapped = |from, to: &str| value.replace(from, to);
        for other in [
            TEXT.to_owned(),
            format!("{TEXT}."),
            format!("v7={TEXT},v7,{TEXT}"),
            swapped("1760000000", TEXT),
            swapped("v1", "v7"),
            swapped("t=", "x="),
        ] {
            all.push(good.clone().with_header(name, other));
        }
    }
    all
}

/// Every code of `VerifyErrorKind`, in alphabetical order.
const ALL_CODES: [&str; 18] = [
    "body_incomplete",
    "body_timeout",
    "body_too_large",
    "malformed_id",
    "malformed_signature",
    "malformed_timestamp",
    "misconfigured",
    "missing_header",
    "missing_id",
    "missing_signature",
    "missing_timestamp",
    "repeated_header",
    "signature_mismatch",
    "timestamp_in_future",
    "timestamp_too_old",
    "too_many_signatures",
    "unsupported_encoding",
    "unsupported_signature",
];

#[test]
fn a_secret_that_is_rejected_is_not_shown() {
    let mut canary = Canary::default();
    for text in [SECRET, &const_hex::encode(KEY), &STANDARD.encode(KEY)] {
        let spoilt = format!("{text}!");
        canary.result(Secret::from_hex(spoilt.as_str()));
        canary.result(Secret::from_base64(spoilt.as_str()));
        canary.result(Secret::from_whsec(spoilt.as_str()));
        for (_, format) in SecretFormat::ALL {
            for text in [text, &spoilt] {
                let scheme = over_body().secret_format(*format).key_length(7).build().unwrap();
                let secrets = Secrets::new(secret()).with_previous(Secret::new(text).unwrap());
                canary.result(Verifier::new(scheme.clone(), secrets));
                canary.result(Signer::new(scheme, Secret::new(text).unwrap()));
                let scheme = over_body().algorithm(Algorithm::Ed25519).secret_format(*format);
                let scheme = scheme.build().unwrap();
                canary.result(Verifier::new(scheme.clone(), Secret::new(text).unwrap()));
                canary.result(Signer::new(scheme, Secret::new(text).unwrap()));
            }
        }
    }
    canary.has_shown(&[]);
}

#[test]
fn errors_at_startup_do_not_show_the_secret() {
    let mut canary = Canary::default();
    canary.result(PublicUrl::new(format!("ftp://{TEXT}")));
    canary.result(PublicUrl::origin(format!("https://receiver.example/{TEXT}")));
    canary.result(Verifier::new(
        over_body().signed_payload("{url}{body}").build().unwrap(),
        secret(),
    ));
    let standard = Signer::new(delivery::scheme("standardwebhooks"), secret()).unwrap();
    canary.result(standard.sign(TEXT.as_bytes()));
    let late = Signer::new(delivery::scheme("stripe"), secret()).unwrap().at_unix_ms(-1);
    canary.result(late.sign(TEXT.as_bytes()));
    let header = over_body().signed_payload("{header:X-Nonce}.{body}").build().unwrap();
    let head = [("X-Other", TEXT)];
    canary.result(Signer::new(header, secret()).unwrap().sign_with(&head, TEXT.as_bytes()));
    canary.has_shown(&[]);
}

#[test]
fn a_secret_pasted_into_a_scheme_file_is_not_shown() {
    let scheme =
        "name = \"acme\"\nsignature_header = \"X-Signature\"\nsigned_payload = \"{body}\"\n";
    for line in [
        format!("secret = \"{SECRET}\""),
        format!("secrets = [\"{SECRET}\"]"),
        format!("secret = {SECRET}"),
    ] {
        let mut canary = Canary::default();
        canary.result(Scheme::from_toml(&format!("{scheme}{line}\n")));
        canary.has_shown(&[]);
    }
}

#[test]
fn the_canary_is_detected() {
    for text in [SECRET, "f", TEXT, EVENT, &const_hex::encode_upper(KEY), &format!("{KEY:?}")] {
        let mut canary = Canary::default();
        canary.debug(&Some(text));
        let noticed = std::panic::catch_unwind(|| canary.has_shown(&["f".to_owned()]));
        assert!(noticed.is_err(), "{text}");
    }
}

/// Collects texts, and searches them for the canaries.
#[derive(Default)]
struct Canary(Vec<String>);

impl Canary {
    fn debug(&mut self, value: &impl Debug) {
        self.0.extend([format!("{value:?}"), format!("{value:#?}")]);
    }

    fn error(&mut self, error: &(impl Error + 'static)) {
        self.debug(error);
        let mut next: Option<&dyn Error> = Some(error);
        while let Some(error) = next {
            self.0.push(error.to_string());
            next = error.source();
        }
    }

    /// Adds the `Debug` output of the value, or the texts of the error.
    fn result(&mut self, result: Result<impl Debug, ConfigError>) {
        match result {
            Ok(value) => self.debug(&value),
            Err(error) => self.error(&error),
        }
    }

    fn has_shown_nothing_of(&self, delivery: &Delivery) {
        let tags = delivery.headers[0].1.split(|byte| b"=, ;".contains(byte));
        let long = tags.filter(|tag| tag.len() > 20);
        self.has_shown(
            &long.map(|tag| String::from_utf8_lossy(tag).into_owned()).collect::<Vec<_>>(),
        );
    }

    /// Fails if a text contains the secret, a piece of a body or a header, or one of these texts.
    fn has_shown(&self, others: &[String]) {
        let bytes = format!("{KEY:?}");
        let needles = [
            SECRET.to_owned(),
            SECRET.trim_start_matches("whsec_").to_owned(),
            STANDARD.encode(SECRET),
            const_hex::encode(SECRET),
            const_hex::encode(KEY),
            String::from_utf8_lossy(KEY).into_owned(),
            // `Debug` of bytes, on one line and on many.
            bytes[1..30].to_owned(),
            bytes[1..30].replace(' ', "\n    "),
            TEXT.to_owned(),
            const_hex::encode(TEXT),
            EVENT.to_owned(),
        ];
        assert!(!self.0.is_empty());
        for text in &self.0 {
            let lower = text.to_lowercase();
            for needle in needles.iter().chain(others) {
                assert!(!lower.contains(&needle.to_lowercase()), "{needle:?} is shown: {text}");
            }
        }
    }
}

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// The secret, in the format in which this scheme's provider shows it.
fn secret_of(scheme: &Scheme) -> Secret {
    match scheme.secret_format() {
        SecretFormat::Hex => Secret::new(const_hex::encode(KEY)).unwrap(),
        _ => secret(),
    }
}

fn signed(scheme: &Scheme) -> Delivery {
    Delivery::signed(scheme, secret_of(scheme), NOW_MS, body())
}

/// A body with the canary in its id, its type and elsewhere.
fn body() -> String {
    delivery::BODY.replace("thing.made", TEXT).replace("evt_", EVENT)
}

fn over_body() -> SchemeBuilder {
    Scheme::builder("custom").signature_header("X-Signature").signed_payload("{body}")
}

fn origin() -> PublicUrl {
    PublicUrl::origin("https://receiver.example").unwrap()
}

const KEY: &[u8; 32] = b"canary-key-canary-key-canary-key";
/// The key in the provider's format.
const SECRET: &str = "whsec_Y2FuYXJ5LWtleS1jYW5hcnkta2V5LWNhbmFyeS1rZXk=";
/// Only the request itself may contain this text.
const TEXT: &str = "canary-text-of-a-request";
/// The prefix of the ids in a body. No provider's ids begin with it, so no text of a scheme
/// contains it.
const EVENT: &str = "canary-event-";
