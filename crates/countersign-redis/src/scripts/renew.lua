local RENEWED, LOST = 0, 1

local record = load()
if not holds(record) then
  return { LOST }
end
store(record, IN_PROGRESS, record.epoch, record.crashes, token, now() + ARGV[3], record.fingerprint)
return { RENEWED }
