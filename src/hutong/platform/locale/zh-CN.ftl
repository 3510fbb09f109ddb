## Database
platform-database-too-old = 数据库版本 { $found } 太旧：需要 PostgreSQL 18 或更新版本。请升级，或去掉 HUTONG_DATABASE_URL 使用内置数据库。
platform-migrations-pending = 中心 { $center } 的表结构与程序不一致。请运行 hutong db upgrade。
