## Files and mappings
party-mapping-encoding = The mapping names the encoding { $encoding }, which does not exist. Use for example utf-8, gb18030 or big5.
party-file-missing = There is no file { $file }. Check the path.
party-file-empty = File { $file } holds no rows. Nothing was loaded.
party-file-encoding = { $rows } rows of { $file } are not readable as { $encoding }. The file is probably written in another encoding: correct file.encoding in the mapping. Nothing was loaded.
party-file-quote = In file { $file } a quote opened in line { $line } is never closed: all rows after it would be one value. Close it, or write it twice if it belongs to the value, and try again. Nothing was taken.
party-file-form = File { $file } is not { $format } ({ $rows } rows could not be read). Check file.format and file.delimiter in the mapping. Nothing was loaded.
party-file-columns = File { $file } lacks the columns { $missing }. Found: { $found }. Correct the mapping or the export. Nothing was loaded.
party-file-sheet = File { $file } has no sheet { $sheet }. Found: { $found }. Nothing was loaded.
party-file-too-large = File { $file } would unpack to { $bytes } bytes, more than allowed. Split it. Nothing was loaded.
party-mapping-unknown = There is no mapping document { $name }. Choose one of the list.
party-upload-size = File { $file } is empty, or larger than { $most } GiB. Split it and upload the parts.
party-load-unknown = There is no load { $id }.

## Parties
party-unknown = There is no party { $id }.
party-merge-one = Choose at least two different parties to merge.
party-merge-kinds = A person and an organisation cannot be merged.
party-merge-identifiers = These parties hold different valid identity documents. Merge them only by force, giving the reason.
party-split-none = None of the chosen records belongs to party { $id }.
party-split-all = All records of party { $id } were chosen: leave at least one, or change the party instead.
party-operation-unknown = There is no operation { $id }.
party-operation-not-latest = Operation { $id } cannot be taken back: { $count } of its records were moved again by later operations. Take those back first.
party-operation-fixed = Operation { $id } is a resolution run. Split the party instead.
party-name-missing = A name is needed.
party-name-not-a-name = The name given is not a name.
party-area-by-value = Names, contacts and documents are confirmed by their value.
party-value-long = { $what } is too long: at most { $most } characters.
party-id-invalid = The identity document number is not valid ({ $reason }).
party-source-unknown = There is no source system { $source }.

## Suspects
party-suspect-unknown = There is no suspect group { $id }.
party-suspect-taken = Suspect group { $id } is already claimed by someone else.
party-suspect-assignee = { $to } does not work on suspected groups: choose a data steward.
party-suspect-closed = Suspect group { $id } is already decided.
party-suspect-decision = Decide about parties of the group only, each in one set.
party-document-kind-unknown = There is no kind of documents { $kind }.
