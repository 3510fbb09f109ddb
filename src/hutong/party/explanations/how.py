"""How a party came to be (EC-05, XP-02): the joins that made its cluster, strongest first as the clustering takes them;
what was refused; the operations that moved its records; and for each golden value the record and rule it comes from."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party import visibility
from hutong.party.golden import explanation
from hutong.party.living import survivor_ids
from hutong.party.match import clusters
from hutong.party.match.rules import RULES
from hutong.party.reading import queries
from hutong.party.resolution import graph
from hutong.party.resolution.graph import Graph
from hutong.platform import database, documents

Found = dict[str, Any]


def how(viewer: Principal, party_id: int) -> Found:
    """How the party was put together. Needs the right `party.read`; raises NotFound.

    `records`: id, source, key; `joins`: in the order taken, each with its judgement (rule, words, strength, by, when,
    version) and `left_set`, `right_set`: the records it brought together, so that a dendrogram can be drawn;
    `further`: links between records that were one already; `refused`: links to other parties that were not honoured;
    `operations`: what moved its records; `golden`: attribute → record and criterion.
    """
    require(viewer, "party.read")
    living = survivor_ids([party_id])[party_id]
    with database.read("party") as conn:
        visibility.check(conn, viewer, living)
        own = list(conn.execute(_OWN, {"party": living}).mappings())
        found = graph.load(conn, documents.in_force(conn, RULES), graph.near(conn, [row["id"] for row in own]))
        judged = {row["id"]: row for row in queries.said(conn, viewer, _judged(conn, found.record.tolist()))}
        made = _joined(found, judged, {row["id"] for row in own})
        seen = visibility.among(conn, viewer, sorted({row[side] for row in made["refused"] for side in _SIDES}))
    made["refused"] = [
        {**row, **{side: row[side] if row[side] in seen else None for side in _SIDES}} for row in made["refused"]
    ]
    shown = explanation.side_by_side(viewer, living)
    keys = {row["id"]: (row["source"], row["key"]) for row in own}
    golden = [
        {"attribute": name, "record": winner, "source": keys[winner][0], "key": keys[winner][1], "decided_by": because}
        for name, (winner, because) in shown["winners"].items()
        if winner in keys
    ]
    return {
        "party_id": living, "records": [dict(row) for row in own], **made, "golden": golden,
        "operations": queries.operations(viewer, living), "survivorship_version": shown["version"],
    }  # fmt: skip


_SIDES = ("left_party", "right_party")
_OWN = text("""
    SELECT record_id AS id, source, key FROM party.xref WHERE party_id = :party
    ORDER BY source COLLATE "C", key COLLATE "C\"""")


def _judged(conn: Connection, records: list[int]) -> Any:
    return conn.execute(
        text(
            """SELECT j.id, j.left_id, j.right_id, j.verdict, j.made_by_kind, j.rule, j.rule_version, j.strength,
                      j.reasons, j.made_by, j.made_at, x.party_id AS left_party, y.party_id AS right_party
               FROM party.judgement j JOIN party.xref x ON x.record_id = j.left_id
               JOIN party.xref y ON y.record_id = j.right_id
               WHERE j.left_id = ANY(:ids) AND j.right_id = ANY(:ids) AND j.ended_at IS NULL AND j.verdict = 'same'
               ORDER BY j.id"""
        ),
        {"ids": records},
    ).mappings().all()  # fmt: skip


def _joined(found: Graph, judged: Mapping[int, Found], own: set[int]) -> Found:
    """Replay the clustering: which links joined, which were between what was one already, which were refused."""
    accepted = found.clustered().accepted
    said = found.said.tolist()
    left, right = found.links.left.tolist(), found.links.right.tolist()
    sets = {number: [record] for number, record in enumerate(found.record.tolist())}
    home = {number: number for number in sets}
    made: Found = {"joins": [], "further": [], "refused": []}
    for index in clusters.order_of(found.links, found.live).tolist():
        row, one, two = judged.get(said[index]), home[left[index]], home[right[index]]
        if row is None or not {row["left_id"], row["right_id"]} & own:
            continue
        if not accepted[index]:
            made["refused"].append(row)
        elif one == two:
            made["further"].append(row)
        else:
            made["joins"].append({**row, "left_set": list(sets[one]), "right_set": list(sets[two])})
            sets[one] += sets.pop(two)
            home |= {number: one for number, at in home.items() if at == two}
    return made
