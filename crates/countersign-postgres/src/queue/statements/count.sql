-- The filter of `filter.sql`.
SELECT count(*) FROM {t}job AS job
WHERE {filter}
