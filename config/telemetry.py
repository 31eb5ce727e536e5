"""OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says where traces are sent."""

import logging

from config.environment import env

logger = logging.getLogger(__name__)


def start_telemetry(*, service: str) -> bool:
    """Trace this process from now on; whether it does.

    service: what this process is, such as web: continuity-web, unless OTEL_SERVICE_NAME says
    otherwise. Not before a fork: what sends is a thread.
    """
    if not env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""):
        return False
    try:
        from config.tracing import trace  # noqa: PLC0415 (its packages are optional)
    except ModuleNotFoundError as error:
        logger.error(  # noqa: TRY400 (the traceback says no more)
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but nothing is traced: %s. Install what traces "
            "with `pip install --require-hashes -r requirements/telemetry.txt`, or unset it.",
            error,
        )
        return False
    name = env.str("OTEL_SERVICE_NAME", default="") or f"continuity-{service}"
    trace(service=name)
    logger.info("telemetry_started service=%s", name)
    return True


def stop_telemetry() -> None:
    """Send what was not sent yet, in a process that ends without further ado."""
    if env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""):
        try:
            from config.tracing import flush  # noqa: PLC0415 (as above)
        except ModuleNotFoundError:
            return  # it was said when the process started
        flush()
