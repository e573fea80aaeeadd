-- The record of an event, and the functions that the scripts `claim`, `renew` and
-- `release` share. Each of these scripts is appended to this file.
--
-- 36 bytes, so that Redis keeps the value inside its object (56 bytes in all):
-- version and state, epoch, crashes, token, time, fingerprint. `record.rs` reads
-- and writes the same layout.
--
-- While the event is in progress, the time is what is left of the record's own
-- expiry at the end of the lease: the lease has run out as soon as `PTTL` is not
-- greater. So the lease is measured by the server's clock, and a plain `SET` can
-- grant it. Of a done event, the time is when it was done. A failed event has none.
local LAYOUT = '>BI3I2c16I6c8'
local BYTES = 36
-- The version of the layout is the upper half of the first byte.
local IN_PROGRESS, FAILED, DONE = 0x21, 0x22, 0x23
local MOST_EPOCHS, MOST_CRASHES = 0xffffff, 0xffff

-- The arguments: token, fingerprint, lease, retention (both in milliseconds),
-- maximum number of crashes.
local key = KEYS[1]
local token, fingerprint = ARGV[1], ARGV[2]
local lease, retention = tonumber(ARGV[3]), tonumber(ARGV[4])

local function load()
  local value = redis.call('GET', key)
  if not value then
    return nil
  end
  local state, epoch, crashes, owner, time, body = 0
  if #value == BYTES then
    state, epoch, crashes, owner, time, body = struct.unpack(LAYOUT, value)
  end
  if state ~= IN_PROGRESS and state ~= FAILED and state ~= DONE then
    error({ err = 'COUNTERSIGN this version does not support the layout of the record' })
  end
  return { state = state, epoch = epoch, crashes = crashes, token = owner, time = time, fingerprint = body }
end

-- Stores a record of this attempt. It is kept for the lease or the retention,
-- whichever is longer. A release without a preceding claim only has to outlast
-- that claim.
local function store(state, epoch, crashes, body)
  -- An expiry of zero is an error in Redis.
  local keep = math.max(lease, 1)
  if state == IN_PROGRESS or epoch > 0 then
    keep = math.max(keep, retention)
  end
  local time = state == IN_PROGRESS and keep - lease or 0
  local value = struct.pack(LAYOUT, state, math.min(epoch, MOST_EPOCHS), math.min(crashes, MOST_CRASHES), token, time, body)
  redis.call('SET', key, value, 'PX', keep)
end

-- Whether this attempt holds the event, even if its lease has expired.
local function holds(record)
  return record and record.state == IN_PROGRESS and record.token == token
end
