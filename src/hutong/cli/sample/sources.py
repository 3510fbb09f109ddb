"""The three exports: which rows they hold, in which order, with rubbish and repeats; and the truth about each row."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from hutong.cli.sample import identifiers
from hutong.cli.sample.damage import Accidents
from hutong.cli.sample.population import Population
from hutong.cli.sample.records import Records, records
from hutong.cli.sample.systems import SYSTEMS, Columns, System, rejections
from hutong.cli.sample.text import Mask, Text, Whole, choose, plain
from hutong.platform.errors import Unprocessable

_REPEATED = 0.001
_NO_KEY, _NOT_A_NAME, _BROKEN = 0.0005, 0.0005, 0.0003
_SHEET_ROWS = 1_048_575
_TEST_NAMES = np.array(["测试用户", "测试1", "测试单位", "####", "123456"])


@dataclass(frozen=True)
class Export:
    """One system's rows in file order and what is true of them. `customer`: row of the population, -1 rubbish."""

    system: System
    columns: Columns
    customer: Whole
    reason: Text
    broken: Mask
    counts: dict[str, Any]

    @property
    def keys(self) -> Text:
        """The source keys as written; empty where missing."""
        return next(iter(self.columns.values()))

    def with_line(self, first: str) -> "Export":
        """The same with a last row that has only its first column."""
        blank = {name: np.append(column, "") for name, column in self.columns.items()}
        key = next(iter(blank))
        blank[key] = np.append(self.columns[key], first)
        return replace(
            self,
            columns=blank,
            customer=np.append(self.customer, -1),
            reason=np.append(self.reason, "no_name"),
            broken=np.append(self.broken, False),
        )


def exports(
    seed: int,
    people: Population,
    until: np.datetime64,
    systems: Sequence[System] = SYSTEMS,
    of: Mask | None = None,
) -> list[Export]:
    """What systems (CRM, billing, call centre) export. Every customer is known to at least one of them; with `of`, only
    these are customers here."""
    rng = np.random.default_rng([seed, 2])
    known = np.array([rng.random(len(people)) < system.presence for system in systems])
    known[0] |= ~known.any(axis=0)
    if of is not None:
        known &= of
    agencies = identifiers.mobiles(rng, max(len(people) // 1000, 3))
    return [
        _export(
            Accidents(np.random.default_rng([seed, 3, place])), system, people, mask, agencies=agencies, until=until
        )
        for place, (system, mask) in enumerate(zip(systems, known, strict=True))
    ]


def _export(
    chance: Accidents, system: System, people: Population, known: Mask, *, agencies: Text, until: np.datetime64
) -> Export:
    rng = chance.rng
    once = np.flatnonzero(known)
    twice = once[rng.random(len(once)) < system.duplicates]
    rubbish = {kind: max(round(len(once) * share), 1) for kind, share in (("key", _NO_KEY), ("name", _NOT_A_NAME))}
    customer = np.concatenate([once, twice, rng.choice(once, sum(rubbish.values()))])
    rows = records(chance, system.rates, people, customer, agencies=agencies, until=until)
    count = len(customer)
    serial = rng.permutation(count)
    no_key, not_name = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    no_key[len(once) + len(twice) :][: rubbish["key"]] = True
    not_name[count - rubbish["name"] :] = True
    names = choose(not_name, rng.choice(_TEST_NAMES, count), rows.name)
    repeated = rng.choice(len(once) + len(twice), max(round(count * _REPEATED), 1), replace=False)
    order = np.concatenate([np.argsort(serial), repeated])
    again = np.arange(len(order)) >= count
    rows = replace(rows, name=names).take(order)
    rows = replace(
        rows, updated=np.where(again, np.maximum(rows.updated, until - np.timedelta64(3600, "s")), rows.updated)
    )
    return _written(
        chance,
        system,
        rows,
        serial[order],
        no_key=no_key[order],
        not_name=not_name[order],
        counts={"customers": len(once), "duplicates": len(twice), "repeated_keys": len(repeated)},
    )


def _written(
    chance: Accidents,
    system: System,
    rows: Records,
    serial: Whole,
    *,
    no_key: Mask,
    not_name: Mask,
    counts: dict[str, Any],
) -> Export:
    """Rows in the system's own columns and codes, with the verdict admission should come to."""
    columns = system.columns(rows, choose(no_key, "", system.keys(serial)), chance.rng)
    broken = np.zeros(len(serial), dtype=bool)
    if system.lines:
        broken = (chance.rng.random(len(serial)) < _BROKEN) & ~no_key & ~not_name
        broken[chance.rng.integers(0, len(serial) // 2)] = True
    reason = choose(no_key, "no_key", rejections(system, rows, columns))
    reason = choose(broken, "not_a_record", reason)
    customer = np.where(not_name, -1, rows.customer)
    export = Export(system, columns, customer, reason, broken, counts)
    if system.name == "crm":
        export = export.with_line(f"合计：{len(serial)}条")
    reasons, numbers = np.unique(export.reason, return_counts=True)
    rejected = {str(why): int(number) for why, number in zip(reasons, numbers, strict=True) if why}
    return replace(
        export,
        counts={
            "rows": len(export.customer),
            **counts,
            "rejected": rejected,
            "defects": dict(sorted(chance.counts.items())),
        },
    )


def write_sources(folder: Path, written: list[Export]) -> None:
    """The three files under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    crm, billing, callcentre = written
    (folder / "crm.csv").write_bytes(csv_bytes(crm))
    _xlsx(folder / "billing.xlsx", billing)
    (folder / "callcentre.jsonl").write_bytes(json_lines(callcentre))


def csv_bytes(export: Export) -> bytes:
    """A file of CSV in GB18030 with CRLF; broken rows are cut short."""
    table = pa.table({name: _nulls(column) for name, column in export.columns.items()})
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    lines = sink.getvalue().to_pybytes().decode().split("\n")
    for row in np.flatnonzero(export.broken):
        lines[row] = ",".join(lines[row].split(",")[:4])
    return "\r\n".join([",".join(export.columns), *lines]).encode("gb18030")


def _nulls(column: Text) -> pa.Array:
    return pa.array(column, mask=column == "")


def _xlsx(path: Path, export: Export) -> None:
    from datetime import datetime

    import xlsxwriter

    rows = len(export.customer)
    if rows > _SHEET_ROWS:
        raise Unprocessable("cli-sample-sheet", rows=rows, most=_SHEET_ROWS)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 a file property without zone, fixed for equal bytes
    sheet = book.add_worksheet("CUST_INFO")
    sheet.write_row(0, 0, list(export.columns))
    plain_numbers = (np.arange(rows) % 97 == 0) & np.strings.isdigit(export.columns["MOBILE"])
    mobile = list(export.columns).index("MOBILE")
    for place, values in enumerate(zip(*(column.tolist() for column in export.columns.values()), strict=True), start=1):
        for column, value in enumerate(values):
            if column == mobile and plain_numbers[place - 1]:
                sheet.write_number(place, column, int(value))
            elif value:
                sheet.write_string(place, column, value)
    book.close()


def json_lines(export: Export) -> bytes:
    """A file of JSON lines; broken rows are cut in half."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    names = list(export.columns)
    lines = [
        encode({name: value for name, value in zip(names, values, strict=True) if value})
        for values in zip(*(column.tolist() for column in export.columns.values()), strict=True)
    ]
    for row in np.flatnonzero(export.broken):
        lines[row] = lines[row][: len(lines[row]) // 2]
    return ("\n".join(lines) + "\n").encode()


def write_truth(path: Path, written: list[Export]) -> None:
    """`truth.csv`: one line for each data row of each export."""
    tables = [
        pa.table(
            {
                "source": pa.array(np.full(len(export.customer), export.system.name)),
                "row": pa.array(np.arange(1, len(export.customer) + 1)),
                "source_key": pa.array(export.keys),
                "customer_id": _nulls(choose(export.customer < 0, "", plain(export.customer + 1))),
                "expect": pa.array(choose(export.reason == "", "admit", "reject")),
                "reason": _nulls(export.reason),
            }
        )
        for export in written
    ]
    # text without commas, quotes or line ends: as it is
    with path.open("wb") as file:
        file.write(b"source,row,source_key,customer_id,expect,reason\n")
        options = pacsv.WriteOptions(include_header=False, quoting_style="none")
        pacsv.write_csv(pa.concat_tables(tables), file, options)
