-- $1 jobs, $2 states. `promote.sql` follows in the transaction.
WITH chosen AS MATERIALIZED (
    SELECT id FROM {t}job WHERE id = ANY ($1) AND state = ANY ($2) ORDER BY id FOR UPDATE
), changed AS (
    UPDATE {t}job AS job SET state = 5, settled = statement_timestamp(), token = NULL
    FROM chosen WHERE job.id = chosen.id
    RETURNING 1
)
SELECT count(*) FROM changed
