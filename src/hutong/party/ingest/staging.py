"""From a file's text columns to standardised, admitted rows (EC-03, EC-04), in DuckDB.

SQL reads the columns, the plain functions standardise the values (`values.py`), SQL puts the record together and asks
the admission rules.
"""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

import duckdb

from hutong.party.columns import ATTRIBUTES, LONGEST_KEY, longest
from hutong.party.ingest.given import as_date, as_instant, as_it_came, literal, text_of, trimmed
from hutong.party.ingest.headers import quoted
from hutong.party.ingest.mapping import ADMISSION, CODED, TEXTS, Mapping
from hutong.party.ingest.values import Standardiser, coded
from hutong.platform import cel
from hutong.platform.settings import settings

Codes = MappingOf[str, MappingOf[str, str]]


def conditions(mapping: Mapping) -> list[str]:
    """The admission rules as SQL conditions over a standardised row."""
    columns = {f"row.{name}": name for name in (*(a.name for a in ATTRIBUTES), "key", "kind", "issues")}
    return [cel.parse(rule.rule, ADMISSION).to_sql("duckdb", columns, condition=True) for rule in mapping.admission]


def stage_rows(
    duck: duckdb.DuckDBPyConnection, mapping: Mapping, codes: Codes, rules: Sequence[str], standardise: Standardiser
) -> None:
    """Make the table `staged` from `raw`, in its order: one row each, standardised, with `reasons` of those not
    admitted by the mapping's `conditions`; and `unmapped` (code_set, source_code, occurrences).

    `codes`: code set → source code → standard code, as stewards mapped them beyond the document.
    """
    duck.execute(f"SET TimeZone = {literal(settings.business_timezone)}")
    given = duck.sql(_given(duck, mapping)).to_arrow_table()
    unmapped: list[tuple[str, str, int]] = []
    for attribute in CODED:
        column = mapping.columns.get(attribute)
        if column and column.code_set:
            known = {**column.codes, **codes.get(column.code_set, {})}
            given, unknown = coded(given, attribute, known)
            unmapped += [(column.code_set, code, count) for code, count in unknown.items()]
    duck.register("given", standardise(given))
    duck.execute(f"CREATE TABLE staged AS {_admitted(mapping, rules)}")
    duck.unregister("given")
    duck.execute("CREATE TABLE unmapped (code_set VARCHAR, source_code VARCHAR, occurrences BIGINT)")
    if unmapped:
        duck.executemany("INSERT INTO unmapped VALUES (?, ?, ?)", unmapped)


def _given(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> str:
    """The query of the mapped columns by attribute: texts, dates and instants read, the row as it came as JSON."""
    wanted = mapping.columns
    parts = [f"{trimmed(mapping.key)} AS key", f"{_kind(mapping)} AS kind"]
    parts.append(f"{_operation(mapping)} AS operation")
    long = []
    for attribute in TEXTS:
        text, most = text_of(wanted.get(attribute)), longest(attribute)
        if attribute in wanted:
            long.append(f"CASE WHEN length({text}) > {most} THEN '{attribute}:too_long' END")
            text = f"CASE WHEN length({text}) <= {most} THEN {text} END"
        parts.append(f"{text} AS {attribute}")
    born = wanted.get("birth_date")
    parts += [f"{text_of(born)} AS birth_text", f"{as_date(text_of(born), born)} AS birth_date"]
    for name in ("created", "changed"):
        parts.append(f"{as_instant(text_of(wanted.get(name)), wanted.get(name))} AS {name}")
    extra = []
    for name, column in mapping.attributes.items():
        text, most = trimmed(column), longest(name)
        long.append(f"CASE WHEN length({text}) > {most} THEN {literal(f'{name}:too_long')} END")
        extra.append(f"{literal(name)}: CASE WHEN length({text}) <= {most} THEN {text} END")
    parts.append(("to_json({" + ", ".join(extra) + "})::VARCHAR" if extra else "'{}'") + " AS attributes")
    parts.append(f"[{', '.join(long)}]::VARCHAR[] AS long")
    parts.append(f"{as_it_came(duck)} AS raw")
    return f"SELECT row_number, broken, {', '.join(parts)} FROM raw"  # noqa: S608


def _kind(mapping: Mapping) -> str:
    rule = mapping.kind
    if rule.always:
        return literal(rule.always)
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(kind)}" for code, kind in rule.codes.items())
    return f"CASE trim({quoted(rule.column or '')}) {cases} END"


def _operation(mapping: Mapping) -> str:
    """`put` or `delete`; nothing for a code that the mapping does not know."""
    rule = mapping.operation
    if rule is None:
        return "'put'"
    cases = " ".join(
        f"WHEN {literal(code)} THEN {literal('delete' if meaning == 'delete' else 'put')}"
        for code, meaning in rule.codes.items()
    )
    return f"CASE trim({quoted(rule.column)}) {cases} END"


_VALUES = {
    "name": "n_name",
    "name_core": "n_core",
    "name_key": "n_key",
    "name_partial": "coalesce(n_partial, false)",
    "name_branch": "n_branch",
    "gender": "coalesce(i_gender, gender)",
    "birth_date": "coalesce(i_born, birth_date)",
    "id_type": "CASE WHEN i_value IS NOT NULL THEN id_type END",
    "id_number": "i_value",
    "id_valid": "coalesce(i_valid, false)",
    "organisation_code": "i_code",
    "mobile": "CASE WHEN m_kind = 'mobile' THEN m_value WHEN p_kind = 'mobile' THEN p_value END",
    "phone": "CASE WHEN p_kind <> 'mobile' THEN p_value WHEN m_kind <> 'mobile' THEN m_value END",
    "other_phone": "CASE WHEN m_kind = 'mobile' AND p_kind = 'mobile' AND m_value <> p_value THEN p_value END",
    "email": "e_value",
    "bank_card": "b_value",
    "address": "a_text",
    "province": "a_province",
    "city": "a_city",
    "district": "a_district",
    "road": "a_road",
    "house": "a_house",
    "address_key": "a_key",
    "postcode": "z_value",
    "contact_name": "c_value",
    "grade": "grade",
    "branch": "branch",
}

_ISSUES = (
    "'name:' || n_issue",
    "'id_number:' || i_issue",
    "'mobile:' || m_issue",
    "'phone:' || p_issue",
    "CASE WHEN email IS NOT NULL AND e_value IS NULL THEN 'email:form' END",
    "CASE WHEN bank_card IS NOT NULL AND b_value IS NULL THEN 'bank_card:form' END",
    "CASE WHEN birth_text IS NOT NULL AND birth_date IS NULL THEN 'birth_date:form' END",
    "CASE WHEN i_born <> birth_date THEN 'birth_date:differs_from_id' END",
    "CASE WHEN i_gender <> gender THEN 'gender:differs_from_id' END",
)


def _admitted(mapping: Mapping, rules: Sequence[str]) -> str:
    """The query of the records with the reasons against them. Every rule must be true of a row; kind and key always
    must be there. A row that says its record is gone needs its key alone."""
    values = ", ".join(f"{_VALUES[attribute.name]} AS {attribute.name}" for attribute in ATTRIBUTES)
    issues = f"list_filter(list_concat([{', '.join(_ISSUES)}], long), lambda issue: issue IS NOT NULL)"
    hashed = ", ".join(f"coalesce({attribute}, '')" for attribute in CODED)
    reasons = [
        "CASE WHEN broken THEN 'encoding' END",
        "CASE WHEN key IS NULL THEN 'no_key' END",
        f"CASE WHEN length(key) > {LONGEST_KEY} THEN 'key_too_long' END",
        "CASE WHEN operation IS NULL THEN 'operation_unmapped' END",
        "CASE WHEN kind IS NULL AND operation = 'put' THEN 'kind_unmapped' END",
    ]
    for rule, condition in zip(mapping.admission, rules, strict=True):
        reasons.append(f"CASE WHEN operation = 'put' AND ({condition}) IS NOT TRUE THEN {literal(rule.code)} END")
    return f"""
        SELECT *, list_filter([{", ".join(reasons)}], lambda reason: reason IS NOT NULL) AS reasons
        FROM (SELECT row_number, broken, key, kind, operation, {values}, attributes, {issues} AS issues,
                     created AS source_created_at, changed AS source_changed_at, raw,
                     md5(concat_ws('|', raw, {literal(f"{mapping.mapping}/{mapping.version}")}, {hashed}))
                         AS content_hash
              FROM given)"""  # noqa: S608
