"""The embedded database: shared by processes, stopped by the last, recovered after any kill."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

import hutong
from hutong.platform import embedded_postgres
from hutong.platform.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from hutong.platform.postgres import tuning
from hutong.platform.postgres.cluster import home_of, locate
from hutong.platform.postgres.processes import of_cluster

KEEPER = "hutong.platform.postgres.keeper"
USER = """
import sys
from pathlib import Path
from hutong.platform.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
print(server.acquire(), flush=True)
sys.stdin.readline()
server.release()
"""
TRIGRAMS = """
import sys
from pathlib import Path
import psycopg
from hutong.platform.embedded_postgres import running
with running(Path(sys.argv[1]), durable=False) as url, psycopg.connect(url.replace("+psycopg", "")) as conn:
    conn.execute("CREATE EXTENSION pg_trgm")
    print(*conn.execute("SELECT cardinality(show_trgm('张三丰')), 'É' ~ '[[:alpha:]]', lower('É') = 'é'").fetchone())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short folder that the server's user can enter; no server of it is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="hutong-test-"))
    folder.chmod(0o755)
    yield folder
    eventually(lambda: not processes(folder))
    shutil.rmtree(folder)


def servers(data_dir: Path) -> list[int]:
    """The server processes of this folder."""
    cluster = locate(home_of(data_dir))
    return of_cluster(cluster.mark, cluster.uid)


def processes(data_dir: Path) -> list[psutil.Process]:
    """The keeper and server processes of this folder."""
    cluster = locate(home_of(data_dir))
    pids = of_cluster(cluster.mark, cluster.uid)
    return [p for p in psutil.process_iter() if p.pid in pids or is_keeper(p, cluster.mark)]


def is_keeper(process: psutil.Process, mark: str) -> bool:
    """Whether this is the keeper of the server with this mark."""
    return KEEPER in words(process) and mark in " ".join(words(process))


def words(process: psutil.Process) -> list[str]:
    """The command line; nothing if the process is gone."""
    try:
        return process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.NoSuchProcess:
        return []


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


def user(data_dir: Path) -> subprocess.Popen[str]:
    """Another process that uses the folder until a line is written to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline().startswith("postgresql+psycopg://")
    return process


def end(process: subprocess.Popen[str], *, kill: bool = False) -> None:
    """Let a user leave, or kill it."""
    if kill:
        process.kill()
    process.communicate("\n" if not kill else None)


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection to a SQLAlchemy URL."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def postmaster(url: str) -> int:
    """Process id of the server's first process."""
    with connect(url) as conn:
        return int(str(conn.execute("SELECT pg_read_file('postmaster.pid')").fetchone()[0]).split()[0])  # type: ignore[index]


def test_two_processes_share_one_server_and_the_last_stops_it(data_dir: Path) -> None:
    """The first to leave changes nothing; when the last has left nothing runs."""
    with embedded_postgres.running(data_dir, durable=False) as url:
        first = postmaster(url)
        other = user(data_dir)
        assert postmaster(url) == first
    assert processes(data_dir)
    assert postmaster(url) == first
    end(other)
    assert not servers(data_dir)


def test_two_processes_that_start_at_once_get_one_server(data_dir: Path) -> None:
    """Four processes arrive at an empty folder together: one postmaster."""
    command = [sys.executable, "-c", USER, str(data_dir)]
    users = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    urls = {process.stdout.readline().strip() for process in users if process.stdout}
    assert len(urls) == 1
    cluster = locate(home_of(data_dir))
    postmasters = [pid for pid in of_cluster(cluster.mark, cluster.uid) if "-D" in psutil.Process(pid).cmdline()]
    assert postmasters == [postmaster(urls.pop())]
    for process in users:
        end(process)


def test_killed_users_leave_no_server_behind(data_dir: Path) -> None:
    """kill -9 of the only user, who started the server: it stops, and the data is there for the next."""
    killed = user(data_dir)
    with embedded_postgres.running(data_dir, durable=False) as url, connect(url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
    end(killed, kill=True)
    eventually(lambda: not processes(data_dir))
    with embedded_postgres.running(data_dir, durable=False) as url, connect(url) as conn:
        assert conn.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_killed_postmaster_comes_back_with_all_committed_data(data_dir: Path) -> None:
    """kill -9 of the postmaster: `ensure` gives the same URL of a recovered server."""
    server = EmbeddedPostgres(data_dir)
    url = server.acquire()
    for round_ in range(3):
        with connect(url) as conn:
            conn.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
            conn.execute("INSERT INTO kept VALUES (%s)", [round_])
        killed = postmaster(url)
        os.kill(killed, signal.SIGKILL)
        assert server.ensure() == url
        assert postmaster(url) != killed
    with connect(url) as conn:
        assert conn.execute("SELECT array_agg(n ORDER BY n) FROM kept").fetchone() == ([0, 1, 2],)
    server.release()


def test_a_killed_postmaster_comes_back_unasked(data_dir: Path) -> None:
    """The keeper restarts it even if no user asks."""
    with embedded_postgres.running(data_dir, durable=False) as url:
        killed = postmaster(url)
        os.kill(killed, signal.SIGKILL)

        def back() -> bool:
            try:
                return postmaster(url) != killed
            except psycopg.OperationalError:
                return False

        eventually(back)


def test_a_killed_keeper_leaves_no_orphan_and_is_replaced(data_dir: Path) -> None:
    """kill -9 of the keeper: the server goes with it; `ensure` brings both back."""
    server = EmbeddedPostgres(data_dir, durable=False)
    url = server.acquire()
    keeper = next(p for p in processes(data_dir) if KEEPER in words(p))
    keeper.kill()
    eventually(lambda: not processes(data_dir))
    assert server.ensure() == url
    assert postmaster(url)
    server.release()


def test_everything_killed_at_once(data_dir: Path) -> None:
    """kill -9 of user, keeper and postmaster together, backends left to themselves: the next user finds the data."""
    killed = user(data_dir)
    with embedded_postgres.running(data_dir, durable=False) as url, connect(url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
        first = postmaster(url)
    keeper = next(p for p in processes(data_dir) if KEEPER in words(p))
    for pid in (keeper.pid, first, killed.pid):
        os.kill(pid, signal.SIGKILL)
    killed.communicate()
    with embedded_postgres.running(data_dir, durable=False) as url, connect(url) as conn:
        assert conn.execute("SELECT n FROM kept").fetchone() == (7,)


def test_chinese_trigrams_whatever_the_surroundings_say(data_dir: Path) -> None:
    """Under LC_ALL=C letters of all scripts are letters: 张三丰 has four trigrams."""
    surroundings = os.environ | {"LC_ALL": "C"}
    ran = subprocess.run(
        [sys.executable, "-c", TRIGRAMS, str(data_dir)], env=surroundings, capture_output=True, text=True
    )
    assert ran.stdout.split() == ["4", "True", "True"], ran.stderr


def test_works_as_an_ordinary_user() -> None:
    """Root runs the same as `nobody`; anybody else is an ordinary user already."""
    if os.geteuid() != 0:
        assert locate(home_of(Path(tempfile.mkdtemp()))).uid == os.geteuid()
        return
    nobody = pwd.getpwnam("nobody")
    python = python_for(nobody.pw_uid)
    folder = Path(tempfile.mkdtemp(prefix="hutong-test-"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    packages = [str(Path(hutong.__file__).parent.parent), str(Path(psycopg.__file__).parent.parent)]
    ran = subprocess.run(
        [python, "-c", TRIGRAMS, str(folder)],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": ":".join(packages), "HOME": str(folder), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == ["4", "True", "True"], ran.stderr
    assert (folder / "postgres" / "cluster").stat().st_uid == nobody.pw_uid
    shutil.rmtree(folder)


def python_for(uid: int) -> str:
    """This Python, or its like elsewhere, that this user can run with the packages installed here."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    package = Path(psycopg.__file__)
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        try:
            ran = subprocess.run([python, "-c", f"open({str(package)!r})"], user=uid, cwd="/", capture_output=True)
        except OSError:
            continue
        if ran.returncode == 0:
            return python
    pytest.skip(f"nobody but root can run this Python {version} with the packages installed here")


def test_long_paths_and_names_that_need_care(data_dir: Path) -> None:
    """A socket's path may have 107 bytes at most; ours are longer here, with a space, a quote and Chinese."""
    deep = data_dir / "户通 it's" / ("x" * 90)
    with embedded_postgres.running(deep, durable=False) as url, connect(url) as conn:
        assert conn.execute("SELECT current_setting('data_directory')").fetchone() == (
            str(deep.resolve() / "postgres" / "cluster"),
        )
        socket = locate(home_of(deep)).socket
    assert not servers(deep)
    shutil.rmtree(socket)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that the server's user cannot enter")
def test_data_in_a_private_home_lies_elsewhere(data_dir: Path) -> None:
    """Root's folder is closed to the server's user: the note `place` says where the data is, and it is found again."""
    private = data_dir / "private"
    private.mkdir(mode=0o700)
    for _ in range(2):
        with embedded_postgres.running(private, durable=False) as url, connect(url) as conn:
            conn.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    place = Path((private / "postgres" / "place").read_text().strip())
    assert (place / "cluster" / "PG_VERSION").exists()
    shutil.rmtree(place)


def test_only_the_owner_may_connect(data_dir: Path) -> None:
    """Nothing listens on the network, the socket's folder is closed, and nobody can pass for somebody else."""
    with embedded_postgres.running(data_dir, durable=False) as url, connect(url) as conn:
        assert conn.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
        assert {row[0] for row in conn.execute("SELECT auth_method FROM pg_hba_file_rules")} == {"peer"}
        assert locate(home_of(data_dir)).socket.stat().st_mode & 0o777 == 0o700


def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    """A setting that PostgreSQL does not know: the error carries the end of its log."""
    embedded_postgres_ran(data_dir)
    with (data_dir / "postgres" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    server = EmbeddedPostgres(data_dir)
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.acquire()
    server.release()


def test_another_major_version_is_refused(data_dir: Path) -> None:
    """Data written by PostgreSQL 17 is not touched."""
    embedded_postgres_ran(data_dir)
    (data_dir / "postgres" / "cluster" / "PG_VERSION").write_text("17\n")
    server = EmbeddedPostgres(data_dir)
    with pytest.raises(EmbeddedPostgresError, match="written by PostgreSQL 17"):
        server.acquire()
    server.release()


def embedded_postgres_ran(data_dir: Path) -> None:
    """Make the data folder."""
    with embedded_postgres.running(data_dir, durable=False):
        pass


def test_what_an_operator_sets_wins(data_dir: Path) -> None:
    """postgresql.conf is the operator's; ours is included above it."""
    embedded_postgres_ran(data_dir)
    with (data_dir / "postgres" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("max_connections = 33\n")
    with embedded_postgres.running(data_dir) as url, connect(url) as conn:
        assert conn.execute("SELECT current_setting('max_connections'), current_setting('jit')").fetchone() == (
            "33",
            "off",
        )


def test_settings_fit_the_machine() -> None:
    """Small and big machines stay within bounds; a small /dev/shm is not relied on."""
    small = tuning.settings(ram=512 << 20, shm=64 << 20, durable=True)
    assert (small["shared_buffers"], small["work_mem"], small["dynamic_shared_memory_type"]) == ("128MB", "8MB", "mmap")
    big = tuning.settings(ram=256 << 30, shm=128 << 30, durable=True)
    assert (big["shared_buffers"], big["work_mem"], big["dynamic_shared_memory_type"]) == ("8192MB", "64MB", "posix")
    assert "fsync" not in big and big["synchronous_commit"] == "on"
