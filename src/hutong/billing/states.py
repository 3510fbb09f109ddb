"""States of a bill: one table of transitions, for code, API and console alike."""

from enum import StrEnum


class BillState(StrEnum):
    """A pro-forma bill is replaced by the next run of its cycle; a final one stays as it is."""

    PRO_FORMA = "pro_forma"
    FINAL = "final"


BILL: dict[BillState, frozenset[BillState]] = {
    BillState.PRO_FORMA: frozenset({BillState.PRO_FORMA, BillState.FINAL}),
    BillState.FINAL: frozenset(),
}
"""From a state to those that may follow. What changes after a final bill goes into the account's next one."""


class QuarantineState(StrEnum):
    """What became of a record that could not be used."""

    HELD = "held"
    RELEASED = "released"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DISCARDED = "discarded"


QUARANTINE: dict[QuarantineState, frozenset[QuarantineState]] = {
    QuarantineState.HELD: frozenset({QuarantineState.RELEASED, QuarantineState.DISCARDED}),
    QuarantineState.RELEASED: frozenset({QuarantineState.ACCEPTED, QuarantineState.DUPLICATE, QuarantineState.HELD}),
    QuarantineState.ACCEPTED: frozenset(),
    QuarantineState.DUPLICATE: frozenset(),
    QuarantineState.DISCARDED: frozenset(),
}
"""A released record is collected again: accepted, found a duplicate, or held anew with its present reason."""
