"""Masking (脱敏): what of a sensitive value is shown to a viewer without the right to see it (EC-17). Pure."""

from collections.abc import Callable, Mapping

STAR = "*"


def mask_name(value: str) -> str:
    """张三丰 → 张**; Ann Lee → A** L**; an organisation keeps its first two characters."""
    if value.isascii():
        return " ".join(word[0] + STAR * 2 for word in value.split())
    keep = 2 if len(value) > 5 else 1
    return value[:keep] + STAR * max(len(value) - keep, 1)


def mask_middle(value: str, first: int, last: int) -> str:
    """Keep the first and last characters; a value too short to keep any is starred whole."""
    hidden = len(value) - first - last
    if hidden <= 0:
        return STAR * len(value)
    return value[:first] + STAR * hidden + (value[-last:] if last else "")


def mask_email(value: str) -> str:
    """The first letter and the domain."""
    local, at, domain = value.partition("@")
    return local[:1] + STAR * 3 + at + domain if at else STAR * len(value)


def mask_address(value: str) -> str:
    """The beginning, at most six characters: the region. A house's parts by themselves (人民路|771) begin with the
    road: nothing of them is shown."""
    return STAR * len(value) if "|" in value else mask_middle(value, min(6, len(value) // 2), 0)


MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "id_card": lambda value: mask_middle(value, 3, 2),
    "phone": lambda value: mask_middle(value, max(len(value) - 8, 0), 4),
    "address": mask_address,
    "bank_card": lambda value: mask_middle(value, 0, 4),
    "email": mask_email,
}


def mask(kind: str, value: str | None) -> str | None:
    """The masked form of a value of a kind. Raises KeyError for an unknown kind: nothing slips through unmasked."""
    return None if value is None else MASKS[kind](value)
