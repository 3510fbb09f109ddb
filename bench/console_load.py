"""(part of the measurement of the console) Many customers: a real base through the pipeline, then copies by SQL.

A documented shortcut: the base (an insurer's sample: a 50th of the customers, at most 10,000) is taken in and resolved
as usual, with policies, claims, contacts, households; each copy shifts ids and the digits of phones, documents and
keys, and pairs names of its own, so that what is searched is as selective as it would be. Owners and units are spread
over all. Match keys, statistics, quality, reports are then made by the product itself, over everything.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from sqlalchemy import Connection, text

from bench import access_log
from hutong import masterdata
from hutong.cli.sample.insurance.generate import generate
from hutong.identity import SYSTEM, roles, users
from hutong.insight import snapshots
from hutong.party.documents import desk
from hutong.party.documents.packs import publish_folder
from hutong.party.ingest.areas.load import load_area_file
from hutong.party.ingest.areas.mapping import read_area_mapping
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.match.rules import RULES
from hutong.party.quality.measure import measure
from hutong.party.relations.find_households import find_households
from hutong.party.resolution import match_keys, statistics
from hutong.party.resolution.resolve import resolve
from hutong.party.sharing import call_lists
from hutong.party.sharing.document_kinds import CALL_LIST
from hutong.party.tables import metadata
from hutong.platform import database, documents

PACKS = Path(__file__).parents[1] / "packs"
INSURER = PACKS / "insurance"
CUSTOMERS = {"life": "life/customers.csv", "property": "property.xlsx", "service": "service/contacts.jsonl"}
SUMMARIES = {"life-policies": "life/policies.csv", "life-holder": "life/policies.csv",
             "life-insured": "life/policies.csv", "life-beneficiary": "life/policies.csv",
             "life-coverages": "life/coverages.csv", "property-policies": "property.xlsx",
             "property-holder": "property.xlsx", "property-claims": "property.xlsx",
             "service-events": "service/events.jsonl", "service-calls": "service/calls.jsonl"}  # fmt: skip
PASSWORD = "a-good-password"  # noqa: S105 - of people that live as long as the measurement
MANAGER = {
    "code": "branch-manager", "name_zh": "机构主管", "name_en": "Branch manager", "rights": ["party.*", "insight.*"],
    "clear": ["name"], "scopes": {"party": "row.unit_path.startsWith(viewer.unit_path)"},
}  # fmt: skip
"""Besides the sample enterprise's roles: all that a steward does, within a branch; and the same within a small shop."""
SHOP = {"code": "south-01", "name_zh": "南一营业厅", "name_en": "South store 1"}
SHOP_MANAGER = {**MANAGER, "code": "shop-manager", "name_zh": "小店主管", "name_en": "Shop manager"}
PLACES = {"salesperson": "east-01", "branch-manager": "west-01", "shop-manager": SHOP["code"]}
"""Unit of a role's person where it is not the head office."""
READS_EACH = 10
"""Entries of the access log per customer."""


def people() -> list[str]:
    """One person per role of the sample enterprise, of the same name; returns the roles."""
    with tempfile.TemporaryDirectory() as folder, database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        manager = Path(folder) / "manager.yaml"
        manager.write_text(yaml.safe_dump({"roles": [MANAGER, SHOP_MANAGER], "units": [SHOP]}), encoding="utf-8")
        roles.load_documents(conn, manager)
        codes = [str(code) for code in conn.execute(text("SELECT code FROM identity.role ORDER BY code")).scalars()]
        for role in codes:
            unit = PLACES.get(role, "hq")
            users.save(conn, login=role, name=role, password=PASSWORD, unit_code=unit, roles=[role])
    with database.begin("masterdata") as conn:
        for pack in (PACKS / "base", INSURER):
            masterdata.load_documents(conn, pack / "codes")
    return codes


def load(count: int) -> Iterator[tuple[str, float]]:
    """Fill the database with so many customers; gives each step with its seconds."""
    steps: dict[str, Callable[[], object]] = {
        "base": lambda: bring_in(min(max(count // 50, 200), 10_000)),
        "copies": lambda: multiply(count),
        "small shop": open_shop,
        "match keys": renew_keys,
        "call list": share_out,
        "access log": lambda: fill_access_log(count * READS_EACH),
        "quality": measure,
        "vacuum": vacuum,
        "reports": snapshots.take_all,
    }
    for name, step in steps.items():
        began = time.perf_counter()
        step()
        yield name, time.perf_counter() - began


def bring_in(customers: int) -> None:
    """The insurer's customers from three sources with what is known of them, resolved; households; owners and units."""
    with database.begin("party") as conn:
        publish_folder(conn, INSURER / "party", "bench")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, customers=customers, seed=7)
        for source, file in CUSTOMERS.items():
            load_file(folder / file, read_mapping(INSURER / "mappings" / f"{source}.yaml"), "user:1")
        for summary, file in SUMMARIES.items():
            load_area_file(folder / file, read_area_mapping(INSURER / "summaries" / f"{summary}.yaml"), "user:1")
    resolve("user:1")
    find_households("user:1")
    with database.begin("party") as conn:
        conn.execute(
            text("""WITH place AS (SELECT array_agg(path ORDER BY path) AS paths FROM identity.unit
                                   WHERE code <> :shop)
                    UPDATE party.party SET unit_path = place.paths[1 + id % cardinality(place.paths)],
                        owner_id = CASE WHEN id % 100 = 0 THEN
                            (SELECT id FROM identity.user_account WHERE login = 'salesperson') END FROM place"""),
            {"shop": SHOP["code"]},
        )


SHIFT = 7_919_131
NAME = "left(b.{0}, 1) || substr(coalesce(n.{0}, b.{0}), 2)"
"""The surname stays; the given name is that of another customer."""
OTHER = "LEFT JOIN party.party n ON n.kind = {kind} AND n.id = 1 + ({id} * 31 + c.copy * 977) % s.party"
MOVED = ("id_number", "mobile", "phone", "other_phone", "email", "bank_card")
AREAS = ("policy_summary", "coverage_summary", "party_role", "claim_summary", "customer_event", "touch")
Moves = dict[str, str]
"""Column → its SQL in a copy, over the base's row `b`, the shifts `s`, the copy's number `c.copy`."""


def digits(column: str) -> str:
    """SQL: the same value with its last ten digits moved by the copy's number; others get a suffix."""
    moved = f"right((10000000000 + right({column}, 10)::bigint + c.copy * {SHIFT})::text, 10)"
    return (
        f"CASE WHEN {column} ~ '[0-9]{{10}}$' THEN left({column}, -10) || {moved} "
        f"WHEN {column} IS NULL THEN NULL ELSE {column} || '-' || c.copy END"
    )


def moved(**columns: str) -> Moves:
    """Ids (column = table they are of) moved behind those of the copies before."""
    return {name: f"b.{name} + s.{of} * c.copy" for name, of in columns.items()}


def renamed(*columns: str) -> Moves:
    """Keys with the copy's number."""
    return {name: f"b.{name} || '-' || c.copy" for name in columns}


def copied() -> dict[str, tuple[str, Moves, str]]:
    """Table → the column by which the base is told from copies, what a copy's columns are where they differ, and what
    the base is joined with."""
    own = {name: digits(f"b.{name}") for name in MOVED} | {
        "name": NAME.format("name"), "name_key": "coalesce(n.name_key, b.name_key)",
    }  # fmt: skip
    other = OTHER.format(kind="b.kind", id="b.id")
    value = (
        f"CASE WHEN b.kind = 'name' THEN left(b.value, 1) || substr(coalesce(n.name, b.value), 2) "
        f"WHEN b.kind = 'address' THEN b.value ELSE {digits('b.value')} END"
    )
    provenance = """(SELECT coalesce(jsonb_object_agg(key, value::bigint + s.source_record * c.copy), '{}')
                     FROM jsonb_each_text(b.provenance))"""
    record, of_party = moved(record_id="source_record"), moved(party_id="party")
    parties = "ARRAY(SELECT p + s.party * c.copy FROM unnest(b.party_ids) p)"
    about = renamed("of_key")
    return {
        "party": ("id", own | moved(id="party") | {"provenance": provenance}, other),
        "source_record": ("id", own | moved(id="source_record") | renamed("key"), other),
        "source_version": ("id", moved(id="source_version") | record, ""),
        "xref": ("record_id", renamed("key") | record | of_party, ""),
        "party_value": ("party_id", of_party | {"value": value},
                        OTHER.format(kind="'person' AND b.kind = 'name'", id="b.party_id")),
        "judgement": ("id", moved(id="judgement", left_id="source_record", right_id="source_record"), ""),
        "suspect_group": ("id", moved(id="suspect_group") | {"party_ids": parties}, ""),
        "household": ("id", moved(id="household"), ""),
        "household_member": ("household_id", about | moved(household_id="household"), ""),
        **{area: ("id", renamed("key") | about | moved(id=area), "") for area in AREAS},
    }  # fmt: skip


AT_ONCE = 10
"""Copies one statement makes."""


def multiply(count: int) -> None:
    """Copy the base until there are so many customers; indexes are made afterwards."""
    tables = copied()
    numbered = [name for name, (column, _, _) in tables.items() if column == "id"]
    with database.begin("party") as conn:
        known = int(conn.execute(text("SELECT count(*) FROM party.party WHERE state <> 'merged'")).scalar_one())
        values = ", ".join(f"(SELECT coalesce(max(id), 0) FROM party.{name}) AS {name}" for name in numbered)
        conn.execute(text(f"CREATE TEMPORARY TABLE shift AS SELECT {values}"))
        conn.execute(text("SET LOCAL work_mem = '128MB'"))
        with without_indexes(conn, [f"party.{name}" for name in tables]):
            for name in tables:
                for first in range(1, count // known, AT_ONCE):
                    copy(conn, name, first, min(first + AT_ONCE, count // known) - 1)
        for name in numbered:
            sequence = f"pg_get_serial_sequence('party.{name}', 'id')"
            conn.execute(text(f"SELECT setval({sequence}, (SELECT max(id) + 1 FROM party.{name}))"))


def copy(conn: Connection, name: str, first: int, last: int) -> None:
    """Copies of a table's base, from one number to another."""
    column, moves, joined = copied()[name]
    of = {"record_id": "source_record", "party_id": "party", "household_id": "household"}.get(column, name)
    names = [each.name for each in metadata.tables[f"party.{name}"].columns if not each.computed]
    wanted = ", ".join(moves.get(each, f"b.{each}") for each in names)
    living = "AND b.state <> 'merged'" if name == "party" else ""
    statement = f"""INSERT INTO party.{name} ({", ".join(names)}) OVERRIDING SYSTEM VALUE SELECT {wanted}
        FROM generate_series({first}, {last}) AS c (copy) CROSS JOIN shift s CROSS JOIN party.{name} b {joined}
        WHERE b.{column} <= s.{of} {living} ON CONFLICT DO NOTHING"""
    conn.exec_driver_sql(statement.replace("%", "%%"), {})


@contextmanager
def without_indexes(conn: Connection, tables: list[str]) -> Iterator[None]:
    """Take all indexes but those of primary keys away, and make them again."""
    found = conn.execute(
        text("""SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made,
                       i.indrelid::regclass::text AS of, c.conname, pg_get_constraintdef(c.oid) AS held
                FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
                WHERE NOT i.indisprimary AND i.indrelid = ANY(CAST(CAST(:tables AS text[]) AS regclass[]))"""),
        {"tables": tables},
    ).all()
    for row in found:
        gone = f"ALTER TABLE {row.of} DROP CONSTRAINT {row.conname}" if row.conname else f"DROP INDEX {row.name}"
        conn.exec_driver_sql(gone)
    yield
    conn.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    for row in found:
        again = f"ALTER TABLE {row.of} ADD CONSTRAINT {row.conname} {row.held}" if row.conname else row.made
        conn.exec_driver_sql(again)


OF_SHOP = 700
"""One customer in so many is the small shop's, and one suspected group."""


def open_shop() -> None:
    """The customers of the small shop, spread over all, and some groups whose customers are all its own."""
    with database.begin("party") as conn:
        conn.execute(
            text("""WITH own AS (SELECT id FROM party.party WHERE id % :each = 3
                                 UNION SELECT unnest(party_ids) FROM party.suspect_group WHERE id % :each = 3)
                    UPDATE party.party p SET unit_path = u.path FROM own, identity.unit u
                    WHERE p.id = own.id AND u.code = :shop"""),
            {"each": OF_SHOP, "shop": SHOP["code"]},
        )


def renew_keys() -> None:
    """Match keys and statistics of all records, as a run over everything would make them."""
    with database.begin("party") as conn:
        rules = documents.in_force(conn, RULES)
        match_keys.renew_all(conn, rules)
        statistics.bring_up(conn, rules, None, "bench")


CAMPAIGN = {"code": "valued", "title": {"zh": "贵宾", "en": "Valued customers"}, "most": 5000,
            "where": 'customer.kind == "person" && customer.grade in ["diamond", "gold"]'}  # fmt: skip


def share_out() -> None:
    """A call list for the seat: valued customers."""
    with database.read("identity") as conn:
        seat = int(conn.execute(text("SELECT id FROM identity.user_account WHERE login = 'telesales'")).scalar_one())
    desk.publish(SYSTEM, CALL_LIST, CAMPAIGN)
    call_lists.freeze(SYSTEM, "valued", [seat])


def fill_access_log(rows: int) -> None:
    """What a year of work leaves: reads by all people of single customers and of lists, some with a reason."""
    with database.read("party") as conn:
        customers = conn.execute(text("SELECT max(id) FROM party.party")).scalar_one()
    access_log.fill(rows, days=365, actors=10, customers=customers)


def vacuum() -> None:
    """As autovacuum would leave it."""
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE"))
        conn.execute(text("CHECKPOINT"))
