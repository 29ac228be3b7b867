-- Degraded only where a person must act: Argo CD then fails the sync. What the operator tries again by itself is Progressing.
local function answer(status, message)
  return { status = status, message = message }
end

local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    conditions[condition.type] = condition
  end
end
local ready = conditions["Ready"]
local stalled = conditions["Stalled"]

-- Conditions about an earlier spec say nothing about this one, nor about a deletion, which counts as a change.
if ready == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return answer("Progressing", "Waiting for the operator to look at this; if that lasts, check that it runs.")
end
if ready.reason == "Suspended" then
  return answer("Suspended", ready.message)
end
if stalled ~= nil and stalled.status == "True" then
  return answer("Degraded", stalled.message)
end
if obj.metadata.deletionTimestamp ~= nil then
  return answer("Progressing", ready.message)
end
if ready.status ~= "True" then
  return answer("Progressing", ready.message)
end
-- The token works, and something hinders its upkeep that the operator tries again.
local synced = conditions["Synced"]
if synced ~= nil and synced.status == "False" then
  return answer("Healthy", ready.message .. " But: " .. synced.message)
end
return answer("Healthy", ready.message)
