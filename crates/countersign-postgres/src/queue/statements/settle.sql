-- $1 job, $2 token, $3 state, $4 time until it is due, $5 whether the job is over, $6 status,
-- $7 error, $8 whether it is also settled if its lease has ended and no other attempt has it,
-- $9 whether its order key is locked.
--
-- A change that was made already is made again, because its reply may be lost. A job with an order
-- key ends only while the key is locked.
WITH settled AS (
    UPDATE {t}job SET
        state = $3,
        run_at = statement_timestamp() + $4 * interval '1 ms',
        settled = CASE WHEN $5 THEN statement_timestamp() END,
        last_status = coalesce($6, CASE WHEN $7 IS NULL THEN last_status END),
        last_error = coalesce($7, CASE WHEN $3 = 1 THEN last_error END),
        owner = NULL
    WHERE id = $1 AND token = $2 AND (state IN (2, $3) OR $8 AND state = 1)
        AND (order_key IS NULL OR $9 OR NOT $5)
    RETURNING 1
)
SELECT EXISTS (SELECT FROM settled) AS is_settled,
    $5 AND NOT $9
        AND EXISTS (SELECT FROM {t}job WHERE id = $1 AND order_key IS NOT NULL) AS needs_lock
