-- $1 bytes.
SELECT DISTINCT event_id FROM {t}job WHERE octet_length(event_id) > $1
