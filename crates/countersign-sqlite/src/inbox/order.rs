//! The ordering guard: a late message does not overwrite the effect of a newer one.

use super::*;

impl SqliteInbox {
    /// Whether the message with this sequence number is newer than all messages of its stream that
    /// were handled. If it is, its number is recorded in this transaction.
    ///
    /// A stream is what has one order, such as `order:42`; the sequence is a version or a timestamp
    /// from the signed body. The number of a stream is kept for the retention, counted from its
    /// last newer message.
    ///
    /// # Errors
    ///
    /// [`InboxError`] if the connection is not in a transaction, or the statement fails.
    pub fn in_order(
        &self,
        tx: &Connection,
        stream: &str,
        sequence: i64,
    ) -> Result<Order, InboxError> {
        if tx.is_autocommit() {
            return Err(InboxErrorKind::NoTransaction.into());
        }
        let endpoint = self.settings.endpoint().name();
        let advance = || {
            let mut statement = tx.prepare(ADVANCE)?;
            statement.execute(params![endpoint, stream, sequence, self.forget_ms()])
        };
        Ok(match advance().map_err(inbox_error)? {
            0 => Order::Stale,
            _ => Order::Fresh,
        })
    }
}

const ADVANCE: &str = "INSERT INTO countersign_inbox_stream VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (endpoint, stream) DO UPDATE \
     SET sequence = excluded.sequence, forget_ms = excluded.forget_ms \
     WHERE countersign_inbox_stream.sequence < excluded.sequence";
