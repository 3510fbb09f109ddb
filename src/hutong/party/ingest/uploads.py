"""Files given in the console: kept in the data folder until their job has taken them in."""

import re
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from hutong.platform.errors import NotFound, Unprocessable
from hutong.platform.settings import settings

LARGEST_BYTES = 2 << 30
CHUNK_BYTES = 1 << 20
_TOKEN = re.compile(r"^[0-9a-f]{32}$")
_UNSAFE = re.compile(r"[^\w.\-]+")


def keep(file: BinaryIO, name: str, most: int = LARGEST_BYTES) -> tuple[str, str]:
    """Store an uploaded file. Returns (token, file name without anything a path could hide in).

    Raises Unprocessable for an empty file, or one above `most` bytes; then nothing is kept.
    """
    token = secrets.token_hex(16)
    safe = _UNSAFE.sub("_", Path(name.replace("\\", "/")).name).lstrip(".")[-100:] or "upload"
    folder = _folder(token)
    folder.mkdir(parents=True)
    size = 0
    with (folder / safe).open("wb") as target:
        while size <= most and (part := file.read(CHUNK_BYTES)):
            size += len(part)
            target.write(part)
    if not 0 < size <= most:
        shutil.rmtree(folder)
        raise Unprocessable("party-upload-size", field="file", file=safe, most=f"{most / (1 << 30):.3g}")
    return token, safe


def path_of(token: str, name: str) -> Path:
    """Where an uploaded file lies. Raises NotFound when it is gone."""
    path = _folder(token) / Path(name).name
    if not path.is_file():
        raise NotFound("party-file-missing", file=name)
    return path


def forget(token: str) -> None:
    """Delete an uploaded file."""
    shutil.rmtree(_folder(token), ignore_errors=True)


def _folder(token: str) -> Path:
    if not _TOKEN.match(token):
        raise NotFound("party-file-missing", file=token)
    return settings.data_dir / "uploads" / token
