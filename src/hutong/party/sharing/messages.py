"""Text messages (SMS) to customers: a port with one adapter, the SMS peer over HTTP (`settings.sms_url`).

The simulated peer says of itself that it is simulated; then nothing was sent, and whoever asked is told so.
"""

import uuid
from typing import NamedTuple

import httpx2 as httpx

from hutong.platform.errors import Unavailable
from hutong.platform.logs import log
from hutong.platform.settings import settings

PATIENCE = 5.0
"""Seconds to wait for the peer."""


class Sent(NamedTuple):
    """What the peer said. `simulated`: it only pretends to send."""

    simulated: bool


def send(number: str, words: str) -> Sent:
    """Send a text message. Raises Unavailable when the peer does not take it; number and text stay out of logs."""
    try:
        answer = httpx.post(
            f"{settings.sms_url}/send",
            json={"to": number, "text": words},
            headers={"Idempotency-Key": uuid.uuid4().hex},
            timeout=PATIENCE,
            trust_env=False,
        )
        answer.raise_for_status()
        return Sent(bool(answer.json().get("simulated")))
    except (httpx.HTTPError, ValueError) as error:
        log().warning("text message not taken", error=type(error).__name__)
        raise Unavailable("party-portal-no-message") from error
