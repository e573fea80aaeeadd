CREATE TABLE IF NOT EXISTS countersign_inbox (
    key BLOB NOT NULL PRIMARY KEY, -- EventKey::digest
    fingerprint INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    forget_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS countersign_inbox_forget ON countersign_inbox (forget_ms);

CREATE TABLE IF NOT EXISTS countersign_inbox_stream (
    endpoint TEXT NOT NULL,
    stream TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    forget_ms INTEGER NOT NULL,
    PRIMARY KEY (endpoint, stream)
) STRICT;

CREATE TABLE IF NOT EXISTS countersign_inbox_version (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT OR IGNORE INTO countersign_inbox_version VALUES (1, 1);
