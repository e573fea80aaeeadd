-- $1 key.
SELECT fingerprint, floor(extract(epoch FROM at) * 1000)::int8 AS at_ms
FROM {t}event WHERE key = $1 AND forget > statement_timestamp()
