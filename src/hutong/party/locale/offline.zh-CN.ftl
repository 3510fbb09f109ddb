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
party-offline-repeated = 文件 { $file } 中列 { $columns } 出现多次，无法确定映射指的是哪一列。请在首行为其分别命名。
party-score-columns = 文件 { $file } 缺少列 { $missing }。已有列：{ $found }。归并结果应有 source、key、party 三列；真值的列由 --key、--entity、--source 指明。
party-score-contradiction = 真值文件 { $file } 称同一条记录属于两个实体：键 { $key } 既是 { $one } 又是 { $other }（此类键共 { $count } 个）。请更正，或用 --source 指明区分来源的列。
