"""A refused expression: what, where, and how to mend it."""

from typing import Any

from hutong.platform.cel.syntax import Place
from hutong.platform.errors import Unprocessable


class ExpressionError(Unprocessable, ValueError):
    """An expression cannot be accepted. `line` and `column` count from 1. A ValueError too: where a document holds the
    expression, its model tells the place."""

    def __init__(self, message_id: str, at: Place, **params: Any) -> None:
        self.line, self.column = at
        super().__init__(f"platform-cel-{message_id}", line=str(at.line), column=str(at.column), **params)

    def details(self, locale: str) -> dict[str, Any]:
        """The problem-details body, with the place."""
        return super().details(locale) | {"line": self.line, "column": self.column}
