local RECORDED, RECORDED_LATE, ALREADY_DONE, RECORDED_UNCLAIMED = 0, 1, 2, 3

local record = load()
if record and record.state == DONE then
  return { record.token == token and RECORDED or ALREADY_DONE }
end
local epoch, crashes, outcome = 0, 0, RECORDED_UNCLAIMED
if record then
  epoch, crashes = record.epoch, record.crashes
  if holds(record) then
    outcome = RECORDED
  elseif record.token ~= token then
    outcome = RECORDED_LATE
  end
end
store(DONE, epoch, crashes, token, now(), fingerprint)
return { outcome }
