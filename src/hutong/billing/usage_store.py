"""Where usage events lie: columnar files below the data folder, by cycle; immutable once written.

A file counts once a committed row names it. One written by a run that died before its commit is named by nothing, is
never read, and is removed by `remove_strays`.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from hutong.platform.settings import settings


def folder() -> Path:
    """The usage folder; shared storage where several machines bill."""
    return settings.data_dir / "usage"


def path_of(name: str) -> Path:
    """The file of a name a row gives."""
    return folder() / name


def settle(temporary: Path, name: str) -> None:
    """Put a finished file in its place, so that it survives a crash of the machine."""
    target = path_of(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def remove_strays(named: Iterable[str], older_than: float) -> list[str]:
    """Remove files that no row names and that were last written before a moment (epoch seconds). Returns them."""
    kept = set(named)
    strays = [
        path
        for path in folder().rglob("*.parquet")
        if str(path.relative_to(folder())) not in kept and path.stat().st_mtime < older_than
    ]
    for path in strays:
        path.unlink()
    return [str(path.relative_to(folder())) for path in strays]
