"""What the mapping editor does to a document's text (EC-03): first texts, columns beside a sample, admission rules."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Any, NamedTuple

import yaml

from hutong.identity.principal import Principal
from hutong.party.columns import SENSITIVE
from hutong.party.ingest import preview
from hutong.party.ingest.areas.mapping import AreaMapping, fields_of
from hutong.party.ingest.loads import shower
from hutong.party.ingest.mapping import KNOWN
from hutong.party.ingest.mappings import MAPPING, Document
from hutong.platform import cel, documents, yaml_text
from hutong.platform.i18n import LOCALES
from hutong.web import words_of_codes
from hutong.web.party import area_words

KEY, OF, TO = "key", "of", "to"
BLANK_RULES = 2
"""Empty lines at the end of the admission rules, to be filled in."""
_HEAD = """mapping: {short}
source: {{code: {code}, zh: {code}, en: {code}, trust: 50}}
file: {{format: {form}, encoding: utf-8}}
"""
_PARTIES = """key: id
kind: {always: person}
columns: {}
admission:
  - code: no_name
    rule: row.name != null
"""
_NOTHING: MappingOf[str, str] = {}
_NO_DATES: MappingOf[str, Sequence[str]] = {}
_DATED = ("birth_date", "created", "changed")
"""Attributes that are read as dates."""
_AREA = """keys: [id]
of: customer
columns: {}
admission: []
"""


class Choice(NamedTuple):
    """What a column of the file may be: a field, with its words."""

    name: str
    words: str


class Rule(NamedTuple):
    """An admission rule: its CEL, in words, and how many rows of the sample it rejects."""

    code: str
    rule: str
    sentence: str
    rejects: int


def skeleton(short: str, code: str, form: str, area: str) -> str:
    """The first text of a document: of parties, or of an area."""
    head = _HEAD.format(short=short, code=code, form=form)
    if not area:
        return head + _PARTIES
    other = "to: other\n" if area == "party_relation" else ""
    return f"area: {area}\n{head}{other}{_AREA}"


def choices(document: Document, locale: str) -> list[Choice]:
    """What columns may be mapped to."""
    names: list[str] = [KEY, *KNOWN]
    if isinstance(document, AreaMapping):
        names = [KEY, OF, *([TO] if document.to else []), *fields_of(document.form)]
    return [Choice(name, field_words(document, name, locale)) for name in names]


def taken(document: Document, found: MappingOf[str, Sequence[str]]) -> tuple[dict[str, str], set[str]]:
    """Column of a sample → what it is: as the document says, else a guess; and the columns the document names."""
    given = {each.columns[0]: name for name, each in document.columns.items() if each.columns[0] in found}
    if isinstance(document, AreaMapping):
        whom = {document.of.column: OF} | ({document.to.column: TO} if document.to else {})
        given |= {column: name for column, name in (*whom.items(), *((key, KEY) for key in document.keys))
                  if column in found}  # fmt: skip
        guess = _guessed(document, found)
    else:
        given |= {document.key: KEY} if document.key in found else {}
        guess = {column: name for name, column in preview.guessed(found).items()}
        if KEY not in given.values() and (key := preview.guessed_key(found, guess)):
            guess[key] = KEY
    used = set(given.values())
    return {**{column: name for column, name in guess.items() if name not in used}, **given}, set(given)


def _guessed(document: AreaMapping, found: MappingOf[str, Sequence[str]]) -> dict[str, str]:
    """By name: a field's own, or its words."""
    words = {name: {name, *(area_words.field_name(name, locale).casefold() for locale in LOCALES)}
             for name in fields_of(document.form)[:-1]}  # fmt: skip
    guess: dict[str, str] = {}
    for column in found:
        name = next((name for name, known in words.items() if column.casefold() in known), None)
        if name and name not in guess.values():
            guess[column] = name
    return guess


def shown(viewer: Principal, document: Document, of: MappingOf[str, str], found: MappingOf[str, Sequence[str]]) -> Any:
    """The values of a sample as the viewer may see them, by what its columns are."""
    kinds: dict[str, str | None] = dict(SENSITIVE)
    if isinstance(document, AreaMapping):
        kinds = {field.name: field.sensitive for field in document.form.fields}
    show = shower(viewer, {column: kinds.get(of.get(column, "")) for column in found})
    return {column: [show(column, value) for value in values] for column, values in found.items()}


def with_columns(
    text: str,
    chosen: MappingOf[str, str],
    form: MappingOf[str, str] = _NOTHING,
    dates: MappingOf[str, Sequence[str]] = _NO_DATES,
) -> str:
    """The text with columns as chosen (column → what it is), how the file is written as its sample shows (`form`), and
    in which forms a column's dates are (`dates`). Raises Unprocessable when it is not a document."""
    document = documents.checked(MAPPING, text)
    body: dict[str, Any] = yaml_text.load(text)
    if form:
        body["file"] = {**body["file"], **form}
    before = body.get("columns") or {}
    fields = fields_of(document.form) if isinstance(document, AreaMapping) else KNOWN
    body["columns"] = {
        name: before[name]
        if _first(before.get(name)) == column
        else _column(column, dates.get(column) if name in _DATED else None)
        for column, name in chosen.items()
        if name in fields
    }
    keys = [column for column, name in chosen.items() if name == KEY]
    if keys and isinstance(document, AreaMapping):
        body["keys"] = keys
    elif keys:
        body["key"] = keys[0]
    for name in (OF, TO):
        column = next((column for column, of in chosen.items() if of == name), None)
        if column and name in body:
            body[name] = {**body[name], "column": column} if isinstance(body[name], dict) else column
    return _written(body)


def _column(column: str, dates: Sequence[str] | None) -> Any:
    return {"column": column, "date": list(dates)} if dates else column


def with_rules(text: str, codes: Sequence[str], rules: Sequence[str]) -> str:
    """The text with these admission rules, those left empty taken out. Raises Unprocessable where one is wrong."""
    documents.checked(MAPPING, text)
    body: dict[str, Any] = yaml_text.load(text)
    given = zip((code.strip() for code in codes), (rule.strip() for rule in rules), strict=False)
    body["admission"] = [{"code": code, "rule": rule} for code, rule in given if code or rule]
    made = _written(body)
    documents.checked(MAPPING, made)
    return made


def rules(document: Document, rows: Sequence[preview.Row], locale: str) -> list[Rule]:
    """The admission rules, in words, with what they reject of a sample."""
    counted = [reason for row in rows for reason in row["reasons"]]
    environment = document.environment()
    names = [name for name, _ in environment.variables["row"].fields]
    labels = {f"row.{name}": field_words(document, name, locale) for name in names}
    return [
        Rule(each.code, each.rule, cel.parse(each.rule, environment).explain(locale, labels), counted.count(each.code))
        for each in document.admission
    ]


def field_words(document: Document, name: str, locale: str) -> str:
    """A column of a preview in words."""
    if isinstance(document, AreaMapping) and name in fields_of(document.form)[:-1]:
        return area_words.field_name(name, locale)
    return words_of_codes.word("web-field", name, locale)


def variables(document: Document) -> list[str]:
    """What a rule may look at: `row.name` and its type."""
    return [f"row.{name}: {kind}" for name, kind in document.environment().variables["row"].fields]


def _first(given: Any) -> str | None:
    if isinstance(given, dict):
        columns = [given["column"]] if "column" in given else given.get("columns") or []
        return str(columns[0]) if columns else None
    return given if isinstance(given, str) else None


def _written(body: dict[str, Any]) -> str:
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
