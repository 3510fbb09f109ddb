"""Exports (EC-14): files for a consumer, within its rows, its fields and its masks; by hand, by API, or on schedule."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text, update

from hutong.identity import Principal, record_read, require
from hutong.identity.actors import viewer_of
from hutong.identity.queries import client_by_code
from hutong.party.sharing import facts, files
from hutong.party.sharing.changes import head
from hutong.party.sharing.document_kinds import EXPORT, Export
from hutong.party.sharing.export_rows import facts_of, statement
from hutong.party.sharing.some import some_of
from hutong.party.tables import export_run
from hutong.platform import clock, database, documents, jobs
from hutong.platform.errors import Conflict, Forbidden, Gone, NotFound
from hutong.platform.settings import settings

RIGHT = "party.export"
ENTITY = "party.export"
Row = dict[str, Any]
_EVERY = {"hour": "1 hour", "day": "1 day", "week": "7 days", "month": "1 month"}


def definitions(viewer: Principal) -> list[Export]:
    """The exports a viewer may make: its own and those of nobody in particular; who administers exports sees all."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        return [found for found in documents.all_in_force(conn, EXPORT).values() if _may_make(viewer, found)]


def _may_make(viewer: Principal, export: Export) -> bool:
    return export.consumer is None or export.consumer == viewer.name or viewer.may("party.export.all")


def _to_make(conn: Connection, viewer: Principal, code: str) -> Export:
    """An export in force that the viewer may make. Raises NotFound, also for another consumer's."""
    export = documents.in_force(conn, EXPORT, code)
    if not _may_make(viewer, export):
        raise NotFound("platform-document-unknown", field="name", kind=EXPORT.code, name=code)
    return export


def _in_clear(viewer: Principal, export: Export) -> list[str]:
    """The kinds of sensitive field that an export shows unmasked to a viewer."""
    sensitive = {facts.fact(name).sensitive for name in facts_of(export)}
    return sorted(kind for kind in sensitive if kind and viewer.sees(kind))


def start(viewer: Principal, code: str) -> Row:
    """Begin to make a file, as a job. Returns the run. Raises NotFound, also for another consumer's export."""
    require(viewer, RIGHT)
    with database.begin("party") as conn:
        export = _to_make(conn, viewer, code)
        return _queued(conn, export, _consumer(export, viewer), viewer.actor)


def preview(viewer: Principal, code: str, sample: int = 20) -> Row:
    """`export`, `rows` (how many the viewer's file would have now), `headings` and `sample` (its first rows as text,
    masked as the file). Of many customers some are looked at, and `rows` is an estimate: `looked_at` of `there`. Raises
    NotFound."""
    require(viewer, RIGHT)
    with database.read("party") as conn:
        export = _to_make(conn, viewer, code)
        some = some_of(conn, viewer)
        columns, source = statement(viewer, export, {"mode": "full", "from_position": 0}, 0, some.ids)
        ordered = source.rpartition(" ORDER BY ")[0]
        rows = conn.execute(text(f"SELECT count(*) {ordered}".replace(":", "\\:"))).scalar_one()
        shown = ", ".join(files.text_of(column) for column in columns)
        first = conn.execute(text(f"SELECT {shown} {source} LIMIT {int(sample)}".replace(":", "\\:"))).all()
    clear = _in_clear(viewer, export)
    if clear and first:
        record_read(viewer, ENTITY, [], clear, f"{export.code} v{export.version}: {len(first)} rows on screen")
    headings = [column.heading for column in columns]
    return {
        "export": export,
        "rows": some.about(rows),
        "headings": headings,
        "sample": [list(row) for row in first],
        "looked_at": some.looked_at,
        "there": some.there,
    }


def _consumer(export: Export, viewer: Principal | None) -> str:
    """Whose file it is: the consumer's, else of who makes it. Raises NotFound for a consumer that is not registered."""
    if export.consumer is None:
        if viewer is None:
            raise NotFound("party-export-consumer-unknown", code="")
        return viewer.actor
    if viewer is not None and viewer.kind == "client" and viewer.name == export.consumer:
        return viewer.actor
    found = client_by_code(export.consumer)
    if found is None:
        raise NotFound("party-export-consumer-unknown", code=export.consumer)
    return found.actor


def _queued(conn: Connection, export: Export, consumer: str, by: str) -> Row:
    since = _last_position(conn, export, consumer) if export.mode == "changes" else None
    values = {
        "code": export.code,
        "version": export.version,
        "consumer": consumer,
        "mode": "full" if since is None else "changes",
        "format": export.format,
        "from_position": since or 0,
        "started_by": by,
    }
    row = conn.execute(export_run.insert().values(**values).returning(export_run)).mappings().one()
    job = jobs.start("party.export", {"run": row["id"]}, by, exclusive=f"party.export:{export.code}", conn=conn)
    conn.execute(update(export_run).where(export_run.c.id == row["id"]).values(job_id=job))
    return {**row, "job_id": job}


def _last_position(conn: Connection, export: Export, consumer: str) -> int | None:
    """To where the consumer has the changes; None for one that must have everything (anew)."""
    found = conn.execute(
        select(export_run.c.to_position)
        .where(export_run.c.consumer == consumer, export_run.c.code == export.code)
        .where(export_run.c.state.in_(["ready", "expired"]), export_run.c.version == export.version)
        .order_by(export_run.c.id.desc())
        .limit(1)
    ).scalar()
    first = conn.execute(text("SELECT position FROM party.event_log ORDER BY position LIMIT 1")).scalar()
    return None if found is None or (first is not None and found + 1 < first) else int(found)


def make(run_id: int) -> Row:
    """Make a run's file (the job's work): one statement by COPY, then its counts, hash and access-log entry.

    `to_position` is taken before the rows are read: all changes up to it are in the file, later ones come in the feed.
    """
    run = _run(run_id)
    consumer = viewer_of(run["consumer"])
    if consumer is None or not consumer.may(RIGHT):
        _ended(run_id, "failed")
        raise Forbidden("party-export-consumer-gone")
    path = path_of(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with database.read("party") as conn:
        export = documents.in_force(conn, EXPORT, run["code"])
    with database.read("party") as conn:
        position = head(conn)
        columns, source = statement(consumer, export, run, position)
        try:
            written = files.write(conn, path, run["format"], columns, source)
        except BaseException:
            path.unlink(missing_ok=True)
            _ended(run_id, "failed")
            raise
    record_read(
        consumer, ENTITY, [run_id], _in_clear(consumer, export), f"{export.code} v{export.version}: {written.rows} rows"
    )
    now = clock.now()
    made = {**written._asdict(), "to_position": position, "ready_at": now}
    return _ended(run_id, "ready", **made, version=export.version, expires_at=now + timedelta(days=export.keep_days))


def _run(run_id: int) -> Row:
    with database.read("party") as conn:
        row = conn.execute(select(export_run).where(export_run.c.id == run_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("party-export-unknown", id=run_id)
    return dict(row)


def _ended(run_id: int, state: str, **values: Any) -> Row:
    changed = update(export_run).where(export_run.c.id == run_id).values(state=state, **values).returning(export_run)
    with database.begin("party") as conn:
        return dict(conn.execute(changed).mappings().one())


def path_of(run: Row) -> Path:
    """Where a run's file lies."""
    return settings.data_dir / "exports" / f"{int(run['id'])}.{run['format']}"


def runs(viewer: Principal, *, code: str | None = None, before: int | None = None, limit: int = 50) -> list[Row]:
    """Files a viewer may fetch or follow, newest first: its own, and those it started; all for who administers."""
    require(viewer, RIGHT)
    statement = select(export_run).order_by(export_run.c.id.desc()).limit(min(limit, 200))
    if not viewer.may("party.export.all"):
        statement = statement.where((export_run.c.consumer == viewer.actor) | (export_run.c.started_by == viewer.actor))
    if code is not None:
        statement = statement.where(export_run.c.code == code)
    if before is not None:
        statement = statement.where(export_run.c.id < before)
    with database.read("party") as conn:
        return [dict(row) for row in conn.execute(statement).mappings()]


def run(viewer: Principal, run_id: int) -> Row:
    """One run: its manifest. Raises NotFound, also for others'."""
    require(viewer, RIGHT)
    found = _run(run_id)
    if viewer.actor not in (found["consumer"], found["started_by"]) and not viewer.may("party.export.all"):
        raise NotFound("party-export-unknown", id=run_id)
    return found


def fetch(viewer: Principal, run_id: int) -> tuple[Row, Path]:
    """A run's file, for its consumer alone: whoever else administers exports may not read what it may.

    Raises NotFound, Conflict while it is not ready, Gone once it has expired.
    """
    found = run(viewer, run_id)
    if viewer.actor != found["consumer"]:
        raise NotFound("party-export-unknown", id=run_id)
    if found["state"] in ("queued", "failed"):
        raise Conflict("party-export-not-ready", state=found["state"])
    path = path_of(found)
    if found["state"] == "expired" or found["expires_at"] < clock.now() or not path.is_file():
        raise Gone("party-export-expired")
    fetched = update(export_run).where(export_run.c.id == run_id, export_run.c.fetched_at.is_(None))
    with database.begin("party") as conn:
        conn.execute(fetched.values(fetched_at=clock.now()))
    return found, path


def tidy(now: datetime) -> int:
    """Delete files whose time is over. Returns how many."""
    over = update(export_run).where(export_run.c.state == "ready", export_run.c.expires_at < now)
    with database.begin("party") as conn:
        gone = [dict(row) for row in conn.execute(over.values(state="expired").returning(export_run)).mappings()]
    for row in gone:
        path_of(row).unlink(missing_ok=True)
    return len(gone)


_DUE = text("""
    SELECT true WHERE NOT EXISTS (SELECT FROM party.export_run WHERE code = :code AND consumer = :consumer
        AND state <> 'failed' AND made_at > CAST(:now AS timestamptz) - CAST(:every AS interval))""")


def make_due(now: datetime, by: str) -> list[int]:
    """Begin the exports whose schedule is due (`every` since the run before). Returns the runs."""
    begun = []
    with database.begin("party") as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.exports-due', 0))"))
        for export in documents.all_in_force(conn, EXPORT).values():
            consumer = client_by_code(export.consumer) if export.every and export.consumer else None
            if consumer is None or export.every is None:
                continue
            asked = {"code": export.code, "consumer": consumer.actor, "now": now, "every": _EVERY[export.every]}
            if conn.execute(_DUE, asked).scalar():
                begun.append(int(_queued(conn, export, consumer.actor, by)["id"]))
    return begun
