"""Order templates (订单模板): the published flow for a kind of business order: stages → steps (OC-06, OC-07, OC-09).

A template names steps; what a step does is the handler the order center registered for its kind. Steps run one after
another unless `after` says otherwise; a step whose condition does not hold is skipped. Running orders keep the version
they began with.
"""

from enum import StrEnum
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from hutong.catalog.document import Code, Document, Kind, Part, Source, Words


class StepKind(StrEnum):
    """What a step does. Each is a component of the order center with an adapter to its peer (OC-07)."""

    RESERVE_NUMBER = "reserve_number"  # 预占
    TAKE_PAYMENT = "take_payment"  # 支付
    PROVISION = "provision"  # 送开通
    CREATE_INSTANCES = "create_instances"  # 转实例, add
    CHANGE_INSTANCES = "change_instances"  # 转实例, modify, suspend, resume
    TERMINATE_INSTANCES = "terminate_instances"  # 转实例, terminate
    ACTIVATE_BILLING = "activate_billing"  # 送计费
    NOTIFY = "notify"  # 通知
    COMPLETE = "complete"  # 竣工
    ARCHIVE = "archive"  # 挪历史


class CompensationKind(StrEnum):
    """What undoes a done step."""

    RELEASE_NUMBER = "release_number"
    REFUND = "refund"
    DEPROVISION = "deprovision"
    REMOVE_INSTANCES = "remove_instances"
    DEACTIVATE_BILLING = "deactivate_billing"


UNDOES: dict[StepKind, CompensationKind] = {
    StepKind.RESERVE_NUMBER: CompensationKind.RELEASE_NUMBER,
    StepKind.TAKE_PAYMENT: CompensationKind.REFUND,
    StepKind.PROVISION: CompensationKind.DEPROVISION,
    StepKind.CREATE_INSTANCES: CompensationKind.REMOVE_INSTANCES,
    StepKind.ACTIVATE_BILLING: CompensationKind.DEACTIVATE_BILLING,
}


class Mode(StrEnum):
    """How a step runs: `local` in the dispatcher's transaction for a whole set; `remote` by a call to a peer center."""

    LOCAL = "local"
    REMOTE = "remote"


class OnFailure(StrEnum):
    """What happens when a step failed for good (refused, or retries used up)."""

    COMPENSATE = "compensate"  # the business order fails; its done steps are undone in reverse
    HOLD = "hold"  # the business order waits in the exception list for a person
    SKIP = "skip"  # the flow goes on; the failure stays visible in the trace


class ExceptionPolicy(StrEnum):
    """What else fails when a business order of this template fails (OC-09)."""

    CANCEL_ORDER = "cancel_order"  # the whole customer order
    CANCEL_DEPENDENTS = "cancel_dependents"  # this business order and those that depend on it


class Retry(Part):
    """How often and when a failed call is repeated: wait `first_wait_seconds`, then `factor` times longer each time."""

    attempts: int = Field(5, ge=1, le=100, description="calls in all, the first included")
    first_wait_seconds: int = Field(1, ge=0, le=3600)
    factor: int = Field(2, ge=1, le=10)
    longest_wait_seconds: int = Field(300, ge=0, le=86400)

    def wait_after(self, attempt: int) -> int:
        """Seconds to wait after the n-th failed attempt (counted from 1)."""
        return min(self.first_wait_seconds * int(self.factor ** min(attempt - 1, 30)), self.longest_wait_seconds)


class Step(Part):
    """One step. `port` names the peer of a remote step; `timeout_seconds` is how long its answer may take."""

    code: Code
    name: Words
    kind: StepKind
    mode: Mode = Mode.LOCAL
    port: Literal["network", "payment", "sms"] | None = None
    when: Source | None = Field(None, description="runs only if true; variables: see catalog.conditions.STEP")
    after: tuple[Code, ...] | None = Field(None, description="default: the step before it; [] = at once in its stage")
    timeout_seconds: int = Field(60, ge=1, le=31 * 86400)
    retry: Retry = Retry.model_validate({})
    compensation: CompensationKind | None = None
    on_failure: OnFailure = OnFailure.COMPENSATE

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.mode is Mode.REMOTE) != (self.port is not None):
            raise ValueError("a remote step names its port, a local step has none")
        if self.compensation and UNDOES.get(self.kind) is not self.compensation:
            raise ValueError(f"{self.compensation} does not undo {self.kind}")
        return self


class Stage(Part):
    """A stage (环节组) of the flow: begins when every step of the stage before it is done or skipped."""

    code: Code
    name: Words
    steps: tuple[Step, ...] = Field(min_length=1)


class PlannedStep(Part):
    """A step placed in the flow: its number, its stage, and the codes of the steps it waits for."""

    number: int
    stage: str
    step: Step
    after: tuple[str, ...]


class OrderTemplate(Document):
    """The flow of one kind of business order; products name the template of each action (`ProductSpec.fulfilment`)."""

    kind: Literal[Kind.ORDER_TEMPLATE]
    exception_policy: ExceptionPolicy = ExceptionPolicy.CANCEL_DEPENDENTS
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        codes = [step.code for stage in self.stages for step in stage.steps]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"step codes are used twice: {', '.join(sorted(twice))}")
        seen: set[str] = set()
        for planned in self.plan():
            if unknown := set(planned.after) - seen:
                raise ValueError(f"step {planned.step.code} waits for {', '.join(sorted(unknown))}, not before it")
            seen.add(planned.step.code)
        return self

    def plan(self) -> tuple[PlannedStep, ...]:
        """All steps in order with what each waits for. A step waits for the one before it in its stage, or for the
        steps `after` names; the first (or `after: []`) for all last steps of the stage before."""
        planned: list[PlannedStep] = []
        gate: tuple[str, ...] = ()
        for stage in self.stages:
            before = dict(pairwise(reversed([step.code for step in stage.steps])))
            in_stage: list[PlannedStep] = []
            for step in stage.steps:
                default = (before[step.code],) if step.code in before else ()
                waits = (default if step.after is None else step.after) or gate
                number = len(planned) + len(in_stage) + 1
                in_stage.append(PlannedStep(number=number, stage=stage.code, step=step, after=waits))
            waited = {code for item in in_stage for code in item.after}
            gate = tuple(item.step.code for item in in_stage if item.step.code not in waited)
            planned += in_stage
        return tuple(planned)

    def step(self, code: str) -> Step:
        """The step of this code. Raises KeyError."""
        for stage in self.stages:
            for step in stage.steps:
                if step.code == code:
                    return step
        raise KeyError(code)
