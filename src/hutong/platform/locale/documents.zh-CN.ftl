## 文档
platform-document-mistake = 第 { $line } 行（{ $where }）有误：{ $why }。请修改文档后重试。
platform-document-long = 文档不得超过 { $most } 个字符。
platform-document-unknown = 没有类型为 { $kind } 的文档 { $name }，或不属于您。请从列表中选择。
platform-document-version-unknown = { $name }（{ $kind }）没有第 { $version } 版。
platform-document-newer = { $name } 在您编辑期间已发布第 { $version } 版，请重新打开后修改。
platform-document-state = { $name } 处于 { $state } 状态，目前不能这样做。
platform-document-needed = { $name } 必须存在：请发布新的版本来代替。
platform-document-drafted = { $name } 正由他人起草，请先请其完成或放弃。
platform-document-proposed-only = 此类文档须由另一人批准：请提交提议。
platform-document-four-eyes = 起草人不能批准自己的提议，须由另一人批准。
platform-document-no-draft = { $name } 没有草稿，可能已发布或已放弃。
platform-document-name = 文档自称 { $own }，而不是 { $name }。请改为保存所用的名称。
platform-document-reason-missing = 请说明退回的原因，起草人需要据此修改。
