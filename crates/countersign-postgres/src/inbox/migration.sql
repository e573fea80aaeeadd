-- Several processes can start at the same time, and IF NOT EXISTS does not see what another transaction
-- has not committed yet.
SELECT pg_advisory_xact_lock(1129538934);

CREATE TABLE IF NOT EXISTS countersign_inbox (
    -- The 64 bits of the body's fingerprint, whatever the sign.
    fingerprint int8 NOT NULL,
    -- When the transaction that has claimed the event began.
    at timestamptz NOT NULL,
    -- The row is kept until then.
    forget timestamptz NOT NULL,
    -- `EventKey::digest`.
    key bytea NOT NULL PRIMARY KEY
);

CREATE INDEX IF NOT EXISTS countersign_inbox_forget ON countersign_inbox (forget);

CREATE TABLE IF NOT EXISTS countersign_inbox_stream (
    sequence int8 NOT NULL,
    forget timestamptz NOT NULL,
    endpoint text NOT NULL,
    stream text NOT NULL,
    PRIMARY KEY (endpoint, stream)
);

CREATE INDEX IF NOT EXISTS countersign_inbox_stream_forget ON countersign_inbox_stream (forget);

CREATE TABLE IF NOT EXISTS countersign_inbox_version (
    id int4 NOT NULL PRIMARY KEY CHECK (id = 1),
    version int8 NOT NULL
);

INSERT INTO countersign_inbox_version VALUES (1, 1) ON CONFLICT DO NOTHING;
