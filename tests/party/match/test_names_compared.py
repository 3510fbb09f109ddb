"""EC-05: names of any script are compared; what is made of a name is not counted beside it."""

import numpy as np
import pyarrow as pa
import pytest

from hutong.party.match.comparisons import Plan, level_names
from hutong.party.match.levels import compare_records, encode_all


def levels(plans: tuple[Plan, ...], records: dict[str, list[str]]) -> dict[str, str]:
    """What is said of two records."""
    arrays = [found.arrays for found in encode_all(plans, pa.table(records))]
    made = compare_records(plans, arrays, np.array([0]), np.array([1])).levels[0]
    return {
        plan.name: level_names(plan.comparator)[level]
        for plan, level in zip(plans, made[: len(plans)].tolist(), strict=True)
    }


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("김민수", "김민지", "same_family"),
        ("김민수", "박민수", "same_given"),
        ("김민수", "박서연", "differ"),
        ("josé müller", "jose muller", "same_sound"),
        ("nguyễn thị hồng", "nguyen thi hong", "same_sound"),
        ("سعيد أحمد", "سعيد احمد", "same_sound"),
        ("madonna", "madona", "one_slip"),
        ("王", "李", "differ"),
    ],
)
def test_names_of_any_script(one: str, other: str, level: str) -> None:
    """A Korean name is a syllable of the family and others; accents and signs of vowels are often left out."""
    assert levels((Plan("name", "person", ("name",)),), {"name": [one, other]}) == {"name": level}


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        ("ann.lee@x.com", "ann.lee@y.org", "differ"),
        ("alee@x.com", "alee@y.org", "differ"),
        ("ann.lee47@x.com", "ann.lee47@y.org", "same_user"),
        ("sunflower@x.com", "sunflower@y.org", "same_user"),
        ("ann.lee@x.com", "ann.lee@x.com", "same"),
    ],
)
def test_users_that_are_names(first: str, second: str, level: str) -> None:
    """Two of one name have ann.lee at different hosts: that says no more than the name does."""
    plans = (
        Plan("given_name", "word", ("given_name",)),
        Plan("family_name", "word", ("family_name",)),
        Plan("email", "email", ("email",)),
    )
    records = {"given_name": ["ann", "ann"], "family_name": ["lee", "lee"], "email": [first, second]}
    assert levels(plans, records)["email"] == level
