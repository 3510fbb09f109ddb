"""One line of what a document that is being written would do (EC-02, EC-15, EC-18)."""

from typing import NamedTuple


class Effect(NamedTuple):
    """`what`: a rule, script or list in the viewer's words. `before`: how many with the document in force (None: it has
    no such rule); `after`: how many with the text being written (None: it leaves it out); `of`: among how many."""

    what: str
    before: int | None
    after: int | None
    of: int | None = None


def compared(
    before: dict[str, tuple[str, int]], after: dict[str, tuple[str, int]], of: int | None = None
) -> list[Effect]:
    """Counts by code (words, count) of two documents side by side, in the order of the new one."""
    names = [*after, *(name for name in before if name not in after)]
    found = [(before.get(name), after.get(name)) for name in names]
    return [
        Effect((now or then or ("", 0))[0], then[1] if then else None, now[1] if now else None, of)
        for then, now in found
    ]
