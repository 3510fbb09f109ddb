"""Words users see: Fluent messages, Chinese and English, a pair of files per center, or per room of one."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource

LOCALES = ("zh-CN", "en")
PACKAGE = Path(__file__).parents[1]


def choose(*wanted: str | None) -> str:
    """The first supported locale among preferences (cookie, user's setting, Accept-Language parts)."""
    from hutong.platform.settings import settings

    for preference in wanted:
        for part in (preference or "").split(","):
            language = part.split(";")[0].strip().lower()
            if language.startswith("zh"):
                return "zh-CN"
            if language.startswith("en"):
                return "en"
    return settings.default_locale


@lru_cache
def bundle(locale: str) -> FluentBundle:
    """All messages of a locale, gathered from every `locale/` folder: `en.ftl`, or of a room, `stewardship.en.ftl`."""
    made = FluentBundle([locale], use_isolating=False)
    for path in sorted(PACKAGE.glob(f"**/locale/*{locale}.ftl")):
        made.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return made


def has_message(message_id: str, locale: str) -> bool:
    """Whether a message exists."""
    return bool(bundle(locale).has_message(message_id))


def translate(message_id: str, locale: str, **params: Any) -> str:
    """The message in a locale. Raises KeyError for an unknown id: a missing word is a defect, not a fallback."""
    return _formatted(message_id, locale, params) if params else _plain(message_id, locale)


@lru_cache(maxsize=20_000)
def _plain(message_id: str, locale: str) -> str:
    """A message that nothing is put into: a page has a hundred of them."""
    return _formatted(message_id, locale, {})


def _formatted(message_id: str, locale: str, params: dict[str, Any]) -> str:
    made = bundle(locale)
    if not made.has_message(message_id):
        raise KeyError(f"no message {message_id} in {locale}")
    message = made.get_message(message_id)
    if message.value is None:
        raise KeyError(f"message {message_id} has no text")
    text, errors = made.format_pattern(message.value, params)
    if errors:
        raise errors[0]
    return str(text)
