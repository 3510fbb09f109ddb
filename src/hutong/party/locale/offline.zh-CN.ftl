party-model-invalid = 模型 { $file } 在 { $where } 处无效：{ $why }。删去该文件可重新训练。
party-model-nothing = { $kind } 类记录没有可比对的内容：映射的列为空或只有一个取值。请映射更多列。
party-offline-file = 文件 { $file } 无法读取：{ $why }。可读 CSV（首行为列名）与 Parquet。
party-score-nothing = 归并结果中没有一条记录见于真值文件 { $file }。请指明其列：--key、--entity 与 --source（键本身唯一时留空）。
