"""The data folder of the embedded server: whose it is, where it lies, how it is made.

`data_dir/postgres/` holds the locks, the log and, in `cluster/`, PostgreSQL's own data folder. Where root's data folder
lies in a private home that the server's user cannot enter, `cluster/` lies elsewhere and `postgres/place` says where.
"""

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hutong.platform.postgres import tuning
from hutong.platform.postgres.binaries import EmbeddedPostgresError, programs, run_as

SUPERUSER = "hutong"
PORT = 5432
LONGEST_SOCKET = 107
SHORT = Path("/tmp")  # noqa: S108 - the folder made there has an unforeseeable name and is checked
INCLUDED = "hutong.conf"
LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-ctype=C.UTF-8", "--lc-collate=C"]


@dataclass(frozen=True)
class Cluster:
    """Where the server's data and socket are, and the user it runs as."""

    folder: Path
    socket: Path
    uid: int
    gid: int

    @property
    def mark(self) -> str:
        """Name that all processes of this server carry, and no others."""
        return "hutong-" + sha256(str(self.folder).encode()).hexdigest()[:12]

    def command(self) -> list[str]:
        """The command line of the server."""
        options = {"cluster_name": self.mark, "port": str(PORT), "unix_socket_directories": str(self.socket)}
        server = [str(programs(self.uid, self.gid) / "postgres"), "-D", str(self.folder)]
        return server + [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def home_of(data_dir: Path) -> Path:
    """`data_dir/postgres`, made if need be; folders made by root let others pass, not look."""
    home = data_dir.resolve() / "postgres"
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for folder in missing:
            folder.chmod(0o711)
    return home


def locate(home: Path) -> Cluster:
    """Where the data and the socket of this home are or shall be. Only for one process at a time, as is `prepare`."""
    uid, gid = _user(home)
    place = _place(home, uid, gid)
    return Cluster(place / "cluster", _socket_folder(place, uid, gid), uid, gid)


def prepare(cluster: Cluster, *, durable: bool) -> None:
    """Make the data folder if it is not there, with settings for today's machine. The server is not running."""
    if not cluster.folder.exists():
        _initialise(cluster, durable=durable)
    _check_version(cluster)
    chosen = tuning.settings(ram=tuning.memory(), shm=tuning.shared_memory(), durable=durable)
    _write(cluster.folder / INCLUDED, tuning.as_file(chosen), cluster)


def _user(home: Path) -> tuple[int, int]:
    """Who the server runs as: we ourselves; in root's place the folder's owner, or `nobody`."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for folder in (home / "cluster", home, home.parent):
        if folder.exists() and (stat := folder.stat()).st_uid != 0:
            return stat.st_uid, stat.st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _place(home: Path, uid: int, gid: int) -> Path:
    """The folder that holds `cluster/`: home if the server's user can enter it."""
    note = home / "place"
    if note.exists():
        return Path(note.read_text().strip())
    if _enters(home, uid, gid):
        return home
    temporary = Path(tempfile.gettempdir()).resolve()
    base = temporary if home.is_relative_to(temporary) else Path("/var/lib/hutong")
    base.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="hutong-", dir=base))
    place.chmod(0o711)
    if not _enters(place, uid, gid):
        place.rmdir()
        raise EmbeddedPostgresError(f"user {uid} can enter neither {home} nor {base}: set HUTONG_DATA_DIR")
    note.write_text(f"{place}\n")
    return place


def _enters(folder: Path, uid: int, gid: int) -> bool:
    return run_as(uid, gid, ["test", "-x", folder]).returncode == 0


def _socket_folder(place: Path, uid: int, gid: int) -> Path:
    """A folder only the server's user can enter; a short one under /tmp if the path is too long for a socket."""
    folder = place / "socket"
    note = place / "socket-folder"
    if len(str(folder / f".s.PGSQL.{PORT}").encode()) > LONGEST_SOCKET:
        folder = Path(note.read_text().strip()) if note.exists() else SHORT / f"hutong-{os.urandom(6).hex()}"
        note.write_text(f"{folder}\n")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid not in (os.geteuid(), uid) or folder.is_symlink():
        raise EmbeddedPostgresError(f"{folder} belongs to somebody else: remove it or {note}")
    if folder.stat().st_uid != uid:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)
    return folder


def _initialise(cluster: Cluster, *, durable: bool) -> None:
    """Make the data folder: complete, or not there at all."""
    new = cluster.folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    os.chown(new, cluster.uid, cluster.gid)
    initdb = programs(cluster.uid, cluster.gid) / "initdb"
    command: list[str | Path] = [
        initdb,
        "-D",
        new,
        "-U",
        SUPERUSER,
        "-E",
        "UTF8",
        "-A",
        "peer",
        "--no-instructions",
        *LOCALE,
    ]
    command += [] if durable else ["--no-sync"]
    made = run_as(cluster.uid, cluster.gid, command)
    if made.returncode:
        raise EmbeddedPostgresError(f"initdb failed in {new}: {made.stderr.strip()}")
    _write(
        new / "postgresql.conf",
        f"include '{INCLUDED}'  # rewritten at each start\n# What you set below wins.\n",
        cluster,
    )
    _write(new / "pg_hba.conf", "# Only by socket, only as who one is.\nlocal all all peer map=hutong\n", cluster)
    owners = sorted({"root", pwd.getpwuid(cluster.uid).pw_name})
    _write(new / "pg_ident.conf", "".join(f'hutong "{owner}" all\n' for owner in owners), cluster)
    new.rename(cluster.folder)


def _write(path: Path, content: str, cluster: Cluster) -> None:
    path.write_text(content)
    os.chown(path, cluster.uid, cluster.gid)
    path.chmod(0o600)


def _check_version(cluster: Cluster) -> None:
    """Refuse a data folder of another major version: PostgreSQL would only say so in its log."""
    server = programs(cluster.uid, cluster.gid) / "postgres"
    ours = run_as(cluster.uid, cluster.gid, [server, "--version"]).stdout.split()[-1].split(".")[0]
    theirs = (cluster.folder / "PG_VERSION").read_text().strip()
    if ours != theirs:
        raise EmbeddedPostgresError(
            f"{cluster.folder} was written by PostgreSQL {theirs}, the programs here are {ours}: "
            "dump it with the old version and restore it with this one"
        )
