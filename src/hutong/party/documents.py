"""Rules in force: published documents with versions; until a pack publishes its own, the ones delivered here."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from sqlalchemy import Connection, select, text

from hutong.party.golden.survivorship import SurvivorshipDocument, parse_survivorship
from hutong.party.match.rules import RulesDocument, parse_rules
from hutong.party.model import definitions, extension
from hutong.party.relations import household_rules
from hutong.party.tables import document

Kind = Literal["rules", "survivorship"]
KINDS: tuple[Kind, ...] = ("rules", "survivorship")
DEFAULTS = Path(__file__).parent / "defaults"


def _body(path: Path) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return made


def publish(conn: Connection, kind: Kind, body: dict[str, Any], by: str) -> int:
    """Check a document and put it in force as the next version; equal content keeps its version, which is returned."""
    made = {key: value for key, value in body.items() if key != "version"}
    name = str(made.get(kind))
    (parse_rules if kind == "rules" else parse_survivorship)(made, name)
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.document:' || :kind, 0))"), {"kind": kind})
    newest = _newest(conn, kind)
    if newest and newest.hash == digest:
        return int(newest.version)
    version = newest.version + 1 if newest else 1
    conn.execute(
        document.insert().values(kind=kind, version=version, name=name, body=made, hash=digest, published_by=by)
    )
    return version


def publish_folder(conn: Connection, folder: Path, by: str, *over: Path) -> dict[str, int]:
    """Publish the documents of a pack's party folder, those that are there: `rules.yaml`, `survivorship.yaml`,
    `model.yaml` (declared attributes), `households.yaml`; kind → version. `over`: folders whose documents take the
    place of this one's."""
    found = {path.stem: path for each in (folder, *over) for path in sorted(each.glob("*.yaml"))}
    made: dict[str, int] = {kind: publish(conn, kind, _body(found[kind]), by) for kind in KINDS if kind in found}
    if "model" in found:
        model = extension.parse_model(_body(found["model"]))
        made["model"] = definitions.publish(conn, "model", model.model_dump(mode="json", exclude_defaults=True), by)
    if "households" in found:
        rules = household_rules.parse_rules(_body(found["households"]))
        made["households"] = definitions.publish(conn, "households", rules.model_dump(mode="json"), by)
    return made


def _newest(conn: Connection, kind: Kind) -> Any:
    statement = select(document).where(document.c.kind == kind).order_by(document.c.version.desc()).limit(1)
    return conn.execute(statement).one_or_none()


@lru_cache(maxsize=16)
def _delivered(kind: Kind) -> RulesDocument | SurvivorshipDocument:
    body = _body(DEFAULTS / f"{kind}.yaml")
    return parse_rules(body, kind) if kind == "rules" else parse_survivorship(body, kind)


_kept: dict[tuple[Kind, int, str], RulesDocument | SurvivorshipDocument] = {}
_IN_FORCE = text("SELECT version, hash FROM party.document WHERE kind = :kind ORDER BY version DESC LIMIT 1")


def _active(conn: Connection, kind: Kind) -> RulesDocument | SurvivorshipDocument:
    """The newest version; its content is read and compiled once per process."""
    newest = conn.execute(_IN_FORCE, {"kind": kind}).one_or_none()
    if newest is None:
        return _delivered(kind)
    known = (kind, newest.version, newest.hash)
    if known not in _kept:
        data = _newest(conn, kind).body | {"version": newest.version}
        _kept[known] = parse_rules(data, kind) if kind == "rules" else parse_survivorship(data, kind)
    return _kept[known]


def active_rules(conn: Connection) -> RulesDocument:
    """The matching rules in force; version 0 is the delivered one."""
    found = _active(conn, "rules")
    assert isinstance(found, RulesDocument)  # noqa: S101  (by construction)
    return found


def active_survivorship(conn: Connection) -> SurvivorshipDocument:
    """The survivorship rules in force; version 0 is the delivered one."""
    found = _active(conn, "survivorship")
    assert isinstance(found, SurvivorshipDocument)  # noqa: S101  (by construction)
    recent = tuple(one.name for one in extension.active(conn).attributes if one.survives == "recency")
    return found.model_copy(update={"by_recency": recent}) if recent else found
