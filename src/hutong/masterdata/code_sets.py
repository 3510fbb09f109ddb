"""Code sets: every enumeration a business person can see, as versioned documents with Chinese and English names."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, func, insert, select, text

from hutong.masterdata.tables import code, code_set
from hutong.platform import clock


class CodeEntry(BaseModel):
    """One code. Valid from a day (inclusive) to a day (exclusive); open where not given."""

    model_config = ConfigDict(extra="forbid")

    code: str
    zh: str
    en: str
    valid_from: date | None = None
    valid_to: date | None = None


class CodeSetDocument(BaseModel):
    """One code set."""

    model_config = ConfigDict(extra="forbid")

    code_set: str
    zh: str
    en: str
    standard: str | None = None
    codes: list[CodeEntry] = Field(min_length=1)

    @model_validator(mode="after")
    def codes_differ(self) -> Self:
        """A code stands once in its set."""
        names = [entry.code for entry in self.codes]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"codes given twice: {', '.join(sorted(twice))}")
        return self

    def content_hash(self) -> str:
        """Equal for equal content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_documents(conn: Connection, folder: Path) -> list[str]:
    """Publish each code set of a folder whose content changed as its next version. Returns the changed sets."""
    documents = [
        CodeSetDocument.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.yaml"))
    ]
    conn.execute(text("LOCK TABLE masterdata.code_set IN SHARE ROW EXCLUSIVE MODE"))
    newest = select(code_set.c.code, func.max(code_set.c.version).label("version")).group_by(code_set.c.code).subquery()
    current = {
        row.code: row
        for row in conn.execute(
            select(code_set.c.code, code_set.c.version, code_set.c.hash).join(
                newest, (newest.c.code == code_set.c.code) & (newest.c.version == code_set.c.version)
            )
        )
    }
    changed = [
        (document, current[document.code_set].version + 1 if document.code_set in current else 1)
        for document in documents
        if document.code_set not in current or current[document.code_set].hash != document.content_hash()
    ]
    if changed:
        _insert(conn, changed)
    return [document.code_set for document, _ in changed]


def _insert(conn: Connection, changed: list[tuple[CodeSetDocument, int]]) -> None:
    conn.execute(
        insert(code_set),
        [
            {
                "code": document.code_set,
                "version": version,
                "name_zh": document.zh,
                "name_en": document.en,
                "standard": document.standard,
                "hash": document.content_hash(),
            }
            for document, version in changed
        ],
    )
    conn.execute(
        insert(code),
        [
            {
                "code_set": document.code_set,
                "version": version,
                "position": position,
                "code": entry.code,
                "name_zh": entry.zh,
                "name_en": entry.en,
                "valid_from": entry.valid_from,
                "valid_to": entry.valid_to,
            }
            for document, version in changed
            for position, entry in enumerate(document.codes)
        ],
    )


def standard_codes(conn: Connection, set_code: str, on: date | None = None) -> list[str]:
    """The codes of a set's newest version that are valid on a business day (today), in their order."""
    day = on or clock.today()
    rows = conn.execute(
        text(
            """SELECT code FROM masterdata.v1_code
               WHERE code_set = :set AND coalesce(valid_from <= :day, TRUE) AND coalesce(valid_to > :day, TRUE)
               ORDER BY position"""
        ),
        {"set": set_code, "day": day},
    )
    return list(rows.scalars())


def labels(conn: Connection, set_code: str, locale: Literal["zh-CN", "en"] | str) -> dict[str, str]:
    """Code → name of a set's newest version, no longer valid codes included: old records still show a word."""
    column = "name_zh" if locale == "zh-CN" else "name_en"
    rows = conn.execute(
        text(f"SELECT code, {column} FROM masterdata.v1_code WHERE code_set = :set ORDER BY position"),  # noqa: S608
        {"set": set_code},
    )
    return {row[0]: row[1] for row in rows}
