"""Real time made ready before the first caller waits: dictionaries read, loops compiled, plans and rules in memory."""

import numpy as np

from hutong.identity import SYSTEM
from hutong.party.match.clusters import Apart, Links, cluster
from hutong.party.realtime.match import Question, match_set
from hutong.party.realtime.stated import PartyData

_SAMPLES = (
    PartyData("person", "王小明", id_type="resident_id", id_number="110105194912310023", mobile="13900000000",
              email="warm@example.com", address="浙江省杭州市西湖区文三路90号1幢1室"),
    PartyData("organisation", "杭州户通信息技术有限公司西湖分公司", phone="0571-80000000"),
)  # fmt: skip


def warm() -> None:
    """Match samples, which stores nothing, and cluster nothing."""
    for _ in range(8):  # the driver prepares a statement at its sixth use
        match_set([Question(SYSTEM, data) for data in _SAMPLES])
    none = np.zeros(0, dtype=np.int64)
    links = Links(none, none, none, none.astype(np.bool_))
    cluster(np.zeros(1, dtype=np.int64), links, Apart(none, none, none))
