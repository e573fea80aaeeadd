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
                the_handlers_own_answer_reaches_the_sender,
                the_handler_gets_the_body_byte_for_byte,
                a_large_body_arrives_whole,
                a_connection_carries_one_delivery_after_another,
                a_connection_goes_on_behind_a_rejection,
                deliveries_that_are_sent_at_once_are_answered_in_turn;
            heads:
                a_delivery_without_a_signature_is_rejected,
                a_signature_of_another_kind_is_rejected,
                a_signature_of_another_secret_is_rejected,
                a_body_that_was_tampered_with_is_rejected,
                a_signature_that_is_none_is_rejected,
                too_many_signatures_are_rejected,
                a_repeated_header_is_rejected_whichever_of_its_values_is_genuine,
                a_delivery_without_a_signed_header_is_rejected,
                a_delivery_without_its_id_is_rejected,
                an_id_that_is_none_is_rejected,
                a_delivery_without_its_timestamp_is_rejected,
                a_timestamp_that_is_none_is_rejected,
                a_timestamp_that_is_too_old_is_rejected,
                a_timestamp_that_lies_ahead_is_rejected,
                a_rejected_head_is_answered_before_any_of_its_body_is_sent;
            bodies:
                a_compressed_body_of_a_scheme_that_knows_none_is_rejected,
                a_compressed_body_that_is_not_called_so_is_handed_over_as_it_is,
                a_body_that_somebody_else_has_read_is_rejected,
                a_body_that_never_comes_is_rejected_at_the_deadline,
                a_body_that_trickles_is_rejected_at_one_deadline_for_the_whole;
            limits:
                a_body_of_a_known_length_is_handled_up_to_the_limit,
                a_body_in_chunks_is_handled_up_to_the_limit,
                a_body_over_http_2_is_handled_up_to_the_limit,
                a_length_over_the_limit_is_rejected_before_the_body_is_sent,
                a_body_that_does_not_fit_beside_those_of_others_is_sent_away;
            framing:
                a_body_in_chunks_is_handled,
                a_body_in_single_bytes_is_handled,
                trailers_are_dropped,
                a_chunk_that_is_none_is_rejected,
                a_body_whose_sender_stops_halfway_is_rejected,
                a_body_whose_sender_is_gone_is_not_handled;
            expecting:
                whoever_asks_first_is_rejected_without_being_told_to_go_on,
                whoever_asks_first_is_told_to_go_on_where_the_head_is_in_order,
                whoever_asks_first_is_told_that_the_body_is_too_large;
            over_http2:
                a_delivery_over_http_2_is_handled,
                a_body_that_comes_in_many_frames_is_handled,
                a_rejection_over_http_2_is_a_status_and_nothing_else,
                a_delivery_that_is_taken_back_over_http_2_is_not_handled;
            secrets:
                a_tenants_delivery_is_verified_with_its_own_secrets,
                a_tenant_that_nobody_knows_is_answered_503,
                secrets_that_cannot_be_found_are_answered_503,
                a_replaced_secret_counts_from_the_next_delivery_on;
            handshakes:
                a_signed_handshake_is_answered_in_the_handlers_place,
                a_signed_challenge_is_sent_back_as_text,
                a_signed_handshake_with_a_wrong_signature_is_rejected,
                an_unsigned_challenge_in_the_query_is_sent_back,
                a_token_in_the_query_is_signed,
                a_verify_token_is_answered_where_it_is_the_right_one,
                an_unsigned_challenge_in_the_body_is_sent_back,
                a_body_too_large_for_an_unsigned_handshake_is_rejected,
                a_request_that_is_no_handshake_after_all_is_rejected,
                a_key_is_taken_once_and_only_while_armed,
                a_key_that_cannot_be_kept_is_not_confirmed,
                a_key_is_not_taken_where_nobody_keeps_it;
        }
        Claims {
            repeating:
                a_repeat_of_a_handled_event_is_answered_200_with_nothing,
                another_body_with_the_same_id_is_a_duplicate,
                a_repeat_of_an_event_in_flight_waits_and_is_then_sent_away,
                a_repeat_learns_within_its_wait_that_the_event_is_handled,
                of_many_copies_at_once_one_is_handled,
                a_repeat_over_another_protocol_is_a_duplicate;
            possible_duplicates:
                equal_bodies_that_may_be_distinct_events_are_both_handled,
                a_possible_duplicate_that_fails_is_answered_as_its_handler_answers,
                a_possible_duplicate_of_an_event_in_flight_waits_and_is_then_handled,
                a_repeat_whose_response_is_read_is_handled_whatever_its_id,
                an_endpoint_that_suppresses_repeats_suppresses_all,
                an_endpoint_that_handles_repeats_handles_all;
            secrets:
                two_tenants_do_not_share_an_event;
            failing:
                a_failing_handlers_own_answer_reaches_the_sender_and_gives_the_event_back;
            outage:
                a_store_that_is_away_is_answered_503_and_nothing_is_handled,
                a_store_that_is_full_is_answered_503_until_there_is_room,
                a_server_that_falls_back_goes_on_while_the_store_is_away,
                an_event_that_attempts_have_died_of_is_not_handled_again,
                an_event_that_attempts_have_died_of_is_handed_over_as_a_dead_letter,
                a_success_that_cannot_be_recorded_is_answered_as_one;
        }
        Handles {
            failing:
                a_panicking_handler_is_answered_500_and_gives_the_event_back,
                a_handler_past_its_deadline_is_answered_503_and_still_finishes_its_event;
            disconnects:
                a_sender_that_leaves_does_not_stop_the_handler,
                a_sender_that_takes_its_delivery_back_over_http_2_does_not_stop_the_handler;
        }
    }
}
