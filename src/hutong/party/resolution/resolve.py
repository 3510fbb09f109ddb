"""Resolution (EC-05): rules propose, the judgement log is brought to what they say, clusters follow.

The outcome depends on records, rules in force and people's judgements, not on order or number of runs. So a run looks
only at what is new or changed since the last, and at what that may concern: the records that share a match key with it,
and those whose comparability the newest statistics changed. Other rules or models ask for a run over everything.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from hutong.party.match.propose import propose
from hutong.party.match.rules import RULES, RulesDocument
from hutong.party.models import registry
from hutong.party.models.registry import InForce
from hutong.party.resolution import graph, judging, match_keys, membership, model_keys, model_runs, statistics, suspects
from hutong.party.resolution.judgement_log import Logged, bring_to
from hutong.party.resolution.lifting import News, lift_news
from hutong.party.resolution.membership import Moved
from hutong.party.tables import run
from hutong.platform import arrow, database, documents

Progress = Callable[[int, int, str], None]
MANY = 20_000
"""Records whose judgements changed from which on the whole graph is read at once."""
MOST_CHANGES = 0.2
"""Part of all records from which on a run over everything is quicker than one over the changes."""


def _quiet(_done: int, _total: int, _message: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Resolved:
    """What a run found and did. `scope`: full, or changes; `records`: all there are, `compared`: of them looked at."""

    scope: str
    records: int
    compared: int
    parties: int
    pairs: int
    generic_values: int
    skipped_blocks: int
    judgements_made: int
    judgements_ended: int
    created: int
    changed: int
    retired: int
    suspect_groups: int


def resolve(by: str = "system:0", progress: Progress = _quiet, *, full: bool = False) -> Resolved:
    """Resolve what is new or changed (`full`: everything, with the same outcome). Runs exclude one another; a run
    without news changes nothing. Real time goes on meanwhile, but for the last part, when records move."""
    with database.begin("party") as conn:
        _alone(conn)
        rules = documents.in_force(conn, RULES)
        models = judging.used(registry.in_force(conn), rules)
        news = _take_up(conn, rules, models, full=full)
    with database.begin("party") as conn:
        _alone(conn)
        progress(0, 4, "compare")
        newest = conn.execute(text("SELECT coalesce(max(id), 0) FROM party.judgement")).scalar_one()
        with duckdb.connect() as duck:
            compared = lift_news(conn, duck, news)
            # the long part: others go on working meanwhile
            proposed = propose(duck, rules, given=True, modelled=model_runs.over(models, rules))
            logged = bring_to(conn, duck, rules, newest, news)
        progress(1, 4, "cluster")
        membership.lock(conn)
        moved, operation = _move(conn, rules, logged, news.loaded, by)
        progress(3, 4, "suspects")
        groups = suspects.refresh(conn)
        conn.execute(text("DELETE FROM party.changed_record c USING taken t WHERE t.seq = c.seq"))
        conn.execute(
            run.insert().values(
                scope=news.scope, judges=news.judges, rules_version=rules.version, records=compared,
                statistics_version=news.statistics.version, pairs=proposed.pairs, judgements_made=logged.made,
                judgements_ended=logged.ended, operation_id=operation, done_by=by,
            )
        )  # fmt: skip
        counts = conn.execute(
            text("SELECT (SELECT count(*) FROM party.xref), (SELECT count(DISTINCT party_id) FROM party.xref)")
        ).one()
        progress(4, 4, "done")
        return Resolved(
            news.scope, counts[0], compared, counts[1], proposed.pairs, len(news.statistics.generic),
            len(news.statistics.crowded), logged.made, logged.ended, moved.created, moved.changed, len(moved.retired),
            groups,
        )  # fmt: skip


def _move(conn: Connection, rules: RulesDocument, logged: Logged, loaded: Sequence[int], by: str) -> tuple[Moved, int]:
    """Cluster what the news concern and move what changed."""
    found = graph.load(conn, rules, _concerned(conn, logged, loaded))
    after = found.assign()
    operation = membership.new_operation(conn, "resolve", f"rules {rules.version}", by)
    moving = found.record[found.prior != after]
    moved = membership.move(
        conn, found.record, found.prior, after, operation_id=operation, by=by,
        touched=np.setdiff1d(np.array(loaded, dtype=np.int64), moving).tolist(), everywhere=True,
    )  # fmt: skip
    return moved, operation


def _alone(conn: Connection) -> None:
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('party.resolve', 0))"))


def judges(rules: RulesDocument, models: Mapping[str, InForce]) -> str:
    """A digest of what judges pairs; judgements made by another are to be made anew."""
    versions = [
        f"{kind} {judging.rule_name(models[kind])} {models[kind].merge_bits} own blocks" for kind in sorted(models)
    ]
    body = rules.model_dump_json(exclude={"version"}) + ";".join(versions)
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _take_up(conn: Connection, rules: RulesDocument, models: Mapping[str, InForce], *, full: bool) -> News:
    """What is new; its match keys written, the statistics brought up. Committed before comparing begins, and after
    all who were at work in real time: so either they see the new records, or the run sees theirs."""
    digest = judges(rules, models)
    before = conn.execute(text("SELECT judges FROM party.run ORDER BY id DESC LIMIT 1")).scalar()
    kinds = {"seq": pa.int64(), "record": pa.int64(), "judged": pa.string()}
    queue = arrow.fetch(conn, "SELECT seq, record_id, judged FROM party.changed_record", kinds)
    loaded = queue.filter(pc.equal(queue.column("judged"), "f"))
    listed, unjudged = np.unique(arrow.ints(queue, "record")), np.unique(arrow.ints(loaded, "record")).tolist()
    count = conn.execute(text("SELECT count(*) FROM party.source_record")).scalar_one()
    everything = full or before != digest or len(listed) > count * MOST_CHANGES
    if before != digest:
        match_keys.renew_all(conn, rules)
        model_keys.renew(conn, models)
        conn.execute(text("ANALYZE party.match_key"))
    else:
        match_keys.renew(conn, rules, unjudged)
        model_keys.renew(conn, models, unjudged)
    membership.lock(conn)
    brought = statistics.bring_up(conn, rules, None if everything else listed.tolist(), "run")
    records = None if everything else sorted({*unjudged, *brought.affected})
    return News(records, arrow.ints(queue, "seq"), digest, brought.statistics, loaded=unjudged)


def _concerned(conn: Connection, logged: Logged, loaded: Sequence[int]) -> list[int] | None:
    """The records to cluster: those with other judgements, another content or no party, and what hangs together with
    them; None: all. Clusters that nothing changed stay as they are."""
    alone = "NOT EXISTS (SELECT FROM party.xref x WHERE x.record_id = r.id)"
    homeless = arrow.fetch(conn, f"SELECT r.id FROM party.source_record r WHERE {alone}", {"id": pa.int64()})  # noqa: S608
    records = logged.records | set(arrow.ints(homeless, "id").tolist()) | set(loaded)
    return None if len(records) > MANY else graph.near(conn, sorted(records))
