"""What a publication would change: the preview shown before it (BL-03), and the text of a change in the console."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hutong.catalog.document import Kind
from hutong.catalog.documents import Draft


@dataclass(frozen=True)
class Edit:
    """One place of a document: `before` or `after` is None where the place is new or gone."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """A document that would be new, or change, with every changed place."""

    kind: Kind
    code: str
    change: Literal["new", "changed"]
    edits: tuple[Edit, ...] = ()


def between(published: Mapping[tuple[Kind, str], Mapping[str, Any]], drafts: Sequence[Draft]) -> list[Difference]:
    """Differences between published bodies and drafts; unchanged documents are not named."""
    found: list[Difference] = []
    for draft in drafts:
        kind, code = draft.key
        if (before := published.get(draft.key)) is None:
            found.append(Difference(kind, code, "new"))
        elif edits := tuple(_edits("", before, draft.body)):
            found.append(Difference(kind, code, "changed", edits))
    return found


def _edits(path: str, before: Any, after: Any) -> Iterator[Edit]:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _by_key(path, before, after, ".")
    elif _coded(before) and _coded(after):
        old, new = ({item["code"]: item for item in items} for items in (before, after))
        if list(old) != list(new) and old.keys() == new.keys():
            yield Edit(path, list(old), list(new))
        yield from _by_key(path, old, new, "/")
    else:
        yield Edit(path, before, after)


def _by_key(path: str, before: Mapping[str, Any], after: Mapping[str, Any], joint: str) -> Iterator[Edit]:
    for key in {**before, **after}:
        yield from _edits(f"{path}{joint}{key}" if path else str(key), before.get(key), after.get(key))


def _coded(value: Any) -> bool:
    """A list of parts with distinct codes, compared part by part."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) and "code" in item for item in value):
        return False
    return len({item["code"] for item in value}) == len(value)
