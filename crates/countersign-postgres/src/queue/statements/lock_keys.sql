-- $1 ids of jobs. As `lock_key.sql`, for the keys of these jobs, always in the same order.
SELECT pg_advisory_xact_lock(number) FROM (
    SELECT DISTINCT hashtextextended(order_key, hashtextextended(target, {seed})) AS number
    FROM {t}job WHERE id = ANY ($1) AND order_key IS NOT NULL
    ORDER BY number
) AS keys
