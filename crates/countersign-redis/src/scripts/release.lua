local RELEASED, NOT_HELD = 0, 1

local record = load()
if not holds(record) then
  return { NOT_HELD }
end
store(record, FAILED, record.epoch, record.crashes, token, record.at, record.fingerprint)
return { RELEASED }
