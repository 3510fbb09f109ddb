"""Resolving files by rules instead of a model (`hutong resolve --rules`): the same mapping, rules and clustering as the
master's, on DuckDB alone."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from hutong.party.ingest.mapping import Mapping
from hutong.party.ingest.parts import admitted
from hutong.party.match import clusters
from hutong.party.match.clusters import BY_RULE, Apart, Links
from hutong.party.match.kernels import Ints
from hutong.party.match.propose import propose
from hutong.party.match.rules import RulesDocument
from hutong.platform.processes import Processes


def resolve_files(inputs: Sequence[tuple[Path, Mapping]], rules: RulesDocument) -> pa.Table:
    """Resolve files together. Gives `source`, `key`, `party` (numbers from 1, in the order of source and key)."""
    with Processes(0) as here:
        rows = pa.concat_tables([admitted(path, mapping, here) for path, mapping in inputs])
    with duckdb.connect() as duck:
        duck.register("all_rows", rows)
        duck.execute(
            """CREATE TABLE records AS
               SELECT *, row_number() OVER (ORDER BY source, key) AS id, id AS rank
               FROM (SELECT * FROM all_rows
                     QUALIFY row_number() OVER (PARTITION BY source, key ORDER BY row DESC) = 1)"""
        )
        propose(duck, rules)
        label = _clustered(duck, rules)
        found = duck.sql("SELECT source, key FROM records ORDER BY rank").to_arrow_table()
        return found.append_column("party", pa.array(np.unique(label, return_inverse=True)[1] + 1))


def _clustered(duck: duckdb.DuckDBPyConnection, rules: RulesDocument) -> Ints:
    kinds = [*rules.person.exclusive, *rules.organisation.exclusive]
    codes = duck.execute(
        """SELECT CASE WHEN id_valid AND list_contains(?, id_type)
                       THEN dense_rank() OVER (ORDER BY id_type, id_number) ELSE 0 END
           FROM records ORDER BY rank""",
        [kinds],
    ).fetchnumpy()
    judged = duck.execute(
        """SELECT left_id - 1 AS l, right_id - 1 AS r, strength, verdict = 'same' AS same
           FROM proposals WHERE verdict <> 'unsure'"""
    ).fetchnumpy()
    code: Ints = np.asarray(next(iter(codes.values())), dtype=np.int64)
    left, right = (np.asarray(judged[name], dtype=np.int64) for name in ("l", "r"))
    same = np.asarray(judged["same"], dtype=np.bool_)
    strength = np.asarray(judged["strength"], dtype=np.int64)[same]
    links = Links(left[same], right[same], strength, np.zeros(int(same.sum()), dtype=np.bool_))
    apart = Apart(left[~same], right[~same], np.full(int((~same).sum()), BY_RULE, dtype=np.int64))
    return clusters.cluster(code, links, apart).label
