"""Waiting until the stack answers that it is ready."""

import http.client
import time
from urllib.parse import urlsplit

from config.stack.exceptions import NotReadyError

READY_PATH = "/health/ready"
PAUSE_S = 0.1
"""Between two questions; the answer depends on workers that cannot tell us when they are there."""


def wait_until_ready(web_url: str, *, timeout_s: float) -> float:
    """Return the seconds until the web server answered 200 to its readiness question.

    Raises NotReadyError with its last answer.
    """
    started_at = time.monotonic()
    while True:
        left_s = timeout_s - (time.monotonic() - started_at)
        status, answer = ask(web_url, READY_PATH, timeout_s=max(left_s, PAUSE_S))
        if status == http.HTTPStatus.OK:
            return time.monotonic() - started_at
        if left_s <= 0:
            raise NotReadyError(timeout_s, answer)
        time.sleep(PAUSE_S)


def wait_for_answer(url: str, *, timeout_s: float) -> bool:
    """Wait until the server answers at all, whatever it says; tell whether it did in time."""
    deadline = time.monotonic() + timeout_s
    while (left_s := deadline - time.monotonic()) > 0:
        status, _ = ask(url, urlsplit(url).path, timeout_s=max(left_s, PAUSE_S))
        if status:
            return True
        time.sleep(PAUSE_S)
    return False


def ask(url: str, path: str, *, timeout_s: float) -> tuple[int, str]:
    """Return the status and the body of a GET, or 0 and the reason why there is none."""
    location = urlsplit(url)
    connection = http.client.HTTPConnection(
        location.hostname or "", location.port, timeout=timeout_s
    )
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error) or type(error).__name__
    finally:
        connection.close()
