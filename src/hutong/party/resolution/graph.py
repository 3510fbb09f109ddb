"""The judged records as arrays: all of them, or those that hang together with some, for the clustering to work on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from hutong.party.match import clusters
from hutong.party.match.clusters import BY_PERSON, BY_RULE, Apart, Clusters, Flags, Links
from hutong.party.match.kernels import Ints
from hutong.party.match.rules import RulesDocument
from hutong.party.models import registry
from hutong.party.resolution import bridges
from hutong.party.resolution.identity_of_clusters import keep_ids
from hutong.party.resolution.judging import weigher
from hutong.platform.arrow import fetch, ints


@dataclass(frozen=True)
class Graph:
    """Records in the order of (source, key), and what was judged about them."""

    record: Ints
    prior: Ints  # party before, 0 for none
    codes: Ints
    live: Flags  # its source still states it
    links: Links
    said: Ints  # per link: its judgement
    held: Flags  # per link: the guard of the model's links lets it stand
    apart: Apart
    retired: dict[int, list[int]]  # record number → retired parties that held it last

    def clustered(self) -> Clusters:
        """Clusters, and which links joined."""
        standing = self.links.some(self.held)
        made = clusters.cluster(self.codes, standing, self.apart, self.live)
        accepted = self.held.copy()
        accepted[self.held] = made.accepted
        return Clusters(made.label, accepted)

    def assign(self, home: Mapping[int, int] | None = None) -> Ints:
        """The party of each record; numbers below zero stand for new parties (see `keep_ids`).

        `home`: record → the party that an operation taken back returns it to. A party whose records stay the same keeps
        its id whatever they are to return to: nothing happened to it.
        """
        label = self.clustered().label
        prior = self.prior
        if home:
            listed = zip(self.record.tolist(), prior.tolist(), strict=True)
            wanted = np.array([home.get(record, party) for record, party in listed], dtype=np.int64)
            same = _unchanged(label, prior)
            prior = np.where(same, prior, np.where(np.isin(wanted, prior[same]), 0, wanted))
        return keep_ids(label, prior, self.retired)


def _unchanged(label: Ints, prior: Ints) -> NDArray[np.bool_]:
    """Whether a record's cluster holds exactly the records of the party before."""
    both, place, count = np.unique(np.stack([label, prior], axis=1), axis=0, return_inverse=True, return_counts=True)
    sizes = [np.unique(column, return_inverse=True, return_counts=True) for column in (both[:, 0], both[:, 1])]
    of_label = np.bincount(np.asarray(sizes[0][1]), weights=count)[sizes[0][1]]
    of_party = np.bincount(np.asarray(sizes[1][1]), weights=count)[sizes[1][1]]
    whole = (both[:, 1] > 0) & (of_label == count) & (of_party == count)
    return np.asarray(whole[place.ravel()], dtype=np.bool_)


_CLOSURE = text("""
WITH RECURSIVE near (id) AS (
    SELECT unnest(CAST(:records AS bigint[]))
    UNION
    SELECT n.id FROM near CROSS JOIN LATERAL (
        SELECT right_id AS id FROM party.judgement j
        WHERE j.left_id = near.id AND j.ended_at IS NULL AND j.verdict = 'same'
        UNION ALL
        SELECT left_id FROM party.judgement j WHERE j.right_id = near.id AND j.ended_at IS NULL AND j.verdict = 'same'
        UNION ALL
        SELECT other.record_id FROM party.xref own JOIN party.xref other ON other.party_id = own.party_id
        WHERE own.record_id = near.id
    ) AS n
)
SELECT id FROM near""")


def near(conn: Connection, records: Sequence[int]) -> list[int]:
    """These records and all that same-judgements (refused ones too) or their parties tie them to."""
    return sorted(conn.execute(_CLOSURE, {"records": list(records)}).scalars())


_SOME = "unnest(CAST(:ids AS bigint[]))"
_ALL = "(SELECT id FROM party.source_record)"
_RECORDS = """
SELECT r.id, x.party_id, (r.withdrawn_at IS NULL)::int,
       CASE WHEN r.id_valid AND r.id_type IN ({kinds}) THEN r.id_type || r.id_number END
FROM {scope} AS s (record_id) JOIN party.source_record r ON r.id = s.record_id
LEFT JOIN party.xref x ON x.record_id = r.id
ORDER BY r.source COLLATE "C", r.key COLLATE "C\""""
_JUDGED = """
SELECT j.id, j.left_id, j.right_id, (j.verdict = 'same')::int, j.strength, (j.made_by_kind = 'person')::int,
       CASE j.made_by_kind WHEN 'model' THEN split_part(j.rule, ':', 2)::bigint ELSE 0 END
FROM {scope} AS s (record_id) JOIN party.judgement j ON j.left_id = s.record_id
WHERE j.ended_at IS NULL AND j.verdict <> 'unsure' {inside}"""
_INSIDE = "AND j.right_id = ANY(:ids)"
_RETIRED = """
SELECT o.record_id, d.retired_id FROM party.redirect d
JOIN party.operation_record o ON o.operation_id = d.operation_id AND o.before_id = d.retired_id {some}"""


def load(conn: Connection, rules: RulesDocument, ids: Sequence[int] | None = None) -> Graph:
    """The graph of these records, as `near` gives them; None: of all."""
    kinds = {*rules.person.exclusive, *rules.organisation.exclusive}
    listed = ", ".join("'" + kind.replace("'", "''") + "'" for kind in sorted(kinds)) or "''"
    scope = _ALL if ids is None else _SOME
    records = _table(
        conn,
        _RECORDS.format(kinds=listed, scope=scope),
        {"id": pa.int64(), "party": pa.int64(), "live": pa.int64(), "code": pa.string()},
        ids,
    )
    record = ints(records, "id")
    codes = records.column("code").combine_chunks().dictionary_encode()
    judged = _table(
        conn,
        _JUDGED.format(scope=scope, inside="" if ids is None else _INSIDE),
        dict.fromkeys(("id", "left", "right", "same", "strength", "person", "model"), pa.int64()),
        ids,
    )
    numbers = ints(pa.table({"c": codes.indices}), "c") + _given(codes)
    live = ints(records, "live") == 1
    links, said, model, apart = _judged(record, judged)
    held = ~_weak(conn, record, numbers, live, (links, model), apart)
    retired = _retired(conn, record, ids)
    return Graph(record, ints(records, "party"), numbers, live, links, said, held, apart, retired)


def _weak(  # noqa: PLR0917  (arrays of one graph)
    conn: Connection, record: Ints, codes: Ints, live: Flags, said: tuple[Links, Ints], apart: Apart
) -> Flags:
    """Which links the guard of the model's links refuses: they come after all that rules say of live records."""
    links, model = said
    weak = np.zeros(len(model), dtype=np.bool_)
    sure = live[links.left] & live[links.right]
    if not (sure & (model > 0)).any():
        return weak
    by_rule = links.some(sure & (model == 0) & ~links.forced)
    group = clusters.cluster(codes, by_rule, apart).label
    for id in np.unique(model[sure & (model > 0)]).tolist():
        mine = sure & (model == id) & (group[links.left] != group[links.right])
        if mine.any():
            weigh = weigher(conn, registry.kept(conn, id), record)
            weak[mine] = bridges.refused(group, codes, apart, links.some(mine), weigh)
    return weak


def _table(conn: Connection, query: str, types: dict[str, pa.DataType], ids: Sequence[int] | None) -> pa.Table:
    """A query's rows: few through parameters, so that the database keeps its plan; all by COPY."""
    if ids is None:
        return fetch(conn, query, types)
    rows = conn.execute(text(query), {"ids": list(ids)}).all()
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)})


def _given(codes: Any) -> Ints:
    """1 where a code is given; so that codes count from 1 and 0 stands for none."""
    return np.asarray(codes.is_valid().to_numpy(zero_copy_only=False), dtype=np.int64)


def _numbers(record: Ints, wanted: Ints) -> Ints:
    order = np.argsort(record, kind="stable")
    return np.asarray(order[np.searchsorted(record[order], wanted)], dtype=np.int64)


AFTER_RULES = 1000
"""What a model's link comes after a rule's by, whatever their strengths."""


def _judged(record: Ints, judged: pa.Table) -> tuple[Links, Ints, Ints, Apart]:
    """The links, per link its judgement and the model that made it (0: none), and what is apart."""
    one, two = _numbers(record, ints(judged, "left")), _numbers(record, ints(judged, "right"))
    left, right = np.minimum(one, two), np.maximum(one, two)
    same, person, model = ints(judged, "same") == 1, ints(judged, "person") == 1, ints(judged, "model")
    strength = ints(judged, "strength") - AFTER_RULES * (model > 0)
    links = Links(left[same], right[same], strength[same], person[same])
    level = np.where(person, BY_PERSON, BY_RULE).astype(np.int64)
    return links, ints(judged, "id")[same], model[same], Apart(left[~same], right[~same], level[~same])


def _retired(conn: Connection, record: Ints, ids: Sequence[int] | None) -> dict[int, list[int]]:
    some = "" if ids is None else "WHERE o.record_id = ANY(:ids)"
    rows = _table(conn, _RETIRED.format(some=some), {"record": pa.int64(), "party": pa.int64()}, ids)
    made: dict[int, list[int]] = {}
    numbers = _numbers(record, ints(rows, "record")).tolist()
    for number, party in zip(numbers, ints(rows, "party").tolist(), strict=True):
        made.setdefault(number, []).append(party)
    return made
