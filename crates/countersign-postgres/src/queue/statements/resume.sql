-- $1 target, or `*`.
DELETE FROM {t}paused WHERE target = $1 OR $1 = '*' RETURNING target
