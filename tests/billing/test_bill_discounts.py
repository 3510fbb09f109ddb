"""BL-07, BL-09: discounts on sets are those of the pure rule."""

import random
from typing import Any

import duckdb

from hutong import catalog
from hutong.billing import bill_discounts
from hutong.billing.plans import Plans, compiled
from hutong.billing.pricing.bill_discount import ChargeLine, Held, part_due, stack
from hutong.billing.pricing.compiled import PlanKey
from hutong.billing.pricing.cycle import Cycle
from hutong.billing.recurring import presence_of
from hutong.catalog.price_plan import PricePlan

SEPTEMBER = Cycle(2026, 9)
WORDS = {"zh": "折", "en": "deal"}
LEVELS = ["product", "package", "agreement", "account"]
Line = tuple[int, int, int, int, str, int]
"""Number, account, offer instance, product instance, tariff, micros."""
TABLES = """
    CREATE TABLE charge_line (line BIGINT, account_id BIGINT, offer_instance_id BIGINT, product_instance_id BIGINT,
        tariff VARCHAR, left_micros BIGINT, plan VARCHAR DEFAULT 'deal', discounted BOOLEAN DEFAULT true);
    CREATE TABLE holder (account_id BIGINT, offer_instance_id BIGINT, mask BIGINT, customer_id BIGINT DEFAULT 1,
        product_instance_id BIGINT DEFAULT 0, code VARCHAR DEFAULT 'DEAL', version INTEGER DEFAULT 1,
        attributes VARCHAR DEFAULT '{}', product_code VARCHAR, product_version INTEGER, product_attributes VARCHAR,
        transition BOOLEAN DEFAULT false, began DATE DEFAULT '2026-09-01', in_use DATE DEFAULT '2026-09-01');
    CREATE TABLE customer (id BIGINT, kind VARCHAR, grade VARCHAR, born DATE, area VARCHAR);
    CREATE TABLE account (id BIGINT, payment_mode VARCHAR);
    CREATE TABLE span (span BIGINT, product_instance_id BIGINT);
    CREATE TABLE span_offer (span BIGINT, offer_instance_id BIGINT, kind VARCHAR DEFAULT 'price');
"""


class OneDeal(Plans):
    """Every offer has one plan."""

    deal: PricePlan

    def of_offer(self, code: str, version: int) -> tuple[PlanKey, ...]:
        assert (code, version) == ("DEAL", 1)
        return (("deal", 1),)

    def plan(self, key: PlanKey) -> PricePlan:
        assert key == ("deal", 1)
        return self.deal


def some_plan(chance: random.Random) -> PricePlan:
    """Four random discounts."""
    discounts = [
        {
            "code": f"d{number}",
            "name": WORDS,
            "level": chance.choice(LEVELS),
            "form": chance.choice(["percent_off", "amount_off", "at_most"]),
            "value": chance.choice(["3", "7", "20", "12.34", "50"]),
            "per_day": chance.random() < 0.5,
            "charges": chance.choice([[], ["fee"]]),
            "rounding": {
                "unit": chance.choice(["0.01", "0.1"]),
                "mode": chance.choice(["half_up", "half_even", "down", "up"]),
            },
        }
        for number in range(4)
    ]
    tariffs = [{"kind": "recurring", "code": code, "amount": 10} for code in ("fee", "other")]
    body = {"kind": "price_plan", "code": "deal", "name": WORDS, "level": "package"}
    return PricePlan.model_validate(body | {"tariffs": tariffs, "discounts": discounts})


def some_lines(chance: random.Random) -> list[Line]:
    """Nine lines of two accounts with up to two offers and two products each."""
    made = []
    for number, account in enumerate(sorted(chance.choices([1, 2], k=9)), start=1):
        offer, product = account * 10 + chance.randrange(2), account * 100 + chance.randrange(2)
        made.append((number, account, offer, product, chance.choice(["fee", "other"]), chance.randrange(9000) * 10_000))
    return made


def on_sets(plan: PricePlan, lines: list[Line], days: dict[int, int]) -> dict[tuple[int, str], int]:
    """What the bill run takes off each line, by discount."""
    plans = OneDeal(catalog.load(), compiled(catalog.load()).tariffs)
    object.__setattr__(plans, "deal", plan)
    offers = sorted({(line[1], line[2], days[line[2]]) for line in lines})
    members = [(number, *pair) for number, pair in enumerate(sorted({(line[3], line[2]) for line in lines}))]
    with duckdb.connect() as duck:
        duck.execute(TABLES)
        duck.executemany(
            "INSERT INTO charge_line (line, account_id, offer_instance_id, product_instance_id, tariff, "
            "left_micros) VALUES (?, ?, ?, ?, ?, ?)",
            lines,
        )
        duck.executemany("INSERT INTO holder (account_id, offer_instance_id, mask) VALUES (?, ?, ?)", offers)
        duck.executemany("INSERT INTO span VALUES (?, ?)", [member[:2] for member in members])
        pairs = [(number, offer) for number, _, offer in members]
        duck.executemany("INSERT INTO span_offer (span, offer_instance_id) VALUES (?, ?)", pairs)
        bill_discounts.apply_discounts(duck, plans, SEPTEMBER)
        taken = duck.execute("SELECT line, discount, sum(amount)::BIGINT FROM taken GROUP BY ALL").fetchall()
    return {(line, code): amount for line, code, amount in taken}


def by_the_rule(plan: PricePlan, lines: list[Line], days: dict[int, int]) -> dict[tuple[int, str], int]:
    """What the pure rule takes off each line, by discount."""
    began = SEPTEMBER.first_day
    held: list[Held] = []
    for discount in plan.discounts:
        for account, offer in sorted({(line[1], line[2]) for line in lines}):
            part = part_due(discount, presence_of(SEPTEMBER, days[offer], began), began)
            products = sorted({line[3] for line in lines if line[2] == offer})
            holders = {"product": products, "package": [offer], "agreement": [offer], "account": [account]}
            held += [Held(discount, holder, part) for holder in holders[discount.level] if part]
    charges = [
        ChargeLine(
            number, tariff, micros, {"product": product, "package": offer, "agreement": offer, "account": account}
        )
        for number, account, offer, product, tariff, micros in lines
    ]
    made: dict[tuple[int, str], int] = {}
    for taken in stack(charges, held):
        made[taken.line, taken.discount] = made.get((taken.line, taken.discount), 0) + taken.amount
    return made


def test_a_stack_on_sets_is_that_of_the_pure_rule(telecom: Any) -> None:
    """Random discounts of all levels and forms on random lines: line by line the same."""
    for seed in range(40):
        chance = random.Random(seed)
        plan, lines = some_plan(chance), some_lines(chance)
        days = {line[2]: chance.randrange(1, 2**30) for line in lines}
        assert on_sets(plan, lines, days) == by_the_rule(plan, lines, days), seed
