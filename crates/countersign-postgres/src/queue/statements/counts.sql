-- $1 target.
SELECT
    (SELECT count(*) FROM {t}job WHERE target = $1 AND state = 1)
        + (SELECT count(*) FROM {t}job WHERE target = $1 AND order_key IS NOT NULL
            AND state IN (1, 2, 6) AND state = 6) AS pending,
    (SELECT count(*) FROM {t}job WHERE target = $1 AND state = 2) AS running,
    (SELECT count(*) FROM {t}job WHERE target = $1 AND state = 4) AS dead,
    (SELECT floor(extract(epoch FROM min(accepted)) * 1000)::int8 FROM {t}job
        WHERE target = $1 AND state IN (1, 2, 6)) AS oldest_ms,
    EXISTS (SELECT FROM {t}paused WHERE target IN ($1, '*')) AS is_paused
