"""The columns a file has, against those its mapping needs."""

from collections.abc import Sequence
from pathlib import Path

from hutong.party.ingest.mapping import Tabular
from hutong.platform.errors import Invalid

REPLACED = "�"
"""What stands for a broken character."""
MOST_COLUMNS = 2000


def named(cells: Sequence[str]) -> list[str]:
    """Names for all columns: those without get their place, repeated ones too."""
    names: list[str] = []
    for place, name in enumerate(cells):
        bare = name.replace("\0", REPLACED).strip() or f"column {place + 1}"
        names.append(bare if bare not in names else f"{bare} ({place + 1})")
    return names


def require(path: Path, found: Sequence[str], mapping: Tabular) -> None:
    """Raise Invalid, naming both, when columns are missing, or when there are more than any record has."""
    if len(found) > MOST_COLUMNS:
        raise Invalid("party-file-wide", file=path.name, columns=len(found), most=MOST_COLUMNS)
    missing = [column for column in mapping.needed() if column not in found]
    if missing:
        raise Invalid(
            "party-file-columns", file=path.name, missing=", ".join(missing), found=", ".join(found)[:500] or "-"
        )


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def listed(columns: Sequence[str]) -> str:
    """Column names as SQL lists them."""
    return ", ".join(quoted(column) for column in columns)


def broken(columns: Sequence[str]) -> str:
    """The condition that a row has a broken character."""
    return "contains(concat(" + ", ".join(quoted(column) for column in columns) + f"), '{REPLACED}')"
