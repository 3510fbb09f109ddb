"""Python processes that do tasks for this one, one for each core: `python -m hutong.platform.processes MODULE ...`.

Each line in is a task as JSON, each line out its answer. `by` names the module whose `work(task)` does it; the modules
named at the start are made ready at once (`ready()`, where they have it). They end when their caller does, however it
ended, without a word.
"""

import json
import os
import queue
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Any, Self, TypeVar

Task = dict[str, Any]
Item = TypeVar("Item")
Made = TypeVar("Made")
COMMAND = (sys.executable, "-m", __name__)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def by_threads(function: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """The function's results in order, on all cores: for functions that let other threads run while they compute."""
    if len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(function, items))


def work(task: Task) -> Task:
    """Do a task in this process."""
    answer: Task = import_module(task["by"]).work(task)
    return answer


class Processes:
    """So many processes, or none: then this process does the work. Use as a context. `ready`: modules they will use."""

    def __init__(self, count: int, ready: Sequence[str] = ()) -> None:
        self._all = [
            subprocess.Popen([*COMMAND, *ready], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            for _ in range(count)
        ]
        self._idle: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
        for process in self._all:
            self._idle.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._all:
            with suppress(OSError):  # it may have ended by itself
                if process.stdin:
                    process.stdin.close()
            if kind is not None:
                process.kill()
        for process in self._all:
            process.wait()
            if process.stdout:
                process.stdout.close()

    @property
    def count(self) -> int:
        """How many work at once."""
        return max(len(self._all), 1)

    def answers(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """The answers in the order of the tasks, while later tasks are worked on."""
        if not self._all:
            yield from map(work, tasks)
            return
        pool = ThreadPoolExecutor(len(self._all))
        waiting: list[Future[Task]] = [pool.submit(self._ask, task) for task in tasks]
        try:
            for future in waiting:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, task: Task) -> Task:
        process = self._idle.get()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101  (both are pipes)
        try:
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            self._idle.put(process)
        if not line:
            raise RuntimeError(f"a working process ended with {process.wait()}")
        answer: Task = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


class _Without:
    """An import finder that says a package is not there: Arrow would look for pandas at its first array, and take half
    a second to load what no task uses."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> None:
    """Answer tasks until nobody asks any more, or nobody listens."""
    sys.meta_path.insert(0, _Without)
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    for name in sys.argv[1:]:
        getattr(import_module(name), "ready", lambda: None)()
    for line in sys.stdin:
        try:
            answer = work(json.loads(line))
        except Exception:
            answer = {"error": traceback.format_exc(limit=-5)}
        try:
            _write(answers, (json.dumps(answer) + "\n").encode())
        except BrokenPipeError:  # the caller was killed
            return


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


if __name__ == "__main__":
    main()
