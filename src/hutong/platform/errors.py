"""Expected failures: what went wrong, where, and how to mend it; shown as problem details (RFC 9457)."""

from typing import Any, ClassVar

from hutong.platform.i18n import translate


class Problem(Exception):
    """An expected failure. `message_id` names a Fluent message; `params` fill it and must hold nothing personal."""

    status: ClassVar[int] = 400

    def __init__(self, message_id: str, *, field: str | None = None, **params: Any) -> None:
        self.message_id = message_id
        self.field = field
        self.params = params
        super().__init__(message_id)

    @property
    def code(self) -> str:
        """Stable code for programs: the message id."""
        return self.message_id

    def message(self, locale: str) -> str:
        """The sentence shown to a person."""
        return translate(self.message_id, locale, **self.params)

    def details(self, locale: str) -> dict[str, Any]:
        """The problem-details body (RFC 9457)."""
        body: dict[str, Any] = {
            "type": f"urn:hutong:problem:{self.code}",
            "title": self.message(locale),
            "status": self.status,
            "code": self.code,
        }
        if self.field:
            body["field"] = self.field
        return body

    def __str__(self) -> str:
        return self.message("en")


class Invalid(Problem):
    """The request cannot be understood."""

    status = 400


class Unauthenticated(Problem):
    """Nobody signed in."""

    status = 401


class Forbidden(Problem):
    """Signed in, but without the right."""

    status = 403


class NotFound(Problem):
    """No such thing, or none this viewer may see."""

    status = 404


class Conflict(Problem):
    """The state does not allow it, or someone else was first."""

    status = 409


class Gone(Problem):
    """Was there, and is no longer."""

    status = 410


class Unprocessable(Problem):
    """Understood, but a business rule refuses it."""

    status = 422


class TooMany(Problem):
    """Over the caller's quota."""

    status = 429


class Unavailable(Problem):
    """A center or peer does not answer now; the same request may succeed later."""

    status = 503
