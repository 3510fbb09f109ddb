"""Match keys of a model's own blocks (EC-05): by them runs and real time find the pairs it was made to judge, beside
those of the rules' blocks. They stand in the same index (`party.match_key`), as numbers that no other block, and no
other version of a model, gives."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from hutong.party.match import blocking
from hutong.party.match.kernels import Ints
from hutong.party.match.scoring import Encoded, encode
from hutong.party.models.records import records_of_kind
from hutong.party.models.registry import InForce
from hutong.party.resolution import match_keys
from hutong.party.resolution.judging import rule_name
from hutong.platform import arrow, database


class Keyed(NamedTuple):
    """Match keys: the row of the record, the number, the place of the block in the model."""

    row: Ints
    number: Ints
    block: Ints


def of_encoded(model: InForce, encoded: Encoded) -> Keyed:
    """The match keys of encoded records, each once."""
    found = blocking.hashes(model.model.plans, encoded.values, model.model.blocks)
    rows, numbers, blocks = ([np.zeros(0, dtype=np.int64)] for _ in range(3))
    for place, block in enumerate(model.model.blocks):
        row, key = blocking.members(block, found)
        salt = match_keys.number(f"{rule_name(model)}:{'+'.join(block)}")
        once = np.unique(np.stack([row, blocking.combined(key, np.full(len(key), salt))]), axis=1)
        rows.append(once[0])
        numbers.append(once[1])
        blocks.append(np.full(once.shape[1], place, dtype=np.int64))
    return Keyed(np.concatenate(rows), np.concatenate(numbers), np.concatenate(blocks))


def renew(conn: Connection, models: Mapping[str, InForce], records: Sequence[int] | None = None) -> None:
    """Write the keys of these records (None: all), whose keys of rules' blocks were just written anew."""
    if not models or (records is not None and not records):
        return
    conn.execute(text("CREATE TEMPORARY TABLE keyed (key bigint, record_id bigint) ON COMMIT DROP"))
    for kind, model in models.items():
        table = records_of_kind(conn, kind, records)
        if not table.num_rows:
            continue
        made = of_encoded(model, encode(model.model, table))
        listed = zip(made.number.tolist(), arrow.ints(table, "id")[made.row].tolist(), strict=True)
        database.copy_rows(conn, "keyed", ("key", "record_id"), listed)
    conn.execute(text("INSERT INTO party.match_key (key, record_id) SELECT key, record_id FROM keyed "
                      "ON CONFLICT DO NOTHING"))  # fmt: skip
    conn.execute(text("DROP TABLE keyed"))
