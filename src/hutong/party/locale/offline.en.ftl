party-model-invalid = Model { $file } is not valid at { $where }: { $why }. Train it anew by leaving the file away.
party-model-nothing = There is nothing to compare among the records of kind { $kind }: the mapped columns are empty or hold one value only. Map more columns.
party-offline-file = File { $file } cannot be read: { $why }. CSV (with a header line) and Parquet can.
party-score-nothing = No record of the clusters is in the truth { $file }. Name its columns: --key, --entity, and --source (empty where keys are unique by themselves).
party-offline-columns = File { $file } lacks the columns { $missing }. It has: { $found }. Correct the mapping. If the first line is no header, say so: header: false; the columns are then named 1, 2, 3 ...
party-offline-encoding = File { $file } cannot be read as { $encoding }. Name its encoding in the mapping, for example encoding: big5, or save it as UTF-8.
party-offline-no-text = File { $file } is { $kind ->
    [gzip] compressed. Unpack it first
   *[other] an Excel workbook. Save its sheet as CSV (UTF-8)
 }: CSV and Parquet can be read.
party-offline-repeated = File { $file } has the columns { $columns } more than once, so it is not clear which one the mapping means. Give them names of their own in the header.
party-score-columns = File { $file } lacks the columns { $missing }. Found: { $found }. Clusters have source, key and party; the columns of a truth are named by --key, --entity and --source.
party-score-contradiction = The truth { $file } says of one record that it is of two entities: key { $key } is { $one } and { $other } ({ $count } such keys). Correct it, or name the column that tells sources apart: --source.
