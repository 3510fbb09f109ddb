party-model-invalid = Model { $file } is not valid at { $where }: { $why }. Train it anew by leaving the file away.
party-model-nothing = There is nothing to compare among the records of kind { $kind }: the mapped columns are empty or hold one value only. Map more columns.
party-offline-file = File { $file } cannot be read: { $why }. CSV (with a header line) and Parquet can.
party-score-nothing = No record of the clusters is in the truth { $file }. Name its columns: --key, --entity, and --source (empty where keys are unique by themselves).
