"""Telesales call lists (EC-15): a campaign's filter over customers, previewed, frozen, and shared out to seats.

Who refused marketing, is not to be called, has no number, is blacklisted or was called lately is held back, counted.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.sharing import facts
from hutong.party.sharing.document_kinds import CALL_LIST, CallList
from hutong.party.sharing.glance import SHOWN, shown
from hutong.party.sharing.some import some_of
from hutong.party.tables import call_list, party
from hutong.platform import database, documents
from hutong.platform.errors import Conflict, NotFound, Unprocessable

LEAD = "party.calls.lead"
SEAT = "party.calls"
SAMPLE = 10
Row = dict[str, Any]
HELD_BACK = ("blacklisted", "refused", "no_number", "on_a_list", "called_lately")
_NEEDED = ("blacklisted", "marketing_refused", "do_not_call", "mobile", "phone")


def campaigns(viewer: Principal) -> list[CallList]:
    """The campaigns in force."""
    require(viewer, LEAD)
    with database.read("party") as conn:
        return list(documents.all_in_force(conn, CALL_LIST).values())


def _met(viewer: Principal, campaign: CallList, some: Sequence[int] | None = None) -> str:
    """SQL of who meets the filter (of `some`): id, place in the order of calling, and why held back (null: to be
    called)."""
    condition = facts.condition(campaign.where)
    named = [*facts.names_of(condition), *_NEEDED, *([campaign.order_by] if campaign.order_by else [])]
    order = (
        f"{facts.fact(campaign.order_by).sql} {'DESC' if campaign.descending else 'ASC'} NULLS LAST, "
        if campaign.order_by
        else ""
    )
    sql = {name: facts.fact(name).sql for name in _NEEDED}
    called = (
        f"SELECT FROM party.call_target c WHERE c.party_id = party.party.id "
        f"AND c.worked_at > now() - interval '{int(campaign.rest_days)} days'"
    )
    waits = (
        "SELECT FROM party.call_target c JOIN party.call_list l ON l.id = c.list_id AND l.state = 'open' "
        "WHERE c.party_id = party.party.id AND c.state IN ('waiting', 'callback')"
    )
    return f"""
        SELECT party.party.id, row_number() OVER (ORDER BY {order}party.party.id) AS place,
               CASE WHEN {sql["blacklisted"]} THEN 'blacklisted'
                    WHEN {sql["marketing_refused"]} OR {sql["do_not_call"]} THEN 'refused'
                    WHEN {sql["mobile"]} IS NULL AND {sql["phone"]} IS NULL THEN 'no_number'
                    WHEN EXISTS ({waits}) THEN 'on_a_list'
                    WHEN EXISTS ({called}) THEN 'called_lately' END AS held_back
        FROM {facts.source_of(named, some)}
        WHERE party.party.state = 'active' AND {visibility.seen(viewer)} AND {facts.where(condition)}"""  # noqa: S608


def _plain(sql: str) -> Any:
    return text(sql.replace(":", "\\:"))


def preview(viewer: Principal, campaign: CallList) -> Row:
    """`size` (to be called), `held_back` (reason → customers), `sample` of those to be called, masked. Of many some are
    looked at, and the counts are estimates: `looked_at` of `there`; freezing counts."""
    require(viewer, LEAD)
    with database.read("party") as conn:
        some = some_of(conn, viewer)
        met = conn.execute(_plain(_FOUND.format(sample=SAMPLE, met=_met(viewer, campaign, some.ids)))).all()
        first = [id for row in met if row.held_back is None for id in row.first]
        rows = conn.execute(select(*(party.c[name] for name in SHOWN)).where(party.c.id.in_(first))).mappings()
        found = {row["id"]: dict(row) for row in rows}
    counts = {row.held_back: some.about(row.n) for row in met}
    size = min(counts.pop(None, 0), campaign.most)
    held_back = {name: counts[name] for name in HELD_BACK if name in counts}
    sample = shown(viewer, [found[id] for id in first if id in found])
    return {"size": size, "held_back": held_back, "sample": sample, "looked_at": some.looked_at, "there": some.there}


_FOUND = """SELECT held_back, count(*) AS n, (array_agg(id ORDER BY place))[1:{sample}] AS first
FROM ({met}) AS met GROUP BY 1"""


def freeze(viewer: Principal, code: str, seats: Sequence[int]) -> int:
    """Freeze a campaign's customers as a list and share them out to seats (users) in turn, each up to the quota.

    Returns the list's id. Raises NotFound, Unprocessable without seats or customers.
    """
    require(viewer, LEAD)
    if not seats:
        raise Unprocessable("party-calls-no-seats", field="seats")
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.call-lists', 0))"))
        campaign = documents.in_force(conn, CALL_LIST, code)
        conn.execute(_plain(f"CREATE TEMPORARY TABLE met ON COMMIT DROP AS {_met(viewer, campaign)}"))
        held = conn.execute(text("SELECT held_back, count(*) FROM met WHERE held_back IS NOT NULL GROUP BY 1")).all()
        values = {"code": code, "version": campaign.version, "size": 0, "made_by": viewer.actor}
        values["held_back"] = {row[0]: row[1] for row in held}
        list_id = int(conn.execute(call_list.insert().values(**values).returning(call_list.c.id)).scalar_one())
        quota = campaign.quota or campaign.most
        size = conn.execute(
            _TARGETS,
            {"list": list_id, "seats": list(dict.fromkeys(seats)), "most": campaign.most, "quota": quota},
        ).rowcount
        if not size:
            raise Unprocessable("party-calls-nobody", code=code)
        conn.execute(call_list.update().where(call_list.c.id == list_id).values(size=size))
    return list_id


_TARGETS = text("""
    INSERT INTO party.call_target (list_id, party_id, place, seat_id)
    SELECT CAST(:list AS bigint), id, place,
           CASE WHEN place <= CAST(:quota AS bigint) * cardinality(CAST(:seats AS bigint[]))
                THEN (CAST(:seats AS bigint[]))[(place - 1) % cardinality(CAST(:seats AS bigint[])) + 1] END
    FROM (SELECT id, row_number() OVER (ORDER BY place) AS place FROM met WHERE held_back IS NULL) AS called
    WHERE place <= :most""")


def lists(viewer: Principal, limit: int = 50) -> list[Row]:
    """Frozen lists, newest first, with `waiting`, `worked`, `sold`, `unassigned`."""
    require(viewer, LEAD)
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(_LISTS, {"limit": limit}).mappings()]


_LISTS = text("""
    SELECT l.*, counted.* FROM party.call_list l CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE t.state IN ('waiting', 'callback')) AS waiting,
               count(*) FILTER (WHERE t.state NOT IN ('waiting', 'callback')) AS worked,
               count(*) FILTER (WHERE t.state = 'sold') AS sold, count(*) FILTER (WHERE t.seat_id IS NULL) AS unassigned
        FROM party.call_target t WHERE t.list_id = l.id) AS counted
    ORDER BY l.id DESC LIMIT :limit""")


def progress(viewer: Principal, list_id: int) -> list[Row]:
    """By seat: assigned, waiting, callbacks, and what came of the calls. Raises NotFound."""
    require(viewer, LEAD)
    with database.read("party") as conn:
        the_list(conn, list_id)
        return [dict(row) for row in conn.execute(_PROGRESS, {"list": list_id}).mappings()]


_PROGRESS = text("""
    SELECT seat_id, count(*) AS assigned, count(*) FILTER (WHERE state = 'waiting') AS waiting,
           count(*) FILTER (WHERE state = 'callback') AS callback, count(*) FILTER (WHERE state = 'reached') AS reached,
           count(*) FILTER (WHERE state = 'refused') AS refused, count(*) FILTER (WHERE state = 'sold') AS sold,
           count(*) FILTER (WHERE state = 'unreachable') AS unreachable, max(worked_at) AS last_at
    FROM party.call_target WHERE list_id = :list GROUP BY seat_id ORDER BY seat_id NULLS LAST""")


def the_list(conn: Connection, list_id: int) -> Row:
    """A list. Raises NotFound."""
    row = conn.execute(select(call_list).where(call_list.c.id == list_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("party-calls-list-unknown", id=list_id)
    return dict(row)


def reassign(viewer: Principal, list_id: int, seats: Sequence[int], from_seat: int | None = None) -> int:
    """Share out anew what waits: what nobody holds, or what a seat holds. Returns how many customers moved."""
    require(viewer, LEAD)
    if not seats:
        raise Unprocessable("party-calls-no-seats", field="seats")
    with database.begin("party") as conn:
        if the_list(conn, list_id)["state"] != "open":
            raise Conflict("party-calls-list-closed", id=list_id)
        given = {"list": list_id, "seats": list(dict.fromkeys(seats)), "from": from_seat}
        return conn.execute(_REASSIGN, given).rowcount


_REASSIGN = text("""
    WITH waiting AS (
        SELECT party_id, row_number() OVER (ORDER BY place) - 1 AS turn FROM party.call_target
        WHERE list_id = :list AND state IN ('waiting', 'callback')
          AND seat_id IS NOT DISTINCT FROM CAST(:from AS bigint))
    UPDATE party.call_target t
    SET seat_id = (CAST(:seats AS bigint[]))[w.turn % cardinality(CAST(:seats AS bigint[])) + 1]
    FROM waiting w WHERE t.list_id = :list AND t.party_id = w.party_id""")


def close(viewer: Principal, list_id: int) -> None:
    """Close a list: its seats see its customers no longer. Raises NotFound."""
    require(viewer, LEAD)
    with database.begin("party") as conn:
        the_list(conn, list_id)
        conn.execute(call_list.update().where(call_list.c.id == list_id).values(state="closed"))
