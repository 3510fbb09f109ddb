"""`hutong client`: let another system call, with rights, fields in clear and rows of its own (EC-14, EC-17)."""

from typing import Annotated

import typer

from hutong.cli.words import say, t

PER_SECOND = 100


def client(  # noqa: PLR0917 (one parameter per option of the command)
    code: Annotated[str, typer.Argument(help=t("cli-help-client-code"))],
    right: Annotated[list[str], typer.Option(help=t("cli-help-client-right"))],
    name: Annotated[str, typer.Option(help=t("cli-help-client-name"))] = "",
    clear: Annotated[list[str] | None, typer.Option(help=t("cli-help-client-clear"))] = None,
    rows: Annotated[str, typer.Option(help=t("cli-help-client-rows"))] = "",
    per_second: Annotated[int, typer.Option(min=1, help=t("cli-help-client-per-second"))] = PER_SECOND,
) -> None:
    """Register a calling system, or replace its grants and key; print the key, which is kept nowhere in clear."""
    from hutong.identity import clients, row_scope
    from hutong.identity.principal import Principal
    from hutong.party import visibility
    from hutong.platform import database

    scopes = {"party": rows} if rows else {}
    tried = Principal(0, "client", code, frozenset(right), scopes=scopes)
    row_scope(tried, "party", visibility.columns(tried))  # a condition nobody can read is refused here
    with database.begin("identity") as conn:
        key = clients.register(
            conn, code=code, name=name or code, rights=right, per_second=per_second, clear=clear or (), scopes=scopes
        )
    say("cli-client-made", code=code, key=key)
