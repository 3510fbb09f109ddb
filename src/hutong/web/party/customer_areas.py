"""What is known about a customer by area (EC-01): names and contacts with use, validity and confirmation; preferences,
consents, classes, evaluations, limits, expenses, documents, points; now, or as it was on a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hutong.identity.principal import Principal
from hutong.party.areas import values
from hutong.party.areas.as_it_was import as_it_was
from hutong.party.areas.read import of_each, points_balance
from hutong.party.information import AREAS, VALUE_MASKS
from hutong.party.model import extension
from hutong.platform import database
from hutong.platform.i18n import translate
from hutong.web import words_of_codes
from hutong.web.party import area_words

Facts = dict[str, Any]
SHOWN = ("preference", "consent", "classification", "evaluation", "credit_limit", "expense", "points_entry",
         "document_image", "activity")  # fmt: skip
ROWS = 30
BASIC = ("name", "gender", "birth_date", "id_type", "id_number", "mobile", "phone", "email", "address", "grade",
         "branch")  # fmt: skip
EDITED = ("name", "gender", "birth_date", "postcode", "contact_name", "grade", "branch")
"""Attributes edited in place; names, contacts and documents are values of their own."""


def areas(viewer: Principal, customer: Mapping[str, Any], locale: str, on: str = "") -> Facts:
    """The parts of the information tab; `on`: a day, as it was at its end."""
    if on:
        return _as_it_was(viewer, customer, locale, on)
    rows = of_each(viewer, customer["id"], SHOWN, limit=ROWS)
    return {
        "on": "",
        "was": None,
        "values": values.values(viewer, customer["id"]),
        "value_masks": VALUE_MASKS,
        "tables": [_table(name, rows[name], locale) for name in SHOWN],
        "balance": points_balance(viewer, customer["id"]) if rows["points_entry"] else {},
        "value_kinds": words_of_codes.code_labels("value_kind", locale),
        "value_uses": words_of_codes.code_labels("value_use", locale),
        "id_types": words_of_codes.code_labels("id_type", locale),
        "document_kinds": words_of_codes.code_labels("document_kind", locale),
        "edited": EDITED,
        "declared": _declared(customer, locale),
        "choices": {
            "gender": words_of_codes.code_labels("gender", locale),
            "grade": words_of_codes.code_labels("customer_grade", locale),
        },
    }


def _declared(customer: Mapping[str, Any], locale: str) -> list[Facts]:
    """Declared attributes of the kind of customer with their values (masked already), in words and as a form."""
    with database.read("party") as conn:
        attributes = extension.active(conn).of(customer["kind"])
    made = []
    for one in attributes:
        value = customer["attributes"].get(one.name)
        options = words_of_codes.code_labels(one.code_set, locale) if one.code_set else {}
        if one.type == "boolean":
            options = {"true": translate("web-yes", locale), "false": translate("web-no", locale)}
        kept = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        made.append({"name": one.name, "label": one.label(locale), "type": one.type, "options": options, "value": kept,
                     "words": options.get(kept, kept), "hidden": "*" in kept})  # fmt: skip
    return made


def _as_it_was(viewer: Principal, customer: Mapping[str, Any], locale: str, on: str) -> Facts:
    was = as_it_was(viewer, customer["id"], area_words.day_begins(on) + timedelta(days=1))
    held = ("preference", "consent", "classification", "evaluation", "credit_limit", "touch")
    return {
        "on": on,
        "was": was["party"],
        "basic": BASIC,
        "values": was["values"],
        "tables": [_table(name, was[name], locale, edit=False) for name in held if was[name]],
        "balance": {},
        "declared": [],
    }


def _table(name: str, rows: list[Facts], locale: str, *, edit: bool = True) -> Facts:
    """An area as a table: heads, rows of words, and the form that states another."""
    area = AREAS[name]
    fields = area_words.shown_fields(area)
    return {
        "name": name,
        "title": area_words.area_name(name, locale),
        "period": area.timing == "period",
        "heads": [area_words.field_name(field.name, locale) for field in fields],
        "rows": [
            {
                "id": row["id"],
                "cells": [area_words.value_words(field, row[field.name], locale) for field in fields],
                "from": row.get("valid_from", row.get("at")),
                "to": row.get("valid_to"),
                "source": row["source"],
                "by": row["stated_by"],
                "confirmed_at": row["confirmed_at"],
                "confirmed_by": row["confirmed_by"],
            }
            for row in rows
        ],
        "form": area_words.form(area, locale) if edit and area.by_people and name != "document_image" else [],
    }
