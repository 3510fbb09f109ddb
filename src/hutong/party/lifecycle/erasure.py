"""Physical erasure (EC-02): a party's personal data gone everywhere, history and source copies included; what is left
is a tombstone. The one lawful exception to 'history is never rewritten'. Other centers hear `party.erased`.
"""

# ruff: noqa: S608  (statements are made of constants and declared names; values are bound)

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.identity.forgetting import forget_reasons
from hutong.party import erased_keys
from hutong.party.columns import LEADERS, followers
from hutong.party.information import AREAS
from hutong.party.lifecycle import erased_files, erased_models, journal
from hutong.party.resolution import membership, suspects
from hutong.party.tables import tombstone
from hutong.platform import clock, database, forgetting
from hutong.platform.errors import Conflict, NotFound
from hutong.platform.outbox import Event, publish

STRONG = ("id_number", "mobile", "phone", "other_phone", "email", "bank_card")
"""Values that tell a person where no key does: rejected rows and files are searched for them."""


def erase(party_id: int, *, request_id: int, by: str, approved_by: str | None, reason: str) -> dict[str, Any]:
    """Erase a party, as an approved request says; repeatable. Returns the rows removed, by table."""
    with database.read("party") as conn:
        values = _strong_values(conn, party_id)
    erased_files.remove(values)
    with database.begin("party") as conn:
        membership.lock(conn)
        counts = _erase(conn, party_id, request_id=request_id, by=by, approved_by=approved_by, reason=reason)
    with database.read("party") as conn:
        ids = list(
            conn.execute(
                text("SELECT party_id FROM party.tombstone WHERE request_id = :id"), {"id": request_id}
            ).scalars()
        )
    forgetting.scrub_deliveries([f"party:{id}" for id in ids], "party_id", ids)
    forget_reasons("party", ids)
    erased_files.remove_orphans()
    return {"counts": counts}


def consent_again(viewer: Principal, source: str, key: str) -> None:
    """Let a source's erased record come back with its next load, since the person consented anew. Raises NotFound."""
    require(viewer, "party.erase")
    with database.begin("party") as conn:
        if not erased_keys.release(conn, source, key):
            raise NotFound("party-erased-key-unknown", source=source)


def _erase(
    conn: Connection, party_id: int, *, request_id: int, by: str, approved_by: str | None, reason: str
) -> dict[str, int]:
    row = conn.execute(text("SELECT kind, state FROM party.party WHERE id = :id"), {"id": party_id}).one_or_none()
    if row is None:
        return {}
    if row.state == "merged":  # its records are another's now: to be looked at anew by people
        raise Conflict("party-change-overtaken", id=request_id)
    kind = row.kind
    ids = list(conn.execute(text(_IDS), {"id": party_id}).scalars())
    records = list(
        conn.execute(text("SELECT record_id FROM party.xref WHERE party_id = :id"), {"id": party_id}).scalars()
    )
    erased_keys.remember(conn, party_id, records)
    journal.append(
        journal.Entry(
            party_id, ids, journal.hashes(conn, records), request_id, by, approved_by, reason, clock.now().isoformat()
        )
    )
    values = _strong_values(conn, party_id)
    asked = {"ids": ids, "records": records, "values": values, "request": request_id}
    _once_shown(conn, ids, records)
    models = erased_models.forget(conn, records, values)
    counts = {name: conn.execute(text(sql), asked).rowcount for name, sql in _STATEMENTS.items()}
    counts["model_version"] = models
    forgetting.scrub_events(conn, "party", [f"party:{id}" for id in ids], "party_id", ids)
    conn.execute(
        tombstone.insert(),
        [
            {"party_id": id, "kind": kind, "erased_at": clock.now(), "erased_by": by, "approved_by": approved_by,
             "reason": reason, "request_id": request_id, "counts": counts if id == party_id else {}}
            for id in ids
        ],
    )  # fmt: skip
    suspects.refresh(conn, ids)
    told = {"party_id": party_id, "kind": kind, "party_ids": ids}
    publish(conn, "party", [Event("party.erased", f"party:{party_id}", told)])
    return counts


def _strong_values(conn: Connection, party_id: int) -> list[str]:
    columns = ", ".join(f"r.{name}" for name in STRONG)
    rows = conn.execute(
        text(
            f"""SELECT DISTINCT v FROM party.xref x JOIN party.source_record r ON r.id = x.record_id,
                unnest(ARRAY[{columns}]) AS v WHERE x.party_id = :id AND length(v) >= 7"""
        ),
        {"id": party_id},
    )
    stated = list(rows.scalars())
    return sorted({*stated, *(value.removeprefix("+86") for value in stated)})


def _once_shown(conn: Connection, ids: Sequence[int], records: Sequence[int]) -> None:
    """Versions of other parties that once held these records keep their place in history, without the values."""
    others = text(
        """SELECT DISTINCT p FROM party.operation_record o, unnest(ARRAY[o.before_id, o.after_id]) AS p
           WHERE o.record_id = ANY(:records) AND p <> ALL(:ids)"""
    )
    held = list(conn.execute(others, {"records": list(records), "ids": list(ids)}).scalars())
    if not held:
        return
    for leader in LEADERS:
        cleared = ", ".join(f"{name} = NULL" for name in (leader, *followers(leader)))
        conn.execute(
            text(
                f"""UPDATE party.party_history SET {cleared}, provenance = provenance - '{leader}'
                    WHERE id = ANY(:held) AND CAST(provenance ->> '{leader}' AS bigint) = ANY(:records)"""
            ),
            {"held": held, "records": list(records)},
        )
    conn.execute(
        text(
            """UPDATE party.party_history h SET attributes = '{}'
               WHERE id = ANY(:held) AND attributes <> '{}' AND NOT EXISTS (
                   SELECT FROM party.party p WHERE p.id = h.id AND p.valid_from = h.valid_from)"""
        ),
        {"held": held},
    )


_IDS = """SELECT CAST(:id AS bigint) UNION SELECT retired_id FROM party.redirect WHERE survivor_id = :id"""
_OF_KEYS = """(SELECT source, key FROM party.source_record WHERE id = ANY(:records))"""
_BY_KEY = ("household_member", "group_member", "former_statement", *AREAS)
_GENERIC = f"unnest(ARRAY[{', '.join((*STRONG, 'address_key'))}])"
_HOLDS = """EXISTS (SELECT FROM unnest(CAST(:values AS text[])) AS v WHERE strpos({text}, v) > 0)"""
_STATEMENTS = {
    "household": f"""UPDATE party.household SET name = NULL WHERE name IS NOT NULL AND id IN (
                         SELECT household_id FROM party.household_member WHERE (of_source, of_key) IN {_OF_KEYS})""",
    **{name: f"DELETE FROM party.{name} WHERE (of_source, of_key) IN {_OF_KEYS}" for name in _BY_KEY},
    "party_relation_to": f"DELETE FROM party.party_relation WHERE (to_source, to_key) IN {_OF_KEYS}",
    "role": "DELETE FROM party.role WHERE party_id = ANY(:ids)",
    "call_target": "DELETE FROM party.call_target WHERE party_id = ANY(:ids)",
    "call_result": "DELETE FROM party.call_result WHERE party_id = ANY(:ids)",
    "claim_decision": "DELETE FROM party.claim_decision WHERE party_id = ANY(:ids)",
    "portal_session": """DELETE FROM party.portal_session WHERE account_id IN (
                             SELECT id FROM party.portal_account WHERE party_id = ANY(:ids))""",
    "portal_code": """DELETE FROM party.portal_code WHERE phone = ANY(:values) OR phone IN (
                          SELECT phone FROM party.portal_account WHERE party_id = ANY(:ids))""",
    "portal_account": "DELETE FROM party.portal_account WHERE party_id = ANY(:ids)",
    "enhancement_row": f"""DELETE FROM party.enhancement_row WHERE party_id = ANY(:ids)
                           OR record_id = ANY(:records) OR {_HOLDS.format(text="raw::text")}""",
    "quality_task_step": """UPDATE party.quality_task_step SET note = NULL WHERE note IS NOT NULL AND task_id IN (
                                SELECT id FROM party.quality_task WHERE record_id = ANY(:records)
                                AND entity = 'source_record' OR record_id = ANY(:ids) AND entity = 'party')""",
    "quality_task": """DELETE FROM party.quality_task WHERE record_id = ANY(:records) AND entity = 'source_record'
                       OR record_id = ANY(:ids) AND entity = 'party'""",
    "suspect_note": """UPDATE party.suspect_note SET note = NULL WHERE note IS NOT NULL AND group_id IN (
                           SELECT id FROM party.suspect_group WHERE party_ids && CAST(:ids AS bigint[]))""",
    "suspect_group": """UPDATE party.suspect_group SET proposal = NULL
                        WHERE proposal IS NOT NULL AND party_ids && CAST(:ids AS bigint[])""",
    "change_request": """UPDATE party.change_request
                         SET change = '{}', before = '{}', result = NULL, decision_note = NULL,
                             reason = CASE WHEN kind = 'erase' THEN reason ELSE '' END,
                             state = CASE WHEN state = 'pending' THEN 'expired' ELSE state END
                         WHERE id <> :request AND (party_ids && CAST(:ids AS bigint[])
                            OR CAST(result ->> 'party_id' AS bigint) = ANY(:ids))""",
    "operation": """UPDATE party.operation SET reason = ''
                    WHERE kind IN ('merge', 'split', 'undo', 'unflag') AND id IN (
                        SELECT operation_id FROM party.operation_record WHERE record_id = ANY(:records)
                        UNION SELECT operation_id FROM party.judgement WHERE left_id = ANY(:records)
                        UNION SELECT operation_id FROM party.judgement WHERE right_id = ANY(:records)
                        UNION SELECT ended_operation_id FROM party.judgement WHERE left_id = ANY(:records)
                        UNION SELECT ended_operation_id FROM party.judgement WHERE right_id = ANY(:records))""",
    "judgement": "DELETE FROM party.judgement WHERE left_id = ANY(:records) OR right_id = ANY(:records)",
    "model_review": "DELETE FROM party.model_review WHERE left_id = ANY(:records) OR right_id = ANY(:records)",
    "generic_value": f"""DELETE FROM party.generic_value g
                         WHERE value IN (SELECT {_GENERIC} FROM party.source_record WHERE id = ANY(:records))
                           AND NOT EXISTS (SELECT FROM party.party_value v WHERE v.value = g.value
                                           AND v.kind IN ('phone', 'email', 'bank_card', 'identifier')
                                           AND v.party_id <> ALL(:ids))
                           AND NOT EXISTS (SELECT FROM party.source_record s
                                           WHERE s.address_key = g.value AND s.id <> ALL(:records))""",
    "match_key": "DELETE FROM party.match_key WHERE record_id = ANY(:records)",
    "changed_record": "DELETE FROM party.changed_record WHERE record_id = ANY(:records)",
    "rejected_record": f"""DELETE FROM party.rejected_record WHERE (source, key) IN {_OF_KEYS}
                           OR {_HOLDS.format(text="raw::text")}""",
    "source_version": "DELETE FROM party.source_version WHERE record_id = ANY(:records)",
    "xref": "DELETE FROM party.xref WHERE record_id = ANY(:records)",
    "source_record": "DELETE FROM party.source_record WHERE id = ANY(:records)",
    "party_value": "DELETE FROM party.party_value WHERE party_id = ANY(:ids)",
    "redirect": "DELETE FROM party.redirect WHERE retired_id = ANY(:ids) OR survivor_id = ANY(:ids)",
    "party_history": "DELETE FROM party.party_history WHERE id = ANY(:ids)",
    "party": "DELETE FROM party.party WHERE id = ANY(:ids)",
}
"""In order: what needs the records or the redirects to be found comes before them."""
