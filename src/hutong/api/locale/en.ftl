api-filter-unknown = Cannot filter by { $name }. Attributes to filter by: { $known }.
api-number-invalid = { $name } must be a whole number from 0 to { NUMBER($greatest, useGrouping: 0) }.
api-resource-unknown = There is no such resource, or you may not see it.
api-patch-kind = Content type { $kind } is not supported. Use application/merge-patch+json.
api-json-invalid = The request body is not valid JSON.
api-patch-not-object = The patch must be a JSON object.
api-patch-fixed = These attributes cannot be changed: { $names }.
