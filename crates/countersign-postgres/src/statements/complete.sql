-- $1 key, $2 token, $3 fingerprint, $4 retention.
WITH written AS (
    INSERT INTO {table} AS event
        (key, state, epoch, crashes, token, fingerprint, completion, at, until, forget)
    VALUES ($1, 3, 0, 0, $2, $3, 3, now(), now(), now() + $4 * interval '1 ms')
    ON CONFLICT (key) DO UPDATE SET
        state = 3,
        epoch = CASE WHEN event.forget <= now() THEN 0 ELSE event.epoch END,
        crashes = CASE WHEN event.forget <= now() THEN 0 ELSE event.crashes END,
        token = excluded.token,
        fingerprint = excluded.fingerprint,
        completion = CASE
            WHEN event.forget <= now() THEN 3
            WHEN event.token <> $2 THEN 2
            WHEN event.state = 1 THEN 1
            ELSE 3 END,
        at = excluded.at,
        until = excluded.until,
        forget = excluded.forget
    -- A done event is not written again, so its retention counts from its completion.
    WHERE event.state <> 3 OR event.forget <= now()
    RETURNING completion
)
SELECT completion, false AS is_own FROM written
UNION ALL
SELECT 0::int2, token = $2 FROM {table}
WHERE key = $1 AND state = 3 AND forget > now() AND NOT EXISTS (SELECT FROM written)
