DELETE FROM {t}event WHERE key = $1 RETURNING forget > statement_timestamp() AS was_known
