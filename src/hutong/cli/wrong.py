"""What went wrong, where and how to mend it, in the user's words: expected failures, and commands called wrongly."""

import re

from typer._click.exceptions import (
    BadParameter,
    ClickException,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)

from hutong.cli.words import language, t
from hutong.platform.errors import Problem

REASONS = {
    r"(?i:file|directory|path) '(?P<path>.*)' does not exist": "cli-usage-missing-file",
    r"(?i:file|directory|path) '(?P<path>.*)' is a file": "cli-usage-no-folder",
    r"(?i:file|directory|path) '(?P<path>.*)' is a directory": "cli-usage-no-file",
    r"(?i:file|directory|path) '(?P<path>.*)' is not readable": "cli-usage-unreadable",
    r"greater than or equal to (?P<limit>\S+?)\.?$": "cli-usage-least",
    r"less than or equal to (?P<limit>\S+?)\.?$": "cli-usage-most",
    r"valid integer": "cli-usage-integer",
    r"valid (?:number|float)": "cli-usage-number",
    r"valid boolean": "cli-usage-boolean",
    r"Option '(?P<name>.*)' requires an argument": "cli-usage-needs-value",
    r"Option '(?P<name>.*)' does not take a value": "cli-usage-takes-none",
    r"No such command '(?P<name>[^']*)'": "cli-usage-no-command",
    r"Missing command": "cli-usage-command",
    r"unexpected extra argument(?:s|\(s\))? \((?P<name>.*)\)": "cli-usage-extra",
}
"""Sentences of Typer, and ours for them. One that is not here is shown as it is."""


def expected(error: Exception) -> list[str] | None:
    """The lines to show for a failure that can happen to a user; None for a defect, which shows where it is."""
    if isinstance(error, Problem):
        details = error.details(language())
        return [*(str(line) for line in details.get("errors", ())), details["title"]]
    return _without_database(error)


def _without_database(error: Exception) -> list[str] | None:
    """PostgreSQL cannot be reached, or does not start. A statement's own failure is not that, and may hold data."""
    from sqlalchemy.exc import OperationalError

    from hutong.platform.postgres.binaries import EmbeddedPostgresError

    if isinstance(error, OperationalError) and error.statement is None:
        return [t("cli-no-database", why=str(error.orig).splitlines()[0])]
    if isinstance(error, EmbeddedPostgresError):
        return [t("cli-no-server", why=str(error))]
    return None


def in_words(error: ClickException) -> ClickException:
    """The same wrong call, told in the user's language."""
    if isinstance(error, NoArgsIsHelpError) or not isinstance(error, UsageError):
        return error
    return UsageError(_sentence(error), error.ctx)


def _sentence(error: UsageError) -> str:
    if isinstance(error, MissingParameter):
        return t("cli-usage-missing", where=_where(error))
    if isinstance(error, NoSuchOption):
        near = ", ".join(sorted(error.possibilities or ()))
        return t("cli-usage-no-option", name=error.option_name) + (t("cli-usage-near", names=near) if near else "")
    why = _reason(error.message)
    if isinstance(error, BadParameter):
        return t("cli-usage-bad-value", where=_where(error), why=why)
    return why


def _where(error: BadParameter) -> str:
    """The option or argument, as the user writes it."""
    hint = error.param_hint or (error.param.get_error_hint() if error.param else "")
    return hint if isinstance(hint, str) else " / ".join(hint)


def _reason(message: str) -> str:
    for pattern, message_id in REASONS.items():
        if found := re.search(pattern, message):
            return t(message_id, **found.groupdict())
    return message
