-- $1 limit. Rows that another process is deleting, or that a delivery is replacing, are skipped.
WITH deleted AS (
    DELETE FROM {t}event WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {t}event WHERE forget <= statement_timestamp()
        ORDER BY forget LIMIT $1 FOR UPDATE SKIP LOCKED
    )) RETURNING 1
)
SELECT count(*) FROM deleted
