local deleting = obj.metadata.deletionTimestamp ~= nil
local suspended = obj.spec.suspend == true
local issued = obj.status ~= nil and obj.status.token ~= nil

-- A nonce that is there before the first token rotates nothing; and while it is suspended nothing happens.
local rotates = issued and not suspended and not deleting

return {
  ["rotate"] = { ["disabled"] = not rotates },
  ["rotate-immediately"] = { ["disabled"] = not rotates },
  ["suspend"] = { ["disabled"] = suspended },
  ["resume"] = { ["disabled"] = not suspended },
}
