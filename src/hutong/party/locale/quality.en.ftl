party-quality-invalid = Quality rules { $file } are not valid at { $where }: { $why }. Mend the document and try again.
party-quality-rule-unknown = There is no quality rule { $rule } in force.
party-quality-task-unknown = There is no quality task { $id }.
party-quality-task-state = A task that is { $state } cannot become { $to }.
party-quality-note-missing = Say why: a note is needed.
party-quality-assignee-unknown = Choose somebody who may work on quality tasks.
platform-schedule-party-measure_quality = Measure data quality, settle tasks and scores
platform-schedule-party-verify_quality_tasks = Close quality tasks whose records were mended
