"""What every catalog document has: a kind, a code, names in both languages; strict, frozen, nothing unknown.

YAML is read without floats and dates: `0.15` stays the text "0.15" until a field says it is an exact decimal, so no
amount ever passes through a binary fraction.
"""

import hashlib
import json
import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hutong.platform import money


class Kind(StrEnum):
    """Kinds of documents, in the order in which they refer to one another."""

    PRICE_PLAN = "price_plan"
    ORDER_TEMPLATE = "order_template"
    PRODUCT = "product"
    PACKAGE = "package"
    OFFER = "offer"


class Part(BaseModel):
    """A piece of a document: immutable, and refusing fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """A text users see, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __call__(self, locale: str) -> str:
        """The text in a locale."""
        return self.zh if locale.startswith("zh") else self.en


Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,59}$", description="stable code (SC-03)")]
Source = Annotated[str, Field(min_length=1, description="condition in CEL")]


def _payable(amount: Decimal) -> Decimal:
    money.to_micros(amount)
    return amount


Amount = Annotated[Decimal, AfterValidator(_payable), Field(description="currency units, at most six decimals")]


class Document(Part):
    """The head of every document. `code` is unique in its kind and never reused (SC-03)."""

    kind: Kind
    code: Code
    name: Words


class _ExactLoader(yaml.SafeLoader):
    """YAML in which only `true`, `false`, `null` and plain whole numbers are not text: `0.15`, `2015-06-01`, `18:00`,
    `NO` and `0571` stay as written."""


_ExactLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("merge", r"^(?:<<)$", "<"),
):
    _ExactLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read_yaml(text: str) -> list[dict[str, Any]]:
    """All documents of a YAML text as plain values, numbers with a fraction as text."""
    return [body for body in yaml.load_all(text, Loader=_ExactLoader) if body is not None]


def canonical(body: Any) -> str:
    """One spelling of a plain value: sorted keys, no spaces; equal content gives equal text."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def content_hash(body: Any) -> str:
    """SHA-256 of the canonical spelling, by which unchanged documents are known."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def pointer(location: tuple[int | str, ...]) -> str:
    """A place in a document for people: `stages[0].steps[2].timeout_seconds`."""
    joined = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return re.sub(r"^\.", "", joined)
