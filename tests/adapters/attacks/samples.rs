//! The providers' own sample receivers, reimplemented in Rust. They fail the attacks that
//! `docs/ATTACKS.md` lists. `docs/attacks/run` attacks the original samples under Node and Python.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use countersign::testing::{AttackBody, AttackKind, AttackRequest, AttackResult, Attacks};
use countersign::{Secret, Signer, schemes};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

/// In the order of the page's columns.
const SAMPLES: [Sample; 7] = [
    Sample::new("jupiter", "x-jup-signature", Framework::ExpressJson, Comparison::Equals),
    Sample::new("perps-tracker", SIGNATURE, Framework::ExpressJson, Comparison::TimingSafeEqual),
    Sample::new("perps-tracker", SIGNATURE, Framework::ExpressJson, Comparison::Equals),
    Sample {
        tells_repeats_by: Some("x-delivery-id"),
        ..Sample::new("perps-tracker", SIGNATURE, Framework::ExpressJson, Comparison::Equals)
    },
    Sample::new("perps-tracker", SIGNATURE, Framework::Flask, Comparison::CompareDigest),
    Sample::new(
        "x-webhook-signature",
        SIGNATURE,
        Framework::ExpressRaw,
        Comparison::TimingSafeEqual,
    ),
    Sample::new("x-webhook-signature", SIGNATURE, Framework::Flask, Comparison::CompareDigest),
];

#[tokio::test(start_paused = true)]
async fn the_samples_fail_the_attacks_that_the_page_lists() {
    let mut reported: Vec<Vec<&str>> =
        AttackKind::ALL.iter().map(|kind| vec![kind.name()]).collect();
    for sample in &SAMPLES {
        let marks = marks(sample).await;
        for (row, kind) in reported.iter_mut().zip(AttackKind::ALL) {
            row.push(marks.iter().find(|mark| mark.kind() == *kind).map_or("", word));
        }
    }
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches(['`', '*'])));
    let rows = rows.map(Iterator::collect::<Vec<_>>);
    let page: Vec<Vec<&str>> = rows.filter(|row| row.len() == 1 + SAMPLES.len()).collect();
    assert_eq!(page, reported);
}

/// The result as the page shows it.
fn word(mark: &AttackResult) -> &'static str {
    let is_answered =
        mark.expected().iter().zip(mark.answers()).all(|(expected, got)| expected.admits(*got));
    match (is_answered, mark.runs()) {
        (false, _) => "LOST",
        (true, Some(2)) if mark.expected_runs() == Some(1) => "twice",
        (true, _) => {
            assert!(mark.is_sound(), "{mark}");
            "ok"
        }
    }
}

async fn marks(sample: &Sample) -> Vec<AttackResult> {
    let running = Running::default();
    let scheme = schemes::named(sample.scheme).unwrap();
    let delivery = HeaderName::from_static("x-delivery-id");
    let attacks = Attacks::new(scheme, SECRET).unwrap();
    let attacks = attacks.with_header(delivery, HeaderValue::from_static("delivery-1"));
    let deliver =
        async |attack: &AttackRequest| match sample.receive(&running, attack.to_http()).await {
            Ok(status) | Err(status) => status.into(),
        };
    let handled = || running.handled.load(Ordering::SeqCst);
    attacks.prepare().unwrap().run_counted(deliver, handled).await.results().to_vec()
}

struct Sample {
    scheme: &'static str,
    signature: &'static str,
    framework: Framework,
    comparison: Comparison,
    tells_repeats_by: Option<&'static str>,
}

#[derive(PartialEq)]
enum Framework {
    /// Verifies `JSON.stringify(req.body)`.
    ExpressJson,
    /// Verifies `req.body.toString()`.
    ExpressRaw,
    /// Verifies `request.get_data(as_text=True)`.
    Flask,
}

enum Comparison {
    /// `===`
    Equals,
    /// `crypto.timingSafeEqual`, with two buffers.
    TimingSafeEqual,
    /// `hmac.compare_digest`, with two strings.
    CompareDigest,
}

#[derive(Default)]
struct Running {
    seen: Mutex<HashSet<Option<String>>>,
    handled: AtomicUsize,
}

impl Sample {
    const fn new(
        scheme: &'static str,
        signature: &'static str,
        framework: Framework,
        comparison: Comparison,
    ) -> Self {
        Self { scheme, signature, framework, comparison, tells_repeats_by: None }
    }

    async fn receive(&self, running: &Running, request: Request<AttackBody>) -> Result<u16, u16> {
        let (head, body) = request.into_parts();
        let header = |name: &str| {
            let values: Vec<&[u8]> =
                head.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
            (!values.is_empty()).then(|| values.join(&b", "[..]))
        };
        let body = match self.framework {
            Framework::Flask => body.collect().await.map_err(|_| BAD_REQUEST)?.to_bytes(),
            Framework::ExpressJson | Framework::ExpressRaw => {
                // Express does not read a body of another type, and then there is no body to hash.
                header(CONTENT_TYPE.as_str()).ok_or(CRASHED)?;
                let body = Limited::new(body, EXPRESS_LIMIT).collect().await;
                let is_long = |error: Box<dyn std::error::Error + Send + Sync>| {
                    error.is::<http_body_util::LengthLimitError>()
                };
                body.map_err(|error| if is_long(error) { 413 } else { BAD_REQUEST })?.to_bytes()
            }
        };
        let event = serde_json::from_slice::<Value>(&body);
        let verified = match self.framework {
            Framework::ExpressJson => event.map_err(|_| BAD_REQUEST)?.to_string().into(),
            Framework::ExpressRaw | Framework::Flask => body,
        };
        if !self.comparison.are_equal(header(self.signature), &self.genuine(&verified))? {
            return Err(401);
        }
        if let Some(id) = self.tells_repeats_by {
            let id = header(id).map(|id| String::from_utf8(id).unwrap());
            if !running.seen.lock().unwrap().insert(id) {
                return Ok(200);
            }
        }
        running.handled.fetch_add(1, Ordering::SeqCst);
        Ok(200)
    }

    fn genuine(&self, body: &Bytes) -> Vec<u8> {
        let scheme = schemes::named(self.scheme).unwrap();
        let signer = Signer::new(scheme, Secret::new(SECRET).unwrap()).unwrap();
        let headers = signer.sign(body).unwrap();
        headers[0].1.clone().into_bytes()
    }
}

impl Comparison {
    fn are_equal(&self, given: Option<Vec<u8>>, genuine: &[u8]) -> Result<bool, u16> {
        match self {
            Self::Equals => Ok(given.is_some_and(|given| given == genuine)),
            Self::TimingSafeEqual => {
                let given = given.ok_or(CRASHED)?;
                // `Buffer.from` encodes a character beyond ASCII in two bytes.
                let length = given.iter().map(|byte| if byte.is_ascii() { 1 } else { 2 });
                match length.sum::<usize>() == genuine.len() {
                    true => Ok(given == genuine),
                    false => Err(CRASHED),
                }
            }
            Self::CompareDigest => {
                let given = given.filter(|given| given.is_ascii()).ok_or(CRASHED)?;
                Ok(given == genuine)
            }
        }
    }
}

const PAGE: &str = include_str!("../../../docs/ATTACKS.md");
const SECRET: &str = "whsec_of_a_demonstration";
const SIGNATURE: &str = "x-webhook-signature";
/// The default of `express.json` and `express.raw`: 100kb.
const EXPRESS_LIMIT: usize = 100 * 1024;
const BAD_REQUEST: u16 = 400;
/// An exception that is not caught.
const CRASHED: u16 = 500;
