"""Logs: one JSON line per event, with the request's and the job's id; nothing personal, no bodies, no query strings."""

import logging
import re
import sys
from functools import lru_cache
from typing import Any, TextIO, cast

import structlog

from hutong.platform import log_files
from hutong.platform.settings import settings

HIDDEN = "***"
PERSONAL = re.compile(r"(?<![0-9A-Za-z-])\d{7,}[Xx]?(?![0-9A-Za-z-])|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<=DETAIL: )[^\n]*")
"""What in a message may be somebody's: long numbers, e-mail addresses, the values PostgreSQL quotes as DETAIL."""
OURS = {"request_id", "timestamp", "level", "job", "kind"}


def without_people(_logger: Any, _name: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hide what may be personal in texts that libraries and the database made."""
    for name, value in fields.items():
        if isinstance(value, str) and name not in OURS:
            fields[name] = PERSONAL.sub(HIDDEN, value)
    return fields


def configure() -> None:
    """Send structlog's and the libraries' messages to standard error, and keep them, as JSON lines."""
    stream = cast(TextIO, log_files.Appender(sys.stderr))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            without_people,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level.lower()),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    log.cache_clear()
    handler = logging.StreamHandler(stream)
    rendered: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        without_people,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=rendered, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


@lru_cache(maxsize=1)
def log() -> structlog.typing.FilteringBoundLogger:
    """The logger."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return bound
