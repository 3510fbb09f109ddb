"""Reading areas: a party's rows of an area in one statement through the cross-references, masked for the viewer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, protect, require
from hutong.party.information import VALUE_MASKS, Area, began
from hutong.party.ingest.areas.write import area_named
from hutong.party.living import whom
from hutong.platform import clock, database

Row = dict[str, Any]
RIGHT = "party.read"


def of_party(
    viewer: Principal,
    party_id: int,
    area_name: str,
    *,
    at: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> list[Row]:
    """What is stated about a party in an area, latest first, after the place `before` (instant, id).

    `at`: periods that hold then (moments until then). Needs `party.read`; out of scope raises NotFound.
    """
    require(viewer, RIGHT)
    area = area_named(area_name)
    with database.read("party") as conn:
        living_id = whom(conn, viewer, party_id)
        rows = of_parties(conn, area, [living_id], at=at, before=before, limit=limit)
    return shown(viewer, area, rows)


def of_each(
    viewer: Principal, party_id: int, names: Sequence[str], *, at: datetime | None = None, limit: int = 50
) -> dict[str, list[Row]]:
    """What is stated about a party in several areas, each latest first: one look at the party, one statement an area.

    Needs `party.read`; out of scope raises NotFound.
    """
    require(viewer, RIGHT)
    with database.read("party") as conn:
        home = whom(conn, viewer, party_id)
        found = {name: of_parties(conn, area_named(name), [home], at=at, limit=limit) for name in names}
    return {name: shown(viewer, area_named(name), rows) for name, rows in found.items()}


def of_parties(
    conn: Connection,
    area: Area,
    ids: Sequence[int],
    *,
    at: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int | None = 100,
) -> list[Row]:
    """Rows of an area about parties (living ids), with `party_id`, latest first. Unmasked: for functions of party."""
    when = began(area)
    conditions = ["x.party_id = ANY(:ids)"]
    if at is not None:
        conditions.append(f"t.{when} <= :at" + in_force(area, ":at"))
    if before is not None:
        conditions.append(f"(t.{when}, t.id) < (:before_at, :before_id)")
    statement = f"""
        SELECT x.party_id, t.* FROM party.xref x JOIN party.{area.name} t ON t.of_source = x.source AND t.of_key = x.key
        WHERE {" AND ".join(conditions)} ORDER BY t.{when} DESC, t.id DESC LIMIT :limit"""  # noqa: S608
    values: dict[str, Any] = {"ids": list(ids), "limit": limit}
    values |= {"at": at} if at is not None else {}
    values |= {"before_at": before[0], "before_id": before[1]} if before else {}
    return [dict(row) for row in conn.execute(text(statement), values).mappings()]


def in_force(area: Area, instant: str) -> str:
    """The end of a condition: periods that have not ended at an instant; nothing for moments."""
    return f" AND coalesce(t.valid_to > {instant}, true)" if area.timing == "period" else ""


def shown(viewer: Principal, area: Area, rows: Sequence[Mapping[str, Any]], key: str = "party_id") -> list[Row]:
    """Rows with sensitive fields masked for the viewer; what stays clear is logged under the party."""
    if area.name == "stated_value":
        return shown_values(viewer, rows, key)
    fields = {field.name: field.sensitive for field in area.fields if field.sensitive}
    return protect(viewer, "party", rows, fields, key)


def shown_values(viewer: Principal, rows: Sequence[Mapping[str, Any]], key: str = "party_id") -> list[Row]:
    """Values masked by their kind, in the order they came."""
    made: dict[int, Row] = {}
    for kind in {row["kind"] for row in rows}:
        places = [place for place, row in enumerate(rows) if row["kind"] == kind]
        of_kind = [rows[place] for place in places]
        fields = {"value": VALUE_MASKS[kind]} if kind in VALUE_MASKS else {}
        if kind == "address":
            fields["detail"] = "address"
        made |= dict(zip(places, protect(viewer, "party", of_kind, fields, key), strict=True))
    return [made[place] for place in range(len(rows))]


def waiting(viewer: Principal, area_name: str) -> dict[str, int]:
    """Source → statements of an area about parties that have not arrived yet."""
    require(viewer, "party.steward")
    area = area_named(area_name)
    statement = text(f"""
        SELECT t.of_source, count(*) FROM party.{area.name} t
        WHERE NOT EXISTS (SELECT 1 FROM party.xref x WHERE x.source = t.of_source AND x.key = t.of_key)
        GROUP BY 1 ORDER BY 1""")  # noqa: S608
    with database.read("party") as conn:
        return {row[0]: row[1] for row in conn.execute(statement)}


def points_balance(viewer: Principal, party_id: int) -> dict[str, int]:
    """Points a party has now, by scheme: the sum of its ledger's entries. Needs `party.read`."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        living_id = whom(conn, viewer, party_id)
        rows = conn.execute(
            text(
                """SELECT t.scheme, sum(t.points)::bigint FROM party.xref x
                   JOIN party.points_entry t ON t.of_source = x.source AND t.of_key = x.key
                   WHERE x.party_id = :id AND t.at <= :now GROUP BY 1 ORDER BY 1"""
            ),
            {"id": living_id, "now": clock.now()},
        )
        return {row[0]: row[1] for row in rows}
