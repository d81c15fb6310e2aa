"""Structured logs as JSON lines on stderr, without personal data."""

import logging
import re
import sys
from typing import Final

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

# Should one of these ever be handed to a logger, its value stays out of the log.
_PERSONAL: Final = frozenset(
    {"login", "password", "full_name", "name", "cookie", "token", "address", "sdp", "comment"}
)
# Where PostgreSQL says which row it refused, all of that row follows, over as many lines as it has.
_REFUSED_ROW: Final = re.compile(
    r"^DETAIL:.*?(?=^(?:CONTEXT:|HINT:|\[SQL:|\(Background|Traceback|The above|During)|\Z)",
    re.MULTILINE | re.DOTALL,
)


def without_rows(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """After ``format_exc_info``."""
    if "exception" in event:
        event["exception"] = _REFUSED_ROW.sub("DETAIL: [personal]\n", event["exception"])
    return event


def without_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in _PERSONAL & event.keys():
        event[key] = "[personal]"
    return event


def configure_logging(level: int = logging.INFO) -> None:
    """Called once by whoever starts a process; libraries' logs take the same form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_rows,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
