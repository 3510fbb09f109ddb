"""The SQL of contiguous history, with places for names (`$table`), filled from declarations and never from users."""

INSERT = """
WITH given AS MATERIALIZED (
    SELECT $given, given.ordinality FROM $source ORDER BY given.ordinality
), made AS (
    INSERT INTO $table ($columns, effective_at, valid_from, changed_at, changed_by, cause)
    SELECT $columns, effective_at, valid_from,
        CAST(:changed_at AS timestamptz), CAST(:changed_by AS text), CAST(:cause AS text)
    FROM given ORDER BY ordinality
    RETURNING *
), kept AS (
    INSERT INTO $history ($stored, announced) SELECT $stored, valid_from <= changed_at FROM made
)
SELECT $key FROM given ORDER BY ordinality
"""

INSERT_FROM = """
WITH given AS (
    SELECT $given FROM $source
), made AS (
    INSERT INTO $table ($columns, effective_at, valid_from, changed_at, changed_by, cause)
    SELECT $columns, effective_at, valid_from,
        CAST(:changed_at AS timestamptz), CAST(:changed_by AS text), CAST(:cause AS text)
    FROM given
    RETURNING *
)
INSERT INTO $history ($stored, announced) SELECT $stored, valid_from <= changed_at FROM made
"""

LOCK = """
WITH locked AS (
    SELECT t.$key FROM $table AS t WHERE t.$key IN (SELECT given.$key FROM $source) ORDER BY t.$key FOR UPDATE OF t
)
SELECT (SELECT count(*) FROM $source), (SELECT count(DISTINCT given.$key) FROM $source), (SELECT count(*) FROM locked)
"""

# Most changes are the latest of their row: then the table in use is the version before, and the history is only
# appended to. `late` are rows that have versions recorded for later than the change: those inherit, column by column,
# up to the first version that changed the column itself (`own_n`).
CHANGE = """
WITH asked AS MATERIALIZED (
    SELECT $given FROM $source
), early AS MATERIALIZED (
    SELECT count(*) AS number
    FROM asked AS g JOIN $table AS t ON t.$key = g.$key
    WHERE t.valid_from > g.valid_from
      AND NOT EXISTS (SELECT FROM $history AS h WHERE h.$key = g.$key AND h.valid_from <= g.valid_from)
), given AS MATERIALIZED (
    SELECT * FROM asked WHERE (SELECT number FROM early) = 0
), late AS MATERIALIZED (
    SELECT g.* FROM given AS g JOIN $table AS t ON t.$key = g.$key WHERE t.valid_from > g.valid_from
), later AS MATERIALIZED (
    SELECT h.$key, h.valid_from, $own
    FROM late AS g JOIN $history AS h ON h.$key = g.$key AND h.valid_from > g.valid_from
    WINDOW w AS (PARTITION BY h.$key ORDER BY h.valid_from)
), inherited AS (
    UPDATE $history AS h SET $inherit
    FROM later AS l JOIN late AS g ON g.$key = l.$key
    WHERE h.$key = l.$key AND h.valid_from = l.valid_from AND NOT ($all_own)
), latest AS MATERIALIZED (
    SELECT $key, $any_own FROM later GROUP BY $key
), base AS (
    SELECT g.$key, g.effective_at, g.valid_from, $named_of_given$kept_of_table
    FROM given AS g JOIN $table AS t ON t.$key = g.$key WHERE t.valid_from <= g.valid_from
    UNION ALL
    SELECT g.$key, g.effective_at, g.valid_from, $named_of_given$kept_of_base
    FROM late AS g CROSS JOIN LATERAL (
        SELECT h.$key$kept_of_history FROM $history AS h
        WHERE h.$key = g.$key AND h.valid_from <= g.valid_from ORDER BY h.valid_from DESC LIMIT 1
    ) AS b
), written AS (
    INSERT INTO $history AS h
        ($key, effective_at, valid_from, $named$kept, changed_at, changed_by, cause, changed, announced)
    SELECT $key, effective_at, valid_from, $named$kept,
        CAST(:changed_at AS timestamptz), CAST(:changed_by AS text), CAST(:cause AS text),
        CAST(:changed AS text[]), valid_from <= CAST(:changed_at AS timestamptz)
    FROM base
    ON CONFLICT ($key, valid_from) DO UPDATE SET
        $replace, effective_at = excluded.effective_at, changed_at = excluded.changed_at,
        changed_by = excluded.changed_by, cause = excluded.cause, announced = excluded.announced,
        changed = CASE WHEN h.changed IS NOT NULL
            THEN ARRAY(SELECT DISTINCT name FROM unnest(h.changed || excluded.changed) AS name ORDER BY name) END
), shown AS (
    UPDATE $table AS t SET $show,
        effective_at = CASE WHEN g.valid_from >= t.valid_from THEN g.effective_at ELSE t.effective_at END,
        changed_at = CASE WHEN g.valid_from >= t.valid_from THEN CAST(:changed_at AS timestamptz) ELSE t.changed_at END,
        changed_by = CASE WHEN g.valid_from >= t.valid_from THEN CAST(:changed_by AS text) ELSE t.changed_by END,
        cause = CASE WHEN g.valid_from >= t.valid_from THEN CAST(:cause AS text) ELSE t.cause END,
        valid_from = greatest(t.valid_from, g.valid_from)
    FROM given AS g LEFT JOIN latest AS l ON l.$key = g.$key
    WHERE t.$key = g.$key
)
SELECT (SELECT count(*) FROM given), (SELECT number FROM early)
"""
