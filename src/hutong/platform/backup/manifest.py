"""What a backup says of itself, and whether its files are still what it says."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from hutong.platform.errors import NotFound, Unprocessable

FORMAT = 1
NAME, SEAL = "manifest.json", "manifest.sha256"
CHUNK = 1 << 20


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`tables`: schema.table → (rows, fingerprint); `files`: path in the backup → (bytes, SHA-256)."""

    format: int
    hutong: str
    server_version: int
    taken_at: datetime
    revisions: dict[str, str]
    tables: dict[str, tuple[int, str]]
    files: dict[str, tuple[int, str]]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(rows for rows, _ in self.tables.values())

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())


def sha256(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> Iterator[Path]:
    """All files below a folder, in order."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def measured(folder: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every file below a folder, by relative path."""
    return {str(path.relative_to(folder)): (path.stat().st_size, sha256(path)) for path in files_in(folder)}


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its seal."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / NAME).write_bytes(content)
    (folder / SEAL).write_text(f"{hashlib.sha256(content).hexdigest()}  {NAME}\n")


def check(folder: Path) -> Manifest:
    """The manifest of a backup every file of which is what it was.

    Raises NotFound where there is no backup, Unprocessable with the name of the first file that is missing, damaged or
    not of the backup.
    """
    manifest = _read(folder)
    there = {str(path.relative_to(folder)) for path in files_in(folder)} - {NAME, SEAL}
    for name in sorted(there - manifest.files.keys()):
        raise Unprocessable("platform-backup-stranger", file=name)
    for name, (size, digest) in manifest.files.items():
        path = folder / name
        if name not in there:
            raise Unprocessable("platform-backup-file-missing", file=name)
        if path.stat().st_size != size or sha256(path) != digest:
            raise Unprocessable("platform-backup-damaged", file=name)
    return manifest


def _read(folder: Path) -> Manifest:
    try:
        content, seal = (folder / NAME).read_bytes(), (folder / SEAL).read_text()
    except (FileNotFoundError, NotADirectoryError) as missing:
        raise NotFound("platform-backup-none", folder=str(folder)) from missing
    if seal.split()[:1] != [hashlib.sha256(content).hexdigest()]:
        raise Unprocessable("platform-backup-damaged", file=NAME)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as other:
        raise Unprocessable("platform-backup-format", folder=str(folder)) from other
    if manifest.format != FORMAT:
        raise Unprocessable("platform-backup-format", folder=str(folder))
    return manifest
