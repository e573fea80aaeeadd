CREATE SEQUENCE IF NOT EXISTS {schema}.countersign_queue_job_id;
CREATE TABLE IF NOT EXISTS {schema}.countersign_queue_event (
    -- The 64 bits of the body's fingerprint, whatever the sign.
    fingerprint int8 NOT NULL,
    -- When the event was accepted.
    at timestamptz NOT NULL,
    -- The row is kept until then.
    forget timestamptz NOT NULL,
    -- The job of the last delivery that got one.
    job int8,
    -- How many further deliveries of the event got a job.
    repeats int4 NOT NULL,
    -- The first 16 bytes of `EventKey::digest`.
    key bytea NOT NULL PRIMARY KEY,
    -- The delivery that has written the row.
    token bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS countersign_queue_event_forget
    ON {schema}.countersign_queue_event (forget);
CREATE TABLE IF NOT EXISTS {schema}.countersign_queue_job (
    id int8 NOT NULL PRIMARY KEY,
    accepted timestamptz NOT NULL,
    -- Due: not before this time. Running: the end of the lease.
    run_at timestamptz NOT NULL,
    -- When it became done, dead or discarded.
    settled timestamptz,
    -- The size of the message.
    bytes int8 NOT NULL,
    -- The attempts that were begun.
    attempts int4 NOT NULL,
    -- The result of the last attempt.
    last_status int4,
    -- 1 due, 2 running, 3 done, 4 dead, 5 discarded, 6 waiting for an earlier job of its order key.
    state int2 NOT NULL,
    possible_duplicate bool NOT NULL,
    -- The last attempt, and the process that has it.
    token bytea,
    owner bytea,
    target text COLLATE "C" NOT NULL,
    -- At most one job of a target and key is due or running.
    order_key text COLLATE "C",
    event_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C",
    last_error text COLLATE "C"
);
CREATE INDEX IF NOT EXISTS countersign_queue_job_due
    ON {schema}.countersign_queue_job (target, run_at, id) WHERE state = 1;
CREATE INDEX IF NOT EXISTS countersign_queue_job_running
    ON {schema}.countersign_queue_job (target, run_at) WHERE state = 2;
CREATE INDEX IF NOT EXISTS countersign_queue_job_dead
    ON {schema}.countersign_queue_job (target, id) WHERE state = 4;
CREATE INDEX IF NOT EXISTS countersign_queue_job_order
    ON {schema}.countersign_queue_job (target, order_key, id)
    WHERE state IN (1, 2, 6) AND order_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS countersign_queue_job_settled
    ON {schema}.countersign_queue_job (settled) WHERE state IN (3, 5);
CREATE INDEX IF NOT EXISTS countersign_queue_job_open
    ON {schema}.countersign_queue_job (target, accepted) WHERE state IN (1, 2, 6);
-- Apart from the job: a change of its state does not write the message again.
CREATE TABLE IF NOT EXISTS {schema}.countersign_queue_message (
    job int8 NOT NULL PRIMARY KEY,
    bytes bytea NOT NULL
);
-- The targets that are paused. `*` pauses all.
CREATE TABLE IF NOT EXISTS {schema}.countersign_queue_paused (
    target text COLLATE "C" NOT NULL PRIMARY KEY,
    since timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS {schema}.countersign_version (
    name text NOT NULL PRIMARY KEY,
    version int4 NOT NULL
);
INSERT INTO {schema}.countersign_version VALUES ('queue', {version}) ON CONFLICT DO NOTHING;
