//! A table of jobs on a real file or server, and a process that uses it.

use super::*;

/// A table of jobs. Its clock can be advanced.
pub(super) trait Table: Sized {
    type Process: Process;

    async fn new() -> Self;

    /// A process that opens the table.
    async fn open(&self) -> Self::Process;

    /// Advances the clock of the table.
    async fn advance(&self, by: Duration);
}

/// The operations of a process, and of people.
pub(super) trait Process: IdempotencyStore {
    async fn accept(&self, accepting: Accepting) -> AcceptOutcome;
    async fn take(&self, take: Take) -> Taken;
    async fn settle(&self, job: &TakenJob, settlement: Settlement) -> SettleOutcome;
    async fn renew_held(&self, held: Vec<(i64, Token)>, lease: Duration);

    async fn list(&self, filter: &JobFilter) -> Vec<JobSummary>;
    async fn count(&self, filter: &JobFilter) -> u64;
    async fn show(&self, id: i64) -> Option<(JobSummary, Message)>;
    /// The error is its text.
    async fn retry(&self, filter: &JobFilter) -> Result<u64, String>;
    async fn discard(&self, filter: &JobFilter) -> Result<u64, String>;
    async fn pause(&self, target: &str);
    async fn resume(&self, target: &str) -> bool;
    async fn paused(&self) -> Vec<String>;
    async fn targets(&self) -> Vec<String>;
    async fn missing(&self, ids: &[i64]) -> Vec<i64>;
    async fn long_event_ids(&self, bytes: u32) -> Vec<String>;
    async fn counts(&self, target: &str) -> TargetCounts;

    async fn accept_event(&self, id: &str) -> AcceptOutcome {
        self.accept(accepting(id)).await
    }

    async fn accept_in_order(&self, id: &str, key: &str) -> AcceptOutcome {
        self.accept(accepting(id).with_order_key(Some(key.to_owned()))).await
    }

    async fn take_up_to(&self, jobs: usize) -> Taken {
        let owner = Token::random().unwrap();
        self.take(Take::new(TARGET, owner, jobs).with_lease(LEASE)).await
    }

    async fn take_one(&self) -> TakenJob {
        let mut jobs = self.take_up_to(1).await.jobs;
        assert_eq!(jobs.len(), 1);
        jobs.remove(0)
    }

    /// Takes all due jobs. Returns the ids of their events.
    async fn take_events(&self) -> Vec<String> {
        events(&self.take_up_to(100).await)
    }

    /// The states of all jobs, in the order in which they were accepted.
    async fn states(&self) -> Vec<(String, JobState)> {
        let jobs = self.list(&JobFilter::default()).await;
        jobs.into_iter().map(|job| (job.event_id, job.state)).collect()
    }
}

/// The claims of a process are those of its `queue`.
macro_rules! claims_of {
    ($process:ty) => {
        impl IdempotencyStore for $process {
            async fn claim(
                &self,
                event: &EventKey,
                attempt: &Attempt,
            ) -> Result<ClaimOutcome, StoreError> {
                self.queue.claim(event, attempt).await
            }

            async fn complete(
                &self,
                event: &EventKey,
                attempt: &Attempt,
            ) -> Result<CompleteOutcome, StoreError> {
                self.queue.complete(event, attempt).await
            }

            async fn renew(
                &self,
                event: &EventKey,
                attempt: &Attempt,
            ) -> Result<RenewOutcome, StoreError> {
                IdempotencyStore::renew(&self.queue, event, attempt).await
            }

            async fn release(
                &self,
                event: &EventKey,
                attempt: &Attempt,
            ) -> Result<ReleaseOutcome, StoreError> {
                self.queue.release(event, attempt).await
            }

            async fn forget(&self, event: &EventKey) -> Result<bool, StoreError> {
                self.queue.forget(event).await
            }

            async fn probe(&self) -> Result<Health, StoreError> {
                self.queue.probe().await
            }
        }
    };
}

/// A test of each of these scenarios, on each table.
macro_rules! on_each_table {
    ($($scenario:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::queue::sqlite::Sqlite>().await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::queue::postgres::Postgres>().await;
                }
            )+
        }
    };
}
