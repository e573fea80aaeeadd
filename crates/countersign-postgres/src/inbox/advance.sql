-- $1 endpoint, $2 stream, $3 sequence, $4 retention in milliseconds.
INSERT INTO countersign_inbox_stream AS known (endpoint, stream, sequence, forget)
SELECT $1, $2, $3, now() + $4 * interval '1 ms'
ON CONFLICT (endpoint, stream) DO UPDATE
SET sequence = excluded.sequence, forget = excluded.forget
WHERE known.sequence < excluded.sequence
RETURNING 1
