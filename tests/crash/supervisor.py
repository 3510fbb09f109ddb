"""Starts programs of ours and starts each anew whenever it ends: `python -m tests.crash.supervisor LOG_DIR PROGRAMS`.

PROGRAMS is JSON: name → arguments of `hutong`, or `-m` with a module and its arguments. They are forked from this
process, which has imported them already, so that a killed one is back in a moment and most kills hit a process at work,
not one that is still importing. Each start is told on stdout as `NAME PID`; everything ends when stdin is closed.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02
AFTER_A_BAD_END = 0.3


def preload() -> None:
    """Import and read what the programs will need."""
    import hutong.billing.bill_run
    import hutong.billing.collect
    import hutong.billing.rating
    import hutong.cli.main
    import hutong.ordering.worker
    import hutong.platform.job_runner
    import hutong.server
    from hutong.party.realtime.stated import PartyData, standardised
    from hutong.platform import migrations, subscriptions, webhooks

    subscriptions.load_handlers(migrations.installed())
    standardised(PartyData("person", "王小明", mobile="13900000000", address="杭州市西湖区文三路90号"))  # dictionaries
    assert (
        hutong.billing.rating and hutong.server and hutong.ordering.worker and hutong.platform.job_runner and webhooks
    )


def start(name: str, arguments: Sequence[str], log_dir: Path) -> int:
    """Fork one program, in a session of its own. Returns its process id."""
    ours = os.getpid()
    pid = os.fork()
    if pid:
        print(name, pid, flush=True)
        return pid
    status = 1
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != ours:
            os._exit(1)
        log = os.open(log_dir / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for given, wanted in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(given, wanted)
        status = run(arguments)
    finally:
        sys.stdout.flush()
        os._exit(status)


def run(arguments: Sequence[str]) -> int:
    """`hutong ARGUMENTS` in this process, or the module."""
    import runpy
    import traceback

    from hutong.cli.main import app

    try:
        if arguments[0] == "-m":
            sys.argv = list(arguments[1:])
            runpy.run_module(arguments[1], run_name="__main__")
        else:
            app(list(arguments), prog_name="hutong")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Supervise until stdin is closed; then kill everything."""
    log_dir, programs = Path(sys.argv[1]), json.loads(sys.argv[2])
    preload()
    running = {start(name, arguments, log_dir): name for name, arguments in programs.items()}
    while not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
        while running and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            name = running.pop(ended[0])
            kill_group(ended[0])
            if not os.WIFSIGNALED(ended[1]):
                print(name, "ended", os.waitstatus_to_exitcode(ended[1]), flush=True)
                time.sleep(AFTER_A_BAD_END)
            running[start(name, programs[name], log_dir)] = name
    for pid in running:
        kill_group(pid)


def kill_group(pid: int) -> None:
    """Kill what a program may have started, as a service manager does (its control group)."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
