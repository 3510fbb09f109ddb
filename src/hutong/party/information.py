"""The information areas of the customer master (EC-01, EC-16): what is kept about a party beside its golden record.

One list, read by the tables, the loader, the reads, the pages and the model's documentation, so that an area or a field
is added in one place. Every row of every area is a *statement*: `source` and `key` say whose it is (stated again, it
replaces itself), `of_source` and `of_key` say whom it is about by a cross-reference. So a row may arrive before its
party, follows its source record through merges, splits and undoing, and is never moved.
"""

from typing import Literal, NamedTuple

Type = Literal["text", "bigint", "date", "instant", "boolean", "jsonb"]
Timing = Literal["period", "moment"]


class Field(NamedTuple):
    """One column of an area. `code_set`: where its codes are named; `sensitive`: kind of identity.masking."""

    name: str
    type: Type
    meaning: str
    code_set: str | None = None
    sensitive: str | None = None
    required: bool = False


class Area(NamedTuple):
    """An area is a table. `period`: rows hold from `valid_from` to `valid_to`; `moment`: they happened at `at`."""

    name: str
    timing: Timing
    meaning: str
    fields: tuple[Field, ...]
    title: str = "kind"  # the field a timeline shows
    by_people: bool = True  # whether people may state it on a page; else it comes from systems only


CONFIRMED = (
    Field("confirmed_at", "instant", "when the customer last confirmed it"),
    Field("confirmed_by", "text", "who heard it"),
)
"""Every area has them, as its last fields. A row that changes is not confirmed any more."""
_KIND = "kind"
_MONEY = "micro currency units (10⁻⁶)"

AREAS = {
    area.name: area._replace(fields=(*area.fields, *CONFIRMED))
    for area in (
        Area(
            "stated_value",
            "period",
            "names, phones, e-mails, social accounts, addresses, identity documents, bank cards as people and sources "
            "state them, with use and validity; confirmed or ended, survivorship hears of it",
            (
                Field(_KIND, "text", "what it is", "value_kind", required=True),
                Field("value", "text", "standardised as source records are", sensitive="by kind", required=True),
                Field("detail", "text", "kind of document, or network of a social account"),
                Field("use", "text", "what it serves for", "value_use"),
            ),
        ),
        Area(
            "preference",
            "period",
            "what the customer prefers: channel, language, times not to be disturbed",
            (
                Field(_KIND, "text", "what is preferred", "preference_kind", required=True),
                Field("value", "text", "the choice: a channel, a language, hours as 22:00-08:00", required=True),
            ),
        ),
        Area(
            "consent",
            "period",
            "consent to the use of data or to contact, given or refused, with its proof",
            (
                Field("purpose", "text", "what for", "consent_purpose", required=True),
                Field("given", "boolean", "given, or refused", required=True),
                Field("channel", "text", "where it was given", "touch_channel"),
                Field("proof", "text", "reference of the recording, form or click that proves it"),
            ),
            title="purpose",
        ),
        Area(
            "activity",
            "moment",
            "what the customer took part in",
            (
                Field(_KIND, "text", "kind of activity", "activity_kind", required=True),
                Field("subject", "text", "which"),
                Field("outcome", "text", "what came of it"),
            ),
        ),
        Area(
            "touch",
            "moment",
            "communications and contact history: every occasion on which we met",
            (
                Field("channel", "text", "how", "touch_channel", required=True),
                Field("direction", "text", "in: the customer came to us; out: we went to them", "touch_direction"),
                Field("purpose", "text", "what for", "touch_purpose"),
                Field("outcome", "text", "what came of it", "touch_outcome"),
                Field("note", "text", "what was said"),
                Field("handled_by", "text", "seat or person who handled it"),
                Field("campaign", "text", "code of the campaign"),
            ),
            title="purpose",
        ),
        Area(
            "customer_event",
            "moment",
            "claim, inquiry, complaint, call-back at its latest state (EC-16)",
            (
                Field(_KIND, "text", "kind of event", "event_kind", required=True),
                Field("state", "text", "where it stands", "event_state"),
                Field("subject", "text", "what about"),
                Field("policy_number", "text", "policy it concerns"),
                Field("handled_by", "text", "who handles it"),
                Field("closed_at", "instant", "when it was done"),
            ),
        ),
        Area(
            "evaluation",
            "period",
            "what an evaluation found: risk, value, satisfaction, credit",
            (
                Field(_KIND, "text", "what was evaluated", "evaluation_kind", required=True),
                Field("score", "bigint", "points; more is more"),
                Field("grade", "text", "class of the score", "evaluation_grade"),
                Field("model", "text", "model and version that found it"),
            ),
        ),
        Area(
            "classification",
            "period",
            "the class a party belongs to in a scheme",
            (
                Field("scheme", "text", "scheme of classes", "class_scheme", required=True),
                Field("class", "text", "class", "customer_class", required=True),
            ),
            title="scheme",
        ),
        Area(
            "expense",
            "moment",
            "what it cost to win or keep the customer (获客费用)",
            (
                Field(_KIND, "text", "kind of expense", "expense_kind", required=True),
                Field("amount_micros", "bigint", _MONEY, required=True),
                Field("provider", "text", "who provided the customer and keeps the claim on the expense (EC-18)"),
                Field("reference", "text", "policy, order or campaign"),
            ),
        ),
        Area(
            "credit_limit",
            "period",
            "how much a customer may owe or be insured for (额度)",
            (
                Field(_KIND, "text", "kind of limit", "limit_kind", required=True),
                Field("amount_micros", "bigint", _MONEY, required=True),
                Field("used_micros", "bigint", _MONEY),
            ),
        ),
        Area(
            "document_image",
            "moment",
            "images of documents (单证影像): metadata here, content by hash in the data folder",
            (
                Field(_KIND, "text", "which document", "document_kind", required=True),
                Field("file_name", "text", "as it was uploaded", required=True),
                Field("media_type", "text", "of the content", required=True),
                Field("bytes", "bigint", "size", required=True),
                Field("content_hash", "text", "SHA-256; names the content", required=True),
                Field("reference", "text", "policy, claim or order it belongs to"),
            ),
        ),
        Area(
            "points_entry",
            "moment",
            "points (积分): entries of a ledger; the balance is their sum",
            (
                Field("scheme", "text", "points programme", "points_scheme", required=True),
                Field("points", "bigint", "earned above zero, spent or expired below", required=True),
                Field("reason", "text", "what for", "points_reason"),
                Field("reference", "text", "policy, order or gift"),
            ),
            title="reason",
        ),
        Area(
            "party_role",
            "period",
            "what a party is to us in a context: policyholder, insured, beneficiary, agent ... (EC-11)",
            (
                Field("role", "text", "role", "party_role", required=True),
                Field("context", "text", "what it plays the role in, as policy:NUMBER; empty: in general"),
                Field("share", "bigint", "of a beneficiary, in hundredths of a per cent"),
            ),
            title="role",
        ),
        Area(
            "party_relation",
            "period",
            "relation of a party (of_source, of_key) to another (to_source, to_key) (EC-11)",
            (
                Field(_KIND, "text", "the party is the other's ...", "party_relation", required=True),
                Field("to_source", "text", "the other's cross-reference", required=True),
                Field("to_key", "text", "the other's cross-reference", required=True),
                Field("percent", "bigint", "of a shareholding, in hundredths of a per cent"),
                Field("note", "text", "title, position"),
            ),
            by_people=False,
        ),
        Area(
            "policy_summary",
            "period",
            "policy summary (承保概要) in any state, about its holder",
            (
                Field("number", "text", "policy number", required=True),
                Field("state", "text", "state", "policy_state", required=True),
                Field("line", "text", "line of business", "insurance_line"),
                Field("product", "text", "product name"),
                Field("insured_micros", "bigint", f"sum insured, {_MONEY}"),
                Field("premium_micros", "bigint", f"premium of a period, {_MONEY}"),
                Field("payment_mode", "text", "how often it is paid", "premium_mode"),
                Field("channel", "text", "where it was sold", "sales_channel"),
                Field("branch", "text", "branch"),
                Field("agent", "text", "agent's code"),
                Field("due_on", "date", "next premium or renewal due"),
            ),
            title="product",
            by_people=False,
        ),
        Area(
            "coverage_summary",
            "period",
            "coverage summary (险种) of a policy, about the insured",
            (
                Field("policy_number", "text", "policy", required=True),
                Field("code", "text", "code of the coverage", required=True),
                Field("name", "text", "name of the coverage"),
                Field("state", "text", "state", "policy_state"),
                Field("insured_micros", "bigint", f"sum insured, {_MONEY}"),
                Field("premium_micros", "bigint", f"premium, {_MONEY}"),
            ),
            title="name",
            by_people=False,
        ),
        Area(
            "claim_summary",
            "moment",
            "claim summary (理赔概要) at its latest state, about who was insured; `at`: when it was reported",
            (
                Field("number", "text", "claim number", required=True),
                Field("policy_number", "text", "policy"),
                Field("state", "text", "state", "claim_state", required=True),
                Field("cause", "text", "cause of the loss", "claim_cause"),
                Field("happened_on", "date", "day of the loss"),
                Field("claimed_micros", "bigint", f"claimed, {_MONEY}"),
                Field("paid_micros", "bigint", f"paid, {_MONEY}"),
                Field("closed_at", "instant", "when it was closed"),
            ),
            title="cause",
            by_people=False,
        ),
    )
}
KEPT = ("stated_value", "preference", "consent", "touch", "evaluation", "classification", "credit_limit", "party_role")
"""Areas of which what a row said before it was stated anew, ended or confirmed is kept: contact and touch information,
and what a party was like on a day is made of (EC-01, EC-16)."""
SUMMARIES = ("policy_summary", "coverage_summary", "claim_summary", "customer_event")
"""Areas that summarise what other systems hold, at their latest state (EC-16)."""
VALUE_MASKS = {"name": "name", "phone": "phone", "email": "email", "social": "phone", "address": "address",
               "identifier": "id_card", "bank_card": "bank_card"}  # fmt: skip
"""How a stated value of a kind is masked; kinds not named here are shown."""


def timing_columns(area: Area) -> tuple[tuple[str, Type], ...]:
    """The columns that say when."""
    return (("valid_from", "instant"), ("valid_to", "instant")) if area.timing == "period" else (("at", "instant"),)


def began(area: Area) -> str:
    """The column that orders an area's rows in time."""
    return "valid_from" if area.timing == "period" else "at"
