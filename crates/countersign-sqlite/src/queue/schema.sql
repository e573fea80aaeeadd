CREATE TABLE job (
    -- Never used again, because people name a job by it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    -- 1 due, 2 running, 3 done, 4 dead, 5 discarded, 6 waiting for an earlier job
    -- of its order key.
    state INTEGER NOT NULL,
    -- The attempts that were begun.
    attempts INTEGER NOT NULL,
    -- Due: not before this time. Running: the end of the lease. In Unix
    -- milliseconds, as every time here.
    run_at_ms INTEGER NOT NULL,
    -- The last attempt, and the process that has it.
    token BLOB,
    owner BLOB,
    -- At most one job of a target and key is due or running.
    order_key TEXT,
    event_id TEXT NOT NULL,
    event_type TEXT,
    possible_duplicate INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    accepted_ms INTEGER NOT NULL,
    -- When it became done, dead or discarded.
    settled_ms INTEGER,
    -- The result of the last attempt.
    last_status INTEGER,
    last_error TEXT
) STRICT;
CREATE INDEX job_due ON job (target, run_at_ms, id) WHERE state = 1;
CREATE INDEX job_running ON job (target, run_at_ms) WHERE state = 2;
CREATE INDEX job_dead ON job (target, id) WHERE state = 4;
CREATE INDEX job_order ON job (target, order_key, id) WHERE state IN (1, 2, 6) AND order_key IS NOT NULL;
CREATE INDEX job_settled ON job (settled_ms) WHERE state IN (3, 5);
CREATE INDEX job_open ON job (target, accepted_ms) WHERE state IN (1, 2, 6);

-- Apart from the job: a change of its state does not write the message again.
CREATE TABLE message (
    job INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
    DELETE FROM message WHERE job = OLD.id;
END;

-- The targets that are paused. `*` pauses all.
CREATE TABLE paused (
    target TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL
) STRICT;
