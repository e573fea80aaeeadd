-- $1 lock, $2 key, $3 fingerprint, $4 retention in milliseconds.
WITH locked AS MATERIALIZED (
    -- Does not wait. It is held until the end of the transaction. Locks belong to the database, so
    -- that two inboxes in its schemas need different ones.
    SELECT pg_try_advisory_xact_lock($1 # 'countersign_inbox'::regclass::oid::int8) AS is_ours
), inserted AS (
    INSERT INTO countersign_inbox AS event (key, fingerprint, at, forget)
    SELECT $2, $3, now(), now() + $4 * interval '1 ms' FROM locked WHERE is_ours
    ON CONFLICT (key) DO UPDATE
    SET fingerprint = excluded.fingerprint, at = excluded.at, forget = excluded.forget
    WHERE event.forget <= now()
    RETURNING 1
)
-- The statement reads the state before it took the lock. If the row was written in between, it is
-- not found here, or only as an expired one.
SELECT is_ours, EXISTS (SELECT FROM inserted) AS is_inserted, found.fingerprint,
    floor(extract(epoch FROM found.at) * 1000)::int8 AS at_ms
FROM locked LEFT JOIN countersign_inbox AS found ON found.key = $2 AND found.forget > now()
