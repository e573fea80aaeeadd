local RELEASED, NOT_HELD = 0, 1

local record = load()
if holds(record) then
  store(FAILED, record.epoch, record.crashes, record.fingerprint)
  return { RELEASED }
end
if not record then
  -- The claim may still arrive. It will find this record, and grant nothing.
  store(FAILED, 0, 0, fingerprint)
end
return { NOT_HELD }
