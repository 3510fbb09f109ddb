cli-help-resolve-files = Files of persons or organisations.
cli-help-resolve =
    Resolve files of persons or organisations: which records are the same party? No server, database or labels needed.

    A mapping document says which columns are what:

    {"`"}source: crm{"`"} · {"`"}key: id{"`"} · {"`"}kind: person{"`"} · {"`"}region: US{"`"} · {"`"}columns: {"{"}given_name: first, family_name: last, birth_date: dob, phone: {"\\["}home, mobile], postcode: zip{"}"}{"`"}

    All but columns may be left away (key: the row number; source: the file's name; kind: person; region: CN). kind is person or organisation, or {"`"}{"{"}column: type, codes: {"{"}P: person, O: organisation{"}"}{"}"}{"`"}; source may be {"`"}{"{"}column: list{"}"}{"`"}. {"`"}unique: true{"`"} says that no source holds a party twice. Encoding, separator and form of dates are found by themselves; else {"`"}encoding: big5{"`"}, {"`"}delimiter: ";"{"`"}, {"`"}birth_date: {"{"}column: born, date: DD/MM/YYYY{"}"}{"`"}; without a line of names {"`"}header: false{"`"}, and columns are 1, 2, 3 ...

    Attributes: name, given_name, middle_name, family_name, birth_date (or birth_year, birth_month, birth_day), gender, id_number, organisation_code, phone, email, url, bank_card, address (or street_number, street, unit), postcode, place, state, country, occupation, organisation, contact_name. Anything else: {"`"}free: [{"{"}name: fax, column: Fax, compare: phone{"}"}]{"`"}; comparators: exact, code, text, name, person, organisation, number, date, phone, email, url, address.

    Mappings of source systems (as {"`"}hutong import{"`"} takes them) serve as well.
cli-help-resolve-inputs = CSV or Parquet files
cli-help-resolve-mapping = mapping document (YAML): one for all files, or one each, in their order
cli-help-resolve-out = CSV to write: source, key, party
cli-help-resolve-golden = CSV or Parquet to write: the golden record of each party; beside each value the source and key it came from. A value survives that most records state, then the longest, then the newest
cli-help-resolve-explain = CSV or Parquet to write: each pair that is the same or nearly so, with the level and weight in bits of every comparison
cli-help-resolve-model = model (JSON): used if the file exists, else the trained one is saved there
cli-help-resolve-threshold = bits from which two records are the same (0: even odds; 10: 1000 to 1); by default chosen without labels
cli-help-resolve-rules = a rules document instead of the model; for mappings of source systems
cli-help-score =
    Compare clusters with a truth: pairwise and B³ precision, recall and F1.

    The truth is a CSV or Parquet file with the key and the true entity of each record, and the source where keys repeat between sources. Records it does not name do not count.
cli-help-score-truth = file with the true entity of each key
cli-help-score-key = its column of keys; by default source_key, key, record_id, rec_id or id, else the first column
cli-help-score-entity = its column of true entities; by default customer_id, entity, True Id, label ..., else the last column
cli-help-score-source = its column of sources; by default `source` if there is one; empty: keys are unique by themselves
cli-resolve-step-read = reading
cli-resolve-step-encode = preparing values
cli-resolve-step-block = choosing what to compare
cli-resolve-step-train = training
cli-resolve-step-score = comparing
cli-resolve-step-cluster = clustering
cli-resolve-step-write = writing
cli-resolve-kind = { $kind }: { $records } records; compared { $pairs } of { $possible } pairs (likely matches covered: { $covered } %) by { $comparisons }; same from { $threshold } bits; { $suspects } pairs left apart for people to look at; model { $version }
cli-resolve-repeated = { $rows } rows had a key that came again later: the later row was used.
cli-resolve-time = { $seconds } s
cli-resolve-golden = golden records (by frequency, then completeness, then recency; full names and valid documents first): { $file }
cli-resolve-explained = { $pairs } pairs explained: { $file }
cli-resolve-model = model: { $file }
cli-resolve-rules-clusters = rules give clusters only: without golden records and explanations
cli-resolve-rules-source = rules need mappings of source systems (with `mapping:`)
cli-resolve-not-writable = nothing can be written to '{ $path }'. Choose another place, or close the program that has it open.
cli-resolve-taken = '{ $path }' is read or written already in this call. Give another name.
