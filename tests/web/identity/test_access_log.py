"""EC-17: the access log is read in words, not in names of columns and entities."""

import pytest

from hutong.billing import usage_queries
from hutong.inventory.queries import NUMBER
from hutong.ordering import listing
from hutong.party.columns import SENSITIVE
from hutong.platform.i18n import LOCALES, has_message
from hutong.web.identity import access_log

OTHERS = ("value", "detail", "other_name", "other_mobile", "name_key")
"""Fields that several reads of the customer master show under names of their own."""


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_that_is_protected_has_a_name(locale: str) -> None:
    fields = [*SENSITIVE, *NUMBER, *listing.SENSITIVE, *usage_queries.SENSITIVE, *OTHERS]
    wanted = [f"web-field-{name}" for name in fields]
    wanted += [f"web-entity-{name.replace('.', '-')}" for name in access_log.ENTITIES]
    wanted += [f"web-kind-{name}" for name in access_log.KINDS]
    assert [each for each in wanted if not has_message(each, locale)] == []


def test_what_a_center_noted_by_itself_is_told_in_words() -> None:
    assert access_log.reason("renewals v3: 20 rows on screen", "en") == "List renewals, version 3: 20 rows on screen"
    assert access_log.reason("renewals v3: 1200 rows", "zh-CN") == "清单 renewals 第 3 版：文件 1,200 行"
    assert access_log.reason("ordering ordering.order_changed", "en") == "Order changed"
    assert access_log.reason("called back, as asked", "en") == "called back, as asked"
