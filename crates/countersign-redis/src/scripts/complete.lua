local RECORDED, RECORDED_LATE, ALREADY_DONE = 0, 1, 2

local record = load()
if record and record.state == DONE then
  return { record.token == token and RECORDED or ALREADY_DONE }
end
local epoch, crashes = 0, 0
if record then
  epoch, crashes = record.epoch, record.crashes
end
store(record, DONE, epoch, crashes, token, now(), fingerprint)
return { holds(record) and RECORDED or RECORDED_LATE }
