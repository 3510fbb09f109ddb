## Database
platform-database-too-old = 数据库版本 { $found } 太旧：需要 PostgreSQL 18 或更新版本。请升级，或去掉 HUTONG_DATABASE_URL 使用内置数据库。
platform-migrations-pending = 中心 { $center } 的表结构与程序不一致。请运行 hutong db upgrade。
platform-database-unavailable = 数据库暂时没有应答，您的请求没有生效。请稍后重试。

## History
platform-history-row-twice = { $table }：一次变更中有 { $count } 行被重复指定。每行只能指定一次，或分多次变更。
platform-history-unknown-row = { $table }：要变更的行中有 { $count } 行不存在。
platform-history-before-first = { $table }：有 { $count } 项变更的生效时间早于该行的起始时间。请改为起始时间或之后。
