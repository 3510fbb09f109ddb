api-filter-unknown = 不能按 { $name } 过滤。可用的过滤属性：{ $known }。
api-number-invalid = { $name } 必须是 0 到 { NUMBER($greatest, useGrouping: 0) } 之间的整数。
api-resource-unknown = 没有该资源，或您无权查看。
api-patch-kind = 不支持的内容类型 { $kind }。请使用 application/merge-patch+json。
api-json-invalid = 请求体不是合法的 JSON。
api-patch-not-object = 补丁必须是 JSON 对象。
api-patch-fixed = 这些属性不能修改：{ $names }。
