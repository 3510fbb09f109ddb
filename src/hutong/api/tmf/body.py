"""Request bodies: read whole, bounded, decoded by msgspec straight from the bytes; whatever is wrong with one is a 400.

Refused besides what is no JSON: NUL characters (no text column holds them), lone surrogates, nesting without end.
"""

import re
from typing import Any, TypeVar

import msgspec
from fastapi import Request

from hutong.platform.errors import Invalid

T = TypeVar("T")
GREATEST_BODY = 4_000_000
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


async def read(request: Request) -> bytes:
    """The body's bytes. Raises Invalid for more than `GREATEST_BODY`; unread where their number is said."""
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or len(said) > 12 or int(said) > GREATEST_BODY:
        raise Invalid("api-body-too-large", greatest=GREATEST_BODY)
    body = await request.body()
    if len(body) > GREATEST_BODY:
        raise Invalid("api-body-too-large", greatest=GREATEST_BODY)
    return body


def decoded(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """The body as the decoder's type. Raises Invalid, naming the place and what was expected there."""
    if b"u0000" in body and NUL.search(body):
        raise Invalid("api-nul")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid("api-input-invalid", reason=str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("api-json-invalid") from error


_OBJECT = msgspec.json.Decoder(dict[str, Any])


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object."""
    return decoded(_OBJECT, await read(request))


async def structure(request: Request, decoder: "msgspec.json.Decoder[T]") -> T:
    """The body as the decoder's type."""
    return decoded(decoder, await read(request))


def converted(kind: type[T], value: object) -> T:
    """A value (a patched resource) as a type. Raises Invalid as `decoded` does."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Invalid("api-input-invalid", reason=str(error)) from error


async def named(request: Request, kind: type[T]) -> tuple[T, set[str]]:
    """The body as a type, and the attributes it names: what is absent differs from what is null."""
    document = await json_object(request)
    return converted(kind, document), set(document)
