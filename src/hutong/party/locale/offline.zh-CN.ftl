party-model-invalid = 模型 { $file } 在 { $where } 处无效：{ $why }。删去该文件可重新训练。
party-model-nothing = { $kind } 类记录没有可比对的内容：映射的列为空或只有一个取值。请映射更多列。
party-offline-file = 文件 { $file } 无法读取：{ $why }。可读 CSV（首行为列名）与 Parquet。
party-score-nothing = 归并结果中没有一条记录见于真值文件 { $file }。请指明其列：--key、--entity 与 --source（键本身唯一时留空）。
party-offline-columns = 文件 { $file } 缺少列 { $missing }。已有列：{ $found }。请更正映射。如首行不是列名，请写 header: false，各列即以 1、2、3 …… 为名。
party-offline-encoding = 文件 { $file } 无法按 { $encoding } 读取。请在映射中注明编码（如 encoding: big5），或另存为 UTF-8。
party-offline-no-text = 文件 { $file } { $kind ->
    [gzip] 是压缩文件，请先解压
   *[other] 是 Excel 工作簿，请将工作表另存为 CSV（UTF-8）
 }：可读 CSV 与 Parquet。
