"""Columns that the tables of the customer master share."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Text, func
from sqlalchemy.types import TypeEngine

from hutong.party.columns import Attribute
from hutong.platform.database import metadata_for

metadata = metadata_for("party")
_TYPES: dict[str, type[TypeEngine[object]]] = {"text": Text, "date": Date, "boolean": Boolean}  # type: ignore[dict-item]


def identity() -> Column[int]:
    """The key `id`."""
    return Column("id", BigInteger, Identity(), primary_key=True)


def moment(name: str) -> Column[object]:
    """An instant, now unless given."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def attribute(declared: Attribute) -> Column[object]:
    """The column of an attribute of `columns.py`."""
    return Column(declared.name, _TYPES[declared.type])
