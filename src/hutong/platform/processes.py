"""Python processes that do tasks for this one, one for each core:
`python -m hutong.platform.processes IN,OUT IN,OUT ... MODULE ...`.

One starts and makes the modules ready (`ready()`, where they have it), and becomes as many as there are pairs of pipes:
starting costs a second of a core, becoming two costs nothing. Each line in is a task as JSON, each line out its answer.
`by` names the module whose `work(task)` does it. They end when their caller does, however it ended, without a word.
"""

import gc
import json
import os
import queue
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from importlib import import_module
from threading import Event
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


class _Worker:
    """This process's ends of the pipes to one that works."""

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._told, answers = os.pipe()
        self.theirs = (asked, answers)
        self._tasks = os.fdopen(self._ask, "w", encoding="utf-8")
        self._answers = os.fdopen(self._told, encoding="utf-8")

    def do(self, task: Task) -> Task:
        """A task's answer."""
        self._tasks.write(json.dumps(task) + "\n")
        self._tasks.flush()
        line = self._answers.readline()
        if not line:
            raise RuntimeError("a working process ended")
        answer: Task = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def dismiss(self) -> None:
        """Nothing more is asked of it."""
        with suppress(OSError):  # it may have ended by itself
            self._tasks.close()

    def close(self) -> None:
        """It has ended."""
        self._answers.close()


class Processes:
    """So many processes, or none: then this process does the work. Use as a context. `ready`: modules they will use."""

    def __init__(self, count: int, ready: Sequence[str] = ()) -> None:
        self._all = [_Worker() for _ in range(count)]
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._first: subprocess.Popen[bytes] | None = None
        if not count:
            return
        theirs = [worker.theirs for worker in self._all]
        ends = [end for pair in theirs for end in pair]
        listed = [f"{asked},{answers}" for asked, answers in theirs]
        self._first = subprocess.Popen(  # noqa: S603  (our own program)
            [*COMMAND, *listed, *ready], stdin=subprocess.DEVNULL, pass_fds=ends, process_group=0
        )
        for end in ends:
            os.close(end)
        for worker in self._all:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._first is None:
            return
        for worker in self._all:
            worker.dismiss()
        if kind is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._first.pid, signal.SIGKILL)
        self._first.wait()
        for worker in self._all:
            worker.close()

    @property
    def count(self) -> int:
        """How many work at once."""
        return max(len(self._all), 1)

    def answers(self, tasks: Iterable[Task]) -> Generator[Task, None, None]:
        """The answers in the order of the tasks, while later tasks are still being made, in a thread of their own, and
        worked on. To be closed by who stops before the end; then no more tasks are made."""
        if not self._all:
            yield from map(work, tasks)
            return
        pool = ThreadPoolExecutor(len(self._all))  # no more: a thread that waited for a process could be overtaken
        maker = ThreadPoolExecutor(1)
        asked: queue.SimpleQueue[Future[Task] | None] = queue.SimpleQueue()
        stopped = Event()

        def make() -> None:
            try:
                for task in tasks:
                    if stopped.is_set():
                        break
                    asked.put(pool.submit(self._ask, task))
            finally:
                asked.put(None)

        making = maker.submit(copy_context().run, make)
        try:
            while (future := asked.get()) is not None:
                yield future.result()
            making.result()  # raises what making them raised
        finally:
            stopped.set()
            maker.shutdown()
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, task: Task) -> Task:
        worker = self._idle.get()
        try:
            return worker.do(task)
        finally:
            self._idle.put(worker)


class _Without:
    """An import finder that says a package is not there: Arrow would look for pandas at its first array, and take half
    a second to load what no task uses."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> None:
    """Become as many processes as there are pairs of pipes; answer tasks until nobody asks any more, or listens."""
    sys.meta_path.insert(0, _Without)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print goes there
    pairs = [(int(one), int(two)) for one, _, two in (word.partition(",") for word in sys.argv[1:]) if two]
    for name in sys.argv[1 + len(pairs) :]:
        getattr(import_module(name), "ready", lambda: None)()
    gc.freeze()  # what was loaded is shared by all, as long as none looks through it
    own, *others = pairs
    for pair in others:
        if os.fork() == 0:
            own = pair
            break
    for end in {end for pair in pairs for end in pair} - set(own):
        os.close(end)
    _answer(*own)
    if own == pairs[0]:
        with suppress(ChildProcessError):
            while True:
                os.wait()
    os._exit(0)  # clearing away what the modules loaded would take most of a second, and the caller waits for it


def _answer(asked: int, answers: int) -> None:
    """Do the tasks of a pipe."""
    with os.fdopen(asked, encoding="utf-8") as tasks:
        for line in tasks:
            try:
                answer = work(json.loads(line))
            except Exception:
                answer = {"error": traceback.format_exc(limit=-5)}
            try:
                _write(answers, (json.dumps(answer) + "\n").encode())
            except BrokenPipeError:  # the caller was killed
                break
    os.close(answers)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


if __name__ == "__main__":
    main()
