"""Instants in addresses and bodies: without a zone they are UTC, so that nothing below compares zoned with unzoned."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from hutong.platform import clock

Instant = Annotated[datetime, AfterValidator(clock.zoned)]
