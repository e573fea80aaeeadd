//! Handing deliveries off to a table of the application, in the transaction of the claim.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Handoff, HandoffDelivery, HandoffError, HandoffErrorKind, HandoffOutcome, InboxDatabase,
    InboxError, InboxErrorKind, InboxRow, Message,
};
use tokio::time::timeout;

use super::{PostgresInboxPool, PostgresTransaction};

/// A queue in the application's own Postgres database: the row of the event and what the application
/// enqueues are committed together, before the response.
///
/// The application inserts the message into a table of its own, or calls a job queue that works on
/// an open transaction:
///
/// ```
/// # use countersign_core::{HandoffReceiver, Verifier};
/// # use countersign_postgres::{PostgresHandoff, PostgresInbox, deadpool_postgres::Pool};
/// # fn example(pool: Pool, verifier: Verifier) -> HandoffReceiver<PostgresHandoff> {
/// let queue = PostgresInbox::new(&verifier).on(pool).hand_off(|tx, message| {
///     Box::pin(async move {
///         let insert = "INSERT INTO jobs (message) VALUES ($1)";
///         let insert = tx.prepare_cached(insert).await?;
///         tx.execute(&insert, &[&message.to_bytes()]).await?;
///         Ok(())
///     })
/// });
/// HandoffReceiver::new(verifier, queue)
/// # }
/// ```
///
/// The worker reads the message with [`Message::parse`].
///
/// An error of a statement aborts the transaction, so nothing is stored, and the response is 503. A
/// statement that fails for the same message each time, for example because of a unique key of the
/// job, is answered 503 each time: let it do nothing instead (`ON CONFLICT DO NOTHING`).
///
/// The error is logged. An error of your own must contain nothing of the message.
#[derive(Clone)]
pub struct PostgresHandoff {
    database: PostgresInboxPool,
    enqueue: Arc<Enqueue>,
}

/// The future of the function that enqueues a message.
pub type EnqueueFuture<'a> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'a>>;

type Enqueue =
    dyn for<'a> Fn(&'a PostgresTransaction, &'a Message) -> EnqueueFuture<'a> + Send + Sync;

impl PostgresInboxPool {
    /// A queue that calls this function in each transaction in which an event is claimed. It
    /// neither commits nor rolls back. It must end within the
    /// [deadline](Self::with_deadline).
    #[must_use]
    pub fn hand_off(
        self,
        enqueue: impl for<'a> Fn(&'a PostgresTransaction, &'a Message) -> EnqueueFuture<'a>
        + Send
        + Sync
        + 'static,
    ) -> PostgresHandoff {
        PostgresHandoff { database: self, enqueue: Arc::new(enqueue) }
    }
}

impl PostgresHandoff {
    /// The database.
    #[must_use]
    pub fn database(&self) -> &PostgresInboxPool {
        &self.database
    }

    /// Claims the event and enqueues the message. An outcome without a message is rolled back.
    async fn store(
        &self,
        transaction: &mut PostgresTransaction,
        delivery: &HandoffDelivery,
    ) -> Result<HandoffOutcome, HandoffError> {
        let HandoffDelivery { event, message, .. } = delivery;
        let possible_duplicate = match self.database.claim(transaction, event).await {
            Ok(InboxRow::Inserted) => false,
            Ok(_) if delivery.handles_repeats() => true,
            Ok(InboxRow::Found { fingerprint, at_unix_ms }) => {
                let same_body = fingerprint == event.fingerprint;
                return Ok(HandoffOutcome::Duplicate { same_body, at_unix_ms });
            }
            Ok(InboxRow::InFlight) => return Ok(IN_FLIGHT),
            Err(error) => return failed(error),
        };
        let message = message
            .clone()
            .with_possible_duplicate(possible_duplicate || message.possible_duplicate());
        let enqueued = (self.enqueue)(transaction, &message);
        match timeout(self.database.deadline(), enqueued).await {
            Ok(Ok(())) => Ok(HandoffOutcome::Stored { possible_duplicate }),
            Ok(Err(error)) => Err(not_enqueued(error)),
            Err(_) => {
                transaction.give_up();
                Err(HandoffErrorKind::Unavailable.into())
            }
        }
    }
}

impl Handoff for PostgresHandoff {
    async fn hand_off(&self, delivery: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
        let mut transaction = match self.database.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return failed(error),
        };
        let stored = self.store(&mut transaction, delivery).await;
        if !matches!(stored, Ok(HandoffOutcome::Stored { .. })) {
            self.database.roll_back(transaction).await;
            return stored;
        }
        match self.database.commit(transaction).await {
            Ok(()) => stored,
            Err(error) => failed(error),
        }
    }
}

/// The error of the application's function.
fn not_enqueued(error: Box<dyn Error + Send + Sync>) -> HandoffError {
    let Some(sent) = error.downcast_ref::<tokio_postgres::Error>() else {
        return HandoffError::with_source(HandoffErrorKind::NotAccepted, error);
    };
    match sent.as_db_error() {
        // Without its details, which can have values of the row, and so parts of the message.
        Some(server) => {
            let text = format!("{} (SQLSTATE {})", server.message(), server.code().code());
            HandoffError::with_source(HandoffErrorKind::NotAccepted, text)
        }
        // The connection broke before the commit.
        None => HandoffError::with_source(HandoffErrorKind::Unavailable, error),
    }
}

/// A transaction that met another one can be repeated.
fn failed(error: InboxError) -> Result<HandoffOutcome, HandoffError> {
    let kind = match error.kind() {
        InboxErrorKind::Locked | InboxErrorKind::Conflict => return Ok(IN_FLIGHT),
        InboxErrorKind::Unavailable => HandoffErrorKind::Unavailable,
        InboxErrorKind::CommitUnknown => HandoffErrorKind::NoReply,
        _ => HandoffErrorKind::NotAccepted,
    };
    Err(HandoffError::with_source(kind, error))
}

impl fmt::Debug for PostgresHandoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresHandoff").field("database", &self.database).finish_non_exhaustive()
    }
}

const IN_FLIGHT: HandoffOutcome = HandoffOutcome::InFlight { retry_after: Duration::ZERO };
