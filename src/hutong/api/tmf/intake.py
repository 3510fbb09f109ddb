"""Orders of many requests gathered into sets (group commit): one catalog, one transaction, each its own answer."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from hutong import catalog
from hutong.api.tmf.product_order_body import ProductOrderCreate, order_request
from hutong.ordering.group_commit import GroupCommit
from hutong.ordering.intake import Answer, Refused, accept
from hutong.ordering.orders import OrderRequest
from hutong.platform.errors import Problem


class Submission(NamedTuple):
    """An order as it came: on which channel, under which key (where it has no externalId), by whom."""

    order: ProductOrderCreate
    channel: str
    key: str | None
    by: str


@lru_cache(maxsize=1)
def gathering() -> GroupCommit[Submission, Answer]:
    """This process's group commit."""
    return GroupCommit(take)


def take(submissions: Sequence[Submission]) -> list[Answer]:
    """Answers in the order of submissions."""
    answers: dict[int, Answer] = {}
    callers: dict[str, list[tuple[int, OrderRequest]]] = {}
    offers = catalog.load()
    for place, one in enumerate(submissions):
        try:
            asked = order_request(one.order, one.channel, one.key, offers)
        except Problem as problem:
            answers[place] = Refused(problem)
        else:
            callers.setdefault(one.by, []).append((place, asked))
    for by, requests in callers.items():
        given = accept([request for _, request in requests], by, offers)
        answers.update(zip((place for place, _ in requests), given, strict=True))
    return [answers[place] for place in range(len(submissions))]
