"""Which pairs of records matching rules that are being written would judge otherwise, and whose they are (EC-05)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
from sqlalchemy import Connection, text

from hutong.identity import Principal, require
from hutong.party.effect import EXAMPLES, Effect, Example, Told, choose, compared, names_seen
from hutong.party.match.propose import propose
from hutong.party.match.rules import KINDS, RulesDocument
from hutong.party.models import registry
from hutong.party.resolution import judging, match_keys, model_runs, statistics
from hutong.party.resolution.lifting import News, lift_news
from hutong.platform import database
from hutong.platform.i18n import translate

WHOLE = 30_000
"""Records up to which all are compared; of more, those that meet about `SOME` evenly chosen ones."""
SOME = 500
LIFTED = ("records", "news", "generic", "crowded")
"""What `lift_news` makes: read once, compared by both documents."""
VERDICTS = ("same", "unsure", "not_same")


def effects(viewer: Principal, before: RulesDocument | None, after: RulesDocument) -> Told:
    """Pairs that merge, become suspects or are kept apart, and by rule, with the document in force and as written; with
    the model in force. All records are compared where they are few, with the limits of the text; else some with all
    they meet, with the generic values and crowded keys of the statistics in force."""
    require(viewer, "party.model")
    in_force = before or after
    with duckdb.connect() as one, duckdb.connect() as other:
        with database.begin("party") as conn:
            models = registry.in_force(conn)
            news, there = _looked_at(conn, in_force, after)
            lift_news(conn, one, news)
        for table in LIFTED:
            other.register("lifted", one.sql(f"FROM {table}").to_arrow_table())
            other.execute(f"CREATE TABLE {table} AS FROM lifted")
        for duck, rules in ((one, in_force), (other, after)):
            given = news.records is not None
            if not given:
                duck.execute("DROP TABLE generic")
            propose(duck, rules, given=given, modelled=model_runs.over(judging.used(models, rules), rules))
        other.register("judged", one.sql("FROM proposals").to_arrow_table())
        told = _counted(other, in_force, after, viewer.locale)
        differing = other.execute(_DIFFERING).fetchall()
    with database.read("party") as conn:
        examples = _examples(conn, viewer, differing, (in_force, after))
    return Told(told, examples, there if news.records is None else len(news.records), there)


def _looked_at(conn: Connection, before: RulesDocument, after: RulesDocument) -> tuple[News, int]:
    """What is compared, and how many records there are."""
    ids, there = choose(conn, "party.source_record", "true", SOME)
    held, nothing = statistics.current(conn), np.zeros(0, dtype=np.int64)
    if there <= WHOLE:
        return News(None, nothing, "", held), there
    also, crowded = _meet(conn, before, after, ids)
    return News(ids, nothing, "", replace(held, crowded=held.crowded | crowded), also), there


_OWN = "SELECT DISTINCT key FROM ({keyed}) AS keyed"
_MEET = """
SELECT key, CASE WHEN count(*) <= :largest THEN array_agg(id) END AS ids FROM ({keyed}) AS keyed
GROUP BY key HAVING count(*) > 1"""
_OF_OWN = f"AND {match_keys.NUMBER.format('k.key')} = ANY(CAST(:keys AS bigint[]))"


def _meet(
    conn: Connection, before: RulesDocument, after: RulesDocument, ids: Sequence[int]
) -> tuple[list[int], set[int]]:
    """Whom records meet in blocks that are new in the text (match keys know only those in force), by one scan; and the
    keys of such blocks under which too many meet."""
    fresh = {
        str(kind): after.of(kind).model_copy(
            update={"blocks": [block for block in after.of(kind).blocks if block not in before.of(kind).blocks]}
        )
        for kind in KINDS
    }
    if not any(rules.blocks for rules in fresh.values()):
        return [], set()
    rules = after.model_copy(update=fresh)
    own = text(_OWN.format(keyed=match_keys.keyed(rules, "AND r.id = ANY(:ids)")))
    keys = list(conn.execute(own, {"ids": list(ids)}).scalars())
    query = text(_MEET.format(keyed=match_keys.keyed(rules, _OF_OWN)))
    found = conn.execute(query, {"keys": keys, "largest": after.largest_block}).all()
    return sorted({id for row in found for id in row.ids or ()}), {row.key for row in found if row.ids is None}


def _counted(duck: duckdb.DuckDBPyConnection, before: RulesDocument, after: RulesDocument, locale: str) -> list[Effect]:
    """Pairs by verdict; then by rule, the rules for which something differs."""
    counts: list[dict[tuple[str, str], int]] = [
        {(verdict, rule): count for verdict, rule, count in duck.sql(
            f"SELECT verdict, rule, count(*) FROM {table} GROUP BY ALL").fetchall()}  # noqa: S608
        for table in ("judged", "proposals")
    ]  # fmt: skip
    made = []
    for verdict in VERDICTS:
        then, now = (sum(count for (said, _), count in one.items() if said == verdict) for one in counts)
        made.append(Effect(translate(f"party-effect-pairs-{verdict.replace('_', '-')}", locale), then, now))
    by_rule = [
        {rule: (_words(document, rule, locale), sum(n for (_, name), n in one.items() if name == rule))
         for rule in [*_names(document), *sorted({name for _, name in one} - set(_names(document)))]}
        for document, one in zip((before, after), counts, strict=True)
    ]  # fmt: skip
    return made + [row for row in compared(by_rule[0], by_rule[1]) if row.before != row.after]


def _names(document: RulesDocument) -> list[str]:
    own = [document.of(kind) for kind in KINDS]
    return list(dict.fromkeys(rule.rule for one in own for rule in (*one.cannot, *one.strong, *one.weak)))


def _words(document: RulesDocument, name: str | None, locale: str) -> str:
    """A rule in the reader's words; the model by its version."""
    if name is None:
        return translate("party-effect-pair-nothing", locale)
    rule = document.find(name)
    if rule is None:
        return translate("party-effect-pair-model", locale, name=name.rpartition(":")[2])
    return rule.zh if locale == "zh-CN" else rule.en


_DIFFERING = """
SELECT left_id, right_id, j.verdict, j.rule, p.verdict, p.rule
FROM judged j FULL JOIN proposals p USING (left_id, right_id) WHERE j.verdict IS DISTINCT FROM p.verdict
ORDER BY greatest(coalesce(j.strength, 0), coalesce(p.strength, 0)) DESC, left_id, right_id LIMIT 200"""


def _examples(
    conn: Connection, viewer: Principal, pairs: Sequence[Sequence[Any]], documents: tuple[RulesDocument, RulesDocument]
) -> list[Example]:
    """Pairs judged otherwise whose customers the viewer sees."""
    records = sorted({id for pair in pairs for id in pair[:2]})
    homes = text("SELECT record_id, party_id FROM party.xref WHERE record_id = ANY(:ids)")
    party: Mapping[int, int] = {row.record_id: row.party_id for row in conn.execute(homes, {"ids": records})}
    names = names_seen(conn, viewer, sorted(set(party.values())))
    made: list[Example] = []
    for left, right, then, then_rule, now, now_rule in pairs:
        whose = dict.fromkeys(party.get(id, 0) for id in (left, right))
        if not all(id in names for id in whose):
            continue
        said = [
            " · ".join([translate(f"party-effect-pair-{(verdict or 'nothing').replace('_', '-')}", viewer.locale)]
                       + ([_words(document, rule, viewer.locale)] if rule else []))
            for verdict, rule, document in ((then, then_rule, documents[0]), (now, now_rule, documents[1]))
        ]  # fmt: skip
        one = Example([(id, names[id]) for id in whose], "", said[0], said[1])
        if one not in made:
            made.append(one)
        if len(made) == EXAMPLES:
            break
    return made
