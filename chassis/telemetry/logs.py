"""Logs: one JSON object per line (or a coloured line for people), with the scope of the work in progress.

What must not be written down is removed here, whatever a caller passes: values under tell-tale names, and
anything that looks like one of our tokens.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

from chassis.printable import printable
from chassis.telemetry.traces import current_scope

TEXT_MAX_CHARS = 8_000
REDACTED = "[redacted]"
NAMES_MAX = 1_024
"""Names of facts of which it is remembered whether they are secrets: those that our own code writes."""

_SECRET_NAME = re.compile(
    r"(?i)(^|_)(password|passwd|passphrase|secret|token|tokens|authorization|cookie|pin|pepper|otp|api_?key"
    r"|private_key|card_number|cvv|cvc)$"
)
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)?")
_URL_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+@")


def configure_logging(service: str, *, form: str, level: str, stream: TextIO | None = None) -> None:
    """Sends all logs, also those of libraries, to ``stream`` (standard output) as ``json`` or ``console``."""

    def name_service(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(
            fmt="%H:%M:%S" if form == "console" else "iso", utc=form != "console"
        ),
        name_service,
        add_scope,
        structlog.processors.format_exc_info,
        redact,
    ]
    if form == "console":
        shared.append(escape)
    finish = _console() if form == "console" else structlog.processors.JSONRenderer(serializer=_to_json)
    out = stream if stream is not None else sys.stdout
    structlog.configure(
        processors=[*shared, finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, finish],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)


def get_logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines carry ``part`` (for instance ``rpc`` or ``relay``)."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=part)
    return logger


def add_scope(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds trace, tenant and request of the work in progress."""
    scope = current_scope()
    if scope is not None:
        event.setdefault("trace_id", scope.trace.trace_id)
        if scope.restaurant_id:
            event.setdefault("restaurant_id", scope.restaurant_id)
        if scope.request_id:
            event.setdefault("request_id", scope.request_id)
    return event


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Removes secrets by name and tokens by look, at any depth, and cuts texts that are too long."""
    for key, value in event.items():
        event[key] = REDACTED if _is_secret(key) else _clean(value)
    return event


def escape(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keeps every value on its line of the console form, and lines of an exception off the first column."""
    for key, value in event.items():
        if key == "exception":
            lines = str(value).split("\n")
            event[key] = "\n".join(f"  {printable(line)}" for line in lines)
        else:
            event[key] = _on_one_line(value)
    return event


def _on_one_line(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(k)): _on_one_line(v) for k, v in value.items()}
    return [_on_one_line(item) for item in value] if isinstance(value, list) else value


_is_secret = lru_cache(maxsize=NAMES_MAX)(_SECRET_NAME.search)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        text = value if len(value) <= TEXT_MAX_CHARS else value[:TEXT_MAX_CHARS] + "…"
        if "eyJ" in text:
            text = _TOKEN.sub(REDACTED, text)
        return _URL_PASSWORD.sub(rf"\1:{REDACTED}@", text) if "://" in text else text
    if isinstance(value, dict):
        return {k: REDACTED if _is_secret(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return _clean(str(value))


def _to_json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode()


def _console() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=True,
        force_colors=True,
        pad_event_to=34,
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,
    )
