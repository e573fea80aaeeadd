-- $1 key.
SELECT fingerprint, floor(extract(epoch FROM at) * 1000)::int8 AS at_ms
FROM countersign_inbox WHERE key = $1
