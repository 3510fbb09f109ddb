"""Merging attribute changes into recorded versions, against a plain model that keeps each attribute by itself."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hutong.inventory.attributes import AttributeVersion, merge
from hutong.inventory.states import TMF637_STATUS, TRANSITIONS, InstanceState, may_become

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("tier", "speed", "roaming")
patches = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10**9), min_size=1)
changes = st.lists(st.tuples(st.integers(0, 20), patches), max_size=12)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def merged(asked: list[tuple[int, dict[str, int]]]) -> dict[datetime, dict[str, int]]:
    """What the function under test leaves, version by version."""
    versions: dict[datetime, dict[str, int]] = {START: dict.fromkeys(NAMES, -1)}
    for hour, patch in asked:
        known = [AttributeVersion(since, dict(values), True) for since, values in sorted(versions.items())]
        versions.update((since, dict(values)) for since, values in merge(known, at(hour), dict(patch)))  # type: ignore[arg-type]
    return versions


def model(asked: list[tuple[int, dict[str, int]]], instant: datetime) -> dict[str, int]:
    """Each attribute by itself: the last change, in order of their instants and then of their coming, holds."""
    values = dict.fromkeys(NAMES, -1)
    for hour, patch in sorted(asked, key=lambda change: change[0]):
        if at(hour) <= instant:
            values.update(patch)
    return values


@given(changes)
def test_every_attribute_lives_by_itself(asked: list[tuple[int, dict[str, int]]]) -> None:
    """BL-04: versions recorded for later keep their own changes and inherit the rest (values drawn never repeat)."""
    numbered = [
        (hour, {name: place * 100 + NAMES.index(name) for name in patch}) for place, (hour, patch) in enumerate(asked)
    ]
    versions = merged(numbered)
    for hour in range(21):
        instant = at(hour)
        shown = versions[max(since for since in versions if since <= instant)]
        assert shown == model(numbered, instant)


def test_every_state_has_its_transitions_and_its_name_outside() -> None:
    """TMF637: a terminated instance stays so; every other state leads there."""
    assert set(TRANSITIONS) == set(TMF637_STATUS) == set(InstanceState)
    for state in InstanceState:
        assert may_become(state, InstanceState.TERMINATED) == (state is not InstanceState.TERMINATED)
        assert not may_become(state, state)
