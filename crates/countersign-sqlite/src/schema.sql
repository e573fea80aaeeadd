CREATE TABLE event (
    -- The first 16 bytes of `EventKey::digest`.
    key BLOB NOT NULL UNIQUE,
    -- 1 in progress, 2 failed, 3 done.
    state INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    token BLOB NOT NULL,
    -- The 64 bits of the fingerprint, whatever the sign.
    fingerprint INTEGER NOT NULL,
    -- The time of the last step, in Unix milliseconds. For a done event, this is
    -- its completion.
    written_ms INTEGER NOT NULL,
    -- The end of the lease while the event is in progress.
    until_ms INTEGER NOT NULL,
    -- The row is kept until then.
    forget_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX event_forget_ms ON event (forget_ms);
