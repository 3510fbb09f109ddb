"""Keys of erased records (EC-02): kept only as keyed hashes, so that nobody reads them, and yet the next load of the
same source key does not bring the person back, unless they consented anew."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from hutong.platform.settings import settings

NAME = "erasure.key"
_HASH = "encode(sha256(convert_to(:secret || chr(31) || {source} || chr(31) || {key}, 'UTF8')), 'hex')"


def secret() -> str:
    """The installation's key: of the settings, else made once in the data folder, readable by its owner alone."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return kept_in(settings.data_dir) or keep(secrets.token_hex(32))


def kept_in(folder: Path) -> str | None:
    """The key that lies in a data folder; None where there is none."""
    path = folder / NAME
    return path.read_text(encoding="ascii") if path.is_file() else None


def keep(made: str) -> str:
    """Keep a key as the installation's, unless it has one. Returns the installation's."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / NAME
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(made)
    except FileExistsError:  # another process was first
        return path.read_text(encoding="ascii")
    return made


def hash_of(source: str, key: str) -> str:
    """The keyed hash of a source key, as the database computes it."""
    return hashlib.sha256("\x1f".join((secret(), source, key)).encode()).hexdigest()


def remember(conn: Connection, party_id: int, records: Sequence[int]) -> None:
    """Keep the keyed hashes of records about to be erased."""
    hashed = _HASH.format(source="r.source", key="r.key")
    conn.execute(
        text(
            f"""INSERT INTO party.erased_key (source, key_hash, party_id)
                SELECT r.source, {hashed}, :party FROM party.source_record r WHERE r.id = ANY(:records)
                ON CONFLICT DO NOTHING"""  # noqa: S608  (a constant)
        ),
        {"party": party_id, "records": list(records), "secret": secret()},
    )


def erased_of(conn: Connection, asked: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of (source, key) whose records were erased; nothing is hashed while nothing of the sources was."""
    found = text("SELECT DISTINCT source FROM party.erased_key WHERE source = ANY(:sources)")
    sources = set(conn.execute(found, {"sources": sorted({source for source, _ in asked})}).scalars())
    hashes = {hash_of(source, key): (source, key) for source, key in asked if source in sources}
    if not hashes:
        return set()
    rows = conn.execute(
        text("SELECT key_hash FROM party.erased_key WHERE key_hash = ANY(:hashes)"), {"hashes": list(hashes)}
    )
    return {hashes[row] for row in rows.scalars()}


def drop_erased(conn: Connection, table: str, source: str) -> int:
    """Delete from a temporary table (named by code) the rows whose `key` was erased. Returns how many; nothing is
    hashed while nothing of the source was erased."""
    some = conn.execute(
        text("SELECT EXISTS (SELECT FROM party.erased_key WHERE source = :source)"), {"source": source}
    ).scalar_one()
    if not some:
        return 0
    hashed = _HASH.format(source="CAST(:source AS text)", key="t.key")
    return conn.execute(
        text(
            f"""DELETE FROM {table} t WHERE EXISTS (
                    SELECT FROM party.erased_key e WHERE e.source = :source AND e.key_hash = {hashed})"""  # noqa: S608
        ),
        {"source": source, "secret": secret()},
    ).rowcount


def release(conn: Connection, source: str, key: str) -> bool:
    """Forget that a key was erased: the person consented anew, and its next record is taken. Returns whether it was."""
    statement = text("DELETE FROM party.erased_key WHERE source = :source AND key_hash = :hash")
    return bool(conn.execute(statement, {"source": source, "hash": hash_of(source, key)}).rowcount)
