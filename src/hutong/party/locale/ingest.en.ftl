## Loads
party-file-wide = { $file } has { $columns } columns; at most { $most } are taken. Check the delimiter. Nothing was loaded.
