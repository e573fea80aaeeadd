-- $1 limit for each table. Rows that another process is deleting, or that a claim is replacing, are
-- skipped.
WITH events AS (
    DELETE FROM countersign_inbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM countersign_inbox WHERE forget <= now()
        ORDER BY forget LIMIT $1 FOR UPDATE SKIP LOCKED
    )) RETURNING 1
), streams AS (
    DELETE FROM countersign_inbox_stream WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM countersign_inbox_stream WHERE forget <= now()
        ORDER BY forget LIMIT $1 FOR UPDATE SKIP LOCKED
    )) RETURNING 1
)
SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM streams) AS purged
