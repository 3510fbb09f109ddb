"""Publishing the declared attributes (EC-10): previewed on the data, in force at once, every version kept."""

from typing import Any

import yaml
from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.model import definitions
from hutong.party.model.extension import ExtensionAttribute, ModelDocument, active, parse_model
from hutong.platform import database
from hutong.platform.errors import Invalid
from hutong.platform.outbox import Event, publish

RIGHT = "party.model"
SAMPLE = 20_000
"""Values of an attribute that a preview looks at."""


def read_text(source: str) -> ModelDocument:
    """A document from YAML text. Raises Invalid."""
    try:
        return parse_model(yaml.safe_load(source))
    except yaml.YAMLError as problem:
        why = str(problem).splitlines()[0]
        raise Invalid("party-rules-invalid", file="model", where="-", why=why) from problem


def preview(viewer: Principal, source: str) -> dict[str, Any]:
    """What publishing would change: attributes `added`, `removed`, `changed`, and per attribute how many golden records
    state it and how many of these would not be valid (of the first 20,000). Needs `party.model`."""
    require(viewer, RIGHT)
    wanted = read_text(source)
    with database.read("party") as conn:
        held = active(conn).named()
        new = wanted.named()
        stated = {name: _stated(conn, attribute) for name, attribute in new.items()}
    return {
        "added": sorted(set(new) - set(held)),
        "removed": sorted(set(held) - set(new)),
        "changed": sorted(name for name in set(new) & set(held) if new[name] != held[name]),
        "stated": stated,
    }


def _stated(conn: Connection, attribute: ExtensionAttribute) -> dict[str, int]:
    rows = conn.execute(
        text(
            """SELECT attributes -> :name AS value, count(*) AS many FROM (
                   SELECT attributes FROM party.party WHERE attributes ? :name AND state = 'active'
                   LIMIT :sample) AS seen
               GROUP BY 1"""
        ).bindparams(name=attribute.name, sample=SAMPLE)
    )
    total = wrong = 0
    for value, many in rows:
        total += many
        try:
            wrong += 0 if attribute.holds(attribute.read(value)) else many
        except ValueError:
            wrong += many
    return {"parties": total, "invalid": wrong}


def publish_model(viewer: Principal, source: str) -> int:
    """Put a document in force; returns its version. Golden values that now survive otherwise follow with the next run.

    Needs `party.model`. Raises Invalid naming the place.
    """
    require(viewer, RIGHT)
    wanted = read_text(source)
    with database.begin("party") as conn:
        held = active(conn).named()
        body = wanted.model_dump(mode="json", exclude_defaults=True)
        version = definitions.publish(conn, "model", body, viewer.actor)
        moved = [name for name, one in wanted.named().items() if one.survives != _survives(held.get(name))]
        if moved:
            conn.execute(
                text(
                    """INSERT INTO party.changed_record (record_id)
                       SELECT id FROM party.source_record WHERE attributes ?| CAST(:names AS text[])"""
                ),
                {"names": moved},
            )
        publish(conn, "party", [Event("party.model_published", "party.model", {"version": version})])
        return version


def _survives(attribute: ExtensionAttribute | None) -> str:
    return attribute.survives if attribute else "trust"


def source_text(conn: Connection) -> tuple[int, str]:
    """The version in force and its text, to be edited."""
    version, body = definitions.newest(conn, "model")
    return version, yaml.safe_dump(body, allow_unicode=True, sort_keys=False)
