"""How typed values differ from what was meant: slips, gaps, other ways to write the same."""

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.party.match.datasets import Data, written

Row = dict[str, str]


def slip(chance: random.Random, text: str) -> str:
    """One character left out, doubled, swapped or replaced."""
    if len(text) < 3:
        return text
    at = chance.randrange(1, len(text) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    letters = "0123456789" if text[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    return text[:at] + chance.choice(letters) + text[at + 1 :]


def file_of(folder: Path, name: str, mapping: str, rows: Sequence[tuple[str, Row]], seed: int) -> Data:
    """Rows (party, values) in an order that tells nothing, as one file with its truth; a column `source` is read as
    such."""
    chance = random.Random(f"{name} order {seed}")
    order = list(range(len(rows)))
    chance.shuffle(order)
    columns = list(rows[0][1])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(("key", *columns))
        csv.writer(file).writerows([place, *(rows[at][1][name] for name in columns)] for place, at in enumerate(order))
    source = "source: {column: source}\n" if "source" in columns else ""
    return written(
        folder, [path], f"key: key\n{source}{mapping}", [(str(p), rows[at][0]) for p, at in enumerate(order)]
    )


def without(row: Row, gaps: Mapping[str, float], chance: random.Random) -> Row:
    """A row with values left out by the share of each column."""
    return {name: "" if chance.random() < gaps.get(name, 0.0) else value for name, value in row.items()}
