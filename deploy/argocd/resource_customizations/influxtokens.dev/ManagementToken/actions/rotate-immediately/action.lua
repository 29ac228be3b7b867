local os = require("os")

if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
-- The operator acts once on each new value.
obj.metadata.annotations["influxtokens.dev/rotate-immediately"] = os.date("!%Y-%m-%dT%XZ")

return obj
