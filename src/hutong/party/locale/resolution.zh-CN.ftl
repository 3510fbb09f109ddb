## 模型版本
party-model-unknown = 没有编号为 { $id } 的模型版本。
party-model-state = 模型版本 { $id } 处于“{ $state }”状态，不能执行 { $action }。
party-model-not-reviewed = 模型版本 { $id } 的样本还没有人工复核结果。请先复核样本，或用标注文件复核。
party-model-four-eyes = 训练或评估模型的人不能批准它。请由另一人批准。
party-model-not-good = 模型版本 { $id } 复核后的精确率下限未达到 { $least }，或复核的样本太少，不能批准。
party-model-pair-unknown = 样本中没有这对记录。
party-model-labels = 标注文件 { $file } 中没有样本里的任何一对记录。
