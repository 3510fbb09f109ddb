"""Names for what histories and logs call actors (`user:7`) and for source systems, kept for half a minute."""

import time
from functools import lru_cache

from hutong.identity import users
from hutong.party.reading import listing
from hutong.platform import database
from hutong.platform.i18n import translate

REMEMBERED_FOR = 30
SYSTEMS = ("system", "worker", "rules", "seed", "schedule")


def name_of(actor: str | None, locale: str) -> str:
    """A person's or calling system's name; "the system" for what nobody did by hand."""
    if not actor:
        return ""
    if actor.split(":")[0] in SYSTEMS:
        return translate("web-the-system", locale)
    if actor.startswith("customer:"):
        return translate("web-the-customer", locale)
    return _names(int(time.monotonic() // REMEMBERED_FOR), str(database.engine().url)).get(actor, actor)


def person(actor: str | None) -> str | None:
    """The actor where it is somebody; None for what nobody did by hand, and need not be said."""
    return None if not actor or actor.split(":")[0] in SYSTEMS else actor


def source_name(code: str, locale: str) -> str:
    """A source system's name."""
    return _sources(locale, int(time.monotonic() // REMEMBERED_FOR), str(database.engine().url)).get(code, code)


@lru_cache(maxsize=8)
def _names(_moment: int, _url: str) -> dict[str, str]:
    with database.read("identity") as conn:
        return users.names(conn)


@lru_cache(maxsize=8)
def _sources(locale: str, _moment: int, _url: str) -> dict[str, str]:
    return listing.source_names(locale)
