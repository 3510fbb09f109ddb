party-quality-invalid = 质量规则 { $file } 的 { $where } 处无效：{ $why }。请修改后重试。
party-quality-rule-unknown = 没有生效的质量规则 { $rule }。
party-quality-task-unknown = 没有编号为 { $id } 的质量任务。
party-quality-task-state = 处于 { $state } 状态的任务不能变为 { $to }。
party-quality-note-missing = 请填写说明。
party-quality-assignee-unknown = 请选择有权处理质量任务的人员。
platform-schedule-party-measure_quality = 测量数据质量，更新任务与评分
platform-schedule-party-verify_quality_tasks = 关闭已修正记录的质量任务
