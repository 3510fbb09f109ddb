"""Expressions on one object: microseconds per evaluation of three runtimes side by side. `python -m bench.expressions`.

Ours (the checked tree as nested functions), `common-expression-language` (Rust) and `cel-python` get the same rules and
values; also milliseconds to parse and check a rule, and to translate it to SQL.
"""

import timeit
from collections.abc import Callable
from typing import Any

import cel
import celpy

from hutong.platform.cel import Environment, parse

ENVIRONMENT = Environment(
    {
        "event": {"duration": "int", "kind": "string", "fee": "money", "roaming": "bool"},
        "row": {"branch": "string"},
    }
)
VALUES = {
    "event": {"duration": 75, "kind": "voice", "fee": 1_500_000, "roaming": False},
    "row": {"branch": "010203"},
}
COLUMNS = {f"event.{name}": name for name in VALUES["event"]} | {"row.branch": "branch"}
RULES = {
    "comparisons": "event.duration > 60 && event.kind == 'voice' && event.fee < 50000000",
    "lists, text": "event.kind in ['sms', 'mms', 'voice'] && row.branch.startsWith('0102') && !event.roaming",
    "arithmetic": "(event.duration + 59) / 60 * 150000 > event.fee ? 1 : 2",
}


def micros(work: Callable[[], Any], times: int) -> float:
    """Microseconds per call: the best of five rounds."""
    work()
    return min(timeit.repeat(work, number=times, repeat=5)) / times * 1e6


def main() -> None:
    """Print one line per rule."""
    print(f"{'µs per evaluation':20}{'ours':>10}{'Rust':>10}{'cel-python':>12}{'parse ms':>10}{'SQL ms':>10}")
    for name, source in RULES.items():
        ours, rust = parse(source, ENVIRONMENT), cel.compile(source)
        environment = celpy.Environment()
        python, given = environment.program(environment.compile(source)), celpy.json_to_cel(VALUES)
        assert ours.evaluate(VALUES) == rust.execute(VALUES) == python.evaluate(given)
        figures = (
            micros(lambda ours=ours: ours.evaluate(VALUES), 20_000),
            micros(lambda rust=rust: rust.execute(VALUES), 5_000),
            micros(lambda python=python, given=given: python.evaluate(given), 300),
            micros(lambda source=source: parse.__wrapped__(source, ENVIRONMENT), 200) / 1000,
            micros(lambda ours=ours: ours.to_sql("postgres", COLUMNS, condition=True), 100) / 1000,
        )
        print(f"{name:20}{figures[0]:10.2f}{figures[1]:10.2f}{figures[2]:12.1f}{figures[3]:10.2f}{figures[4]:10.2f}")


if __name__ == "__main__":
    main()
