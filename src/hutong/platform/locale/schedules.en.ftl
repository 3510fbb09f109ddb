platform-schedule-cron-invalid = “{ $cron }” is no time this can run at. Write five fields: minute, hour, day, month, weekday; “30 2 * * *” is every day at 02:30.
platform-schedule-unknown = There is no schedule { $name }.
