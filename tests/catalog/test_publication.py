"""Publishing the catalog: all or nothing, versions that never change, snapshots by release."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

from hutong import catalog
from hutong.catalog.document import Kind
from hutong.catalog.documents import Draft, Refused, drafts, read_pack
from hutong.platform import clock
from hutong.platform import database as live
from hutong.platform.errors import Conflict, NotFound
from hutong.platform.settings import settings

pytestmark = pytest.mark.usefixtures("database")
PACK = Path(__file__).parents[2] / "packs" / "telecom"


def changed(code: str, **fields: Any) -> list[Draft]:
    body = next(draft.body for draft in read_pack(PACK) if draft.key == (Kind.OFFER, code))
    return drafts([{**body, **fields}])


def outbox() -> list[dict[str, Any]]:
    with live.read("catalog") as conn:
        rows = conn.execute(text("SELECT payload FROM catalog.outbox WHERE type = 'catalog.published' ORDER BY seq"))
        return [row.payload for row in rows]


def test_publish_once_then_only_what_differs() -> None:
    """BL-03: each new business is published with its definition; the same content makes no new version."""
    pack = read_pack(PACK)
    assert catalog.load().release == 0
    first = catalog.publish(pack, by="ann", note="first")
    assert (first.number, len(first.changes)) == (1, len(pack))
    assert catalog.publish(pack, by="ann").number is None
    second = catalog.publish(changed("IP-PHONE", limit_per_customer=3), by="ben")
    assert (second.number, [(item.code, item.change) for item in second.changes]) == (2, [("IP-PHONE", "changed")])
    loaded = catalog.load()
    assert loaded.release == 2
    assert loaded.version(Kind.OFFER, "IP-PHONE") == 2
    assert loaded.version(Kind.OFFER, "MOBILE-5G") == 1
    assert loaded.offer("IP-PHONE").limit_per_customer == 3
    assert loaded.offer("IP-PHONE", 1).limit_per_customer is None
    assert [payload["release"] for payload in outbox()] == [1, 2]
    assert outbox()[1]["changed"] == [{"kind": "offer", "code": "IP-PHONE", "change": "changed"}]
    assert [(row.version, row.state) for row in catalog.versions(Kind.OFFER, "IP-PHONE")] == [
        (2, "published"),
        (1, "published"),
    ]
    assert [(row.number, row.published_by, row.documents) for row in catalog.releases()] == [
        (2, "ben", 1),
        (1, "ann", len(pack)),
    ]


def test_a_snapshot_is_shared_until_the_next_release() -> None:
    catalog.publish(read_pack(PACK), by="ann")
    before = catalog.load()
    assert catalog.load() is before
    catalog.publish(changed("IP-PHONE", limit_per_customer=3), by="ben")
    assert catalog.load() is not before
    assert before.offer("IP-PHONE").limit_per_customer is None


def test_one_fault_publishes_nothing() -> None:
    """OC-06, BL-03: a set is published as a whole or not at all; every fault is told."""
    pack = [draft for draft in read_pack(PACK) if draft.key not in {(Kind.PRODUCT, "VOIP"), (Kind.PACKAGE, "FUSION")}]
    with pytest.raises(Refused) as refused:
        catalog.publish(pack, by="ann")
    named = {fault.document for fault in refused.value.faults}
    assert named == {"product CALLER-DISPLAY", "offer IP-PHONE", "offer FUSION-199"}
    assert "components[0].product" in {fault.path for fault in refused.value.faults}
    assert len(refused.value.details("zh-CN")["errors"]) == len(refused.value.faults)
    assert (catalog.load().release, outbox(), catalog.saved_drafts()) == (0, [], [])


def test_a_release_takes_effect_on_its_date() -> None:
    catalog.publish(read_pack(PACK), by="ann")
    later = clock.now() + timedelta(days=3)
    assert catalog.publish(changed("IP-PHONE", limit_per_customer=3), by="ben", effective_from=later).number == 2
    assert catalog.load().release == 1
    assert catalog.load(later).offer("IP-PHONE").limit_per_customer == 3
    assert catalog.load_release(2).release == 2
    with pytest.raises(Conflict, match="cannot take effect before"):
        catalog.publish(changed("IP-PHONE", limit_per_customer=4), by="ben")
    with clock.fixed(later + timedelta(seconds=1)):
        assert catalog.load().release == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE catalog.document SET body = '{}' WHERE code = 'IP-PHONE'",
        "UPDATE catalog.document SET state = 'draft', release = NULL WHERE code = 'IP-PHONE'",
        "DELETE FROM catalog.document WHERE code = 'IP-PHONE'",
        "UPDATE catalog.release SET note = 'other'",
    ],
)
def test_a_published_version_never_changes(statement: str) -> None:
    """BL-03: not even by SQL."""
    catalog.publish(read_pack(PACK), by="ann")
    with pytest.raises(IntegrityError, match="never changes"), live.begin("catalog") as conn:
        conn.execute(text(statement))
    assert catalog.load().offer("IP-PHONE").code == "IP-PHONE"


def test_drafts_wait_and_are_previewed() -> None:
    catalog.publish(read_pack(PACK), by="ann")
    catalog.save_drafts(changed("IP-PHONE", limit_per_customer=3), by="ben")
    catalog.save_drafts(changed("IP-PHONE", limit_per_customer=4), by="ben")
    assert catalog.load().offer("IP-PHONE").limit_per_customer is None
    [difference] = catalog.preview(catalog.saved_drafts())
    assert [(edit.path, edit.before, edit.after) for edit in difference.edits] == [("limit_per_customer", None, 4)]
    catalog.save_drafts(changed("IP-PHONE"), by="ben")
    assert catalog.saved_drafts() == []  # back to what is published: nothing to publish
    catalog.save_drafts(changed("IP-PHONE", limit_per_customer=5), by="ben")
    assert catalog.publish(by="cat").number == 2
    assert catalog.load().offer("IP-PHONE").limit_per_customer == 5


def test_a_difference_names_parts_by_code() -> None:
    catalog.publish(read_pack(PACK), by="ann")
    prices = [{"code": "installation", "name": {"zh": "安装", "en": "Installation"}, "amount": "80.00"}]
    [difference] = catalog.preview(changed("BROADBAND-500M", one_off_prices=prices))
    assert [edit.path for edit in difference.edits] == [
        "one_off_prices/installation.name.zh",
        "one_off_prices/installation.amount",
    ]


def test_withdrawn_documents_leave_the_catalog_but_not_history() -> None:
    catalog.publish(read_pack(PACK), by="ann")
    withdrawn = [(Kind.OFFER, "CALLER-DISPLAY")]
    assert catalog.publish(by="ben", withdraw=withdrawn).number == 2
    with pytest.raises(NotFound):
        catalog.load().offer("CALLER-DISPLAY")
    assert catalog.load().offer("CALLER-DISPLAY", 1).code == "CALLER-DISPLAY"
    assert catalog.load_release(1).offer("CALLER-DISPLAY").code == "CALLER-DISPLAY"
    with pytest.raises(Refused):
        catalog.publish(by="ben", withdraw=[(Kind.PRODUCT, "BROADBAND")])


def test_two_publishers_wait_for_each_other() -> None:
    catalog.publish(read_pack(PACK), by="ann")
    numbers: list[int | None] = []

    def run(limit: int) -> None:
        numbers.append(catalog.publish(changed("IP-PHONE", limit_per_customer=limit), by="x").number)

    threads = [threading.Thread(target=run, args=(limit,)) for limit in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number or 0 for number in numbers) == [2, 3, 4, 5, 6, 7]
    assert catalog.load().version(Kind.OFFER, "IP-PHONE") == 7


def test_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hutong.cli.catalog import app

    monkeypatch.setattr(settings, "default_locale", "zh-CN")
    run = CliRunner().invoke
    assert run(app, ["publish", str(PACK)]).exit_code == 0
    assert catalog.load().release == 1
    assert "没有差异" in run(app, ["diff", str(PACK)]).output
    for path in (PACK / "catalog").glob("*.yaml"):
        text_of = path.read_text(encoding="utf-8").replace("requires: [BROADBAND]", "requires: [NETWORK]")
        (tmp_path / path.name).write_text(text_of, encoding="utf-8")
    assert "requires: ['BROADBAND'] → ['NETWORK']" in run(app, ["diff", str(tmp_path)]).output
    refused = run(app, ["publish", str(tmp_path)])
    assert (refused.exit_code, "product VOIP, requires[0]" in refused.output) == (1, True)
    assert catalog.load().release == 1
