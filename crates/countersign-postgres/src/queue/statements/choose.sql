-- The filter of `filter.sql`, $8 and $9 the range of ids, and $10 limit.
SELECT job.id FROM {t}job AS job
WHERE job.id > $8 AND job.id <= $9 AND {filter}
ORDER BY job.id LIMIT $10
