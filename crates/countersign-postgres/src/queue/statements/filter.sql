-- $1 ids, $2 states, $3 target, $4 event id, $5 event type, $6 and $7 the time at which it was
-- accepted; null for any.
($1 IS NULL OR job.id = ANY ($1))
    AND ($2 IS NULL OR state = ANY ($2))
    AND ($3 IS NULL OR target = $3)
    AND ($4 IS NULL OR event_id = $4)
    AND ($5 IS NULL OR event_type = $5)
    AND ($6 IS NULL OR accepted >= to_timestamp($6 / 1000.0::float8))
    AND ($7 IS NULL OR accepted < to_timestamp($7 / 1000.0::float8))
