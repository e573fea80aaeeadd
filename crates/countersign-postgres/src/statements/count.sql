SELECT count(*) FROM (SELECT FROM {table} LIMIT $1) AS events
