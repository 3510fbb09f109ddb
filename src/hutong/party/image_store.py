"""Where images of documents lie (单证影像, EC-01): content by its hash in the data folder, once for equal content."""

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from tempfile import NamedTemporaryFile

from hutong.platform.settings import settings


def path_of(content_hash: str) -> Path:
    """Where content is kept."""
    return settings.data_dir / "documents" / content_hash[:2] / content_hash


def keep(content: bytes) -> str:
    """Keep content, whole or not at all. Returns its hash; what is there already is not written again."""
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(digest)
    if path.exists():
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
    return digest


def remove_all_but(named: Collection[str]) -> int:
    """Delete content that is not among these hashes. Returns how many files."""
    whole = hashlib.sha256().digest_size * 2
    kept = (settings.data_dir / "documents").glob("??/*")
    orphans = [path for path in kept if len(path.name) == whole and path.name not in named]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
