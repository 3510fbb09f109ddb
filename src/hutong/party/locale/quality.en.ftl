party-quality-rule-unknown = There is no quality rule { $rule } in force.
party-quality-task-unknown = There is no quality task { $id }.
party-quality-note-missing = Say why: a note is needed.
party-quality-assignee-unknown = Choose somebody who may work on quality tasks.
platform-schedule-party-measure_quality = Measure data quality, settle tasks and scores
platform-schedule-party-verify_quality_tasks = Close quality tasks whose records were mended
party-quality-field-unknown = { $name } is no field that can be reported.
party-record-unknown = There is no source record { $id }.
