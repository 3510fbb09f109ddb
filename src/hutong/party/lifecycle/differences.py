"""What a change of attributes would change: judged by standardised values, so that saying again what is known asks for
nothing."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hutong.party.realtime.stated import PartyData, kept


def checked_attributes(row: Any | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes asked to be other than now → as they are now (None for who is to be created).

    `row`: the golden record. Raises Unprocessable for a value that is not valid.
    """
    given = dict(asked["attributes"])
    extra = given.pop("attributes", None) or {}
    if row is None:
        kept(msgspec.convert({**given, "attributes": extra}, PartyData))
        return dict.fromkeys([*given, *(f"attributes.{name}" for name in extra)])
    stated = {name: value for name, value in given.items() if value is not None}
    data = msgspec.convert({"kind": row.kind, "name": row.name, **_with_type(row, stated)}, PartyData)
    record = kept(data)
    known = row._mapping
    made = {}
    for name, value in given.items():
        new = None if value is None else record.get(name, value)
        if name in known and known[name] != new:
            made[name] = known[name]
    for name, value in extra.items():
        if (row.attributes or {}).get(name) != value:
            made[f"attributes.{name}"] = (row.attributes or {}).get(name)
    return made


def _with_type(row: Any, stated: dict[str, Any]) -> dict[str, Any]:
    """A number without its kind is of the kind known."""
    return {"id_type": row.id_type, **stated} if "id_number" in stated and row.id_type else stated
