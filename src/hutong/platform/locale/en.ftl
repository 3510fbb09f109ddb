## Database
platform-database-too-old = Database version { $found } is too old: PostgreSQL 18 or newer is needed. Upgrade it, or unset HUTONG_DATABASE_URL to use the embedded one.
platform-migrations-pending = The tables of center { $center } do not match the program. Run: hutong db upgrade.
