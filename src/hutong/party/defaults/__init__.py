"""Documents that are in force until others are published: this folder's, and those of the installed packs."""

from collections.abc import Callable, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
PACKS = FOLDER.parents[3] / "packs"


def shipped(*names: str) -> Callable[[], Mapping[str, Path]]:
    """The documents of these names in this folder."""
    return lambda: {name: FOLDER / f"{name}.yaml" for name in names}
