-- wrk: POST /login with wrong passwords, at so many a second of all threads, each at its moment while a connection is free.
-- Arguments: how many a second, how many threads there are, how many accounts, and an account to begin with.
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
  pause, accounts = 1000 * tonumber(args[2]) / tonumber(args[1]), tonumber(args[3])
  step, account, turn = tonumber(args[2]), tonumber(args[4]) + number, now() + number * pause / tonumber(args[2])
  told = {}
end

function delay()
  local wait = math.max(0, turn - now())
  turn = turn + pause
  return math.floor(wait)
end

function request()
  account = account + step
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
