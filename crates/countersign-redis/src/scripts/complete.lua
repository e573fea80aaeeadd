-- Records a success, unless one is recorded already. Returns the previous record,
-- from which `reply.rs` derives the outcome.
--
-- The arguments: the record of the success, and its retention in milliseconds.
-- Every event runs this script, so it does without the functions of `record.lua`,
-- which are created anew in each call.
local BYTES = 36
local IN_PROGRESS, FAILED, DONE = 0x21, 0x22, 0x23

local key = KEYS[1]
local before = redis.call('GET', key)
if before then
  local state = #before == BYTES and string.byte(before)
  if state == DONE then
    return before
  end
  if state ~= IN_PROGRESS and state ~= FAILED then
    error({ err = 'COUNTERSIGN this version does not support the layout of the record' })
  end
end
redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
return before
