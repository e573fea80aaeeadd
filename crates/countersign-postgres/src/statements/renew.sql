-- $1 key, $2 token, $3 lease, $4 retention or lease.
UPDATE {table} SET
    at = now(), until = now() + $3 * interval '1 ms', forget = now() + $4 * interval '1 ms'
WHERE key = $1 AND token = $2 AND state = 1 AND forget > now()
RETURNING epoch
