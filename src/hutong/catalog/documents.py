"""All kinds of documents together: read from files, checked one by one, faults named with document, place and cure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from hutong.catalog.document import Kind, content_hash, pointer, read_yaml
from hutong.catalog.offer import Offer, Package
from hutong.catalog.order_template import OrderTemplate
from hutong.catalog.price_plan import PricePlan
from hutong.catalog.product import ProductSpec
from hutong.platform.errors import Invalid, Unprocessable
from hutong.platform.i18n import translate

AnyDocument = Annotated[PricePlan | OrderTemplate | ProductSpec | Package | Offer, Field(discriminator="kind")]
_any = TypeAdapter[PricePlan | OrderTemplate | ProductSpec | Package | Offer](AnyDocument)
type_of: dict[Kind, type[PricePlan | OrderTemplate | ProductSpec | Package | Offer]] = {
    Kind.PRICE_PLAN: PricePlan,
    Kind.ORDER_TEMPLATE: OrderTemplate,
    Kind.PRODUCT: ProductSpec,
    Kind.PACKAGE: Package,
    Kind.OFFER: Offer,
}


@dataclass(frozen=True)
class Fault:
    """What is wrong in a document: which document, where in it, what, and how to mend it."""

    document: str
    path: str
    message_id: str
    params: dict[str, Any] = field(default_factory=dict)

    def sentence(self, locale: str) -> str:
        """`offer FUSION-199, components[0].product: ...`"""
        place = f"{self.document}, {self.path}" if self.path else self.document
        return f"{place}: {translate(self.message_id, locale, **self.params)}"


class Refused(Unprocessable):
    """Documents that cannot be published; `faults` says why, all of it at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("catalog-refused", count=len(self.faults))

    def details(self, locale: str) -> dict[str, Any]:
        """The problem-details body with every fault."""
        return {**super().details(locale), "errors": [fault.sentence(locale) for fault in self.faults]}

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(fault.sentence("en") for fault in self.faults)])


@dataclass(frozen=True)
class Draft:
    """A document as written (`body`, plain values) and as understood (`document`)."""

    document: PricePlan | OrderTemplate | ProductSpec | Package | Offer
    body: dict[str, Any]
    hash: str

    @property
    def key(self) -> tuple[Kind, str]:
        """Kind and code."""
        return self.document.kind, self.document.code


def understand(body: dict[str, Any]) -> PricePlan | OrderTemplate | ProductSpec | Package | Offer:
    """One document from plain values. Raises pydantic's ValidationError. Strict: no text is taken for a number."""
    return _any.validate_json(json.dumps(body), strict=True)


def drafts(bodies: Iterable[dict[str, Any]]) -> list[Draft]:
    """Documents from plain values; raises Refused with the faults of all of them."""
    understood: list[Draft] = []
    faults: list[Fault] = []
    for number, body in enumerate(bodies, 1):
        name = _label(body, number)
        try:
            understood.append(Draft(understand(body), body, content_hash(body)))
        except ValidationError as error:
            faults += _faults_of_form(name, error)
    seen: set[tuple[Kind, str]] = set()
    for draft in understood:
        if draft.key in seen:
            faults.append(Fault(label(draft.key), "code", "catalog-fault-twice"))
        seen.add(draft.key)
    if faults:
        raise Refused(faults)
    return understood


def _faults_of_form(name: str, error: ValidationError) -> Iterator[Fault]:
    """Pydantic's findings; a list that is too short only because its faulty parts fell out is not told as well."""
    found = error.errors()
    for each in found:
        where = each["loc"]
        if each["type"] == "too_short" and any(
            len(other["loc"]) > len(where) and other["loc"][: len(where)] == where for other in found
        ):
            continue
        place = tuple(part for part in where if part not in type_of)
        yield Fault(name, pointer(place), "catalog-fault-form", {"reason": each["msg"]})


def read_pack(pack: Path) -> list[Draft]:
    """All documents of a pack's `catalog/*.yaml`, in file order. Raises Invalid or Refused."""
    folder = pack / "catalog" if (pack / "catalog").is_dir() else pack
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise Invalid("catalog-no-documents", folder=str(folder))
    bodies: list[dict[str, Any]] = []
    for path in paths:
        try:
            bodies += read_yaml(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise Invalid("catalog-unreadable", file=path.name, reason=str(error)) from error
    return drafts(bodies)


def label(key: tuple[Kind, str]) -> str:
    """How a document is called in messages: `offer FUSION-199`."""
    return f"{key[0].value} {key[1]}"


def _label(body: Any, number: int) -> str:
    if isinstance(body, dict) and body.get("kind") and body.get("code"):
        return f"{body['kind']} {body['code']}"
    return f"document {number}"
