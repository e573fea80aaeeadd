-- The record of an event, and what every script does with it. Each script is
-- appended to this file.
--
-- 36 bytes, so that Redis keeps the value inside its object (56 bytes in all):
-- version and state, epoch, crashes, token, time, fingerprint. The time is the
-- end of the lease while the event is in progress, and that of the last write
-- afterwards.
local LAYOUT = '>BI3I2c16I6c8'
local BYTES = 36
-- The version of the layout is the upper half of the first byte.
local IN_PROGRESS, FAILED, DONE = 0x11, 0x12, 0x13
local MOST_EPOCHS, MOST_CRASHES = 0xffffff, 0xffff

-- Arguments, of every script: token, fingerprint, lease, retention (both in
-- milliseconds), most crashes.
local key = KEYS[1]
local token, fingerprint = ARGV[1], ARGV[2]
local lease, retention = tonumber(ARGV[3]), tonumber(ARGV[4])

-- By the server's clock, in Unix milliseconds.
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
    error({ err = 'COUNTERSIGN the record is not of a layout that this version knows' })
  end
  return { state = state, epoch = epoch, crashes = crashes, token = owner, at = at, fingerprint = body }
end

-- For how long a record is kept from this write on: a success for the retention,
-- and any other for the lease as well, should that be longer. A release that no
-- claim preceded only has to outlast that claim.
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
  -- An entry that lives for no time at all is an error to Redis.
  redis.call('SET', key, value, 'PX', math.max(keep_for(state, epoch), 1))
end

-- Whether the event is this attempt's, even if its lease has run out.
local function holds(record)
  return record and record.state == IN_PROGRESS and record.token == token
end
