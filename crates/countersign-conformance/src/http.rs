//! The test suite for HTTP adapters.

mod adapter;
mod answer;
mod bodies;
mod connection;
mod context;
mod disconnects;
mod endpoint;
mod expecting;
mod failing;
mod framing;
mod handling;
mod handshakes;
mod heads;
mod http2;
mod limits;
mod outage;
mod over_http2;
mod possible_duplicates;
mod repeating;
mod request;
mod script;
mod secrets;
mod store;
mod transcript;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use adapter::{
    AdapterLevel, AdapterUnderTest, CODE_HEADER, HttpEndpoint, RunningServer, Upstream,
};
use context::{Failure, TestContext, TestResult};
pub use script::{HandlerAnswer, HandlerScript};
pub use store::TestStore;
use tokio::task::JoinSet;
use tokio::time::timeout;
pub use transcript::{Difference, Transcript};

/// Runs every case that applies to an adapter, all concurrently.
///
/// # Panics
///
/// Panics if the test's own part of the adapter panics outside of its handler.
pub async fn http_suite<D: AdapterUnderTest>(server: Arc<D>) -> HttpReport {
    let mut running = JoinSet::new();
    for (number, case) in http_cases().into_iter().enumerate() {
        if case.applies_to(&*server) {
            let server = Arc::clone(&server);
            running.spawn(async move { (number, case.name, case.run(&*server).await) });
        }
    }
    let mut results = running.join_all().await;
    // In the order of the list, not in the order in which they ended.
    results.sort_by_key(|(number, ..)| *number);
    let results = results.into_iter().map(|(_, name, result)| (name, result));
    HttpReport::of(&*server, results)
}

/// The results of all cases for one adapter.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpReport {
    /// The responses of the adapter in the cases that it passed.
    pub transcript: Transcript,
    /// The cases that it failed, except for its
    /// [`exceptions`](AdapterUnderTest::exceptions).
    pub failures: Vec<HttpFailure>,
}

impl HttpReport {
    fn of(
        server: &impl AdapterUnderTest,
        results: impl Iterator<Item = (&'static str, Result<Vec<answer::Answer>, HttpFailure>)>,
    ) -> Self {
        let mut report = Self { transcript: Transcript::new(server.name()), failures: Vec::new() };
        let mut exceptions = server.exceptions().to_vec();
        for (case, result) in results {
            let exception = exceptions.iter().position(|(name, _)| *name == case);
            match (result, exception.map(|at| exceptions.remove(at))) {
                (Ok(answers), None) => report.transcript.push(case, &answers),
                (Err(failure), None) => report.failures.push(failure),
                (Err(_), Some(_)) => {}
                (Ok(_), Some(_)) => {
                    let what = "the case passes: remove it from the exceptions".to_owned();
                    report.failures.push(HttpFailure { case, what });
                }
            }
        }
        for (case, _) in exceptions {
            let what = "no case of this name applies: remove it from the exceptions".to_owned();
            report.failures.push(HttpFailure { case, what });
        }
        report
    }
}

/// One requirement for an adapter. Its name states the requirement.
#[derive(Clone)]
pub struct HttpCase {
    name: &'static str,
    reach: AdapterLevel,
    run: for<'a> fn(&'a TestContext<'a>) -> CaseFuture<'a>,
}

type CaseFuture<'a> = Pin<Box<dyn Future<Output = TestResult> + Send + 'a>>;

impl HttpCase {
    /// The requirement, as a sentence with `_` for spaces.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the adapter supports what the case needs.
    #[must_use]
    pub fn applies_to(&self, server: &impl AdapterUnderTest) -> bool {
        self.reach <= server.reach()
    }

    /// Runs the case with separate instances of the adapter, inside a tokio
    /// runtime with its timer and its sockets enabled. It takes less than a
    /// second unless the case fails.
    ///
    /// # Errors
    ///
    /// [`HttpFailure`] if the adapter did not behave as required.
    pub async fn check(&self, server: &impl AdapterUnderTest) -> Result<(), HttpFailure> {
        self.run(server).await.map(drop)
    }

    async fn run(
        &self,
        server: &impl AdapterUnderTest,
    ) -> Result<Vec<answer::Answer>, HttpFailure> {
        let scene = TestContext::new(server);
        let checked = timeout(PATIENCE, (self.run)(&scene)).await;
        let checked = checked.unwrap_or_else(|_| {
            let last = scene.answers().last().map(ToString::to_string);
            Err(Failure(format!("timed out after the response {last:?}")))
        });
        match checked {
            Ok(()) => Ok(scene.answers()),
            Err(wrong) => Err(HttpFailure { case: self.name, what: wrong.0 }),
        }
    }
}

/// No case needs this long.
const PATIENCE: Duration = Duration::from_secs(20);

impl fmt::Debug for HttpCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCase")
            .field("name", &self.name)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

/// An adapter did not meet a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpFailure {
    case: &'static str,
    what: String,
}

impl HttpFailure {
    /// The name of the case.
    #[must_use]
    pub fn case(&self) -> &'static str {
        self.case
    }
}

impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.what)
    }
}

impl std::error::Error for HttpFailure {}

/// Lists the cases by their functions, which give them their names, grouped by
/// what an adapter must support.
macro_rules! cases {
    ($($reach:ident { $($file:ident: $($case:ident),+;)+ })+) => {
        vec![$($($(HttpCase {
            name: stringify!($case),
            reach: AdapterLevel::$reach,
            run: |scene| Box::pin($file::$case(scene)),
        },)+)+)+]
    };
}

/// Every case. An adapter passes all that apply to it, in any order.
#[must_use]
pub fn http_cases() -> Vec<HttpCase> {
    cases! {
        Verifies {
            handling:
                the_handlers_response_reaches_the_sender,
                the_handler_gets_the_body_byte_for_byte,
                a_large_body_arrives_whole,
                a_connection_carries_one_delivery_after_another,
                a_connection_is_reused_after_a_rejection,
                pipelined_deliveries_are_answered_in_order;
            heads:
                a_delivery_without_a_signature_is_rejected,
                a_signature_of_another_version_is_rejected,
                a_signature_of_another_secret_is_rejected,
                a_body_that_was_tampered_with_is_rejected,
                a_malformed_signature_is_rejected,
                too_many_signatures_are_rejected,
                a_repeated_header_is_rejected_even_if_one_value_is_genuine,
                a_delivery_without_a_signed_header_is_rejected,
                a_delivery_without_its_id_is_rejected,
                a_malformed_id_is_rejected,
                a_delivery_without_its_timestamp_is_rejected,
                a_malformed_timestamp_is_rejected,
                a_timestamp_that_is_too_old_is_rejected,
                a_timestamp_in_the_future_is_rejected,
                a_rejected_head_is_answered_before_any_of_its_body_is_sent;
            bodies:
                a_compressed_body_is_rejected_if_the_scheme_does_not_decode_bodies,
                a_compressed_body_without_a_content_encoding_is_passed_on_unchanged,
                a_body_that_was_already_read_is_rejected,
                a_body_that_never_comes_is_rejected_at_the_deadline,
                a_body_that_trickles_is_rejected_at_one_deadline_for_the_whole_body,
                a_body_in_very_many_small_chunks_is_rejected;
            limits:
                a_body_of_a_known_length_is_handled_up_to_the_limit,
                a_body_in_chunks_is_handled_up_to_the_limit,
                a_body_over_http_2_is_handled_up_to_the_limit,
                a_length_over_the_limit_is_rejected_before_the_body_is_sent,
                a_body_that_exceeds_the_shared_budget_is_answered_503;
            framing:
                a_body_in_chunks_is_handled,
                a_body_in_single_bytes_is_handled,
                trailers_are_dropped,
                a_malformed_chunk_is_rejected,
                a_body_that_stops_halfway_is_rejected,
                a_body_whose_sender_disconnects_is_not_handled;
            expecting:
                a_client_that_expects_100_continue_is_rejected_for_its_headers_without_a_100,
                a_client_that_expects_100_continue_gets_it_if_its_headers_are_valid,
                a_client_that_expects_100_continue_gets_413_for_a_too_large_body;
            over_http2:
                a_delivery_over_http_2_is_handled,
                a_body_in_many_frames_is_handled,
                a_rejection_over_http_2_is_only_a_status,
                a_delivery_whose_http_2_stream_is_reset_is_not_handled;
            secrets:
                a_tenants_delivery_is_verified_with_its_own_secrets,
                a_delivery_of_an_unknown_tenant_is_answered_503,
                a_failed_lookup_of_secrets_is_answered_503,
                a_replaced_secret_applies_from_the_next_delivery;
            handshakes:
                a_signed_handshake_is_answered_instead_of_calling_the_handler,
                a_signed_challenge_is_echoed_as_text,
                a_signed_handshake_with_a_wrong_signature_is_rejected,
                an_unsigned_challenge_in_the_query_is_echoed,
                a_challenge_token_in_the_query_is_answered_with_its_hmac,
                a_handshake_is_answered_only_with_the_correct_verify_token,
                an_unsigned_challenge_in_the_body_is_echoed,
                a_body_too_large_for_an_unsigned_handshake_is_rejected,
                an_unsigned_request_that_is_not_a_handshake_is_rejected,
                a_handshake_secret_is_accepted_once_and_only_during_the_handshake_window,
                a_handshake_secret_that_cannot_be_stored_is_not_confirmed,
                a_handshake_secret_is_not_accepted_without_a_secret_store;
        }
        Claims {
            repeating:
                a_duplicate_of_a_handled_event_is_answered_200_without_a_body,
                another_body_with_the_same_id_is_a_duplicate,
                a_duplicate_of_an_event_in_flight_waits_and_is_then_answered_503,
                a_waiting_duplicate_is_answered_once_the_event_is_handled,
                of_many_simultaneous_duplicates_one_is_handled,
                a_redelivery_over_another_http_version_is_a_duplicate;
            possible_duplicates:
                equal_bodies_that_may_be_distinct_events_are_both_handled,
                a_possible_duplicate_that_fails_gets_its_handlers_response,
                a_possible_duplicate_of_an_event_in_flight_waits_and_is_then_handled,
                a_duplicate_is_handled_if_the_provider_reads_the_response,
                an_endpoint_that_suppresses_repeats_suppresses_every_duplicate,
                an_endpoint_that_handles_repeats_handles_every_duplicate;
            secrets:
                two_tenants_do_not_share_an_event;
            failing:
                a_failing_handlers_response_reaches_the_sender_and_releases_the_event;
            outage:
                an_unavailable_store_is_answered_503_and_nothing_is_handled,
                a_full_store_is_answered_503_until_it_has_capacity,
                deliveries_are_handled_during_an_outage_if_the_policy_falls_back,
                an_event_with_too_many_crashed_attempts_is_not_handled_again,
                an_event_with_too_many_crashed_attempts_becomes_a_dead_letter,
                a_success_that_cannot_be_recorded_is_answered_as_a_success;
        }
        Handles {
            failing:
                a_panicking_handler_is_answered_500_and_releases_the_event,
                a_handler_past_its_deadline_is_answered_503_and_still_completes_its_event;
            disconnects:
                a_sender_that_disconnects_does_not_stop_the_handler,
                a_stream_reset_over_http_2_does_not_stop_the_handler;
        }
    }
}
