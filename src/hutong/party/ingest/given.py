"""What a mapping says of a value, as SQL of DuckDB over a file's text columns: one way for parties and areas."""

import duckdb

from hutong.party.ingest.headers import quoted
from hutong.party.ingest.mapping import Given


def literal(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def trimmed(column: str) -> str:
    """A column's text, nothing where it is blank."""
    return f"nullif(trim({quoted(column)}), '')"


def text_of(given: Given | None) -> str:
    """A value as text: its column, or several joined."""
    if given is None:
        return "NULL::VARCHAR"
    columns = [trimmed(name) for name in given.columns]
    return columns[0] if len(columns) == 1 else f"nullif(concat_ws({literal(given.join)}, {', '.join(columns)}), '')"


def as_date(text: str, given: Given | None) -> str:
    """A text read as a date in the forms given, or as ISO 8601."""
    forms = [literal(form) for form in (*((given.date or ()) if given else ()), "%Y-%m-%d")]
    return f"try_strptime({text}, [{', '.join(forms)}])::DATE"


def as_instant(text: str, given: Given | None) -> str:
    """A text read as an instant. Without a zone it is business time: the session's zone."""
    stated = (*(given.time or ()), *(given.date or ())) if given else ()
    forms = [literal(form) for form in stated if form != "iso"]
    tried = [f"try_strptime({text}, [{', '.join(forms)}])::TIMESTAMPTZ"] if forms else []
    return f"coalesce({', '.join([*tried, f'TRY_CAST({text} AS TIMESTAMPTZ)'])})"


def as_array(codes: str) -> str:
    """A list of codes (no quotes in them) as COPY takes an array of texts."""
    return f"'{{' || array_to_string(list_transform({codes}, lambda code: '\"' || code || '\"'), ',') || '}}'"


def as_it_came(duck: duckdb.DuckDBPyConnection) -> str:
    """The whole row of `raw` as JSON, by the file's own columns."""
    names = [row[0] for row in duck.execute("DESCRIBE raw").fetchall() if row[0] not in ("row_number", "broken")]
    return "to_json({" + ", ".join(f"{literal(name)}: {quoted(name)}" for name in names) + "})::VARCHAR"
