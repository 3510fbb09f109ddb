"""All files of the insurance sample, and the manifest that says what was put into them."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from hutong.cli.sample.insurance import business
from hutong.cli.sample.insurance.business import Business, Known
from hutong.cli.sample.insurance.customers import INSURERS
from hutong.cli.sample.population import Population, population
from hutong.cli.sample.sources import Export, csv_bytes, exports, json_lines, write_truth
from hutong.cli.sample.text import Text

TODAY = "2026-09-01"
RENEWAL_DAYS = 30
_ELSEWHERE = 1_000_000
"""What befalls a record here has nothing to do with what befalls the same customer's in the telecom sample."""


def generate(out: Path, *, customers: int, seed: int, today: str = TODAY, one_in: int = 1) -> dict[str, Any]:
    """Write `life/*.csv` (GB18030), `property.xlsx`, `service/*.jsonl`, `truth.csv`, `families.csv` and
    `manifest.json` under `out`; returns the manifest. Equal arguments give equal bytes.

    `customers` and `seed` name the same people as in the telecom sample, with other accidents in their records.
    `one_in`: of so many families and firms, one has to do with the insurer.
    """
    day = np.datetime64(today)
    people = population(np.random.default_rng([seed, 1]), customers)
    head = np.where(people.family >= 0, people.family, np.arange(len(people)))
    chosen = head % one_in == 0 if one_in > 1 else None
    life, property_, service = exports(seed + _ELSEWHERE, people, day.astype("datetime64[s]"), INSURERS, chosen)
    known = [Known.of(export) for export in (life, property_, service)]
    rngs = [np.random.default_rng([seed, 20, place]) for place in range(6)]
    policies = business.life_policies(rngs[0], people, known[0], day)
    made = {
        "policies": policies,
        "coverages": business.coverages(rngs[1], policies),
        "property_policies": (insured := business.property_policies(rngs[2], known[1], day)),
        "claims": business.claims(rngs[3], insured, day),
        "events": business.events(rngs[4], known[2], day),
        "calls": business.calls(rngs[5], known[2], day),
    }
    _write(out, (life, property_, service), made)
    _families(out / "families.csv", people)
    manifest = {
        "format": 1,
        "arguments": {"customers": customers, "seed": seed, "today": today, "one_in": one_in},
        "customers": len(people) if chosen is None else int(chosen.sum()),
        "sources": {export.system.name: export.counts for export in (life, property_, service)},
        "business": {name: _counts(each) for name, each in made.items()},
        "renewals": {"days": RENEWAL_DAYS, "life": _due(made["policies"], "续期应缴日", "有效", "保单状态", day),
                     "property": _due(made["property_policies"], "EXP_DATE", "1", "STATUS", day)},
    }  # fmt: skip
    content = json.dumps(manifest, ensure_ascii=False, indent=1)
    (out / "manifest.json").write_text(content + "\n", encoding="utf-8")
    return manifest


def _write(out: Path, written: tuple[Export, Export, Export], made: Mapping[str, Business]) -> None:
    life, property_, service = written
    for folder in ("life", "service"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / "life" / "customers.csv").write_bytes(csv_bytes(life))
    (out / "life" / "policies.csv").write_bytes(_csv(made["policies"].columns))
    (out / "life" / "coverages.csv").write_bytes(_csv(made["coverages"].columns))
    _book(out / "property.xlsx", {"CUSTOMER": property_.columns, "POLICY": made["property_policies"].columns,
                                  "CLAIM": made["claims"].columns})  # fmt: skip
    (out / "service" / "contacts.jsonl").write_bytes(json_lines(service))
    for name in ("events", "calls"):
        (out / "service" / f"{name}.jsonl").write_bytes(_lines(made[name].columns))
    write_truth(out / "truth.csv", list(written))


def _csv(columns: Mapping[str, Text]) -> bytes:
    sink = pa.BufferOutputStream()
    pacsv.write_csv(pa.table(dict(columns)), sink, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    lines = sink.getvalue().to_pybytes().decode().split("\n")
    return "\r\n".join([",".join(columns), *lines]).encode("gb18030")


def _book(path: Path, sheets: Mapping[str, Mapping[str, Text]]) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 a file property without zone, fixed for equal bytes
    for name, columns in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, list(columns))
        for place, values in enumerate(zip(*(column.tolist() for column in columns.values()), strict=True), start=1):
            sheet.write_row(place, 0, values)
    book.close()


def _lines(columns: Mapping[str, Text]) -> bytes:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    lines = [encode({name: value for name, value in zip(columns, row, strict=True) if value}) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def _families(path: Path, people: Population) -> None:
    """`families.csv`: the true families of persons, by customer id."""
    rows = np.flatnonzero(people.family >= 0)
    table = pa.table({"customer_id": rows + 1, "family": people.family[rows] + 1})
    pacsv.write_csv(table, path, pacsv.WriteOptions(quoting_style="none"))


def _counts(made: Business) -> dict[str, int]:
    first, second = list(made.columns.values())[:2]
    keys = np.strings.add(first, second) if "险种代码" in made.columns else first
    return {"rows": len(made), "keys": len(np.unique(keys)), "dangling": int((made.customer < 0).sum())}


def _due(made: Business, column: str, live: str, state: str, today: np.datetime64) -> int:
    """Policies in force that are due within the month after today."""
    given = (made.columns[column] != "") & (made.columns[state] == live)
    day = made.columns[column][given].astype("datetime64[D]")
    return int(((day >= today) & (day < today + np.timedelta64(RENEWAL_DAYS, "D"))).sum())
