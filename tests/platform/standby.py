"""Two PostgreSQL servers of the tests' own, one following the other."""

import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
from tests.ports import free_ports

from hutong.platform.postgres.binaries import programs, run_as

NOBODY = 65534
UID, GID = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
PATIENTLY = ("-w", "-t", "300")
SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '{}'"


class Server:
    """A server in a folder, on a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs as the server's user."""
        done = run_as(UID, GID, [programs(UID, GID) / program, *words])
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -k '' -c listen_addresses=127.0.0.1 -c shared_buffers=32MB"
        self.run("pg_ctl", "-D", str(self.folder), "-l", f"{self.folder}.log", "-o", options, *PATIENTLY, "start")

    def die(self) -> None:
        """As if the power went."""
        self.run("pg_ctl", "-D", str(self.folder), "-m", "immediate", *PATIENTLY, "stop")

    def promote(self) -> None:
        """From now on it is written to; it waits for no standby until one follows."""
        self.run("pg_ctl", "-D", str(self.folder), *PATIENTLY, "promote")
        self.say(SYNCHRONOUS.format(""))

    def follow(self, other: "Server") -> None:
        """Become the standby of a server that went on without it: go back to where they parted, then stream."""
        place = f"host=127.0.0.1 port={other.port} user=postgres dbname=postgres"
        self.run("pg_rewind", "-D", str(self.folder), "--source-server", place, "--write-recovery-conf")
        self.start()
        other.waits_for_standby()

    def waits_for_standby(self) -> None:
        """From now on a commit is one only when the standby has it, and shows it to who reads there."""
        self.say(SYNCHRONOUS.format("*"))
        deadline = time.monotonic() + 300
        while not self.say("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"):
            assert time.monotonic() < deadline, "no standby came"
            time.sleep(0.1)
        self.say("CHECKPOINT")  # by the process that makes commits wait: before it begins it takes up what was set

    def say(self, statement: str) -> int:
        """Run a statement; a setting is taken up at once."""
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres", autocommit=True) as conn:
            found = conn.execute(statement)
            row = found.fetchone() if found.description else None
            if row is None:
                conn.execute("SELECT pg_reload_conf()")
            return int(row[0]) if row else 0


def two_servers(stack: ExitStack) -> tuple[Server, Server]:
    """A server and its synchronous standby, gone with the stack."""
    home = Path(tempfile.mkdtemp(prefix="hutong-standby-"))
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    os.chown(home, UID, GID)
    ports = free_ports(2)
    one, other = Server(home / "one", ports[0]), Server(home / "other", ports[1])
    one.run("initdb", "-D", str(one.folder), "-U", "postgres", "--auth=trust", "--data-checksums", "--encoding=UTF8",
            "--locale=C", "-c", "wal_keep_size=1GB", "-c", "synchronous_commit=remote_apply")  # fmt: skip
    for server in (one, other):
        stack.callback(_stop, server)
    one.start()
    one.run("pg_basebackup", "-h", "127.0.0.1", "-p", str(one.port), "-U", "postgres", "-D", str(other.folder), "-R",
            "--checkpoint=fast")  # fmt: skip
    other.start()
    one.waits_for_standby()
    return one, other


def _stop(server: Server) -> None:
    """Stop it if it runs; one that was killed left its file behind."""
    run_as(UID, GID, [programs(UID, GID) / "pg_ctl", "-D", str(server.folder), "-m", "immediate", "-w", "stop"])
