"""Rows of an enhancement batch understood (EC-08): whom each is about, and its values as source records have them."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from hutong.party.standardise.stated import standardised
from hutong.platform.errors import Invalid, Problem

LARGEST = 20_000
"""Rows of a batch."""
VALUES = ("mobile", "phone", "email", "address", "postcode", "contact_name")
KIND_OF = {"mobile": "phone", "phone": "phone", "email": "email", "address": "address"}
"""Attribute → kind of value, for those a customer can confirm."""
WHO = ("party_id", "source", "key", "id_number", "name")
HEADS = {
    "客户号": "party_id", "来源系统": "source", "来源键": "key", "证件号码": "id_number", "姓名": "name",
    "客户名称": "name", "手机": "mobile", "联系电话": "mobile", "固定电话": "phone", "电子邮箱": "email",
    "邮箱": "email", "通信地址": "address", "地址": "address", "邮政编码": "postcode",
    "联系人": "contact_name", "已确认": "confirmed",
}  # fmt: skip
YES = {"yes", "y", "true", "1", "是", "已确认"}


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Rows of a CSV file (UTF-8 or GB18030) by our names; heads in English or Chinese. Raises Invalid."""
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = content.decode("gb18030", errors="replace")
    reader = csv.reader(io.StringIO(decoded))
    heads = [HEADS.get(head.strip(), head.strip().lower()) for head in next(reader, [])]
    if not set(heads) & set(WHO) or not set(heads) & set(VALUES):
        raise Invalid("party-enhance-heads", who=", ".join(WHO), values=", ".join(VALUES))
    rows = [dict(zip(heads, row, strict=False)) for row in reader if any(cell.strip() for cell in row)]
    if not 0 < len(rows) <= LARGEST:
        raise Invalid("party-enhance-size", largest=LARGEST)
    return rows


def understood(row: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """The values of a row in standard form, and the first that is not one (message id). Pure."""
    made: dict[str, str] = {}
    for name in VALUES:
        given = (row.get(name) or "").strip()
        if not given:
            continue
        try:
            made[name] = standardised(KIND_OF.get(name, "other"), given, None)
        except Problem:
            return made, f"party-enhance-{name}"
    return made, None if made else "party-enhance-nothing"


def whom(conn: Connection, rows: Sequence[Mapping[str, str]]) -> dict[int, list[int]]:
    """Row number → living parties in use it may be about: by number, by source key, by document, else by a contact and
    name together. One statement."""
    columns = {name: [(row.get(name) or "").strip() or None for row in rows] for name in WHO}
    standard = [_standard(row) for row in rows]
    asked: dict[str, Any] = {
        "number": list(range(1, len(rows) + 1)),
        "party": [int(v) if v and v.isdigit() and len(v) < 19 else None for v in columns["party_id"]],
        "source": columns["source"], "key": columns["key"],
        "document": [one["identifier"] for one in standard], "name": [one["name"] for one in standard],
        "phone": [one["phone"] for one in standard], "email": [one["email"] for one in standard],
    }  # fmt: skip
    made: dict[int, list[int]] = {}
    for number, party in conn.execute(text(_WHOM), asked):
        made.setdefault(number, []).append(party)
    return made


def _standard(row: Mapping[str, str]) -> dict[str, str | None]:
    given = {"identifier": row.get("id_number"), "name": row.get("name"), "email": row.get("email"),
             "phone": row.get("mobile") or row.get("phone")}  # fmt: skip
    made: dict[str, str | None] = {}
    for kind, value in given.items():
        try:
            made[kind] = standardised(kind, value.strip(), None) if value and value.strip() else None
        except Problem:
            made[kind] = None
    return made


_WHOM = """
WITH asked AS (
    SELECT * FROM unnest(CAST(:number AS int[]), CAST(:party AS bigint[]), CAST(:source AS text[]),
        CAST(:key AS text[]), CAST(:document AS text[]), CAST(:name AS text[]), CAST(:phone AS text[]),
        CAST(:email AS text[])) AS a (number, party, source, key, document, name, phone, email)
), named AS (
    SELECT a.number, coalesce(d.survivor_id, a.party) AS party FROM asked a
    LEFT JOIN party.redirect d ON d.retired_id = a.party WHERE a.party IS NOT NULL
    UNION SELECT a.number, x.party_id FROM asked a JOIN party.xref x ON x.source = a.source AND x.key = a.key
    WHERE a.party IS NULL
    UNION SELECT a.number, v.party_id FROM asked a
    JOIN party.party_value v ON v.kind = 'identifier' AND v.value = a.document
    WHERE a.party IS NULL AND a.key IS NULL
    UNION SELECT a.number, v.party_id FROM asked a
    JOIN party.party_value v ON v.kind IN ('phone', 'email') AND v.value IN (a.phone, a.email)
    JOIN party.party_value n ON n.party_id = v.party_id AND n.kind = 'name' AND n.value = a.name
    WHERE a.party IS NULL AND a.key IS NULL AND a.document IS NULL
)
SELECT n.number, n.party FROM named n JOIN party.party p ON p.id = n.party AND p.state = 'active' ORDER BY 1, 2"""
