platform-schedule-cron-invalid = “{ $cron }”不是可用的执行时间。请写五段：分、时、日、月、星期；“30 2 * * *”表示每天 02:30。
platform-schedule-unknown = 没有定时计划 { $name }。
