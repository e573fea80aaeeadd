local GRANTED, IN_FLIGHT, ALREADY_DONE, EXHAUSTED, ALREADY_RELEASED = 0, 1, 2, 3, 4

local function grant(epoch, crashes)
  store(IN_PROGRESS, epoch, crashes, fingerprint)
  return { GRANTED, epoch, crashes > 0 and 1 or 0 }
end

local record = load()
if not record then
  return grant(1, 0)
end
if record.state == DONE then
  return { ALREADY_DONE, record.fingerprint == fingerprint and 1 or 0, record.time }
end
if record.state == FAILED then
  -- A claim that arrives after its own release has no caller any more.
  if record.token == token then
    return { ALREADY_RELEASED }
  end
  return grant(record.epoch + 1, record.crashes)
end
if record.token == token then
  return grant(record.epoch, record.crashes)
end
local expiry = redis.call('PTTL', key)
if expiry < 0 then
  -- Another program has removed the record's expiry, and with it the lease. The
  -- holder may still be alive, so its lease starts again.
  token = record.token
  store(IN_PROGRESS, record.epoch, record.crashes, record.fingerprint)
  return { IN_FLIGHT, lease }
end
local left = expiry - record.time
if left > 0 then
  return { IN_FLIGHT, left }
end
local crashes = record.crashes + 1
if crashes >= tonumber(ARGV[5]) then
  return { EXHAUSTED, crashes }
end
return grant(record.epoch + 1, crashes)
