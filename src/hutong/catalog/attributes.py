"""Attributes of products and offers: what may vary from one customer to the next, declared with type and values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from hutong.catalog.document import Code, Part, Words

Value = str | int | bool


class AttributeType(StrEnum):
    """Types of values. A plan tier is a `choice`."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class Choice(Part):
    """One allowed value and its name."""

    value: str = Field(min_length=1)
    name: Words


class Attribute(Part):
    """One attribute. `billing` says whether billing needs it (BL-03): then its changes reach billing's periods."""

    code: Code
    name: Words
    type: AttributeType
    mandatory: bool = False
    default: Value | None = None
    choices: tuple[Choice, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    longest: int = Field(200, ge=1, le=4000, description="characters of a text")
    billing: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.type is AttributeType.CHOICE) != bool(self.choices):
            raise ValueError("a choice lists its values, other types list none")
        if self.default is not None and (reason := self.refuses(self.default)):
            raise ValueError(f"the default is not allowed: {reason}")
        return self

    def refuses(self, value: object) -> str | None:
        """Why a value is not allowed (`type`, `choice`, `range`, `length`), or None."""
        match self.type:
            case AttributeType.BOOLEAN:
                return None if isinstance(value, bool) else "type"
            case AttributeType.INTEGER:
                if isinstance(value, bool) or not isinstance(value, int):
                    return "type"
                low, high = self.minimum, self.maximum
                return "range" if (low is not None and value < low) or (high is not None and value > high) else None
            case AttributeType.TEXT:
                if not isinstance(value, str):
                    return "type"
                return "length" if len(value) > self.longest else None
            case AttributeType.CHOICE:
                return None if value in {choice.value for choice in self.choices} else "choice"


@dataclass(frozen=True)
class AttributeFault:
    """A value that is not allowed: reason `unknown`, `missing`, `type`, `choice`, `range` or `length`."""

    attribute: str
    reason: str
    allowed: str = ""


def complete(attributes: Sequence[Attribute], values: Mapping[str, Value]) -> dict[str, Value]:
    """The values with defaults filled in."""
    defaults = {item.code: item.default for item in attributes if item.default is not None}
    return {**defaults, **values}


def faults(attributes: Sequence[Attribute], values: Mapping[str, Value]) -> Iterator[AttributeFault]:
    """What is wrong with the values of an instance, defaults already filled in."""
    known = {item.code: item for item in attributes}
    for code in values.keys() - known.keys():
        yield AttributeFault(code, "unknown", ", ".join(known))
    for code, item in known.items():
        if code not in values:
            if item.mandatory:
                yield AttributeFault(code, "missing")
        elif reason := item.refuses(values[code]):
            yield AttributeFault(code, reason, ", ".join(choice.value for choice in item.choices))
