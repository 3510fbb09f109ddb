"""Files that may hold an erased person: uploads, exports, images of documents."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text

from hutong.party import image_store
from hutong.platform import database, jobs
from hutong.platform.settings import settings

CHUNK = 1 << 20
PACKED = {".xlsx", ".zip", ".gz", ".parquet"}
"""Forms in which a value cannot be found without unpacking: they go whenever nobody works on them."""


def remove(values: Sequence[str]) -> None:
    """Delete uploads that hold one of the values and that no running job reads, and every export made so far: an export
    can be made again, and then without them."""
    busy = {str(found.args.get("token")) for found in jobs.recent(states=["queued", "running"], limit=1000)}
    sought = [value.encode() for value in values]
    for folder in _folders(settings.data_dir / "uploads"):
        files = [path for path in folder.rglob("*") if path.is_file()]
        if folder.name not in busy and any(_may_hold(path, sought) for path in files):
            shutil.rmtree(folder, ignore_errors=True)
    with database.begin("party") as conn:
        conn.execute(text("UPDATE party.export_run SET state = 'expired', expires_at = now() WHERE state = 'ready'"))
    shutil.rmtree(settings.data_dir / "exports", ignore_errors=True)


def remove_orphans() -> int:
    """Delete images that no row names any more. Returns how many."""
    with database.read("party") as conn:
        named = set(conn.execute(text("SELECT DISTINCT content_hash FROM party.document_image")).scalars())
    return image_store.remove_all_but(named)


def _folders(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def _may_hold(path: Path, sought: Sequence[bytes]) -> bool:
    if path.suffix.lower() in PACKED:
        return True
    kept = b""
    longest = max((len(value) for value in sought), default=0)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            window = kept + chunk
            if any(value in window for value in sought):
                return True
            kept = window[-longest:]
    return False
