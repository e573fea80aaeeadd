-- $1 jobs, $2 states. A job with an order key waits; `promote.sql` follows in the transaction.
WITH chosen AS MATERIALIZED (
    SELECT id FROM {t}job WHERE id = ANY ($1) AND state = ANY ($2) ORDER BY id FOR UPDATE
), changed AS (
    UPDATE {t}job AS job SET
        attempts = 0,
        run_at = statement_timestamp(),
        settled = NULL,
        token = NULL,
        state = CASE WHEN state = 1 OR order_key IS NULL THEN 1 ELSE 6 END
    FROM chosen WHERE job.id = chosen.id
    RETURNING 1
)
SELECT count(*) FROM changed
