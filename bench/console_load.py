"""(part of the measurement of the console) Many customers: a real base through the pipeline, then copies by SQL.

A documented shortcut: the base (a 20th of the customers, at most 25,000) is taken in and resolved as usual; each copy
shifts the ids and the digits of phones, documents and keys, and pairs names of its own, so that what is searched is as
selective as it would be. Row scopes, owners and units are spread over the copies.
"""

import time
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, text

from hutong import masterdata
from hutong.cli.sample.generate import generate
from hutong.identity import roles, users
from hutong.party import documents
from hutong.party.ingest.load import load_file
from hutong.party.ingest.mapping import read_mapping
from hutong.party.resolution.resolve import resolve
from hutong.party.tables import party, party_value, source_record, source_version, suspect_group, xref
from hutong.platform import database

SHIFTED = "right((10000000000 + ({value})::bigint + {copy}::bigint * 7919131)::text, 10)"


def digits(column: str) -> str:
    """SQL: the same value with its last ten digits moved by the copy's number; others get a suffix."""
    moved = SHIFTED.format(value=f"right({column}, 10)", copy=":copy")
    return (
        f"CASE WHEN {column} ~ '[0-9]{{10}}$' THEN left({column}, -10) || {moved} "
        f"WHEN {column} IS NULL THEN NULL ELSE {column} || '-' || :copy END"
    )


PACKS = Path(__file__).parents[1] / "packs"
PASSWORD = "a-good-password"  # noqa: S105 - of people that live as long as the measurement
PLACES = {"salesperson": "east-01"}
"""Unit of a role's person where it is not the head office."""


def people() -> list[str]:
    """One person per role of the sample enterprise, of the same name; returns the roles."""
    with database.begin("identity") as conn:
        roles.load_documents(conn, PACKS / "base" / "identity" / "organisation.yaml")
        codes = [str(code) for code in conn.execute(text("SELECT code FROM identity.role ORDER BY code")).scalars()]
        for role in codes:
            unit = PLACES.get(role, "hq")
            users.save(conn, login=role, name=role, password=PASSWORD, unit_code=unit, roles=[role])
    with database.begin("masterdata") as conn:
        masterdata.load_documents(conn, PACKS / "base" / "codes")
    return codes


def bring_in(folder: Path, count: int) -> None:
    """The telecom sample's customers from three sources, taken in and resolved."""
    generate(folder, customers=count, lines=count, seed=7, active=100, orders=2, first_cycle="2026-09", months=1,
             order_usage=False)  # fmt: skip
    with database.begin("party") as conn:
        documents.publish_folder(conn, PACKS / "telecom" / "party", "bench")
    for source, name in (("crm", "crm.csv"), ("billing", "billing.xlsx"), ("callcentre", "callcentre.jsonl")):
        load_file(folder / "sources" / name, read_mapping(PACKS / "telecom" / "mappings" / f"{source}.yaml"), "user:1")
    resolve("user:1")


def load(folder: Path, count: int) -> dict[str, float]:
    """Fill the database; returns seconds of base and copies."""
    started = time.perf_counter()
    base = min(count // 20, 25_000)
    bring_in(folder, base)
    based = time.perf_counter() - started
    with database.begin("party") as conn:
        spread(conn)
        known = int(conn.execute(text("SELECT count(*) FROM party.party WHERE state <> 'merged'")).scalar_one())
    for copy in range(1, count // known + 1):
        with database.begin("party") as conn:
            multiply(conn, copy)
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE"))
    return {"base": based, "copies": time.perf_counter() - started - based}


def spread(conn: Connection) -> None:
    """Give the base owners and units: each hundredth party has an owner, each a unit."""
    conn.execute(
        text("""WITH place AS (SELECT array_agg(path ORDER BY path) AS paths FROM identity.unit)
                UPDATE party.party SET unit_path = place.paths[1 + id % cardinality(place.paths)],
                    owner_id = CASE WHEN id % 100 = 0 THEN 6 END FROM place""")
    )
    conn.execute(text("CREATE TABLE public.shift AS SELECT max(id) AS record FROM party.source_record"))
    conn.execute(text("ALTER TABLE public.shift ADD party bigint, ADD grp bigint, ADD version bigint"))
    conn.execute(
        text("""UPDATE public.shift SET party = (SELECT max(id) FROM party.party),
                grp = (SELECT coalesce(max(id), 0) FROM party.suspect_group),
                version = (SELECT max(id) FROM party.source_version)""")
    )


def multiply(conn: Connection, copy: int) -> None:
    """One more copy of the base."""
    given = "left(b.name, 1) || substr(coalesce(n.name, b.name), 2)"
    party_moves = {
        "id": "b.id + s.party * :copy", "name": given, "name_key": "coalesce(n.name_key, b.name_key)",
        "provenance": "'{}'::jsonb",
        **{name: digits(f"b.{name}") for name in ("id_number", "mobile", "phone", "other_phone", "email", "bank_card")
           if name in party.c},
    }  # fmt: skip
    other = "LEFT JOIN party.party n ON n.kind = b.kind AND n.id = 1 + (b.id * 31 + :copy * 977) % s.party"
    _copy(conn, party, party_moves, other, "b.id <= s.party AND b.state <> 'merged'", copy)
    record_moves = {
        "id": "b.id + s.record * :copy", "key": "b.key || '-' || :copy",
        **{name: digits(f"b.{name}") for name in ("id_number", "mobile", "phone", "other_phone", "email", "bank_card")},
    }  # fmt: skip
    _copy(conn, source_record, record_moves, "", "b.id <= s.record", copy)
    moves = {"id": "b.id + s.version * :copy", "record_id": "b.record_id + s.record * :copy"}
    _copy(conn, source_version, moves, "", "b.id <= s.version", copy)
    moves = {"record_id": "b.record_id + s.record * :copy", "key": "b.key || '-' || :copy",
             "party_id": "b.party_id + s.party * :copy"}  # fmt: skip
    _copy(conn, xref, moves, "", "b.record_id <= s.record", copy)
    moves = {"party_id": "b.party_id + s.party * :copy", "value": f"CASE WHEN b.kind = 'name' THEN {given} "
             f"WHEN b.kind = 'address' THEN b.value ELSE {digits('b.value')} END"}  # fmt: skip
    named = other.replace("n.kind = b.kind AND", "b.kind = 'name' AND").replace("b.id * 31", "b.party_id * 31")
    given_value = moves["value"].replace("b.name", "b.value")
    _copy(conn, party_value, moves | {"value": given_value}, named, "b.party_id <= s.party", copy)
    moves = {"id": "b.id + s.grp * :copy", "party_ids": "ARRAY(SELECT p + s.party * :copy FROM unnest(b.party_ids) p)"}
    _copy(conn, suspect_group, moves, "", "b.id <= s.grp", copy)


def _copy(  # noqa: PLR0917 - one line for each table
    conn: Connection, table: sqlalchemy.Table, moves: dict[str, str], joined: str, where: str, copy: int
) -> None:
    names = [column.name for column in table.columns if not column.computed]
    wanted = ", ".join(moves.get(name, f"b.{name}") for name in names)
    statement = f"""INSERT INTO {table.schema}.{table.name} ({", ".join(names)})
        OVERRIDING SYSTEM VALUE SELECT {wanted} FROM {table.schema}.{table.name} b CROSS JOIN public.shift s {joined}
        WHERE {where} ON CONFLICT DO NOTHING"""
    conn.execute(text(statement.replace("::", "\\:\\:")), {"copy": copy})
