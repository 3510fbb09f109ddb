"""EC-02: after erasure nothing of the person is in any column of any table, nor in any file; a tombstone is left."""

import pytest
from sqlalchemy import text
from tests.party.conftest import Importer, write_crm
from tests.party.resolution.test_resolve import ids, person, resident
from tests.party.state import parties
from typer.testing import CliRunner

from hutong.cli.party import app
from hutong.identity import SYSTEM, Principal
from hutong.identity.protection import record_read
from hutong.inventory import accounts
from hutong.inventory.requests import OpenAccount
from hutong.party import PartyData, erased_keys, find_or_create, get
from hutong.party.areas import images
from hutong.party.information import AREAS
from hutong.party.lifecycle import erased_files, erasure
from hutong.party.lifecycle.changes import apply_change, approve
from hutong.party.lifecycle.tombstones import tombstones
from hutong.party.models.sampling import train_new
from hutong.party.reading import requests, suspects
from hutong.party.relations import groups, relate
from hutong.party.resolution.resolve import resolve
from hutong.party.stewardship import decide, desk, enhancement, merge, split
from hutong.platform import database, history, jobs, migrations, subscriptions, worker
from hutong.platform.errors import Conflict, Gone, NotFound
from hutong.platform.settings import settings

pytestmark = pytest.mark.usefixtures("database")
ADA, LEAD = (Principal(n, "user", f"user{n}", frozenset({"*"}), clear=frozenset({"*"})) for n in (1, 2))
NAME, MAIL, MOBILE, PHONE = "诸葛亮", "kongming@163.com", "13988887777", "057187654321"
CARD, STREET, NOTE, SHARED = "6222021234567890128", "卧龙岗", "南阳来的孔明先生", "shared@163.com"
SOUGHT = [
    NAME,
    "zhugeliang",
    "ZHUGELIANG",
    MAIL,
    MOBILE,
    "87654321",
    CARD,
    STREET,
    NOTE,
    resident(5),
    "CRM-PRIVATE-KEY",
]


def found_in_database(sought: list[str]) -> list[str]:
    """Columns of any kind of text, in any table of any schema of ours, that hold one of the values."""
    columns = text(
        """SELECT c.table_schema, c.table_name, c.column_name FROM information_schema.columns c
           JOIN information_schema.tables t USING (table_schema, table_name)
           WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
             AND (c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea', 'USER-DEFINED')
                  OR c.data_type LIKE 'char%')"""
    )
    made = []
    with database.engine().connect() as conn:
        for schema, table, column in conn.execute(columns).all():
            held = conn.execute(
                text(
                    f"""SELECT array_agg(DISTINCT v) FROM "{schema}"."{table}", unnest(CAST(:sought AS text[])) AS v
                        WHERE strpos("{column}"::text, v) > 0
                           OR strpos("{column}"::text, encode(convert_to(v, 'UTF8'), 'hex')) > 0"""
                ),
                {"sought": sought},
            ).scalar_one()
            if held:
                made.append(f"{schema}.{table}.{column}: {held}")
    return made


def found_on_disk(sought: list[str]) -> list[str]:
    """Files of the data folder that hold one of the values, in UTF-8 or GB18030, or in their name."""
    made = []
    for path in settings.data_dir.rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        if any(v in path.name or v.encode() in held or v.encode("gb18030") in held for v in sought):
            made.append(str(path.relative_to(settings.data_dir)))
    return made


def told() -> None:
    """Let every center hear what was told."""
    subscriptions.load_handlers(database.CENTERS)
    worker.drain()


def around(party: int, other: int) -> None:
    """What the rooms around the customer keep of one: relations, a household, a list, an image, areas, enhancement, a
    model trained on it, quality tasks, calls, the portal."""
    relate.relate(ADA, party, other, "sibling", note=NOTE)
    relate.relate(ADA, other, party, "friend", note=NOTE)
    group = groups.define(ADA, "guests", "客人", "guests")
    groups.put_in(ADA, group, [party, other])
    images.store(ADA, party, "id_card", f"{NAME}.png", b"\x89PNG\r\n\x1a\n" + NAME.encode())
    number = enhancement.draft(ADA, "call-backs", "callback", [{"party_id": str(party), "mobile": MOBILE}])
    enhancement.apply(ADA, number)
    train_new("person", ADA.actor)
    with database.begin("party") as conn:
        query = text("SELECT id FROM party.source_record WHERE key = 'CRM-PRIVATE-KEY'")
        record = conn.execute(query).scalar_one()
        for area in AREAS:
            if area not in ("party_relation", "document_image"):
                conn.execute(text(in_area(area)), {"note": NOTE})
        seeded = {"party": party, "record": record, "note": NOTE, "phone": MOBILE, "card": CARD}
        for statement in SEEDED:
            named = {name: value for name, value in seeded.items() if f":{name}" in statement}
            conn.execute(text(statement), named)


def in_area(area: str) -> str:
    """A row of an information area about the person, with the note in every text."""
    fixed = {"of_source": "'crm'", "of_key": "'CRM-PRIVATE-KEY'", "source": "'hutong'", "valid_to": "NULL"}
    kinds = {
        "TEXT": ":note",
        "BIGINTEGER": "1",
        "SMALLINTEGER": "1",
        "INTEGER": "1",
        "BOOLEAN": "true",
        "DATE": "current_date",
        "DATETIME": "now()",
    }
    columns = [
        column for column in migrations.tables_of("party").metadata.tables[f"party.{area}"].c if column.name != "id"
    ]
    values = [fixed.get(one.name) or kinds[type(one.type).__name__.upper()] for one in columns]
    return f"INSERT INTO party.{area} ({', '.join(one.name for one in columns)}) VALUES ({', '.join(values)})"


SEEDED = (
    """WITH home AS (INSERT INTO party.household (name, made_by) VALUES (:note, 'user:1') RETURNING id)
       INSERT INTO party.household_member (household_id, of_source, of_key, word, because)
       SELECT id, 'crm', 'CRM-PRIVATE-KEY', 'confirmed', :note FROM home""",
    """INSERT INTO party.generic_value (kind, value, since_version, names) VALUES ('bank_card', :card, 1, 5)""",
    """WITH task AS (INSERT INTO party.quality_task (rule, entity, record_id, source, branch, contributor, owner,
               severity) VALUES ('r', 'source_record', :record, 'crm', '', '', 'source', 1) RETURNING id)
       INSERT INTO party.quality_task_step (task_id, state, note, done_by) SELECT id, 'open', :note, 'user:1'
       FROM task""",
    """WITH list AS (INSERT INTO party.call_list (code, version, size, held_back, made_by)
           VALUES ('c', 1, 1, '{}', 'user:1') RETURNING id),
       target AS (INSERT INTO party.call_target (list_id, party_id, place) SELECT id, :party, 1 FROM list)
       INSERT INTO party.call_result (list_id, party_id, seat_id, disposition, note)
       SELECT id, :party, 1, 'reached', :note FROM list""",
    """INSERT INTO party.claim_decision (claim, party_id, version, rule, route, priority, inputs, decided_by)
       VALUES ('1', :party, 1, 'r', 'desk', 1, jsonb_build_object('who', CAST(:note AS text)), 'user:1')""",
    """WITH account AS (INSERT INTO party.portal_account (party_id, phone, state)
           VALUES (:party, :phone, 'active') RETURNING id)
       INSERT INTO party.portal_session (token_hash, account_id, csrf, expires_at)
       SELECT 't', id, 'c', now() FROM account""",
    """UPDATE party.suspect_group SET proposal = jsonb_build_object('reason', CAST(:note AS text))
       WHERE CAST(:party AS bigint) = ANY(party_ids)""",
    """INSERT INTO party.rejected_record (load_id, source, row_number, key, raw, reasons, state)
       SELECT max(id), 'crm', 1, 'typed wrong', json_build_object('电话', CAST(:phone AS text)), '{}', 'open'
       FROM party.load""",
    """INSERT INTO party.former_statement (area, row_id, of_source, of_key, content)
       VALUES ('touch', 1, 'crm', 'CRM-PRIVATE-KEY', jsonb_build_object('note', CAST(:note AS text)))""",
    """INSERT INTO party.portal_code (phone, code_hash, salt, address, expires_at)
       VALUES (:phone, 'h', 's', 'a', now())""",
)
"""What rooms keep that need more than an erasure's test to be made by their own functions."""


@pytest.fixture
def life(take_in: Importer) -> int:
    """A person with data everywhere: loaded twice, stated, merged, split, suspected, refused, noted, read, uploaded."""
    row = person(
        "CRM-PRIVATE-KEY",
        NAME,
        联系电话=MOBILE,
        固定电话=PHONE,
        电子邮箱=MAIL,
        通信地址=f"浙江省杭州市西湖区{STREET}路1号",
        **ids(5),
    )
    take_in(row, person("other", "李丽", **ids(6)), person("third", "诸葛连", 电子邮箱=SHARED))
    take_in({**row, "更新时间": "2026/02/02 10:00:00", "电子邮箱": "old-" + MAIL})
    take_in({**row, "客户编号": "wrong", "证件号码": resident(5)[:-1] + "0", "证件类型": "1"})
    resolve()
    party = parties()["CRM-PRIVATE-KEY"]
    stated = PartyData("person", NAME, id_type="resident_id", id_number=resident(5), bank_card=CARD, mobile=MOBILE,
                       email=SHARED)  # fmt: skip
    assert find_or_create(ADA, stated, "CRM-PRIVATE-KEY-2").party_id == party
    done = merge.merge(ADA, [party, parties()["other"]], NOTE, force=True)
    split.undo(ADA, done.operation_id or 0, NOTE)
    apply_change(ADA, "modify", [party], body={"attributes": {"name": NAME + "先生"}}, reason=NOTE)
    resolve()
    [group] = [row["id"] for row in suspects.queue(ADA) if party in row["party_ids"]]
    desk.claim(ADA, group)
    decide.unsure(ADA, group, NOTE)
    record_read(ADA, "party", [party], ["name"], reason=NOTE)
    accounts.open_accounts([OpenAccount("acc-1", party, name=NAME)])
    around(party, parties()["other"])
    folder = settings.data_dir / "uploads" / ("a" * 32)
    folder.mkdir(parents=True)
    write_crm(folder / "crm.csv", [row])
    exports = settings.data_dir / "exports"
    exports.mkdir()
    (exports / "1.csv").write_text(f"{NAME},{MOBILE}", encoding="utf-8")
    return party


def test_nothing_is_found_after_erasure(life: int) -> None:
    """EC-02: values seeded in many places are found before, and nowhere after; others keep theirs."""
    assert len(found_in_database(SOUGHT)) > 60 and len(found_on_disk(SOUGHT)) == 3
    told()
    asked = apply_change(ADA, "erase", [life], reason="asked by the person")
    assert (asked.state, asked.rule) == ("pending", "erasure") and get(SYSTEM, life)["name"].startswith(NAME)
    approve(LEAD, asked.request_id, "identity checked")
    told()
    assert found_in_database(SOUGHT) == []
    assert found_on_disk(SOUGHT) == []
    assert get(SYSTEM, parties()["other"])["name"] == "李丽"


NAMES_A_PARTY = {"party_id", "party_ids", "record_id", "left_id", "of_key", "to_key", "retired_id", "raw"}
KEPT = {"tombstone", "erased_key", "operation_record"}
"""Tables that go on naming the erased: by number, or by keyed hash."""


def test_every_table_that_names_a_party_is_reached(life: int) -> None:
    """EC-02: a table that comes to name parties or records has its place in the erasure, or a reason not to."""
    tables = migrations.tables_of("party").metadata.tables.values()
    naming = {table.name for table in tables if NAMES_A_PARTY & {column.name for column in table.c}}
    approve(LEAD, apply_change(ADA, "erase", [life], reason="asked").request_id)
    [left] = tombstones(SYSTEM)
    assert naming - KEPT <= left["counts"].keys()
    untouched = {name for name in naming - KEPT if not left["counts"][name]}
    assert untouched <= {"changed_record", "model_review", "redirect", "role"}, "each was seeded"


def test_the_tombstone(life: int, take_in: Importer) -> None:
    """EC-02: the id resolves to a tombstone; nothing can be done with it; resolution and history stay sound."""
    asked = apply_change(ADA, "erase", [life], reason="asked by the person").request_id
    approve(LEAD, asked)
    [left] = tombstones(SYSTEM)
    assert (left["party_id"], left["erased_by"], left["approved_by"]) == (life, ADA.actor, LEAD.actor)
    assert left["reason"] == "asked by the person" and left["counts"]["source_record"] >= 3
    with pytest.raises(Gone):
        get(SYSTEM, life)
    with pytest.raises(NotFound):
        apply_change(ADA, "modify", [life], body={"attributes": {"email": MAIL}})
    assert erasure.erase(life, request_id=asked, by="x", approved_by=None, reason="again") == {"counts": {}}
    resolve()
    assert life not in parties().values()
    with database.read("party") as conn:
        assert history.check_center(conn, migrations.tables_of("party").metadata) == []
    assert requests.pending(LEAD) == []


def test_who_was_merged_meanwhile_is_not_erased_unseen(take_in: Importer) -> None:
    """EC-02: the party asked about is now part of another: approval is refused, nothing goes, the request waits."""
    take_in(person("A", "王小明"), person("B", "李丽"), person("C", "李丽", **ids(3)))
    resolve()
    home = parties()
    asked = apply_change(ADA, "erase", [home["A"]], reason="asked").request_id
    moved = merge.merge(LEAD, [home["A"], home["B"], home["C"]], "one")
    if home["A"] not in moved.retired:
        split.undo(LEAD, moved.operation_id or 0, "the other way")
        merge.merge(LEAD, [home["B"], home["C"]], "first")
        merge.merge(LEAD, [home["A"], home["B"]], "then")
    assert parties()["A"] != home["A"]
    with pytest.raises(Conflict):
        approve(LEAD, asked)
    assert set(parties()) == {"A", "B", "C"} and [row["id"] for row in requests.pending(LEAD)] == [asked]


def test_erased_keys_do_not_come_back(life: int, take_in: Importer) -> None:
    """EC-02: the next load of the same source key is not taken, nor its rejected row kept; a new consent lets it in."""
    approve(LEAD, apply_change(ADA, "erase", [life], reason="asked").request_id)
    told()
    row = person("CRM-PRIVATE-KEY", NAME, 联系电话=MOBILE, **ids(5))
    report = take_in(row, person("new", "赵云", **ids(8)))
    resolve()
    assert report.admitted == 1 and set(parties()) >= {"new", "other"} and "CRM-PRIVATE-KEY" not in parties()
    assert found_in_database(SOUGHT) == []
    with pytest.raises(Gone):
        find_or_create(ADA, PartyData("person", NAME), "CRM-PRIVATE-KEY-2")
    assert CliRunner().invoke(app, ["readmit", "crm", "CRM-PRIVATE-KEY"]).exit_code == 0
    with pytest.raises(NotFound):
        erasure.consent_again(ADA, "crm", "CRM-PRIVATE-KEY")
    take_in({**row, "更新时间": "2026/03/03 10:00:00"})
    resolve()
    assert parties()["CRM-PRIVATE-KEY"] != life


def test_the_secret_is_made_once_and_private() -> None:
    """EC-02: hashes say nothing without the installation's key, which its owner alone reads."""
    first = erased_keys.secret()
    assert erased_keys.secret() == first and len(first) == 64
    assert (settings.data_dir / "erasure.key").stat().st_mode & 0o077 == 0
    assert erased_keys.hash_of("crm", "1") != erased_keys.hash_of("crm", "2") != erased_keys.hash_of("billing", "2")


def upload(token: str, name: str, content: bytes) -> None:
    """A file somebody uploaded."""
    folder = settings.data_dir / "uploads" / token
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)


def test_uploads_that_may_hold_the_person_go(database: object) -> None:
    """EC-02: a number across two blocks of a file is found; packed files go unread; what a job reads stays till then;
    a file without the person stays."""
    number = MOBILE.encode()
    upload("a" * 32, "across.csv", b"x" * (erased_files.CHUNK - 5) + number)
    upload("b" * 32, "packed.xlsx", b"PK")
    upload("c" * 32, "others.csv", b"13900000000")
    upload("d" * 32, "read.csv", number)
    jobs.start("party.load", {"token": "d" * 32, "mapping": "crm", "name": "read.csv"}, ADA.actor)
    erased_files.remove([MOBILE])
    left = {path.name for path in (settings.data_dir / "uploads").rglob("*") if path.is_file()}
    assert left == {"others.csv", "read.csv"}


def test_who_was_merged_into_the_erased_is_erased_with_them(life: int) -> None:
    """EC-02: the retired id leads nowhere, its history is gone, and it has a tombstone of its own."""
    third = parties()["third"]
    gone = merge.merge(ADA, [life, third], NOTE, force=True)
    whole, (retired,) = parties()["CRM-PRIVATE-KEY"], gone.retired
    told()
    approve(LEAD, apply_change(ADA, "erase", [whole], reason="asked by the person").request_id)
    told()
    for id in (whole, retired):
        with pytest.raises(Gone):
            get(SYSTEM, id)
    assert found_in_database([NAME, MAIL, "诸葛连"]) == []
    with database.read("party") as conn:
        left = conn.execute(text("SELECT count(*) FROM party.party_history WHERE id = ANY(:ids)"),
                            {"ids": [whole, retired]}).scalar_one()  # fmt: skip
    assert left == 0


def test_a_value_that_others_share_stays_disarmed(life: int) -> None:
    """EC-05: an erasure forgets no generic value that others state too: it would link them."""
    with database.begin("party") as conn:
        conn.execute(text("""INSERT INTO party.generic_value (kind, value, since_version, names)
                             VALUES ('email', :value, 1, 5)"""), {"value": SHARED})  # fmt: skip
    approve(LEAD, apply_change(ADA, "erase", [life], reason="asked by the person").request_id)
    with database.read("party") as conn:
        kept = conn.execute(text("SELECT value FROM party.generic_value WHERE value = :value"), {"value": SHARED})
        assert kept.scalars().all() == [SHARED]


def count(query: str, **values: object) -> int:
    with database.read("party") as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM party.{query}"), values).scalar_one())


def test_what_others_keep_of_the_person_goes_too(take_in: Importer) -> None:
    """EC-02: versions of another that held the record for a while, requests that found the person, rows and codes that
    only a phone or a source key ties to them, reasons given for one merged into them; no suspicion is left."""
    take_in(person("E", NAME, 联系电话=MOBILE, **ids(5)), person("X", NAME, 联系电话=MOBILE),
            person("S", "欧阳娜", **ids(5)), *(person(f"O{n}", "李丽", **ids(6)) for n in range(1, 6)))  # fmt: skip
    resolve()
    home, stated = parties()["E"], {"kind": "person", "name": NAME, "id_type": "resident_id", "id_number": resident(5)}
    assert apply_change(ADA, "create", body={"attributes": stated}).result["party_id"] == home
    done = merge.merge(ADA, [home, parties()["O1"]], "one", force=True)
    held = get(SYSTEM, home)
    assert held["id"] == parties()["O1"] != home and held["mobile"] == "+86" + MOBILE
    split.undo(ADA, done.operation_id or 0, "two")
    other = parties()["S"]
    record_read(ADA, "party", [other], ["name"], reason=NOTE)
    assert merge.merge(ADA, [home, other], "one", force=True).retired == [other]
    take_in(person("T", "司马懿", **ids(5)))
    resolve()
    pending = apply_change(ADA, "modify", [home], body={"attributes": {"name": NAME + "明"}}).request_id
    enhancement.draft(ADA, "call-backs", "callback", [{"source": "crm", "key": "typed wrong", "mobile": MOBILE}])
    with database.begin("party") as conn:
        conn.execute(text("""INSERT INTO party.portal_code (phone, code_hash, salt, address, expires_at)
                             VALUES (:phone, 'h', 's', 'a', now())"""), {"phone": "+86" + MOBILE})  # fmt: skip
        conn.execute(text("""INSERT INTO party.rejected_record (load_id, source, row_number, key, raw, reasons, state)
            SELECT max(id), 'crm', 1, 'E', json_build_object('备注', CAST(:note AS text)), '{}', 'open'
            FROM party.load"""), {"note": NOTE})  # fmt: skip
    suspected = "suspect_group WHERE state IN ('open', 'claimed') AND :home = ANY(party_ids)"
    assert count(suspected, home=home) == 1
    told()
    approve(LEAD, apply_change(ADA, "erase", [home], reason="asked").request_id)
    told()
    assert found_in_database([NAME, MOBILE, NOTE, "zhugeliang"]) == []
    known = "(SELECT id FROM party.source_record)"
    assert count(f"judgement WHERE left_id NOT IN {known} OR right_id NOT IN {known}") == 0
    assert count("change_request WHERE id = :id AND state = 'expired'", id=pending) == 1
    assert count(suspected, home=home) == 0 and count("party WHERE name = '李丽'") == 1
    assert count("party_history WHERE name = '李丽'") >= 2, "what others were before and after stays"
