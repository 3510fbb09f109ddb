"""EC-05: dates of birth in whatever form a file gives them come out as the same day."""

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hutong.party.offline import dates

DAYS = [date(1960 + place, 1 + 5 * place % 12, 1 + 7 * place % 28) for place in range(40)]
FORMS: dict[str, Callable[[date], str]] = {
    "ISO": date.isoformat,
    "day first": lambda day: f"{day:%d/%m/%Y}",
    "month first": lambda day: f"{day:%m/%d/%Y}",
    "month first, unpadded, with a time": lambda day: f"{day.month}/{day.day}/{day.year} 0:00",
    "two digits of the year": lambda day: f"{day:%d-%m-%y}",
    "two digits, month first": lambda day: f"{day:%m/%d/%y}",
    "name of the month": lambda day: f"{day:%d-%b-%Y}",
    "eight digits": lambda day: f"{day:%Y%m%d}",
    "eight digits that became a float": lambda day: f"{day:%Y%m%d}.0",
    "eight digits, day first": lambda day: f"{day:%d%m%Y}",
    "days of a spreadsheet": lambda day: str((day - date(1899, 12, 30)).days),
    "days that became a float": lambda day: f"{(day - date(1899, 12, 30)).days}.0",
    "an instant": lambda day: f"{day.isoformat()}T00:00:00.000Z",
    "Chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
}


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS)
def test_a_file_shows_its_own_form(written: Callable[[date], str]) -> None:
    """Whatever the form, the days are those."""
    values = [written(day) for day in DAYS]
    forms = dates.settled(pa.array(values), "CN")
    assert [dates.day(value, forms) for value in values] == [f"{day:%Y%m%d}" for day in DAYS]


@pytest.mark.parametrize(("region", "month"), [("US", "03"), ("GB", "04"), ("CN", "04")])
def test_what_could_be_either_follows_the_region(region: str, month: str) -> None:
    """03/04/1980 is in March in the United States, in April elsewhere."""
    assert dates.day("03/04/1980", dates.settled(pa.array(["03/04/1980"]), region))[4:6] == month  # type: ignore[index]


def test_a_damaged_year_stays_what_it_is() -> None:
    """In a file of years first, digits that would be a day in another order are not turned round."""
    values = [f"{day:%Y%m%d}" for day in DAYS]
    assert dates.day("10122231", dates.settled(pa.array(values), "CN")) == "10122231"


def test_a_year_alone_has_no_month() -> None:
    """And what is no date gives its digits, or nothing."""
    forms = dates.settled(pa.array(["1980", "1975", "1966"]), "CN")
    assert dates.day("1980", forms) == "19800000"
    assert dates.day("unknown", forms) is None


@pytest.mark.parametrize(
    ("written", "form"),
    [("DD/MM/YYYY", "%d/%m/%Y"), ("yyyy-mm-dd", "%Y-%m-%d"), ("%y%m%d", "%y%m%d"), ("d.m.yy", "%d.%m.%y")],
)
def test_forms_in_mappings(written: str, form: str) -> None:
    """As spreadsheets write them, or as programs do."""
    assert dates.form_of(written) == form


@settings(deadline=None)
@given(st.dates(date(1930, 1, 1), date(2020, 12, 31)), st.sampled_from(list(FORMS)))
def test_every_day_in_every_form(day: date, name: str) -> None:
    """Among others that show the form, any day is read as itself, two-digit years within a century."""
    written = FORMS[name]
    forms = dates.settled(pa.array([written(each) for each in DAYS]), "CN")
    found = dates.day(written(day), forms)
    assert found is not None
    assert found[4:] == f"{day:%m%d}"
    assert found[:4] == str(day.year) or "two digits" in name
