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
    Text,
    any_,
    func,
    literal,
    select,
    text,
    true,
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


TALLIED: tuple[View, ...] = ("pool", "mine", "review", "sent")
"""Views whose groups are counted."""
COUNTED = 1000
"""Groups of a view looked at for counts and filters, the most likely first: with a row scope each is looked at with all
its parties."""
FEW = 20_000
"""Parties a viewer sees up to which the groups of them are found first, rather than the queue walked until there are
enough: who sees more than that finds a page soon."""


class Overview(NamedTuple):
    """What a page of the queue says besides its rows. `counts`: as `counts`; `facets`: what the groups of the view can
    be filtered by (rule, kind, pool, assignee) → (value, groups), most first; of its first `COUNTED` groups."""

    counts: dict[str, Counted]
    facets: dict[str, list[tuple[str, int]]]


class Page(NamedTuple):
    """A page of the queue: its rows, and what is said besides them."""

    groups: list[Row]
    overview: Overview


class _Within(NamedTuple):
    """What narrows statements to groups the viewer sees. `near`: conditions of `suspect_group` by which they are found;
    `sure`: what meets them is seen, and need not be asked again."""

    near: tuple[ColumnElement[bool], ...]
    sure: bool

    def seen(self, viewer: Principal, party_ids: ColumnElement[list[int]]) -> ColumnElement[bool]:
        return true() if self.sure else visibility.group_seen(viewer, party_ids)


def page(viewer: Principal, wanted: Wanted, after: Key | None = None, limit: int = 50) -> Page:
    """As `queue`, with counts and filters; what the viewer sees is found once."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        within = _within(conn, viewer, wanted.view)
        rows = _rows(conn, viewer, wanted, within, after, limit)
        overview = _overview(conn, viewer, wanted.view, within)
    return Page(protect(viewer, "party", rows, {"name": "name"}), overview)


def queue(viewer: Principal, wanted: Wanted = Wanted(), after: Key | None = None, limit: int = 50) -> list[Row]:
    """Groups, the most likely first; the next page begins after (strength, id) of the last row."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        rows = _rows(conn, viewer, wanted, _within(conn, viewer, wanted.view), after, limit)
    return protect(viewer, "party", rows, {"name": "name"})


def _rows(  # noqa: PLR0917  (a page of one queue)
    conn: Connection, viewer: Principal, wanted: Wanted, within: _Within, after: Key | None, limit: int
) -> list[Row]:
    names = select(func.array_agg(aggregate_order_by(party.c.name, party.c.id)))
    of_group = names.where(party.c.id == any_(suspect_group.c.party_ids)).scalar_subquery()
    statement = _place(select(suspect_group, of_group.label("name")), viewer, wanted, within)
    if after:
        statement = statement.where(_key > (-after[0], after[1]))
    return [dict(row) for row in conn.execute(statement.limit(min(limit, 200))).mappings()]


def neighbours(viewer: Principal, wanted: Wanted, key: Key) -> tuple[int | None, int | None]:
    """The groups before and after a place in the queue."""
    place = (-key[0], key[1])
    ids = select(suspect_group.c.id)
    backwards = (suspect_group.c.strength, suspect_group.c.id.desc())
    with database.read("party") as conn:
        queued = _place(ids, viewer, wanted, _within(conn, viewer, wanted.view))
        following = queued.where(_key > place).limit(1)
        before = queued.where(_key < place).order_by(None).order_by(*backwards).limit(1)
        return conn.execute(before).scalar(), conn.execute(following).scalar()


def counts(viewer: Principal) -> dict[str, Counted]:
    """How many groups wait, of the first `COUNTED` of each view: pool, mine, review, sent."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        return _overview(conn, viewer, None, _within(conn, viewer)).counts


def _within(conn: Connection, viewer: Principal, view: View = "all") -> _Within:
    """The groups that a viewer of few parties sees, found by one statement: unfinished ones, and for `done` all. Their
    parties are joined: arrays of thousands would be compared with every group's, each element with each."""
    if "party" not in viewer.scopes:
        return _Within((), True)
    living = select(party.c.id).where(party.c.state != "merged", visibility.seen(viewer))
    mine = living.limit(FEW + 1).cte("mine").prefix_with("MATERIALIZED", dialect="postgresql")
    seen = select(func.count()).select_from(mine).scalar_subquery()
    in_states = true() if view == "done" else suspect_group.c.state.in_(UNFINISHED)
    members = select(suspect_group.c.id, func.unnest(suspect_group.c.party_ids).label("party_id")).where(in_states)
    each = members.subquery()
    with_one = select(each.c.id).join(mine, mine.c.id == each.c.party_id)
    candidates = select(suspect_group.c.id, suspect_group.c.party_ids).where(
        seen <= FEW, suspect_group.c.id.in_(with_one)
    )
    # On their own: else every group's parties are looked up before those of the viewer are found.
    near = candidates.cte("near").prefix_with("MATERIALIZED", dialect="postgresql")
    theirs = select(near.c.id).where(visibility.group_seen(viewer, near.c.party_ids))
    parties, found = conn.execute(select(seen, func.array(theirs.scalar_subquery()))).one()
    if parties > FEW:
        return _Within((), False)
    return _Within((suspect_group.c.id == any_(literal(found, ARRAY(BigInteger))),), True)


def _overview(conn: Connection, viewer: Principal, open_view: View | None, within: _Within) -> Overview:
    """By one statement: the first groups of each view counted, and those of the open view by what they can be filtered
    by."""
    some = _some(viewer, [*dict.fromkeys([*TALLIED, *([open_view] if open_view else [])])], within)
    none, groups = literal(None, Text), func.count()
    asked = [select(some.c.view, none, none.label("value"), groups.filter(some.c.seen), groups).group_by(some.c.view)]
    values = {"rule": func.unnest(some.c.rules), "kind": some.c.kind, "pool": some.c.pool, "assignee": some.c.assignee}
    for facet, value in values.items() if open_view else ():
        each = select(value.label("value")).where(some.c.seen, some.c.view == literal(open_view)).subquery()
        tallied = select(literal(open_view), literal(facet), each.c.value, groups, groups)
        asked.append(tallied.where(each.c.value.isnot(None)).group_by(each.c.value))
    counted: dict[str, Counted] = dict.fromkeys(TALLIED, Counted(0, False))
    facets: dict[str, list[tuple[str, int]]] = {facet: [] for facet in values}
    for view, facet, value, seen, looked_at in conn.execute(union_all(*asked)):
        if facet:
            facets[facet].append((value, seen))
        elif view in counted:
            counted[view] = Counted(seen, looked_at == COUNTED)
    return Overview(
        counted, {facet: sorted(found, key=lambda one: (-one[1], one[0])) for facet, found in facets.items()}
    )


def _some(viewer: Principal, views: Sequence[View], within: _Within) -> CTE:
    """The first groups of each of these views, and whether the viewer sees them."""
    columns = [suspect_group.c[name] for name in ("rules", "kind", "pool", "assignee", "party_ids")]
    looked_at = [
        select(literal(view).label("view"), *columns).where(*_of_view(viewer, view), *within.near)
        .order_by(*_ORDER).limit(COUNTED).subquery()
        for view in views
    ]  # fmt: skip
    each = [select(one, within.seen(viewer, one.c.party_ids).label("seen")) for one in looked_at]
    return union_all(*each).cte("some")


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


def _place(statement: Select[Any], viewer: Principal, wanted: Wanted, within: _Within) -> Select[Any]:
    columns = suspect_group.c
    made = [*_of_view(viewer, wanted.view), *within.near, within.seen(viewer, columns.party_ids)]
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
