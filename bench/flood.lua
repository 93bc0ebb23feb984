-- wrk: POST /login with wrong passwords, at so many a second of all threads, each at its moment while a connection is free.
-- Arguments: how many a second, how many threads there are, how many accounts, an account to begin with, and how many
-- connections there are.
local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds, millionths; } moment; int gettimeofday(moment *now, void *zone);")
local clock, threads = ffi.new("moment"), {}

local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + tonumber(clock.millionths) / 1000
end

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

function init(args)
  step, accounts, account = tonumber(args[2]), tonumber(args[3]), tonumber(args[4]) + number
  pause, most = 1000 * step / tonumber(args[1]), math.ceil(tonumber(args[5]) / step)
  began, planned, sent, told = now() + number * pause / step, 0, 0, {}
end

function delay()
  planned = math.min(planned, sent + most - 1) + 1  -- wrk asks twice where the other side ended the connection
  return math.floor(math.max(0, began + planned * pause - now()))
end

function request()
  account, sent = account + step, sent + 1
  local body = '{"username": "user' .. account % accounts .. '", "password": "wrong ' .. account .. '"}'
  return wrk.format("POST", "/login", { ["Content-Type"] = "application/json" }, body)
end

function response(status)
  told[tostring(status)] = (told[tostring(status)] or 0) + 1
end

function done()
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("told")) do print("status " .. status .. " " .. count) end
  end
end
