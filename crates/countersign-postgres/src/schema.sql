CREATE TABLE IF NOT EXISTS {schema}.countersign_event (
    -- The 64 bits of the body's fingerprint, whatever the sign.
    fingerprint int8 NOT NULL,
    -- The time of the last step. For a done event, this is its completion.
    at timestamptz NOT NULL,
    -- The end of the lease while the event is in progress.
    until timestamptz NOT NULL,
    -- The row is kept until then.
    forget timestamptz NOT NULL,
    epoch int4 NOT NULL,
    crashes int4 NOT NULL,
    -- 1 in progress, 2 failed, 3 done.
    state int2 NOT NULL,
    -- How a success was recorded: 1 by the holder, 2 late, 3 without a claim; otherwise 0.
    completion int2 NOT NULL,
    -- The first 16 bytes of `EventKey::digest`.
    key bytea NOT NULL PRIMARY KEY,
    token bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS countersign_event_forget ON {schema}.countersign_event (forget);
CREATE TABLE IF NOT EXISTS {schema}.countersign_version (
    name text NOT NULL PRIMARY KEY,
    version int4 NOT NULL
);
INSERT INTO {schema}.countersign_version VALUES ('event', {version}) ON CONFLICT DO NOTHING;
