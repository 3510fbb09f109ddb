"""Customers that keep ordering over HTTP while everything around them is killed, and remember what they were told."""

import math
import random
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2 as httpx

PATIENCE_SECONDS = 120.0
ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
KINDS: Mapping[str, Sequence[str]] = {
    "mobile": ("MOBILE-5G",),
    "broadband": ("BROADBAND-500M",),
    "fused": ("MOBILE-5G", "MOBILE-5G", "BROADBAND-500M", "IP-PHONE"),
}
MISCHIEF: Mapping[str, Sequence[tuple[str, float]]] = {
    "network": (("twice", 0.2), ("callback", 0.5), ("silent", 0.2), ("drop", 0), ("late", 0.7), ("refuse", 0)),
    "payment": (("drop", 0), ("late", 0.5), ("twice", 0.2), ("refuse", 0), ("fail", 0)),
    "sms": (("drop", 0), ("fail", 0), ("twice", 0.1)),
}
OPERATIONS = {"network": "provision", "payment": "take", "sms": "send"}


@dataclass
class Book:
    """What clients know: what they asked under which key, which orders they were given, what went wrong."""

    asked: dict[str, str] = field(default_factory=dict)
    given: dict[str, set[int]] = field(default_factory=dict)
    unanswered: int = 0
    surprises: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def accepted(self) -> int:
        """How many orders clients were told are accepted."""
        return len(self.given)


@dataclass
class Load:
    """Threads that order, each with its own sequence of random choices, until `stop`."""

    urls: Sequence[str]
    key: str
    customers: Sequence[tuple[int, int]]
    seed: int
    pause: float
    book: Book = field(default_factory=Book)
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    give_up_at: float = math.inf

    def start(self, clients: int) -> None:
        """Begin."""
        self.threads = [
            threading.Thread(target=self._client, args=(place, clients), daemon=True) for place in range(clients)
        ]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """Stop ordering; returns when every client has its last answer, or gave up as some do."""
        self.give_up_at = time.monotonic() + PATIENCE_SECONDS
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _client(self, place: int, clients: int) -> None:
        chance = random.Random(f"{self.seed} client {place}")
        numbers = count()
        headers = {"authorization": f"Bearer {self.key}", "accept-language": "en"}
        with httpx.Client(headers=headers, timeout=20, trust_env=False) as http:
            for who in self.customers[place::clients]:
                if self.stop.wait(chance.uniform(0, 2 * self.pause)):
                    return
                self._order(http, chance, who, f"{self.seed}-{place}-{next(numbers)}")

    def _order(self, http: httpx.Client, chance: random.Random, who: tuple[int, int], key: str) -> None:
        """Order, and ask again under the same key for as long as it takes; some give up, some ask twice."""
        kind = chance.choices(list(KINDS), [5, 2, 3])[0]
        patience, twice = chance.choice([0, 1, 1000]), chance.random() < 0.2
        with self.book.lock:
            self.book.asked[key] = kind
        content = order(who, kind, key)
        answered = 0
        while True:
            url = chance.choice(self.urls)
            try:
                answer = http.post(url + ORDERS, json=content)
            except httpx.TransportError:
                pass
            else:
                answered += self._note(key, answer)
                if answer.status_code < 500 and (not twice or answered > 1):
                    return
            if not answered:
                patience -= 1
            if patience < 0:
                with self.book.lock:
                    self.book.unanswered += 1
                return
            if time.monotonic() > self.give_up_at:
                raise TimeoutError(f"no answer for {key}")
            time.sleep(chance.uniform(0.02, 0.2))

    def _note(self, key: str, answer: httpx.Response) -> int:
        with self.book.lock:
            if answer.status_code in (200, 201):
                self.book.given.setdefault(key, set()).add(int(answer.json()["id"]))
                return 1
            if answer.status_code != 503:
                self.book.surprises.append(f"{answer.status_code} {answer.text[:300]}")
            return 0


def order(who: tuple[int, int], kind: str, key: str) -> dict[str, Any]:
    """A TMF622 order."""
    items: list[dict[str, Any]] = []
    for place, offer in enumerate(KINDS[kind], 1):
        items.append({"id": str(place), "action": "add", "productOffering": {"id": offer}})
        if offer == "MOBILE-5G":
            items[-1]["product"] = {"productCharacteristic": [{"name": "tier", "value": "59"}]}
    return {
        "externalId": key,
        "relatedParty": [{"id": str(who[0]), "role": "customer"}],
        "billingAccount": {"id": str(who[1])},
        "notificationContact": "13800138000",
        "productOrderItem": items,
    }


def misbehave(peers: str, chance: random.Random) -> None:
    """Let a simulated peer answer late, twice, not at all, or refuse, for some requests."""
    peer = chance.choice(list(MISCHIEF))
    how, seconds = chance.choice(MISCHIEF[peer])
    rule = {"peer": peer, "operation": OPERATIONS[peer], "how": how, "seconds": seconds}
    with suppress(httpx.TransportError):  # it may just have been killed
        many = {**rule, "times": chance.randint(1, 8)}
        httpx.post(f"{peers}/control", json=many, timeout=5, trust_env=False).raise_for_status()
