"""The log: to stderr, one JSON object a line, or readable columns where a person is looking."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor


def configure_log() -> None:
    """Libraries are heard from warnings upwards: at lower levels the HTTP client writes addresses, with
    patient ids.
    """
    for_person = sys.stderr.isatty()
    console = structlog.dev.ConsoleRenderer()
    stamps: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *stamps,
            console
            if for_person
            else structlog.processors.JSONRenderer(serializer=lambda line, **_: msgspec.json.encode(line)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if for_person
        else structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *stamps, _without_values],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                console
                if for_person
                else structlog.processors.JSONRenderer(serializer=lambda line, **_: msgspec.json.encode(line).decode()),
            ],
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
