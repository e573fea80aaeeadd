-- The record of an event, and the functions that all scripts share. Each script
-- is appended to this file.
--
-- 36 bytes, so that Redis keeps the value inside its object (56 bytes in all):
-- version and state, epoch, crashes, token, time, fingerprint. While the event
-- is in progress, the time is the end of the lease. Afterwards it is the time
-- of the last write.
local LAYOUT = '>BI3I2c16I6c8'
local BYTES = 36
-- The version of the layout is the upper half of the first byte.
local IN_PROGRESS, FAILED, DONE = 0x11, 0x12, 0x13
local MOST_EPOCHS, MOST_CRASHES = 0xffffff, 0xffff

-- The arguments of every script: token, fingerprint, lease, retention (both in
-- milliseconds), maximum number of crashes.
local key = KEYS[1]
local token, fingerprint = ARGV[1], ARGV[2]
local lease, retention = tonumber(ARGV[3]), tonumber(ARGV[4])

-- The server's clock, in Unix milliseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function load()
  local value = redis.call('GET', key)
  if not value then
    return nil
  end
  local state, epoch, crashes, owner, at, body = 0
  if #value == BYTES then
    state, epoch, crashes, owner, at, body = struct.unpack(LAYOUT, value)
  end
  if state ~= IN_PROGRESS and state ~= FAILED and state ~= DONE then
    error({ err = 'COUNTERSIGN this version does not support the layout of the record' })
  end
  return { state = state, epoch = epoch, crashes = crashes, token = owner, at = at, fingerprint = body }
end

-- How long a record is kept after this write. A success is kept for the
-- retention. Any other record is kept for the lease or the retention, whichever
-- is longer. A release without a preceding claim only has to outlast that claim.
local function keep_for(state, epoch)
  if state == DONE then
    return retention
  end
  if state == FAILED and epoch == 0 then
    return lease
  end
  return math.max(lease, retention)
end

local function store(state, epoch, crashes, owner, at, body)
  local value = struct.pack(LAYOUT, state, math.min(epoch, MOST_EPOCHS), math.min(crashes, MOST_CRASHES), owner, at, body)
  -- An expiry of zero is an error in Redis.
  redis.call('SET', key, value, 'PX', math.max(keep_for(state, epoch), 1))
end

-- Whether this attempt holds the event, even if its lease has expired.
local function holds(record)
  return record and record.state == IN_PROGRESS and record.token == token
end
