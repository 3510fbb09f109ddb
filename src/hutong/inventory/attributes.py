"""Merging changed attribute values into the versions of an instance, those recorded for later included. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hutong.inventory.requests import Attributes


@dataclass(frozen=True)
class AttributeVersion:
    """An instance's attributes from an instant on; `own`: this version itself changed them."""

    valid_from: datetime
    attributes: Attributes
    own: bool


def merge(versions: Sequence[AttributeVersion], at: datetime, patch: Attributes) -> list[tuple[datetime, Attributes]]:
    """What to write so that `patch` holds from `at` on: (instant, attributes), the earliest first.

    A later version that itself changed an attribute keeps its value, from there on; the others take the patched one.
    Versions are in order of time, the first not after `at`.
    """
    base = next(version for version in reversed(versions) if version.valid_from <= at)
    written = [(at, {**base.attributes, **patch})]
    before, flowing = base.attributes, dict(patch)
    for version in versions:
        if version.valid_from <= at:
            continue
        flowing = {name: value for name, value in flowing.items() if version.attributes.get(name) == before.get(name)}
        if not flowing:
            break
        if version.own:
            written.append((version.valid_from, {**version.attributes, **flowing}))
        before = version.attributes
    return written
