"""The comparable forms and the words of many values: here, or by a process for each core. Loads nothing compiled."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from hutong.party.match import forms
from hutong.platform import arrow_files
from hutong.platform.processes import Processes, Task

PLAIN = frozenset(("exact", "code", "date", "number"))
"""Comparators whose only form is the value."""
WORDED = frozenset(("text", "words", "address", "organisation", "organisation_words"))
WORTH_SHARING = 30_000
"""Distinct values from which other processes are quicker."""
ROWS = 50_000
_STRING = pa.large_string()
Former = Callable[[str, pa.Array, bool], pa.Table]
"""`formed`, or the same by processes."""


def formed(comparator: str, values: pa.Array, whole: bool = True) -> pa.Table:
    """Of distinct values: their forms in columns `0`, `1` ... if `whole`, and their `words`, where the comparator
    has them: each once, in the order of characters."""
    texts = values.to_pylist()
    made: dict[str, pa.Array] = {}
    if whole:
        columns = zip(*(forms_of(comparator, text) for text in texts), strict=True) if texts else [()]
        made = {str(form): pa.array(column, _STRING) for form, column in enumerate(columns)}
    if comparator in WORDED:
        made["words"] = pa.array([sorted(set(words_of(comparator, text))) for text in texts], pa.large_list(_STRING))
    return pa.table(made)


def forms_of(comparator: str, value: str) -> forms.Forms:
    """The comparable forms of a value."""
    if comparator in ("organisation", "organisation_words"):
        return forms.organisation(value)
    return forms.FORMS[comparator](value)


def words_of(comparator: str, value: str) -> list[str]:
    """The words of a value, where the comparator compares by words."""
    if comparator in ("organisation", "organisation_words"):
        return forms.organisation_words(value)
    return forms.words(value) if comparator in WORDED else []


def shared(processes: Processes) -> Former:
    """`formed`, many values shared out to processes."""

    def former(comparator: str, values: pa.Array, whole: bool = True) -> pa.Table:
        if processes.count == 1 or len(values) < WORTH_SHARING:
            return formed(comparator, values, whole)
        with TemporaryDirectory(prefix="hutong-forms-") as folder:
            given = Path(folder) / "values.arrow"
            batches = arrow_files.write(pa.table({"value": values}), given, ROWS)
            tasks: list[Task] = [
                {"by": __name__, "given": str(given), "part": part, "comparator": comparator, "whole": whole,
                 "out": str(Path(folder) / f"{part}.arrow")}
                for part in range(batches)
            ]  # fmt: skip
            return pa.concat_tables([arrow_files.mapped(Path(done["out"])) for done in processes.answers(tasks)])

    return former


def work(task: Task) -> Task:
    """One batch of values of an Arrow file: `given`, `part`, `comparator`, `whole`, `out`."""
    values = arrow_files.batch(Path(task["given"]), task["part"])["value"].chunk(0)
    arrow_files.write(formed(task["comparator"], values, task["whole"]), Path(task["out"]))
    return {"out": task["out"]}
