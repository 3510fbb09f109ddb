## Database
platform-database-too-old = Database version { $found } is too old: PostgreSQL 18 or newer is needed. Upgrade it, or unset HUTONG_DATABASE_URL to use the embedded one.
platform-migrations-pending = The tables of center { $center } do not match the program. Run: hutong db upgrade.
platform-database-unavailable = The database does not answer at the moment; nothing of your request took effect. Try again shortly.

## History
platform-history-row-twice = { $table }: { $count } rows are named more than once in one change. Name each row once, or make several changes.
platform-history-unknown-row = { $table }: { $count } of the rows to change do not exist.
platform-history-before-first = { $table }: { $count } changes are dated before their row began. Date them at its beginning or later.
