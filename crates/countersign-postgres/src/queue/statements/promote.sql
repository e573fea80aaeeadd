-- $1 ids of jobs. Makes the first job that waits for the key of one of them due, unless one is due
-- or running.
WITH keys AS (
    SELECT DISTINCT target, order_key FROM {t}job WHERE id = ANY ($1) AND order_key IS NOT NULL
), promoted AS (
    UPDATE {t}job SET state = 1, run_at = statement_timestamp()
    WHERE id IN (
        SELECT (
            SELECT waiting.id FROM {t}job AS waiting
            WHERE waiting.target = keys.target AND waiting.order_key = keys.order_key
                AND waiting.state IN (1, 2, 6) AND waiting.state = 6
            ORDER BY waiting.id LIMIT 1
        )
        FROM keys WHERE NOT EXISTS (
            SELECT FROM {t}job AS other
            WHERE other.target = keys.target AND other.order_key = keys.order_key
                AND other.state IN (1, 2, 6) AND other.state <> 6
        )
    )
    RETURNING 1
)
SELECT count(*) FROM promoted
