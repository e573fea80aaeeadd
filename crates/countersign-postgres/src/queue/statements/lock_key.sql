-- $1 target, $2 order key. Until the transaction ends, no other one accepts, settles, retries or
-- discards a job of the key: the next statement sees what the earlier ones have committed.
SELECT pg_advisory_xact_lock(hashtextextended($2, hashtextextended($1, {seed})))
