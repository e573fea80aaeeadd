//! The test suite for idempotency stores.

mod claiming;
mod completing;
mod context;
mod crashing;
mod forgetting;
mod identity;
mod racing;
mod releasing;
mod renewing;
mod retaining;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use context::{TestContext, TestResult};
use countersign_core::IdempotencyStore;

/// A store to test: creates new stores and advances their time.
///
/// ```
/// use std::time::Duration;
///
/// use countersign_conformance::{StoreUnderTest, store_cases};
/// use countersign_core::{ManualClock, MemoryStore};
///
/// struct Memory(ManualClock);
///
/// impl StoreUnderTest for Memory {
///     type Store = MemoryStore;
///
///     async fn fresh(&self) -> MemoryStore {
///         MemoryStore::with_capacity(100_000).with_clock(self.0.clone())
///     }
///
///     async fn advance(&self, _: &MemoryStore, by: Duration) {
///         self.0.advance(by);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let memory = Memory(ManualClock::at_unix_ms(1_760_000_000_000));
/// for case in store_cases() {
///     # if case.name().contains("64_tasks") { continue }
///     case.run(&memory).await.unwrap_or_else(|failure| panic!("{failure}"));
/// }
/// # }
/// ```
pub trait StoreUnderTest: Sync {
    /// The store.
    type Store: IdempotencyStore;

    /// An empty store with room for 20,000 events.
    fn fresh(&self) -> impl Future<Output = Self::Store> + Send;

    /// Advances the clock of the store. If the clock cannot be changed, waits.
    fn advance(&self, store: &Self::Store, by: Duration) -> impl Future<Output = ()> + Send;

    /// The unit in which the cases measure time: a lease is four units. All
    /// cases together advance by about 320 units, the longest case by 16.
    /// Defaults to 10 s.
    ///
    /// If advancing waits for real time, this is also the delay that a case
    /// tolerates between two of its steps: at least 50 ms, more on a busy
    /// machine.
    fn unit(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// One requirement for a store. Its name states the requirement.
pub struct StoreCase<U: StoreUnderTest> {
    name: &'static str,
    run: for<'a> fn(&'a TestContext<'a, U>) -> CaseFuture<'a>,
}

type CaseFuture<'a> = Pin<Box<dyn Future<Output = TestResult> + Send + 'a>>;

impl<U: StoreUnderTest> StoreCase<U> {
    /// The requirement, as a sentence with `_` for spaces.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on a new store, inside a tokio runtime. The race cases are
    /// more useful on a multi-threaded runtime.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if the store did not behave as required.
    pub async fn run(&self, under_test: &U) -> Result<(), StoreFailure> {
        let scene = TestContext::new(under_test).await;
        (self.run)(&scene).await.map_err(|wrong| StoreFailure { case: self.name, what: wrong.0 })
    }
}

impl<U: StoreUnderTest> fmt::Debug for StoreCase<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreCase").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A store did not meet a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFailure {
    case: &'static str,
    what: String,
}

impl StoreFailure {
    /// The name of the case.
    #[must_use]
    pub fn case(&self) -> &'static str {
        self.case
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.what)
    }
}

impl std::error::Error for StoreFailure {}

/// Lists the cases by their functions, which give them their names.
macro_rules! cases {
    ($($file:ident: $($case:ident),+;)+) => {
        vec![$($(StoreCase {
            name: stringify!($case),
            run: |scene| Box::pin($file::$case(scene)),
        },)+)+]
    };
}

/// Every case. A store passes all of them, in any order.
#[must_use]
pub fn store_cases<U: StoreUnderTest>() -> Vec<StoreCase<U>> {
    cases! {
        claiming:
            an_unknown_event_is_granted_as_its_first_attempt,
            a_repeated_claim_of_an_attempt_returns_the_same_grant,
            a_repeated_claim_restarts_the_lease,
            a_claim_by_a_second_attempt_reports_the_event_in_flight,
            in_flight_reports_the_remaining_lease,
            a_rejected_claim_changes_nothing_for_the_holder,
            an_event_can_be_reclaimed_after_its_lease_expires,
            a_reclaiming_attempt_gets_a_new_lease,
            an_attempt_that_lost_the_event_cannot_claim_it_while_it_is_in_flight,
            an_attempt_past_its_lease_still_holds_the_event_if_it_was_not_reclaimed,
            a_repeated_claim_after_a_cancelled_call_returns_its_own_grant,
            a_lease_of_years_works,
            none_of_10_000_claimed_events_is_granted_again;
        completing:
            a_done_event_is_not_granted_again,
            a_done_event_reports_its_completion_time,
            a_success_can_be_recorded_twice_by_the_same_attempt,
            a_success_after_the_lease_is_in_time_if_the_event_was_not_reclaimed,
            a_success_of_a_stale_attempt_is_recorded_late,
            a_late_success_can_be_recorded_twice_by_the_same_attempt,
            a_late_success_ends_the_reclaiming_attempt,
            a_second_attempts_success_does_not_change_the_first_record,
            a_success_after_its_own_failure_is_recorded_as_unclaimed,
            a_success_after_another_attempts_failure_is_recorded_late,
            a_success_of_an_unknown_event_is_recorded_as_unclaimed,
            an_exhausted_event_can_still_succeed,
            a_done_event_stays_done_after_any_operation;
        renewing:
            a_renewal_restarts_the_lease,
            a_renewal_can_be_sent_twice,
            a_renewal_changes_neither_attempt_nor_holder,
            a_renewal_after_the_lease_is_in_time_if_the_event_was_not_reclaimed,
            a_stale_attempt_cannot_renew,
            a_late_renewal_does_not_prolong_the_new_holders_lease,
            an_unknown_event_cannot_be_renewed,
            a_failed_event_cannot_be_renewed,
            a_done_event_cannot_be_renewed;
        releasing:
            a_failed_event_can_be_claimed_at_once,
            a_failure_can_be_sent_twice,
            a_failure_after_the_lease_releases_the_event_if_it_was_not_reclaimed,
            a_stale_attempts_failure_does_not_affect_the_new_holder,
            a_late_failure_does_not_undo_a_success,
            an_unknown_event_cannot_be_released,
            a_claim_that_arrives_after_its_own_release_is_not_granted,
            a_late_claim_is_not_granted_even_with_a_short_retention,
            late_claims_are_neither_attempts_nor_crashes,
            a_claim_that_was_overtaken_by_its_own_release_is_not_granted,
            a_release_that_found_nothing_is_forgotten_after_a_lease,
            a_release_that_found_nothing_does_not_affect_the_next_attempt,
            a_release_by_another_attempt_does_not_change_a_failure,
            failures_are_not_crashes;
        crashing:
            every_grant_counts_as_an_attempt,
            a_crash_is_remembered_after_a_failure,
            an_event_is_exhausted_after_as_many_crashes_as_allowed,
            an_exhausted_event_stays_exhausted,
            the_claiming_attempt_sets_the_maximum_number_of_crashes;
        identity:
            a_duplicate_with_another_body_is_reported,
            a_reclaiming_attempt_records_its_own_body,
            a_late_success_has_its_own_body,
            tokens_are_compared_in_full,
            an_attempt_at_one_event_holds_no_other,
            two_endpoints_do_not_share_an_event,
            two_schemes_do_not_share_an_event,
            fields_with_equal_concatenations_are_different_events,
            unusual_ids_are_different_events;
        forgetting:
            an_unknown_event_cannot_be_forgotten,
            an_event_in_flight_is_forgotten_with_its_holder,
            a_failed_event_is_forgotten_with_its_attempts,
            a_done_event_is_forgotten_and_handled_again,
            an_exhausted_event_is_forgotten_and_handled_again,
            forgetting_one_event_leaves_the_others;
        retaining:
            a_done_event_is_remembered_until_its_retention_ends,
            the_retention_starts_at_the_completion,
            no_operation_prolongs_the_retention_of_a_done_event,
            a_renewal_restarts_the_retention,
            a_failure_restarts_the_retention,
            a_failed_event_is_forgotten_at_the_end_of_its_retention,
            an_abandoned_event_is_forgotten_at_the_end_of_its_retention,
            a_claimed_event_is_kept_after_its_retention,
            a_success_of_a_forgotten_event_is_recorded_again,
            a_retention_of_years_works;
        racing:
            one_of_64_tasks_wins_each_of_10_000_events,
            one_of_64_tasks_reclaims_each_of_1_000_events,
            one_attempt_sent_by_64_tasks_at_once_is_one_grant,
            at_most_one_of_64_tasks_holds_an_event_at_a_time,
            an_event_claimed_by_64_tasks_succeeds_once,
            successes_of_64_tasks_at_once_are_one_success,
            a_probe_answers_while_64_tasks_claim;
    }
}
