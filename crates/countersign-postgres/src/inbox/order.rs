//! The ordering guard: a late message does not overwrite the effect of a newer one.

use countersign_core::{InboxError, Order};
use tokio_postgres::types::ToSql;

use super::statements::ADVANCE;
use super::{OpenTransaction, PostgresInbox, inbox_error, millis};

impl PostgresInbox {
    /// Whether the message with this sequence number is newer than all messages of its stream that
    /// were handled. If it is, its number is recorded in this transaction.
    ///
    /// A stream is what has one order, such as `order:42`; the sequence is a version or a timestamp
    /// from the signed body. The number of a stream is kept for the retention, counted from its
    /// last newer message.
    ///
    /// A transaction with another message of the same stream is waited for, up to the
    /// `lock_timeout`: which of the two is newer is known when the other one has ended.
    ///
    /// # Errors
    ///
    /// [`InboxError`] if the statement fails: [`Locked`](countersign_core::InboxErrorKind::Locked)
    /// after the `lock_timeout`, [`Conflict`](countersign_core::InboxErrorKind::Conflict) at a
    /// stricter isolation level, and [`Database`](countersign_core::InboxErrorKind::Database) if
    /// the name of the stream contains a NUL or is longer than an index entry, about 2,600 bytes.
    pub async fn in_order(
        &self,
        tx: &impl OpenTransaction,
        stream: &str,
        sequence: i64,
    ) -> Result<Order, InboxError> {
        let endpoint = self.settings.endpoint().name();
        let retention = millis(self.settings.retention());
        let parameters: [&(dyn ToSql + Sync); 4] = [&endpoint, &stream, &sequence, &retention];
        let rows =
            tx.rows(ADVANCE.sent(), &parameters, self.has_pooler).await.map_err(inbox_error)?;
        Ok(if rows.is_empty() { Order::Stale } else { Order::Fresh })
    }
}
