-- The one script that writes the board of capacity.
--
-- KEYS: meta, building, then the sets of free agents that the rows touch, then one key for each row.
--       For "unlink": meta, building, then the keys to unlink.
-- ARGV: verb, claim, epoch, owner, rulebook, offset, now, number of sets, then the rows.
--
-- Verbs: "claim" makes this owner the board's and names the epoch that it is going to build;
--        "build" adds rows to that epoch; "switch" adds the last and makes it the live one;
--        "write" adds rows to the live epoch; "unlink" takes away keys of epochs long gone.
--
-- Says "DONE"; "OLDER <claim> <owner>" where a later owner has claimed the board; "GONE" where the
-- epoch is not, or no longer, the one that is live or being built.
local meta, building = KEYS[1], KEYS[2]
local verb, claim, epoch, owner, rulebook, offset, now = unpack(ARGV, 1, 7)
local set_count = tonumber(ARGV[8])
local FIRST_SET, FIRST_ROW = 3, 9

-- Redis 7 does not say which command of a script its ACL forbids: so all are asked for before the
-- first. Redis 6 has no such question, and names the command. Redis 8 refuses the question for a
-- command that lacks arguments.
local COMMANDS = {
  { 'hmget', meta, '' }, { 'hget', meta, '' }, { 'hset', meta, '', '' },
  { 'get', meta }, { 'set', meta, '' }, { 'del', meta }, { 'unlink', meta },
  { 'zadd', meta, '0', '' }, { 'zrem', meta, '' },
}

if verb == 'claim' and redis.acl_check_cmd then
  for _, command in ipairs(COMMANDS) do
    if not redis.acl_check_cmd(unpack(command)) then
      return redis.error_reply("NOPERM no permission to run '" .. command[1] .. "' on " .. meta)
    end
  end
end

local known = redis.call('HMGET', meta, 'epoch', 'claim', 'owner')
if (tonumber(known[2] or '') or -1) > tonumber(claim) then
  return 'OLDER ' .. known[2] .. ' ' .. (known[3] or '')
end

if verb == 'claim' then
  redis.call('HSET', meta, 'claim', claim, 'owner', owner)
  redis.call('SET', building, epoch)
  return 'DONE'
end

local expected = known[1]
if verb == 'build' or verb == 'switch' then
  expected = redis.call('GET', building)
end
if expected ~= epoch then
  return 'GONE'
end

if verb == 'unlink' then
  for i = FIRST_SET, #KEYS do
    redis.call('UNLINK', KEYS[i])
  end
  return 'DONE'
end

local joining, leaving = {}, {} -- of each set: { free, id, free, id, ... } and { id, id, ... }
local lists = {}                -- rows of one team share the text of their list of sets

local function sets_of(text)
  local sets = lists[text]
  if not sets then
    sets = {}
    for index in string.gmatch(text, '%d+') do
      sets[#sets + 1] = tonumber(index)
    end
    lists[text] = sets
  end
  return sets
end

local function join(sets, id, free)
  for _, set in ipairs(sets) do
    local list = joining[set] or {}
    joining[set] = list
    list[#list + 1] = free
    list[#list + 1] = id
  end
end

local function leave(sets, id)
  for _, set in ipairs(sets) do
    local list = leaving[set] or {}
    leaving[set] = list
    list[#list + 1] = id
  end
end

local function is_newer(key, given)
  local stored = tonumber(redis.call('HGET', key, 'offset') or '')
  return not stored or tonumber(given) > stored
end

-- Each takes the row's key and the place of its kind in ARGV, and gives the number of its words.
local writers = {
  agent = function(key, at)
    local id, given, capacity, used, open, status, queues, languages, free, into, out_of =
      unpack(ARGV, at + 1, at + 11)
    if is_newer(key, given) then
      redis.call('HSET', key, 'capacity', capacity, 'used', used, 'open', open, 'status', status,
        'queues', queues, 'languages', languages, 'offset', given)
      leave(sets_of(out_of), id)
      join(sets_of(into), id, free)
    end
    return 12
  end,
  agent_gone = function(key, at)
    local id, given, out_of = unpack(ARGV, at + 1, at + 3)
    if is_newer(key, given) then
      redis.call('UNLINK', key)
      leave(sets_of(out_of), id)
    end
    return 4
  end,
  queue = function(key, at)
    local given, waiting, held, oldest, deadline = unpack(ARGV, at + 1, at + 5)
    if is_newer(key, given) then
      redis.call('HSET', key, 'waiting', waiting, 'held', held, 'oldest_submitted_at', oldest,
        'next_deadline', deadline, 'offset', given)
    end
    return 6
  end,
  queue_gone = function(key, at)
    if is_newer(key, ARGV[at + 1]) then
      redis.call('UNLINK', key)
    end
    return 2
  end,
}

local at = FIRST_ROW
for i = FIRST_SET + set_count, #KEYS do
  at = at + writers[ARGV[at]](KEYS[i], at)
end
for set, list in pairs(leaving) do
  redis.call('ZREM', KEYS[FIRST_SET + set], unpack(list))
end
for set, list in pairs(joining) do
  redis.call('ZADD', KEYS[FIRST_SET + set], unpack(list))
end

if verb ~= 'build' then
  redis.call('HSET', meta, 'epoch', epoch, 'claim', claim, 'owner', owner, 'offset', offset,
    'updated_at', now, 'rulebook', rulebook)
end
if verb == 'switch' then
  redis.call('DEL', building)
end
return 'DONE'
