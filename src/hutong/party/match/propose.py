"""From records to proposals, set-wise in DuckDB: generic values disarmed, candidate pairs by block, rules applied.

Reads the relation `records` (id, rank, source, kind, attributes of `columns.py`); `rank` is the order of (source, key),
so that nothing depends on when a record arrived.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from hutong.party.columns import NAMES
from hutong.party.match.features import FEATURES
from hutong.party.match.likeness import register
from hutong.party.match.rules import KINDS, Kind, Rule, RulesDocument

_PHONES = ("mobile", "phone", "other_phone")
_KEY_SQL = {"name_start": "left(name, 4)", "name_core_start": "left(name_core, 4)"}


@dataclass(frozen=True)
class Proposed:
    """How much was compared."""

    pairs: int
    generic_values: int
    skipped_blocks: int


Modelled = Callable[[duckdb.DuckDBPyConnection, Kind], None]
"""Adds to `pairs` of a kind what a model's own blocks bring together, and makes the table `modelled` (a, b, verdict,
rule, strength, reasons) of what it says of them."""


def propose(
    duck: duckdb.DuckDBPyConnection, rules: RulesDocument, *, given: bool = False, modelled: Modelled | None = None
) -> Proposed:
    """Make the tables `generic` (kind, value) and `proposals` (left_id, right_id, verdict, rule, strength, reasons).

    `given`: the statistics are a published version's: `generic` is there, `crowded` (first 16 digits of the MD5 of a
    match key) says which blocks not to use, and only pairs with a record of `news` (rank) are compared. `modelled`: a
    model in force; it speaks where no rule merges or forbids.
    """
    register(duck)
    disarm(duck, rules, given=given)
    duck.execute(
        """CREATE TABLE proposals (left_id BIGINT, right_id BIGINT, verdict VARCHAR, rule VARCHAR, strength INT,
                                   reasons VARCHAR)"""
    )
    pairs = skipped = 0
    for kind in KINDS:
        skipped += _candidates(duck, kind, rules, given=given)
        duck.execute(
            """CREATE OR REPLACE TABLE modelled (a BIGINT, b BIGINT, verdict VARCHAR, rule VARCHAR, strength INT,
                                                 reasons VARCHAR)"""
        )
        if modelled:
            modelled(duck, kind)
        pairs += _count(duck, "pairs")
        _judge(duck, kind, rules)
        duck.execute("DROP TABLE pairs")
    return Proposed(pairs, _count(duck, "generic"), skipped)


def _count(duck: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(duck.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # noqa: S608


def disarm(duck: duckdb.DuckDBPyConnection, rules: RulesDocument, *, given: bool = False) -> None:
    """`generic`: values under more distinct names than the document allows; `comparable`: records without them."""
    if not given:
        _count_generic(duck, rules)
    _compare_without(duck, rules)


def _count_generic(duck: duckdb.DuckDBPyConnection, rules: RulesDocument) -> None:
    parts = []
    for kind, limit in rules.generic.items():
        value = "unnest([" + ", ".join(_PHONES) + "])" if kind == "phone" else kind
        parts.append(
            f"""SELECT '{kind}' AS kind, value FROM (SELECT {value} AS value, name_key FROM records)
                WHERE value IS NOT NULL GROUP BY value HAVING count(DISTINCT name_key) > {limit}"""  # noqa: S608
        )
    duck.execute("CREATE TABLE generic AS " + " UNION ALL ".join(parts))


def _compare_without(duck: duckdb.DuckDBPyConnection, rules: RulesDocument) -> None:
    armed = "list_filter(list_distinct([{}]), lambda p: p IS NOT NULL AND NOT contains(g.phones, p))".format(
        ", ".join(_PHONES)
    )
    plain = ", ".join(
        f"CASE WHEN {name} IN (SELECT value FROM generic WHERE kind = '{name}') THEN NULL ELSE {name} END AS {name}"  # noqa: S608
        for name in rules.generic
        if name != "phone"
    )
    duck.execute(
        f"""CREATE TABLE comparable AS
            SELECT r.* REPLACE ({plain}), {armed} AS phones
            FROM records r,
                 (SELECT coalesce(list(value), []::VARCHAR[]) AS phones FROM generic WHERE kind = 'phone') g"""  # noqa: S608
    )


def _candidates(duck: duckdb.DuckDBPyConnection, kind: Kind, rules: RulesDocument, *, given: bool = False) -> int:
    """`pairs`: each two records of a kind that share all keys of a block; returns the blocks too large to use."""
    duck.execute("CREATE TABLE found (a BIGINT, b BIGINT)")
    skipped = 0
    for block in rules.of(kind).blocks:
        keys = [("unnest(phones)" if key == "phone" else _KEY_SQL.get(key, key)) for key in block]
        named = ", ".join(f"{sql} AS k{place}" for place, sql in enumerate(keys))
        names = [f"k{place}" for place in range(len(keys))]
        listed, present = ", ".join(names), " AND ".join(f"{name} IS NOT NULL" for name in names)
        usable = _uncrowded(kind, block) if given else f"len(members) <= {rules.largest_block}"
        duck.execute(
            f"""CREATE OR REPLACE TABLE blocked AS
                SELECT {listed}, list(rank ORDER BY rank) AS members FROM (
                    SELECT DISTINCT rank, {listed}
                    FROM (SELECT rank, {named} FROM comparable WHERE kind = ?) WHERE {present})
                GROUP BY {listed} HAVING count(*) > 1""",  # noqa: S608
            [kind],
        )
        row = duck.execute(f"SELECT count(*) FROM blocked WHERE NOT ({usable})").fetchone()  # noqa: S608
        skipped += int(row[0]) if row else 0
        duck.execute(
            f"""INSERT INTO found SELECT a, b FROM (
                    SELECT a, unnest(members) AS b FROM (
                        SELECT unnest(members) AS a, members FROM blocked WHERE {usable})) WHERE a < b"""  # noqa: S608
        )
    wanted = "WHERE a IN (FROM news) OR b IN (FROM news)" if given else ""
    duck.execute(f"CREATE TABLE pairs AS SELECT DISTINCT a, b FROM found {wanted}")  # noqa: S608
    duck.execute("DROP TABLE found")
    return skipped


def _uncrowded(kind: Kind, block: Sequence[str]) -> str:
    """Whether a block's key is none of the crowded ones (`resolution/match_keys.py` tells what a key is)."""
    values = " || chr(31) || ".join(f"k{place}::VARCHAR" for place in range(len(block)))
    return f"left(md5('{kind}:{'+'.join(block)}:' || {values}), 16) NOT IN (FROM crowded)"


def _first(rules: Sequence[Rule], value: str, columns: dict[str, str]) -> str:
    """A CASE that gives, for the first rule that holds, its name or strength."""
    if not rules:
        return "NULL"
    cases = [
        f"WHEN {rule.condition.to_sql('duckdb', columns, condition=True)} "
        f"THEN {repr(rule.rule) if value == 'rule' else rule.strength}"
        for rule in rules
    ]
    return f"CASE {' '.join(cases)} END"


def _judge(duck: duckdb.DuckDBPyConnection, kind: Kind, rules: RulesDocument) -> None:
    """Cannot-link rules, those that merge, the model, those that suspect, in this order; a refusal is kept where
    something would have held."""
    own = rules.of(kind)
    features = {name: name.replace(".", "_") for name in FEATURES}
    fields = {f"{side}.{name}": f"{side}_{name}" for side in "ab" for name in (*NAMES, "source")}
    columns = {**features, **fields}
    used = {name for rule in (*own.strong, *own.cannot, *own.weak) for name in rule.condition.names}
    listed = [f"{FEATURES[name].sql} AS {alias}" for name, alias in features.items()]
    listed += [f"{name} AS {fields[name]}" for name in sorted(used & set(fields))]
    held = [f"CASE WHEN {features[name]} THEN '{name}' END" for name in FEATURES if FEATURES[name].type == "bool"]
    held += [f"'{name}=' || {features[name]}" for name in FEATURES if FEATURES[name].type == "int"]
    duck.execute(
        f"""INSERT INTO proposals
            SELECT least(a_id, b_id), greatest(a_id, b_id),
                   CASE WHEN never IS NOT NULL THEN 'not_same' WHEN strong IS NOT NULL THEN 'same'
                        ELSE coalesce(model_verdict, 'unsure') END,
                   coalesce(never, strong, model, weak),
                   coalesce(never_strength, strong_strength, model_strength, weak_strength),
                   CASE WHEN never IS NULL AND strong IS NULL AND model IS NOT NULL THEN model_reasons ELSE reasons END
            FROM (
                SELECT a_id, b_id, model, model_verdict, model_strength, model_reasons,
                       {_first(own.cannot, "rule", columns)} AS never,
                       {_first(own.cannot, "strength", columns)} AS never_strength,
                       {_first(own.merging, "rule", columns)} AS strong,
                       {_first(own.merging, "strength", columns)} AS strong_strength,
                       {_first(own.suspecting, "rule", columns)} AS weak,
                       {_first(own.suspecting, "strength", columns)} AS weak_strength,
                       to_json(list_filter([{", ".join(held)}], lambda f: f IS NOT NULL)) AS reasons
                FROM (SELECT a.id AS a_id, b.id AS b_id, m.rule AS model, m.verdict AS model_verdict,
                             m.strength AS model_strength, m.reasons AS model_reasons, {", ".join(listed)}
                      FROM pairs p JOIN comparable a ON a.rank = p.a JOIN comparable b ON b.rank = p.b
                      LEFT JOIN modelled m ON m.a = p.a AND m.b = p.b))
            WHERE strong IS NOT NULL OR weak IS NOT NULL OR model IS NOT NULL"""  # noqa: S608
    )
