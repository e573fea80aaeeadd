-- $1 target, $2 lease, $3 maximum lease, $4 and $5 jobs and tokens that the process holds.
--
-- Takes of a target wait for each other, so that they count its running jobs. A lease that has
-- ended makes its job due, unless the process still has the attempt. One that ends later than any
-- lease was begun before the clock went back.
WITH locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(hashtextextended($1, {seed}))
), over AS MATERIALIZED (
    SELECT id, EXISTS (
        SELECT FROM unnest($4, $5) AS held (id, token)
        WHERE held.id = job.id AND held.token = job.token
    ) AS is_held
    FROM {t}job AS job
    WHERE target = $1 AND state = 2 AND (run_at <= statement_timestamp()
        OR run_at > statement_timestamp() + $3 * interval '1 ms')
    FOR UPDATE SKIP LOCKED
), changed AS (
    UPDATE {t}job AS job SET
        state = CASE WHEN over.is_held THEN 2 ELSE 1 END,
        run_at = statement_timestamp()
            + CASE WHEN over.is_held THEN $2 ELSE 0 END * interval '1 ms'
    FROM over WHERE job.id = over.id
    RETURNING over.is_held
)
SELECT (SELECT count(*) FROM changed WHERE NOT is_held) AS expired FROM locked
