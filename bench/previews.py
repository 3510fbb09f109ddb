"""What a document that is being written would do, with many customers: how long each preview takes.

HUTONG_BENCH_KEEP=FOLDER ./dev bench previews [CUSTOMERS [TIMES]]    # default 100000 customers, 5 times each

The database is that of `./dev bench console`; each kind's document in force is changed as a person would, previewed as
one who sees all and as a branch manager. Told are the median and the longest, and how many were looked at.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text

from bench import console_load
from bench.console import held
from hutong.identity import SYSTEM, Principal
from hutong.identity.actors import viewer_of
from hutong.party.documents import desk
from hutong.party.documents.effects import effects
from hutong.party.documents.kinds import kind_of
from hutong.party.effect import Told
from hutong.platform import database
from hutong.platform.errors import Problem
from hutong.platform.settings import settings

Body = dict[str, Any]
SHARING = Path(__file__).parents[1] / "packs/insurance/sharing"


def without_a_rule(body: Body) -> Body:
    """Rules of matching without one that merges."""
    strong = [rule for rule in body["person"]["strong"] if rule["rule"] != "same_phone_name"]
    return {**body, "person": {**body["person"], "strong": strong}}


def with_a_block(body: Body) -> Body:
    """Rules of matching that look at one more block."""
    return {**body, "person": {**body["person"], "blocks": [*body["person"]["blocks"], ["name", "district"]]}}


def other_leaders(body: Body) -> Body:
    """Golden values by other leaders."""
    changed = {"mobile": {"by": ["trust", "recency"]}, "address": {"by": ["recency"]}}
    return {**body, "attributes": {**body["attributes"], **changed}}


def with_an_attribute(body: Body) -> Body:
    """A data model with one more attribute, and one of another type."""
    first, *others = body["attributes"]
    hobby = {"name": "hobby", "zh": "爱好", "en": "Hobby", "type": "text"}
    return {**body, "attributes": [first, *others, hobby]}


def without_family_names(body: Body) -> Body:
    """Households without one of their rules."""
    return {**body, "rules": [rule for rule in body["rules"] if rule["code"] != "same_address_family_name"]}


def _rule(name: str, **asks: Any) -> Body:
    return {"rule": name, "severity": 3, "owner": "clerk", "zh": "一", "en": name, **asks}


def with_a_condition(body: Body) -> Body:
    """Quality with one more rule about a record alone."""
    added = _rule("mobile_known", dimension="completeness", holds="record.mobile != null")
    return {**body, "rules": [*body["rules"], added]}


def with_a_uniqueness(body: Body) -> Body:
    """Quality with one more rule about values that only one may have."""
    added = _rule("email_once", dimension="uniqueness", applies="record.email != null", unique=["source", "email"])
    return {**body, "rules": [*body["rules"], added]}


def shared(file: str) -> Callable[[Body], Body]:
    """A document of the insurer's, as it is."""
    return lambda _: yaml.safe_load((SHARING / file).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


WRITTEN: dict[str, tuple[str, str, Callable[[Body], Body]]] = {
    "rules, one fewer": ("rules", "rules", without_a_rule),
    "rules, a new block": ("rules", "rules", with_a_block),
    "survivorship": ("survivorship", "survivorship", other_leaders),
    "data model": ("model", "model", with_an_attribute),
    "households": ("households", "households", without_family_names),
    "quality, a condition": ("quality", "quality", with_a_condition),
    "quality, uniqueness": ("quality", "quality", with_a_uniqueness),
    "export": ("export", "renewals", shared("export.renewals.yaml")),
    "call list": ("call-list", "renewal-motor", shared("call-list.renewal-motor.yaml")),
    "needs": ("needs", "policy-issue", shared("needs.policy-issue.yaml")),
    "claim route": ("claim-route", "claim-route", shared("claim-route.claim-route.yaml")),
}
"""What is previewed → kind, name, and how the document in force becomes the one written."""


def written(kind: str, name: str, change: Callable[[Body], Body]) -> str:
    """The text that is previewed."""
    try:
        body = yaml.safe_load(desk.source(SYSTEM, kind_of(kind), name)[1])
    except Problem:
        body = {}
    return yaml.safe_dump(change(body), allow_unicode=True)


def viewers() -> dict[str, Principal]:
    """One who sees all, and a branch manager."""
    with database.read("identity") as conn:
        found = text("SELECT id FROM identity.user_account WHERE login = 'branch-manager'")
        manager = viewer_of(f"user:{conn.execute(found).scalar_one()}")
    assert manager is not None
    return {"all": SYSTEM, "branch": manager}


def main(customers: int, times: int) -> None:
    """Load unless loaded, then preview each."""
    settings.log_level = "error"
    console_load.people()
    if not held():
        for step, seconds in console_load.load(customers):
            print(f"{step:12} {seconds:6.0f} s", flush=True)
    for what, (kind, name, change) in WRITTEN.items():
        body = written(kind, name, change)
        for who, viewer in viewers().items():
            took: list[float] = []
            told = Told()
            try:
                for _ in range(times):
                    began = time.perf_counter()
                    told = effects(viewer, kind_of(kind), name, body)
                    took.append((time.perf_counter() - began) * 1e3)
            except Problem as problem:
                print(f"{what:22} {who:8} {problem.message('en')}")
                continue
            took.sort()
            print(f"{what:22} {who:8} median {took[times // 2]:8.0f}  most {took[-1]:8.0f} ms   "
                  f"looked at {told.looked_at:,} of {told.there:,}", flush=True)  # fmt: skip


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 100_000, int(given[1]) if len(given) > 1 else 5)
