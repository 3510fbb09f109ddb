"""`hutong setup`: an empty installation for one's own data: roles, code sets, and somebody who may sign in."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from hutong.cli.words import say, t

PACKS = Path(__file__).parents[3] / "packs"


def setup(
    login: Annotated[str, typer.Option(help=t("cli-help-setup-login"))] = "admin",
    password: Annotated[str, typer.Option(help=t("cli-help-setup-password"), envvar="HUTONG_SETUP_PASSWORD")] = "",
) -> None:
    """Load roles and code sets, and make an administrator. Repeatable: then it sets the password."""
    from hutong import masterdata
    from hutong.identity import roles, users
    from hutong.platform import database, migrations

    migrations.upgrade_all(anew=False)
    chosen = password or secrets.token_urlsafe(9)
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        users.save(conn, login=login, name=login, password=chosen, unit_code="hq", roles=["administrator"])
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACKS / "base" / "codes")
    say("cli-setup-done", login=login, password="*" if password else chosen)
