"""What records state of attributes that are being declared (EC-10): how many have a value, how many a valid one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.identity.protection import mask_field, record_read
from hutong.party import visibility
from hutong.party.effect import EXAMPLES, Effect, Example, Told, choose, names_seen
from hutong.party.model.extension import ExtensionAttribute, ModelDocument, codes_of
from hutong.platform import database
from hutong.platform.i18n import translate

MOST = 20_000
"""Records looked at; of more, evenly chosen ones."""


class _Value(NamedTuple):
    name: str
    kind: str
    value: Any
    records: int
    party: int


def effects(viewer: Principal, before: ModelDocument | None, after: ModelDocument) -> Told:
    """By declared attribute: records with a value, and those whose value is not valid, as declared and as written."""
    require(viewer, "party.model")
    held, wanted = before.named() if before else {}, after.named()
    with database.read("party") as conn:
        ids, there = choose(conn, "party.source_record", "true", MOST)
        found, looked_at = _values(conn, sorted({*held, *wanted}), ids), len(ids)
        made: list[Effect] = []
        wrong: list[tuple[ExtensionAttribute, _Value]] = []
        for name in dict.fromkeys([*wanted, *held]):
            own = [value for value in found if value.name == name]
            then, now = held.get(name), wanted.get(name)
            bad_then, bad_now = (_wrong(one, own) if one else [] for one in (then, now))
            label = (now or held[name]).label(viewer.locale)
            for words, old, new, of in (
                ("party-effect-attribute-stated", own, own, looked_at),
                ("party-effect-attribute-wrong", bad_then, bad_now, _records(own)),
            ):
                made.append(Effect(translate(words, viewer.locale, name=label),
                                   _records(old) if then else None, _records(new) if now else None, of))  # fmt: skip
            wrong += [(now, value) for value in bad_now if now and value not in bad_then]
        return Told(made, _examples(conn, viewer, wrong), looked_at, there)


_VALUES = text("""
    SELECT e.key AS name, r.kind, e.value, count(*) AS records, min(x.party_id) AS party
    FROM party.source_record r JOIN party.xref x ON x.record_id = r.id, jsonb_each(r.attributes) AS e
    WHERE r.id = ANY(:ids) AND r.attributes ?| CAST(:names AS text[]) AND e.key = ANY(:names) AND e.value <> 'null'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""")


def _values(conn: Connection, names: Sequence[str], ids: Sequence[int]) -> list[_Value]:
    rows = conn.execute(_VALUES, {"names": list(names), "ids": list(ids)})
    return [_Value(row.name, row.kind, _plain(row.value), row.records, row.party) for row in rows]


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _wrong(attribute: ExtensionAttribute, values: Sequence[_Value]) -> list[_Value]:
    """Values that the declaration does not allow: of the other kind of party, not readable, not holding, no code."""
    codes = codes_of(attribute)

    def right(value: _Value) -> bool:
        try:
            kept = attribute.read(value.value)
        except ValueError:
            return False
        known = not codes or kept in codes
        return known and attribute.of in (value.kind, "both") and attribute.holds(kept)

    return [value for value in values if not right(value)]


def _records(values: Sequence[_Value]) -> int:
    """Records that state these values."""
    return sum(value.records for value in values)


def _examples(conn: Connection, viewer: Principal, wrong: Sequence[tuple[ExtensionAttribute, _Value]]) -> list[Example]:
    """Values that would no longer be valid, of customers the viewer sees, masked as they will be."""
    seen = visibility.among(conn, viewer, sorted({value.party for _, value in wrong[:200]}))
    chosen = [(one, value) for one, value in wrong[:200] if value.party in seen][:EXAMPLES]
    names: Mapping[int, str] = names_seen(conn, viewer, [value.party for _, value in chosen])
    made = []
    for attribute, value in chosen:
        hidden = attribute.sensitive if attribute.sensitive and not viewer.sees(attribute.sensitive) else None
        if attribute.sensitive and not hidden:
            record_read(viewer, "party", [value.party], [attribute.sensitive], fields=[attribute.name])
        shown = str(mask_field(hidden, value.value))
        invalid = translate("party-effect-attribute-invalid", viewer.locale)
        made.append(Example([(value.party, names[value.party])], attribute.label(viewer.locale), shown, invalid))
    return made
