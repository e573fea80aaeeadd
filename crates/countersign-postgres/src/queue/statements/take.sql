-- $1 target, $2 owner, $3 lease, $4 maximum of jobs, $5 maximum of bytes, $6 maximum of running
-- jobs. Returns at least one row, without a job if there is none.
WITH facts AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM {t}paused WHERE target IN ($1, '*')) AS is_paused,
        (SELECT count(*) FROM {t}job WHERE target = $1 AND state = 2) AS running
), due AS MATERIALIZED (
    SELECT id, run_at, bytes FROM {t}job
    WHERE target = $1 AND state = 1 AND run_at <= statement_timestamp()
    ORDER BY run_at, id
    LIMIT (
        SELECT CASE WHEN is_paused THEN 0 ELSE greatest(0, least($4, $6 - running)) END FROM facts
    )
    FOR UPDATE SKIP LOCKED
), fitting AS (
    SELECT id, row_number() OVER sorted AS place, sum(bytes) OVER sorted AS total FROM due
    WINDOW sorted AS (ORDER BY run_at, id)
), started AS (
    UPDATE {t}job AS job SET
        state = 2,
        run_at = statement_timestamp() + $3 * interval '1 ms',
        token = uuid_send(gen_random_uuid()),
        owner = $2,
        attempts = least(job.attempts, 2147483646) + 1
    FROM fitting
    WHERE job.id = fitting.id AND (fitting.place = 1 OR fitting.total <= $5)
    RETURNING job.id, job.token, job.attempts, job.possible_duplicate, job.accepted, fitting.place
), next AS (
    SELECT run_at FROM {t}job, facts
    WHERE target = $1 AND state = 1 AND NOT is_paused AND id NOT IN (SELECT id FROM started)
    ORDER BY run_at, id LIMIT 1
)
SELECT facts.is_paused,
    floor(extract(epoch FROM statement_timestamp()) * 1000)::int8 AS now_ms,
    ceil(extract(epoch FROM (SELECT run_at FROM next)) * 1000)::int8 AS next_ms,
    started.id, started.token, started.attempts, started.possible_duplicate,
    floor(extract(epoch FROM started.accepted) * 1000)::int8 AS accepted_ms,
    message.bytes
FROM facts
LEFT JOIN started ON true
LEFT JOIN {t}message AS message ON message.job = started.id
ORDER BY started.place
