party-reveal-field = 没有敏感字段 { $name }。
party-reveal-reason = 请说明查看原因（至少四个字）。
party-filter-hidden = 此接口无权获得 { $name }，不能以它查询。请联系管理员将其加入该接口的字段清单。
