"""Handlers that no worker survives, as a renderer with a fault in its library would be."""

import os
import signal

from propagation.handlers.contract import JsonObject, Material

POISONED = "shot-00042"


def kill_worker(material: Material) -> JsonObject:
    """Return the content as it is; for one shot, kill the process."""
    if material.code == POISONED:
        os.kill(os.getpid(), signal.SIGKILL)
    return material.content
