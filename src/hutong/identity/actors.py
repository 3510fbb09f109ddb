"""From the name in histories and registrations (`user:7`, `client:3`) back to the viewer it stands for."""

from hutong.identity import clients, users
from hutong.identity.principal import Principal
from hutong.platform import database
from hutong.platform.errors import NotFound


def viewer_of(actor: str) -> Principal | None:
    """The viewer behind an actor, with what it may do and see now; None for one that is gone or no longer active."""
    kind, _, number = actor.partition(":")
    if not number.isdigit() or kind not in ("user", "client"):
        return None
    with database.read("identity") as conn:
        if kind == "client":
            return clients.principal(conn, int(number))
        try:
            return users.principal(conn, int(number))
        except NotFound:
            return None
