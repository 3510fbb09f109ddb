"""Which peer is where: by name, from the settings. Replaceable one by one (OC-18)."""

from functools import lru_cache

from hutong.ordering.ports.http_peer import HttpPeer
from hutong.ordering.ports.peer import Peer
from hutong.platform.settings import settings

PEERS = ("network", "payment", "sms")


@lru_cache
def _peer(url: str) -> HttpPeer:
    return HttpPeer(url)


def peer(name: str) -> Peer:
    """The peer of a name."""
    addresses = {"network": settings.network_url, "payment": settings.payment_url, "sms": settings.sms_url}
    return _peer(addresses[name])
