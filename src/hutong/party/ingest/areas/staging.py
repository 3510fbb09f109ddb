"""From a file's text columns to statements of an area, in DuckDB: typed, coded, checked; a set at a time."""

import duckdb
import pyarrow as pa

from hutong.party.columns import LONGEST_KEY
from hutong.party.information import Field, Type, timing_columns
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.areas.write import written
from hutong.party.ingest.given import as_date, as_instant, as_it_came, literal, text_of, trimmed
from hutong.party.ingest.headers import quoted
from hutong.party.ingest.mapping import Given
from hutong.party.standardise.stated import standardised
from hutong.platform import cel
from hutong.platform.errors import Unprocessable
from hutong.platform.settings import settings

_DUCK: dict[Type, str] = {
    "text": "VARCHAR", "bigint": "BIGINT", "date": "DATE", "instant": "TIMESTAMPTZ", "boolean": "BOOLEAN",
    "jsonb": "VARCHAR",
}  # fmt: skip
MONEY = "_micros"
"""Fields so named take decimal amounts of files as micro currency units."""


def stage(duck: duckdb.DuckDBPyConnection, mapping: AreaMapping, codes: dict[str, dict[str, str]]) -> None:
    """Make the table `staged` from `raw`: one row each in the columns the area is written with, `row_number`, `raw`,
    and `reasons` of those not admitted; and `unmapped` (code_set, source_code, occurrences).

    `codes`: code set → source code → standard code, as stewards mapped them beyond the document.
    """
    duck.execute(f"SET TimeZone = {literal(settings.business_timezone)}")
    _given(duck, mapping)
    fields = _fields(mapping)
    _codes(duck, mapping, codes)
    if mapping.area == "stated_value":
        _standardise(duck)
    typed = {field.name: _typed(field, mapping.columns.get(field.name)) for field in fields}
    _staged(duck, mapping, fields, typed)


def _fields(mapping: AreaMapping) -> list[Field]:
    timing = [Field(name, kind, "", required=name != "valid_to") for name, kind in timing_columns(mapping.form)]
    kept = [field for field in mapping.form.fields if field.name not in ("to_source", "to_key")]
    return [*kept, *timing, Field("changed", "instant", "")]


def _given(duck: duckdb.DuckDBPyConnection, mapping: AreaMapping) -> None:
    """`given`: the mapped columns as text by field, key and references."""
    own = literal(mapping.source.code)
    keys = [trimmed(name) for name in mapping.keys]
    parts = [f"CASE WHEN {keys[0]} IS NOT NULL THEN {literal(mapping.prefix)} || concat_ws('/', {', '.join(keys)}) END"]
    parts[0] += " AS key"
    for name, reference in (("of", mapping.of), ("to", mapping.to)):
        if reference:
            parts.append(f"{literal(reference.source) if reference.source else own} AS {name}_source")
            parts.append(f"{trimmed(reference.column)} AS {name}_key")
    for field in _fields(mapping):
        if field.name in mapping.constants:
            parts.append(f"{literal(mapping.constants[field.name])} AS {quoted(field.name)}")
        else:
            parts.append(f"{text_of(mapping.columns.get(field.name))} AS {quoted(field.name)}")
    parts.append(f"{as_it_came(duck)} AS raw")
    chosen = "WHERE of_key IS NOT NULL" if mapping.optional else ""
    duck.execute(
        f"CREATE TABLE given AS SELECT * FROM (SELECT row_number, broken, {', '.join(parts)} FROM raw) {chosen}"  # noqa: S608
    )
    duck.execute("DROP TABLE raw")


def _codes(duck: duckdb.DuckDBPyConnection, mapping: AreaMapping, codes: dict[str, dict[str, str]]) -> None:
    """Source codes to standard codes; `unmapped` counts the rest, which become empty."""
    duck.execute("CREATE TABLE unmapped (code_set VARCHAR, source_code VARCHAR, occurrences BIGINT)")
    for name, given in mapping.columns.items():
        if given.code_set is None and not given.codes:
            continue
        known = {**given.codes, **codes.get(given.code_set or "", {})}
        field = quoted(name)
        duck.register("code_table", pa.table({"theirs": list(known), "ours": list(known.values())}))
        duck.execute(
            f"""INSERT INTO unmapped SELECT {literal(given.code_set or name)}, g.{field}, count(*) FROM given g
                ANTI JOIN code_table c ON c.theirs = g.{field} WHERE g.{field} IS NOT NULL GROUP BY ALL"""  # noqa: S608
        )
        duck.execute(
            f"""CREATE OR REPLACE TABLE given AS SELECT g.* REPLACE (c.ours AS {field})
                FROM given g LEFT JOIN code_table c ON c.theirs = g.{field}"""  # noqa: S608
        )
        duck.unregister("code_table")


def _standardise(duck: duckdb.DuckDBPyConnection) -> None:
    """Stated values as source records keep them; each distinct value once."""
    found = duck.execute("SELECT DISTINCT kind, value, detail FROM given WHERE kind IS NOT NULL AND value IS NOT NULL")
    given = found.fetchall()
    made: list[str | None] = []
    for kind, value, detail in given:
        try:
            made.append(standardised(kind, value, detail))
        except Unprocessable:
            made.append(None)
    table = {name: pa.array([row[place] for row in given], pa.string()) for place, name in enumerate(("k", "v", "d"))}
    duck.register("made", pa.table({**table, "kept": pa.array(made, pa.string())}))
    duck.execute(
        """CREATE OR REPLACE TABLE given AS SELECT g.* REPLACE (m.kept AS value) FROM given g
           LEFT JOIN made m ON m.k = g.kind AND m.v = g.value AND m.d IS NOT DISTINCT FROM g.detail"""
    )
    duck.unregister("made")


def _typed(field: Field, given: Given | None) -> str:
    """A field's text read as its type; what cannot be read becomes empty."""
    value = quoted(field.name)
    if field.type == "bigint" and field.name.endswith(MONEY):
        return f"round(TRY_CAST(replace({value}, ',', '') AS DECIMAL(30, 6)) * 1000000)::BIGINT"
    if field.type == "date":
        return as_date(value, given)
    if field.type == "instant":
        return as_instant(value, given)
    return f"TRY_CAST({value} AS {_DUCK[field.type]})"


def _staged(duck: duckdb.DuckDBPyConnection, mapping: AreaMapping, fields: list[Field], typed: dict[str, str]) -> None:
    """Rows typed and judged; what was given and could not be read is a reason."""
    reasons = ["CASE WHEN broken THEN 'encoding' END", "CASE WHEN key IS NULL THEN 'no_key' END"]
    reasons.append("CASE WHEN of_key IS NULL THEN 'no_reference' END")
    for key in ("key", "of_key", *(["to_key"] if mapping.to else [])):
        reasons.append(f"CASE WHEN length({key}) > {LONGEST_KEY} THEN 'key_too_long' END")
    reasons += ["CASE WHEN to_key IS NULL THEN 'no_reference' END"] if mapping.to else []
    for field in fields:
        name = quoted(field.name)
        reasons.append(f"CASE WHEN t_{field.name} IS NULL AND {name} IS NOT NULL THEN 'unreadable_{field.name}' END")
        if field.required:
            reasons.append(f"CASE WHEN {name} IS NULL THEN 'missing_{field.name}' END")
    columns = {f"row.{field.name}": f"t_{field.name}" for field in fields if field.name != "changed"}
    if mapping.form.timing == "period":
        reasons.append("CASE WHEN t_valid_to < t_valid_from THEN 'bad_period' END")
    for admission in mapping.admission:
        rule = cel.parse(admission.rule, mapping.environment()).to_sql("duckdb", columns, condition=True)
        reasons.append(f"CASE WHEN ({rule}) IS NOT TRUE THEN {literal(admission.code)} END")
    read = ", ".join(f"{sql} AS t_{name}" for name, sql in typed.items())
    names = [name for name in written(mapping.form) if name != "source"]
    kept = ", ".join(f"{_column(name, typed)} AS {quoted(name)}" for name in names)
    duck.execute(
        f"""CREATE TABLE staged AS SELECT row_number, {kept}, {literal(mapping.source.code)} AS source, raw,
                list_filter([{", ".join(reasons)}], lambda reason: reason IS NOT NULL) AS reasons
            FROM (SELECT *, {read} FROM given)"""  # noqa: S608
    )
    duck.execute("DROP TABLE given")


def _column(name: str, typed: dict[str, str]) -> str:
    if name == "source_changed_at":
        return "t_changed"
    return f"t_{name}" if name in typed else name
