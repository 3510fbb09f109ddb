"""Words of the command line: one language, chosen here, and the messages in it."""

import os
from typing import Any

from hutong.platform.i18n import LOCALES, choose, has_message, translate
from hutong.platform.settings import settings

LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Of these the first that is set speaks (POSIX)."""


def language() -> str:
    """HUTONG_DEFAULT_LOCALE where it is set, else the language of the terminal where we speak it, else Chinese."""
    stated = settings.default_locale if "default_locale" in settings.model_fields_set else None
    terminal = next((os.environ[name] for name in LOCALE_VARIABLES if os.environ.get(name)), None)
    found = choose(stated, terminal)
    return found if found in LOCALES else LOCALES[0]


def t(message_id: str, **params: Any) -> str:
    """The message in the language of the command line."""
    return translate(message_id, language(), **params)


def word(message_id: str, otherwise: str) -> str:
    """A code in words; as it is where it has none, such as a source system's own codes."""
    return t(message_id) if has_message(message_id, language()) else otherwise


def say(message_id: str, **params: Any) -> None:
    """Print a line. Its markup is the message's own: what fills it is shown as it is."""
    from rich.console import Console
    from rich.markup import escape

    shown = {name: escape(value) if isinstance(value, str) else value for name, value in params.items()}
    Console(highlight=False, soft_wrap=True).print(t(message_id, **shown))
