"""From a file's text columns to standardised rows, in DuckDB: each distinct value is standardised once, then joined."""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from hutong.party.columns import ATTRIBUTES
from hutong.party.ingest.files import quoted
from hutong.party.ingest.mapping import ADMISSION, Given, Mapping
from hutong.party.standardise import addresses, identifiers, names, organisations, phones
from hutong.party.standardise.text import clean
from hutong.platform import cel
from hutong.platform.settings import settings

Output = tuple[str, pa.DataType]
_TEXT = pa.string()


def literal(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def stage(duck: duckdb.DuckDBPyConnection, mapping: Mapping, codes: dict[str, dict[str, str]]) -> None:
    """Make the table `staged` from `raw`: one row each, standardised, with `reasons` of those not admitted.

    `codes`: code set → source code → standard code, as stewards mapped them beyond the document.
    """
    duck.execute(f"SET TimeZone = {literal(settings.business_timezone)}")
    _given(duck, mapping)
    _codes(duck, mapping, codes)
    _kinds(duck, mapping)
    _standardised(duck, mapping)
    _assembled(duck)
    _admitted(duck, mapping)


def _column(given: Given | None) -> str:
    if given is None:
        return "NULL::VARCHAR"
    columns = [f"nullif(trim({quoted(name)}), '')" for name in given.columns]
    return columns[0] if len(columns) == 1 else f"nullif(concat_ws({literal(given.join)}, {', '.join(columns)}), '')"


def _given(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    """`given`: the mapped columns by attribute, dates and instants read."""
    wanted = mapping.columns
    parts = [f"nullif(trim({quoted(mapping.key)}), '') AS key"]
    parts.append(f"trim({quoted(mapping.kind.column)}) AS kind_code" if mapping.kind.column else "NULL AS kind_code")
    for attribute in ("name", "id_type", "id_number", "mobile", "phone", "email", "bank_card", "address", "postcode",
                      "contact_name", "grade", "gender", "branch"):  # fmt: skip
        parts.append(f"{_column(wanted.get(attribute))} AS {attribute}")
    born = wanted.get("birth_date")
    parts.append(f"{_column(born)} AS birth_text")
    parts.append(f"{_date(born)} AS birth_date")
    parts += [f"{_instant(wanted.get(name))} AS {name}" for name in ("created", "changed")]
    extra = [f"{literal(name)}: nullif(trim({quoted(column)}), '')" for name, column in mapping.attributes.items()]
    parts.append(("to_json({" + ", ".join(extra) + "})" if extra else "'{}'::JSON") + " AS attributes")
    raw = [row[0] for row in duck.execute("DESCRIBE raw").fetchall() if row[0] not in ("row_number", "broken")]
    parts.append("to_json({" + ", ".join(f"{literal(name)}: {quoted(name)}" for name in raw) + "})::VARCHAR AS raw")
    duck.execute(f"CREATE TABLE given AS SELECT row_number, broken, {', '.join(parts)} FROM raw")  # noqa: S608
    duck.execute("DROP TABLE raw")


def _date(given: Given | None) -> str:
    if given is None:
        return "NULL::DATE"
    forms = "[" + ", ".join(literal(form) for form in (*(given.date or ()), "%Y-%m-%d")) + "]"
    return f"try_strptime({_column(given)}, {forms})::DATE"


def _instant(given: Given | None) -> str:
    """Texts without a zone are business time: the session's zone."""
    if given is None:
        return "NULL::TIMESTAMPTZ"
    forms = [form for form in given.time or () if form != "iso"]
    tried = (
        [f"try_strptime({_column(given)}, [{', '.join(literal(form) for form in forms)}])::TIMESTAMPTZ"]
        if forms
        else []
    )
    return f"coalesce({', '.join([*tried, f'TRY_CAST({_column(given)} AS TIMESTAMPTZ)'])})"


def _codes(duck: duckdb.DuckDBPyConnection, mapping: Mapping, codes: dict[str, dict[str, str]]) -> None:
    """Source codes to standard codes; `unmapped` counts the rest, which become empty."""
    duck.execute("CREATE TABLE unmapped (code_set VARCHAR, source_code VARCHAR, occurrences BIGINT)")
    for attribute in ("id_type", "gender", "grade"):
        given = mapping.columns.get(attribute)
        if given is None or given.code_set is None:
            continue
        known = {**given.codes, **codes.get(given.code_set, {})}
        duck.register("code_table", pa.table({"theirs": list(known), "ours": list(known.values())}))
        duck.execute(
            f"""INSERT INTO unmapped SELECT {literal(given.code_set)}, g.{attribute}, count(*) FROM given g
                ANTI JOIN code_table c ON c.theirs = g.{attribute} WHERE g.{attribute} IS NOT NULL GROUP BY ALL"""  # noqa: S608
        )
        duck.execute(
            f"""CREATE OR REPLACE TABLE given AS SELECT g.* REPLACE (c.ours AS {attribute})
                FROM given g LEFT JOIN code_table c ON c.theirs = g.{attribute}"""  # noqa: S608
        )
        duck.unregister("code_table")


def _kinds(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    rule = mapping.kind
    if rule.always:
        kind = literal(rule.always)
    else:
        cases = " ".join(f"WHEN {literal(code)} THEN {literal(kind)}" for code, kind in rule.codes.items())
        kind = f"CASE kind_code {cases} END"
    duck.execute(f"CREATE OR REPLACE TABLE given AS SELECT *, {kind} AS kind FROM given")  # noqa: S608


def by_distinct(
    duck: duckdb.DuckDBPyConnection,
    table: str,
    inputs: Sequence[str],
    function: Callable[..., Sequence[Any]],
    outputs: Sequence[Output],
) -> None:
    """A table of each distinct combination of `inputs` of `given` with the function's results."""
    listed = ", ".join(inputs)
    some = " OR ".join(f"{name} IS NOT NULL" for name in inputs[-1:])
    values = duck.execute(f"SELECT DISTINCT {listed} FROM given WHERE {some}").fetchall()  # noqa: S608
    results = [function(*value) for value in values]
    columns: dict[str, pa.Array] = {
        f"in_{name}": pa.array([value[place] for value in values], _TEXT) for place, name in enumerate(inputs)
    }
    for place, (name, kind) in enumerate(outputs):
        columns[name] = pa.array([result[place] for result in results], kind)
    duck.register("made", pa.table(columns))
    duck.execute(f"CREATE TABLE {table} AS SELECT * FROM made")  # noqa: S608
    duck.unregister("made")


def _name(kind: str | None, raw: str) -> tuple[str | None, str | None, str | None, bool, str | None, str | None]:
    if kind == "organisation":
        made = organisations.organisation_name(raw)
        return made.name, made.core, made.key, False, made.branch, made.issue
    person = names.person_name(raw)
    return person.name, None, person.key, person.partial, None, person.issue


def _number(kind: str | None, raw: str) -> tuple[Any, ...]:
    made = identifiers.identifier(kind, raw)
    return (*made, identifiers.organisation_part(kind, made.value if made.valid else None))


def _standardised(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    def phone(raw: str) -> phones.Phone:
        return phones.phone(raw, mapping.region)

    issue: Output = ("issue", _TEXT)
    phone_outputs = [("value", _TEXT), ("kind", _TEXT), issue]
    by_distinct(duck, "names", ["kind", "name"], _name,
                [("name", _TEXT), ("core", _TEXT), ("key", _TEXT), ("partial", pa.bool_()), ("branch", _TEXT),
                 issue])  # fmt: skip
    by_distinct(duck, "numbers", ["id_type", "id_number"], _number,
                [("value", _TEXT), ("valid", pa.bool_()), ("born", pa.date32()), ("gender", _TEXT), issue,
                 ("code", _TEXT)])  # fmt: skip
    by_distinct(duck, "mobiles", ["mobile"], phone, phone_outputs)
    by_distinct(duck, "phones", ["phone"], phone, phone_outputs)
    by_distinct(duck, "emails", ["email"], lambda raw: (identifiers.email(raw),), [("value", _TEXT)])
    by_distinct(duck, "cards", ["bank_card"], lambda raw: (identifiers.bank_card(raw),), [("value", _TEXT)])
    by_distinct(duck, "places", ["address"], addresses.address,
                [(name, _TEXT) for name in addresses.Address._fields])  # fmt: skip
    by_distinct(duck, "contacts", ["contact_name"], lambda raw: (names.person_name(raw).name,), [("value", _TEXT)])
    by_distinct(duck, "postcodes", ["postcode"], lambda raw: (clean(raw) or None,), [("value", _TEXT)])


_JOINS = """
FROM given g
LEFT JOIN names n ON n.in_name = g.name AND n.in_kind IS NOT DISTINCT FROM g.kind
LEFT JOIN numbers i ON i.in_id_number = g.id_number AND i.in_id_type IS NOT DISTINCT FROM g.id_type
LEFT JOIN mobiles m ON m.in_mobile = g.mobile
LEFT JOIN phones p ON p.in_phone = g.phone
LEFT JOIN emails e ON e.in_email = g.email
LEFT JOIN cards b ON b.in_bank_card = g.bank_card
LEFT JOIN places a ON a.in_address = g.address
LEFT JOIN contacts c ON c.in_contact_name = g.contact_name
LEFT JOIN postcodes z ON z.in_postcode = g.postcode"""

_VALUES = {
    "name": "n.name",
    "name_core": "n.core",
    "name_key": "n.key",
    "name_partial": "coalesce(n.partial, false)",
    "name_branch": "n.branch",
    "gender": "coalesce(i.gender, g.gender)",
    "birth_date": "coalesce(i.born, g.birth_date)",
    "id_type": "CASE WHEN i.value IS NOT NULL THEN g.id_type END",
    "id_number": "i.value",
    "id_valid": "coalesce(i.valid, false)",
    "organisation_code": "i.code",
    "mobile": "CASE WHEN m.kind = 'mobile' THEN m.value WHEN p.kind = 'mobile' THEN p.value END",
    "phone": "CASE WHEN p.kind <> 'mobile' THEN p.value WHEN m.kind <> 'mobile' THEN m.value END",
    "other_phone": "CASE WHEN m.kind = 'mobile' AND p.kind = 'mobile' AND m.value <> p.value THEN p.value END",
    "email": "e.value",
    "bank_card": "b.value",
    "address": "a.text",
    "province": "a.province",
    "city": "a.city",
    "district": "a.district",
    "road": "a.road",
    "house": "a.house",
    "address_key": "a.key",
    "postcode": "z.value",
    "contact_name": "c.value",
    "grade": "g.grade",
    "branch": "g.branch",
}

_ISSUES = (
    "'name:' || n.issue",
    "'id_number:' || i.issue",
    "'mobile:' || m.issue",
    "'phone:' || p.issue",
    "CASE WHEN g.email IS NOT NULL AND e.value IS NULL THEN 'email:form' END",
    "CASE WHEN g.bank_card IS NOT NULL AND b.value IS NULL THEN 'bank_card:form' END",
    "CASE WHEN g.birth_text IS NOT NULL AND g.birth_date IS NULL THEN 'birth_date:form' END",
    "CASE WHEN i.born <> g.birth_date THEN 'birth_date:differs_from_id' END",
    "CASE WHEN i.gender <> g.gender THEN 'gender:differs_from_id' END",
)


def _assembled(duck: duckdb.DuckDBPyConnection) -> None:
    values = ", ".join(f"{_VALUES[attribute.name]} AS {attribute.name}" for attribute in ATTRIBUTES)
    duck.execute(
        f"""CREATE TABLE assembled AS
            SELECT g.row_number, g.broken, g.key, g.kind, {values}, g.attributes,
                   list_filter([{", ".join(_ISSUES)}], lambda issue: issue IS NOT NULL) AS issues,
                   g.created AS source_created_at, g.changed AS source_changed_at, g.raw
            {_JOINS}"""
    )
    for table in (
        "given",
        "names",
        "numbers",
        "mobiles",
        "phones",
        "emails",
        "cards",
        "places",
        "contacts",
        "postcodes",
    ):
        duck.execute(f"DROP TABLE {table}")


def _admitted(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    """Every rule must be true of a row; kind and key always must be there."""
    columns = {f"row.{name}": name for name in (*(a.name for a in ATTRIBUTES), "key", "kind", "issues")}
    reasons = ["CASE WHEN broken THEN 'encoding' END", "CASE WHEN key IS NULL THEN 'no_key' END"]
    reasons.append("CASE WHEN kind IS NULL THEN 'kind_unmapped' END")
    for rule in mapping.admission:
        condition = cel.parse(rule.rule, ADMISSION).to_sql("duckdb", columns, condition=True)
        reasons.append(f"CASE WHEN ({condition}) IS NOT TRUE THEN {literal(rule.code)} END")
    duck.execute(
        f"""CREATE TABLE staged AS
            SELECT *, list_filter([{", ".join(reasons)}], lambda reason: reason IS NOT NULL) AS reasons
            FROM assembled"""  # noqa: S608
    )
    duck.execute("DROP TABLE assembled")
