-- $1 and $2 jobs and tokens, $3 lease.
UPDATE {t}job AS job SET run_at = statement_timestamp() + $3 * interval '1 ms'
FROM unnest($1, $2) AS held (id, token)
WHERE job.id = held.id AND job.token = held.token AND job.state = 2
