"""The number pool: reserve, assign, release (OC-03). Sets of requests, one statement each, never a number twice.

A number is `free`, `reserved` until an instant, `assigned`, or `resting` after its user gave it up. Reservations that
lapsed and rests that are over count as free: `sweep` turns them back, and a shortage sweeps at once.
"""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection, text

from hutong.inventory import events
from hutong.inventory.once import Done, once
from hutong.inventory.requests import NumberReserved, Outcome, Refusal, ReleaseNumber, ReserveNumber, Result
from hutong.platform import clock, database

REST = timedelta(days=90)
"""How long a number rests before someone else may get it."""

ADD = text("""
    INSERT INTO inventory.number_pool (number, number_class, changed_at)
    SELECT number, :class, :now FROM unnest(CAST(:numbers AS text[])) AS number ORDER BY number
    ON CONFLICT (number) DO NOTHING
""")
SWEEP = text("""
    UPDATE inventory.number_pool AS p SET state = 'free', reserved_by = NULL, until = NULL, changed_at = :now
    FROM (
        SELECT number FROM inventory.number_pool WHERE until <= :now ORDER BY number FOR UPDATE SKIP LOCKED
    ) AS over WHERE p.number = over.number
""")
# The n-th request of a class takes the n-th number picked. SKIP LOCKED: buyers do not wait for one another.
RESERVE_ANY = text("""
    WITH per_class AS (
        SELECT number_class, count(*) AS wanted, array_agg(key ORDER BY key) AS keys,
            array_agg(minutes ORDER BY key) AS minutes
        FROM json_to_recordset(CAST(:asked AS json)) AS a(key text, number_class text, minutes int)
        GROUP BY number_class
    ), picked AS MATERIALIZED (
        SELECT c.number_class, array_agg(p.number) AS numbers FROM per_class AS c CROSS JOIN LATERAL (
            SELECT number FROM inventory.number_pool
            WHERE number_class = c.number_class AND state = 'free'
            ORDER BY number LIMIT c.wanted FOR UPDATE SKIP LOCKED
        ) AS p GROUP BY c.number_class
    )
    UPDATE inventory.number_pool AS n
    SET state = 'reserved', reserved_by = z.key, until = :now + z.minutes * interval '1 minute', changed_at = :now
    FROM per_class AS c JOIN picked AS p USING (number_class)
        CROSS JOIN LATERAL unnest(c.keys, c.minutes, p.numbers) AS z(key, minutes, number)
    WHERE n.number = z.number
    RETURNING z.key, n.number
""")
# One who asks for a certain number waits for whoever holds its row just now, then looks again.
RESERVE_WANTED = text("""
    WITH asked AS (
        SELECT DISTINCT ON (wanted) key, number_class, wanted, minutes
        FROM ROWS FROM (json_to_recordset(CAST(:asked AS json))
            AS (key text, number_class text, wanted text, minutes int))
            WITH ORDINALITY AS a(key, number_class, wanted, minutes, place)
        ORDER BY wanted, place
    ), held AS MATERIALIZED (
        SELECT p.number, a.key, a.minutes FROM inventory.number_pool AS p
        JOIN asked AS a ON a.wanted = p.number AND a.number_class = p.number_class
        WHERE p.state = 'free' OR p.until <= :now
        ORDER BY p.number FOR UPDATE OF p
    )
    UPDATE inventory.number_pool AS n
    SET state = 'reserved', reserved_by = h.key, until = :now + h.minutes * interval '1 minute', changed_at = :now
    FROM held AS h WHERE n.number = h.number
    RETURNING h.key, n.number
""")
RELEASE = text("""
    UPDATE inventory.number_pool AS p SET state = 'free', reserved_by = NULL, until = NULL, changed_at = :now
    FROM (
        SELECT number FROM inventory.number_pool WHERE reserved_by = ANY(:keys) ORDER BY number FOR UPDATE
    ) AS held WHERE p.number = held.number AND p.reserved_by = ANY(:keys)
    RETURNING p.number
""")
LOCK = text("""
    SELECT number, state, reserved_by, until FROM inventory.number_pool WHERE number = ANY(:numbers)
    ORDER BY number FOR UPDATE
""")
ASSIGN = text("""
    UPDATE inventory.number_pool SET state = 'assigned', reserved_by = NULL, until = NULL, changed_at = :now
    WHERE number = ANY(:numbers)
""")
GIVE_BACK = text("""
    UPDATE inventory.number_pool AS p
    SET state = CASE WHEN g.until > :now THEN 'resting' ELSE 'free' END,
        until = CASE WHEN g.until > :now THEN g.until END, changed_at = :now
    FROM json_to_recordset(CAST(:given AS json)) AS g(number text, until timestamptz)
    WHERE p.number = g.number AND p.state = 'assigned'
""")


def add_numbers(number_class: str, numbers: Sequence[str]) -> int:
    """Put numbers into the pool; those already there stay as they are. Returns how many are new."""
    with database.begin("inventory") as conn:
        return conn.execute(ADD, {"class": number_class, "numbers": list(numbers), "now": clock.now()}).rowcount


def reserve_numbers(requests: Sequence[ReserveNumber]) -> list[NumberReserved]:
    """Hold numbers for a while: wanted ones, or any of a class. The request_key is the reservation's key.

    Refusals: `inventory-number-taken` (the wanted one is not free, or not of the class), `inventory-no-numbers`.
    """
    return once("reserve_numbers", requests, NumberReserved, _reserve)


def release_numbers(requests: Sequence[ReleaseNumber]) -> list[Outcome]:
    """Give up reservations; one that lapsed or was used meanwhile is left as it is."""

    def work(conn: Connection, new: list[ReleaseNumber]) -> Done:
        keys = [item.reservation_key for item in new]
        freed = list(conn.execute(RELEASE, {"keys": keys, "now": clock.now()}).scalars())
        events.numbers_released(conn, freed)
        return {item.request_key: {} for item in new}

    return once("release_numbers", requests, Outcome, work)


def sweep() -> int:
    """Free lapsed reservations and numbers whose rest is over. Returns how many; the worker runs it each minute."""
    with database.begin("inventory") as conn:
        return conn.execute(SWEEP, {"now": clock.now()}).rowcount


def _reserve(conn: Connection, new: list[ReserveNumber]) -> Done:
    wanting = [item for item in new if item.wanted is not None]
    taken = _take(conn, RESERVE_WANTED, wanting)
    any_of = [item for item in new if item.wanted is None]
    taken |= _take(conn, RESERVE_ANY, any_of)
    if short := [item for item in any_of if item.request_key not in taken]:
        conn.execute(SWEEP, {"now": clock.now()})
        taken |= _take(conn, RESERVE_ANY, short)
    done: dict[str, Result | Refusal] = {}
    for item in new:
        if number := taken.get(item.request_key):
            done[item.request_key] = {"access_number": number}
        elif item.wanted is not None:
            done[item.request_key] = Refusal("inventory-number-taken", {"number": item.wanted})
        else:
            done[item.request_key] = Refusal("inventory-no-numbers", {"class": item.number_class})
    return done


def _take(conn: Connection, statement: object, asked: Sequence[ReserveNumber]) -> dict[str, str]:
    """Request key → number, for those that got one."""
    if not asked:
        return {}
    rows = [
        {"key": item.request_key, "number_class": item.number_class, "wanted": item.wanted, "minutes": item.minutes}
        for item in asked
    ]
    taken = conn.execute(statement, {"asked": msgspec.json.encode(rows).decode(), "now": clock.now()})  # type: ignore[call-overload]
    return {row.key: row.number for row in taken}


def unavailable(conn: Connection, wanted: dict[str, str | None]) -> dict[str, Refusal]:
    """Lock numbers and say which cannot be assigned: number → refusal. `wanted`: number → reservation key or None."""
    held = {row.number: row for row in conn.execute(LOCK, {"numbers": sorted(wanted)})}
    now = clock.now()
    refused: dict[str, Refusal] = {}
    for number, reservation in wanted.items():
        row = held.get(number)
        mine = row is not None and row.state == "reserved" and row.reserved_by == reservation
        open_to_all = row is not None and (row.state == "free" or (row.until is not None and row.until <= now))
        if not (mine or open_to_all):
            refused[number] = Refusal("inventory-number-taken", {"number": number})
    return refused


def assign(conn: Connection, numbers: Sequence[str]) -> None:
    """Mark locked numbers as assigned."""
    if numbers:
        conn.execute(ASSIGN, {"numbers": list(numbers), "now": clock.now()})


def give_back(conn: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Let assigned numbers rest until `until` (free at once if that is past): rows of `number` and `until`."""
    if rows:
        conn.execute(GIVE_BACK, {"given": msgspec.json.encode(rows).decode(), "now": clock.now()})
