"""Fingerprints of tables: the same rows, in whatever order, give the same number; any other row another."""

from collections.abc import Sequence

import psycopg
from psycopg.sql import SQL, Identifier

SETTINGS = ("TimeZone = 'UTC'", "DateStyle = 'ISO'", "IntervalStyle = 'postgres'", "bytea_output = 'hex'",
            "extra_float_digits = 1")  # fmt: skip
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind = 'r' ORDER BY 1, 2
"""
_IDENTITIES = """
SELECT n.nspname, c.relname, a.attname, pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped AND a.attnum > 0
  AND pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname) IS NOT NULL
ORDER BY 1, 2, 3
"""


def of_tables(conn: psycopg.Connection, schemas: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Rows and fingerprint of every table of some schemas, as the connection's transaction sees them."""
    for setting in SETTINGS:
        conn.execute(SQL("SET LOCAL {}").format(SQL(setting)))
    found = {}
    for schema, table in conn.execute(_TABLES, [list(schemas)]).fetchall():
        query = SQL("SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} AS t")
        rows, number = conn.execute(query.format(Identifier(schema, table))).fetchone() or (0, "0")
        found[f"{schema}.{table}"] = (int(rows), str(number))
    return found


def numbers_behind(conn: psycopg.Connection, schemas: Sequence[str]) -> list[str]:
    """Sequences that would give an id that exists already."""
    behind = []
    for schema, table, column, sequence in conn.execute(_IDENTITIES, [list(schemas)]).fetchall():
        query = SQL("SELECT coalesce((SELECT max({}) FROM {}), 0) > coalesce(pg_sequence_last_value({}::regclass), 0)")
        asked = query.format(Identifier(column), Identifier(schema, table), sequence)
        if (conn.execute(asked).fetchone() or (False,))[0]:
            behind.append(sequence)
    return behind
