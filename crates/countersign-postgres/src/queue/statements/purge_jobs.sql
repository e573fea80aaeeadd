-- $1 limit, $2 how long jobs that are done or discarded are kept.
WITH chosen AS MATERIALIZED (
    SELECT id FROM {t}job
    WHERE state IN (3, 5) AND settled <= statement_timestamp() - $2 * interval '1 ms'
    ORDER BY settled LIMIT $1 FOR UPDATE SKIP LOCKED
), messages AS (
    DELETE FROM {t}message WHERE job IN (SELECT id FROM chosen)
), deleted AS (
    DELETE FROM {t}job WHERE id IN (SELECT id FROM chosen) RETURNING 1
)
SELECT count(*) FROM deleted
