"""The queue of suspected groups (EC-06) as its workers read it: filtered, by key, one group whole, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    any_,
    func,
    literal,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.model.masking import masked
from hutong.party.policies import POLICY
from hutong.party.reading.queries import said
from hutong.party.resolution.suspect_states import UNFINISHED
from hutong.party.tables import party, suspect_group, suspect_note
from hutong.party.visibility import Counted
from hutong.platform import database, documents
from hutong.platform.errors import NotFound

Row = dict[str, Any]
View = Literal["pool", "mine", "review", "sent", "all", "done"]
Key = tuple[int, int]
RIGHT = "party.steward"


@dataclass(frozen=True)
class Wanted:
    """Which groups. `view`: nobody's (pool), the viewer's own (mine), others' proposals (review), own proposals (sent),
    every unfinished one (all), the decided (done)."""

    view: View = "pool"
    rule: str | None = None
    kind: str | None = None
    pool: str | None = None
    assignee: str | None = None


def queue(viewer: Principal, wanted: Wanted = Wanted(), after: Key | None = None, limit: int = 50) -> list[Row]:
    """Groups, the most likely first; the next page begins after (strength, id) of the last row."""
    require(viewer, RIGHT)
    names = select(func.array_agg(aggregate_order_by(party.c.name, party.c.id)))
    of_group = names.where(party.c.id == any_(suspect_group.c.party_ids)).scalar_subquery()
    with database.read("party") as conn:
        statement = _place(select(suspect_group, of_group.label("name")), viewer, wanted, _near(conn, viewer))
        if after:
            statement = statement.where(_key > (-after[0], after[1]))
        rows = conn.execute(statement.limit(min(limit, 200))).mappings().all()
    return protect(viewer, "party", [dict(row) for row in rows], {"name": "name"})


def neighbours(viewer: Principal, wanted: Wanted, key: Key) -> tuple[int | None, int | None]:
    """The groups before and after a place in the queue."""
    place = (-key[0], key[1])
    ids = select(suspect_group.c.id)
    backwards = (suspect_group.c.strength, suspect_group.c.id.desc())
    with database.read("party") as conn:
        queued = _place(ids, viewer, wanted, _near(conn, viewer))
        following = queued.where(_key > place).limit(1)
        before = queued.where(_key < place).order_by(None).order_by(*backwards).limit(1)
        return conn.execute(before).scalar(), conn.execute(following).scalar()


def counts(viewer: Principal) -> dict[str, Counted]:
    """How many groups wait, of the first `COUNTED` of each view: pool, mine, review, sent."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        return _counted(conn, _some(viewer, TALLIED, _near(conn, viewer)))


class Overview(NamedTuple):
    """What a page of the queue says besides its rows. `counts`: as `counts`; `facets`: what the groups of the view can
    be filtered by (rule, kind, pool, assignee) → (value, groups), most first; of its first `COUNTED` groups."""

    counts: dict[str, Counted]
    facets: dict[str, list[tuple[str, int]]]


def overview(viewer: Principal, view: View) -> Overview:
    """Counts and filters."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        near = _near(conn, viewer)
        some = _some(viewer, [view], near)
        values: dict[str, Any] = {
            "rule": func.unnest(some.c.rules), "kind": some.c.kind, "pool": some.c.pool, "assignee": some.c.assignee,
        }  # fmt: skip
        each = [select(literal(name).label("name"), value.label("value")).where(some.c.seen) for name, value in values.items()]  # fmt: skip  # noqa: E501
        inner = union_all(*each).subquery()
        statement = select(inner.c.name, inner.c.value, func.count()).where(inner.c.value.isnot(None))
        facets: dict[str, list[tuple[str, int]]] = {name: [] for name in values}
        for name, value, groups in conn.execute(
            statement.group_by(inner.c.name, inner.c.value).order_by(func.count().desc(), inner.c.value)
        ):
            facets[name].append((value, groups))
        return Overview(_counted(conn, _some(viewer, TALLIED, near)), facets)


TALLIED: tuple[View, ...] = ("pool", "mine", "review", "sent")
"""Views whose groups are counted."""
COUNTED = 1000
"""Groups of a view looked at for counts and filters, the most likely first: with a row scope each is looked at with all
its parties."""


def _near(conn: Connection, viewer: Principal) -> list[ColumnElement[bool]]:
    """For a viewer of few parties, that a group has one of them: nobody else's group is then looked at."""
    ids = visibility.few(conn, viewer)
    return [] if ids is None else [suspect_group.c.party_ids.bool_op("&&")(literal(ids, ARRAY(BigInteger)))]


def _some(viewer: Principal, views: Sequence[View], near: Sequence[ColumnElement[bool]]) -> CTE:
    """The first groups of each of these views, and whether the viewer sees them."""
    columns = [suspect_group.c[name] for name in ("rules", "kind", "pool", "assignee", "party_ids")]
    looked_at = [
        select(literal(view).label("view"), *columns).where(*_of_view(viewer, view), *near)
        .order_by(*_ORDER).limit(COUNTED).subquery()
        for view in views
    ]  # fmt: skip
    each = [select(one, visibility.group_seen(viewer, one.c.party_ids).label("seen")) for one in looked_at]
    return union_all(*each).cte("some")


def _counted(conn: Connection, some: CTE) -> dict[str, Counted]:
    seen, looked_at = func.count().filter(some.c.seen), func.count()
    found = conn.execute(select(some.c.view, seen, looked_at).group_by(some.c.view))
    made: dict[str, Counted] = dict.fromkeys(TALLIED, Counted(0, False))
    return made | {row[0]: Counted(row[1], row[2] == COUNTED) for row in found}


def group(viewer: Principal, group_id: int) -> Row:
    """One group: its parties side by side (masked), what was judged about them, `notes` (what people did with it), and
    of a proposal the policy's rule in words (`review_because`). Raises NotFound."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        found = (
            conn.execute(
                select(suspect_group).where(
                    suspect_group.c.id == group_id, visibility.group_seen(viewer, suspect_group.c.party_ids)
                )
            )
            .mappings()
            .one_or_none()
        )
        if found is None:
            raise NotFound("party-suspect-unknown", id=group_id)
        living = select(party).where(party.c.id.in_(found["party_ids"]), party.c.state != "merged").order_by(party.c.id)
        parties = conn.execute(living).mappings().all()
        judged = conn.execute(text(_JUDGED), {"ids": found["party_ids"]}).mappings().all()
        notes = conn.execute(
            select(suspect_note).where(suspect_note.c.group_id == group_id).order_by(suspect_note.c.id)
        ).mappings()
        document = documents.in_force(conn, POLICY, "stewardship")
        proposal = found["proposal"] or {}
        return {
            **found,
            "parties": masked(viewer, parties),
            "judgements": said(conn, viewer, judged),
            "notes": [dict(row) for row in notes],
            "review_because": document.words(proposal.get("rule"), viewer.locale),
        }


_key: Any = tuple_(-suspect_group.c.strength, suspect_group.c.id)
_JUDGED = """
SELECT j.id, l.party_id AS left_party, r.party_id AS right_party, j.verdict, j.made_by_kind, j.rule, j.strength,
       j.reasons, j.made_by, j.made_at
FROM party.xref l JOIN party.judgement j ON j.left_id = l.record_id AND j.ended_at IS NULL
JOIN party.xref r ON r.record_id = j.right_id
WHERE l.party_id = ANY(:ids) AND r.party_id = ANY(:ids) AND l.party_id <> r.party_id
ORDER BY j.strength DESC, j.id"""


_ORDER = (suspect_group.c.strength.desc(), suspect_group.c.id)


def _place(
    statement: Select[Any], viewer: Principal, wanted: Wanted, near: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    columns = suspect_group.c
    made = [*_of_view(viewer, wanted.view), *near, visibility.group_seen(viewer, columns.party_ids)]
    if wanted.rule:
        made.append(literal(wanted.rule) == any_(columns.rules))
    for name in ("kind", "pool", "assignee"):
        if value := getattr(wanted, name):
            made.append(columns[name] == value)
    return statement.where(*made).order_by(*_ORDER)


def _of_view(viewer: Principal, view: View) -> list[ColumnElement[bool]]:
    columns = suspect_group.c
    proposer = columns.proposal["by"].astext
    of_view: dict[View, list[ColumnElement[bool]]] = {
        "pool": [columns.state == "open"],
        "mine": [columns.state == "claimed", columns.assignee == viewer.actor],
        "review": [columns.state == "proposed", proposer != viewer.actor],
        "sent": [columns.state == "proposed", proposer == viewer.actor],
        "all": [columns.state.in_(UNFINISHED)],
        "done": [columns.state == "decided"],
    }
    return of_view[view]
