## Loads
party-file-wide = { $file } has { $columns } columns; at most { $most } are taken. Check the delimiter. Nothing was loaded.
party-file-spread = The sheet of { $file } spans more cells than can be read: probably one lies far beyond the table. Delete the rows and columns after it, or split the file. Nothing was loaded.
party-mapping-name = The name { $name } cannot be used: write folder/name in small letters, digits and hyphens.
party-batch-size = A batch has at least 1 and at most { $most } records.
party-batch-key = Give an Idempotency-Key of at most 200 characters.
party-batch-source = The mapping chosen does not belong to the source { $source }.
party-reject-unknown = There is no rejected row { $id }.
party-reject-closed = The rejected row { $id } is closed already.
party-reject-note = Say why the row is dismissed.
