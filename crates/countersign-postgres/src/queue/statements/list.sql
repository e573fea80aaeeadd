-- The filter of `filter.sql`, and $8 limit.
SELECT job.id, target, state, attempts, floor(extract(epoch FROM run_at) * 1000)::int8 AS run_at_ms,
    order_key, event_id, event_type, possible_duplicate, job.bytes AS message_bytes,
    floor(extract(epoch FROM accepted) * 1000)::int8 AS accepted_ms,
    floor(extract(epoch FROM settled) * 1000)::int8 AS settled_ms, last_status, last_error
FROM {t}job AS job
WHERE {filter}
ORDER BY job.id LIMIT $8
