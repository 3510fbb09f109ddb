"""Parties formed anew around some records after people judged: the one way by which hand work moves records."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sqlalchemy import Connection, text

from hutong.party.match.rules import RULES
from hutong.party.resolution import graph, membership, suspects
from hutong.party.resolution.membership import Moved
from hutong.platform import documents

PERSON_STRENGTH = 1000


def regroup(
    conn: Connection,
    records: Sequence[int],
    operation_id: int,
    by: str,
    home: Mapping[int, int] | None = None,
    *,
    queue: bool = True,
) -> Moved:
    """Cluster these records and all that hangs together with them, and move what changed.

    `home`: record → party it belongs to unless judgements say otherwise (what an undo returns to). `queue`: bring the
    suspects' queue to it now, not with the next run.
    """
    # Who holds a home by now has a say in it, tied to these records or not.
    holders = records_of(conn, sorted({*home.values()})) if home else {}
    concerned = [*records, *(record for own in holders.values() for record in own)]
    found = graph.load(conn, documents.in_force(conn, RULES), graph.near(conn, concerned))
    after = found.assign(home)
    moved = membership.move(
        conn, found.record, found.prior, after, operation_id=operation_id, by=by, touched=list(records)
    )
    if queue:
        now = conn.execute(
            text("SELECT DISTINCT party_id FROM party.xref WHERE record_id = ANY(:ids)"), {"ids": found.record.tolist()}
        ).scalars()
        suspects.refresh(conn, sorted({*now, *found.prior.tolist()}))
    return moved


def judge(
    conn: Connection,
    pairs: Sequence[tuple[int, int]],
    verdict: str,
    rule: str,
    reason: str,
    *,
    operation_id: int | None,
    by: str,
) -> None:
    """Write a person's judgements about pairs of records. A person's earlier word about the same pair ends."""
    ordered = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    left, right = [pair[0] for pair in ordered], [pair[1] for pair in ordered]
    parameters = {"left": left, "right": right, "operation": operation_id, "because": f"{rule}: {verdict}"}
    conn.execute(
        text(
            """UPDATE party.judgement j SET ended_at = now(), ended_because = :because, ended_operation_id = :operation
               FROM unnest(CAST(:left AS bigint[]), CAST(:right AS bigint[])) AS p (l, r)
               WHERE j.left_id = p.l AND j.right_id = p.r AND j.made_by_kind = 'person' AND j.ended_at IS NULL"""
        ),
        parameters,
    )
    conn.execute(
        text(
            """INSERT INTO party.judgement
                   (left_id, right_id, verdict, made_by_kind, rule, rule_version, strength, reasons, made_by,
                    operation_id)
               SELECT l, r, :verdict, 'person', :rule, 0, :strength, jsonb_build_array(CAST(:reason AS text)), :by,
                      :operation
               FROM unnest(CAST(:left AS bigint[]), CAST(:right AS bigint[])) AS p (l, r)"""
        ),
        parameters | {"verdict": verdict, "rule": rule, "strength": PERSON_STRENGTH, "reason": reason, "by": by},
    )


def chain(records: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs that hold records together."""
    ordered = sorted(records)
    return list(pairwise(ordered))


def records_of(conn: Connection, parties: Sequence[int]) -> dict[int, list[int]]:
    """Party → its records, smallest first."""
    rows = conn.execute(
        text("SELECT party_id, record_id FROM party.xref WHERE party_id = ANY(:ids) ORDER BY 1, 2"),
        {"ids": list(parties)},
    )
    made: dict[int, list[int]] = {}
    for party, record in rows:
        made.setdefault(party, []).append(record)
    return made
