## Reading documents
catalog-no-documents = { $folder } 中没有文档。请指定含有 catalog/*.yaml 的业务包目录。
catalog-unreadable = 无法读取 { $file }：{ $reason }
catalog-refused = 共 { $count } 处错误，未发布任何内容。请改正后重新发布。
catalog-fault-form = 格式不符：{ $reason }
catalog-fault-twice = 该文档重复给出，请只保留一份。
catalog-fault-missing = 不存在 { $kind } { $code }。请改正编码，或与本文档一同发布。
catalog-fault-not-main = { $product } 不是主产品；附属产品只能附属于主产品。
catalog-fault-circle = 产品之间循环依赖（{ $circle }）。请去掉其中一个依赖。
catalog-fault-part-twice = 编码 { $code } 重复使用，请为每一部分使用不同编码。
catalog-fault-requires-excluded = 对 { $offer } 既依赖又互斥，请只保留其一。
catalog-fault-level = 定价计划 { $plan } 的级别为 { $level }，此处只能引用 { $allowed } 级。请修改定价计划级别，或在别处引用。
catalog-fault-event = 没有产品产生事件 { $event }；已有事件：{ $known }。请改正类型，或加入产品的 emits。
## Finding documents
catalog-no-document = 目录中没有 { $kind } { $code }。
catalog-no-version = { $kind } { $code } 没有版本 { $version }。
catalog-earlier-than-last = 已发布的版本将于 { $last } 生效，新版本不能早于它生效。
## Command line
catalog-cli-new = 新增：{ $kind } { $code }
catalog-cli-changed = 变更：{ $kind } { $code }
catalog-cli-same = 与已发布目录没有差异
catalog-cli-published = 已发布第 { $number } 版，共 { $count } 个文档
catalog-cli-valid = { $count } 个文档校验通过
