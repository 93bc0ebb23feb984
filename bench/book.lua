-- wrk: POST /bookings for one place, of each event in turn, by people of whom each comes again after all others have.
-- Arguments: a file of access tokens, a file of events' ids, how many threads there are.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function lines(path)
  local found = {}
  for line in io.lines(path) do found[#found + 1] = line end
  return found
end

function init(args)
  tokens, bodies = lines(args[1]), lines(args[2])
  for i, event in ipairs(bodies) do bodies[i] = '{"eventId": "' .. event .. '", "quantity": 1}' end
  next_one = number * math.floor(#tokens / tonumber(args[3]))
  head = "POST /bookings HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\nContent-Length: "
    .. #bodies[1] .. "\r\nAuthorization: Bearer "  -- all ids are equally long
end

function request()
  next_one = next_one + 1
  return head .. tokens[next_one % #tokens + 1] .. "\r\n\r\n" .. bodies[next_one % #bodies + 1]
end
