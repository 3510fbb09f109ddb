"""Steps done in the inventory: numbers and instances, whole sets at a time, once per key (OC-07)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from hutong.inventory import change, creation, numbers, termination
from hutong.inventory.requests import (
    ChangeInstance,
    CreateInstances,
    NewProduct,
    NumberReserved,
    ReleaseNumber,
    RemoveInstances,
    ReserveNumber,
    TerminateInstances,
)
from hutong.inventory.requests import Outcome as Done
from hutong.inventory.states import InstanceState
from hutong.ordering.local_steps import Handler
from hutong.ordering.steps import ClaimedStep, Outcome, done, refused, step_key

A = TypeVar("A", bound=Done)
RESERVATION_MINUTES = 30 * 24 * 60
"""A reservation outlasts field work; what is given up earlier is released by compensation."""
_STATES = {"suspend": InstanceState.SUSPENDED, "resume": InstanceState.ACTIVE}


def reserve_number(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Reserve the access number of the main product (预占): the wanted one, or any of its class."""
    numbered = [step for step in steps if _main(step)["number_class"]]
    requests = [
        ReserveNumber(step.key, _main(step)["number_class"], _main(step)["wanted_number"], RESERVATION_MINUTES)
        for step in numbered
    ]
    answers: Sequence[NumberReserved] = numbers.reserve_numbers(requests)
    found = _outcomes(numbered, answers, lambda step, answer: {"number": answer.access_number, "reserved": step.key})
    return {step.id: done() for step in steps} | found


def release_number(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Give up a reservation, if there is one under the key."""
    return _outcomes(steps, numbers.release_numbers([ReleaseNumber(s.key, s.undone_key) for s in steps]))


def create_instances(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """What was ordered becomes what the customer holds (转实例)."""
    answers = creation.create_instances([_creation(step) for step in steps])
    return _outcomes(
        steps,
        answers,
        lambda _, answer: {
            "offer_instance_id": answer.offer_instance_id,
            "product_instance_ids": list(answer.product_instance_ids),
        },
    )


def remove_instances(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Undo a creation, if there was one under the key."""
    return _outcomes(steps, termination.remove_instances([RemoveInstances(s.key, s.undone_key) for s in steps]))


def change_instances(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """Modify, suspend or resume what the customer holds: the product, and the offer when its attributes are given."""
    changes = [(step, request) for step in steps for request in _changes(step)]
    answers = change.change_instances([request for _, request in changes])
    found: dict[int, Outcome] = {step.id: done() for step in steps}
    for (step, request), answer in zip(changes, answers, strict=True):
        if not answer.ok:
            found[step.id] = _refusal(answer)
        elif request.product_instance_id and found[step.id].reason == "":
            found[step.id] = done(product_instance_ids=[request.product_instance_id])
    return found


def terminate_instances(_conn: Connection, steps: Sequence[ClaimedStep]) -> Mapping[int, Outcome]:
    """End what the customer holds: the named products, or the whole offer."""
    answers = termination.terminate_instances([_termination(step) for step in steps])
    return _outcomes(steps, answers, lambda step, _: {"product_instance_ids": _instances(step)})


def _main(step: ClaimedStep) -> Mapping[str, Any]:
    main: Mapping[str, Any] = step.data["products"][0]
    return main


def _instances(step: ClaimedStep) -> list[int]:
    return [line["product_instance_id"] for line in step.data["products"] if line["product_instance_id"]]


def _creation(step: ClaimedStep) -> CreateInstances:
    data = step.data
    number = step.results.get("number")
    products = tuple(
        NewProduct(
            component=line["place"],
            product_code=line["product"],
            attributes=line["attributes"],
            access_number=number if place == 0 else None,
            reservation_key=step.results.get("reserved") if place == 0 else None,
            attached_to=line["product_instance_id"],
        )
        for place, line in enumerate(data["products"])
    )
    return CreateInstances(
        request_key=step.key,
        customer_id=step.customer_id,
        account_id=data["account_id"],
        offer_key=f"{step_key(step.order_uid, 0)}.{data['item_no']}",
        offer_code=data["offer"],
        offer_version=data["offer_version"],
        offer_attributes=data["attributes"],
        products=products,
    )


def _changes(step: ClaimedStep) -> list[ChangeInstance]:
    data = step.data
    state = _STATES.get(data["action"])
    made = [
        ChangeInstance(
            f"{step.key}.{line['product_instance_id']}",
            product_instance_id=line["product_instance_id"],
            attributes=line["attributes"],
            state=state,
        )
        for line in data["products"]
        if line["product_instance_id"] and (line["attributes"] or state)
    ]
    if data["attributes"] and data["offer_instance_id"]:
        offer_id = data["offer_instance_id"]
        made.append(ChangeInstance(f"{step.key}.offer", offer_instance_id=offer_id, attributes=data["attributes"]))
    return made


def _termination(step: ClaimedStep) -> TerminateInstances:
    instances = tuple(_instances(step))
    whole = None if instances else step.data["offer_instance_id"]
    return TerminateInstances(step.key, offer_instance_id=whole, product_instance_ids=instances)


def _outcomes(
    steps: Sequence[ClaimedStep],
    answers: Sequence[A],
    found: Callable[[ClaimedStep, A], Mapping[str, Any]] = lambda _step, _answer: {},
) -> dict[int, Outcome]:
    return {
        step.id: done(**found(step, answer)) if answer.ok else _refusal(answer)
        for step, answer in zip(steps, answers, strict=True)
    }


def _refusal(answer: Done) -> Outcome:
    return refused(answer.problem.code if answer.problem else "refused")


INVENTORY: dict[str, Handler] = {
    "reserve_number": reserve_number,
    "release_number": release_number,
    "create_instances": create_instances,
    "remove_instances": remove_instances,
    "change_instances": change_instances,
    "terminate_instances": terminate_instances,
}
