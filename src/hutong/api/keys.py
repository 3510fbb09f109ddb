"""Keys in addresses: whole numbers that a bigint column can hold; others are refused before a query is made."""

from typing import Annotated

from fastapi import Path

Key = Annotated[int, Path(ge=1, le=2**62)]
