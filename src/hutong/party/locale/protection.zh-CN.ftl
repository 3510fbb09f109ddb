party-reveal-field = 没有敏感字段 { $name }。
party-reveal-reason = 请说明查看原因（至少四个字）。
