//! The databases of the scenarios that all inboxes have in common.

use std::convert::Infallible;

use countersign::inbox::{InboxDatabase, run_in_transaction};

use super::*;

/// A database of an application, with the inbox's tables and a ledger.
pub(super) trait Database: Sized + Send + Sync + 'static {
    type Inbox: InboxDatabase + Clone;

    async fn new() -> Self;

    fn inbox(&self) -> Self::Inbox;

    /// Books an event in an open transaction.
    fn book(tx: &mut Open<Self>, event: &str) -> impl Future<Output = ()> + Send;

    /// The number of rows of the inbox and of the ledger, and of different events in the ledger.
    fn counts(&self) -> impl Future<Output = [usize; 3]> + Send;
}

pub(super) type Open<D> = <<D as Database>::Inbox as InboxDatabase>::Transaction;

/// Without a unique key, so that a second effect shows.
pub(super) const LEDGER: &str = "CREATE TABLE ledger (event TEXT NOT NULL)";

pub(super) const COUNTS: &str = "SELECT (SELECT count(*) FROM countersign_inbox), count(*), \
     count(DISTINCT event) FROM ledger";

/// Longer than anything takes on a busy machine.
pub(super) const PATIENT: Duration = Duration::from_secs(60);

/// Handles a delivery as a user without a layer does. The event is booked.
pub(super) async fn handle<D: Database>(
    inbox: &D::Inbox,
    verified: &Verified,
) -> InboxRun<(), Infallible> {
    let event = verified.event_id();
    run_in_transaction(inbox, &settings(), verified, async |tx, _| {
        D::book(tx, event).await;
        Ok(())
    })
    .await
}

/// The same, as a sender that retries while the event is in flight.
pub(super) async fn deliver_until_settled<D: Database>(
    inbox: &D::Inbox,
    verified: &Verified,
) -> InboxRun<(), Infallible> {
    let end = tokio::time::Instant::now() + PATIENT;
    loop {
        match handle::<D>(inbox, verified).await {
            InboxRun::Early(EarlyResponse::InFlight { .. }) => tokio::task::yield_now().await,
            settled => return settled,
        }
        assert!(tokio::time::Instant::now() < end, "the event stays in flight");
    }
}

/// A test of each of these scenarios, on each database.
macro_rules! on_each_database {
    ($($scenario:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::inbox::sqlite::Sqlite>().await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario::<crate::inbox::postgres::Postgres>().await;
                }
            )+
        }
    };
}
