-- $1 key, $2 token, $3 fingerprint, $4 retention, $5 whether a repeat gets a job, $6 target,
-- $7 order key, $8 event id, $9 event type, $10 whether it is a possible duplicate, $11 message.
WITH known AS MATERIALIZED (
    SELECT job, repeats, token FROM {t}event WHERE key = $1 AND forget > statement_timestamp()
), written AS (
    INSERT INTO {t}event AS event (key, token, fingerprint, at, forget, job, repeats)
    SELECT $1, $2, $3, statement_timestamp(),
        statement_timestamp() + $4 * interval '1 ms', nextval('{sequence}'::regclass), 0
    WHERE NOT EXISTS (SELECT FROM known WHERE token = $2 OR NOT $5)
    ON CONFLICT (key) DO UPDATE SET
        token = excluded.token,
        job = excluded.job,
        repeats = CASE
            WHEN event.forget <= statement_timestamp() THEN 0
            ELSE least(event.repeats, 2147483646) + 1 END,
        fingerprint = CASE
            WHEN event.forget <= statement_timestamp() THEN excluded.fingerprint
            ELSE event.fingerprint END,
        at = CASE WHEN event.forget <= statement_timestamp() THEN excluded.at ELSE event.at END,
        forget = CASE
            WHEN event.forget <= statement_timestamp() THEN excluded.forget
            ELSE event.forget END
    -- The row may be newer than the one that is known.
    WHERE event.forget <= statement_timestamp() OR $5 AND event.token <> $2
    RETURNING job, repeats
), stored AS (
    INSERT INTO {t}job (id, target, state, attempts, run_at, order_key, event_id, event_type,
        possible_duplicate, bytes, accepted)
    SELECT job, $6, CASE WHEN $7 IS NOT NULL AND EXISTS (
            SELECT FROM {t}job WHERE target = $6 AND order_key = $7 AND state IN (1, 2, 6)
        ) THEN 6 ELSE 1 END,
        0, statement_timestamp(), $7, $8, $9, repeats > 0 OR $10, octet_length($11),
        statement_timestamp()
    FROM written
), with_message AS (
    INSERT INTO {t}message (job, bytes) SELECT job, $11 FROM written
)
SELECT job, repeats, true AS is_own FROM written
UNION ALL
-- The delivery's own row, whose reply was lost, or that of an earlier one.
SELECT job, repeats, token = $2 FROM known WHERE NOT EXISTS (SELECT FROM written)
