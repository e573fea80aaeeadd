//! A canary test: during the whole suite, for every adapter, no log at any
//! level, no metric and no response contains a secret, a body or a signature.

use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{Secret, Signer, Verifier};
use countersign_conformance::{
    AdapterLevel, AdapterUnderTest, HttpEndpoint, RunningServer, Transcript,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::adapters::LayerOnHyper;
use super::{case, reports_of_all_adapters};
use crate::telemetry::logged::{ELSEWHERE, Logged};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logs_and_metrics_of_the_whole_suite_show_nothing_of_the_requests() {
    let recorded = &*RECORDED;
    let transcripts = reports_of_all_adapters().await.map(|report| report.transcript);

    let log = recorded.log.text();
    for code in transcripts.iter().flat_map(Transcript::codes) {
        assert!(log.contains(&format!("code=\"{code}\"")), "{code} was not logged");
    }
    let scrape = recorded.scrape.render();
    assert!(scrape.contains("countersign_rejected_total{"), "{scrape}");
    for text in [&log, &scrape] {
        assert_eq!(leak_in(text), None);
    }
    for transcript in &transcripts {
        assert_eq!(secret_in(&format!("{transcript:?}")), None);
    }
}

#[test]
fn a_leak_in_any_encoding_is_detected() {
    let tag = [0xA7; 32];
    let [secret, ..] = SECRETS;
    let body = r#"{"id":"1"}"#;
    for leak in [
        secret.to_owned(),
        const_hex::encode(secret),
        const_hex::encode_upper(secret),
        STANDARD.encode(secret),
        format!("{:?}", secret.as_bytes()),
        body.to_owned(),
        const_hex::encode(body),
        STANDARD.encode(body),
        format!("{:?}", body.as_bytes()),
        const_hex::encode(tag),
        const_hex::encode_upper(tag),
        STANDARD.encode(tag),
    ] {
        let log = Logged::default();
        {
            let _here = log.here();
            tracing::debug!(target: "countersign", by_value = leak, "planted");
        }
        assert!(leak_in(&log.text()).is_some(), "{}", log.text());

        let recorder = PrometheusBuilder::new().build_recorder();
        let scrape = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("countersign_planted_total", "code" => leak).increment(1);
        });
        assert!(leak_in(&scrape.render()).is_some(), "{}", scrape.render());
    }
    let innocent = r#"DEBUG countersign.delivery{event="0a1b2c3d"}: countersign: handled ms=12"#;
    assert_eq!(leak_in(innocent), None);
}

#[tokio::test]
async fn the_canary_knows_the_secrets_of_the_suite() {
    let opened = Opened::default();
    case("a_body_in_chunks_is_handled").check(&opened).await.unwrap();
    let verifier = opened.0.lock().unwrap().pop().unwrap();
    let [secret, ..] = SECRETS;
    let signer = Signer::new(verifier.scheme().clone(), Secret::new(secret).unwrap()).unwrap();
    let headers = signer.sign(b"{}").unwrap();
    assert!(verifier.verify(&headers, "{}").is_ok());
}

/// An adapter that records the verifiers of its endpoints.
#[derive(Clone, Default)]
struct Opened(Arc<Mutex<Vec<Verifier>>>);

impl AdapterUnderTest for Opened {
    fn name(&self) -> &'static str {
        "opened"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Handles
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        self.0.lock().unwrap().push(endpoint.receiver.verifier().clone());
        LayerOnHyper.open(endpoint).await
    }
}

/// Logs and metrics of the whole process, because an adapter's server may use
/// its own threads.
static RECORDED: LazyLock<Telemetry> = LazyLock::new(|| Telemetry {
    log: &ELSEWHERE,
    scrape: PrometheusBuilder::new().install_recorder().unwrap(),
});

struct Telemetry {
    log: &'static Logged,
    scrape: PrometheusHandle,
}

/// The part of a request that the text contains, if any.
fn leak_in(text: &str) -> Option<String> {
    secret_in(text).or_else(|| body_in(text)).or_else(|| tag_in(text))
}

fn secret_in(text: &str) -> Option<String> {
    SECRETS.iter().find_map(|secret| shown(text, secret))
}

fn body_in(text: &str) -> Option<String> {
    BODIES.iter().find_map(|piece| shown(text, piece))
}

/// The form in which the text contains a piece of a request.
fn shown(text: &str, piece: &str) -> Option<String> {
    let text = text.replace('\\', "").to_lowercase();
    let bytes = format!("{:?}", piece.as_bytes());
    let forms = [
        piece.to_owned(),
        const_hex::encode(piece),
        // Independent of the bytes that follow: the last group of three may
        // include some of them.
        STANDARD.encode(&piece[..piece.len() / 3 * 3]),
        bytes[1..bytes.len() - 1].to_owned(),
    ];
    forms.into_iter().find(|form| text.contains(&form.to_lowercase()))
}

/// A word as long as a signature: 16 bytes in hexadecimal, 30 in base64.
fn tag_in(text: &str) -> Option<String> {
    let words = |is_of_it: fn(char) -> bool| text.split(move |c: char| !is_of_it(c));
    let hex = words(|c| c.is_ascii_hexdigit()).find(|word| word.len() >= 32);
    let base64 = words(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
    hex.or_else(|| base64.into_iter().find(|word| word.len() >= 40)).map(str::to_owned)
}

const SECRETS: [&str; 3] =
    ["the secret of the HTTP suite", "a secret that no endpoint knows", "the secret of tenant "];
/// Text that is only in the bodies of the suite.
const BODIES: [&str; 6] =
    [r#"{"id":""#, r#""amount""#, "qgg8vlvZRS6U", "pogchamp", "xxxxxxxxxx", "encryptedToken"];
