## Database
platform-database-too-old = Database version { $found } is too old: PostgreSQL 18 or newer is needed. Upgrade it, or unset HUTONG_DATABASE_URL to use the embedded one.
platform-migrations-pending = The tables of center { $center } do not match the program. Run: hutong db upgrade.
platform-database-unavailable = The database does not answer at the moment; nothing of your request took effect. Try again shortly.

## History
platform-history-row-twice = { $table }: { $count } rows are named more than once in one change. Name each row once, or make several changes.
platform-history-unknown-row = { $table }: { $count } of the rows to change do not exist.
platform-history-before-first = { $table }: { $count } changes are dated before their row began. Date them at its beginning or later.

## CEL
platform-cel-syntax = Line { $line }, column { $column }: "{ $found }" cannot be read here. Check operators, quotes and brackets; join conditions with && or ||.
platform-cel-unfinished = Line { $line }, column { $column }: the expression is not finished. Add the missing value, quote or bracket.
platform-cel-too-long = The expression is too long (limit { $limit } characters). Split it into several rules, or make the list a code set.
platform-cel-too-deep = Line { $line }, column { $column }: nested deeper than { $limit } levels. Split it into several rules.
platform-cel-escape = Line { $line }, column { $column }: text cannot hold the escape "{ $found }". Use \n, \t, \\, \", \uXXXX, or put r before the quote to take it as it is.
platform-cel-unknown-variable = Line { $line }, column { $column }: there is no variable { $name }. Known: { $known }.
platform-cel-unknown-field = Line { $line }, column { $column }: { $type } has no field { $name }. Known: { $known }.
platform-cel-unknown-function = Line { $line }, column { $column }: there is no function { $name }. Known: { $known }, has, matches, exists, all, timestamp, date, duration.
platform-cel-whole-object = Line { $line }, column { $column }: { $name } is an object; name one of its fields: { $known }.
platform-cel-type = Line { $line }, column { $column }: { $operator } needs { $expected } here, not { $found }.
platform-cel-operator = Line { $line }, column { $column }: { $found } cannot be computed. Use values of one kind; string() turns an integer into text.
platform-cel-not-comparable = Line { $line }, column { $column }: { $operator } cannot compare { $type }. To ask for emptiness use == null or != null.
platform-cel-arguments = Line { $line }, column { $column }: { $name } does not take ({ $found }). It takes: ({ $expected }).
platform-cel-result-type = Line { $line }, column { $column }: this rule must give { $expected }, but gives { $found }.
platform-cel-literal-int = Line { $line }, column { $column }: the integer { $found } does not fit 64 bits.
platform-cel-literal-timestamp = Line { $line }, column { $column }: "{ $found }" is no moment. Write it as 2026-01-31T08:00:00+08:00.
platform-cel-literal-date = Line { $line }, column { $column }: "{ $found }" is no date. Write it as 2026-01-31.
platform-cel-literal-duration = Line { $line }, column { $column }: "{ $found }" is no duration. Write it as 1h30m, 90s or 250ms.
platform-cel-time-zone = Line { $line }, column { $column }: a time zone is written out by name, such as "Asia/Shanghai".
platform-cel-map-key = Line { $line }, column { $column }: the key "{ $found }" cannot be used. Keys are letters, digits, spaces and . : / - _, and begin with a letter or digit.
platform-cel-has = Line { $line }, column { $column }: has takes a field, such as has(row.branch).
platform-cel-pattern = Line { $line }, column { $column }: "{ $found }" at character { $position } of the pattern is not supported. Use characters, ., [a-z], \d \w \s, ( ), |, * + ?, { "{" }m,n{ "}" }, ^ $.
platform-cel-pattern-literal = Line { $line }, column { $column }: the pattern of matches must be written out as text.
platform-cel-quantifier = Line { $line }, column { $column }: { $name } is for lists, written list.{ $name }(x, condition on x).
platform-cel-name-taken = Line { $line }, column { $column }: { $name } is a variable already. Choose another name.
platform-cel-unsupported-double = Line { $line }, column { $column }: fractions such as { $found } are not supported. Write money in integer micros (1 yuan = 1000000), ratios in per mille.
platform-cel-unsupported-uint = Line { $line }, column { $column }: unsigned integers such as { $found } are not supported. Leave out the u.
platform-cel-unsupported-bytes = Line { $line }, column { $column }: byte strings such as { $found } are not supported. Leave out the b and use text.
platform-cel-unsupported-map-literal = Line { $line }, column { $column }: a rule cannot write a map. Tell cases apart with ? :, or use a code set.
platform-cel-unsupported-message = Line { $line }, column { $column }: a rule cannot construct objects.
platform-cel-unsupported-root-name = Line { $line }, column { $column }: a name cannot begin with a dot. Leave it out.
platform-cel-unsupported-index = Line { $line }, column { $column }: { $type } cannot be indexed so. Maps take a key written out as text; for lists use in, exists or all.
platform-cel-unsupported-macro = Line { $line }, column { $column }: { $name } is not supported. For lists use in, exists, all or size.

platform-cel-say-and = { $a } and { $b }
platform-cel-say-or = { $a } or { $b }
platform-cel-say-not = not ({ $a })
platform-cel-say-brackets = ({ $a })
platform-cel-say-holds = { $a } is true
platform-cel-say-fails = { $a } is false
platform-cel-say-eq = { $a } is { $b }
platform-cel-say-ne = { $a } is not { $b }
platform-cel-say-lt = { $a } is less than { $b }
platform-cel-say-le = { $a } is at most { $b }
platform-cel-say-gt = { $a } is more than { $b }
platform-cel-say-ge = { $a } is at least { $b }
platform-cel-say-time-lt = { $a } is before { $b }
platform-cel-say-time-le = { $a } is not after { $b }
platform-cel-say-time-gt = { $a } is after { $b }
platform-cel-say-time-ge = { $a } is not before { $b }
platform-cel-say-empty = { $a } is empty
platform-cel-say-filled = { $a } is not empty
platform-cel-say-present = { $a } is given
platform-cel-say-absent = { $a } is not given
platform-cel-say-in = { $a } is among { $b }
platform-cel-say-not-in = { $a } is not among { $b }
platform-cel-say-one-of = { $a } is one of { $b }
platform-cel-say-not-one-of = { $a } is none of { $b }
platform-cel-say-list = { $a }, { $b }
platform-cel-say-nothing = an empty list
platform-cel-say-choice = if { $a } then { $b }, otherwise { $c }
platform-cel-say-lookup = { $b } of { $a }
platform-cel-say-matches = { $a } matches the pattern { $b }
platform-cel-say-exists = for some { $b } of { $a }: { $c }
platform-cel-say-all = for every { $b } of { $a }: { $c }
platform-cel-say-null = empty
platform-cel-say-unknown = unknown
platform-cel-say-true = yes
platform-cel-say-false = no
platform-cel-say-hours = { $a } h
platform-cel-say-minutes = { $a } min
platform-cel-say-seconds = { $a } s
platform-cel-say-size-text = the length of { $a }
platform-cel-say-size-list = the number of { $a }
platform-cel-say-starts-with = { $a } begins with { $b }
platform-cel-say-ends-with = { $a } ends with { $b }
platform-cel-say-contains = { $a } contains { $b }
platform-cel-say-lower = { $a } in lower case
platform-cel-say-upper = { $a } in upper case
platform-cel-say-string = { $a } as text
platform-cel-say-coalesce = { $a } (or { $b } when empty)
platform-cel-say-min = the smaller of { $a } and { $b }
platform-cel-say-max = the greater of { $a } and { $b }
platform-cel-say-year = the year of { $a }
platform-cel-say-month = the month of { $a } (0 is January)
platform-cel-say-day = the day of the month of { $a }
platform-cel-say-weekday = the weekday of { $a } (0 is Sunday)
platform-cel-say-hour = the hour of { $a }
platform-cel-say-minute = the minute of { $a }
platform-cel-say-date = the day of { $a }
platform-cel-say-days-between = the days from { $a } to { $b }
platform-cel-say-years-between = the full years from { $a } to { $b }
platform-cel-say-whole-seconds = the whole seconds of { $a }
platform-cel-say-whole-minutes = the whole minutes of { $a }
platform-cel-say-whole-hours = the whole hours of { $a }

## Dead letters
platform-dead-letter-unknown = Subscription { $subscription } has no parked event at position { $position } that could be replayed or discarded.

## Jobs
platform-job-kind-unknown = There is no kind of job { $kind }.
platform-job-unknown = There is no job { $job }.
platform-job-not-running = Job { $job } is over and cannot be cancelled.
platform-job-not-resumable = Job { $job } cannot be resumed: only failed or cancelled jobs can.

## Webhooks
platform-webhook-callback = The callback must be an http or https address of a known host, without a user name.
platform-webhook-private = The callback leads into a private network. An operator can allow this with HUTONG_WEBHOOK_ALLOW_PRIVATE.
platform-webhook-events = No center publishes { $events }.
platform-webhook-unknown = There is no webhook { $webhook } of yours.
platform-input-invalid = Invalid input: { $fields }
