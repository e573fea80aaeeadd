-- Rows that another process is deleting, or that a claim is replacing, are skipped.
WITH deleted AS (
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE forget <= now()
        ORDER BY forget LIMIT $1 FOR UPDATE SKIP LOCKED
    )) RETURNING 1
)
SELECT count(*) FROM deleted
