-- $1 key, $2 token, $3 fingerprint, $4 lease, $5 retention or lease, $6 maximum of crashes,
-- $7 whether there is room for a new event.
WITH known AS MATERIALIZED (
    SELECT * FROM {table} WHERE key = $1 AND forget > now()
), written AS (
    INSERT INTO {table} AS event
        (key, state, epoch, crashes, token, fingerprint, completion, at, until, forget)
    SELECT $1, 1, 1, 0, $2, $3, 0, now(), now() + $4 * interval '1 ms', now() + $5 * interval '1 ms'
    -- A claim that is not granted takes no lock and writes nothing.
    WHERE NOT EXISTS (
        SELECT FROM known WHERE NOT (
            state = 2 AND token <> $2
            OR state = 1 AND (token = $2 OR until <= now() AND crashes < $6 - 1)
        )
    ) AND ($7 OR EXISTS (SELECT FROM {table} WHERE key = $1))
    ON CONFLICT (key) DO UPDATE SET
        state = 1,
        epoch = CASE
            WHEN event.forget <= now() THEN 1
            WHEN event.state = 1 AND event.token = $2 THEN event.epoch
            ELSE least(event.epoch, 2147483646) + 1 END,
        crashes = CASE
            WHEN event.forget <= now() THEN 0
            WHEN event.state = 1 AND event.token <> $2 THEN least(event.crashes, 2147483646) + 1
            ELSE event.crashes END,
        token = excluded.token,
        fingerprint = excluded.fingerprint,
        completion = 0,
        at = excluded.at,
        until = excluded.until,
        forget = excluded.forget
    -- The row may be newer than the one that is known.
    WHERE event.forget <= now()
        OR event.state = 2 AND event.token <> $2
        OR event.state = 1
            AND (event.token = $2 OR event.until <= now() AND event.crashes < $6 - 1)
    RETURNING state, epoch, crashes, token, fingerprint, at, until
)
SELECT true AS is_written, state, epoch, crashes, token, fingerprint,
    0::int8 AS at_ms, 0::int8 AS left_ms
FROM written
UNION ALL
SELECT false, state, epoch, crashes, token, fingerprint,
    floor(extract(epoch FROM at) * 1000)::int8, ceil(extract(epoch FROM until - now()) * 1000)::int8
FROM known WHERE NOT EXISTS (SELECT FROM written)
