local RENEWED, LOST = 0, 1

local record = load()
if not holds(record) then
  return { LOST }
end
store(IN_PROGRESS, record.epoch, record.crashes, record.fingerprint)
return { RENEWED }
