-- $1 target, or `*`.
INSERT INTO {t}paused VALUES ($1, statement_timestamp()) ON CONFLICT DO NOTHING
