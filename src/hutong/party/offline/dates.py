"""Dates as files give them: in which forms a whole file writes them, and each as eight digits."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from hutong.party.standardise.text import clean
from hutong.platform import clock

FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y",
         "%Y年%m月%d日", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%Y.%m.%d", "%Y", "%d/%m/%y",
         "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%d-%b-%y", "%d %b %y")  # fmt: skip
"""What is tried, in this order unless the file itself shows another."""
PACKED = ("%d%m%Y", "%m%d%Y")
"""Eight digits in another order: only where most of a file is so, since a damaged year may look like it."""
SERIAL = "serial"
"""Days as spreadsheets count them: 1 is 1900-01-01, and 1900 a leap year."""
_MONTH_FIRST = frozenset(("US", "PH", "FM", "PW", "MH"))
_DAY_ZERO = date(1899, 12, 30)
_NUMERIC = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})$")
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?$")
_LOOKED_AT, _TRIED = 5000, 300
_EARLIEST = 1850
_WORDS = {
    "yyyy": "%Y",
    "yy": "%y",
    "mmmm": "%B",
    "mmm": "%b",
    "mon": "%b",
    "mm": "%m",
    "dd": "%d",
    "m": "%m",
    "d": "%d",
}


def form_of(written: str) -> str:
    """A form as mappings give it: `%d/%m/%Y`, or `DD/MM/YYYY`. Raises ValueError when it is neither."""
    if "%" in written:
        return written
    made = re.sub("|".join(_WORDS), lambda found: _WORDS[found[0]], written.lower())
    if re.search(r"[a-z]", re.sub(r"%\w", "", made)) or not {"y", "Y"} & set(made):
        raise ValueError(f"unknown form of dates '{written}'; write it as DD/MM/YYYY or %d/%m/%Y")
    return made


def settled(column: pa.Array, region: str) -> list[str]:
    """The forms to try for the values of a file: those first that most values have; where days and months could be
    either, as the column itself shows elsewhere, else as is usual in the region."""
    given = [_bare(value) for value in pc.unique(column).to_pylist()[:_LOOKED_AT] if value]
    months_first = days_first = 0
    for value in given:
        if found := _NUMERIC.match(value):
            days_first += int(found[1]) > 12
            months_first += int(found[2]) > 12
    order = list(FORMS)
    if months_first > days_first or (months_first == days_first and region in _MONTH_FIRST):
        order.sort(key=lambda form: not form.startswith("%m"))
    tried = given[:_TRIED]
    read = {form: sum(_plausible(value, form) for value in tried) for form in (*order, *PACKED)}
    order.sort(key=lambda form: -read[form])
    best = max(PACKED, key=lambda form: read[form])
    if read[best] > max(0.5 * len(tried), read["%Y%m%d"]):
        return [best, *order]
    serials = sum(value.isdecimal() and len(value) == 5 for value in tried)
    return [SERIAL, *order] if serials > 0.5 * len(tried) else order


def _plausible(value: str, form: str) -> bool:
    found = _read(value, form)
    return found is not None and _EARLIEST <= found.year <= clock.now().year


def day(value: str, forms: Sequence[str]) -> str | None:
    """Eight digits, 0000 for month and day where only the year is given; in no form: the digits there are."""
    text = _bare(value)
    for form in forms:
        if found := _read(text, form):
            return f"{found.year:04d}0000" if form == "%Y" else f"{found:%Y%m%d}"
    digits = re.sub(r"\D", "", text)
    return digits[:8] if len(digits) >= 4 else None


def _bare(value: str) -> str:
    return _TIME.sub("", clean(value)).removesuffix(".0")


def _read(text: str, form: str) -> date | None:
    if form == SERIAL:
        serial = text.isdecimal() and len(text) in (4, 5)
        return _DAY_ZERO + timedelta(days=int(text)) if serial else None
    try:
        found = datetime.strptime(text, form).date()  # noqa: DTZ007  (a day, not an instant)
    except ValueError:
        return None
    if "%y" in form and found.year > clock.now().year:  # nobody is born in the future
        return found.replace(year=found.year - 100)
    return found
