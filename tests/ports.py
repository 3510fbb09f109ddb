"""Ports for servers of the tests' own."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, below those that the system gives out for connections: one of these may be anybody's
    by the time a server begins to listen, or comes back."""
    low = int(_RANGE.read_text().split()[0])
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.randrange(max(1024, low - 20_000), low)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in chosen and probe.connect_ex(("127.0.0.1", port)):
                chosen.append(port)
    return chosen
