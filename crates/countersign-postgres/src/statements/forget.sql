DELETE FROM {table} WHERE key = $1 RETURNING forget > now() AS was_known
