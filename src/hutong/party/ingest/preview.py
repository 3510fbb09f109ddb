"""What a mapping makes of a sample (EC-03), before anything of it is stored; and a first mapping guessed from one."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import msgspec

from hutong import masterdata
from hutong.party.columns import NAMES
from hutong.party.ingest import staging
from hutong.party.ingest.areas import staging as area_staging
from hutong.party.ingest.areas import write as area_write
from hutong.party.ingest.areas.load import fill
from hutong.party.ingest.areas.mapping import AreaMapping
from hutong.party.ingest.files import read
from hutong.party.ingest.headers import quoted
from hutong.party.ingest.mapping import FileForm
from hutong.party.ingest.mappings import Document
from hutong.party.ingest.values import Standardiser
from hutong.platform import database

SAMPLE_ROWS = 200
SAMPLE_BYTES = 8 << 20
Row = dict[str, Any]


def of_rows(document: Document, rows: Sequence[MappingOf[str, Any]]) -> list[Row]:
    """What becomes of rows given by column, in their order: as `of_file`."""
    with written(rows) as path:
        return of_file(document.model_copy(update={"file": FileForm(format="jsonl")}), path, len(rows))


def of_file(document: Document, path: Path, limit: int = SAMPLE_ROWS) -> list[Row]:
    """What becomes of a file's first rows: row_number, key, values by attribute or field, issues, reasons, raw. Raises
    Invalid as a load would."""
    with database.begin("masterdata") as conn:
        codes = masterdata.mapping_of(conn, document.source.code)
    with duckdb.connect() as duck:
        read(duck, path, document)
        duck.execute("CREATE OR REPLACE TABLE raw AS SELECT * FROM raw ORDER BY row_number LIMIT ?", [limit])
        if isinstance(document, AreaMapping):
            area_staging.stage(duck, document, codes)
            if document.to:  # relations are judged beside those that are known
                with database.begin("party") as conn:
                    fill(conn, duck, document)
        else:
            rules = staging.conditions(document)
            staging.stage_rows(duck, document, codes, rules, Standardiser(document.region))
        found = duck.execute(
            f"""SELECT {", ".join(shown(document))}, reasons, raw FROM staged
                UNION ALL BY NAME
                SELECT row_number, [reason] AS reasons, to_json({{line: left(line, 500)}})::VARCHAR AS raw
                FROM unreadable
                ORDER BY row_number LIMIT {int(limit)}"""  # noqa: S608
        )
        names = [column[0] for column in found.description or ()]
        made = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    return [{**row, "raw": msgspec.json.decode(row["raw"]), "issues": row.get("issues") or []} for row in made]


def shown(document: Document) -> list[str]:
    """The columns that rows of a preview have, beside issues and reasons."""
    if isinstance(document, AreaMapping):
        kept = [name for name in area_write.written(document.form) if name not in ("source", "source_changed_at")]
        return ["row_number", *(quoted(name) for name in kept)]
    return ["row_number", "key", "kind", "operation", *NAMES, "issues"]


@contextmanager
def written(rows: Sequence[MappingOf[str, Any]]) -> Iterator[Path]:
    """Rows as JSON lines in a file of their own."""
    with TemporaryDirectory(prefix="hutong-rows-") as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        yield path


class _Bare(NamedTuple):
    """A file read without asking for columns."""

    file: FileForm
    key: str = ""

    def needed(self) -> list[str]:
        """None."""
        return []


def samples(path: Path, file: FileForm, each: int = 5) -> dict[str, list[str]]:
    """Column → some of its values, as they are in the file. The columns are those the file has."""
    with duckdb.connect() as duck:
        read(duck, path, _Bare(file))
        columns = [row[0] for row in duck.execute("DESCRIBE raw").fetchall() if row[0] not in ("row_number", "broken")]
        made: dict[str, list[str]] = {}
        for column in columns:
            name = quoted(column)
            values = duck.execute(
                f"SELECT DISTINCT left({name}, 60) FROM (FROM raw LIMIT 2000) WHERE trim({name}) <> '' LIMIT ?",  # noqa: S608
                [each],
            )
            made[column] = [row[0] for row in values.fetchall()]
        return made


_BY_NAME = {
    "name": r"^(客户|顾客|会员|用户|联系人)?(名称|姓名|全名|名字)$|(^|_)(cust_?|full_?|caller_?)?name$|insured",
    "gender": r"性别|gender|^sex$",
    "birth_date": r"出生|生日|birth|^dob$",
    "id_type": r"证件类型|证件种类|(id|cert)_?(type|kind)",
    "id_number": r"证件号|身份证|(id|cert)_?(no|num|number|card)$",
    "mobile": r"手机|移动电话|联系电话|mobile|cell|^msisdn$",
    "phone": r"固定电话|座机|电话|(^|_)(tel|phone)",
    "email": r"邮箱|电子邮件|e_?mail",
    "bank_card": r"银行(卡|账)|bank|(^|_)iban",
    "address": r"地址|住址|addr",
    "postcode": r"邮政编码|邮编|post_?code|zip",
    "contact_name": r"^联系人$|contact_?name",
    "grade": r"等级|级别|grade|level",
    "branch": r"网点|机构|分公司|branch|agency",
    "created": r"(建档|创建|开户|注册|入会)(时间|日期)|created?|open_date|joined|(registered|member)_?(on|at|since)",
    "changed": r"(更新|修改|变更)(时间|日期)|updated?|modif|changed",
}
_BY_VALUE = {
    "mobile": r"^(\+?86)?1[3-9]\d{9}$",
    "id_number": r"^\d{17}[\dXx]$",
    "email": r"^[^@\s]+@[^@\s]+\.\w+$",
    "postcode": r"^\d{6}$",
    "address": r"(路|街|道|巷|弄).{0,6}\d+\s*号|^\d+ [NSEW]?\.? ?\w+ (st|ave|rd|blvd)",
    "birth_date": r"^(19|20)\d\d[-/]?[01]\d[-/]?[0-3]\d$",
}


def guessed(found: MappingOf[str, Sequence[str]]) -> dict[str, str]:
    """Attribute → column of a file, guessed from names first and then from values; each column at most once."""
    made: dict[str, str] = {}

    def take(attribute: str, column: str) -> None:
        if attribute not in made and column not in made.values():
            made[attribute] = column

    for attribute, form in _BY_NAME.items():
        for column, values in found.items():
            if re.search(form, _plain(column)):
                mobiles = attribute == "phone" and "mobile" not in made and _all("mobile", values)
                take("mobile" if mobiles else attribute, column)
    for attribute in _BY_VALUE:
        for column, values in found.items():
            # what has no date before 2000 is when something was written, not when people were born
            if len(values) > 1 and _all(attribute, values) and (attribute != "birth_date" or min(values) < "2"):
                take(attribute, column)
    return made


def _plain(column: str) -> str:
    """A column's name in small letters, its words apart by underscores."""
    return re.sub(r"[ .\-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column)).casefold()


def _all(attribute: str, values: Sequence[str]) -> bool:
    given = [re.sub(r"(?<=\d)[ -](?=\d)", "", value) for value in values] if attribute == "mobile" else values
    return bool(given) and all(re.search(_BY_VALUE[attribute], value, re.IGNORECASE) for value in given)


DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
"""Forms of dates that nobody reads in two ways."""


def date_forms(values: Sequence[str]) -> list[str]:
    """The forms in which all values of a sample are dates; none where one is no date, or no form need be named."""
    used = [next((form for form in DATES if _is_date(value, form)), "") for value in values]
    forms = sorted(set(used), key=DATES.index) if used and all(used) else []
    return [] if forms == [DATES[0]] else forms


def _is_date(value: str, form: str) -> bool:
    try:
        datetime.strptime(value.strip(), form)  # noqa: DTZ007  (only whether it is one)
    except ValueError:
        return False
    return True


_KEY_NAME = r"(编号|编码|代码|(客户|会员|顾客|用户|保单|合同)号)$|(^|[_ .-])(id|no|nr|number|key|code)\.?$"


def guessed_key(found: MappingOf[str, Sequence[str]], taken: MappingOf[str, str]) -> str | None:
    """The column that looks like the source's key: one that is called so, of those nothing else was guessed of."""
    for column in found:
        if column not in taken and re.search(_KEY_NAME, _plain(column)):
            return column
    return None
