-- $1 ids.
SELECT wanted.id FROM unnest($1) WITH ORDINALITY AS wanted (id, place)
WHERE NOT EXISTS (SELECT FROM {t}job AS job WHERE job.id = wanted.id)
ORDER BY wanted.place
