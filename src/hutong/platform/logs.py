"""Logs: one JSON line per event, with the request's id; nothing personal, no request bodies, no query strings."""

import logging
import sys
from functools import lru_cache

import structlog

from hutong.platform.settings import settings


def configure() -> None:
    """Send structlog's and the libraries' messages to standard error as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level.lower()),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    log.cache_clear()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=structlog.processors.JSONRenderer(), foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


@lru_cache(maxsize=1)
def log() -> structlog.typing.FilteringBoundLogger:
    """The logger."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return bound
