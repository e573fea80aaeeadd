//! The HTTP adapters pass the suite with the same responses, and the suite
//! detects flawed adapters.

mod actix;
mod adapters;
mod canary;
mod flawed;

use std::sync::Arc;

use countersign_conformance::{
    AdapterLevel, AdapterUnderTest, Difference, HttpCase, HttpEndpoint, HttpFailure, HttpReport,
    RunningServer, Transcript, http_cases, http_suite,
};

use self::actix::{ClaimedInActix, MiddlewareOnActix, VerifyMiddlewareOnActix, WebhookInActix};
use self::adapters::{
    ClaimedExtractor, LayerOnAxum, LayerOnHyper, VerifyLayerOnHyper, WebhookExtractor,
};
use self::flawed::{Flaw, FlawedAdapter};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_adapters_pass_the_suite_with_the_same_responses() {
    let reports = reports_of_all_adapters().await;
    let transcripts = reports.map(|report| report.transcript);
    let differences = Transcript::differences(&transcripts);
    let differences: Vec<_> = differences.iter().map(Difference::to_string).collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_adapter_without_a_flaw_passes_the_suite_with_every_response_code() {
    let report = passes_the_suite(FlawedAdapter(Flaw::None)).await;
    assert_eq!(report.transcript.codes().collect::<Vec<_>>(), CODES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_suite_detects_every_flaw_by_the_expected_case() {
    for (flaw, name) in [
        (
            Flaw::Answers409ForADuplicate,
            "a_duplicate_of_a_handled_event_is_answered_200_without_a_body",
        ),
        (
            Flaw::TakesOneInFlightForHandled,
            "a_duplicate_of_an_event_in_flight_waits_and_is_then_answered_503",
        ),
        (
            Flaw::DoesNotSayWhenToComeAgain,
            "an_unavailable_store_is_answered_503_and_nothing_is_handled",
        ),
        (Flaw::GivesTheReasonInTheBody, "a_body_that_was_tampered_with_is_rejected"),
        (Flaw::GivesTheReasonInAHeader, "a_signature_of_another_secret_is_rejected"),
        (Flaw::WritesTheBodyAnew, "the_handler_gets_the_body_byte_for_byte"),
        (Flaw::WritesTheBodyAsText, "the_handler_gets_the_body_byte_for_byte"),
        (
            Flaw::TakesTheFirstOfRepeatedHeaders,
            "a_repeated_header_is_rejected_even_if_one_value_is_genuine",
        ),
        (
            Flaw::TakesTheLastOfRepeatedHeaders,
            "a_repeated_header_is_rejected_even_if_one_value_is_genuine",
        ),
        (Flaw::Decompresses, "a_compressed_body_is_rejected_if_the_scheme_does_not_decode_bodies"),
        (Flaw::LimitIsOneTooLow, "a_body_of_a_known_length_is_handled_up_to_the_limit"),
        (Flaw::LimitIsOneTooLow, "a_body_in_chunks_is_handled_up_to_the_limit"),
        (Flaw::LimitIsOneTooHigh, "a_body_over_http_2_is_handled_up_to_the_limit"),
        (Flaw::ReadsTheBodyFirst, "a_rejected_head_is_answered_before_any_of_its_body_is_sent"),
        (
            Flaw::ReadsTheBodyFirst,
            "a_client_that_expects_100_continue_is_rejected_for_its_headers_without_a_100",
        ),
        (Flaw::TakesWhatHasComeForTheWhole, "a_body_whose_sender_disconnects_is_not_handled"),
        (
            Flaw::StopsTheHandlerOfASenderThatLeaves,
            "a_sender_that_disconnects_does_not_stop_the_handler",
        ),
        (
            Flaw::StopsTheHandlerOfASenderThatLeaves,
            "a_stream_reset_over_http_2_does_not_stop_the_handler",
        ),
        (Flaw::HandlesHandshakes, "a_signed_challenge_is_echoed_as_text"),
        (Flaw::HandlesRepeats, "of_many_simultaneous_duplicates_one_is_handled"),
        (
            Flaw::GivesEachFrameADeadline,
            "a_body_that_trickles_is_rejected_at_one_deadline_for_the_whole_body",
        ),
    ] {
        let failure = case(name).check(&FlawedAdapter(flaw)).await;
        let failure = failure.err().unwrap_or_else(|| panic!("{name} does not detect {flaw:?}"));
        assert_eq!(failure.case(), name);
        assert!(!failure.to_string().contains("timed out after"), "{flaw:?}: {failure}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_difference_between_adapters_names_the_case_and_the_responses() {
    let sound = passes_the_suite(FlawedAdapter(Flaw::None)).await.transcript;
    let other = passes_the_suite(FlawedAdapter(Flaw::WordsTheStatusAnew)).await.transcript;
    assert_eq!(Transcript::differences(&[sound.clone(), sound.clone()]), []);
    let differences = Transcript::differences(&[sound, other]);
    let case = "a_body_in_single_bytes_is_handled";
    let of_the_case: Vec<_> =
        differences.iter().filter(|difference| difference.case() == case).collect();
    assert_eq!(of_the_case.len(), 2);
    let shown = of_the_case[1].to_string();
    assert!(shown.starts_with("a_body_in_single_bytes_is_handled, response 2\n"), "{shown}");
    assert!(shown.contains("HTTP/1.1 200 OK") && shown.contains("HTTP/1.1 200 Fine"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_exception_must_name_a_case_that_fails() {
    struct Excepted(&'static [(&'static str, &'static str)]);

    impl AdapterUnderTest for Excepted {
        fn name(&self) -> &'static str {
            "excepted"
        }

        fn reach(&self) -> AdapterLevel {
            VerifyLayerOnHyper.reach()
        }

        async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
            VerifyLayerOnHyper.open(endpoint).await
        }

        fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
            self.0
        }
    }

    const PASSES: &str = "a_body_in_chunks_is_handled";
    const UNKNOWN: &str = "no_such_case";
    let report = http_suite(Arc::new(Excepted(&[(PASSES, ""), (UNKNOWN, "")]))).await;
    let failed: Vec<_> = report.failures.iter().map(HttpFailure::case).collect();
    assert_eq!(failed, [PASSES, UNKNOWN]);
}

#[test]
fn no_two_cases_share_a_name() {
    let mut names: Vec<_> = http_cases().iter().map(HttpCase::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), http_cases().len());
}

async fn reports_of_all_adapters() -> [HttpReport; 9] {
    [
        passes_the_suite(LayerOnHyper).await,
        passes_the_suite(LayerOnAxum).await,
        passes_the_suite(ClaimedExtractor).await,
        passes_the_suite(VerifyLayerOnHyper).await,
        passes_the_suite(WebhookExtractor).await,
        passes_the_suite(MiddlewareOnActix).await,
        passes_the_suite(ClaimedInActix).await,
        passes_the_suite(VerifyMiddlewareOnActix).await,
        passes_the_suite(WebhookInActix).await,
    ]
}

async fn passes_the_suite(adapter: impl AdapterUnderTest) -> HttpReport {
    let report = http_suite(Arc::new(adapter)).await;
    let failures: Vec<_> = report.failures.iter().map(HttpFailure::to_string).collect();
    let adapter = report.transcript.adapter();
    assert!(failures.is_empty(), "{adapter}, {} cases:\n{}", failures.len(), failures.join("\n"));
    report
}

fn case(name: &str) -> HttpCase {
    http_cases().into_iter().find(|case| case.name() == name).unwrap()
}

/// All codes except `misconfigured`, which requires incorrect use of a
/// verifier, and `unknown_key`, which requires asymmetric keys.
const CODES: [&str; 29] = [
    "body_incomplete",
    "body_timeout",
    "body_too_large",
    "busy",
    "duplicate",
    "exhausted",
    "handler_failed",
    "handler_timeout",
    "handshake",
    "in_flight",
    "malformed_id",
    "malformed_signature",
    "malformed_timestamp",
    "missing_header",
    "missing_id",
    "missing_signature",
    "missing_timestamp",
    "repeated_header",
    "secret_not_kept",
    "secrets_unavailable",
    "signature_mismatch",
    "store_full",
    "store_unavailable",
    "timestamp_in_future",
    "timestamp_too_old",
    "too_many_signatures",
    "unknown_tenant",
    "unsupported_encoding",
    "unsupported_signature",
];
