"""Processes that work for another: what they answer, and that they end without a word when it is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from threading import Event

import pytest

from hutong.platform.processes import Processes, Task

_CALLER = f"""
import sys
from hutong.platform.processes import Processes
with Processes(2) as processes:
    print("ready", flush=True)
    list(processes.answers([{{"by": "{__name__.rpartition(".")[2]}", "pid": True}} for _ in range(2)]))
"""


def work(task: Task) -> Task:
    """What the processes of these tests do."""
    if "pid" in task:
        (Path(os.environ["TOLD"]) / str(os.getpid())).touch()
        time.sleep(3)
    if "fails" in task:
        raise ValueError("no such thing")
    return {"twice": 2 * task.get("number", 0)}


@pytest.mark.parametrize("count", [0, 2])
def test_answers_come_in_the_order_of_tasks(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many work on them; what fails is told with its reason."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    with Processes(count) as processes:
        tasks = [{"by": "test_processes", "number": number} for number in range(7)]
        assert [answer["twice"] for answer in processes.answers(tasks)] == [0, 2, 4, 6, 8, 10, 12]
        with pytest.raises((RuntimeError, ValueError), match="no such thing"):
            list(processes.answers([{"by": "test_processes", "fails": True}]))


def test_they_end_silently_when_their_caller_is_killed(tmp_path: Path) -> None:
    """EC-03: a load that is killed leaves neither processes nor tracebacks."""
    folder = str(Path(__file__).parent)
    environment = {**os.environ, "TOLD": str(tmp_path), "PYTHONPATH": os.pathsep.join([folder, *sys.path])}
    caller = subprocess.Popen(
        [sys.executable, "-c", _CALLER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while len(list(tmp_path.iterdir())) < 2:
        assert caller.poll() is None
        time.sleep(0.05)
    os.kill(caller.pid, signal.SIGKILL)
    _, told = caller.communicate(timeout=60)  # returns when the last of them has ended: they hold the same stderr
    assert told == b""


def test_tasks_are_made_while_earlier_ones_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is made once the first is answered; who stops early ends the making; what it raises is raised."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    answered = Event()

    def waiting() -> Iterator[Task]:
        yield {"by": "test_processes", "number": 1}
        assert answered.wait(60)
        yield {"by": "test_processes", "number": 2}
        raise ValueError("no more")

    ended = Event()

    def endless() -> Generator[Task]:
        try:
            for number in count():
                yield {"by": "test_processes", "number": number}
                time.sleep(0.001)
        finally:
            ended.set()

    with Processes(2) as processes:
        answers = processes.answers(waiting())
        assert next(answers)["twice"] == 2
        answered.set()
        assert next(answers)["twice"] == 4
        with pytest.raises(ValueError, match="no more"):
            next(answers)
        tasks = endless()
        with closing(processes.answers(tasks)) as some:
            assert [answer["twice"] for answer in islice(some, 3)] == [0, 2, 4]
        tasks.close()  # refused while it runs
        assert ended.is_set()
