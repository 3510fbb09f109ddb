"""Short upkeep that runs by a schedule, by one worker at a time, without a job's row."""

from collections.abc import Callable

DECLARED: dict[str, tuple[str, Callable[[], object]]] = {}
"""Name → cron in UTC, and what runs."""


def periodic(cron: str, name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Declare upkeep by a cron in UTC."""

    def register(run: Callable[[], object]) -> Callable[[], object]:
        DECLARED[name] = (cron, run)
        return run

    return register


def times() -> dict[str, str]:
    """Declared upkeep: name → cron in UTC."""
    return {name: cron for name, (cron, _) in DECLARED.items()}
