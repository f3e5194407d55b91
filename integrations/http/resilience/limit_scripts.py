"""The two scripts that Redis runs to keep a limit exact across processes."""

from typing import Final

# KEYS: for each limit its list of grant times and its block.
# ARGV: for each limit the window in microseconds and the count.
# Answers {milliseconds to wait, which limit}; 0 means granted.
#
# The list holds the times of the last `limit` grants, oldest first. A request fits
# when the first of them is older than the window, which makes the window exact at
# every instant and the memory bounded. All limits are looked at before any is taken:
# all or none.
ACQUIRE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, which = 0, 0

-- A server clock that was set back leaves grants in the future. They count as made
-- now: nobody waits longer than one window, nobody gets more than the limit.
local function settle(key)
  local last = redis.call('LINDEX', key, -1)
  if not last or tonumber(last) <= now then return end
  local times = redis.call('LRANGE', key, 0, -1)
  for index, grant in ipairs(times) do
    if tonumber(grant) > now then
      redis.call('LSET', key, index - 1, string.format('%.0f', now))
    end
  end
end

-- A key expires at a time of the server's clock. One that would do so later than it
-- was blocked for is from before the clock was set back, and counts as set now.
local function block_left(key)
  local left = redis.call('PTTL', key)
  local length = tonumber(redis.call('GET', key) or '')
  if left < 0 or not length or left <= length then return left end
  redis.call('PEXPIRE', key, length)
  return length
end

for i = 1, #KEYS, 2 do
  local n = (i - 1) / 2
  local window, limit = tonumber(ARGV[2 * n + 1]), tonumber(ARGV[2 * n + 2])
  local need = 0
  local blocked = block_left(KEYS[i + 1])
  if blocked >= 0 then need = (blocked + 1) * 1000 end
  settle(KEYS[i])
  local oldest = redis.call('LINDEX', KEYS[i], -limit)
  if oldest then
    local left = tonumber(oldest) + window - now
    if left >= 0 and left + 1 > need then need = left + 1 end
  end
  if need > wait then wait, which = need, n + 1 end
end
if wait > 0 then return {math.ceil(wait / 1000), which} end

for i = 1, #KEYS, 2 do
  local n = (i - 1) / 2
  redis.call('RPUSH', KEYS[i], string.format('%.0f', now))
  redis.call('LTRIM', KEYS[i], -tonumber(ARGV[2 * n + 2]), -1)
  redis.call('PEXPIRE', KEYS[i], math.ceil(ARGV[2 * n + 1] / 1000) + 1000)
end
return {0, 0}
"""

# KEYS: the block of a bucket. ARGV: milliseconds. A longer block stays.
BLOCK: Final = """
local left = redis.call('PTTL', KEYS[1])
if left < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[1])
end
return 1
"""
