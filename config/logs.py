"""Logs: JSON lines for machines, or readable lines for a terminal; both with the same fields."""

import logging
import logging.config
import re
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

FORMATS = ("line", "json")
FIELDS = re.compile(r"[a-z_]+(?: [a-z_]+=%s)+")
"""How this project logs: the name of what happened, then fields."""
RENAMED = {"run": "run_id", "user": "user_id"}
"""Fields of such messages that lines of requests and tasks have under another name."""


def split_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn a message like `run_resent run=%s` into its event and fields."""
    values = event.pop("positional_args", ())
    template = event["_record"].msg
    if isinstance(template, str) and isinstance(values, tuple) and FIELDS.fullmatch(template):
        name, *rest = template.split(" ")
        keys = [one.removesuffix("=%s") for one in rest]
        given = zip((RENAMED.get(key, key) for key in keys), values, strict=True)
        event.update((key, _simplify(value)) for key, value in given)
        event["event"] = name
    return event


def _simplify(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
"""What each line gets, whichever library wrote it."""


def describe_logging(*, form: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING for a format and a level; ImproperlyConfigured for another format."""
    if form not in FORMATS:
        msg = f"LOG_FORMAT is {form!r}; it is one of {', '.join(FORMATS)}."
        raise ImproperlyConfigured(msg)
    quiet = {"level": "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            form: {
                "()": ProcessorFormatter,
                "foreign_pre_chain": [split_fields, *SHARED],
                "processors": [ProcessorFormatter.remove_processors_meta, *_render(form)],
                "pass_foreign_args": True,
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The request log says the same, with the route instead of the path.
            "django.request": {"level": "CRITICAL"},
            # A line for each request and task: nothing for a terminal.
            **({"django_structlog": quiet} if form == "line" else {}),
            "axes": {"level": "ERROR"},  # it warns of each wrong password; its table has them
            "celery": quiet,
            "kombu": quiet,
            "httpx": quiet,
            "httpcore": quiet,  # at DEBUG it writes the URLs and signatures of webhooks
        },
    }


def _render(form: str) -> list[Processor]:
    if form == "json":
        # As text: a traceback as data has the values of all variables, passwords among them.
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback  # rich's has the values too
    return [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=plain)]


def configure_logging(described: Mapping[str, Any]) -> None:
    """Set up logging as described (LOGGING_CONFIG), and structlog to go the same way."""
    logging.config.dictConfig(dict(described))
    logging.captureWarnings("json" in described["formatters"])
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
