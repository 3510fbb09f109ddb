party-reveal-field = 没有敏感字段 { $field }。
party-reveal-reason = 请说明查看原因（至少四个字）。
