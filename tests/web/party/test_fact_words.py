"""EC-14, EC-15: facts of customers are shown in words, on the claims desk and in the preview of a list."""

import pytest

from hutong.party.sharing import facts
from hutong.party.sharing.document_kinds import Column
from hutong.platform.i18n import LOCALES
from hutong.web.party import fact_words


@pytest.mark.parametrize("locale", LOCALES)
def test_every_fact_of_a_claim_or_of_areas_has_a_name(locale: str) -> None:
    of_columns = {"name_key", "name_core", "name_partial", "name_branch"}
    wanted = {*facts.CLAIM} | {name for name, fact in facts.catalogue().items() if fact.join}
    named = facts.labels(locale)
    assert {name for name in wanted - of_columns if not ({f"customer.{name}", f"claim.{name}"} & set(named))} == set()


@pytest.mark.parametrize(
    ("column", "written", "shown"),
    [
        (Column(fact="premium_micros", currency=True), "4850.00", "4,850.00"),
        (Column(fact="premium_micros"), "4850000000", "4,850.00"),
        (Column(fact="blacklisted"), "false", "no"),
        (Column(fact="changed_at"), "2026-09-01T01:02:03Z", "2026-09-01 09:02:03"),
        (Column(fact="mobile"), "+8613912340077", "139 1234 0077"),
        (Column(fact="mobile"), "+86139****0077", "139 **** 0077"),
        (Column(fact="grade"), None, ""),
        (Column(fact="city"), "福州市", "福州市"),
        (Column(fact="attributes.hobby"), "chess", "chess"),
    ],
)
def test_a_value_of_a_file_is_read_as_people_do(column: Column, written: str | None, shown: str) -> None:
    assert fact_words.from_file(column, written, "en") == shown


def test_quantities_are_aligned_by_their_last_digit() -> None:
    asked = ("premium_micros", "age", "id", "name", "next_due_on")
    assert [fact_words.is_quantity(Column(fact=name)) for name in asked] == [True, True, False, False, False]
