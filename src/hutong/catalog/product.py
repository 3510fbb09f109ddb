"""Product specifications (产品): the atomic unit of what is delivered (BL-01)."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from hutong.catalog.attributes import Attribute
from hutong.catalog.document import Code, Document, Kind


class Action(StrEnum):
    """What an order item does to an offer or product (OC-04)."""

    ADD = "add"
    MODIFY = "modify"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


class Role(StrEnum):
    """Main products are used by themselves and emit usage; attached ones come with a main one and emit none."""

    MAIN = "main"
    ATTACHED = "attached"


class ProductSpec(Document):
    """A product. `requires` names products the customer must hold, or get in the same order before this one."""

    kind: Literal[Kind.PRODUCT]
    role: Role
    emits: tuple[Code, ...] = Field((), description="types of usage events")
    number_class: Code | None = Field(None, description="class of the number pool its access number comes from")
    attaches_to: tuple[Code, ...] = Field((), description="main products an attached one may come with")
    requires: tuple[Code, ...] = Field((), description="products it depends on")
    attributes: tuple[Attribute, ...] = ()
    price_plans: tuple[Code, ...] = Field((), description="price plans at product level, the lowest precedence")
    fulfilment: dict[Action, Code] = Field(description="order template per action")

    @model_validator(mode="after")
    def _role_fits(self) -> Self:
        if self.role is Role.ATTACHED and (self.emits or not self.attaches_to):
            raise ValueError("an attached product emits no usage and names what it attaches to")
        if self.role is Role.MAIN and self.attaches_to:
            raise ValueError("a main product attaches to nothing")
        return self
