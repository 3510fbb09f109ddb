"""`hutong serve`: the HTTP server."""

import typer

from hutong.platform.settings import settings


def serve(
    host: str = typer.Option(settings.host, help="address to listen on"),
    port: int = typer.Option(settings.port, help="port"),
    workers: int = typer.Option(settings.http_workers, help="server processes"),
) -> None:
    """Serve the APIs and the console."""
    from granian import Granian
    from granian.constants import Interfaces

    from hutong.platform import database, migrations

    migrations.upgrade_all()
    database.dispose()
    Granian(
        "hutong.server:create_app",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        factory=True,
        log_access=False,
        respawn_failed_workers=True,
    ).serve()
