#!lua
-- Adds the message of an event to a stream and records the event as done, unless it is done already.
--
-- The keys: the record of the event, and the stream. The arguments: the record of the success, which
-- has the token of this attempt, its retention in milliseconds, the message, the event id, whether a
-- repeat is stored, and the maximum length of the stream (0 for none).
--
-- The stream comes before the record, because only the first write can fail: the script then changes
-- nothing. With the first line, the server rejects the whole script if it is full.
local LAYOUT = '>BI3I2c16I6c8'
local BYTES = 36
local IN_PROGRESS, FAILED, DONE = 0x21, 0x22, 0x23
local STORED, IN_FLIGHT, DUPLICATE, FULL = 0, 1, 2, 3

local key, stream = KEYS[1], KEYS[2]
local success, retention, message, event_id = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local handles_repeats, max_length = ARGV[5] == '1', tonumber(ARGV[6])
local _, _, _, token, _, fingerprint = struct.unpack(LAYOUT, success)

local possible_duplicate = 0
local before = redis.call('GET', key)
if before then
  local state, _, repeats, owner, time, body = 0
  if #before == BYTES then
    state, _, repeats, owner, time, body = struct.unpack(LAYOUT, before)
  end
  if state == DONE then
    -- An earlier try of this attempt, whose reply was lost.
    if owner == token then
      return { STORED, repeats }
    end
    if not handles_repeats then
      return { DUPLICATE, body == fingerprint and 1 or 0, time }
    end
    possible_duplicate = 1
  elseif state == IN_PROGRESS then
    local left = redis.call('PTTL', key) - time
    if left > 0 and not handles_repeats then
      return { IN_FLIGHT, left }
    end
    possible_duplicate = 1
  elseif state ~= FAILED then
    error({ err = 'COUNTERSIGN this version does not support the layout of the record' })
  end
end
if max_length > 0 and redis.call('XLEN', stream) >= max_length then
  return { FULL }
end
redis.call('XADD', stream, '*', 'message', message, 'event_id', event_id, 'possible_duplicate', possible_duplicate)
-- A done event has no crashes. Their number says whether the message is a repeat.
success = string.sub(success, 1, 5) .. string.char(possible_duplicate) .. string.sub(success, 7)
redis.call('SET', key, success, 'PX', retention)
return { STORED, possible_duplicate }
