"""EC-17: which rows a role sees is told in words."""

import pytest
import yaml
from tests.web.sample_site import PACKS

from hutong.platform.i18n import LOCALES
from hutong.web.identity.people import scope_in_words

DOCUMENTS = sorted(PACKS.glob("**/identity/organisation.yaml"))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_scope_that_is_delivered_has_words(locale: str) -> None:
    roles = [role for path in DOCUMENTS for role in yaml.safe_load(path.read_text(encoding="utf-8"))["roles"]]
    conditions = {condition for role in roles for condition in role.get("scopes", {}).values()}
    assert conditions
    assert all(scope_in_words(condition, locale) for condition in conditions)


def test_a_scope_of_ones_own_is_shown_as_written() -> None:
    assert scope_in_words('row.city == "福州市"', "en") is None
    assert scope_in_words('row.mine || row.city == "福州市"', "en") is None
    told = scope_in_words("row.owner_id == viewer.id || row.unit_path.startsWith(viewer.unit_path)", "en")
    assert told == "their own or those of their unit and the units below it"
