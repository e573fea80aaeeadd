//! An effect in a transaction with its claim, without a layer.

use super::{InboxSettings, Opened, is_outage, open};
use crate::idempotency::{Grant, InboxDatabase, InboxError};
use crate::receive::EarlyResponse;
use crate::verify::Verified;

/// Begins a transaction, claims the event of the delivery in it, runs the effect, and commits.
///
/// If the effect returns an error, the transaction is rolled back, and the event can be delivered
/// again. Run this in a task of its own if the caller can be cancelled, for example because its
/// client disconnects.
pub async fn run_in_transaction<D: InboxDatabase, T, E>(
    database: &D,
    settings: &InboxSettings,
    verified: &Verified,
    effect: impl AsyncFnOnce(&mut D::Transaction, Grant) -> Result<T, E>,
) -> InboxRun<T, E> {
    let (mut transaction, grant) = match open(database, settings, verified).await {
        Ok(Opened::Granted(transaction, grant)) => (transaction, grant),
        Ok(Opened::Early(early)) => return InboxRun::Early(early),
        Err(error) => return error.into(),
    };
    match effect(&mut transaction, grant).await {
        Ok(value) => match database.commit(transaction).await {
            Ok(()) => InboxRun::Handled(value),
            Err(error) => error.into(),
        },
        Err(error) => {
            database.roll_back(transaction).await;
            InboxRun::Failed(error)
        }
    }
}

/// The result of an effect that ran in a transaction with its claim.
#[derive(Debug)]
#[must_use = "the sender needs its response"]
#[expect(clippy::exhaustive_enums, reason = "the caller must respond to each of them")]
pub enum InboxRun<T, E> {
    /// The effect is committed: respond with a 2xx.
    Handled(T),
    /// The effect has returned this error, and everything is rolled back: respond with a status
    /// that the sender retries.
    Failed(E),
    /// The response: 200 for a duplicate, which was not handled again, and 503 if the event is in
    /// flight.
    Early(EarlyResponse),
    /// The database failed, or the commit had no reply. It converts into an [`EarlyResponse`] with
    /// the status 503.
    Database(InboxError),
}

impl<T, E> From<InboxError> for InboxRun<T, E> {
    fn from(error: InboxError) -> Self {
        if is_outage(&error) { Self::Database(error) } else { Self::Early(error.into()) }
    }
}
