"""`hutong serve`: the HTTP server."""

import typer

from hutong.cli.words import t
from hutong.platform.settings import settings


def serve(
    host: str = typer.Option(settings.host, help=t("cli-help-host")),
    port: int = typer.Option(settings.port, help=t("cli-help-serve-port")),
    workers: int = typer.Option(settings.http_workers, help=t("cli-help-serve-workers")),
) -> None:
    """Serve the APIs and the console."""
    from granian import Granian
    from granian.constants import Interfaces

    from hutong.platform import database, migrations

    migrations.upgrade_at_start()
    database.dispose()
    Granian(
        "hutong.server:serving",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        factory=True,
        log_access=False,
        respawn_failed_workers=True,
    ).serve()
