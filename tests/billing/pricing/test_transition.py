"""BL-10: the transition period, from completion until the relation takes effect."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.billing.pricing.plans import SHANGHAI

from hutong.billing.pricing.transition import Relation, Span, spans


def at(month: int, day: int, hour: int = 0) -> datetime:
    """An instant of 2026 in business time."""
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


FUSION, FAMILY = 1, 2


def test_package_from_next_month() -> None:
    """Package from next month; the mobile is usable today, the broadband from the 23rd: each is in transition from its
    own completion, and both are in the package from the 1st."""
    for completed in (at(9, 10, 9), at(9, 23, 15)):
        effective = at(10, 1)
        assert spans(completed, None, [Relation(FUSION, effective)]) == (
            Span(completed, at(10, 1), "transition", (FUSION,)),
            Span(at(10, 1), None, "regular", (FUSION,)),
        )


def test_broadband_after_the_package_took_effect() -> None:
    """The line is ready only after the package is in effect: nothing to bridge."""
    completed = at(10, 5)
    found = spans(completed, None, [Relation(FUSION, completed)])
    assert found == (Span(completed, None, "regular", (FUSION,)),)


def test_second_card_joins_next_month() -> None:
    """The package is in effect for the first card; the second card joins from the 1st and is in transition until then,
    while the first card's spans do not change."""
    first = [Relation(FUSION, at(6, 1))]
    assert spans(at(5, 20), None, first)[-1] == Span(at(6, 1), None, "regular", (FUSION,))
    completed = at(9, 12, 11)
    second = [Relation(FUSION, at(10, 1))]
    assert [span.phase for span in spans(completed, None, second)] == ["transition", "regular"]
    assert spans(completed, None, second)[0].until == at(10, 1)


def test_move_between_packages_is_no_transition() -> None:
    """From one package to the next without gap, then out of it: regular all along, at last by its own plan."""
    relations = [Relation(FUSION, at(6, 1), at(8, 1)), Relation(FAMILY, at(8, 1), at(9, 1))]
    assert spans(at(6, 1), None, relations) == (
        Span(at(6, 1), at(8, 1), "regular", (FUSION,)),
        Span(at(8, 1), at(9, 1), "regular", (FAMILY,)),
        Span(at(9, 1), None, "regular", ()),
    )


def test_ended_before_the_package() -> None:
    """Given up within the transition: it stays transition to the end."""
    found = spans(at(9, 10), at(9, 20), [Relation(FUSION, at(10, 1))])
    assert found == (Span(at(9, 10), at(9, 20), "transition", (FUSION,)),)


moments = st.integers(0, 100).map(lambda number: at(9, 1) + timedelta(hours=number))
relations = st.builds(
    lambda offer, since, length: Relation(offer, since, since + timedelta(hours=length) if length else None),
    st.integers(1, 4), moments, st.integers(0, 40),
)  # fmt: skip


@given(moments, st.none() | moments, st.lists(relations, max_size=4))
def test_spans_are_contiguous_and_right_everywhere(
    completed: datetime, ended: datetime | None, held: list[Relation]
) -> None:
    """They cover the life once; at every instant the offers in effect are named, and transition is only before all."""
    found = spans(completed, ended, held)
    if ended is not None and ended <= completed:
        assert found == ()
        return
    assert (found[0].since, found[-1].until) == (completed, ended)
    assert all(one.until == other.since for one, other in pairwise(found))
    for hour in range(150):
        instant = at(9, 1) + timedelta(hours=hour, minutes=30)
        here = [span for span in found if span.since <= instant and (span.until is None or instant < span.until)]
        assert len(here) == (completed <= instant and (ended is None or instant < ended))
        for span in here:
            active = sorted(relation.offer_instance for relation in held if relation.holds(instant))
            before_all = bool(held) and all(relation.since > instant for relation in held)
            assert span.phase == ("transition" if before_all else "regular")
            if span.phase == "regular":
                assert list(span.offers) == active
