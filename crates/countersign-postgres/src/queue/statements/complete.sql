-- $1 key, $2 token, $3 fingerprint, $4 retention. The event is done without a job.
INSERT INTO {t}event AS event (key, token, fingerprint, at, forget, job, repeats)
VALUES ($1, $2, $3, statement_timestamp(),
    statement_timestamp() + $4 * interval '1 ms', NULL, 0)
ON CONFLICT (key) DO UPDATE SET
    token = excluded.token, fingerprint = excluded.fingerprint, at = excluded.at,
    forget = excluded.forget, job = NULL, repeats = 0
WHERE event.forget <= statement_timestamp()
RETURNING repeats
