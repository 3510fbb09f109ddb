"""Users of e-mail addresses that are nothing but the names of who has them: that namesakes share one says nothing."""

# ruff: noqa: PLR0917  (compiled loops: arrays by position)

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hutong.party.match.comparators import Encoded
from hutong.party.match.kernels import Ints

SAME_USER = 2
"""The level of e-mail addresses that have the user alone in common."""
_BETWEEN = (45, 46, 95)


def of_names(left: Ints, right: Ints, levels: NDArray[np.int8], mail: Encoded, given: Encoded, family: Encoded) -> Ints:
    """The places of pairs whose addresses have the same user at different hosts, where it is only their name: as
    addresses they differ."""
    alike = np.flatnonzero(levels == SAME_USER)
    return alike[_plain(left[alike], mail, given, family) & _plain(right[alike], mail, given, family)]


@njit(cache=True, nogil=True)
def _plain(records: Ints, mail: Encoded, given: Encoded, family: Encoded) -> NDArray[np.bool_]:
    """Whether all users of a record are its family name with its given name, an initial, or nothing."""
    out = np.zeros(records.shape[0], dtype=np.bool_)
    for place in range(records.shape[0]):
        one, two = given.codes[records[place], 0], family.codes[records[place], 0]
        if one < 0 or two < 0:
            continue
        first, last = given.starts[one, 0], family.starts[two, 0]
        sizes = given.ends[one, 0] - first, family.ends[two, 0] - last
        made = True
        for column in range(mail.codes.shape[1]):
            value = mail.codes[records[place], column]
            if value >= 0 and not _is_name(mail, value, family, last, sizes[0], sizes[1]):
                made = False
        out[place] = made
    return out


@njit(cache=True, nogil=True)
def _is_name(mail: Encoded, value: int, family: Encoded, last: int, given_size: int, family_size: int) -> bool:
    start, end = mail.starts[value, 1], mail.ends[value, 1]
    letters, held = 0, False
    for at in range(start, end):
        point = mail.points[at]
        if 48 <= point <= 57:
            return False
        letters += point not in _BETWEEN
        if at + family_size <= end:
            run = 0
            while run < family_size and mail.points[at + run] == family.points[last + run]:
                run += 1
            held |= run == family_size
    rest = letters - family_size
    return held and (rest <= 1 or rest == given_size)
