"""The log: to stderr, one JSON object a line, or readable columns where a person is looking."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from cds_service.visible import escaped


def configure_log() -> None:
    """Libraries are heard from warnings upwards: at lower levels the HTTP client writes addresses, with
    patient ids. JSON is written in ASCII, since a person can look at it too.
    """
    lines: list[Processor] = (
        [_visible, structlog.dev.ConsoleRenderer()] if sys.stderr.isatty() else [structlog.processors.JSONRenderer()]
    )
    stamps: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*stamps, *lines],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *stamps, _without_values],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *lines],
        )
    )
    logging.basicConfig(handlers=[of_libraries], level=logging.WARNING)
    logging.captureWarnings(True)


def place_of(error: BaseException) -> dict[str, Any]:
    """Types of an error and its causes, and the lines that it passed, without messages and values."""
    frames = traceback.extract_tb(error.__traceback__)
    kinds = [type(error).__qualname__]
    while (cause := error.__cause__ or error.__context__) is not None and len(kinds) < 5:
        error = cause
        kinds.append(type(error).__qualname__)
    return {"error": kinds, "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}


def _without_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """What a library says, in its first line: those after it, and the texts of errors, can quote a chart."""
    _, error, _ = event.pop("exc_info", None) or (None, None, None)
    event["event"] = event["event"].partition("\n")[0]
    return {**event, **place_of(error)} if error else event


def _visible(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Columns show a text without quotation marks as it is; of everything else they show the repr."""
    return {name: escaped(value) if isinstance(value, str) else value for name, value in event.items()}
