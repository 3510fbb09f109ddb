"""Model versions (EC-05): kept, measured, approved by somebody else than who trained or measured them, put in force.

One version per kind of party judges at most. What it may do without people is said by the rules document (`model` of a
kind): nothing, propose suspects (the default), or merge from its approved weight on.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from hutong.identity import Principal, require
from hutong.party.match.model import Model, parse_model
from hutong.party.models import states
from hutong.party.models.evaluation import Stratum, measured, proposed
from hutong.party.tables import model_version
from hutong.platform import clock, database
from hutong.platform.errors import Forbidden, NotFound, Unprocessable

LEAST_PRECISION = 0.99
"""Lower bound of measured precision below which a model is not approved for merging."""
LEAST_REVIEWED = 30
Found = dict[str, Any]


def keep(conn: Connection, model: Model, by: str, records: int) -> int:
    """Keep a trained model; the same content is kept once. Returns its id."""
    known = conn.execute(
        select(model_version.c.id).where(
            model_version.c.kind == model.kind, model_version.c.version == model.version,
            model_version.c.state != "retired",
        )
    ).scalar()  # fmt: skip
    if known:
        return int(known)
    values = {"kind": model.kind, "version": model.version, "body": model.model_dump_json(), "state": "trained",
              "trained_by": by, "records": records, "trained_at": clock.now()}  # fmt: skip
    return int(conn.execute(model_version.insert().values(values).returning(model_version.c.id)).scalar_one())


def _row(conn: Connection, model_id: int) -> Any:
    row = conn.execute(select(model_version).where(model_version.c.id == model_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("party-model-unknown", id=model_id)
    return row


def versions(viewer: Principal) -> list[Found]:
    """All versions, newest first, without their content."""
    require(viewer, "party.model")
    columns = [column for column in model_version.c if column.name != "body"]
    with database.read("party") as conn:
        rows = conn.execute(select(*columns).order_by(model_version.c.id.desc()).limit(200)).mappings()
        return [dict(row) for row in rows]


def content(viewer: Principal, model_id: int) -> Model:
    """A version's model. Raises NotFound."""
    require(viewer, "party.model")
    with database.read("party") as conn:
        body = conn.execute(select(model_version.c.body).where(model_version.c.id == model_id)).scalar()
    if body is None:
        raise NotFound("party-model-unknown", id=model_id)
    return parse_model(body)


_STRATA = text("""
    SELECT stratum AS least, max(population) AS population, count(*) FILTER (WHERE same IN ('yes', 'no')) AS reviewed,
           count(*) FILTER (WHERE same = 'yes') AS same
    FROM party.model_review WHERE model_id = :model GROUP BY stratum ORDER BY stratum DESC""")


def strata(conn: Connection, model_id: int) -> list[Stratum]:
    """How far the review of a version's sample is."""
    return [Stratum(**row) for row in conn.execute(_STRATA, {"model": model_id}).mappings()]


def evaluate(viewer: Principal, model_id: int, wanted: float = LEAST_PRECISION) -> Found:
    """Measure a version by what was reviewed so far; proposes the weight from which on to merge (`merge_bits`; none:
    no weight reaches the precision wanted). Raises Unprocessable before anything was reviewed."""
    require(viewer, "party.model")
    with database.begin("party") as conn:
        row = _row(conn, model_id)
        state = states.after(row.state, "evaluate", model_id)
        listed = strata(conn, model_id)
        found = measured(listed)
        if not found:
            raise Unprocessable("party-model-not-reviewed", id=model_id)
        merge = proposed(found, wanted)
        evaluation = {"wanted": wanted, "measured": [asdict(one) for one in found],
                      "strata": [asdict(one) for one in listed]}  # fmt: skip
        values = {"state": state, "evaluation": evaluation, "merge_bits": merge, "evaluated_by": viewer.actor,
                  "evaluated_at": clock.now()}  # fmt: skip
        conn.execute(model_version.update().where(model_version.c.id == model_id).values(values))
    return {"merge_bits": merge, **evaluation}


def approve(viewer: Principal, model_id: int) -> None:
    """Approve a measured version: by another person than who trained or measured it (four eyes). Raises Forbidden,
    Conflict for another state, Unprocessable where what was measured is too little or too bad."""
    require(viewer, "party.model.approve")
    with database.begin("party") as conn:
        row = _row(conn, model_id)
        state = states.after(row.state, "approve", model_id)
        if viewer.actor in (row.trained_by, row.evaluated_by):
            raise Forbidden("party-model-four-eyes")
        at = [one for one in row.evaluation["measured"] if one["least"] == row.merge_bits]
        if not at or at[0]["lower"] < LEAST_PRECISION or at[0]["reviewed"] < LEAST_REVIEWED:
            raise Unprocessable("party-model-not-good", id=model_id, least=str(LEAST_PRECISION))
        values = {"state": state, "approved_by": viewer.actor, "approved_at": clock.now()}
        conn.execute(model_version.update().where(model_version.c.id == model_id).values(values))


def put_in_force(viewer: Principal, model_id: int) -> None:
    """Let an approved version judge; the one before it retires. The next run judges everything anew."""
    require(viewer, "party.model.approve")
    with database.begin("party") as conn:
        row = _row(conn, model_id)
        state = states.after(row.state, "put_in_force", model_id)
        now = clock.now()
        old = model_version.update().where(model_version.c.kind == row.kind, model_version.c.state == "in_force")
        conn.execute(old.values(state="retired", retired_at=now))
        new = model_version.update().where(model_version.c.id == model_id)
        conn.execute(new.values(state=state, in_force_at=now))


def retire(viewer: Principal, model_id: int) -> None:
    """Take a version out of use; without another, rules judge alone."""
    require(viewer, "party.model.approve")
    with database.begin("party") as conn:
        row = _row(conn, model_id)
        state = states.after(row.state, "retire", model_id)
        new = model_version.update().where(model_version.c.id == model_id)
        conn.execute(new.values(state=state, retired_at=clock.now()))


@dataclass(frozen=True)
class InForce:
    """A version that judges. `version`: as it was approved (erasure may since have taken persons' values out of the
    content); `merge_bits`: from which weight on it is sure."""

    id: int
    version: str
    model: Model
    merge_bits: float


_kept: dict[tuple[int, str], InForce] = {}
_IN_FORCE = text("SELECT id, kind, version, merge_bits FROM party.model_version WHERE state = 'in_force'")
_ONE = text("SELECT id, kind, version, merge_bits FROM party.model_version WHERE id = :id")


def in_force(conn: Connection) -> dict[str, InForce]:
    """Kind of party → the version that judges; a content is read once per process."""
    return {row.kind: _read(conn, row) for row in conn.execute(_IN_FORCE)}


def kept(conn: Connection, model_id: int) -> InForce:
    """A version that judged, in force or not any more: its judgements say by which they were made."""
    return _read(conn, conn.execute(_ONE, {"id": model_id}).one())


def _read(conn: Connection, row: Any) -> InForce:
    key = (row.id, row.version)
    if key not in _kept:
        body = conn.execute(select(model_version.c.body).where(model_version.c.id == row.id)).scalar_one()
        _kept[key] = InForce(row.id, row.version, parse_model(body), row.merge_bits)
    return _kept[key]
