"""Which party a new record joins, where that is plain; the rest is for the clustering (EC-05, EC-14).

A record tied to nobody makes a party; a record tied to one party, which it does not contradict, joins it. Both are what
the clustering would say: links are taken strongest first unless refused, refusals only grow with what is joined, and
within a party that holds one document, no withdrawn record, and no person's or model's word nothing is refused. So the
new record changes neither what the party holds nor what stays outside.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from hutong.party.match.rules import RulesDocument
from hutong.party.realtime.matching import Verdict

Record = Mapping[str, Any]


class Placed(NamedTuple):
    """`party`: record → party, below zero for new ones, whose first records are `opened`; `unclear`: for clustering."""

    party: dict[int, int]
    opened: set[int]
    unclear: list[int]


_LOOSE = "j.ended_at IS NULL AND (j.made_by_kind = 'person' OR j.made_by_kind = 'model' AND j.verdict = 'same')"
_FACTS = text(f"""
    SELECT x.party_id, array_agg(DISTINCT r.id_type || r.id_number) FILTER (
               WHERE r.id_valid AND r.id_type = ANY(:exclusive)) AS codes,
           bool_or(r.withdrawn_at IS NOT NULL
                OR EXISTS (SELECT FROM party.judgement j WHERE j.left_id = x.record_id AND {_LOOSE})
                OR EXISTS (SELECT FROM party.judgement j WHERE j.right_id = x.record_id AND {_LOOSE})) AS loose
    FROM party.xref x JOIN party.source_record r ON r.id = x.record_id
    WHERE x.party_id = ANY(:parties) GROUP BY x.party_id""")  # noqa: S608  (conditions of the program's own)


def place(
    conn: Connection, rules: RulesDocument, records: Sequence[Record], said: Sequence[Sequence[Verdict]]
) -> Placed:
    """Place records, in order; those of the set may tie to one another."""
    exclusive = [*rules.person.exclusive, *rules.organisation.exclusive]
    asked = {verdict.party for own in said for verdict in own if verdict.verdict == "same" and verdict.party}
    rows = conn.execute(_FACTS, {"parties": sorted(asked), "exclusive": exclusive}).all() if asked else []
    codes: dict[int, set[str]] = {row.party_id: set(row.codes or ()) for row in rows}
    closed = {row.party_id for row in rows if row.loose}
    placed = Placed({}, set(), [])
    in_set = {record["id"] for record in records}
    for record, own in zip(records, said, strict=True):
        homes = {_home(verdict, placed, in_set) for verdict in own if verdict.verdict == "same"}
        guarded = any(verdict.verdict == "same" and verdict.rule.startswith("model:") for verdict in own)
        against = {_home(verdict, placed, in_set) for verdict in own if verdict.verdict == "not_same"}
        code = f"{record['id_type']}{record['id_number']}" if _exclusive(record, exclusive) else None
        if not homes:
            home: int | None = -1 - len(placed.opened)
            placed.opened.add(record["id"])
        else:
            home = homes.pop() if len(homes) == 1 else None
            held = codes.get(home, set()) if home is not None else set()
            if guarded or home in closed or home in against or (code and held - {code}):
                home = None
        if home is None:
            placed.unclear.append(record["id"])
            continue
        placed.party[record["id"]] = home
        if code:
            codes.setdefault(home, set()).add(code)
    return placed


def _home(verdict: Verdict, placed: Placed, in_set: set[int]) -> int | None:
    """The party of the other record; None where that is not known yet."""
    return placed.party.get(verdict.other) if verdict.other in in_set else verdict.party


def _exclusive(record: Record, kinds: Sequence[str]) -> bool:
    return bool(record["id_valid"] and record["id_type"] in kinds and record["id_number"])
