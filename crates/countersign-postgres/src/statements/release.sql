-- $1 key, $2 token, $3 fingerprint, $4 lease, $5 retention or lease.
--
-- Without a record, the release may have arrived before its claim. It leaves a failed record of
-- epoch 0 with its token, so that the late claim is not granted.
INSERT INTO {table} AS event
    (key, state, epoch, crashes, token, fingerprint, completion, at, until, forget)
VALUES ($1, 2, 0, 0, $2, $3, 0, now(), now(), now() + $4 * interval '1 ms')
ON CONFLICT (key) DO UPDATE SET
    state = 2,
    epoch = CASE WHEN event.forget <= now() THEN 0 ELSE event.epoch END,
    crashes = CASE WHEN event.forget <= now() THEN 0 ELSE event.crashes END,
    token = excluded.token,
    fingerprint = CASE
        WHEN event.forget <= now() THEN excluded.fingerprint
        ELSE event.fingerprint END,
    completion = 0,
    at = excluded.at,
    until = excluded.until,
    forget = CASE
        WHEN event.forget <= now() THEN excluded.forget
        ELSE now() + $5 * interval '1 ms' END
WHERE event.forget <= now() OR event.state = 1 AND event.token = $2
RETURNING epoch
