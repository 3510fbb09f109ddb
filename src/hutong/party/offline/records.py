"""From a file's columns to records of standardised attributes: each distinct value is standardised once."""

import re
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.offline import dates
from hutong.party.offline.mapping import COMPARE, SEVERAL, Column, FileMapping, Given
from hutong.party.standardise import addresses, identifiers, names, organisations, phones
from hutong.party.standardise.text import clean, is_han, join_han, not_given, simplified

Text = str | None
_STRING = pa.large_string()
_BETWEEN = re.compile(r"[;；、|\n]")
_LATIN_NAME = re.compile(r"[^\W\d_]+", re.UNICODE)


def standardised(raw: pa.Table, mapping: FileMapping, name: str, forms: Sequence[str], before: int = 0) -> pa.Table:
    """A record a row: `source`, `key`, `kind`, `row` (from 1), the attributes that the mapping gives, and `document`,
    the valid one of which a party has only one. `raw`: columns of the file `name`, or rows of it after `before` others;
    `forms` of its birth dates."""
    count = raw.num_rows
    rows = range(before + 1, before + count + 1)
    made: dict[str, pa.Array] = {
        "source": _source(raw, name, mapping),
        "key": _key(raw, rows, mapping),
        "kind": _kind(raw, mapping),
    }
    made["row"] = pa.array(rows, pa.int64())
    organisation = pc.equal(made["kind"], "organisation")
    for attribute, given in mapping.columns.items():
        if attribute in ("birth_month", "birth_day", "id_type"):
            continue
        made |= _attribute(raw, attribute, given, mapping, forms, organisation)
    for free in mapping.free:
        comparator = COMPARE[free.compare]
        values = by_distinct(_column(raw, [free.column]), _FREE.get(comparator, _text))
        made[f"free_{comparator}_{free.name}"] = values
    return pa.table(made | {"document": _document(made, count)})


def _column(raw: pa.Table, columns: Sequence[str], join: str = " ") -> pa.Array:
    parts = [raw.column(name).cast(_STRING).combine_chunks() for name in columns]
    if len(parts) == 1:
        return parts[0]
    return joined(parts, join)


def joined(parts: Sequence[pa.Array], between: str) -> pa.Array:
    """What is given of each row's parts in one text; none given: null."""
    # Arrow leaves rows out of which all parts are null; an empty part before them keeps the rows.
    before = pa.repeat(pa.scalar("", _STRING), len(parts[0]))
    text = pc.binary_join_element_wise(before, *parts, pa.scalar(between, _STRING), null_handling="skip")
    text = pc.utf8_slice_codeunits(text, start=len(between))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, _STRING), text)


def by_distinct(column: pa.Array, function: Callable[[str], Text]) -> pa.Array:
    """The function's results, called once for each distinct value."""
    coded = column.dictionary_encode()
    made = pa.array([function(value) for value in coded.dictionary.to_pylist()], _STRING)
    return made.take(coded.indices)


def _source(raw: pa.Table, name: str, mapping: FileMapping) -> pa.Array:
    if isinstance(mapping.source, Column):
        return pc.fill_null(_column(raw, [mapping.source.column]), "")
    return pa.repeat(pa.scalar(mapping.source or name, _STRING), raw.num_rows)


def _key(raw: pa.Table, rows: range, mapping: FileMapping) -> pa.Array:
    numbers = pa.array(rows, pa.int64()).cast(_STRING)
    return pc.coalesce(_column(raw, [mapping.key]), numbers) if mapping.key else numbers


def _kind(raw: pa.Table, mapping: FileMapping) -> pa.Array:
    if isinstance(mapping.kind, Column):
        codes: dict[str, str] = dict(mapping.kind.codes) or {"person": "person", "organisation": "organisation"}
        return pc.fill_null(by_distinct(_column(raw, [mapping.kind.column]), codes.get), "person")
    return pa.repeat(pa.scalar(mapping.kind, _STRING), raw.num_rows)


def _attribute(  # noqa: PLR0917  (one attribute of what `standardised` was given)
    raw: pa.Table, attribute: str, given: Given, mapping: FileMapping, forms: Sequence[str], organisation: pa.Array
) -> dict[str, pa.Array]:
    if attribute in SEVERAL:
        return _several(raw, attribute, given, mapping)
    column = _column(raw, given.columns, given.join)
    if attribute == "name":
        nothing = pa.scalar(None, _STRING)
        persons, others = pc.if_else(organisation, nothing, column), pc.if_else(organisation, column, nothing)
        person = by_distinct(persons, lambda value: names.person_name(value).name)
        named = by_distinct(others, lambda value: organisations.organisation_name(value).name)
        return {"name": pc.if_else(organisation, named, person)}
    if attribute == "address":
        coded = column.dictionary_encode()
        found = [addresses.address(value) for value in coded.dictionary.to_pylist()]
        return {
            name: pa.array([getattr(place, field) for place in found], _STRING).take(coded.indices)
            for name, field in (("address", "text"), ("address_key", "key"), ("house", "house"), ("road", "road"))
        }
    if attribute in ("birth_date", "birth_year"):
        return {"birth_date": _birth(raw, attribute, column, mapping, forms)}
    if attribute == "id_number":
        kinds = mapping.columns.get("id_type")
        return _id_numbers(column) | ({"id_type": _column(raw, kinds.columns)} if kinds else {})
    return {attribute: by_distinct(column, _STANDARD.get(attribute, _text))}


def _several(raw: pa.Table, attribute: str, given: Given, mapping: FileMapping) -> dict[str, pa.Array]:
    columns = ("mobile", "phone", "other_phone") if attribute == "phone" else ("email", "other_email")
    standard = (lambda value: _phone(value, mapping.region)) if attribute == "phone" else _email
    found, further = [], []
    for column in (_column(raw, [name]) for name in given.columns[: SEVERAL[attribute]]):
        if pc.any(pc.match_substring_regex(column, _BETWEEN.pattern)).as_py():
            first, *more = (by_distinct(column, lambda value, at=at: _one_of(value, standard, at)) for at in range(3))  # type: ignore[misc]
            found.append(first)
            further += more
        else:
            found.append(by_distinct(column, standard))
    found += further
    return dict(zip(columns, found, strict=False))


def _one_of(value: str, standard: Callable[[str], Text], place: int) -> Text:
    """The value at a place of a cell, which may hold several with semicolons, strokes or new lines between."""
    parts = _BETWEEN.split(value)
    if len(parts) == 1:
        return standard(value) if place == 0 else None
    found = [made for part in parts if (made := standard(part))]
    return found[place] if place < len(found) else None


def _document(made: Mapping[str, pa.Array], count: int) -> pa.Array:
    """A credit code holds the organisation code: the two are one document."""
    resident = made.get("document", pa.nulls(count, _STRING))
    if "organisation_code" not in made:
        return resident
    return pc.coalesce(by_distinct(made["organisation_code"], _organisation_document), resident)


def _organisation_document(value: str) -> Text:
    valid = len(value) == 9 and identifiers.identifier("organisation_code", value).valid
    return f"organisation_code:{value}" if valid else None


def _phone(value: str, region: str) -> Text:
    made = phones.phone(value, region)
    if made.value or made.issue == "phone_placeholder":
        return made.value
    digits = re.sub(r"\D", "", value)
    return digits if len(digits) >= 5 and not phones.placeholder(digits) else None


def _email(value: str) -> Text:
    text = clean(value).casefold().replace(" ", "")
    return identifiers.email(text) or (text if "@" in text and not not_given(text) and len(text) > 4 else None)


def _text(value: str) -> Text:
    text = clean(value)
    return None if not_given(text) else join_han(simplified(text)).casefold()


def name_part(value: str) -> Text:
    """A given, middle or family name as it is compared."""
    text = _text(value)
    if text is None or is_han(text):
        return text
    return " ".join(_LATIN_NAME.findall(text.replace("'", "").replace("’", ""))) or None


def _code(value: str) -> Text:
    text = re.sub(r"[\s\-./·]+", "", clean(value)).upper()
    text = text.removesuffix(".0")
    filler = len(text) >= 5 and len(set(text)) == 1
    return None if not_given(text) or filler else text


def _id_numbers(column: pa.Array) -> dict[str, pa.Array]:
    """Numbers of documents, and `document` where they are valid resident IDs."""
    coded = column.dictionary_encode()
    found = [_id_number(value) for value in coded.dictionary.to_pylist()]
    return {
        name: pa.array([both[place] for both in found], _STRING).take(coded.indices)
        for place, name in enumerate(("id_number", "document"))
    }


def _id_number(value: str) -> tuple[Text, Text]:
    """The number, and the document it is, if it is a valid resident ID."""
    text = _code(value)
    if text and re.fullmatch(r"\d{15}|\d{17}[\dX]", text):
        made = identifiers.identifier("resident_id", text)
        return (made.value, f"resident_id:{made.value}") if made.valid else (text, None)
    return text, None


def _organisation_code(value: str) -> Text:
    """A valid credit code by the organisation code it holds."""
    text = _code(value)
    if text and len(text) == 18 and identifiers.identifier("uscc", text).valid:
        return identifiers.organisation_part("uscc", text)
    return text


def _postcode(value: str) -> Text:
    text = _code(value)
    if text and re.fullmatch(r"\d{9}", text):
        return text[:5]
    return text


def _number(value: str) -> Text:
    try:
        return repr(float(clean(value).replace(",", "")))
    except ValueError:
        return None


def _street_number(value: str) -> Text:
    text = _text(value)
    return text.removesuffix(".0").lstrip("0") or None if text else None


_STANDARD: dict[str, Callable[[str], Text]] = {
    "given_name": name_part,
    "middle_name": name_part,
    "family_name": name_part,
    "contact_name": lambda value: names.person_name(value).name,
    "organisation": lambda value: organisations.organisation_name(value).name,
    "organisation_code": _organisation_code,
    "bank_card": _code,
    "postcode": _postcode,
    "street_number": _street_number,
}
_FREE: dict[str, Callable[[str], Text]] = {
    "code": _code,
    "number": _number,
    "word": name_part,
    "person": lambda value: names.person_name(value).name,
    "organisation": lambda value: organisations.organisation_name(value).name,
    "date": lambda value: dates.day(value, dates.FORMS),
    "email": _email,
    "phone": lambda value: _phone(value, "CN"),
}


def birth_forms(raw: pa.Table, mapping: FileMapping) -> list[str]:
    """The forms in which to read the birth dates of a whole file, in the order to try them."""
    given = mapping.columns.get("birth_date") or mapping.columns.get("birth_year")
    if not given:
        return []
    return [*given.date, *dates.settled(_column(raw, given.columns, given.join), mapping.region)]


def _birth(raw: pa.Table, attribute: str, column: pa.Array, mapping: FileMapping, forms: Sequence[str]) -> pa.Array:
    """Eight digits; where only the year or parts are given, 00 for the rest."""
    parts = [mapping.columns.get(name) for name in ("birth_month", "birth_day")]
    if attribute == "birth_year" and any(parts):
        texts = [column, *(_column(raw, part.columns) if part else pa.nulls(raw.num_rows, _STRING) for part in parts)]
        joined = pc.binary_join_element_wise(*(pc.fill_null(text, "") for text in texts), pa.scalar("|", _STRING))
        return by_distinct(joined, _parts)
    return by_distinct(column, lambda value: dates.day(value, forms))


def _parts(joined: str) -> Text:
    year, month, day = (re.sub(r"\D.*$", "", part.strip()) for part in joined.split("|"))
    if not year:
        return None
    return f"{int(year):04d}{int(month or 0):02d}{int(day or 0):02d}"
