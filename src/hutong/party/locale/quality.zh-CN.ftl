party-quality-rule-unknown = 没有生效的质量规则 { $rule }。
party-quality-task-unknown = 没有编号为 { $id } 的质量任务。
party-quality-note-missing = 请填写说明。
party-quality-assignee-unknown = 请选择有权处理质量任务的人员。
platform-schedule-party-measure_quality = 测量数据质量，更新任务与评分
platform-schedule-party-verify_quality_tasks = 关闭已修正记录的质量任务
party-quality-field-unknown = { $name } 不是可以上报的字段。
party-record-unknown = 没有编号为 { $id } 的来源记录。
