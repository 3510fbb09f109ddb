"""The queue of suspected groups (EC-06) as its workers read it: filtered, by key, one group whole, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import CTE, ColumnElement, Select, any_, func, literal, select, text, tuple_, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from hutong.identity import Principal, protect, require
from hutong.party import visibility
from hutong.party.model.masking import masked
from hutong.party.policies import POLICY
from hutong.party.reading.queries import said
from hutong.party.resolution.suspect_states import UNFINISHED
from hutong.party.tables import party, suspect_group, suspect_note
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
    statement = _place(select(suspect_group, of_group.label("name")), viewer, wanted)
    if after:
        statement = statement.where(_key > (-after[0], after[1]))
    with database.read("party") as conn:
        rows = conn.execute(statement.limit(min(limit, 200))).mappings().all()
    return protect(viewer, "party", [dict(row) for row in rows], {"name": "name"})


def neighbours(viewer: Principal, wanted: Wanted, key: Key) -> tuple[int | None, int | None]:
    """The groups before and after a place in the queue."""
    place = (-key[0], key[1])
    ids = select(suspect_group.c.id)
    following = _place(ids, viewer, wanted).where(_key > place).limit(1)
    backwards = (suspect_group.c.strength, suspect_group.c.id.desc())
    before = _place(ids, viewer, wanted).where(_key < place).order_by(None).order_by(*backwards).limit(1)
    with database.read("party") as conn:
        return conn.execute(before).scalar(), conn.execute(following).scalar()


def counts(viewer: Principal) -> dict[str, int]:
    """How many groups wait: pool, mine, review, sent; counted up to `COUNTED`."""
    require(viewer, RIGHT)
    some = _some(viewer, TALLIED).c
    with database.read("party") as conn:
        found = conn.execute(select(some.view, func.count()).group_by(some.view))
        return dict.fromkeys(TALLIED, 0) | {row[0]: row[1] for row in found}


class Overview(NamedTuple):
    """What a page of the queue says besides its rows. `counts`: as `counts`; `facets`: what the groups of the view can
    be filtered by (rule, kind, pool, assignee) → (value, groups), most first; of its first `COUNTED` groups."""

    counts: dict[str, int]
    facets: dict[str, list[tuple[str, int]]]


def overview(viewer: Principal, view: View) -> Overview:
    """Counts and filters, by one statement."""
    require(viewer, RIGHT)
    some = _some(viewer, list(dict.fromkeys([*TALLIED, view]))).c
    values: dict[str, Any] = {
        "rule": func.unnest(some.rules), "kind": some.kind, "pool": some.pool, "assignee": some.assignee,
    }  # fmt: skip
    each = [
        select(literal("view").label("name"), some.view.label("value")),
        *(select(literal(name), value).where(some.view == view) for name, value in values.items()),
    ]
    inner = union_all(*each).subquery()
    statement = select(inner.c.name, inner.c.value, func.count()).where(inner.c.value.isnot(None))
    made: dict[str, list[tuple[str, int]]] = {name: [] for name in ("view", *values)}
    with database.read("party") as conn:
        for name, value, groups in conn.execute(
            statement.group_by(inner.c.name, inner.c.value).order_by(func.count().desc(), inner.c.value)
        ):
            made[name].append((value, groups))
    counted = dict(made.pop("view"))
    return Overview({each: counted.get(each, 0) for each in TALLIED}, made)


TALLIED: tuple[View, ...] = ("pool", "mine", "review", "sent")
"""Views whose groups are counted."""
COUNTED = 1000
"""Groups of a view looked at for counts and filters: with a row scope each is looked at with all its parties."""


def _some(viewer: Principal, views: Sequence[View]) -> CTE:
    """The first groups of each of these views; a scope is asked once for each group of a view."""
    columns = [suspect_group.c[name] for name in ("rules", "kind", "pool", "assignee")]
    each = [
        select(literal(view).label("view"), *columns)
        .where(*_conditions(viewer, Wanted(view)))
        .limit(COUNTED)
        .subquery()
        for view in views
    ]
    return union_all(*(select(one) for one in each)).cte("some")


def group(viewer: Principal, group_id: int) -> Row:
    """One group: its parties side by side (masked), what was judged about them, `notes` (what people did with it), and
    of a proposal the policy's rule in words (`review_because`). Raises NotFound."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        found = (
            conn.execute(select(suspect_group).where(suspect_group.c.id == group_id, visibility.group_seen(viewer)))
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


def _place(statement: Select[Any], viewer: Principal, wanted: Wanted) -> Select[Any]:
    order = (suspect_group.c.strength.desc(), suspect_group.c.id)
    return statement.where(*_conditions(viewer, wanted)).order_by(*order)


def _conditions(viewer: Principal, wanted: Wanted) -> list[ColumnElement[bool]]:
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
    made = [*of_view[wanted.view], visibility.group_seen(viewer)]
    if wanted.rule:
        made.append(literal(wanted.rule) == any_(columns.rules))
    for name in ("kind", "pool", "assignee"):
        if value := getattr(wanted, name):
            made.append(columns[name] == value)
    return made
